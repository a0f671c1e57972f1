"""Whether a document has the shape of a policy document, told without pydantic: yes, or "ask the models".

Importing pydantic and building the models costs more than reading and linting a small policy does, and most documents
are right. So the models' own JSON Schema, without its prose, lies beside this module; what it accepts, the models accept
(tests/frontends/test_document_fast.py), and only a document that it does not accept is given to them, for the messages.
To renew `document_shape.json`: python -m policyc.frontends.document_model shape
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
FILE = Path(__file__).with_name("document_shape.json")


def fits(document: Any) -> bool:
    """Whether the models certainly accept the document (of dict, list and scalars, as `to_python` makes it)."""
    return _accepts(_shape(), document)


@cache
def _shape() -> Schema:
    import json

    shape: Schema = json.loads(FILE.read_text(encoding="utf-8"))
    return shape


def _accepts(schema: Schema, value: Any) -> bool:
    return all(_CHECKS.get(keyword, _unknown)(schema, value) for keyword in schema)


def _unknown(schema: Schema, value: Any) -> bool:
    """A keyword that is not checked here: what it asks is left to the models."""
    return False


# Each check takes the schema that holds its keyword. Types are Python's, as in the models' strict mode: `true` is no
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


def _any_of(schema: Schema, value: Any) -> bool:
    """Also for `oneOf`: the alternatives of the models exclude each other."""
    return any(_accepts(option, value) for option in schema.get("oneOf", ()) or schema["anyOf"])


def _one_of_values(schema: Schema, value: Any) -> bool:
    known = schema["enum"] if "enum" in schema else [schema["const"]]
    return any(type(value) is type(k) and value == k for k in known)


def _properties(schema: Schema, value: Any) -> bool:
    """Also for `additionalProperties`: false, or the schema of every value."""
    if not isinstance(value, dict):
        return True
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for key, item in value.items():
        inner = known.get(key, others)
        if inner is False or (inner is not True and not _accepts(inner, item)):
            return False
    return True


def _items(schema: Schema, value: Any) -> bool:
    return not isinstance(value, list) or all(_accepts(schema["items"], item) for item in value)


def _unique(schema: Schema, value: Any) -> bool:
    return not isinstance(value, list) or all(item not in value[:i] for i, item in enumerate(value))


def _sized(keyword: str, kind: type) -> Callable[[Schema, Any], bool]:
    return lambda schema, value: not isinstance(value, kind) or len(value) >= schema[keyword]


def _number(keyword: str, holds: Callable[[Any, Any], bool]) -> Callable[[Schema, Any], bool]:
    return lambda schema, value: not isinstance(value, (int, float)) or holds(value, schema[keyword])


_CHECKS: dict[str, Callable[[Schema, Any], bool]] = {
    "$defs": lambda schema, value: True,  # looked up by `$ref`
    "$ref": _reference,
    "type": _type,
    "oneOf": _any_of,
    "anyOf": _any_of,
    "enum": _one_of_values,
    "const": _one_of_values,
    "required": lambda schema, value: not isinstance(value, dict) or all(key in value for key in schema["required"]),
    "properties": _properties,
    "additionalProperties": _properties,
    "items": _items,
    "minItems": _sized("minItems", list),
    "uniqueItems": _unique,
    "minLength": _sized("minLength", str),
    "minimum": _number("minimum", lambda value, bound: value >= bound),
    "exclusiveMinimum": _number("exclusiveMinimum", lambda value, bound: value > bound),
    "maximum": _number("maximum", lambda value, bound: value <= bound),
}
