"""Cutting the set of all JSON values into the cells that some probes distinguish, each with an example value.

Two values are in one cell when every probe has the same truth value on both. Numbers are cut at the constants, strings at
the constants and by their patterns as regular languages, arrays by which element cells occur in them. Every example is judged by the
same function that the table runs, so a cell that is listed is real; that none is missing is the algorithms' business and is tested
against random values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import product
from typing import Any, Final

from policyc.diagram.formula import Probe
from policyc.diagram.regular import TooLarge
from policyc.diagram.strings import StringCells, string_cells
from policyc.record import field, record
from policyc.runtime.tests import test_function
from policyc.runtime.values import ARRAY, BOOLEAN, MISSING, MISSING_KIND, NULL, NUMBER, OBJECT, OTHER, STRING

Truths = tuple[int, ...]


class _NoExample:
    def __repr__(self) -> str:
        return "NO_EXAMPLE"


NO_EXAMPLE: Final = _NoExample()
OTHER_VALUE: Final = float("nan")
LONGEST_EXAMPLE: Final = 5000
MOST_ELEMENT_CELLS: Final = 64
MOST_ARRAY_STATES: Final = 2000


@record
class Cell:
    """A cell: its values' kind, every probe's truth value there, and one value in it (NO_EXAMPLE if none could be built)."""

    kind: int
    truths: Truths
    example: Any


@record
class NumberSlot:
    """The numbers at one bound or between two: truth values for those with a fraction and for integers (None: no such number)."""

    fraction: Cell | None
    integer: Cell | None


@record
class Partition:
    """The cells of one variable. `bounds` and `slots`: slot 2i+1 is bound i itself, slot 2i what lies below it. `undecided`: why
    some combinations could not be told apart from impossible ones; the cells are then a superset."""

    probes: tuple[Probe, ...]
    missing: Cell
    null: Cell
    false: Cell
    true: Cell
    other: Cell
    bounds: tuple[int | float, ...]
    slots: tuple[NumberSlot, ...]
    strings: StringCells
    arrays: tuple[Cell, ...]
    objects: tuple[Cell, ...]
    undecided: str | None = None
    _all: tuple[Cell, ...] = field(default=(), repr=False)

    def cells(self) -> Iterator[Cell]:
        """Every cell of JSON values, simple ones first; the cell of what is not JSON is `other` and not among them."""
        yield from (self.missing, self.null, self.false, self.true)
        for slot in self.slots:
            if slot.integer is not None:
                yield slot.integer
            if slot.fraction is not None:
                yield slot.fraction
        for example, truths in self.strings.constants:
            yield Cell(STRING, truths, example)
        for truths, text in (*self.strings.rest, *self.strings.surrogates):
            yield Cell(STRING, truths, NO_EXAMPLE if text is None else text)
        yield from self.arrays
        yield from self.objects


@cache
def probe_function(probe: Probe) -> Callable[[Any], int]:
    """The function that judges an operand for a probe."""
    if probe.op == "lookup":
        table = dict(probe.value)
        return lambda v: probe.missing if v is MISSING or v is None else table.get(v, 1) if type(v) is str else 1
    return test_function(
        probe.op, probe.value, probe.missing, probe.mistyped, probe.length, probe.quantifier, probe.inner
    )


@lru_cache(maxsize=65536)
def partition(probes: tuple[Probe, ...]) -> Partition:
    """The cells of all JSON values under these probes. Exact unless `undecided` says otherwise."""
    functions = [probe_function(p) for p in probes]

    def judge(value: Any) -> Truths:
        return tuple([f(value) for f in functions])

    def cell(kind: int, value: Any) -> Cell:
        return Cell(kind, judge(value), value)

    bounds, slots = _numbers(probes, lambda value: cell(NUMBER, value))
    strings = string_cells(probes, judge)
    arrays, why_arrays = _arrays(probes, functions, judge)
    objects, why_objects = _objects(probes, functions, judge)
    return Partition(
        probes,
        cell(MISSING_KIND, MISSING), cell(NULL, None), cell(BOOLEAN, False), cell(BOOLEAN, True),
        Cell(OTHER, judge(OTHER_VALUE), NO_EXAMPLE),
        bounds, slots, strings, arrays, objects,
        strings.undecided or why_arrays or why_objects,
    )  # fmt: skip


def is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float


# --- numbers -------------------------------------------------------------------------------------------------------


def _number_constants(probe: Probe) -> Iterator[int | float]:
    if probe.length or probe.quantifier is not None:
        return
    values = probe.value if isinstance(probe.value, tuple) and probe.op in ("in", "not in") else (probe.value,)
    if probe.op == "prints":
        value = _printed_number(probe.value)
        values = () if value is None else (value,)
    for value in values:
        if is_number(value):
            yield value


def _printed_number(text: str) -> int | float | None:
    """The only double whose Go text this may be. Integers beyond 2^53 that round to it print the same: see `_numbers`."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def _numbers(
    probes: tuple[Probe, ...], cell: Callable[[int | float], Cell]
) -> tuple[tuple[int | float, ...], tuple[NumberSlot, ...]]:
    wanted: set[int | float] = set()
    for probe in probes:
        for c in _number_constants(probe):
            wanted.add(c)
            if probe.op == "prints" and abs(c) >= 2**53:
                wanted.update(_rounding_range(c))
        if probe.op == "prints" and probe.value in ("+Inf", "-Inf"):
            edge = 2**1024 - 2**970  # the least integer that rounds to infinity
            wanted.update((edge - 1, edge) if probe.value == "+Inf" else (-edge, 1 - edge))
    bounds = tuple(sorted(wanted))
    slots = []
    for i in range(2 * len(bounds) + 1):
        if i % 2:
            at = bounds[i // 2]
            whole = type(at) is int or float(at).is_integer()
            here = cell(at)
            slots.append(NumberSlot(None if whole else here, here if whole else None))
            continue
        low = bounds[i // 2 - 1] if i else None
        high = bounds[i // 2] if i // 2 < len(bounds) else None
        integer, fraction = _between(low, high)
        slots.append(
            NumberSlot(None if fraction is None else cell(fraction), None if integer is None else cell(integer))
        )
    return bounds, tuple(slots)


def _rounding_range(value: int | float) -> tuple[int, int, int, int]:
    """The least and greatest integers that round to a large double, with their outer neighbours."""
    centre = int(value)
    low = (int(math.nextafter(float(value), -math.inf)) + centre) // 2
    above = math.nextafter(float(value), math.inf)
    high = (centre + (int(above) if math.isfinite(above) else 2**1024)) // 2
    if _double(low) != centre:
        low += 1
    if _double(high) != centre:
        high -= 1
    return low - 1, low, high, high + 1


def _double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _between(low: int | float | None, high: int | float | None) -> tuple[int | None, float | None]:
    """An integer and a number with a fraction strictly between two bounds (None: unbounded, or no such number)."""
    if low is None and high is None:
        return 0, 0.5
    if low is None:
        assert high is not None
        integer = math.ceil(high) - 1
        return (0 if high > 0 else integer), _half(integer - 1, None, high)
    integer = math.floor(low) + 1
    if high is None:
        return integer, _half(integer, low, None)
    middle = integer if integer < high else None
    return middle, _half(math.floor(low), low, high)


def _half(near: int, low: int | float | None, high: int | float | None) -> float | None:
    """A double with a fraction strictly between two bounds, near an integer."""
    close: tuple[float, ...] = (near + 0.5, near + 1.5, near - 0.5) if abs(near) < 2**53 else ()
    for candidate in (*close, 0.5, -0.5):
        if _fits(candidate, low, high):
            return candidate
    start = float(low) if low is not None and abs(low) < 2**53 else None
    end = float(high) if high is not None and abs(high) < 2**53 else None
    if start is not None and end is not None:
        for candidate in (start + (end - start) / 2, math.nextafter(start, math.inf), math.nextafter(end, -math.inf)):
            if _fits(candidate, low, high):
                return candidate
    for edge in (start, end):
        if edge is not None:
            for toward in (math.inf, -math.inf):
                candidate = math.nextafter(edge, toward)
                if _fits(candidate, low, high):
                    return candidate
    return None


def _fits(candidate: float, low: int | float | None, high: int | float | None) -> bool:
    return (
        math.isfinite(candidate)
        and not candidate.is_integer()
        and (low is None or candidate > low)
        and (high is None or candidate < high)
    )


# --- arrays and objects --------------------------------------------------------------------------------------------


def _length_candidates(probes: tuple[Probe, ...]) -> list[int]:
    found = {0, 1}
    for probe in probes:
        if probe.length and probe.quantifier is None:
            values = probe.value if isinstance(probe.value, tuple) else (probe.value,)
            for value in values:
                if is_number(value) and value < 2**62:
                    found.update(n for n in (math.floor(value) - 1, math.floor(value), math.floor(value) + 1) if n >= 0)
    return sorted(found)


def _arrays(
    probes: tuple[Probe, ...], functions: list[Callable[[Any], int]], judge: Callable[[Any], Truths]
) -> tuple[tuple[Cell, ...], str | None]:
    looks_inside = [
        i for i, p in enumerate(probes) if p.quantifier is not None or (p.op == "contains" and not p.length)
    ]
    lengths = _length_candidates(probes)
    printed = [p.value for p in probes if p.op == "prints" and p.quantifier is None and p.value.startswith("[")]
    why = "what an array prints as" if printed and (looks_inside or len(lengths) > 2) else None
    if not looks_inside:
        cells = _sized(ARRAY, lengths, probes, functions, lambda n: [0] * n)
    else:
        cells, inner_why = _arrays_by_elements(probes, functions, looks_inside, lengths)
        why = why or inner_why
    for text in printed:
        example = [text[1:-1]] if text.endswith("]") and len(text) > 2 else []
        cells.setdefault(judge(example), Cell(ARRAY, judge(example), example))
    return tuple(cells.values()), why


def _sized(
    kind: int, lengths: list[int], probes: tuple[Probe, ...], functions: list[Callable[[Any], int]], make: Callable[[int], Any]
) -> dict[Truths, Cell]:
    """Cells of containers that differ in their size alone."""
    cells: dict[Truths, Cell] = {}
    sample = make(1)
    for n in lengths:
        short = make(n) if n <= LONGEST_EXAMPLE else None
        truths = tuple(
            _length_truth(p, n) if p.length and p.quantifier is None else f(sample if short is None else short)
            for p, f in zip(probes, functions, strict=True)
        )
        cells.setdefault(truths, Cell(kind, truths, NO_EXAMPLE if short is None else short))
    return cells


@lru_cache(maxsize=65536)
def _length_function(probe: Probe) -> Callable[[Any], int]:
    return test_function(probe.op, probe.value, probe.missing, probe.mistyped)


def _length_truth(probe: Probe, n: int) -> int:
    return _length_function(probe)(n)


def _arrays_by_elements(
    probes: tuple[Probe, ...], functions: list[Callable[[Any], int]], looks_inside: list[int], lengths: list[int]
) -> tuple[dict[Truths, Cell], str | None]:
    """Arrays by the set of element cells that occur in them: a search over what the probes that look inside have seen so far."""
    elements, why = _element_examples([probes[i] for i in looks_inside])
    single = {repr(e): tuple(functions[i]([e]) for i in looks_inside) for e in elements}
    every = [probes[i].quantifier == "every" for i in looks_inside]
    empty = tuple(functions[i]([]) for i in looks_inside)
    found: dict[Truths, list[Any]] = {}  # of arrays that are not empty
    queue: list[tuple[Truths | None, list[Any]]] = [(None, [])]
    for before, example in queue:
        for element in elements:
            seen = single[repr(element)]
            after = seen if before is None else _accumulate(before, seen, every)
            if after not in found:
                found[after] = [*example, element]
                queue.append((after, found[after]))
        if len(found) > MOST_ARRAY_STATES:
            why = "too many combinations of tests on array elements"
            break
    cells: dict[Truths, Cell] = {}
    inside = dict(zip(looks_inside, range(len(looks_inside)), strict=True))
    _add_array(cells, probes, functions, inside, empty, [], 0)
    for state, example in found.items():
        for n in sorted({*lengths, len(example)}):
            if n >= len(example):
                _add_array(cells, probes, functions, inside, state, example, n)
    if why is not None:
        _guess_arrays(cells, looks_inside)
    return cells, why


def _accumulate(before: Truths, seen: Truths, every: list[bool]) -> Truths:
    return tuple(min(a, b) if e else max(a, b) for a, b, e in zip(before, seen, every, strict=True))


def _guess_arrays(cells: dict[Truths, Cell], looks_inside: list[int]) -> None:
    """Add every combination of what the probes that look inside could say, without examples: a superset of the truth."""
    if 3 ** len(looks_inside) > MOST_ARRAY_STATES:
        raise TooLarge(f"{len(looks_inside)} tests on the elements of one array")
    for base in list(cells):
        for choice in product((0, 1, 2), repeat=len(looks_inside)):
            truths = list(base)
            for i, truth in zip(looks_inside, choice, strict=True):
                truths[i] = truth
            cells.setdefault(tuple(truths), Cell(ARRAY, tuple(truths), NO_EXAMPLE))


def _add_array(
    cells: dict[Truths, Cell],
    probes: tuple[Probe, ...],
    functions: list[Callable[[Any], int]],
    inside: dict[int, int],
    state: Truths,
    example: list[Any],
    n: int,
) -> None:
    longer = None
    if n <= LONGEST_EXAMPLE:
        longer = example + example[-1:] * (n - len(example))
    truths = tuple(
        state[inside[i]]
        if i in inside
        else _length_truth(p, n)
        if p.length and p.quantifier is None
        else f(example if longer is None else longer)
        for i, (p, f) in enumerate(zip(probes, functions, strict=True))
    )
    cells.setdefault(truths, Cell(ARRAY, truths, NO_EXAMPLE if longer is None else longer))


def _element_examples(inside: list[Probe]) -> tuple[list[Any], str | None]:
    """One element for each combination of what the probes ask of elements."""
    groups: dict[tuple[str | int, ...], dict[Probe, None]] = {}
    for probe in inside:
        if probe.quantifier is None:  # contains
            groups.setdefault((), {})[Probe("==", probe.value, 0, 0)] = None
            continue
        cut = probe.inner.index(None) if None in probe.inner else len(probe.inner)
        steps = tuple(s for s in probe.inner[:cut] if s is not None)
        nested = probe.quantifier if cut < len(probe.inner) else None
        rest = probe.inner[cut + 1 :]
        groups.setdefault(steps, {})[
            Probe(probe.op, probe.value, probe.missing, probe.mistyped, probe.length, nested, rest)
        ] = None
    examples: list[Any] = [MISSING]
    why: str | None = None
    for steps in sorted(groups, key=lambda s: (len(s), repr(s))):
        cut_cells = partition(tuple(groups[steps]))
        why = why or cut_cells.undecided
        choices = _one_each(cut_cells, element=not steps)
        grown = []
        for base in examples:
            for cell in choices:
                if cell.example is NO_EXAMPLE:
                    why = why or "no example of an array element"
                    continue
                placed = place(base, steps, cell.example)
                if placed is not NO_EXAMPLE:
                    grown.append(placed)
            if not steps and len(groups) > 1:
                grown.append({})
        if len(grown) > MOST_ELEMENT_CELLS:
            grown, why = grown[:MOST_ELEMENT_CELLS], "too many combinations of tests on array elements"
        examples = grown
    unique: dict[str, Any] = {}
    for e in examples:
        if e is not MISSING:
            unique.setdefault(repr(e), e)
    if len(groups) > 1 or any(groups):
        unique.setdefault("{}", {})
        unique.setdefault("0", 0)
    return list(unique.values()), why


def _one_each(cells: Partition, *, element: bool) -> list[Cell]:
    """One cell for each combination of truth values, with an example where one is known. An array's element is never missing."""
    chosen: dict[Truths, Cell] = {}
    for cell in cells.cells():
        if element and cell.kind == MISSING_KIND:
            continue
        if cell.truths not in chosen or chosen[cell.truths].example is NO_EXAMPLE:
            chosen[cell.truths] = cell
    return list(chosen.values())


def place(base: Any, steps: tuple[str | int, ...], value: Any) -> Any:
    """A copy of `base` with `value` at the end of a path, or NO_EXAMPLE where something else is in the way."""
    if not steps:
        if value is MISSING:
            return base if base is MISSING else NO_EXAMPLE
        if base is MISSING or (base == value and type(base) is type(value)):
            return value
        if type(value) is type(base) and type(value) in (dict, list) and not value:
            return base
        return NO_EXAMPLE
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if base is MISSING:
            base = {}
        if type(base) is not dict:
            return base if value is MISSING else NO_EXAMPLE
        inner = place(base.get(step, MISSING), rest, value)
        if inner is NO_EXAMPLE:
            return NO_EXAMPLE
        return {**base, step: inner} if inner is not MISSING else {k: v for k, v in base.items() if k != step}
    if base is MISSING:
        base = []
    if type(base) is not list:
        return base if value is MISSING else NO_EXAMPLE
    if value is MISSING and step >= len(base):
        return base
    padded = base + [None] * (step + 1 - len(base)) if step < LONGEST_EXAMPLE else base
    if step >= len(padded):
        return NO_EXAMPLE
    inner = place(MISSING if step >= len(base) else padded[step], rest, value)
    if inner is NO_EXAMPLE or (inner is MISSING and step < len(base)):
        return NO_EXAMPLE
    return [*padded[:step], None if inner is MISSING else inner, *padded[step + 1 :]]


def _objects(
    probes: tuple[Probe, ...], functions: list[Callable[[Any], int]], judge: Callable[[Any], Truths]
) -> tuple[tuple[Cell, ...], str | None]:
    cells = _sized(OBJECT, _length_candidates(probes), probes, functions, lambda n: {f"k{i}": 0 for i in range(n)})
    printed = [p.value for p in probes if p.op == "prints" and p.quantifier is None and p.value.startswith("map[")]
    for text in printed:
        key, colon, value = text[4:-1].partition(":")
        example = {key: value} if colon and text.endswith("]") else {}
        cells.setdefault(judge(example), Cell(OBJECT, judge(example), example))
    return tuple(cells.values()), "what an object prints as" if printed and len(cells) > 2 else None
