"""Keywords that combine schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyc.diagram.schema.bounds import ALWAYS, UNKNOWN, Bounds, both, either, one_of, opposite
from policyc.diagram.schema.place import Place, is_schema, schemas
from policyc.diagram.schema.values import Translate

if TYPE_CHECKING:
    from policyc.diagram.schema.translator import Translator


def _reference(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    return t.reference(schema["$ref"], place)


def _combined(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    parts = []
    for key, join in (("allOf", both), ("anyOf", either), ("oneOf", one_of)):
        if key in schema:
            branches = schema[key]
            parts.append(join([t.bounds(s, place) for s in branches]) if schemas(branches) else UNKNOWN)
    if "not" in schema:
        parts.append(opposite(t.bounds(schema["not"], place)) if is_schema(schema["not"]) else UNKNOWN)
    return both(parts)


def _conditional(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    if "if" not in schema:
        return ALWAYS
    asked = t.bounds(schema["if"], place)
    then, otherwise = (t.bounds(schema.get(key, True), place) for key in ("then", "else"))
    return both((either((opposite(asked), then)), either((asked, otherwise))))


GROUPS: tuple[tuple[frozenset[str], Translate], ...] = (
    (frozenset(("$ref",)), _reference),
    (frozenset(("allOf", "anyOf", "oneOf", "not")), _combined),
    (frozenset(("if", "then", "else")), _conditional),
)
