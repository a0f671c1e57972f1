"""JSON and YAML texts of documents, short containers on one line, nothing that a reader could take for something else."""

from __future__ import annotations

import json
import re
from typing import Any

from policyc.features.write_dsl import ConvertError
from policyc.ir.spelling import quote

WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./*?-]|[: ](?=[A-Za-z0-9_./-]))*\Z")
_TAKEN = frozenset(
    ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "none", "nan", "inf"]
)  # read as something else by some YAML reader
_SURROGATE = re.compile("[\ud800-\udfff]")


def json_text(document: Any) -> str:
    """JSON, two blanks of indent; a list or mapping that fits on its line stands on it, except near the top."""
    return _json(document, 0, 0, 0) + "\n"


def _json(value: Any, depth: int, indent: int, used: int) -> str:
    flat = _flat_json(value)
    if (
        not isinstance(value, dict | list)
        or not value
        or (depth > 1 and indent + used + len(flat) <= WIDTH and not _deep(value))
    ):
        return flat
    inside = " " * (indent + 2)
    parts = []
    if isinstance(value, dict):
        for key, item in value.items():
            name = f"{quote(key)}: "
            parts.append(f"{inside}{name}{_json(item, depth + 1, indent + 2, len(name) + 1)}")
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    parts = [f"{inside}{_json(item, depth + 1, indent + 2, 1)}" for item in value]
    return "[\n" + ",\n".join(parts) + "\n" + " " * indent + "]"


def _deep(value: Any) -> bool:
    """A tool entry with something in it is read more easily on lines of its own."""
    return isinstance(value, dict) and any(isinstance(v, list) and v and isinstance(v[0], dict) for v in value.values())


def _flat_json(value: Any) -> str:
    if isinstance(value, dict):
        if not value:
            return "{}"
        return "{" + ", ".join(f"{quote(k)}: {_flat_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat_json, value)) + "]"
    if isinstance(value, str):
        return quote(value)
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        raise ConvertError("an integer with so many digits cannot be written") from None


def yaml_text(document: dict[str, Any]) -> str:
    """YAML in block style; lists of scalars stand on one line. Raises ConvertError for a lone surrogate."""
    return "\n".join(_yaml_map(document, 0)) + "\n"


def _yaml_map(value: dict[str, Any], indent: int) -> list[str]:
    lines: list[str] = []
    for key, item in value.items():
        head = f"{' ' * indent}{_yaml_scalar(key)}:"
        lines += _yaml_under(head, item, indent)
    return lines


def _yaml_under(head: str, item: Any, indent: int) -> list[str]:
    flat = _yaml_flat(item)
    if flat is not None:
        return [f"{head} {flat}"]
    if isinstance(item, dict):
        return [head, *_yaml_map(item, indent + 2)]
    lines = [head]
    for element in item:
        flat = _yaml_flat(element)
        if flat is not None:
            lines.append(f"{' ' * (indent + 2)}- {flat}")
        elif isinstance(element, dict):
            first, *rest = _yaml_map(element, indent + 4)
            lines += [f"{' ' * (indent + 2)}- {first.lstrip(' ')}", *rest]
        else:
            lines += _yaml_under(f"{' ' * (indent + 2)}-", element, indent + 2)
    return lines


def _yaml_flat(value: Any) -> str | None:
    """A value on one line; None for one that needs several."""
    if isinstance(value, dict):
        return None if value else "{}"
    if isinstance(value, list):
        many = len(value) > 8 or any(isinstance(item, str) and len(item) > 40 for item in value)
        if any(isinstance(item, dict | list) for item in value) or (many and len(str(value)) > WIDTH):
            return "[]" if not value else None
        return "[" + ", ".join(map(_yaml_scalar, value)) + "]"
    return _yaml_scalar(value)


def _yaml_scalar(value: Any) -> str:
    if not isinstance(value, str):
        return _flat_json(value)
    if _SURROGATE.search(value):
        raise ConvertError("a text with a lone surrogate cannot be written in YAML; JSON and the DSL can")
    return value if _PLAIN.match(value) and value.lower() not in _TAKEN else quote(value)
