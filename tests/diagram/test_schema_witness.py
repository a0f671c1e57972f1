"""The analysis knows exactly what a tool's schema lets a policy see, and every call it shows is one that the schema allows."""

from __future__ import annotations

import json
import random
from collections import Counter
from functools import partial
from typing import Any

import pytest
from jsonschema.validators import validator_for

from policyc.catalog.load import load_catalog
from policyc.catalog.model import Catalog, Risk, Tool
from policyc.diagram.analysis import Analysis, value_of
from policyc.diagram.cell import holds
from policyc.diagram.formula import Formula, at_least, conj, disj, negation
from policyc.diagram.schema.fill import complete
from policyc.diagram.schema.formula import schema_bounds
from policyc.diagram.schema.translator import allows
from policyc.ir.facts import NO_FACTS
from policyc.ir.model import AnyTool, Cond, Path, Policy, Rule, Test
from policyc.reference import Call
from tests.catalog.real import FILES, needs_real
from tests.diagram import schemas

UNREAD = ("0.01", "(?=", "unknown", "format")
"""Parts of schemas that the translation leaves open."""


def analysis(schema: Any, *conditions: Cond) -> Analysis:
    """Of a policy with a deny for each condition, over one tool `t`."""
    tool = Tool("s", "t", "", schema, {}, None, "0", Risk("read", "low", None, "low", ()))
    rules = tuple(Rule(f"r{i}", "deny", AnyTool(), when=c) for i, c in enumerate(conditions))
    return Analysis(Policy("p", "allow", rules), NO_FACTS, Catalog((tool,), "digest"))


def valid(schema: Any, value: Any) -> bool:
    return bool(validator_for(schema, default=validator_for({}))(schema).is_valid(value))


def test_random_schemas_and_conditions() -> None:
    rng = random.Random(9)
    missed = checked = met = 0
    for _ in range(500):
        schema = schemas.root_schema(rng)
        tests = [_random_test(rng) for _ in range(rng.randint(1, 3))]
        asked = analysis(schema, *tests)
        formula: Formula = conj(
            f if rng.random() < 0.6 else negation(f) for f in (at_least(t, rng.choice((1, 2))) for t in tests)
        )
        calls = [Call("t", schemas.random_arguments(rng)) for _ in range(40)]
        some = any(holds(formula, partial(value_of, c)) and valid(schema, c.arguments) for c in calls)
        met += some
        assert not some or asked.possible("t", formula), json.dumps([schema, repr(formula)])
        witness = asked.find("t", lambda leaf: True, formula)
        if witness is None:
            missed += some
            continue
        assert holds(formula, partial(value_of, witness.call))
        if not any(unread in repr(schema) for unread in UNREAD):
            checked += 1
            assert valid(schema, witness.call.arguments), json.dumps([schema, witness.call.arguments])
    assert met > 100 and checked > 60
    assert missed < 0.02 * met


def test_a_schema_that_is_none_is_no_trouble() -> None:
    """Whatever a server sends where a schema is expected: it narrows nothing, or little, and nothing breaks."""
    rng = random.Random(13)
    for _ in range(1500):
        schema = _broken(rng, schemas.root_schema(rng))
        bounds = schema_bounds(schema, schemas.random_look(rng))
        value = schemas.random_arguments(rng)
        assert holds(bounds.may, partial(value_of, Call("t", value))) or not holds(
            bounds.must, partial(value_of, Call("t", value))
        )
        assert allows(schema, schema, value).may in (True, False)
        complete(schema, value)
    deep: Any = {}
    for _ in range(3000):
        deep = {"not": deep}
    assert schema_bounds(deep, schemas.full_look(1)).may is True
    assert complete({"properties": {"a": deep}, "required": ["a"]}) is not None


def _broken(rng: random.Random, schema: Any) -> Any:
    """The schema with some keyword's value replaced by another kind of value."""
    if isinstance(schema, dict):
        return {k: _broken(rng, v) if rng.random() < 0.93 else schemas.random_value(rng, 2) for k, v in schema.items()}
    return [_broken(rng, v) for v in schema] if isinstance(schema, list) else schema


def _random_test(rng: random.Random) -> Test:
    steps = rng.choice(schemas.STEPS)
    quantifier: Any = rng.choice(("every", "some")) if None in steps else None
    path = Path("args", steps)
    match rng.randrange(4):
        case 0:
            return Test(path, "is", rng.choice(schemas.TYPES), quantifier=quantifier)  # type: ignore[arg-type]
        case 1:
            return Test(path, rng.choice(("==", "!=", "<")), rng.choice(schemas.NUMBERS), quantifier=quantifier)
        case 2:
            return Test(path, "in", ("a", "ab", 1), quantifier=quantifier)
    return Test(path, "exists", True, quantifier=quantifier)


def test_values_are_completed_to_valid_ones() -> None:
    rng = random.Random(10)
    outcomes: Counter[str] = Counter()
    for _ in range(500):
        schema = schemas.root_schema(rng)
        built = complete(schema)
        if valid(schema, built):
            outcomes["valid"] += 1
        elif any(valid(schema, schemas.random_arguments(rng)) for _ in range(200)):
            outcomes["missed"] += 1
        else:
            outcomes["nothing fits"] += 1
    assert outcomes["missed"] < 0.03 * outcomes["valid"], outcomes


@pytest.mark.parametrize(
    ("schema", "given", "expected"),
    [
        (
            {"type": "object", "properties": {"to": {"type": "object", "properties": {"zip": {"type": "string", "pattern": "^[0-9]{5}$"}},
             "required": ["zip"]}}, "required": ["to"]},
            {}, {"to": {"zip": "00000"}},
        ),
        (
            {"properties": {"rows": {"type": "array", "items": {"type": "object", "required": ["id", "n"],
             "properties": {"id": {"type": "string", "minLength": 9}, "n": {"type": "integer", "multipleOf": 5, "exclusiveMinimum": 7}}}}}},
            {"rows": [{"n": 20}, {}]}, {"rows": [{"n": 20, "id": "aaaaaaaaa"}, {"id": "aaaaaaaaa", "n": 10}]},
        ),
        (
            {"oneOf": [{"properties": {"kind": {"const": "card"}, "number": {"type": "string"}}, "required": ["kind", "number"]},
                       {"properties": {"kind": {"const": "cash"}, "note": {"enum": ["x", "y"]}}, "required": ["kind", "note"]}]},
            {"kind": "cash"}, {"kind": "cash", "note": "x"},
        ),
        ({"properties": {"tags": {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}}},
          "required": ["tags"]}, {}, {"tags": ["a", "b", "c"]}),
        ({"properties": {"p": {"$ref": "#/$defs/p"}}, "required": ["p"], "$defs": {"p": {"anyOf": [{"type": "null"}, {"type": "integer"}]}}},
         {}, {"p": None}),
        ({"properties": {"a": {}, "b": {"default": 7, "type": "integer"}}, "dependentRequired": {"a": ["b"]}}, {"a": 1}, {"a": 1, "b": 7}),
        ({"properties": {"l": {"type": "array", "items": {"type": "string", "format": "email"}}}}, {"l": [0, "x"]}, {"l": ["example", "x"]}),
    ],
)  # fmt: skip
def test_what_is_filled_in(schema: Any, given: Any, expected: Any) -> None:
    assert complete(schema, given) == expected
    assert valid(schema, expected)


def eq(value: Any, *steps: Any) -> Formula:
    return at_least(Test(Path("args", steps), "==", value), 2)


def there(*steps: Any) -> Formula:
    return at_least(Test(Path("args", steps), "exists", True), 2)


def size(op: Any, value: int, *steps: Any) -> Formula:
    return at_least(Test(Path("args", steps), op, value, length=True), 2)


CLOSED = {"properties": {"o": {"type": "object", "properties": {"k": True, "j": True}, "additionalProperties": False}}}
NEEDS = {"properties": {"o": {"type": "object", "required": ["r"]}}}


@pytest.mark.parametrize(
    ("schema", "formula", "answer"),
    [
        ({"properties": {"n": {"type": "integer", "multipleOf": 10}}}, eq(15, "n"), False),
        ({"properties": {"n": {"type": "number", "multipleOf": 0.01}}}, eq(0.07, "n"), True),
        ({"oneOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"properties": {"b": {"const": 1}}, "required": ["b"]}]},
         conj((eq(1, "a"), eq(1, "b"))), False),
        ({"if": {"properties": {"k": {"const": "x"}}, "required": ["k"]}, "then": {"required": ["v"]}},
         conj((eq("x", "k"), negation(there("v")))), False),
        ({"properties": {"o": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}}},
         conj((there("o"), negation(there("o", "x")))), False),
        ({"properties": {"o": {"type": ["object", "null"], "required": ["x"]}}}, conj((there("o"), negation(there("o", "x")))), True),
        ({"properties": {"o": {"anyOf": [{"type": "object", "properties": {"x": {"type": "integer"}}}, {"type": "null"}]}}},
         eq("a", "o", "x"), False),
        ({"dependentRequired": {"a": ["b"]}}, conj((there("a"), negation(there("b")))), False),
        ({"additionalProperties": False, "properties": {"a": True}}, there("b"), False),
        ({"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": False}, disj((there("b"), eq(1, "xa"))), False),
        ({"maxProperties": 1}, conj((there("a"), there("b"))), False),
        ({"properties": {"l": {"items": {"enum": ["a", "b"]}, "minItems": 1, "type": "array"}}, "required": ["l"]},
         at_least(Test(Path("args", ("l", None)), "in", ("c",), quantifier="some"), 2), False),
        ({"properties": {"l": {"items": {"anyOf": [{"properties": {"k": {"const": 1}}, "required": ["k"]}, {"properties": {"v": {"const": 2}}}]}}}},
         conj((at_least(Test(Path("args", ("l", None, "v")), "==", 3, quantifier="some"), 2),
               at_least(Test(Path("args", ("l", None, "k")), "==", 1, quantifier="every"), 0))), True),
        ({"properties": {"l": {"prefixItems": [{"const": "x"}], "items": False}}}, eq("y", "l", 0), False),
        ({"properties": {"l": {"type": "array", "maxItems": 1}}}, there("l", 1), False),
        ({"properties": {"c": {"type": "string", "enum": ["usd", "eur"]}}}, eq("gbp", "c"), False),
        ({"properties": {"c": {"not": {"enum": ["usd"]}}}}, eq("usd", "c"), False),
        ({"properties": {"n": {"minimum": 3, "exclusiveMinimum": True}}}, eq(3, "n"), False),
        ({"properties": {"c": {"$ref": "https://elsewhere.example/x.json"}}}, eq("usd", "c"), True),
        ({"properties": {"c": {"pattern": "^(?=a)"}}}, eq("usd", "c"), True),
        ({"properties": {"c": {"type": "string", "nullable": True}}}, at_least(Test(Path("args", ("c",)), "is", "null"), 2), True),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"c": {"$ref": "#/definitions/c", "const": 1}},
          "definitions": {"c": {"type": "integer"}}}, eq(2, "c"), True),
        (False, there("a"), False),
        (CLOSED, size(">", 2, "o"), False),
        (CLOSED, size(">", 1, "o"), True),
        (CLOSED, conj((size(">", 1, "o"), negation(there("o", "k")))), False),
        (CLOSED, conj((size("==", 1, "o"), there("o", "k"))), True),
        (NEEDS, conj((size("<", 1, "o"), there("o"))), False),
        (NEEDS, conj((size("==", 1, "o"), there("o", "k"))), False),
        (NEEDS, conj((size("==", 2, "o"), there("o", "k"))), True),
    ],
)  # fmt: skip
def test_what_a_schema_leaves_possible(schema: Any, formula: Formula, answer: bool) -> None:
    asked = analysis(schema)
    assert asked.possible("t", formula) is answer
    witness = asked.find("t", lambda leaf: True, formula)
    assert (witness is not None) is answer
    if witness is not None and not any(unread in repr(schema) for unread in (*UNREAD, "elsewhere", "nullable")):
        assert valid(schema, witness.call.arguments)


@needs_real
def test_every_witness_over_the_real_catalogs_is_a_valid_call() -> None:
    rng = random.Random(11)
    shown = 0
    for file in FILES:
        catalog = load_catalog([str(file)])
        tools = [t for t in catalog.tools if t.input_schema]
        for tool in rng.sample(tools, min(3, len(tools))):
            for call in witnesses(rng, catalog, tool):
                shown += 1
                assert valid(tool.input_schema, call.arguments), (file.name, tool.name, call.arguments)
    assert shown > 100


def witnesses(rng: random.Random, catalog: Catalog, tool: Tool) -> list[Call]:
    """The calls that an analysis shows for a random policy over a tool's arguments."""
    paths = _paths(tool.input_schema)
    if not paths:
        return []
    conditions = [_test_of(rng, *rng.choice(paths)) for _ in range(rng.randint(1, 4))]
    rules = tuple(Rule(f"r{i}", rng.choice(("deny", "approve")), AnyTool(), when=c) for i, c in enumerate(conditions))
    asked = Analysis(Policy("p", "allow", rules), catalog.facts(), catalog)
    found = [asked.find(tool.name, lambda end, leaf=leaf: end == leaf) for leaf in asked.outcomes(tool.name)]  # type: ignore[misc]
    return [w.call for w in found if w is not None]


def _paths(schema: Any, steps: tuple[Any, ...] = (), depth: int = 3) -> list[tuple[tuple[Any, ...], Any]]:
    """The paths that a schema names plainly, with the schemas there."""
    out: list[tuple[tuple[Any, ...], Any]] = []
    if not isinstance(schema, dict) or depth == 0:
        return out
    for key, sub in (schema.get("properties") or {}).items():
        out += [((*steps, key), sub), *_paths(sub, (*steps, key), depth - 1)]
    items = schema.get("items")
    if isinstance(items, dict) and steps and None not in steps:
        for more in (None, 0):
            out += [((*steps, more), items), *_paths(items, (*steps, more), depth - 1)]
    return out


def _test_of(rng: random.Random, steps: tuple[Any, ...], schema: Any) -> Test:
    """A test that an author might write of an argument with this schema."""
    quantifier: Any = rng.choice(("every", "some")) if None in steps else None
    path = Path("args", steps)
    kind = schema.get("type") if isinstance(schema, dict) else None
    roll = rng.random()
    if roll < 0.15:
        return Test(path, "exists", True, quantifier=quantifier)
    if roll < 0.3:
        return Test(path, ">", rng.choice((0, 2, 20)), length=True, quantifier=quantifier)
    if isinstance(schema, dict) and schema.get("enum") and isinstance(schema["enum"][0], str):
        return Test(
            path, "in", (rng.choice([v for v in schema["enum"] if isinstance(v, str)]), "x"), quantifier=quantifier
        )
    if kind in ("number", "integer"):
        return Test(path, rng.choice((">", "<", "==")), rng.choice((1, 10, 1000, 0.5)), quantifier=quantifier)
    op, value = rng.choice(
        (("starts_with", "ab"), ("matches", "^[a-z]+$"), ("contains", "x"), ("like", "*.com"), ("==", "main"))
    )
    return Test(path, op, value, quantifier=quantifier)  # type: ignore[arg-type]
