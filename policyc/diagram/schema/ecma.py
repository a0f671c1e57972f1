"""ECMA-262 patterns, which JSON Schema writes, as RE2 patterns of the same meaning.

Source: ECMA-262 section 22.2 with the `u` flag, as JSON Schema recommends; https://github.com/google/re2/wiki/Syntax. What RE2 does not have
(look-around, back-references) or might read otherwise has no translation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from policyc.runtime.patterns import PATTERN_LIMIT, PatternError, regex_search

_SPACES: Final = r"\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
_OUTSIDE: Final = {".": r"[^\n\r\x{2028}\x{2029}]", r"\s": f"[{_SPACES}]", r"\S": f"[^{_SPACES}]", r"\/": "/"}
_INSIDE: Final = {r"\s": _SPACES, r"\/": "/"}
_SAME: Final = frozenset(r"\d \D \w \W \b \B \n \r \t \f \v".split())
_SAME_INSIDE: Final = frozenset(r"\d \w \n \r \t \f \v".split())
_TOKEN: Final = re.compile(
    r"\\u\{[0-9a-fA-F]{1,6}\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.|\(\?:|\(\?|\{\d+(?:,\d*)?\}|\[\^?|.", re.DOTALL
)


@lru_cache(maxsize=4096)
def to_re2(pattern: str) -> str | None:
    """The RE2 pattern that finds a match in the same texts; None where none is known."""
    if len(pattern) > PATTERN_LIMIT:
        return None
    out: list[str] = []
    inside = False
    at_start = False  # of a class
    for token in _TOKEN.findall(pattern):
        word = _class_token(token, at_start) if inside else _token(token)
        if word is None:
            return None
        out.append(word)
        at_start = not inside and token[0] == "["
        inside = token != "]" if inside else token[0] == "["
    translated = "".join(out)
    try:
        regex_search(translated)
    except PatternError:
        return None
    return translated


def _token(token: str) -> str | None:
    if token in _OUTSIDE:
        return _OUTSIDE[token]
    if token[0] == "\\":
        return token if token in _SAME else _escaped(token)
    return None if token in ("(?", "{", "}") else token


def _class_token(token: str, at_start: bool) -> str | None:
    """A token inside `[…]`; one that opens with a bracket is a literal bracket there in ECMA, and may be more in RE2."""
    if token in _INSIDE:
        return _INSIDE[token]
    if token[0] == "\\":
        return token if token in _SAME_INSIDE else _escaped(token)
    if token[0] == "[" or (token == "]" and at_start):
        return None
    return token


def _escaped(token: str) -> str | None:
    """A character by its number, or one of punctuation."""
    if len(token) > 2:
        digits = token[2:].strip("{}")
        return None if 0xD800 <= int(digits, 16) <= 0xDFFF or int(digits, 16) > 0x10FFFF else rf"\x{{{digits}}}"
    return token if len(token) == 2 and token[1].isascii() and not token[1].isalnum() and token[1] != "_" else None
