"""What schemas say about arguments: references, combinations, paths, and never more than they say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyc.catalog.load import load_catalog
from policyc.catalog.schema import Argument, ArgumentInfo, NotThere, Unknown, arguments, lookup
from policyc.catalog.shape import ANY, json_type, resolve
from tests.catalog.real import FILES, needs_real

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a", "description": "the name"},
        "amount": {"type": "integer", "minimum": 0, "exclusiveMaximum": 100},
        "kind": {"enum": ["a", "b", None]},
        "fixed": {"const": 3},
        "maybe": {"anyOf": [{"type": "integer", "minimum": 2}, {"type": "null"}]},
        "either": {
            "oneOf": [{"type": "string", "maxLength": 4}, {"type": "string", "maxLength": 8}, {"type": "number"}]
        },
        "both": {"allOf": [{"type": "number", "minimum": 1}, {"type": "integer", "maximum": 5, "minimum": 0}]},
        "anything": {},
        "never": {"allOf": [{"type": "string"}, {"type": "integer"}]},
        "address": {"$ref": "#/$defs/address", "description": "where to"},
        "people": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/person"}},
        "odd/key~": {"$ref": "#/$defs/od~1d~0"},
        "tree": {"$ref": "#/$defs/tree"},
        "loop": {"$ref": "#/$defs/loop"},
        "elsewhere": {"$ref": "https://example.test/x.json"},
        "gone": {"$ref": "#/$defs/gone"},
        "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "nullable": {"type": "string", "nullable": True, "enum": ["x"]},
    },
    "required": ["name", "people", "address"],
    "additionalProperties": False,
    "$defs": {
        "address": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "zip": {"type": ["string", "null"]}},
            "required": ["city"],
        },
        "person": {"type": "object", "properties": {"mail": {"type": "string"}}, "required": ["mail"]},
        "od/d~": {"type": "boolean"},
        "tree": {"type": "object", "properties": {"child": {"$ref": "#/$defs/tree"}, "size": {"type": "integer"}}},
        "loop": {"anyOf": [{"$ref": "#/$defs/loop"}, {"type": "string"}]},
    },
}


def argument(name: str) -> Argument:
    return arguments(SCHEMA)[name]


def test_plain_keywords() -> None:
    name = argument("name")
    assert (set(name.types), name.required, name.closed, name.nullable) == ({"string"}, True, True, False)
    assert (name.min_length, name.max_length, name.pattern, name.description) == (1, 9, "^a", "the name")
    amount = argument("amount")
    assert (amount.minimum, amount.maximum, amount.exclusive_maximum, amount.required) == (0, None, 100, False)


@pytest.mark.parametrize(
    ("name", "types", "enum", "nullable"),
    [
        ("kind", {"string", "null"}, ("a", "b", None), True),
        ("fixed", {"integer"}, (3,), False),
        ("maybe", {"integer", "null"}, None, True),
        ("either", {"string", "number"}, None, False),
        ("both", {"integer"}, None, False),
        ("anything", set(), None, True),
        ("address", {"object"}, None, False),
        ("odd/key~", {"boolean"}, None, False),
        ("loop", set(), None, True),
        ("elsewhere", set(), None, True),
        ("gone", set(), None, True),
        ("nullable", {"string", "null"}, ("x", None), True),
    ],
)
def test_types(name: str, types: set[str], enum: tuple[Any, ...] | None, nullable: bool) -> None:
    found = argument(name)
    assert (set(found.types), found.enum, found.nullable) == (types, enum, nullable)


def test_combinations() -> None:
    assert argument("maybe").minimum == 2  # null has no minimum to weaken it
    assert argument("either").max_length == 8
    both = argument("both")
    assert (both.minimum, both.maximum) == (1, 5)
    assert argument("never").shape.never


def test_bounds_of_a_union_are_the_weakest() -> None:
    def bounds(*branches: dict[str, Any]) -> tuple[Any, ...]:
        shape = resolve({"anyOf": list(branches)}, {})
        return shape.minimum, shape.exclusive_minimum

    number = {"type": "number"}
    assert bounds({**number, "minimum": 3}, {**number, "minimum": 1}) == (1, None)
    assert bounds({**number, "minimum": 3}, {**number, "exclusiveMinimum": 1}) == (1, None)
    assert bounds({**number, "exclusiveMinimum": 3}, {**number, "exclusiveMinimum": 1}) == (1, 1)
    assert bounds({**number, "minimum": 3}, number) == (None, None)
    assert bounds({**number, "minimum": 3}, {"type": "string"}) == (3, None)


@pytest.mark.parametrize(
    ("path", "types", "missing", "closed"),
    [
        (("name",), {"string"}, False, (True,)),
        (("amount",), {"integer"}, True, (True,)),
        (("address", "city"), {"string"}, False, (True, False)),
        (("address", "zip"), {"string", "null"}, True, (True, False)),
        (("people", None), {"object"}, False, (True, False)),
        (("people", None, "mail"), {"string"}, False, (True, False, False)),
        (("people", 0, "mail"), {"string"}, False, (True, False, False)),
        (("people", 1, "mail"), {"string"}, True, (True, False, False)),
        (("tree", "child", "child", "size"), {"integer"}, True, (True, False, False, False)),
        (("map", "any"), {"boolean"}, True, (True, False)),
    ],
)
def test_lookup(path: tuple[Any, ...], types: set[str], missing: bool, closed: tuple[bool, ...]) -> None:
    found = lookup(SCHEMA, path)
    assert isinstance(found, ArgumentInfo)
    assert (set(found.argument.types), found.can_be_missing, found.parents_closed) == (types, missing, closed)


@pytest.mark.parametrize(
    ("path", "step", "closed", "some"),
    [
        (("nmae",), 0, True, "name"),
        (("address", "ctiy"), 1, False, "city"),
        (("people", None, "male"), 2, False, "mail"),
        (("name", "x"), 1, True, None),
        (("name", None), 1, True, None),
        (("address", 0), 1, True, None),
    ],
)
def test_what_is_not_there(path: tuple[Any, ...], step: int, closed: bool, some: str | None) -> None:
    found = lookup(SCHEMA, path)
    assert isinstance(found, NotThere)
    assert (found.step, found.closed) == (step, closed)
    assert (some in found.known_names) if some else not found.known_names


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        (None, ("a",)),
        ({}, ("a",)),
        ({"type": "object"}, ("a",)),
        ({"type": "object", "properties": {"b": {}}, "additionalProperties": True}, ("a",)),
        ({"properties": {"b": {}}, "patternProperties": {"^x": {}}, "additionalProperties": False}, ("a",)),
        (SCHEMA, ("anything", "x")),
        (SCHEMA, ("elsewhere", "x")),
        ({"properties": {"a": {"type": "array"}}}, ("a", None)),
        ({"properties": {"a": {"type": "array", "prefixItems": [{}], "items": {"type": "string"}}}}, ("a", None)),
    ],
)
def test_what_is_not_known(schema: Any, path: tuple[Any, ...]) -> None:
    assert isinstance(lookup(schema, path), Unknown)


def test_objects_of_a_union() -> None:
    create = {
        "type": "object",
        "properties": {"do": {"const": "create"}, "name": {"type": "string"}},
        "required": ["do"],
    }
    delete = {
        "type": "object",
        "properties": {"do": {"const": "delete"}, "id": {"type": "integer"}},
        "required": ["do"],
    }
    opened = arguments({"oneOf": [create, delete]})
    assert opened["do"].enum == ("create", "delete")
    assert opened["do"].required and not opened["id"].required
    assert opened["id"].types == frozenset()  # the other branch lets it be anything
    shut = {"additionalProperties": False}
    closed = arguments({"oneOf": [{**create, **shut}, {**delete, **shut}]})
    assert closed["id"].types == {"integer"} and closed["id"].closed


def test_a_child_of_what_may_be_null_can_be_missing() -> None:
    schema = {
        "properties": {"a": {"type": ["object", "null"], "properties": {"b": {"type": "string"}}, "required": ["b"]}},
        "required": ["a"],
    }
    found = lookup(schema, ("a", "b"))
    assert isinstance(found, ArgumentInfo) and found.can_be_missing


def test_monsters_end() -> None:
    wide: dict[str, Any] = {"type": "string"}
    for _ in range(40):
        wide = {"anyOf": [wide, wide, wide], "allOf": [wide, wide]}
    assert resolve(wide, wide).types == frozenset()
    deep: dict[str, Any] = {"$defs": {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(60)}}
    assert resolve({"$ref": "#/$defs/d0"}, deep).types == frozenset()


@pytest.mark.parametrize("junk", [7, "x", None, [], True, {"properties": 7}, {"properties": {"a": 7}, "required": 3}])
def test_junk_is_unknown(junk: Any) -> None:
    for found in arguments(junk).values():
        assert found.types == frozenset()


def test_draft_4_exclusive_bounds() -> None:
    shape = resolve({"minimum": 3, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": False}, {})
    assert (shape.minimum, shape.exclusive_minimum, shape.maximum, shape.exclusive_maximum) == (None, 3, 9, None)


@needs_real
def test_every_argument_of_every_real_tool_is_found_by_its_path() -> None:
    for tool in load_catalog(list(map(str, FILES))).tools:
        for name, found in arguments(tool.input_schema).items():
            info = lookup(tool.input_schema, (name,))
            if isinstance(info, Unknown):
                assert resolve(tool.input_schema, tool.input_schema).properties[name] is ANY
                continue
            assert isinstance(info, ArgumentInfo)
            assert info.argument == found
            assert info.can_be_missing is not found.required


# --- never more than the schema says -------------------------------------------------------------------------------

VALUES: list[Any] = [None, True, False, 0, 1, 2, 3, 2.5, -1, "", "a", "ab", "abc", [], [1], ["a", "b"], {}, {"a": 1}]
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            ["string", "number", "integer", "boolean", "array", "object", "null", ["string", "null"]]
        ),
        "enum": st.lists(st.sampled_from(VALUES), min_size=1, max_size=4),
        "const": st.sampled_from(VALUES),
        "minimum": st.integers(-1, 3),
        "exclusiveMaximum": st.integers(0, 4),
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(0, 3),
        "maxItems": st.integers(0, 2),
        "required": st.just(["a"]),
        "additionalProperties": st.booleans(),
        "properties": st.fixed_dictionaries({"a": st.sampled_from([{}, {"type": "integer"}, {"type": "string"}])}),
    },
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda own, key, parts: {**own, key: parts},
        LEAVES,
        st.sampled_from(["anyOf", "allOf", "oneOf"]),
        st.lists(inner | st.booleans(), min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(SCHEMAS)
def test_whatever_is_valid_is_allowed(schema: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema)
    shape = resolve(schema, schema)
    for value in VALUES:
        if validator.is_valid(value):
            assert _allows(shape, value), (value, shape)


def _allows(shape: Any, value: Any) -> bool:
    kind = json_type(value)
    if shape.never or (shape.types and kind not in shape.types and not (kind == "integer" and "number" in shape.types)):
        return False
    if shape.enum is not None and not any(json_type(v) == kind and v == value for v in shape.enum):
        return False
    if kind in ("integer", "number"):
        low, above, high, below = shape.minimum, shape.exclusive_minimum, shape.maximum, shape.exclusive_maximum
        return not (
            (low is not None and value < low)
            or (above is not None and value <= above)
            or (high is not None and value > high)
            or (below is not None and value >= below)
        )
    if kind == "string":
        return (shape.min_length or 0) <= len(value) <= (99 if shape.max_length is None else shape.max_length)
    if kind == "array":
        return (shape.min_items or 0) <= len(value) <= (99 if shape.max_items is None else shape.max_items)
    if kind == "object":
        if not shape.required <= set(value) or (shape.closed and not set(value) <= set(shape.properties)):
            return False
        return all(_allows(resolve(shape.properties[k], {}), v) for k, v in value.items() if k in shape.properties)
    return True
