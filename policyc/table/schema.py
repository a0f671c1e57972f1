"""The JSON Schema of every line of a decision table: `policyc schema table`. The meaning is in docs/table-format.md."""

from __future__ import annotations

from typing import Any

from policyc.table.model import CAPABILITIES, FORMAT, VERSION

_COUNT = {"type": "integer", "minimum": 0}
_NUMBER_OF = {"type": "integer", "minimum": 0}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_REF = {"type": "integer"}
_CHILD = {"type": ["integer", "null"]}
_TRUTH = {"enum": [0, 1, 2]}
_STEP = {"type": ["string", "integer"], "minimum": 0}


def _tuple(*items: Any) -> dict[str, Any]:
    return {"type": "array", "prefixItems": list(items), "items": False, "minItems": len(items)}


def _object(required: dict[str, Any], *, more: bool = False) -> dict[str, Any]:
    return {"type": "object", "properties": required, "required": list(required), "additionalProperties": more}


def json_schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) with a definition for each kind of line: `first`, `header`, `index`, `paths`, `test`, `rule`, `body`, `files`,
    `place`. The schema itself holds for any line."""
    kinds = ("first", "header", "index", "paths", "test", "rule", "body", "files", "place")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a policyc decision table, format 1",
        "anyOf": [{"$ref": f"#/$defs/{kind}"} for kind in kinds],
        "$defs": {**_lines(), **_parts()},
    }


def _lines() -> dict[str, Any]:
    entry = _object(
        {
            "name": {"type": "string"},
            "default": {"enum": ["allow", "deny"]},
            "rules": _tuple(_COUNT, _COUNT),
            "call": {"type": "object", "additionalProperties": _NUMBER_OF},
            "call_other": _NUMBER_OF,
            "list": {"type": "object", "additionalProperties": _NUMBER_OF},
            "list_other": _NUMBER_OF,
        }
    )
    return {
        "first": _object({"format": {"const": FORMAT}, "version": {"const": VERSION}, "sha256": _DIGEST}),
        "header": _object(
            {
                "policyc": {"type": "string"},
                "revision": _COUNT,
                "policies": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
                "capabilities": {"type": "array", "items": {"enum": sorted(CAPABILITIES)}, "uniqueItems": True},
                "catalog": _TEXT_OR_NULL,
                "sources": {"type": "array", "items": _object({"path": {"type": "string"}, "sha256": _DIGEST})},
                "logic": _DIGEST,
                "tests": _COUNT,
                "rules": _COUNT,
                "bodies": _COUNT,
            }
        ),
        "index": _object({"policies": {"type": "array", "items": entry}}),
        "paths": {"type": "array", "items": {"$ref": "#/$defs/path"}},
        "test": _tuple(
            {
                "enum": [
                    "exists", "is", "prints", "lookup", "<", "<=", ">", ">=", "==", "!=", "in", "not in", "starts_with",
                    "ends_with", "contains", "like", "matches",
                ]
            },
            True, _TRUTH, _TRUTH, {"type": "boolean"}, {"enum": [None, "every", "some"]},
            {"type": "array", "items": {"type": ["string", "integer", "null"]}},
        ),
        "rule": _tuple(
            {"type": "string"}, {"enum": ["hide", "deny", "require", "allow", "approve", "limit"]},
            _TEXT_OR_NULL, _TEXT_OR_NULL, _TEXT_OR_NULL, {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/limit"}]},
        ),
        "body": {"anyOf": [{"$ref": "#/$defs/diagram"}, {"$ref": "#/$defs/rules"}]},
        "files": _object({"files": {"type": "array", "items": {"type": "string"}}}),
        "place": {"anyOf": [{"type": "null"}, _tuple(_NUMBER_OF, *[{"type": "integer", "minimum": 1}] * 4)]},
    }  # fmt: skip


def _parts() -> dict[str, Any]:
    guard = {"$ref": "#/$defs/guard"}
    node = {"anyOf": [{"$ref": f"#/$defs/node-{form}"} for form in "kbnst"]}
    leaf = _tuple(
        {"enum": ["allow", "deny", "approve"]},
        {"type": "integer", "minimum": -1},
        {"type": "array", "items": _NUMBER_OF},
    )
    group = {"type": "array", "items": _tuple(_NUMBER_OF, guard)}
    return {
        "path": {
            "anyOf": [
                {"type": "array", "prefixItems": [{"enum": ["args", "context"]}], "items": _STEP, "minItems": 1},
                _tuple({"const": "call"}, {"enum": ["server", "tool"]}),
            ]
        },
        "limit": _object(
            {
                "counter": {"type": "string"},
                "max": {"type": "number"},
                "window": {
                    "anyOf": [
                        {"enum": ["second", "minute", "hour", "day", "week", "month"]},
                        {"type": "integer", "minimum": 1},
                    ]
                },
                "sliding": {"type": "boolean"},
                "scope": {"type": "array", "items": {"enum": ["grant", "session", "agent", "user", "server", "global"]}},
                "sum": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/path"}]},
                "optional": {"type": "boolean"},
                "whole": {"type": "boolean"},
                "step": {"type": "integer", "minimum": 0},
            }
        ),
        "diagram": {
            "type": "array",
            "prefixItems": [{"type": "array", "items": leaf}, _REF],
            "items": node,
            "minItems": 2,
        },
        "node-k": _tuple({"const": "k"}, _NUMBER_OF, *[_CHILD] * 8),
        "node-b": _tuple({"const": "b"}, _NUMBER_OF, *[_CHILD] * 3),
        "node-n": _tuple(
            {"const": "n"}, _NUMBER_OF, {"type": "array", "items": {"type": "number"}},
            {"type": "array", "items": _CHILD, "minItems": 1}, _CHILD,
        ),
        "node-s": _tuple(
            {"const": "s"}, _NUMBER_OF, {"type": "array", "items": _tuple({"type": "string"}, _CHILD)}, _CHILD, _CHILD
        ),
        "node-t": _tuple({"const": "t"}, _NUMBER_OF, _NUMBER_OF, *[_CHILD] * 3),
        "rules": _object(
            {
                "default": {"enum": ["allow", "deny"]},
                "rules": {"type": "array", "items": group, "minItems": 4, "maxItems": 4},
            }
        ),
        "guard": {
            "anyOf": [
                {"type": "boolean"},
                _tuple({"const": "?"}, _NUMBER_OF, _NUMBER_OF, {"type": "integer", "minimum": 1, "maximum": 6}),
                {"type": "array", "prefixItems": [{"enum": ["&", "|"]}], "items": guard, "minItems": 3},
            ]
        },
    }  # fmt: skip
