"""Patterns of `matches`, checked while a policy is read. Shared by the front ends."""

from __future__ import annotations

import re

from policyc.diagnostics import Findings
from policyc.runtime.patterns import PATTERN_LIMIT, PatternError, regex_search
from policyc.source import Span

# What RE2 leaves out on purpose, by the text that begins it.
_NOT_PORTABLE = (
    (r"\(\?<?[=!]", "look-around"),
    (r"\\[1-9]|\(\?P=|\\k<|\\g<", "a back-reference"),
    (r"\(\?>", "an atomic group"),
    (r"(?<!\\)(?:[*+?]|\})\+", "a possessive repetition"),
    (r"\(\?\(", "a conditional group"),
)


_ESCAPES = re.compile(r"\\Q.*?(?:\\E|$)|\\(.)", re.DOTALL)
"""What a backslash begins; of a quotation, nothing in it."""


def check_pattern(pattern: str, span: Span, offset: int | None, findings: Findings) -> bool:
    """Report a pattern that RE2 does not take; True when it does.

    `span` is the place of the pattern's token, `offset` the number of characters before the pattern's own text in it when
    the two correspond character by character, None otherwise.
    """
    if len(pattern) > PATTERN_LIMIT:
        findings.add("invalid-regex", f"a pattern may have at most {PATTERN_LIMIT} characters", span)
        return False
    try:
        regex_search(pattern)
    except PatternError as error:
        message = str(error)
    else:
        byte = next((m for m in _ESCAPES.finditer(pattern) if m.group(1) == "C"), None)
        if byte is not None:
            place = _inside(span, offset, byte.start(), byte.end())
            said = r"`\C`, a single byte of the text, is in RE2 for C++ alone, and a gateway in another language refuses it"
            findings.add(
                "regex-not-portable", said, place, help=r"write `.` for any character, `(?s:.)` for a line end as well"
            )
        return byte is None
    unportable = _unportable(pattern)
    if unportable is not None:
        start, end, what = unportable
        findings.add(
            "regex-not-portable",
            f"{what} is not in RE2, the pattern language of every gateway ({message})",
            _inside(span, offset, start, end),
            help="patterns are linear-time RE2; split the test, for example `matches … and not … matches …`",
        )
        return False
    fragment = message.rpartition(": ")[2]
    at = pattern.find(fragment) if ": " in message and fragment else -1
    place = _inside(span, offset, at, at + len(fragment)) if at >= 0 else span
    findings.add("invalid-regex", f"this pattern is not valid RE2: {message}", place)
    return False


def _unportable(pattern: str) -> tuple[int, int, str] | None:
    """The first thing in the pattern that other engines take and RE2 refuses; None when Python's refuses it too."""
    found = [(m.start(), m.end(), what) for begins, what in _NOT_PORTABLE if (m := re.search(begins, pattern))]
    if not found:
        return None
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    return min(found)


def _inside(span: Span, offset: int | None, start: int, end: int) -> Span:
    if offset is None or span.start + offset + end > span.end:
        return span
    return Span(span.source, span.start + offset + start, span.start + offset + end)
