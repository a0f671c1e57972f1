"""Facts about a single pattern: anchors and fixed texts."""

from __future__ import annotations

import itertools

import pytest
import re2

from policyc.diagram.regular import Unsupported, anchored_end, anchored_start, literal

ANCHORS = [
    ("^foo", True, False), (r"\Afoo", True, False), ("(?:^a|^b)", True, False), ("foo", False, False),
    ("^a|b", False, False), ("(?m)^a", False, False), ("(?m)a$", False, False), ("foo$", False, True), (r"foo\z", False, True),
    ("^foo$", True, True), ("^(?:a|b)$", True, True), ("^a|b$", False, False), (".*foo", False, False), ("(?s)^.*$", True, True),
    ("", False, False), ("^", True, False), ("$", False, True), ("(^)?a", False, False), ("(^a)+b", True, False),
    (r"a^b", True, True), ("(?:^|/)a", False, False), (r"\b^a", True, False), (r"(?m)\A^a$\z", True, True),
    ("^^a$$", True, True), (r"\B", False, False), ("(?i)^k", True, False),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "start", "end"), ANCHORS)
def test_anchors(pattern: str, start: bool, end: bool) -> None:
    assert (anchored_start(pattern), anchored_end(pattern)) == (start, end)


@pytest.mark.parametrize("pattern", [pattern for pattern, _, _ in ANCHORS])
def test_anchors_on_short_texts(pattern: str) -> None:
    # RE2 told to begin (or end) somewhere else finds nothing on any text of up to four of these characters.
    texts = ["".join(t) for size in range(1, 5) for t in itertools.product("ab/fo\n", repeat=size)]
    if anchored_start(pattern):
        assert not any(re2.search(f"(?s:.)(?:{pattern})", text) for text in texts)
    if anchored_end(pattern):
        assert not any(re2.search(f"(?:{pattern})(?s:.)", text) for text in texts)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("foo", "foo"), (r"a\.b", "a.b"), ("x{3}", "xxx"), (r"\Qa.b\E", "a.b"), ("(a)(?:b)", "ab"), ("", ""), ("[a]", "a"),
        ("(?i)1", "1"), ("é😀", "é😀"), ("(?i)a", None), ("a|b", None), ("^a", None), ("a.b", None), ("a*", None),
        ("[ab]", None), (r"\bfoo", None), (r"\x{D800}", None), (r"[^\x00-\x{10FFFF}]", None), ("(ab){2}", "abab"),
    ],
)  # fmt: skip
def test_literal(pattern: str, text: str | None) -> None:
    assert literal(pattern) == text


def test_an_invalid_pattern_is_said() -> None:
    for ask in (anchored_start, anchored_end, literal):
        with pytest.raises(Unsupported, match="RE2 does not accept"):
            ask("(")
