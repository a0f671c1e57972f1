"""The JSON Schema: current, valid, and of one mind with the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from policyc.frontends.document_model import Document, json_schema

FILE = Path(__file__).resolve().parents[2] / "docs" / "document.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def test_the_checked_in_schema_is_current() -> None:
    """To renew it: python -m policyc.frontends.document_model > docs/document.schema.json"""
    assert FILE.read_text(encoding="utf-8") == json.dumps(json_schema(), indent=2) + "\n"


def test_it_is_a_schema_and_describes_every_key() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema") and schema["title"]
    silent = [
        f"{name}.{key}"
        for name, part in [("document", schema), *schema["$defs"].items()]
        for key, value in part.get("properties", {}).items()
        if "description" not in value
    ]
    assert not silent


CONDITION = {"path": "args.x", "op": "eq", "value": 1}


@pytest.mark.parametrize(
    ("keys", "valid"),
    [
        ({}, True), ({"name": "x", "description": ""}, True), ({"$schema": "./document.schema.json"}, True),
        ({"colour": "red"}, False), ({"default": "maybe"}, False), ({"version": 1}, False), ({"name": ""}, False),
        ({"hide": ["a", {"select": "b", "reason": "r"}]}, True), ({"hide": "a"}, False), ({"hide": [{"reason": "r"}]}, False),
        ({"tools": {"t": {}}}, True), ({"tools": {"t": None}}, False), ({"tools": {"t": {"deny": True}}}, True),
        ({"tools": {"t": {"deny": False}}}, False), ({"tools": {"t": {"approve": {"by": "x"}}}}, True),
        ({"tools": {"t": {"deny": {"by": "x"}}}}, False), ({"tools": {"t": {"require": [CONDITION]}}}, True),
        ({"tools": {"t": {"require": CONDITION}}}, False), ({"tools": {"t": {"require": [{"all": [CONDITION, {"not": CONDITION}]}]}}}, True),
        ({"tools": {"t": {"require": [{**CONDITION, "by": "x"}]}}}, False), ({"tools": {"t": {"approve_if": [{**CONDITION, "by": "x"}]}}}, True),
        ({"tools": {"t": {"require": [{**CONDITION, "when": [CONDITION]}]}}}, True),
        ({"tools": {"t": {"require": [{**CONDITION, "op": "=="}]}}}, False), ({"tools": {"t": {"require": [{**CONDITION, "value": {}}]}}}, False),
        ({"tools": {"t": {"limits": [{"max": 1, "window": "day", "scope": ["user", "grant"]}]}}}, True),
        ({"tools": {"t": {"limits": [{"max": 0, "window": "day"}]}}}, False), ({"tools": {"t": {"limits": [{"max": 1, "window": "era"}]}}}, False),
        ({"tools": {"t": {"limits": [{"max": 1, "window": 90}]}}}, True), ({"tools": {"t": {"rate_limit": {"max": 1, "window": 60}}}}, True),
        ({"rules": [{"effect": "limit", "select": "*", "limit": {"max": 1, "window": "day"}}]}, True),
        ({"rules": [{"effect": "limit", "select": "*", "limit": {"max": 1, "window": "day", "id": "x"}}]}, False),
        ({"servers": {"s": {"tools": {"t": {}}, "all_tools": {}}}}, True), ({"servers": {"s": {"version": "1"}}}, False),
        ({"x-policyc-ignore": {"unknown-tool": "because it is new"}}, True), ({"x-policyc-ignore": {"unknown-tool": True}}, False),
    ],
)  # fmt: skip
def test_schema_and_models_agree(keys: dict[str, Any], valid: bool) -> None:
    document = {"version": "1", "default": "deny", **keys}
    assert VALIDATOR.is_valid(document) == valid
    try:
        Document.model_validate(document)
        accepted = True
    except ValidationError:
        accepted = False
    assert accepted == valid
