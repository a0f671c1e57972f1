"""A scan of the DSL's text without its grammar: texts, comments, brackets and words. It never fails.

Used where the grammar cannot help: for comments, and to find the way after a syntax error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policyc.diagnostics import did_you_mean
from policyc.ir.names import KEYWORDS
from policyc.record import field, record

TOP_WORDS: Final = frozenset({"policy", "description", "default", "on", "verify"})
EFFECTS: Final = frozenset({"hide", "allow", "deny", "require", "approve", "limit"})
STATEMENTS: Final = TOP_WORDS | EFFECTS
PROPERTIES: Final = frozenset({"never", "always", "allow", "limited", "no"})
"""The words that a property begins with."""
IN_VERIFY: Final = PROPERTIES | TOP_WORDS

_PIECE = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<text>(?:(?<![A-Za-z0-9_.-])r"[^"\n]*" | "(?:[^"\\\n]|\\.)*"))
      | (?P<open>"[^\n]*)                       # a text that is not closed on its line
      | (?P<bracket>[()\[\]{}])
      | (?P<word>[A-Za-z0-9_.-]+)
      | (?P<line>\n)
      | (?P<other>[^\s\w"#(){}\[\].-]+ | \S)""",
    re.VERBOSE,
)


@record
class Piece:
    """One piece: `kind` is comment, text, open, bracket, word or other; `first` on its line, or right after `{` or `}`."""

    kind: str
    text: str
    start: int
    first: bool


def pieces(text: str, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """The pieces between two offsets; blanks and line ends are left out."""
    first = True
    for match in _PIECE.finditer(text, start, len(text) if end is None else end):
        kind = match.lastgroup or ""
        if kind == "line":
            first = True
            continue
        yield Piece(kind, match.group(), match.start(), first)
        if kind != "comment":
            first = match.group() in "{}"


@record(frozen=False)
class Place:
    """Where a scan has come: how many blocks are open, the `{` that opened them, the brackets open in the statement that
    began at `statement` with `word`. `verifies`: the open block is one of properties."""

    braces: list[int] = field(default_factory=list)
    brackets: list[tuple[str, int]] = field(default_factory=list)
    statement: int = 0
    word: str = ""
    verifies: bool = False

    def begins(self, piece: Piece) -> bool:
        """Whether a piece begins a statement, or a property in a `verify` block."""
        if not piece.first or piece.kind != "word":
            return False
        return piece.text in (IN_VERIFY if self.verifies else STATEMENTS)

    def close(self) -> None:
        """No block is open any more."""
        self.braces.clear()
        self.verifies = False

    def advance(self, text: str, start: int, end: int) -> None:
        """Scan on from `start` to `end`."""
        for piece in pieces(text, start, end):
            if piece.kind == "bracket":
                self._bracket(piece)
            elif self.begins(piece):
                self.statement, self.word = piece.start, piece.text
                self.brackets.clear()

    def _bracket(self, piece: Piece) -> None:
        if piece.text == "{":
            self.braces.append(piece.start)
            self.brackets.clear()
            self.verifies = self.word == "verify"
        elif piece.text == "}":
            self.brackets.clear()
            if self.braces:
                self.braces.pop()
            self.verifies = self.verifies and bool(self.braces)
        elif piece.text in "([":
            self.brackets.append((piece.text, piece.start))
        elif self.brackets:
            self.brackets.pop()


def next_statement(text: str, start: int, place: Place) -> int:
    """The offset of the next piece from which reading can go on: the word of a statement that stands first on its line or
    after `{` or `}`, or a `}` of an open block; the text's end when there is none. `place` is moved there."""
    for piece in pieces(text, start):
        words = IN_VERIFY if place.verifies else STATEMENTS
        meant = piece.start > start and piece.first and piece.kind == "word" and _misspelt(piece.text, words)
        if meant or (place.begins(piece) and (piece.start > start or stands_first(text, start))):
            place.brackets.clear()
            place.statement, place.word = piece.start, piece.text
            return piece.start
        if piece.kind == "bracket" and piece.text in "{}":
            if piece.text == "}" and len(place.braces) == 1:
                return piece.start
            place._bracket(piece)
    return len(text)


def _misspelt(word: str, words: frozenset[str]) -> bool:
    """Whether the word is hardly anything but the word of a statement, misspelt."""
    return word.isalpha() and word not in KEYWORDS and did_you_mean(word, words) is not None


def stands_first(text: str, at: int) -> bool:
    """Whether only blanks stand between this offset and the beginning of its line, or a `{` or `}`."""
    while at > 0 and text[at - 1] in " \t\r\ufeff":
        at -= 1
    return at == 0 or text[at - 1] in "\n{}"
