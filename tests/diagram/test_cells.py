"""Partitions are complete (every value has its cell) and sound (every example lies in its own)."""

from __future__ import annotations

import random

import pytest

from policyc.diagram.cell import NO_EXAMPLE, probe_function
from policyc.diagram.cells import partition
from policyc.diagram.formula import Probe, predicate
from policyc.diagram.regular import TooLarge
from policyc.runtime.values import kind
from tests.property import strategies
from tests.property.agreement import cell_of


def probes(rng: random.Random) -> tuple[Probe, ...]:
    """Probes on one variable; quantified ones get the array itself."""
    out: dict[Probe, None] = {}
    for _ in range(rng.randint(1, 4)):
        out[predicate(strategies.random_test(rng), 0b100).probe] = None
    return tuple(out)


def test_every_value_has_its_cell_and_every_example_lies_in_its_own() -> None:
    rng = random.Random(5)
    for _ in range(400):
        asked = probes(rng)
        try:
            cells = partition(asked)
        except TooLarge:
            continue
        for cell in cells.cells():
            if cell.example is not NO_EXAMPLE:
                assert kind(cell.example) == cell.kind
                assert tuple(probe_function(p)(cell.example) for p in asked) == cell.truths, (asked, cell)
        for _ in range(40):
            value = strategies.random_json(rng)
            if not (isinstance(value, float) and value != value):
                cell_of(cells, value)


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ([Probe("<=", 5), Probe(">", 5)], [4, 5, 6, 5.5, 4.999999999999999]),
        ([Probe("is", "integer"), Probe("<", 1)], [0, 0.5, 1.0, 1.5, -7]),
        ([Probe(">", 2**53), Probe("<=", 2**53 + 1)], [2**53, 2**53 + 1, 2**53 + 2, float(2**53)]),
        ([Probe("prints", "1e+20")], [10**20, 10**20 + 1, 10**20 + 8192, 10**20 + 8193, 1e20, "1e+20"]),
        ([Probe("prints", "+Inf")], [10**309, 10**308, -(10**309)]),
        ([Probe("==", True), Probe("==", 1)], [True, 1, 1.0, False, 0]),
        ([Probe("matches", "^a.c$"), Probe("like", "a*")], ["abc", "a\nc", "abcd", "", "\ud800", "a\ud800"]),
        ([Probe("<", 3, length=True), Probe("starts_with", "ab")], ["ab", "abc", "", "xyz", [], [1, 2, 3], {}]),
        ([Probe("contains", "x"), Probe(">=", 2, length=True)], [["x"], ["x", 1], ["y", 1], "x", "xx", []]),
        (
            [Probe(">", 5, 1, 1, False, "every", ("n",)), Probe("==", "a", 1, 1, False, "some", ("k",))],
            [[], [{"n": 6}], [{"n": 6, "k": "a"}], [{"k": "a"}, {"n": 9}], [3], "no", [{"n": 1, "k": "b"}]],
        ),
    ],
)  # fmt: skip
def test_boundaries(asked: list[Probe], values: list[object]) -> None:
    cells = partition(tuple(asked))
    assert cells.undecided is None
    for value in values:
        cell_of(cells, value)


def test_true_and_one_are_different_constants() -> None:
    assert Probe("==", True) != Probe("==", 1)
    assert Probe("in", (1, 2)) != Probe("in", (True, 2))


def test_patterns_that_exclude_each_other_have_no_common_cell() -> None:
    cells = partition(
        (Probe("starts_with", "/etc/"), Probe("starts_with", "/var/"), Probe("matches", r"^/etc/.*\.conf$"))
    )
    found = {c.truths for c in cells.cells() if c.kind == kind("") and c.truths[2] != 1}
    assert found == {(0, 0, 0), (2, 0, 0), (0, 2, 0), (2, 0, 2)}


def test_what_prints_alike_may_have_any_length() -> None:
    cells = partition((Probe("prints", "[a b]"), Probe(">=", 2, length=True)))
    assert cells.undecided is not None
    for value in (["a b"], ["a", "b"], ["c", "d"], ["c"]):
        cell_of(cells, value)
