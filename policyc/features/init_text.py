"""The suggestions of `policyc init` as text: the DSL, YAML or JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from policyc.catalog.canonical import escape_surrogates
from policyc.catalog.model import Catalog
from policyc.features.init import HEADINGS, Suggestion
from policyc.ir.model import Limit, Test
from policyc.ir.names import BARE_NAME, name_text, selector_text
from policyc.ir.spelling import path_text

_KEY: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*\Z")
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_NOT_PLAIN: Final = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
_ESCAPED_IN_YAML: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_COMMENT_WIDTH: Final = 160


def _intro(catalog: Catalog) -> list[str]:
    tools, servers = len(catalog.tools), len(catalog.servers)
    return [
        f"A first policy for {tools} tool{'s' * (tools != 1)} of {servers} server{'s' * (servers != 1)}, to be read and changed.",
        f"catalog {catalog.digest}",
    ]


def _comment(text: str, indent: str = "") -> str:
    """A comment line; what could end the line or reorder it is left out."""
    safe = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else c for c in text)
    return f"{indent}# {safe if len(safe) <= _COMMENT_WIDTH else safe[:_COMMENT_WIDTH] + '…'}".rstrip()


# --- the DSL -------------------------------------------------------------------------------------------------------


def dsl(suggestions: Sequence[Suggestion], catalog: Catalog, name: str) -> str:
    """A policy in the DSL, with the evidence above each rule."""
    lines = [*map(_comment, _intro(catalog)), f"policy {_string(name)}", "default deny"]
    category = None
    for suggestion in suggestions:
        if suggestion.category != category:
            category = suggestion.category
            lines += ["", _comment(f"--- {HEADINGS[category]}")]
        lines += ["", *map(_comment, suggestion.comments), *_dsl_rule(suggestion)]
    return escape_surrogates("\n".join(lines)) + "\n"


def _dsl_rule(suggestion: Suggestion) -> list[str]:
    selector = selector_text(suggestion.selector)
    if suggestion.action != "block":
        return [f"{suggestion.action} {selector}" + _reason(suggestion.reason)]
    body = [f"require {_test(test)}{_reason(reason)}" for test, reason in suggestion.require]
    if suggestion.approve:
        body.append("approve")
    elif suggestion.approve_when is not None:
        body.append(f"approve when {_test(suggestion.approve_when)}")
    body += [f"limit {_limit(limit)}" for limit in suggestion.limits]
    return [f"on {selector} {{", *(f"  {line}" for line in body), "}"]


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _reason(reason: str | None) -> str:
    return "" if reason is None else f" {_string(reason)}"


def _test(test: Test) -> str:
    if isinstance(test.value, tuple):
        value = "[" + ", ".join(_string(str(v)) for v in test.value) + "]"
    else:
        value = str(test.value)
    return f"{path_text(test.path)} {test.op} {value}"


def _limit(limit: Limit) -> str:
    amount = f"{limit.maximum:_}"
    quota = amount if limit.amount is None else f"sum {path_text(limit.amount)} <= {amount}"
    return f"{quota} per {limit.window} by {', '.join(limit.scope)} as {name_text(limit.counter)}"


# --- documents -----------------------------------------------------------------------------------------------------


def _key(suggestion: Suggestion) -> str:
    """The selector as a key of a document: a plain name as it stands, anything else in the DSL's syntax."""
    selector = suggestion.selector
    if selector.server is None and BARE_NAME.match(selector.name):
        return selector.name
    return escape_surrogates(selector_text(selector)) if selector.server is None else selector_text(selector)


def _entry(suggestion: Suggestion) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if suggestion.action == "deny":
        entry["deny"] = True if suggestion.reason is None else {"reason": suggestion.reason}
    if suggestion.require:
        entry["require"] = [
            _condition(test) | ({"on_deny": reason} if reason is not None else {})
            for test, reason in suggestion.require
        ]
    if suggestion.approve:
        entry["approve"] = True
    elif suggestion.approve_when is not None:
        entry["approve_if"] = [_condition(suggestion.approve_when)]
    if suggestion.limits:
        entry["limits"] = [_limit_entry(limit) for limit in suggestion.limits]
    return entry


_OPS: Final = {"in": "in", ">=": "gte"}


def _condition(test: Test) -> dict[str, Any]:
    value = list(test.value) if isinstance(test.value, tuple) else test.value
    return {"path": path_text(test.path), "op": _OPS[test.op], "value": value}


def _limit_entry(limit: Limit) -> dict[str, Any]:
    out: dict[str, Any] = {"counter": limit.counter}
    if limit.amount is not None:
        out["sum"] = path_text(limit.amount)
    scope = limit.scope[0] if len(limit.scope) == 1 else list(limit.scope)
    return out | {"window": limit.window, "max": limit.maximum, "scope": scope}


def json_text(suggestions: Sequence[Suggestion], name: str) -> str:
    """A policy document in JSON. JSON has no comments; the catalog has the evidence."""
    document: dict[str, Any] = {"version": "1", "name": name, "default": "deny"}
    hidden = [_key(s) for s in suggestions if s.action == "hide"]
    if hidden:
        document["hide"] = hidden
    document["tools"] = {_key(s): _entry(s) for s in suggestions if s.action != "hide"}
    return escape_surrogates(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def yaml(suggestions: Sequence[Suggestion], catalog: Catalog, name: str) -> str:
    """A policy document in YAML, with the evidence above each entry."""
    lines = [*map(_comment, _intro(catalog)), 'version: "1"', f"name: {_scalar(name)}", "default: deny"]
    hidden = [s for s in suggestions if s.action == "hide"]
    if hidden:
        lines += ["", "hide:"]
        for suggestion in hidden:
            lines += [*(_comment(c, "  ") for c in suggestion.comments), f"  - {_scalar(_key(suggestion))}"]
    listed = [s for s in suggestions if s.action != "hide"]
    lines += ["", "tools:" if listed else "tools: {}"]
    category = None
    for suggestion in listed:
        if suggestion.category != category:
            category = suggestion.category
            lines += [_comment(f"--- {HEADINGS[category]}", "  ")]
        lines += [*(_comment(c, "  ") for c in suggestion.comments)]
        entry = _entry(suggestion)
        lines.append(f"  {_scalar(_key(suggestion))}:" + ("" if entry else " {}"))
        lines += [f"    {key}: {_flow(value)}" if not isinstance(value, list) else _block(key, value) for key, value in entry.items()]  # fmt: skip
    return "\n".join(lines) + "\n"


def _block(key: str, items: list[Any]) -> str:
    return "\n".join([f"    {key}:", *(f"      - {_flow(item)}" for item in items)])


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A YAML scalar: plain where nothing could read it as something else, double-quoted otherwise."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.match(value) and value.lower() not in _NOT_PLAIN:
        return value
    return _ESCAPED_IN_YAML.sub(lambda m: f"\\u{ord(m[0]):04x}", json.dumps(value, ensure_ascii=False))
