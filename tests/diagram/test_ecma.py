"""JSON Schema's patterns as RE2's: the same texts, or no translation."""

from __future__ import annotations

import pytest

from policyc.diagram.schema.ecma import to_re2
from policyc.runtime.patterns import regex_search


@pytest.mark.parametrize(
    ("pattern", "found", "not_found"),
    [
        (r"^\d+$", ["1", "90"], ["", "a", "1\n", "٣"]),
        (r"^.$", ["a", "é", "\u2027"], ["\n", "\r", "\u2028", "\u2029", "ab"]),
        (r"^\s$", [" ", "\t", "\v", "\u00a0", "\u3000", "\ufeff", "\u2028"], ["a", "\u200b", "\u180e"]),
        (r"^\S$", ["a", "\u200b"], [" ", "\v", "\u00a0"]),
        (r"^[^\s@]+$", ["a", "-"], ["a b", "@", "\u00a0"]),
        (r"^[\w-]+$", ["a_1-"], ["é", ""]),
        (r"(?:ab)+$", ["ab", "xabab"], ["a"]),
        (r"^\u00e9\x41\u{1F600}\/$", ["éA\U0001f600/"], ["eA\U0001f600/"]),
        (r"^[\u0430-\u044f]$", ["б"], ["b"]),
        (r"\bcat\b", ["a cat", "cat"], ["cats"]),
        (r"^[a.]$", [".", "a"], ["b"]),
        (r"^a\.b$", ["a.b"], ["axb"]),
        (r"^[\]x]$", ["]", "x"], ["\\"]),
        (r"^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]),
    ],
)
def test_translated(pattern: str, found: list[str], not_found: list[str]) -> None:
    translated = to_re2(pattern)
    assert translated is not None
    search = regex_search(translated)
    assert [search(t) for t in found] == [True] * len(found)
    assert [search(t) for t in not_found] == [False] * len(not_found)


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)b", "(?!a)b", "(?<=a)b", r"(a)\1", "(?<n>a)", r"\k<n>", "(?i)a", r"\pL", r"\Aa", r"a\z", r"\Qa\E", "[]a]", "[^]", "[[:alpha:]]",
     "[a[b]", r"[\S]", r"[\b]", r"\cA", r"\0", r"\ud83d", r"\a", r"\C", "a{,3}", "a**", "(", "a\\", r"\_", "a{1001}", "x" * 5000],
)  # fmt: skip
def test_not_translated(pattern: str) -> None:
    assert to_re2(pattern) is None
