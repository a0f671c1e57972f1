"""Whether data has the shape that a JSON Schema describes: yes, or "ask the models".

Documents and configuration files are described by pydantic models, and most of them are right. Importing pydantic and
building the models costs more than reading and linting a small policy does. So the models' own JSON Schema, without its
prose, lies beside them as a file; what it accepts, the models accept (tests/frontends/test_document_fast.py,
tests/cli/test_config_shape.py), and only what it does not accept is given to them, for the messages.

This is no validator of JSON Schema: it knows the keywords that our schemas have, and says no to any other.

    python -m policyc.syntax.shape < docs/document.schema.json > policyc/frontends/document_shape.json
    python -m policyc.syntax.shape < docs/config.schema.json > policyc/config_shape.json
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
Check = Callable[[Schema, Any, Schema], bool]
PROSE = frozenset({"$schema", "title", "description", "default", "deprecated"})


class Shape:
    """A schema in a file, read when it is first asked."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._schema: Schema | None = None

    def fits(self, data: Any) -> bool:
        """Whether the models certainly accept the data (dict, list and scalars; its texts are Unicode, as readers see to)."""
        if self._schema is None:
            import json

            self._schema = json.loads(self.file.read_text(encoding="utf-8"))
        assert self._schema is not None
        return _accepts(self._schema, data, self._schema)


def bare(schema: Schema) -> Schema:
    """A schema without its prose: what the file of a Shape holds."""

    def strip(part: Any, named: bool = False) -> Any:
        """`named`: the keys are names of properties or definitions, not keywords."""
        if isinstance(part, list):
            return [strip(item) for item in part]
        if not isinstance(part, dict):
            return part
        kept = {key: value for key, value in part.items() if named or key not in PROSE}
        return {key: strip(value, not named and key in ("properties", "$defs")) for key, value in kept.items()}

    out: Schema = strip(schema)
    return out


def _accepts(schema: Schema, value: Any, root: Schema) -> bool:
    # Here and below loops, not `all` and `any` with a generator: half the frames in data nested to the readers' bound.
    for keyword in schema:  # noqa: SIM110
        if not CHECKS.get(keyword, _unknown)(schema, value, root):
            return False
    return True


def _unknown(schema: Schema, value: Any, root: Schema) -> bool:
    """A keyword that is not checked here: what it asks is left to the models."""
    return False


# Each check takes the schema that its keyword stands in, the value, and the whole schema. Types are Python's, as in the models' strict mode: `true` is no
# number, 60.0 is no integer.

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,), "null": (type(None),),
    "array": (list,), "object": (dict,),
}  # fmt: skip


def _type(schema: Schema, value: Any, root: Schema) -> bool:
    names = schema["type"]
    return any(type(value) in _TYPES[name] for name in ([names] if isinstance(names, str) else names))


def _reference(schema: Schema, value: Any, root: Schema) -> bool:
    return _accepts(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root)


def _alternatives(keyword: str) -> Check:
    """`anyOf`; and `oneOf`, since the alternatives of the models exclude each other."""

    def check(schema: Schema, value: Any, root: Schema) -> bool:
        for option in schema[keyword]:  # noqa: SIM110
            if _accepts(option, value, root):
                return True
        return False

    return check


def _same(value: Any, constant: Any) -> bool:
    return type(value) is type(constant) and value == constant


def _members(schema: Schema, value: Any, root: Schema) -> bool:
    """`properties` and `additionalProperties`, which is false or the schema of every other value."""
    if not isinstance(value, dict):
        return True
    known, others = schema.get("properties", {}), schema["additionalProperties"]
    for key, item in value.items():
        inner = known.get(key, others)
        if not inner or not _accepts(inner, item, root):
            return False
    return True


def _items(schema: Schema, value: Any, root: Schema) -> bool:
    if isinstance(value, list):
        for item in value:
            if not _accepts(schema["items"], item, root):
                return False
    return True


def _of_kind(keyword: str, kind: type | tuple[type, ...], holds: Callable[[Any, Any], bool]) -> Check:
    """A keyword that speaks of one kind of value and lets all others pass."""
    return lambda schema, value, root: not isinstance(value, kind) or holds(value, schema[keyword])


_NUMBER = (int, float)
CHECKS: dict[str, Check] = {
    "$defs": lambda schema, value, root: True,  # looked up by `$ref`
    "$ref": _reference,
    "type": _type,
    "enum": lambda schema, value, root: any(_same(value, known) for known in schema["enum"]),
    "const": lambda schema, value, root: _same(value, schema["const"]),
    "anyOf": _alternatives("anyOf"),
    "oneOf": _alternatives("oneOf"),
    "required": _of_kind("required", dict, lambda value, keys: all(key in value for key in keys)),
    "properties": lambda schema, value, root: "additionalProperties" in schema,  # they are checked together
    "additionalProperties": _members,
    "items": _items,
    "minItems": _of_kind("minItems", list, lambda value, least: len(value) >= least),
    "uniqueItems": _of_kind("uniqueItems", list, lambda value, _: all(v not in value[:i] for i, v in enumerate(value))),
    "minLength": _of_kind("minLength", str, lambda value, least: len(value) >= least),
    "minimum": _of_kind("minimum", _NUMBER, lambda value, bound: value >= bound),
    "exclusiveMinimum": _of_kind("exclusiveMinimum", _NUMBER, lambda value, bound: value > bound),
    "maximum": _of_kind("maximum", _NUMBER, lambda value, bound: value <= bound),
}


if __name__ == "__main__":
    import json
    import sys

    print(json.dumps(bare(json.load(sys.stdin)), separators=(",", ":")))
