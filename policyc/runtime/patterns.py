"""Patterns at run time: RE2 for `matches`, plain string methods for `like`.

google-re2 is the only regular-expression engine used: linear time, and the language that Go, Rust and the RE2 bindings
for Node share. A glob is cut at its stars and matched with `startswith`, `find` and `endswith`, linear as well.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

PATTERN_LIMIT = 4096
"""Longest pattern accepted, in characters."""


class PatternError(ValueError):
    """A pattern that RE2 does not take; the message is RE2's own."""


@lru_cache(maxsize=4096)
def regex_search(pattern: str) -> Callable[[str], bool]:
    """A predicate for RE2 search. Raises PatternError for a bad pattern.

    The predicate raises UnicodeEncodeError for a string with a lone surrogate, which is not Unicode text.
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        search = re2.compile(pattern, options).search
    except re2.error as error:
        detail = error.args[0] if error.args else "not a valid pattern"
        raise PatternError(detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)) from None
    except UnicodeEncodeError:
        raise PatternError("not valid Unicode text") from None
    return lambda text: search(text) is not None


@lru_cache(maxsize=4096)
def glob_match(pattern: str) -> Callable[[str], bool]:
    """A predicate for a whole-string glob: `*` any run of characters, `?` exactly one, all else literal."""
    first, *rest = pattern.split("*")
    if not rest:
        return _piece_equal(first)
    *middle, last = rest
    middle = [m for m in middle if m]
    if "?" not in pattern:
        if not middle:
            if not last:
                return lambda s: s.startswith(first)
            if not first:
                return lambda s: s.endswith(last)
            size = len(first) + len(last)
            return lambda s: len(s) >= size and s.startswith(first) and s.endswith(last)
        if len(middle) == 1 and not first and not last:
            (only,) = middle
            return lambda s: only in s
    starts, finds, ends = _piece_at(first), [_piece_find(m) for m in middle], _piece_at(last)
    first_size, last_size, sizes = len(first), len(last), [len(m) for m in middle]

    def match(s: str) -> bool:
        end = len(s) - last_size
        if end < first_size or not starts(s, 0) or not ends(s, end):
            return False
        at = first_size
        for find, size in zip(finds, sizes, strict=True):
            at = find(s, at, end)
            if at < 0:
                return False
            at += size
        return True

    return match


def _piece_equal(piece: str) -> Callable[[str], bool]:
    if "?" not in piece:
        return lambda s: s == piece
    at, size = _piece_at(piece), len(piece)
    return lambda s: len(s) == size and at(s, 0)


def _piece_at(piece: str) -> Callable[[str, int], bool]:
    if "?" not in piece:
        return lambda s, i: s.startswith(piece, i)
    wanted = [(j, c) for j, c in enumerate(piece) if c != "?"]
    return lambda s, i: all(s[i + j] == c for j, c in wanted)


def _piece_find(piece: str) -> Callable[[str, int, int], int]:
    """Where a piece first occurs between two offsets, or -1."""
    if "?" not in piece:
        return lambda s, start, end: s.find(piece, start, end)
    at, size = _piece_at(piece), len(piece)
    return lambda s, start, end: next((i for i in range(start, end - size + 1) if at(s, i)), -1)
