"""The configuration file as data from outside: the pydantic model, its JSON Schema, its errors as sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policyc.diagnostics import did_you_mean

RuleLevel = Literal["error", "warning", "info", "off"]
FailLevel = Literal["error", "warning", "info"]
Levels = dict[str, RuleLevel]

EXPECTED = {
    "extend": "a path",
    "catalog": "a path or a list of paths",
    "overrides": "a path",
    "select": "a list of rules",
    "ignore": "a list of rules",
    "levels": 'a table of rule = "error", "warning", "info" or "off"',
    "fail-level": '"error", "warning" or "info"',
    "per-path": 'a table of "glob" = { rule = "error", "warning", "info" or "off" }',
    "exclude": "a list of globs",
}


class ConfigFile(BaseModel):
    """`policyc.toml`, or the table `[tool.policyc]` of `pyproject.toml`. Paths are relative to the file."""

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=lambda name: name.replace("_", "-"), title="policyc configuration"
    )

    extend: str | None = Field(None, description="A configuration file to start from; keys here replace its keys.")
    catalog: str | list[str] | None = Field(None, description="The tool catalog: one or more files.")
    overrides: str | None = Field(None, description="Corrections of the catalog's risk classes.")
    select: list[str] | None = Field(
        None, description="The only rules to run: slugs, codes, code prefixes such as PC2, or all."
    )
    ignore: list[str] | None = Field(None, description="Rules not to run, written as in `select`.")
    levels: Levels | None = Field(None, description="The level of single rules, by slug.")
    fail_level: FailLevel | None = Field(
        None, description="The lowest level that makes `policyc lint` exit with 1; `warning` when left out."
    )
    per_path: dict[str, Levels] | None = Field(
        None, description="Levels for the files that a glob matches; a later glob wins over an earlier one."
    )
    exclude: list[str] | None = Field(None, description="Globs of files that a search of folders leaves out.")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **ConfigFile.model_json_schema(by_alias=True)}
    for value in schema["properties"].values():  # TOML has no null: an absent key is the only way to leave one out
        value.pop("default", None)
        value.pop("title", None)
        options = [option for option in value.pop("anyOf", ()) if option != {"type": "null"}]
        if len(options) == 1:
            value.update(options[0])
        elif options:
            value["anyOf"] = options
    return schema


def problems(error: ValidationError, data: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each problem as the keys that lead to it and a sentence; one for each key."""
    seen: set[tuple[str, ...]] = set()
    for item in error.errors(include_url=False, include_context=False):
        keys = _keys(item["loc"], data)
        if keys in seen:
            continue
        seen.add(keys)
        dotted = ".".join(key if key.replace("-", "").replace("_", "").isalnum() else json.dumps(key) for key in keys)
        if item["type"] == "extra_forbidden":
            near = did_you_mean(keys[-1], EXPECTED)
            yield keys, f"unknown key `{dotted}`" + (f", did you mean `{near}`?" if near else "")
        elif len(keys) > 1 and keys[0] in ("levels", "per-path") and not isinstance(_at(data, keys), dict):
            yield keys, f'`{dotted}` must be "error", "warning", "info" or "off", not {_text(_at(data, keys))}'
        else:
            yield keys, f"`{dotted}` must be {EXPECTED[keys[0]]}, not {_text(_at(data, keys))}"


def _keys(loc: tuple[str | int, ...], data: Any) -> tuple[str, ...]:
    """The part of pydantic's location that is keys of the data (it adds list indexes and names of union members)."""
    keys: list[str] = []
    for step in loc:
        if keys and not (isinstance(data, dict) and step in data):
            break
        keys.append(str(step))
        data = data.get(step) if isinstance(data, dict) else None
    return tuple(keys)


def _at(data: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        data = data[key] if isinstance(data, dict) and key in data else None
    return data


def _text(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
