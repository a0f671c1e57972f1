"""Whether a document has the shape of a policy document, told without pydantic: yes, or "ask the models".

Importing pydantic and building the models costs more than reading and linting a small policy does, and most documents
are right. So the models' own JSON Schema, without its prose, lies beside this module; what it accepts, the models accept
(tests/frontends/test_document_fast.py), and only a document that it does not accept is given to them, for the messages.
To renew it: python -m policyc.frontends.document_model shape > policyc/frontends/document_shape.json
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
Check = Callable[[Schema, Any], bool]
FILE = Path(__file__).with_name("document_shape.json")


def fits(document: Any) -> bool:
    """Whether the models certainly accept the document: dict, list and scalars of a tree that a reader gave (`to_python`)."""
    return _accepts(_shape(), document)


@cache
def _shape() -> Schema:
    import json

    shape: Schema = json.loads(FILE.read_text(encoding="utf-8"))
    return shape


def _accepts(schema: Schema, value: Any) -> bool:
    for keyword in schema:  # loops, not `all(…)`: half the frames in a document nested as deep as the readers let it be
        if not CHECKS.get(keyword, _unknown)(schema, value):
            return False
    return True


def _unknown(schema: Schema, value: Any) -> bool:
    """A keyword that is not checked here: what it asks is left to the models."""
    return False


# Each check takes the schema that its keyword stands in. Types are Python's, as in the models' strict mode: `true` is no
# number, 60.0 is no integer.

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,), "null": (type(None),),
    "array": (list,), "object": (dict,),
}  # fmt: skip


def _type(schema: Schema, value: Any) -> bool:
    names = schema["type"]
    return any(type(value) in _TYPES[name] for name in ([names] if isinstance(names, str) else names))


def _reference(schema: Schema, value: Any) -> bool:
    return _accepts(_shape()["$defs"][schema["$ref"].removeprefix("#/$defs/")], value)


def _alternatives(keyword: str) -> Check:
    """`anyOf`; and `oneOf`, since the alternatives of the models exclude each other."""

    def check(schema: Schema, value: Any) -> bool:
        for option in schema[keyword]:
            if _accepts(option, value):
                return True
        return False

    return check


def _same(value: Any, constant: Any) -> bool:
    return type(value) is type(constant) and value == constant


def _members(schema: Schema, value: Any) -> bool:
    """`properties` and `additionalProperties`, which is false or the schema of every other value."""
    if not isinstance(value, dict):
        return True
    known, others = schema.get("properties", {}), schema["additionalProperties"]
    for key, item in value.items():
        inner = known.get(key, others)
        if not inner or not _accepts(inner, item):
            return False
    return True


def _items(schema: Schema, value: Any) -> bool:
    if isinstance(value, list):
        for item in value:
            if not _accepts(schema["items"], item):
                return False
    return True


def _of_kind(keyword: str, kind: type | tuple[type, ...], holds: Callable[[Any, Any], bool]) -> Check:
    """A keyword that speaks of one kind of value and lets all others pass."""
    return lambda schema, value: not isinstance(value, kind) or holds(value, schema[keyword])


_NUMBER = (int, float)
CHECKS: dict[str, Check] = {
    "$defs": lambda schema, value: True,  # looked up by `$ref`
    "$ref": _reference,
    "type": _type,
    "enum": lambda schema, value: any(_same(value, known) for known in schema["enum"]),
    "const": lambda schema, value: _same(value, schema["const"]),
    "anyOf": _alternatives("anyOf"),
    "oneOf": _alternatives("oneOf"),
    "required": _of_kind("required", dict, lambda value, keys: all(key in value for key in keys)),
    "properties": lambda schema, value: "additionalProperties" in schema,  # they are checked together
    "additionalProperties": _members,
    "items": _items,
    "minItems": _of_kind("minItems", list, lambda value, least: len(value) >= least),
    "uniqueItems": _of_kind("uniqueItems", list, lambda value, _: all(v not in value[:i] for i, v in enumerate(value))),
    "minLength": _of_kind("minLength", str, lambda value, least: len(value) >= least),
    "minimum": _of_kind("minimum", _NUMBER, lambda value, bound: value >= bound),
    "exclusiveMinimum": _of_kind("exclusiveMinimum", _NUMBER, lambda value, bound: value > bound),
    "maximum": _of_kind("maximum", _NUMBER, lambda value, bound: value <= bound),
}
