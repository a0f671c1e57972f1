"""Cutting arrays by the elements that occur in them, and where, and by their length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policyc.diagram.cell import NO_EXAMPLE, Cell, Judge, Truths, probe_function
from policyc.diagram.containers import (
    LONGEST_EXAMPLE,
    MOST_STATES,
    Cut,
    Functions,
    below,
    guess,
    guess_printed,
    length_candidates,
    length_truth,
    one_each,
)
from policyc.diagram.errors import TooLarge
from policyc.diagram.formula import Probe, predicates
from policyc.runtime.values import ARRAY, MISSING

MOST_ELEMENT_CELLS: Final = 256
FURTHEST: Final = 32
"""The greatest index that is cut together with other tests on the array."""


def array_cells(
    probes: tuple[Probe, ...], functions: Functions, judge: Judge, cut: Cut
) -> tuple[tuple[Cell, ...], str | None]:
    """The cells of arrays, and why they are a superset (None where they are exact). Raises TooLarge."""
    looks_inside = [
        i for i, p in enumerate(probes) if p.quantifier is not None or (p.op == "contains" and not p.length)
    ]
    lengths = length_candidates(probes)
    printed = [p.value for p in probes if p.op == "prints" and p.quantifier is None and p.value.startswith("[")]
    at_index = below(probes, int)
    why = "what an array prints as" if printed and (looks_inside or at_index or len(lengths) > 2) else None
    if not looks_inside and not at_index:
        cells = _arrays_by_length(lengths, probes, functions)
    else:
        cells, inner_why = _arrays_by_elements(probes, functions, looks_inside, at_index, lengths, cut)
        why = why or inner_why
    for text in printed:
        example = [text[1:-1]] if text.endswith("]") and len(text) > 2 else []
        cells.setdefault(judge(example), Cell(ARRAY, judge(example), example))
    if why is not None:
        guess_printed(cells, probes, ARRAY)
    return tuple(cells.values()), why


def _arrays_by_length(lengths: list[int], probes: tuple[Probe, ...], functions: Functions) -> dict[Truths, Cell]:
    """Cells of arrays that differ in their length alone."""
    cells: dict[Truths, Cell] = {}
    for n in lengths:
        short = [0] * n if n <= LONGEST_EXAMPLE else None
        truths = tuple(
            length_truth(p, n) if p.length and p.quantifier is None else f([0] if short is None else short)
            for p, f in zip(probes, functions, strict=True)
        )
        cells.setdefault(truths, Cell(ARRAY, truths, NO_EXAMPLE if short is None else short))
    return cells


def _arrays_by_elements(
    probes: tuple[Probe, ...],
    functions: Functions,
    looks_inside: list[int],
    at_index: dict[int, tuple[int, Probe]],
    lengths: list[int],
    cut: Cut,
) -> tuple[dict[Truths, Cell], str | None]:
    """A search over what the probes that look inside have seen so far, and how long the array is while that matters to an index."""
    elements, why = _element_examples([probes[i] for i in looks_inside], [p for _, p in at_index.values()], cut)
    word = _Word(probes, looks_inside, at_index)
    seen = [word.alone(e) for e in elements]
    found: dict[State, list[Any]] = {word.start: []}
    queue = list(found)
    for state in queue:
        for element, alone in zip(elements, seen, strict=True):
            after = word.after(state, alone)
            if after not in found:
                found[after] = [*found[state], element]
                queue.append(after)
        if len(found) > MOST_STATES:
            if word.known_length > 1:
                raise TooLarge("too many combinations of tests on array elements and indexes")
            why = "too many combinations of tests on array elements"
            break
    cells: dict[Truths, Cell] = {}
    inside = {probe: place for place, probe in enumerate(word.order)}
    for state, example in found.items():
        truths, exact = word.truths(state), state[0] < word.known_length  # a longer array is another state
        for n in [len(example)] if exact else sorted({*lengths, len(example)}):
            if n >= len(example):
                _add_array(cells, probes, functions, inside, truths, example, n)
    if why is not None:
        guess(cells, word.order, ARRAY, "elements of one array")
    return cells, why


State = tuple[int, Truths, Truths]
"""The number of elements read, as far as it matters; what probes of all elements have seen; what probes at an index have."""


class _Word:
    """What probes have made of an array's elements, read one after the other.

    What `every` has seen is kept as 2 - truth, so that more elements only raise it, as they raise what `some` has seen.
    """

    def __init__(
        self, probes: tuple[Probe, ...], looks_inside: list[int], at_index: dict[int, tuple[int, Probe]]
    ) -> None:
        """Raises TooLarge."""
        self._inside = [(probe_function(_from_any(probes[i])), probes[i].quantifier == "every") for i in looks_inside]
        self._starts = [probes[i].value[1] if probes[i].op == "fits" else 0 for i in looks_inside]
        self._at = [(index, probe_function(inner)) for index, inner in at_index.values()]
        self._indexes = {index for index, _ in self._at}
        self._last_start = max(self._starts, default=0)
        self.order = [*looks_inside, *at_index]
        self.start: State = (0, (0,) * len(self._inside), tuple(f(MISSING) for _, f in self._at))
        self.known_length = max([1, self._last_start + 1, *(index + 1 for index in self._indexes)])
        if self.known_length > FURTHEST + 1:
            raise TooLarge(f"an index beyond {FURTHEST} beside other tests on the array")

    def alone(self, element: Any) -> tuple[Truths, Truths]:
        """What the probes make of one element."""
        inside = tuple(2 - f([element]) if every else f([element]) for f, every in self._inside)
        return inside, tuple(f(element) for _, f in self._at)

    def after(self, state: State, alone: tuple[Truths, Truths]) -> State:
        """The state after one more element."""
        position, inside, at_index = state
        new_inside, new_at = alone
        if position < self._last_start:
            late = zip(self._starts, inside, new_inside, strict=True)
            inside = tuple(was if position < start else max(was, new) for start, was, new in late)
        else:
            inside = tuple(map(max, inside, new_inside))
        if position in self._indexes:
            here = zip(self._at, at_index, new_at, strict=True)
            at_index = tuple(new if position == index else was for (index, _), was, new in here)
        return min(position + 1, self.known_length), inside, at_index

    def truths(self, state: State) -> Truths:
        """What the probes of `order` make of the array read."""
        seen = zip(state[1], self._inside, strict=True)
        return (*(2 - truth if every else truth for truth, (_, every) in seen), *state[2])


def _from_any(probe: Probe) -> Probe:
    """The probe as it judges an element wherever it stands."""
    return Probe("fits", (probe.value[0], 0), quantifier=probe.quantifier) if probe.op == "fits" else probe


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
        else length_truth(p, n)
        if p.length and p.quantifier is None
        else f(example if longer is None else longer)
        for i, (p, f) in enumerate(zip(probes, functions, strict=True))
    )
    cells.setdefault(truths, Cell(ARRAY, truths, NO_EXAMPLE if longer is None else longer))


def _element_examples(inside: list[Probe], at_index: list[Probe], cut: Cut) -> tuple[list[Any], str | None]:
    """One element for each combination of what the probes ask of elements."""
    asked = dict.fromkeys(at_index)
    for probe in inside:
        asked.update((p, None) for p in _of_element(probe))
    cells = cut(tuple(asked))
    why = cells.undecided
    word = _Word(tuple(inside), list(range(len(inside))), {})
    chosen: dict[tuple[tuple[Truths, Truths], Truths], Any] = {}
    for cell in one_each(cells, element=True):
        if cell.example is NO_EXAMPLE:
            why = why or "no example of an array element"
        else:
            told = tuple(probe_function(p)(cell.example) for p in at_index)
            chosen.setdefault((word.alone(cell.example), told), cell.example)
    elements = list(chosen.values())
    if len(elements) > MOST_ELEMENT_CELLS:
        return elements[:MOST_ELEMENT_CELLS], "too many combinations of tests on array elements"
    return elements, why


def _of_element(probe: Probe) -> Iterator[Probe]:
    """What a probe that looks inside asks of each element."""
    if probe.op == "fits":
        for p in predicates(probe.value[0]):
            yield Probe("at", (p.var[1], p.probe)) if p.var[1] else p.probe
        return
    steps, inner = element_probe(probe)
    yield Probe("at", (steps, inner)) if steps else inner


def element_probe(probe: Probe) -> tuple[tuple[str | int, ...], Probe]:
    """What a probe with `every`, `some` or `contains` asks of each element: the steps to go, and the probe there."""
    if probe.quantifier is None:  # contains
        return (), Probe("==", probe.value, 0, 0)
    end = probe.inner.index(None) if None in probe.inner else len(probe.inner)
    steps = tuple(s for s in probe.inner[:end] if s is not None)
    nested = probe.quantifier if end < len(probe.inner) else None
    rest = probe.inner[end + 1 :]
    return steps, Probe(probe.op, probe.value, probe.missing, probe.mistyped, probe.length, nested, rest)
