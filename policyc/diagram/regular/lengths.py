"""Which joint states can be reached by texts of a given length, for tests of the length.

No automaton counts characters. Instead the set of joint states that texts of length 0, 1, 2, … reach is followed until it
repeats; from there on it is periodic, so that a bound of 100,000 costs no more than one of 100.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Set
from itertools import pairwise

from policyc.diagram.errors import Budget, TooLarge
from policyc.diagram.regular.walk import Clock, Vector, Walk


def intervals(bounds: Iterable[int | float]) -> list[tuple[int, int | None]]:
    """The lengths cut so that no comparison with one of the bounds changes inside an interval (None: without end)."""
    cuts = {0}
    for bound in bounds:
        cuts |= {max(0, math.ceil(bound)), max(0, math.floor(bound) + 1)}
    starts = sorted(cuts)
    return [(low, high - 1) for low, high in pairwise(starts)] + [(starts[-1], None)]


class Lengths:
    """The lengths of the texts that lead to each joint state of a walk (made with `edges`)."""

    def __init__(self, walk: Walk, clock: Clock, budget: Budget) -> None:
        """Raises TooLarge."""
        self._walk, self._clock, self._budget = walk, clock, budget
        self._masks: dict[Vector, int] = {}
        for state, vector in enumerate(walk.vectors):
            if vector is not None:
                self._masks[vector] = self._masks.get(vector, 0) | 1 << state
        after = [0] * len(walk.vectors)
        for state, edges in enumerate(walk.before):
            for origin, _ in edges:
                after[origin] |= 1 << state
        layers: list[int] = []
        seen: dict[int, int] = {}
        layer = 1
        while layer not in seen:
            clock.check()
            if len(layers) >= budget.states:
                raise TooLarge(f"the tests of a string's length need more than {budget.states:,} steps")
            seen[layer] = len(layers)
            layers.append(layer)
            layer = 0
            for state in _bits(layers[-1]):
                layer |= after[state]
        self._layers = layers
        self._repeats = seen[layer]
        self._period = len(layers) - self._repeats

    def _layer(self, length: int) -> int:
        """The states that texts of this length lead to."""
        if length >= len(self._layers):
            length = self._repeats + (length - self._repeats) % self._period
        return self._layers[length]

    def examples(self, low: int, high: int | None, known: Set[Vector]) -> Iterator[tuple[Vector, str]]:
        """The truth values, but the known ones, of the texts whose length is in an interval, each with a shortest."""
        last = max(low, self._repeats) + self._period - 1
        wanted = {vector: mask for vector, mask in self._masks.items() if vector not in known}
        for length in range(low, (last if high is None else min(high, last)) + 1):
            if not wanted:
                return
            self._clock.check()
            layer = self._layer(length)
            for vector, mask in list(wanted.items()):
                if found := layer & mask:
                    del wanted[vector]
                    yield vector, self._text(next(_bits(found)), length)

    def _text(self, state: int, length: int) -> str:
        """A text of this length that leads to a state."""
        if length > self._budget.example_length:
            raise TooLarge(f"an example of {length:,} characters is longer than {self._budget.example_length:,}")
        pieces = []
        while length:
            loop = next((symbol for origin, symbol in self._walk.before[state] if origin == state), None)
            if loop is not None and length > self._repeats:
                # A state with a loop that is in one of the repeating layers is in all of them: stay where we are.
                pieces.append(self._walk.character(loop) * (length - self._repeats))
                length = self._repeats
                continue
            if length % 1024 == 0:
                self._clock.check()
            layer = self._layer(length - 1)
            state, symbol = next((s, symbol) for s, symbol in self._walk.before[state] if layer >> s & 1)
            pieces.append(self._walk.character(symbol))
            length -= 1
        return "".join(reversed(pieces))


def _bits(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        yield bit.bit_length() - 1
        mask ^= bit
