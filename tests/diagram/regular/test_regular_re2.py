"""The automata of RE2 patterns against RE2 itself, which is the judge."""

from __future__ import annotations

import pytest
import re2
from hypothesis import example as try_also
from hypothesis import given, settings
from hypothesis import strategies as st

from policyc.diagram.regular import TooLarge, Unsupported, combinations, language, member
from policyc.diagram.regular.alphabet import complement, union
from policyc.diagram.regular.classes import _POSIX, PERL, bracket, escape, fold_ascii
from policyc.diagram.regular.unicode import ask, folded
from policyc.runtime.patterns import PatternError, regex_search

PATTERNS = [
    "", "a", "ab|cd", "a*b+c?", "a{2}", "a{2,}", "a{1,3}b", "(a|b)*c", "((a)(b))?", "x{0}", "(|a)*", "a||b", "()",
    "^", "$", "^$", "^a", "a$", "^a$", r"\Aa\z", "(?m)^a$", "(?m:^)a", "(?m)a(?-m)$", "^*a", "$?a", "(^a)*b", "a^b",
    "a$b", "(?m)a$\n^b", r"\ba", r"a\b", r"\b", r"\B", r"\Ba", r"a\B", r"\b\B", r"(\b|x)+$", r"\b+a", r"^\B$", r"\B\z",
    ".", "(?s).", "(?s).{3}", "(?-s).", "(?is)a.b", "(?i)k", "(?i)K|s", "(?i)\u212a", "(?i)ſ", "(?i)σ", "(?i)[k-s]",
    "(?i)[^k]", r"(?i)\w", r"(?i)\W", "(?i)[[:upper:]]", "(?i)[[:^word:]]", r"(?i)[^\W_]", "(?i)straße", r"(?i)\pLu",
    "(?i:a)b", "(?i)a(?-i)b", "a(?i)b|c", "(?:(?i)a)b", "a(?i)*", "(?U)a+?b", "(?P<n>a)(?<m>b)", "(?)a", "(?ii)a",
    "[abc]", "[^abc]", "[a-c]", "[]a]", "[^]a]", "[a-]", "[-a]", "[--a]", "[a-b-c]", r"[\]]", r"[\d-z]", r"[\w.-]",
    r"[^\D]", r"[\s\S]", "[[:alpha:]_]", "[[:alpha]", "[[:]", "[[:^digit:]a]", r"[\n-\r]", r"[\x41-\x{5A}]", "[^\n]",
    r"\d\D\s\S\w\W", r"\pL", r"\PL", r"\p{Greek}", r"\P{Greek}", r"\p{^Greek}", r"[\pN\p{Greek}]", r"[^\pL]", r"\p{Any}",
    r"\Qa.b*\E", r"\Qa.b", r"\Qab\E*", r"a\Q\E*", r"a*\Q\E*", r"(?i)\Qk\E", r"\a\f\t\n\r\v", r"\x41\x{1F600}\x{10FFFF}",
    r"\012\07\0\101", r"(?i)\351|\xe9abc|\x{c9}d", r"(?i)\Qé\E\Q\x{E9999999}\E", r"\.\*\-\ \"\_", r"\x{D800}", r"[\x{D7FF}-\x{E000}]", r"[^\x00-\x{10FFFF}]",
    "a{,2}", "a{", "{", "}", "]", "a{1", "a{01}", "a{2,b}", "x{9999999999}", "a{1000}", "é", "[à-ü]", "😀+", "a\x00b",
    r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", r"^https?://([\w-]+\.)*example\.com(/|$)", r"(?i)\b(drop|delete)\s+table\b",
]  # fmt: skip
TEXTS = [
    "", "a", "b", "k", "K", "s", "S", "\u212a", "ſ", "σ", "ς", "Σ", "é", "É", "😀", "\n", "\r", "\v", "\x00", "-", "_",
    "a\n", "\na", "a\nb", "aé", "éa", "aéb", "a b", "é b", " a", "ab", "aab", "abc", "aaa", "a.b*", "a{,2}", "a{", "{",
    "STRASSE", "straße", "STRAẞE", "A😀\U0010ffff", "drop table x", "Drop  TABLE", "https://api.example.com/", "a" * 64,
    "a" * 1000, "\ud7ff", "\ue000", "x{9999999999}", "a{01}", "\n\x07\x00A", '.*- "_', "\x07\x0c\t\n\r\x0b", "[:", "l]",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_mean_what_re2_says(pattern: str) -> None:
    search, analysed = regex_search(pattern), language("matches", pattern)
    for text in TEXTS:
        assert member(analysed, text) == search(text), text
    results = combinations([analysed])
    assert [vector for vector, text in results] == [(search(text),) for _, text in results]
    assert {(search(text),) for text in TEXTS} <= {vector for vector, _ in results}


_TOKENS = st.sampled_from(
    [
        *"aabkKsS019_- .^$|()[]{}*+?\\,:^]é\n", "(?i)", "(?m)", "(?s)", "(?i:", "(?-i)", "(?s-m:", "(?:", "(?P<x>",
        r"\b", r"\B", r"\A", r"\z", r"\d", r"\w", r"\W", r"\s", r"\S", r"\D", r"\pL", r"\PN", r"\p{Greek}", "[^", "[a-k]",
        "[^k]", "[[:alpha:]]", "[[:^space:]", "[k-s", r"\x{212A}", "ſ", "\u212a", "Σ", "😀", "{2}", "{0,2}", "{1,}", "*?",
        "+?", "??", r"\Q", r"\E", r"\n", r"\x41", r"\101", "(?U)", ".", "$", "^", ")*", r"[\d-", "[--a]", "[]a]", "a{,2}",
    ]
)  # fmt: skip
_PATTERNS = st.lists(_TOKENS, min_size=1, max_size=12).map("".join)
_CHARS = st.sampled_from("aabkKsS019_- .\n\n\rQE{}[],\\éſ\u212aσςΣ😀\x00\U0010ffff")


@settings(max_examples=600, deadline=None)
@given(_PATTERNS, st.lists(st.text(_CHARS, max_size=6), min_size=3, max_size=6))
@try_also(r"\B", ["aéb"])
@try_also(r"(?i)[^k]", ["\u212a"])
def test_random_patterns_agree_with_re2(pattern: str, texts: list[str]) -> None:
    try:
        search = regex_search(pattern)
    except PatternError:
        with pytest.raises(Unsupported):
            language("matches", pattern)
        return
    try:
        analysed = language("matches", pattern)
        results = combinations([analysed])
    except TooLarge:
        return
    for text in texts:
        assert member(analysed, text) == search(text)
        assert (search(text),) in {vector for vector, _ in results}
    for (holds,), text in results:
        assert search(text) == holds


def test_a_match_between_the_bytes_of_one_character() -> None:
    # RE2 looks for an empty match at every byte, and `\B` holds inside the two bytes of `é`.
    assert re2.search(r"\B", "aéb") is not None
    assert member(language("matches", r"\B"), "aéb")
    assert not member(language("matches", r"\B"), "a")


ATOMS = [f"\\{name}" for name in PERL] + [f"[[:{name}:]]" for name in _POSIX] + [f"[[:^{name}:]]" for name in _POSIX]


@pytest.mark.parametrize("atom", [*ATOMS, "[a-kS]", "[^k-s]", "[!-~]", "[^a-zA-Z]", "[à-ü😀-]", r"[^\x80-\x{10FFFF}]"])
def test_computed_classes_are_re2s_on_every_code_point(atom: str) -> None:
    if atom.startswith("["):
        parsed = bracket(atom, 0)
        assert parsed.ranges is not None and parsed.end == len(atom)
        ranges, plain = parsed.ranges, parsed.plain_ascii
    else:
        ranges, plain, parsed = PERL[atom[1]], atom[1].islower(), None
    negated = parsed is not None and parsed.negated
    assert _scalars(complement(union(ranges)) if negated else union(ranges)) == _scalars(ask(atom))
    if plain:  # otherwise RE2 is asked for it
        folded = fold_ascii(ranges)
        assert _scalars(complement(folded) if negated else folded) == _scalars(ask(f"(?i:{atom})"))


@pytest.mark.parametrize("point", range(0x80))
def test_ascii_folding_is_re2s(point: int) -> None:
    assert fold_ascii(((point, point),)) == ask(f"(?i:\\x{{{point:x}}})")


def test_folding_of_many_characters_is_re2s_and_one_pass() -> None:
    points = frozenset({*range(0x80, 0x600), *range(0x1C80, 0x2000), 0x212A, 0x10400, 0xD800, 0x4E00, 0x10FFFF, 0xAB70})
    together = folded(points)
    for point in (0x80, 0xE9, 0xDF, 0x17F, 0x1C4, 0x1C5, 0x345, 0x3C3, 0x1C80, 0x1E9E, 0x212A, 0x10400, 0x4E00, 0xAB70):
        assert together[point] == ask(f"(?i:\\x{{{point:x}}})")
    assert together[0xD800] == ()


@pytest.mark.parametrize("written", [r"\x{1F600}", r"\x41", r"\101", r"\07", r"\0", r"\n", r"\v", r"\.", r"\_", r"\-"])
def test_escapes_are_re2s(written: str) -> None:
    point, end = escape(written, 0)
    assert end == len(written)
    assert ask(written) == ((point, point),)


def _scalars(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    return union(
        part
        for low, high in ranges
        for part in ((low, min(high, 0xD7FF)), (max(low, 0xE000), high))
        if part[0] <= part[1]
    )


@pytest.mark.parametrize(
    ("pattern", "part"), [("a(", "missing"), (r"\1", "escape"), ("(?=a)", "perl operator"), (r"a\Cb", "single byte")]
)
def test_what_is_not_modelled_is_said(pattern: str, part: str) -> None:
    with pytest.raises(Unsupported, match=part):
        language("matches", pattern)


def test_budgets_of_one_pattern() -> None:
    with pytest.raises(TooLarge, match="nests groups deeper"):
        language("matches", "(" * 60 + "a" + "b)" * 60)
    with pytest.raises(TooLarge, match="more than 16 classes"):
        language("matches", "".join(f"[\\pL{chr(0x21A0 + n)}]" for n in range(17)))
    with pytest.raises(TooLarge, match="5,000 automaton states"):
        combinations([language("matches", "(abcdefgh){700}")])
