"""Combinations of string tests: sound, complete, shortest; the run-time tests are the judge."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyc.diagram.regular import (
    Budget,
    Language,
    TooLarge,
    Unsupported,
    combinations,
    example,
    is_empty,
    language,
    member,
)
from policyc.runtime.tests import TRUE, operand_test

ALPHABET = ["a", "b", "A", ".", "/", "\n", "é"]
SHORT = ["".join(chars) for size in range(4) for chars in itertools.product(ALPHABET, repeat=size)]
SURROGATES = ["a", "é", "\ud83d", "\ude00", "\udbff"]


def judge(op: str, value: Any, text: str) -> bool:
    """The test as a gateway asks it."""
    length = op.startswith("length")
    return operand_test(op.removeprefix("length"), value, 0, 0, length)(text) == TRUE


def _check(tests: list[tuple[str, Any]], texts: list[str], surrogates: bool = False) -> None:
    languages = [language(op, value) for op, value in tests]
    results = combinations(languages, surrogates=surrogates)
    assert len({vector for vector, _ in results}) == len(results)
    for vector, text in results:
        assert vector == tuple(judge(op, value, text) for op, value in tests), text
        assert any("\ud800" <= c <= "\udfff" for c in text) == surrogates
    found = dict(results)
    for text in texts:
        vector = tuple(judge(op, value, text) for op, value in tests)
        assert vector in found, f"incomplete: {text!r} gives {vector}"
        assert len(found[vector]) <= len(text)
        assert all(member(each, text) == holds for each, holds in zip(languages, vector, strict=True))


_WORDS = st.text(st.sampled_from("ab./é\n"), max_size=3)
_TEST = st.one_of(
    st.tuples(st.sampled_from(["starts_with", "ends_with", "contains", "==", "<", "<=", ">", ">="]), _WORDS),
    st.tuples(st.just("like"), st.text(st.sampled_from("ab./*?é"), max_size=4)),
    st.tuples(st.just("in"), st.lists(_WORDS, max_size=3).map(tuple)),
    st.tuples(
        st.sampled_from(["length<", "length<=", "length>", "length>=", "length==", "length!="]),
        st.one_of(st.integers(-1, 5), st.sampled_from([1.5, 2.0, -0.5])),
    ),
    st.tuples(
        st.just("matches"),
        st.sampled_from(["^a", "a$", "(?m)^a$", r"\ba", "(?i)A", "[^a]", "b.b", "^[ab]*$", r"^(..)*$", "(?s)^(...)+$", r"\B$"]),
    ),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_TEST, max_size=4), st.lists(st.text(st.sampled_from("abA./é\n"), max_size=8), max_size=8))
def test_combinations_are_exact_and_examples_shortest(tests: list[tuple[str, Any]], texts: list[str]) -> None:
    _check(tests, SHORT + texts)


_SURROGATE_WORDS = st.text(st.sampled_from(SURROGATES), max_size=2)
_SURROGATE_TEST = st.one_of(
    st.tuples(st.sampled_from(["starts_with", "ends_with", "contains", "==", "<", ">="]), _SURROGATE_WORDS),
    st.tuples(st.just("like"), st.text(st.sampled_from(["a", "\ud83d", "*", "?"]), max_size=3)),
    st.tuples(st.sampled_from(["length<", "length=="]), st.integers(0, 4)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(_SURROGATE_TEST, max_size=3))
def test_texts_with_surrogates(tests: list[tuple[str, Any]]) -> None:
    texts = ["".join(chars) for size in range(1, 4) for chars in itertools.product(SURROGATES, repeat=size)]
    lone = [t for t in texts if any("\ud800" <= c <= "\udfff" for c in t) and json.loads(json.dumps(t)) == t]
    _check(tests, lone, surrogates=True)


def test_examples_are_texts_that_json_can_write() -> None:
    pair = [language("contains", "\ud83d"), language("contains", "\ude00"), language("length==", 2)]
    found = dict(combinations(pair, surrogates=True))
    assert found[True, True, True] == "\ude00\ud83d"
    assert is_empty(language("==", "\ud83d\ude00"), surrogates=True)


def test_patterns_and_surrogates_do_not_mix() -> None:
    with pytest.raises(ValueError, match="not defined"):
        combinations([language("matches", "a")], surrogates=True)
    with pytest.raises(ValueError, match="not defined"):
        member(language("matches", "a"), "\ud800")


def test_no_tests_and_one_test_twice() -> None:
    assert combinations([]) == [((), "")]
    a = language("contains", "a")
    assert combinations([a, a]) == [((False, False), ""), ((True, True), "a")]


def test_examples_are_readable() -> None:
    tests = [("matches", r"^https://[\w.-]+/"), ("contains", ".."), ("matches", r"^[^@\s]+@[^@\s]+$")]
    examples = [text for _, text in combinations([language(op, value) for op, value in tests])]
    assert {"https://a/", "a@a"} <= set(examples)
    assert all(text.isprintable() and text.isascii() for text in examples)


@pytest.mark.parametrize("bound", [100_000, 99_999.5])
def test_long_lengths_need_no_long_automaton(bound: float) -> None:
    tests = [language("length<=", bound), language("matches", "^a*$"), language("matches", "(?s)^(..)*$")]
    results = dict(combinations(tests, budget=Budget(states=100, seconds=120)))
    assert len(results) == 8
    for (short, only_a, even), text in results.items():
        assert (len(text) <= bound, set(text) <= {"a"}, len(text) % 2 == 0) == (short, only_a, even)
    assert len(results[False, True, True]) == (100_002 if bound == 100_000 else 100_000)


def test_lengths_that_a_pattern_cannot_have() -> None:
    label, long = language("matches", r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"), language("length>", 63)
    assert {vector for vector, _ in combinations([label, long])} == {(False, False), (True, False), (False, True)}
    even, odd = language("matches", "(?s)^(..)*$"), language("length==", 50_001)
    assert (True, True) not in dict(combinations([even, odd]))


def test_lengths_repeat_with_a_period() -> None:
    tests = [language("matches", "(?s)^(.{6})*$"), language("matches", "(?s)^(.{35}){2,}$"), language("length>", 1000)]
    found = dict(combinations(tests))
    assert {vector: len(text) for vector, text in found.items()} == {
        (True, False, False): 0, (False, False, False): 1, (False, True, False): 70, (True, True, False): 210,
        (False, False, True): 1001, (True, False, True): 1002, (False, True, True): 1015, (True, True, True): 1050,
    }  # fmt: skip


def test_a_long_constant_is_cheap_and_exact() -> None:
    word = "abc" * 2000
    results = combinations([language("==", word), language("contains", "ca"), language("length>", 6000)])
    assert (True, True, False) in dict(results) and (True, True, True) not in dict(results)


def test_every_budget_is_honest() -> None:
    deep = [language("matches", "a.{40}$")]
    with pytest.raises(TooLarge, match=r"more than 500 automaton states"):
        combinations(deep, budget=Budget(states=500))
    with pytest.raises(TooLarge, match=r"longer than 0\.01 seconds"):
        combinations(deep, budget=Budget(states=10**9, seconds=0.01))
    with pytest.raises(TooLarge, match="automaton states"):
        combinations([language("contains", "a" * 50)], budget=Budget(nfa_states=20))
    with pytest.raises(TooLarge, match="2,000,000,001 characters"):
        combinations([language("length>", 2_000_000_000)])
    with pytest.raises(TooLarge, match="more than 500 steps"):  # lengths repeat after 2 * 3 * 5 * 7 * 11 of them only
        wheels = language("matches", "(?s)^(a(..)*|b(...)*|c(.{5})*|d(.{7})*|e(.{11})*)$")
        combinations([wheels, language("length>", 3)], budget=Budget(states=500))


def test_what_is_no_string_test_is_refused() -> None:
    for op, value in [("exists", ""), ("length~", 3), ("==", 3), ("length<", "3"), ("in", "abc")]:
        with pytest.raises(Unsupported, match="not one about strings"):
            language(op, value)


def test_one_language() -> None:
    assert example(language("like", "a?c*")) == "aac"
    assert example(language("<", "")) is None
    assert is_empty(language("in", ())) and not is_empty(language("in", ("",)))
    assert example(language("length>", 3)) == "aaaa"
    assert isinstance(language("==", "a"), Language) and repr(language("==", "a")) == "language('==', 'a')"


def test_importing_is_cheap() -> None:
    loaded = "import sys, policyc.diagram.regular; print([m for m in ('re2', 'lark', 'pydantic', 'yaml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_typical_sets_are_quick() -> None:
    # A generous bound, a hundred times what it takes: it is there to notice a wrong algorithm, not a slow machine.
    tests = [
        ("matches", "^/home/"),
        ("contains", ".."),
        ("matches", "^[^/]*$"),
        ("ends_with", ".env"),
        ("like", "*/secrets/*"),
    ]
    assert len(combinations([language(op, value) for op, value in tests], budget=Budget(seconds=0.5))) == 20
