"""Strings under any mix of tests: complete, exact, and with examples that a person can read."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest

from policyc.diagram.analysis import Analysis
from policyc.diagram.build import Budget
from policyc.diagram.cell import NO_EXAMPLE, probe_function
from policyc.diagram.cells import partition
from policyc.diagram.formula import Probe
from policyc.ir.facts import NO_FACTS
from policyc.ir.model import AnyTool, Path, Policy, Rule, Test
from policyc.runtime.values import STRING
from tests.property.agreement import cell_of

ALPHABET = ("a", "b", "A", "\n", "-", "é", "ſ", "1")
PROBES = (
    Probe("starts_with", "a"), Probe("ends_with", "b"), Probe("contains", "ab"), Probe("like", "a*b"), Probe("like", "?a*"),
    Probe("==", "ab"), Probe("in", ("a", "ba", "é")), Probe("<", "ab"), Probe("<=", "b"), Probe(">", "a"), Probe(">=", "é"),
    Probe("<=", 2, length=True), Probe(">=", 1, length=True), Probe("!=", 2, length=True),
    Probe("matches", "^a"), Probe("matches", "b$"), Probe("matches", r"\Aab\z"), Probe("matches", "(?m)^b$"), Probe("matches", "(?i)^AB"),
    Probe("matches", "(?i)s"), Probe("matches", r"\ba\b"), Probe("matches", r"\Ba"), Probe("matches", "a.b"), Probe("matches", "(?s)a.b"),
    Probe("matches", r"\pL$"), Probe("matches", "^[^a]*$"), Probe("matches", r"^\d?$"), Probe("matches", "(?U)a+b"), Probe("matches", "[[:upper:]]"),
)  # fmt: skip
TEXTS = [c for n in range(5) for c in map("".join, product(ALPHABET, repeat=n))]


def test_every_short_text_has_its_cell_and_every_cell_that_a_short_text_lies_in_is_all_there_is() -> None:
    rng = random.Random(12)
    for _ in range(120):
        asked = tuple(rng.sample(PROBES, rng.randint(2, 5)))
        cells = partition(asked)
        assert cells.undecided is None
        listed = {c.truths: c.example for c in cells.cells() if c.kind == STRING}
        functions = [probe_function(p) for p in asked]
        for text in rng.sample(TEXTS, 300):
            assert tuple(f(text) for f in functions) in listed, (asked, text)
        for truths, example in listed.items():
            assert example is not NO_EXAMPLE
            assert tuple(f(example) for f in functions) == truths, (asked, example)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ((Probe("matches", r"^[^@]+@example\.com$"),), "a@example.com"),
        ((Probe("matches", r"^\d{4}-\d{2}-\d{2}$"),), "0000-00-00"),
        ((Probe("like", "release/*"), Probe(">=", 12, length=True)), "release/aaaa"),
        ((Probe("matches", "^[[:cntrl:]a]$"),), "a"),
        ((Probe("matches", "(?i)^straße$"),), "straße"),
        ((Probe("starts_with", "/srv/"), Probe("contains", "..")), "/srv/.."),
        ((Probe(">", "usd"), Probe("<", "usf")), "use"),
        ((Probe("matches", "(?m)^x$"), Probe("matches", r"\n")), "x\n"),
        ((Probe("matches", r"\bcat\b"), Probe("matches", "^.{5,}$")), "a-cat"),
        ((Probe("matches", r"^\PL$"),), "0"),
    ],
)
def test_examples_are_short_and_readable(asked: tuple[Probe, ...], expected: str) -> None:
    found = [c.example for c in partition(asked).cells() if c.kind == STRING and set(c.truths) == {2}]
    assert found == [expected]


def test_a_text_that_none_of_the_tests_speaks_of_is_a_word_and_not_empty() -> None:
    for probe in (
        Probe("starts_with", "/etc"),
        Probe("matches", "^[0-9]+$"),
        Probe("==", "usd"),
        Probe("<=", 9, length=True),
    ):
        cells = partition((probe,))
        rest = {c.truths[0]: c.example for c in cells.cells() if c.kind == STRING}
        assert "other" in rest.values()


@pytest.mark.parametrize(
    "patterns",
    [
        [f"^.*a.{{{n}}}$" for n in range(1, 25)],
        [f"^.*{chr(97 + n)}.{{{5 * n + 5}}}$" for n in range(24)],
        [f"^(?:.{{{n}}})*a.{{{n}}}$" for n in (7, 11, 13, 17, 19)],
    ],
)
def test_patterns_that_are_too_many_to_tell_apart_are_said_to_be(patterns: list[str]) -> None:
    rules = tuple(
        Rule(f"r{i}", "deny", AnyTool(), when=Test(Path("args", ("x",)), "matches", p)) for i, p in enumerate(patterns)
    )
    analysis = Analysis(Policy("p", "allow", rules), NO_FACTS, budget=Budget(seconds=0.2))
    given: Any = analysis.guard(analysis.tools[-1], 0)
    analysis.outcomes(analysis.tools[-1])
    assert analysis.undecided or analysis.guesses
    assert analysis.possible(analysis.tools[-1], given)  # what is not decided is not ruled out


def test_boundaries_of_unicode() -> None:
    cells = partition((Probe("<", "\ud7ff"), Probe(">", "\ue000"), Probe("matches", r"^\x{10FFFF}$")))
    for text in ("\ud7ff", "\ud7fe", "\ue000", "\ue001", "\U0010ffff", "\ud800", "\udfff", ""):
        cell_of(cells, text)
