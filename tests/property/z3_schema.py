"""A small part of JSON Schema for the z3 oracle: what a schema asks of a value, written from the specification (draft 2020-12).

Understood: type, enum, const, minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, minItems, maxItems, items,
properties, required, additionalProperties (false).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3

from policyc.ir.model import Path, Test
from tests.property.z3_logic import Bool, both, either, no
from tests.property.z3_values import ARRAY, MISSING, NULL, NUMBER, OBJECT, STRING, Asked, Steps, Value

_ORDER = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
_SIZES = {
    "minLength": (STRING, ">="),
    "maxLength": (STRING, "<="),
    "minItems": (ARRAY, ">="),
    "maxItems": (ARRAY, "<="),
}


def asked_by(schema: Any, steps: Steps = ()) -> Asked:
    """The paths that a schema speaks of, as tests, so that a value has room for them."""
    return [(found, Test(Path("args", found), *what)) for found, what in _asked(schema or {}, steps)]  # type: ignore[arg-type]


def _asked(schema: Any, steps: Steps) -> Iterator[tuple[Steps, tuple[Any, ...]]]:
    yield steps, ("exists", True)
    for constant in (*schema.get("enum", ()), *((schema["const"],) if "const" in schema else ())):
        if constant is not None:
            yield steps, ("==", constant)
    if "minLength" in schema or "maxLength" in schema:
        yield steps, ("like", "*")  # keeps the string itself
    if "items" in schema:
        yield from _asked(schema["items"], (*steps, None))
    for name, inner in schema.get("properties", {}).items():
        yield from _asked(inner, (*steps, name))


def fits(value: Value, schema: Any) -> Bool:
    """Whether the value, which is there, fits the schema."""
    parts: list[Bool] = []
    schema = schema or {}
    types = schema.get("type")
    if types is not None:
        parts.append(either(value.is_type(t) for t in ([types] if isinstance(types, str) else types)))
    members = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if members is not None:
        parts.append(either(value.kind == NULL if c is None else value.is_constant(c) for c in members))
    for keyword, op in _ORDER.items():
        if keyword in schema:
            parts.append(either((value.kind != NUMBER, value.compared(op, schema[keyword]))))
    for keyword, (kind, op) in _SIZES.items():
        if keyword in schema:
            size = z3.Length(value.text.var) if kind == STRING else value.size
            parts.append(either((value.kind != kind, value.compared(op, schema[keyword], size))))
    if "items" in schema:
        parts += [either((item.kind == MISSING, fits(item, schema["items"]))) for item in value.items]
    is_object = value.kind == OBJECT
    for name in schema.get("required", ()):
        if name in value.keys:
            parts.append(either((no(is_object), value.keys[name].kind != MISSING)))
    for name, inner in schema.get("properties", {}).items():
        parts.append(either((value.keys[name].kind == MISSING, fits(value.keys[name], inner))))
    if schema.get("additionalProperties") is False:
        declared = schema.get("properties", {})
        extra = [child.kind == MISSING for name, child in value.keys.items() if name not in declared]
        present = z3.Sum([z3.IntVal(0), *(z3.If(c.kind != MISSING, 1, 0) for c in value.keys.values())])
        parts.append(either((no(is_object), both((*extra, value.size == present)))))
    return both(parts)
