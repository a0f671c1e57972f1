"""Telling some vectors of truth values from others with few words: a small disjunction of conjunctions of tests.

The expand and reduce steps of two-level minimisation (Brayton et al., "Logic Minimization Algorithms for VLSI Synthesis", 1984), greedy and
without the search for a least cover: vectors that never occur are free to be inside or outside.
"""

from __future__ import annotations

from collections.abc import Sequence

Vector = tuple[int, ...]
Literal = frozenset[int]
"""The truth values of one test that a term allows."""
_WIDER = tuple(map(frozenset, ((0, 1, 2), (1, 2), (0, 1))))


def cover(inside: Sequence[Vector], outside: Sequence[Vector], telling: Sequence[int]) -> list[dict[int, Literal]]:
    """Terms of which at least one holds on every vector inside and none on any outside; a term maps a test's index to the truth values that
    it allows. The vectors must differ in the tests that are `telling`."""
    terms: list[dict[int, Literal]] = []
    left = list(dict.fromkeys(inside))
    while left:
        term = _expanded(left[0], outside, telling)
        terms.append(term)
        left = [v for v in left if not holds(term, v)]
    for term in list(terms):
        rest = [t for t in terms if t is not term]
        if rest and all(any(holds(t, v) for t in rest) for v in inside):
            terms = rest
    return [_plainer(t, inside) for t in terms]


def holds(term: dict[int, Literal], vector: Vector) -> bool:
    """Whether a term holds on a vector."""
    return all(vector[i] in allowed for i, allowed in term.items())


def _expanded(vector: Vector, outside: Sequence[Vector], telling: Sequence[int]) -> dict[int, Literal]:
    """The term of one vector, with every test widened or left out as long as nothing outside comes in: tests that say "not" go first."""
    term = {i: frozenset((vector[i],)) for i in telling}
    for i in sorted(telling, key=lambda i: (vector[i], -i)):
        for wider in _WIDER:
            if vector[i] not in wider:
                continue
            tried = {**term, i: wider}
            if not any(holds(tried, v) for v in outside):
                term = tried
                break
    return {i: allowed for i, allowed in term.items() if len(allowed) < 3}


def _plainer(term: dict[int, Literal], inside: Sequence[Vector]) -> dict[int, Literal]:
    """The term without truth values that none of its vectors has: they were free, and cost words."""
    mine = [v for v in inside if holds(term, v)]
    return {i: frozenset(v[i] for v in mine) for i in term}
