"""The analysis against z3, on a few random policies: the continuous run's part of `python -m tests.property.z3_agreement`."""

from __future__ import annotations

import random
from collections import Counter

import pytest

pytest.importorskip("z3", reason="z3-solver is not installed (it is in the dev extra)")

import z3

from policyc.runtime.patterns import regex_search
from tests.property import z3_agreement, z3_strategies
from tests.property.z3_logic import search_language


@pytest.mark.parametrize("check", z3_agreement.CHECKS, ids=lambda check: check.__name__)
def test_analysis_and_z3_agree(check: object) -> None:
    tally: Counter[str] = Counter()
    for n in range(80):
        check(random.Random(n), tally)  # type: ignore[operator]
    assert tally["unknown"] <= 0.02 * sum(tally.values()), tally
    assert max(tally["regions with calls"], tally["kinds of change"]) > 25, tally


@pytest.mark.parametrize("pattern", z3_strategies.REGEXES)
def test_the_oracle_reads_patterns_as_re2_does(pattern: str) -> None:
    search, text = regex_search(pattern), z3.String("text")
    for sample in (
        "",
        "a",
        "ab",
        "abc",
        "b",
        "ba",
        "aXb",
        "a\nb",
        "usd",
        "xusd",
        "main",
        "7",
        "release/1",
        "xxy",
        "acc",
        "é",
        "abb",
    ):
        solver = z3.Solver()
        solver.add(text == z3.StringVal(sample), z3.InRe(text, search_language(pattern)))
        assert (solver.check() == z3.sat) == search(sample), (pattern, sample)
