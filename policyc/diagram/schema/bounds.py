"""What is surely so and what may be so: pairs of formulas between which the truth lies.

A JSON Schema says things that a formula over the arguments looked at cannot say. `may` holds for at least every value that the
schema allows, `must` for at most those; where both are one formula, it is exact. Negation swaps them, so `not`, `oneOf` and `if`
stay sound, whatever they stand on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

from policyc.diagram.formula import Formula, Junction, conj, disj, negation
from policyc.record import record

MOST_SUBSETS: Final = 60
"""Most subsets written out to say how many of some things hold together."""


@record
class Bounds:
    """`must` implies the truth, which implies `may`."""

    may: Formula
    must: Formula


ALWAYS: Final = Bounds(True, True)
NEVER: Final = Bounds(False, False)
UNKNOWN: Final = Bounds(True, False)


def exactly(formula: Formula) -> Bounds:
    """What a formula says in full."""
    return Bounds(formula, formula)


def both(items: Iterable[Bounds]) -> Bounds:
    """And; without items always so."""
    parts = tuple(items)
    return Bounds(conj(b.may for b in parts), conj(b.must for b in parts))


def either(items: Iterable[Bounds]) -> Bounds:
    """Or; without items never so."""
    parts = tuple(items)
    return Bounds(disj(b.may for b in parts), disj(b.must for b in parts))


def opposite(bounds: Bounds) -> Bounds:
    """Not so."""
    return Bounds(negation(bounds.must), negation(bounds.may))


def one_of(items: Sequence[Bounds]) -> Bounds:
    """Exactly one."""
    return either(
        both((item, *(opposite(other) for j, other in enumerate(items) if j != i))) for i, item in enumerate(items)
    )


def at_most(number: int, items: Sequence[Bounds]) -> Bounds:
    """No more than `number` of them; says nothing where that takes too many words."""
    if number < 0:
        return NEVER
    chosen = []
    for subset in combinations(items, number + 1):
        chosen.append(opposite(both(subset)))
        if len(chosen) > MOST_SUBSETS:
            return UNKNOWN
    return both(chosen)


def at_least(number: int, items: Sequence[Bounds]) -> Bounds:
    """`number` of them or more; says nothing where that takes too many words."""
    return at_most(len(items) - number, [opposite(item) for item in items]) if number > 0 else ALWAYS


def size(bounds: Bounds) -> int:
    """How many predicates the pair writes."""
    return _size(bounds.may) + _size(bounds.must)


def _size(formula: Formula) -> int:
    return sum(_size(item) for item in formula.items) if isinstance(formula, Junction) else 1
