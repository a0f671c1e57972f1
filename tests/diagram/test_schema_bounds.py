"""What is read from a JSON Schema lies on the right side of what the `jsonschema` library says, and on it where that is promised."""

from __future__ import annotations

import random
from typing import Any

import pytest
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


def test_what_is_not_understood_allows_everything_and_promises_nothing() -> None:
    look = schemas.full_look(2)
    unread: Any
    for unread in (
        {"unknown": 1}, {"$ref": "https://elsewhere.example/s.json"}, {"$ref": "#/nowhere"}, {"pattern": "(?=a)"}, {"multipleOf": 0.01},
        {"unevaluatedProperties": False}, {"$dynamicRef": "#x"}, {"type": "any"}, {"properties": []}, {"enum": 1}, {"anyOf": []},
        {"items": [True]}, {"$id": "https://elsewhere.example/t.json"}, {"format": "email"},
    ):  # fmt: skip
        bounds = schema_bounds({"properties": {"a": unread}, "required": ["a"]}, look)
        assert at(bounds, {"a": "text"})[0] and at(bounds, {"a": 0.07})[0] and at(bounds, {"a": {}})[0]
        assert [at(bounds, {"a": value})[1] for value in ("text", 0.07, {}, [1])].count(False) > 0
        assert at(bounds, {}) == (False, False)


@pytest.mark.parametrize(
    ("schema", "value", "valid"),
    [
        ({"uniqueItems": True}, [1, 1.0], False),
        ({"uniqueItems": True}, [1, True, "1"], True),
        ({"uniqueItems": True}, [{"a": [1]}, {"a": [1.0]}], False),
        ({"uniqueItems": True}, [{"a": 1}, {"a": True}], True),
        ({"contains": {"const": 1}, "minContains": 2}, [1, 2], False),
        ({"contains": {"const": 1}, "minContains": 2, "maxContains": 2}, [1, 2, 1], True),
        ({"contains": {"const": 1}, "maxContains": 1}, [1, 1], False),
        ({"const": {"a": [1, {"b": None}]}}, {"a": [1.0, {"b": None}]}, True),
        ({"const": {"a": [1, {"b": None}]}}, {"a": [1, {"b": None, "c": 1}]}, False),
        ({"enum": [[], {}]}, {"a": 1}, False),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, False),
        ({"additionalProperties": False, "patternProperties": {"^x": {"type": "string"}}}, {"xa": "y"}, True),
        ({"multipleOf": 2**70}, 2**71, True),
        ({"type": "integer"}, 1.0, True),
    ],
)
def test_values_that_are_judged_in_full(schema: Any, value: Any, valid: bool) -> None:
    said = allows(schema, schema, value)
    assert (said.may, said.must) == (valid, valid)
    assert judged(schema, value) is valid
