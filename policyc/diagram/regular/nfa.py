"""Thompson automata over code point sets, with zero-width assertions as conditional steps."""

from __future__ import annotations

from policyc.diagram.errors import TooLarge
from policyc.diagram.regular.alphabet import Ranges
from policyc.diagram.regular.parse import Alt, Assert, Cat, Chars, Node, Repeat

MATCH = 1
"""The bit of state 0, which is reached when the pattern has matched."""


class Nfa:
    """A pattern's automaton; state sets are bit masks.

    `first`: the states to begin with. `after[s]`: the states reached by taking state s's character (or by passing its
    assertion). `sets`: the character sets in use; `takes[i]`: the states that take set i. `flags[s]`: the assertion of
    s, for the states in the mask `asserts`. `flags_used`: all assertions of the pattern.
    """

    def __init__(self, tree: Node, limit: int) -> None:
        """Raises TooLarge where more than `limit` states would be needed."""
        self.limit = limit
        self._outs: list[tuple[int, ...]] = [()]
        self._stops = [True]  # states that closures keep: those that take a character, assert, or match
        self._set_numbers: dict[Ranges, int] = {}
        self.takes: list[int] = []
        self.flags: dict[int, int] = {}
        entry = self._build(tree, 0)
        closures = self._closures()
        self.first = closures[entry]
        self.after = [closures[outs[0]] if outs else 0 for outs in self._outs]
        self.sets = list(self._set_numbers)
        self.asserts = sum(1 << state for state in self.flags)
        self.flags_used = 0
        for flag in self.flags.values():
            self.flags_used |= flag
        self.size = len(self._outs)

    def _add(self, outs: tuple[int, ...], stop: bool) -> int:
        if len(self._outs) >= self.limit:
            raise TooLarge(f"the pattern needs more than {self.limit:,} automaton states")
        self._outs.append(outs)
        self._stops.append(stop)
        return len(self._outs) - 1

    def _build(self, node: Node, then: int) -> int:
        """The entry state of a part after which the automaton goes on at state `then`."""
        if isinstance(node, Chars):
            state = self._add((then,), True)
            number = self._set_numbers.setdefault(node.ranges, len(self.takes))
            if number == len(self.takes):
                self.takes.append(0)
            self.takes[number] |= 1 << state
            return state
        if isinstance(node, Assert):
            state = self._add((then,), True)
            self.flags[state] = node.flag
            return state
        if isinstance(node, Cat):
            for part in reversed(node.parts):
                then = self._build(part, then)
            return then
        if isinstance(node, Alt):
            return self._add(tuple(self._build(part, then) for part in node.parts), False)
        return self._repeat(node, then)

    def _repeat(self, node: Repeat, then: int) -> int:
        if node.high is None:
            loop = self._add((), False)
            self._outs[loop] = (self._build(node.part, loop), then)
            then = loop
        else:
            end = then
            for _ in range(node.high - node.low):
                then = self._add((self._build(node.part, then), end), False)
        for _ in range(node.low):
            then = self._build(node.part, then)
        return then

    def _closures(self) -> list[int]:
        """For every state the kept states that it leads to without a condition."""
        masks = [1 << state if stop else 0 for state, stop in enumerate(self._stops)]
        branching = [(s, outs) for s, outs in enumerate(self._outs) if not self._stops[s]]
        changed = True
        while changed:  # states point to earlier ones except around loops, so a few rounds do
            changed = False
            for state, outs in branching:
                mask = masks[state]
                for out in outs:
                    mask |= masks[out]
                if mask != masks[state]:
                    masks[state], changed = mask, True
        return masks
