"""Multi-operation tools: an argument such as `action: list | create | delete` that says what the tool does."""

from __future__ import annotations

import re
from typing import Any, Final

from policyc.catalog.lexicon import table, word_set
from policyc.catalog.model import OperationRisk
from policyc.catalog.schema import Argument
from policyc.catalog.verdict import Verdict, from_verbs, verbs_of, weigh_objects
from policyc.catalog.words import says, split_name

_TELLING: Final = word_set(
    "operation action op verb subcommand operation_type action_type operation_name action_name operations actions"
)
_PERHAPS: Final = word_set("method http_method command mode task request_type request_method type")
_LISTED: Final = re.compile(
    r"(?<![\w-])[`'\"]?[A-Za-z][\w-]*[`'\"]?(?:(?:\s*[,|/]\s*(?:or\s+|and\s+)?|\s+or\s+)[`'\"]?[A-Za-z][\w-]*[`'\"]?)+"
)
_COMPOUND: Final = re.compile(r"(?<![\w-])[A-Za-z]+(?:[-_][A-Za-z0-9]+)+")


def operations(words: tuple[str, ...], arguments: dict[str, Argument], reads: bool) -> tuple[OperationRisk, ...]:
    """The risk of each value of the argument that chooses the operation; empty when the tool has no such argument.

    `words`: the tool's own words, which every operation shares. `reads`: name and description both say that the tool
    only reads, so an argument that says it filters is taken for a filter.
    """
    for name, argument in arguments.items():
        values, source = _values(name, argument, reads)
        if not values or (reads and says("filter", argument.description.lower()) is not None):
            continue
        return tuple(_risk(words, name, value, source) for value in values)
    return ()


def _values(name: str, argument: Argument, reads: bool) -> tuple[list[str], str]:
    """The values that choose an operation and where they were read; empty when this argument is not about that."""
    key = "_".join(split_name(name))
    if key not in _TELLING and key not in _PERHAPS:
        return [], ""
    choices = argument.enum if argument.enum is not None else _item_enum(argument)
    if choices is not None:
        values = [v for v in choices if isinstance(v, str)]
        telling = [v for v in values if _is_operation(v)]
        if len(values) < 2 or not telling or ((reads or key in _PERHAPS) and len(telling) * 2 <= len(values)):
            return [], ""
        return values, "enum"
    if key in _TELLING and (not argument.types or argument.types & {"string", "array"}):
        described = _described(argument.description)
        if len(described) > 1:
            return described, "description"
    return [], ""


def _item_enum(argument: Argument) -> tuple[Any, ...] | None:
    items = argument.items
    values = items.get("enum") if isinstance(items, dict) else None
    return tuple(values) if isinstance(values, list) else None


def _is_operation(value: str) -> bool:
    if value.lower() in table("http") and value.isupper():
        return True
    return any(not v.row.weak or v.place.startswith("begins") for v in verbs_of(split_name(value)))


def _described(text: str) -> list[str]:
    """The operations that an argument's description lists: `create-job, delete-job`, or `one of: get, list`."""
    found: dict[str, None] = {}
    for match in _LISTED.finditer(text[:20_000]):
        items = [item.strip("`'\"") for item in re.split(r"\s*[,|/]\s*(?:or\s+|and\s+)?|\s+or\s+", match[0])]
        if sum(map(_is_operation, items)) * 2 >= len(items):
            found.update(dict.fromkeys(i for i in items if _is_operation(i)))
    for match in _COMPOUND.finditer(text[:20_000]):
        if _is_operation(match[0]) and says("read-only", match[0].lower()) is None:
            found.setdefault(match[0])
    return list(found)


def _risk(words: tuple[str, ...], argument: str, value: str, source: str) -> OperationRisk:
    http = (
        table("http").get(value.lower()) if value.isupper() or argument.lower() in ("method", "http_method") else None
    )
    own = split_name(value)
    subject = f"`{argument}` value {value}"
    if http is not None and len(own) == 1:
        kind = {"low": "read", "medium": "write", "high": "destructive"}[http.severity]
        verdict = Verdict(kind, http.severity, http.undo, "high", [f"{subject} is an HTTP method: {kind}"])  # type: ignore[arg-type]
    else:
        verdict = from_verbs(own, subject) or Verdict(
            "write", "low", None, "low", [f"{subject} says nothing known: write"]
        )
        weigh_objects(verdict, (*own, *words))
    if source == "description":
        verdict.evidence.append(f"`{value}` is named in the description of `{argument}` only")
    return OperationRisk(
        argument, value, verdict.category, verdict.severity, verdict.reversible, tuple(verdict.evidence)
    )
