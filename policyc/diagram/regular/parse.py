r"""RE2's pattern syntax, read into a small tree.

Source of the syntax: https://github.com/google/re2/wiki/Syntax and RE2's own parser, default options. Only patterns that
RE2 accepts come here, so this reader decides what a pattern means and never whether it is valid.
"""

from __future__ import annotations

import re
from typing import Final

from policyc.diagram.errors import TooLarge, Unsupported
from policyc.diagram.regular.alphabet import ANY, LAST, Ranges, complement, union
from policyc.diagram.regular.classes import PERL, bracket, escape, fold_ascii
from policyc.diagram.regular.unicode import ask, folded
from policyc.record import record

BEGIN_TEXT: Final = 1
END_TEXT: Final = 2
BEGIN_LINE: Final = 4
END_LINE: Final = 8
BOUNDARY: Final = 16
NOT_BOUNDARY: Final = 32

_DEEPEST: Final = 50
_MOST_ASKED: Final = 16
_BY_NUMBER: Final = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_NEWLINE: Final[Ranges] = ((10, 10),)


@record
class Chars:
    """One character out of a set; the empty set matches nothing."""

    ranges: Ranges


@record
class Assert:
    """A place in the text, one of the flags above; takes no character."""

    flag: int


@record
class Cat:
    """Its parts one after the other; without parts, the empty text."""

    parts: tuple[Node, ...]


@record
class Alt:
    """Any one of its parts."""

    parts: tuple[Node, ...]


@record
class Repeat:
    """Its part `low` to `high` times (None: without end)."""

    part: Node
    low: int
    high: int | None


Node = Chars | Assert | Cat | Alt | Repeat


def parse(pattern: str) -> Node:
    """The tree of a pattern that RE2 accepts. Raises Unsupported, TooLarge."""
    return _Parser(pattern).parse()


@record
class _Flags:
    fold: bool = False
    lines: bool = False
    dot_all: bool = False


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.flags = _Flags()
        self.outer: list[tuple[list[Node], list[Node], _Flags]] = []
        self.branches: list[Node] = []
        self.items: list[Node] = []
        self.asked: set[str] = set()

    def parse(self) -> Node:
        while self.at < len(self.text):
            self._token(self.text[self.at])
        return self._close()

    def _token(self, char: str) -> None:
        if char == "(":
            self._group()
        elif char == "\\":
            self._escape()
        elif char == "[":
            self._class()
        elif char in "*+?":
            self.at += 1
            self._repeat(1 if char == "+" else 0, 1 if char == "?" else None)
        elif char == "{" and (counts := _counts(self.text, self.at)):
            self.at = counts[2]
            self._repeat(counts[0], counts[1])
        else:
            self.at += 1
            self._plain(char)

    def _plain(self, char: str) -> None:
        if char == "|":
            self.branches.append(_cat(self.items))
            self.items = []
        elif char == ")":
            group = self._close()
            self.branches, self.items, self.flags = self.outer.pop()
            self.items.append(group)
        elif char == "^":
            self.items.append(Assert(BEGIN_LINE if self.flags.lines else BEGIN_TEXT))
        elif char == "$":
            self.items.append(Assert(END_LINE if self.flags.lines else END_TEXT))
        elif char == ".":
            self.items.append(Chars(ANY if self.flags.dot_all else complement(_NEWLINE)))
        else:
            self._literal(ord(char))

    def _close(self) -> Node:
        self.branches.append(_cat(self.items))
        return self.branches[0] if len(self.branches) == 1 else Alt(tuple(self.branches))

    def _literal(self, point: int) -> None:
        ranges: Ranges = ((point, point),)
        if self.flags.fold:
            ranges = fold_ascii(ranges) if point < 0x80 else self._folded(point)
        self.items.append(Chars(ranges))

    def _folded(self, point: int) -> Ranges:
        """The foldings of a character; asked for together with all others that the pattern seems to name."""
        points = {point, *map(ord, self.text), *(int(digits, 16) for digits in _BY_NUMBER.findall(self.text))}
        return folded(frozenset(each for each in points if 0x80 <= each <= LAST))[point]

    def _repeat(self, low: int, high: int | None) -> None:
        if self.text.startswith("?", self.at):  # non-greedy: the same language
            self.at += 1
        part = self.items.pop()
        self.items.append(Repeat(part, low, high))

    def _group(self) -> None:
        before = self.flags
        self.at += 1
        if self.text.startswith("?", self.at):
            named = self.text.startswith(("?P<", "?<"), self.at)
            ends = [self.text.index(">", self.at)] if named else [self.text.find(c, self.at) for c in ":)"]
            end = min(e for e in ends if e >= 0)
            if not named:
                self.flags = _with_flags(before, self.text[self.at + 1 : end])
            self.at = end + 1
            if self.text[end] == ")":  # `(?i)`: for the rest of the group around it
                return
        self.outer.append((self.branches, self.items, before))
        self.branches, self.items = [], []
        if len(self.outer) > _DEEPEST:
            raise TooLarge(f"the pattern nests groups deeper than {_DEEPEST}")

    def _escape(self) -> None:
        char = self.text[self.at + 1]
        if char in "bBAz":
            self.at += 2
            places = {"b": BOUNDARY, "B": NOT_BOUNDARY, "A": BEGIN_TEXT, "z": END_TEXT}
            self.items.append(Assert(places[char]))
        elif char == "Q":
            end = self.text.find("\\E", self.at)
            literal = self.text[self.at + 2 : end if end >= 0 else None]
            self.at = end + 2 if end >= 0 else len(self.text)
            for each in literal:
                self._literal(ord(each))
        elif char in "pP":
            end = self.text.index("}", self.at) if self.text[self.at + 2] == "{" else self.at + 2
            self._ask(self.text[self.at : end + 1])
            self.at = end + 1
        elif char in PERL:
            if char.isupper() and self.flags.fold:
                self._ask(f"\\{char}")
            else:
                self.items.append(Chars(fold_ascii(PERL[char]) if self.flags.fold else PERL[char]))
            self.at += 2
        elif char == "C":
            raise Unsupported("`\\C` matches a single byte, which the analysis does not model")
        else:
            point, self.at = escape(self.text, self.at)
            self._literal(point)

    def _class(self) -> None:
        parsed = bracket(self.text, self.at)
        source, ranges = self.text[self.at : parsed.end], parsed.ranges
        self.at = parsed.end
        if ranges is None or (self.flags.fold and not parsed.plain_ascii):
            self._ask(source)
            return
        ranges = fold_ascii(ranges) if self.flags.fold else union(ranges)
        self.items.append(Chars(complement(ranges) if parsed.negated else ranges))

    def _ask(self, source: str) -> None:
        atom = f"(?i:{source})" if self.flags.fold else source
        self.asked.add(atom)
        if len(self.asked) > _MOST_ASKED:
            raise TooLarge(f"the pattern has more than {_MOST_ASKED} classes that depend on Unicode's tables")
        self.items.append(Chars(ask(atom)))


def _cat(items: list[Node]) -> Node:
    return items[0] if len(items) == 1 else Cat(tuple(items))


def _with_flags(flags: _Flags, written: str) -> _Flags:
    on, _, off = written.partition("-")

    def value(letter: str, before: bool) -> bool:
        return (before or letter in on) and letter not in off

    return _Flags(value("i", flags.fold), value("m", flags.lines), value("s", flags.dot_all))


def _counts(text: str, at: int) -> tuple[int, int | None, int] | None:
    """`{n}`, `{n,}` or `{n,m}` at an offset: n, m (None: without end), the offset after it; else the `{` is a literal."""
    end = text.find("}", at)
    low, comma, high = text[at + 1 : max(end, at + 1)].partition(",")
    if not _number(low) or (high and not _number(high)):
        return None
    return int(low), (int(high) if high else None) if comma else int(low), end + 1


def _number(digits: str) -> bool:
    """RE2 reads a count without leading zeros and of at most nine digits; anything else is text."""
    return digits.isascii() and digits.isdigit() and (digits == "0" or digits[0] != "0") and len(digits) <= 9
