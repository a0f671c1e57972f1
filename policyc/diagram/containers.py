"""Cutting arrays by the elements that occur in them, arrays and objects by their size; and putting example values together."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from policyc.diagram.cell import NO_EXAMPLE, Cell, Judge, Truths, is_number
from policyc.diagram.errors import TooLarge
from policyc.diagram.formula import Probe
from policyc.runtime.tests import test_function
from policyc.runtime.values import ARRAY, MISSING, MISSING_KIND, OBJECT

if TYPE_CHECKING:
    from policyc.diagram.cells import Partition

LONGEST_EXAMPLE: Final = 5000
MOST_ELEMENT_CELLS: Final = 64
MOST_ARRAY_STATES: Final = 2000
Functions = list[Callable[[Any], int]]
Cut = Callable[[tuple[Probe, ...]], "Partition"]
"""Cuts one variable: elements of arrays are cut as variables are."""


def _length_candidates(probes: tuple[Probe, ...]) -> list[int]:
    found = {0, 1}
    for probe in probes:
        if probe.length and probe.quantifier is None:
            values = probe.value if isinstance(probe.value, tuple) else (probe.value,)
            for value in values:
                if is_number(value) and value < 2**62:
                    found.update(n for n in (math.floor(value) - 1, math.floor(value), math.floor(value) + 1) if n >= 0)
    return sorted(found)


def array_cells(
    probes: tuple[Probe, ...], functions: Functions, judge: Judge, cut: Cut
) -> tuple[tuple[Cell, ...], str | None]:
    """The cells of arrays, and why they are a superset (None where they are exact)."""
    looks_inside = [
        i for i, p in enumerate(probes) if p.quantifier is not None or (p.op == "contains" and not p.length)
    ]
    lengths = _length_candidates(probes)
    printed = [p.value for p in probes if p.op == "prints" and p.quantifier is None and p.value.startswith("[")]
    why = "what an array prints as" if printed and (looks_inside or len(lengths) > 2) else None
    if not looks_inside:
        cells = _sized(ARRAY, lengths, probes, functions, lambda n: [0] * n)
    else:
        cells, inner_why = _arrays_by_elements(probes, functions, looks_inside, lengths, cut)
        why = why or inner_why
    for text in printed:
        example = [text[1:-1]] if text.endswith("]") and len(text) > 2 else []
        cells.setdefault(judge(example), Cell(ARRAY, judge(example), example))
    if why is not None:
        _guess_printed(cells, probes, ARRAY)
    return tuple(cells.values()), why


def _sized(
    kind: int, lengths: list[int], probes: tuple[Probe, ...], functions: Functions, make: Callable[[int], Any]
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
    probes: tuple[Probe, ...], functions: Functions, looks_inside: list[int], lengths: list[int], cut: Cut
) -> tuple[dict[Truths, Cell], str | None]:
    """Arrays by the set of element cells that occur in them: a search over what the probes that look inside have seen so far."""
    elements, why = _element_examples([probes[i] for i in looks_inside], cut)
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
    functions: Functions,
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


def _element_examples(inside: list[Probe], cut: Cut) -> tuple[list[Any], str | None]:
    """One element for each combination of what the probes ask of elements."""
    groups: dict[tuple[str | int, ...], dict[Probe, None]] = {}
    for probe in inside:
        if probe.quantifier is None:  # contains
            groups.setdefault((), {})[Probe("==", probe.value, 0, 0)] = None
            continue
        end = probe.inner.index(None) if None in probe.inner else len(probe.inner)
        steps = tuple(s for s in probe.inner[:end] if s is not None)
        nested = probe.quantifier if end < len(probe.inner) else None
        rest = probe.inner[end + 1 :]
        groups.setdefault(steps, {})[
            Probe(probe.op, probe.value, probe.missing, probe.mistyped, probe.length, nested, rest)
        ] = None
    examples: list[Any] = [MISSING]
    why: str | None = None
    for steps in sorted(groups, key=lambda s: (len(s), repr(s))):
        cells = cut(tuple(groups[steps]))
        why = why or cells.undecided
        choices = _one_each(cells, element=not steps)
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


def object_cells(probes: tuple[Probe, ...], functions: Functions, judge: Judge) -> tuple[tuple[Cell, ...], str | None]:
    """The cells of objects, and why they are a superset (None where they are exact)."""
    cells = _sized(OBJECT, _length_candidates(probes), probes, functions, lambda n: {f"k{i}": 0 for i in range(n)})
    printed = [p.value for p in probes if p.op == "prints" and p.quantifier is None and p.value.startswith("map[")]
    for text in printed:
        key, colon, value = text[4:-1].partition(":")
        example = {key: value} if colon and text.endswith("]") else {}
        cells.setdefault(judge(example), Cell(OBJECT, judge(example), example))
    why = "what an object prints as" if printed and len(cells) > 2 else None
    if why is not None:
        _guess_printed(cells, probes, OBJECT)
    return tuple(cells.values()), why


def _guess_printed(cells: dict[Truths, Cell], probes: tuple[Probe, ...], kind: int) -> None:
    """Add every cell once more for each printed text that it might have, without an example."""
    for i, probe in enumerate(probes):
        if probe.op == "prints" and probe.quantifier is None:
            for base in list(cells):
                truths = (*base[:i], 2, *base[i + 1 :])
                cells.setdefault(truths, Cell(kind, truths, NO_EXAMPLE))
