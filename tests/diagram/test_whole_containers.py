"""Arrays and objects that are cut as a whole: indexes beside `every`, the number of keys beside a key, schemas of elements, divisors."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest

from policyc.diagram.analysis import Analysis
from policyc.diagram.cell import NO_EXAMPLE, probe_function
from policyc.diagram.cells import partition
from policyc.diagram.formula import Formula, Probe, at_least, conj
from policyc.diagram.multiples import divided
from policyc.diagram.regular import TooLarge
from policyc.diagram.schema.formula import schema_bounds
from policyc.ir.facts import NO_FACTS
from policyc.ir.model import AnyTool, Not, Path, Policy, Rule, Test, Truth
from policyc.reference import Call, evaluate
from policyc.runtime.values import kind
from tests.diagram import schemas
from tests.property.agreement import cell_of

EMPTY = Analysis(
    Policy("p", "allow", (Rule("r", "deny", AnyTool(), when=Test(Path("args", ("q",)), "==", 1)),)), NO_FACTS
)


def random_probe(rng: random.Random, depth: int = 2) -> Probe:
    """A probe of one value of tests.diagram.schemas, also of the analysis' own ops."""
    roll = rng.random()
    if depth and roll < 0.3:
        steps = tuple(rng.choice(("a", "b", 0, 1)) for _ in range(rng.randint(1, 2)))
        return Probe("at", (steps, random_probe(rng, depth - 1)))
    if depth and roll < 0.4:
        said = schema_bounds(schemas.root_schema(rng, exact=True), schemas.full_look(2)).may
        return Probe("fits", (said, rng.randrange(2)), quantifier=rng.choice(("every", "some")))
    quantified: dict[str, Any] = {}
    if roll < 0.6:
        quantified = {"quantifier": rng.choice(("every", "some")), "inner": rng.choice(((), ("a",), (None,)))}
    match rng.randrange(7):
        case 0:
            return Probe("is", rng.choice(schemas.TYPES), **quantified)
        case 1:
            return Probe("exists", True, **quantified)
        case 2:
            return Probe(rng.choice(("<", ">=", "==", "!=")), rng.choice(schemas.NUMBERS), **quantified)
        case 3:
            return Probe(rng.choice(("<=", "==")), rng.randrange(3), length=True, **quantified)
        case 4:
            return Probe("in", ("a", 1, True), **quantified)
        case 5:
            return Probe("contains", rng.choice(("a", 1)), **quantified)
    return Probe("multiple", rng.choice((2, 3, 0.5, 1.5, 6)), 0, 0)


def test_every_value_has_its_cell_and_every_example_lies_in_its_own() -> None:
    rng = random.Random(6)
    cut = 0
    for _ in range(500):
        asked = tuple(dict.fromkeys(random_probe(rng) for _ in range(rng.randint(1, 4))))
        try:
            cells = partition(asked)
        except TooLarge:
            continue
        cut += 1
        for cell in cells.cells():
            if cell.example is not NO_EXAMPLE:
                assert kind(cell.example) == cell.kind
                assert tuple(probe_function(p)(cell.example) for p in asked) == cell.truths, (asked, cell)
        for _ in range(60):
            cell_of(cells, schemas.random_value(rng))
    assert cut > 400


@pytest.mark.parametrize("divisors", [[2, 3], [4, 6, 0.5], [0.75, 1.5, 7], [10], [1000, 12]])
def test_numbers_are_cut_by_what_divides_them_and_no_combination_is_forgotten(divisors: list[float]) -> None:
    rng = random.Random(7)
    exact = [Fraction(1), *map(Fraction, divisors)]

    def of(value: float) -> frozenset[int]:
        return frozenset(i for i, d in enumerate(exact) if (Fraction(value) / d).denominator == 1)

    for low, high in ((None, None), (0, 1), (-7, 3), (5, None), (None, -100), (11.5, 12.5), (2**60, None)):
        found = dict(divided(exact, low, high))
        for chosen, value in found.items():
            if value is NO_EXAMPLE:
                assert low == 2**60 and 0 not in chosen  # no double has a fraction there
                continue
            assert isinstance(value, (int, float))
            assert (low is None or value > low) and (high is None or value < high)
            assert of(value) == chosen and (type(value) is int) == (0 in chosen)
        for _ in range(400):
            value = rng.choice((rng.randint(-300, 300), rng.randint(-300, 300) / 4, rng.uniform(-200, 200)))
            if (low is None or value > low) and (high is None or value < high):
                assert of(value) in found, (value, low, high)


def possible(*formulas: Formula) -> bool:
    return EMPTY.possible("t", conj(formulas), valid=False)


def so(op: str, value: Any, *steps: Any, length: bool = False, quantifier: Any = None) -> Formula:
    return at_least(Test(Path("args", steps), op, value, length=length, quantifier=quantifier), 2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("formulas", "answer"),
    [
        ([so("==", 1, "l", None, quantifier="every"), so("==", 2, "l", 0)], False),
        ([so("==", 1, "l", None, quantifier="some"), so("==", 2, "l", 0)], True),
        ([so("==", 1, "l", None, quantifier="some"), so("==", 2, "l", 0), so("==", 1, "l", length=True)], False),
        ([so("exists", True, "l", 1), so("==", 1, "l", length=True)], False),
        ([so("exists", True, "l", 1), so("==", 2, "l", length=True)], True),
        ([so("contains", "a", "l"), so("==", "b", "l", 0), so("<=", 1, "l", length=True)], False),
        ([so("exists", True, "l", 1, "x"), so("is", "string", "l", 0), so("is", "number", "l", 1)], False),
        ([so("exists", True, "l", 0), so("exists", True, "l", "k")], False),
        ([so("==", 0, "o", length=True), so("exists", True, "o", "k")], False),
        ([so("==", 1, "o", length=True), so("exists", True, "o", "k"), so("==", 1, "o", "j")], False),
        ([so("==", 3, "o", length=True), so("exists", True, "o", "k"), so("==", 1, "o", "j")], True),
        ([so("==", 1, length=True), so("exists", True, "k"), so("==", 1, "j")], False),
        ([so("==", 5, "o"), so("exists", True, "o", "k")], False),
        ([so("is", "null", "o"), so("exists", True, "o", "k")], False),
        ([so("==", "x", "l", None, "a", 0, quantifier="every"), so("==", 1, "l", 0, "a", length=True),
          so("!=", "x", "l", 0, "a", 0)], False),
    ],
)  # fmt: skip
def test_parts_of_one_container_are_not_free_of_each_other(formulas: list[Formula], answer: bool) -> None:
    assert possible(*formulas) is answer


def test_a_missing_first_element_means_no_second() -> None:
    second = so("exists", True, "l", 1)
    no_first = at_least(Not(Test(Path("args", ("l", 0)), "exists", True)), 2)
    assert not possible(second, no_first)
    assert possible(second)


def test_what_some_random_call_does_is_possible_and_what_is_possible_has_a_call() -> None:
    """Conditions over indexes, elements, sizes and parents, against the reference."""
    rng = random.Random(8)
    hit = 0
    for _ in range(150):
        tests = [_random_test(rng) for _ in range(rng.randint(2, 4))]
        wanted = [rng.choice((0, 1, 2)) for _ in tests]
        formula = conj(
            part
            for test, truth in zip(tests, wanted, strict=True)
            for part in (
                at_least(test, truth) if truth else True,
                at_least(Not(test), 2 - truth) if truth < 2 else True,
            )
        )
        met = None
        for _ in range(60):
            call = Call("t", {"l": schemas.random_value(rng, 2), "o": schemas.random_value(rng, 2)})
            if all(evaluate(t, call) is Truth(w) for t, w in zip(tests, wanted, strict=True)):
                met = call
                break
        answer = EMPTY.possible("t", formula, valid=False)
        assert answer or met is None, (tests, wanted, met)
        witness = EMPTY.find("t", lambda leaf: True, formula, valid=False) if answer else None
        if answer:
            assert witness is not None, (tests, wanted)
            assert all(evaluate(t, witness.call) is Truth(w) for t, w in zip(tests, wanted, strict=True))
            hit += 1
    assert hit > 40


def _random_test(rng: random.Random) -> Test:
    steps = rng.choice(
        (("l",), ("l", 0), ("l", 1), ("l", None), ("l", 0, "a"), ("l", None, "a"), ("o",), ("o", "a"), ("o", "b"))
    )
    quantifier: Any = rng.choice(("every", "some")) if None in steps else None
    path = Path("args", steps)
    match rng.randrange(4):
        case 0:
            return Test(path, "is", rng.choice(("string", "array", "object", "number")), quantifier=quantifier)
        case 1:
            return Test(path, rng.choice(("==", "!=")), rng.choice((1, "a", "ab")), quantifier=quantifier)
        case 2:
            return Test(path, rng.choice(("<", ">=", "==")), rng.randrange(3), length=True, quantifier=quantifier)
    return Test(path, "exists", True, quantifier=quantifier)
