"""The breadth-first walk through the joint automaton of several languages."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from operator import itemgetter

from policyc.diagram.errors import Budget, TooLarge
from policyc.diagram.regular.alphabet import ANY, SCALARS, join
from policyc.diagram.regular.dfa import Automaton, LoneSurrogates

Vector = tuple[bool, ...]


class Clock:
    """Says when the time of a budget is over."""

    def __init__(self, budget: Budget) -> None:
        self._seconds = budget.seconds
        self._end = time.thread_time() + budget.seconds

    def check(self) -> None:
        """Raises TooLarge after the time is over."""
        if time.thread_time() > self._end:
            raise TooLarge(f"comparing the string tests takes longer than {self._seconds:g} seconds")


class Walk:
    """The reachable joint states, numbered in the order of the shortest texts that lead to them.

    `vectors[s]`: the truth values of a text that ends in state s, or None where such a text is not counted.
    `first[v]`: the first state with these truth values. `before[s]`: states and symbols that lead to s (only with
    `edges`; without, the walk stops as soon as nothing new can be found).
    """

    def __init__(self, automata: Sequence[Automaton], surrogates: bool, clock: Clock, limit: int, edges: bool) -> None:
        """`limit`: most joint states. Raises TooLarge."""
        self._automata = list(automata)
        self._watch = LoneSurrogates() if surrogates else None
        if self._watch:
            self._automata.append(self._watch)
        alphabet = join([each.alphabet for each in self._automata], ANY if surrogates else SCALARS)
        self._points = [point for point, _ in alphabet]
        self._edges = edges
        self._parents: list[tuple[int, int]] = [(0, 0)]
        self.before: list[list[tuple[int, int]]] = [[]]
        self.vectors: list[Vector | None] = []
        self.first: dict[Vector, int] = {}
        self._explore([key for _, key in alphabet], clock, limit)

    def _explore(self, keys: list[tuple[int, ...]], clock: Clock, limit: int) -> None:
        automata, watched = self._automata, self._watch is not None
        # Worst symbol first: where several lead to one state, the mapping below keeps the last, the most readable.
        order = range(len(keys) - 1, -1, -1)
        pick = [_getter([keys[symbol][column] for symbol in order]) for column in range(len(automata))]
        rows: list[dict[int, tuple[int, ...]]] = [{} for _ in automata]
        accepts: list[dict[int, bool]] = [{} for _ in automata]
        start = tuple(each.start for each in automata)
        numbers = {start: 0}
        states = [start]
        most = 1 << len(automata) - watched
        for here, state in enumerate(states):  # grows while it is walked
            clock.check()
            columns, truth = [], []
            for automaton, part, known, accepted, chosen in zip(automata, state, rows, accepts, pick, strict=True):
                if part not in known:
                    known[part] = chosen(automaton.row(part))
                    accepted[part] = automaton.accepts(part)
                columns.append(known[part])
                truth.append(accepted[part])
            self._note(here, tuple(truth))
            if len(self.first) == most and not self._edges:
                return
            following = dict(zip(zip(*columns, strict=True), order, strict=True)) if columns else {(): 0}
            for after, symbol in sorted(following.items(), key=itemgetter(1)):
                if watched and after[-1] == LoneSurrogates.BROKEN:
                    continue
                number = numbers.setdefault(after, len(states))
                if number == len(states):
                    if number >= limit:
                        raise TooLarge(f"comparing the string tests needs more than {limit:,} automaton states")
                    states.append(after)
                    self._parents.append((here, symbol))
                    self.before.append([])
                if self._edges:
                    self.before[number].append((here, symbol))

    def _note(self, state: int, truth: Vector) -> None:
        if self._watch is not None:
            *rest, counted = truth
            truth = tuple(rest)
            if not counted:
                self.vectors.append(None)
                return
        self.vectors.append(truth)
        self.first.setdefault(truth, state)

    def character(self, symbol: int) -> str:
        """The readable character that stands for a symbol."""
        return chr(self._points[symbol])

    def text(self, state: int) -> str:
        """A shortest text that leads to a state."""
        characters = []
        while state:
            state, symbol = self._parents[state]
            characters.append(self.character(symbol))
        return "".join(reversed(characters))


def _getter(symbols: list[int]) -> Callable[[list[int]], tuple[int, ...]]:
    """Reads a row in a given order of its symbols."""
    if len(symbols) == 1:
        return lambda row: (row[symbols[0]],)
    return itemgetter(*symbols)
