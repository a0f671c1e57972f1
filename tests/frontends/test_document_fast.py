"""The quick check of a document's shape and the models are of one mind; so a right document is read without pydantic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from policyc.diagnostics import Findings
from policyc.frontends import document
from policyc.frontends.document_model import Document, json_schema
from policyc.frontends.load import read_policies
from policyc.source import Source
from policyc.syntax.shape import CHECKS, bare

fits = document.SHAPE.fits
SHAPE = bare(json_schema())
DEEPEST = 5
# No lone surrogates: the models refuse them, the quick check does not look, and no reader lets one into a tree.
JUNK: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 0.5, 1e13, 10**12, 10**12 + 1, 10**400, float("nan"), float("inf"), 3162240001, 60,
    60.0, "", "1", "x", "deny", "allow", "grant", "minute", "true", [], [[]], [None], ["grant", "grant"],
    ["grant", "user"], ["x", 1, True], {}, {"x": 1}, {"all": []}, {"always": True}, {"always": 1},
    {"path": "args.x", "op": "eq", "value": [None]}, {"path": "args.x", "op": "eq", "value": 1},
)  # fmt: skip


def accepted(document: Any) -> bool:
    """What the models say."""
    try:
        Document.model_validate(document)
    except ValidationError:
        return False
    return True


def drawn(schema: dict[str, Any], rng: Random, depth: int = 0) -> Any:
    """A value that the schema accepts, small where it is deep."""
    if "$ref" in schema:
        return drawn(SHAPE["$defs"][schema["$ref"].rpartition("/")[2]], rng, depth)
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            options = schema[keyword]
            return drawn(options[0] if depth > DEEPEST else rng.choice(options), rng, depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema["type"] if isinstance(schema["type"], str) else rng.choice(schema["type"])
    if kind == "object":
        return _object(schema, rng, depth)
    if kind == "array":
        count = rng.randint(schema.get("minItems", 0), 1 if depth > DEEPEST else 2)
        items = [drawn(schema["items"], rng, depth + 1) for _ in range(count)]
        return items[:1] if schema.get("uniqueItems") else items
    simple = {
        "null": None,
        "boolean": rng.random() < 0.5,
        "integer": rng.randint(1, 10**7),
        "string": rng.choice("ax1é"),
    }
    return simple[kind] if kind in simple else rng.choice((1, 7, 0.5, 10**12, 2.5e11))


def _object(schema: dict[str, Any], rng: Random, depth: int) -> dict[str, Any]:
    known, required = schema.get("properties", {}), schema.get("required", ())
    if not known:
        names = rng.sample(("pay", "odd name", "*"), rng.randint(0, 2))
        return {name: drawn(schema["additionalProperties"], rng, depth + 1) for name in names}
    wanted = (0.5, 0.5, 0.35, 0.3, 0.25, 0.15)[depth] if depth <= DEEPEST else 0
    keys = [key for key in known if key in required or rng.random() < wanted]
    rng.shuffle(keys)
    return {key: drawn(known[key], rng, depth + 1) for key in keys}


def holders(value: Any) -> Iterator[dict[Any, Any] | list[Any]]:
    """Every mapping and list inside a value."""
    if isinstance(value, (dict, list)):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from holders(item)


def spoil(document: Any, rng: Random) -> None:
    """Change one thing somewhere: a value, a key, a length."""
    everything = list(holders(document))
    holder = rng.choice(everything)
    junk = json.loads(json.dumps(rng.choice((*JUNK, rng.choice(everything)))))
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    how = rng.choice(("replace", "replace", "remove", "add", "twice"))
    if how == "add" or not keys:
        if isinstance(holder, dict):
            names = [k for part in SHAPE["$defs"].values() for k in part["properties"]] + ["colour", "$schema", ""]
            holder[rng.choice(names)] = junk
        else:
            holder.append(junk)
    elif how == "remove":
        del holder[rng.choice(keys)]
    elif how == "twice" and isinstance(holder, list):
        holder.append(holder[0])
    else:
        holder[rng.choice(keys)] = junk


def holds_odd_list(document: Any) -> bool:
    """Whether a condition's `value` is a list of more than texts, numbers and booleans.

    The models leave that to the reading of conditions, which says it at the item; the schema, and so the quick check, says
    no. Either way the document is refused.
    """
    return any(
        isinstance(holder, dict)
        and isinstance(holder.get("value"), list)
        and not all(isinstance(v, (str, int, float)) for v in holder["value"])
        for holder in holders(document)
    )


def agree(document: Any) -> None:
    quick, models = fits(document), accepted(document)
    assert quick <= models, "the quick check accepts what the models refuse"
    assert quick == models or holds_odd_list(document), "the quick check refuses what the models accept"


@given(st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None)
def test_the_quick_check_and_the_models_agree(rng: Random) -> None:
    document = drawn(SHAPE, rng)
    agree(document)
    for _ in range(3):
        spoil(document, rng)
        agree(document)


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_they_agree_on_odd_values_everywhere(junk: Any) -> None:
    """One value in the place of each key of each kind of mapping."""
    rng = Random(1)
    agree(junk)
    places = {"tools": "ToolEntry", "rules": "RuleEntry", "servers": "ServerEntry"}
    for place, name in places.items():
        for key in SHAPE["$defs"][name]["properties"]:
            entry = {**_object(SHAPE["$defs"][name], rng, DEEPEST + 1), key: junk}
            agree({"version": "1", "default": "deny", place: [entry] if place == "rules" else {"x": entry}})
    for name in SHAPE["$defs"]:
        for key in SHAPE["$defs"][name]["properties"]:
            entry = {**_object(SHAPE["$defs"][name], rng, DEEPEST + 1), key: junk}
            for owner in ("limits", "require", "approve_if", "allow_if"):
                agree({"version": "1", "default": "deny", "tools": {"x": {owner: [entry]}}})


def test_the_schemas_that_are_drawn_from_are_mostly_accepted() -> None:
    """The comparison above is of both kinds of documents, not of refused ones only."""
    rng = Random(2)
    right = [drawn(SHAPE, rng) for _ in range(200)]
    assert all(fits(document) for document in right)
    assert sum(len(json.dumps(document)) > 500 for document in right) > 50


def test_the_checked_in_shape_is_current() -> None:
    """The docstring of policyc.syntax.shape says how to renew it."""
    assert document.SHAPE.file.read_text(encoding="utf-8") == json.dumps(SHAPE, separators=(",", ":")) + "\n"


def test_every_keyword_of_the_schema_is_checked() -> None:
    """One that is not would send every document to the models."""

    def keywords(schema: Any, names: bool = False) -> Iterator[str]:
        if isinstance(schema, list):
            for item in schema:
                yield from keywords(item)
        elif isinstance(schema, dict):
            for key, value in schema.items():
                if not names:
                    yield key
                yield from keywords(value, not names and key in ("properties", "$defs"))

    assert set(keywords(SHAPE)) <= set(CHECKS)


@pytest.mark.parametrize("depth", [1, 24, 48])
def test_a_document_as_deep_as_the_readers_allow(depth: int) -> None:
    condition: Any = {"always": True}
    for _ in range(depth):
        condition = {"not": {"all": [condition]}}
    agree({"version": "1", "default": "deny", "tools": {"x": {"require": [condition]}}})


def test_only_a_wrong_document_asks_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("policyc.frontends.document_errors.validate", lambda tree, findings: asked.append("models"))
    for text in ('{"version": "1", "default": "deny"}', '{"version": "1"}'):
        read_policies(Source("p.json", text), Findings())
        asked.append(text)
    assert asked == ['{"version": "1", "default": "deny"}', "models", '{"version": "1"}']
