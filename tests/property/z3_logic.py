"""Small things for the z3 oracle: simplifying connectives, Kleene's three values as two formulas, and regular expressions as z3's.

Nothing here comes from `policyc.diagram`, which is what the oracle judges.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import z3

from policyc.ir.model import Truth

Bool = Any
"""A Python bool or a z3 BoolRef."""


def both(items: Iterable[Bool]) -> Bool:
    """And; plain True and False are simplified away, for the sake of speed."""
    kept = []
    for item in items:
        if item is False:
            return False
        if item is not True:
            kept.append(item)
    return True if not kept else kept[0] if len(kept) == 1 else z3.And(kept)


def either(items: Iterable[Bool]) -> Bool:
    """Or, simplified alike."""
    kept = []
    for item in items:
        if item is True:
            return True
        if item is not False:
            kept.append(item)
    return False if not kept else kept[0] if len(kept) == 1 else z3.Or(kept)


def no(item: Bool) -> Bool:
    return (not item) if isinstance(item, bool) else z3.Not(item)


class Kleene(NamedTuple):
    """A truth value: when it is TRUE, when it is FALSE, and UNDEFINED otherwise."""

    true: Bool
    false: Bool


def known(truth: Truth) -> Kleene:
    return Kleene(truth is Truth.TRUE, truth is Truth.FALSE)


def plain(formula: Bool) -> Kleene:
    """A truth value that is never undefined."""
    return Kleene(formula, no(formula))


def negated(k: Kleene) -> Kleene:
    return Kleene(k.false, k.true)


def minimum(items: Iterable[Kleene]) -> Kleene:
    """Kleene's and."""
    parts = list(items)
    return Kleene(both(k.true for k in parts), either(k.false for k in parts))


def maximum(items: Iterable[Kleene]) -> Kleene:
    """Kleene's or."""
    parts = list(items)
    return Kleene(either(k.true for k in parts), both(k.false for k in parts))


def cases(choices: Iterable[tuple[Bool, Kleene]]) -> Kleene:
    """The truth value of the one case whose condition holds."""
    parts = list(choices)
    return Kleene(either(both((c, k.true)) for c, k in parts), either(both((c, k.false)) for c, k in parts))


# --- regular expressions ---------------------------------------------------------------------------------------------

_RE = z3.ReSort(z3.StringSort())
ANY_CHAR = z3.AllChar(_RE)
ANY_TEXT = z3.Full(_RE)
_LAST = 0x2FFFF  # z3's largest character; no test tells characters beyond the ASCII ones of the patterns apart
SURROGATE = z3.Concat(ANY_TEXT, z3.Range(chr(0xD800), chr(0xDFFF)), ANY_TEXT)
"""Strings with a lone surrogate, which are not Unicode text."""


def _text(text: str) -> Any:
    return z3.Re(z3.StringVal(text))


def glob_language(pattern: str) -> Any:
    """A `like` pattern as a language: `*` any run of characters, `?` exactly one."""
    parts = [ANY_TEXT if c == "*" else ANY_CHAR if c == "?" else _text(c) for c in pattern]
    return _concat(parts)


def _concat(parts: list[Any]) -> Any:
    return _text("") if not parts else parts[0] if len(parts) == 1 else z3.Concat(*parts)


def search_language(pattern: str) -> Any:
    """The strings in which RE2 finds the pattern. Understood: literals, `.`, classes, groups, `|`, `* + ? {m,n}`, and `^` and `$` at the
    ends of the alternatives at the top. Raises ValueError for anything else."""
    alternatives = []
    for branch in _branches(pattern):
        starts, ends = branch.startswith("^"), branch.endswith("$")
        reader = _Reader(branch[starts : len(branch) - ends])
        body = reader.alternation()
        if reader.at != len(reader.text):
            raise ValueError(f"not understood: {pattern!r}")
        alternatives.append(_concat([*([] if starts else [ANY_TEXT]), body, *([] if ends else [ANY_TEXT])]))
    return alternatives[0] if len(alternatives) == 1 else z3.Union(*alternatives)


def _branches(pattern: str) -> list[str]:
    """The pattern cut at the `|` outside of groups and classes."""
    out, depth, start = [], 0, 0
    for i, c in enumerate(pattern):
        depth += (c in "([") - (c in ")]")
        if c == "|" and depth == 0:
            out.append(pattern[start:i])
            start = i + 1
    return [*out, pattern[start:]]


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def alternation(self) -> Any:
        options = [self.sequence()]
        while self.peek() == "|":
            self.take()
            options.append(self.sequence())
        return options[0] if len(options) == 1 else z3.Union(*options)

    def sequence(self) -> Any:
        parts = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.atom()))
        return _concat(parts)

    def repeated(self, atom: Any) -> Any:
        mark = self.peek()
        if mark in ("*", "+", "?") and mark:
            self.take()
            return {"*": z3.Star, "+": z3.Plus, "?": z3.Option}[mark](atom)
        if mark == "{":
            end = self.text.index("}", self.at)
            low, _, high = self.text[self.at + 1 : end].partition(",")
            self.at = end + 1
            return z3.Loop(atom, int(low), int(high or low))
        return atom

    def atom(self) -> Any:
        c = self.take()
        if c == "(":
            inner = self.alternation()
            if self.take() != ")":
                raise ValueError(self.text)
            return inner
        if c == "[":
            return self.character_class()
        if c == ".":
            return _ranges([(0, 9), (11, _LAST)])
        if c == "\\" or c in "^$*+?{":
            raise ValueError(self.text)
        return _text(c)

    def character_class(self) -> Any:
        negative = self.peek() == "^"
        if negative:
            self.take()
        ranges: list[tuple[int, int]] = []
        while (c := self.take()) != "]":
            last = c
            if self.peek() == "-":
                self.take()
                last = self.take()
            ranges.append((ord(c), ord(last)))
        return _ranges(_complement(ranges) if negative else ranges)


def _complement(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out, start = [], 0
    for low, high in sorted(ranges):
        if low > start:
            out.append((start, low - 1))
        start = max(start, high + 1)
    return [*out, (start, _LAST)]


def _ranges(ranges: list[tuple[int, int]]) -> Any:
    parts = [z3.Range(chr(a), chr(b)) for a, b in ranges]
    return parts[0] if len(parts) == 1 else z3.Union(*parts)
