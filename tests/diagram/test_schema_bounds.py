"""What is read from a JSON Schema lies on the right side of what the `jsonschema` library says, and on it where that is promised."""

from __future__ import annotations

import random
from typing import Any

from jsonschema import Draft202012Validator

from policyc.diagram.cell import holds
from policyc.diagram.schema.formula import schema_bounds
from policyc.diagram.schema.translator import allows
from policyc.runtime.values import follow
from tests.diagram import schemas


def judged(schema: Any, value: Any) -> bool:
    return bool(Draft202012Validator(schema).is_valid(value))


def at(bounds: Any, arguments: Any) -> tuple[bool, bool]:
    def read(var: Any) -> Any:
        return follow(arguments, var[1])

    return holds(bounds.may, read), holds(bounds.must, read)


def test_may_never_forbids_a_valid_call_and_must_never_promises_an_invalid_one() -> None:
    rng = random.Random(1)
    narrowed = 0
    for _ in range(1500):
        schema, look = schemas.root_schema(rng), schemas.random_look(rng)
        bounds = schema_bounds(schema, look)
        narrowed += bounds.may is not True
        for _ in range(12):
            value = schemas.random_arguments(rng)
            may, must = at(bounds, value)
            valid = judged(schema, value)
            assert may or not valid, (schema, value, look)
            assert valid or not must, (schema, value, look)
    assert narrowed > 800


def test_where_everything_is_looked_at_the_formula_is_the_schema() -> None:
    rng = random.Random(2)
    look = schemas.full_look(4)
    seen = {True: 0, False: 0}
    for _ in range(600):
        schema = schemas.root_schema(rng, exact=True)
        bounds = schema_bounds(schema, look)
        for _ in range(12):
            value = schemas.random_arguments(rng, 2)
            valid = judged(schema, value)
            seen[valid] += 1
            assert at(bounds, value) == (valid, valid), (schema, value)
    assert min(seen.values()) > 800


def test_what_is_said_of_one_value_is_right_and_mostly_definite() -> None:
    rng = random.Random(3)
    open_ = 0
    for _ in range(4000):
        schema = schemas.root_schema(rng)
        value = schemas.random_arguments(rng)
        said = allows(schema, schema, value)
        valid = judged(schema, value)
        assert said.may or not valid, (schema, value)
        assert valid or not said.must, (schema, value)
        open_ += said.may != said.must
    assert open_ < 1000
