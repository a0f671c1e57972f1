"""Cutting the set of all JSON values into the cells that some probes distinguish, each with an example value.

Two values are in one cell when every probe has the same truth value on both. Numbers are cut at the constants, strings at
the constants and by their patterns as regular languages, arrays by which element cells occur in them. Every example is judged by the
same function that the table runs, so a cell that is listed is real; that none is missing is the algorithms' business and is tested
against random values.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from policyc.diagram.arrays import array_cells
from policyc.diagram.cell import NO_EXAMPLE, Cell, Truths, probe_function, shape
from policyc.diagram.formula import Probe
from policyc.diagram.numbers import NumberSlot, number_cells, number_multiples
from policyc.diagram.objects import object_cells
from policyc.diagram.strings import StringCells, string_cells
from policyc.record import field, record
from policyc.runtime.values import BOOLEAN, MISSING, MISSING_KIND, NULL, NUMBER, STRING


@record
class Partition:
    """The cells of one variable. `bounds` and `slots`: slot 2i+1 is bound i itself, slot 2i what lies below it. `multiples`: more
    cells between the bounds, of numbers that divisors tell apart. `undecided`: why some combinations could not be told apart from impossible ones; the cells are then a superset."""

    probes: tuple[Probe, ...]
    missing: Cell
    null: Cell
    false: Cell
    true: Cell
    bounds: tuple[int | float, ...]
    slots: tuple[NumberSlot, ...]
    strings: StringCells
    arrays: tuple[Cell, ...]
    objects: tuple[Cell, ...]
    multiples: tuple[Cell, ...]
    undecided: str | None = None
    _listed: tuple[Cell, ...] = field(init=False, repr=False, compare=False)
    _keys: tuple[tuple[tuple[Truths, int], ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        listed = tuple(self._list())
        object.__setattr__(self, "_listed", listed)
        plain = tuple(dict.fromkeys((c.truths, 0) for c in listed))
        object.__setattr__(self, "_keys", (plain, tuple(dict.fromkeys((c.truths, shape(c.kind)) for c in listed))))

    def cells(self) -> tuple[Cell, ...]:
        """Every cell of JSON values, simple ones first. What is not JSON has none: it denies the call."""
        return self._listed

    def keys(self, split: bool) -> tuple[tuple[Truths, int], ...]:
        """Every combination of truth values that some cell has, each once; `split`: with its shape, which is otherwise 0."""
        return self._keys[split]

    def _list(self) -> Iterator[Cell]:
        yield from (self.missing, self.null, self.false, self.true)
        for slot in self.slots:
            if slot.integer is not None:
                yield slot.integer
            if slot.fraction is not None:
                yield slot.fraction
        yield from self.multiples
        for example, truths in self.strings.constants:
            yield Cell(STRING, truths, example)
        for truths, text in (*self.strings.rest, *self.strings.surrogates):
            yield Cell(STRING, truths, NO_EXAMPLE if text is None else text)
        yield from self.arrays
        yield from self.objects


@lru_cache(maxsize=65536)
def partition(probes: tuple[Probe, ...]) -> Partition:
    """The cells of all JSON values under these probes. Exact unless `undecided` says otherwise."""
    functions = [probe_function(p) for p in probes]

    def judge(value: Any) -> Truths:
        return tuple([f(value) for f in functions])

    def cell(kind: int, value: Any) -> Cell:
        return Cell(kind, judge(value), value)

    bounds, slots = number_cells(probes, lambda value: cell(NUMBER, value))
    strings = string_cells(probes, judge)
    arrays, why_arrays = array_cells(probes, functions, judge, partition)
    objects, why_objects = object_cells(probes, functions, judge, partition)
    return Partition(
        probes,
        cell(MISSING_KIND, MISSING), cell(NULL, None), cell(BOOLEAN, False), cell(BOOLEAN, True),
        bounds, slots, strings, arrays, objects, number_multiples(probes, bounds, slots),
        strings.undecided or why_arrays or why_objects,
    )  # fmt: skip
