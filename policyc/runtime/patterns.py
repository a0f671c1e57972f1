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
    if any("?" in m for m in middle):
        return _glob_by_regex(pattern)
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
    starts, ends = _piece_at(first), _piece_at(last)
    first_size, last_size = len(first), len(last)

    def match(s: str) -> bool:
        end = len(s) - last_size
        if end < first_size or not starts(s, 0) or not ends(s, end):
            return False
        at = first_size
        for piece in middle:
            at = s.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
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


def _glob_by_regex(pattern: str) -> Callable[[str], bool]:
    """A glob whose pieces between stars have `?` in them: RE2 finds those in linear time. It cannot be asked of text with a lone surrogate,
    which is put aside as a character of its own."""
    import re2

    words = {"*": "(?s:.*)", "?": "(?s:.)"}
    stand_in = next(c for c in map(chr, range(0xE000, 0xF900)) if c not in pattern)  # no pattern names a surrogate
    search = regex_search(r"\A" + "".join(words.get(c) or re2.escape(c) for c in pattern) + r"\z")

    def match(s: str) -> bool:
        try:
            return search(s)
        except UnicodeEncodeError:
            return search("".join(stand_in if "\ud800" <= c <= "\udfff" else c for c in s))

    return match
