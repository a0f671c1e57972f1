"""Deterministic automata, built state by state as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from policyc.diagram.regular.alphabet import HIGH, LAST, LOW, WORD, Partition, Ranges, partition
from policyc.diagram.regular.nfa import MATCH, Nfa
from policyc.diagram.regular.parse import BEGIN_LINE, BEGIN_TEXT, BOUNDARY, END_LINE, END_TEXT, NOT_BOUNDARY

# What stands beside a place in the text: its edge, a newline, a word character, or anything else.
_EDGE, _NEWLINE, _WORD, _OTHER = range(4)


class Automaton(Protocol):
    """A complete deterministic automaton over the symbols of its own partition of the alphabet.

    `size`: how many states were built to get it.
    """

    alphabet: Partition
    start: int
    size: int

    def row(self, state: int) -> list[int]:
        """The state after each symbol."""
        ...

    def accepts(self, state: int) -> bool:
        """Whether a text that ends in this state belongs to the language."""
        ...


class SearchDfa:
    """The texts in which an NFA finds a match somewhere, as RE2's search does.

    A state is a set of NFA states whose assertions about the text before are settled, and, while assertions about the
    text after are open, what stood before. State 0: a match was found.
    """

    def __init__(self, nfa: Nfa) -> None:
        self._nfa = nfa
        self.size = nfa.size
        extra: list[Ranges] = []
        if nfa.flags_used & (BOUNDARY | NOT_BOUNDARY):
            extra += [WORD, ((0x80, LAST),)]
        if nfa.flags_used & (BEGIN_LINE | END_LINE):
            extra.append(((10, 10),))
        self.alphabet = partition([*nfa.sets, *extra])
        self._kinds = [_OTHER] * len(self.alphabet.members)
        if extra:
            for start, symbol in zip(self.alphabet.starts, self.alphabet.symbols, strict=True):
                is_word = any(low <= start <= high for low, high in WORD)
                self._kinds[symbol] = _WORD if is_word else _NEWLINE if start == 10 else _OTHER
        self._taking = [
            sum(mask for index, mask in enumerate(nfa.takes) if inside >> index & 1) for inside in self.alphabet.members
        ]
        # RE2 also looks for matches between the bytes of one character, where only `\B` can hold.
        inside = bool(nfa.flags_used & NOT_BOUNDARY and self._pass(nfa.first, NOT_BOUNDARY) & MATCH)
        wide = {s for at, s in zip(self.alphabet.starts, self.alphabet.symbols, strict=True) if inside and at >= 0x80}
        self._splits = [symbol in wide for symbol in range(len(self._kinds))]
        self._keys: list[tuple[int, int]] = [(MATCH, _OTHER)]
        self._numbers: dict[tuple[int, int], int] = {}
        self._rows: list[list[int] | None] = [[0] * len(self._kinds)]
        self._steps: dict[tuple[int, int], int] = {}
        self._settled = sum(1 << state for state, flag in nfa.flags.items() if flag & (BEGIN_TEXT | BEGIN_LINE))
        self.start = self._state(nfa.first, _EDGE)

    def row(self, state: int) -> list[int]:
        known = self._rows[state]
        if known is not None:
            return known
        mask, before = self._keys[state]
        open_ends = mask & self._nfa.asserts
        closed: dict[int, int] = {}
        row: list[int] = []
        for kind, taking, split in zip(self._kinds, self._taking, self._splits, strict=True):
            here = closed.get(kind)
            if here is None:
                here = closed[kind] = self._pass(mask, _HOLDING[before][kind]) if open_ends else mask
            row.append(0 if here & MATCH or split else self._step(here & taking, kind))
        self._rows[state] = row
        return row

    def accepts(self, state: int) -> bool:
        mask, before = self._keys[state]
        return bool(self._pass(mask, _HOLDING[before][_EDGE]) & MATCH)

    def _step(self, taken: int, kind: int) -> int:
        """The state after the NFA states `taken` took a character of some kind; a new match may begin there, too."""
        key = (taken, kind)
        if key not in self._steps:
            reached = self._nfa.first
            while taken:
                bit = taken & -taken
                reached |= self._nfa.after[bit.bit_length() - 1]
                taken ^= bit
            self._steps[key] = self._state(reached, kind)
        return self._steps[key]

    def _state(self, mask: int, before: int) -> int:
        if mask & self._nfa.asserts:
            mask = self._pass(mask, _HOLDING[before][_OTHER] & (BEGIN_TEXT | BEGIN_LINE))
            mask &= ~self._settled
        if mask & MATCH:
            return 0
        key = (mask, before if mask & self._nfa.asserts else _OTHER)
        number = self._numbers.setdefault(key, len(self._keys))
        if number == len(self._keys):
            self._keys.append(key)
            self._rows.append(None)
        return number

    def _pass(self, mask: int, holding: int) -> int:
        """The mask with what lies behind those of its assertions that hold."""
        nfa = self._nfa
        waiting, seen = mask & nfa.asserts, 0
        while waiting:
            bit = waiting & -waiting
            state = bit.bit_length() - 1
            seen |= bit
            if nfa.flags[state] & holding:
                mask |= nfa.after[state]
            waiting = mask & nfa.asserts & ~seen
        return mask


def _holding(before: int, after: int) -> int:
    flags = BEGIN_TEXT | BEGIN_LINE if before == _EDGE else BEGIN_LINE if before == _NEWLINE else 0
    flags |= END_TEXT | END_LINE if after == _EDGE else END_LINE if after == _NEWLINE else 0
    return flags | (BOUNDARY if (before == _WORD) != (after == _WORD) else NOT_BOUNDARY)


_HOLDING: Final = [[_holding(before, after) for after in range(4)] for before in range(4)]


class WordsDfa:
    """A finite set of texts, as a trie. State 0: none of them any more."""

    def __init__(self, words: Iterable[str]) -> None:
        nodes: list[dict[str, int]] = [{}, {}]
        ends = set()
        for word in words:
            node = 1
            for char in word:
                node = nodes[node].setdefault(char, len(nodes))
                if node == len(nodes):
                    nodes.append({})
            ends.add(node)
        self._nodes, self._ends = nodes, ends
        characters = {char for node in nodes for char in node}
        self.alphabet = partition([((ord(char), ord(char)),) for char in sorted(characters)])
        self._symbols = _symbols_of(self.alphabet, characters)
        self.start, self.size = 1, len(nodes)

    def row(self, state: int) -> list[int]:
        row = [0] * len(self.alphabet.members)
        for char, node in self._nodes[state].items():
            row[self._symbols[char]] = node
        return row

    def accepts(self, state: int) -> bool:
        return state in self._ends


class OrderDfa:
    """The texts before (or after) a given one, by code point. States 0: before, 1: after, 2 + i: equal so far."""

    def __init__(self, op: str, text: str) -> None:
        """`op`: one of `<  <=  >  >=`."""
        self._text = text
        self._accepted = {0, *range(2, 2 + len(text))} if op[0] == "<" else {1}
        if op[1:] == "=":
            self._accepted.add(2 + len(text))
        characters = set(text)
        points = sorted(map(ord, characters))
        # Cut right before and right after each character of the text, so that a symbol is on one side of all of them.
        self.alphabet = partition([((point, point),) for point in points] + [((point, LAST),) for point in points])
        self._symbols = _symbols_of(self.alphabet, characters)
        self._first = [0] * len(self.alphabet.members)
        for start, symbol in zip(self.alphabet.starts, self.alphabet.symbols, strict=True):
            self._first[symbol] = start
        self.start, self.size = 2, len(text) + 3

    def row(self, state: int) -> list[int]:
        if state < 2 or state == 2 + len(self._text):
            return [min(state, 1)] * len(self._first)
        here = self._text[state - 2]
        row = [0 if start < ord(here) else 1 for start in self._first]
        row[self._symbols[here]] = state + 1
        return row

    def accepts(self, state: int) -> bool:
        return state in self._accepted


class LoneSurrogates:
    """The texts with a lone surrogate, as JSON can write them: a high one right before a low one is a single character.

    States 0: none yet, 1: some, the last character is a high one, 2: some, 3: a pair (not a text of JSON).
    """

    BROKEN: Final = 3
    start, size = 0, 4

    def __init__(self) -> None:
        self.alphabet = partition([HIGH, LOW])

    def row(self, state: int) -> list[int]:
        plain = min(state, 2) if state != 1 else 2
        after = {0: plain, 1: 1, 2: 3 if state == 1 else 2}
        return [3 if state == 3 else after[inside] for inside in self.alphabet.members]

    def accepts(self, state: int) -> bool:
        return state in (1, 2)


def _symbols_of(alphabet: Partition, characters: set[str]) -> dict[str, int]:
    at = dict(zip(alphabet.starts, alphabet.symbols, strict=True))
    return {char: at[ord(char)] for char in characters}
