"""What arrays and objects share: cutting by size, and putting example values together."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from policyc.diagram.cell import NO_EXAMPLE, Cell, Truths, is_number
from policyc.diagram.errors import TooLarge
from policyc.diagram.formula import Probe
from policyc.runtime.tests import test_function
from policyc.runtime.values import MISSING, MISSING_KIND

if TYPE_CHECKING:
    from policyc.diagram.cells import Partition

LONGEST_EXAMPLE: Final = 5000
MOST_STATES: Final = 2000
"""Most combinations of what occurs in an array, or stands at the keys of an object."""
Functions = list[Callable[[Any], int]]
Cut = Callable[[tuple[Probe, ...]], "Partition"]
"""Cuts one variable: elements of arrays are cut as variables are."""


def length_candidates(probes: tuple[Probe, ...]) -> list[int]:
    """Sizes on both sides of every bound that a probe names."""
    found = {0, 1}
    for probe in probes:
        if probe.length and probe.quantifier is None:
            values = probe.value if isinstance(probe.value, tuple) else (probe.value,)
            for value in values:
                if is_number(value) and value < 2**62:
                    found.update(n for n in (math.floor(value) - 1, math.floor(value), math.floor(value) + 1) if n >= 0)
    return sorted(found)


def below(probes: tuple[Probe, ...], kind: type) -> dict[int, tuple[Any, Probe]]:
    """The probes that look at one key, or index, of the value: by number, the key and what is asked of the value there."""
    found = {}
    for i, probe in enumerate(probes):
        if probe.op == "at" and type(probe.value[0][0]) is kind:
            (step, *rest), inner = probe.value
            found[i] = (step, Probe("at", (tuple(rest), inner)) if rest else inner)
    return found


@lru_cache(maxsize=65536)
def _length_function(probe: Probe) -> Callable[[Any], int]:
    return test_function(probe.op, probe.value, probe.missing, probe.mistyped)


def length_truth(probe: Probe, n: int) -> int:
    """What a probe of the size makes of a size."""
    return _length_function(probe)(n)


def one_each(cells: Partition, *, element: bool) -> list[Cell]:
    """One cell for each combination of truth values, with an example where one is known. An array's element is never missing."""
    chosen: dict[Truths, Cell] = {}
    for cell in cells.cells():
        if element and cell.kind == MISSING_KIND:
            continue
        if cell.truths not in chosen or chosen[cell.truths].example is NO_EXAMPLE:
            chosen[cell.truths] = cell
    return list(chosen.values())


def guess(cells: dict[Truths, Cell], inside: list[int], kind: int, where: str) -> None:
    """Add every combination of what the probes with these numbers could say, without examples: a superset of the truth. Raises TooLarge."""
    if 3 ** len(inside) > MOST_STATES:
        raise TooLarge(f"{len(inside)} tests on the {where}")
    for base in list(cells):
        for choice in product((0, 1, 2), repeat=len(inside)):
            truths = list(base)
            for i, truth in zip(inside, choice, strict=True):
                truths[i] = truth
            cells.setdefault(tuple(truths), Cell(kind, tuple(truths), NO_EXAMPLE))


def guess_printed(cells: dict[Truths, Cell], probes: tuple[Probe, ...], kind: int) -> None:
    """Add every cell once more for each printed text that it might have, without an example."""
    for i, probe in enumerate(probes):
        if probe.op == "prints" and probe.quantifier is None:
            for base in list(cells):
                truths = (*base[:i], 2, *base[i + 1 :])
                cells.setdefault(truths, Cell(kind, truths, NO_EXAMPLE))


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
