"""Keywords about objects. Only keys that are looked at can be spoken of; what is said of others is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyc.diagram.formula import Probe
from policyc.diagram.schema.bounds import (
    ALWAYS,
    NEVER,
    UNKNOWN,
    Bounds,
    at_least,
    at_most,
    both,
    either,
    opposite,
)
from policyc.diagram.schema.ecma import to_re2
from policyc.diagram.schema.place import Place, is_schema, natural, trivial
from policyc.diagram.schema.values import Translate, sizes
from policyc.runtime.patterns import regex_search

if TYPE_CHECKING:
    from policyc.diagram.schema.translator import Translator


def _properties(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    if not isinstance(named, dict) or not isinstance(patterns, dict):
        return UNKNOWN
    others = schema.get("additionalProperties", True)
    looked_at = dict(place.named())
    parts = []
    for key, child in looked_at.items():
        told = both(_of_key(t, key, child, named, patterns, others))
        parts.append(told if told == ALWAYS else either((opposite(t.there(child)), told)))
    unseen = [v for k, v in named.items() if k not in looked_at] + [others, *patterns.values()]
    if not place.look.whole and not all(map(trivial, unseen)):
        parts.append(t.only("object", place, UNKNOWN))
    return both(parts)


def _of_key(
    t: Translator, key: str, child: Place, named: dict[str, Any], patterns: dict[str, Any], others: Any
) -> list[Bounds]:
    """What is said of the value of one key."""
    told = [t.bounds(named[key], child)] if key in named else []
    declared, open_question = key in named, False
    for pattern, schema in patterns.items():
        translated = to_re2(pattern)
        if translated is None:
            open_question = True
        elif regex_search(translated)(key):
            declared = True
            told.append(t.bounds(schema, child))
    if open_question:
        told.append(UNKNOWN)
    elif not declared:
        told.append(t.bounds(others, child))
    return told


def _required(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    names = schema["required"]
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        return UNKNOWN
    looked_at = dict(place.named())
    parts = [t.there(looked_at[n]) if n in looked_at else _unseen(place) for n in names]
    unseen = len(set(names) - looked_at.keys())
    if unseen and place.look.sized and not place.look.whole:
        present = [t.there(child) for child in looked_at.values()]
        for n in range(len(present) + 1):  # those that are required come on top of those that are looked at
            filled = t.atom(place, Probe(">=", n + unseen, 0, 0, True))
            parts.append(Bounds(either((filled, at_most(n - 1, present))).may, True))
    return t.only("object", place, both(parts))


def _unseen(place: Place) -> Bounds:
    """Whether a key that is not looked at is there."""
    return NEVER if place.look.whole else UNKNOWN


def _dependent(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    """`dependentRequired`, `dependentSchemas`, and `dependencies`, which was both."""
    looked_at = dict(place.named())
    parts = []
    for keyword in ("dependentRequired", "dependentSchemas", "dependencies"):
        rules = schema.get(keyword, {})
        if not isinstance(rules, dict) or (keyword in schema and (keyword == "dependencies") != t.old):
            parts.append(t.only("object", place, UNKNOWN))
            continue
        for key, wanted in rules.items():
            asked = t.there(looked_at[key]) if key in looked_at else _unseen(place)
            demand = {"required": wanted} if isinstance(wanted, list) else wanted
            then = t.bounds(demand, place) if is_schema(demand) else UNKNOWN
            parts.append(then if then == ALWAYS else either((opposite(asked), then)))
    return both(parts)


def _count(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    """How many keys there are: by the length where that is looked at, and by those keys that are."""
    parts = [sizes(t, schema, place, "minProperties", "maxProperties", place.look.sized)]
    present = [t.there(child) for _, child in place.named()]
    most, least = natural(schema.get("maxProperties")), natural(schema.get("minProperties"))
    if most is not None and most < len(present):
        parts.append(Bounds(at_most(most, present).may, True))
    known = _closed(schema)
    if known is not None:
        unseen = len(known - place.look.keys.keys())
        among = [t.there(child) for key, child in place.named() if key in known]
        if least is not None:
            parts.append(Bounds(at_least(least - unseen, among).may, True))
        if place.look.sized and not place.look.whole:
            for n in range(len(among) + 1):  # no more keys than those of the known that there can be
                room = t.atom(place, Probe("<=", n + unseen, 0, 0, True))
                parts.append(Bounds(either((room, at_least(n + 1, among))).may, True))
    return t.only("object", place, both(parts))


def _closed(schema: dict[str, Any]) -> set[str] | None:
    """The only keys that there can be; None where there are no such."""
    named = schema.get("properties", {})
    closed = schema.get("additionalProperties") is False and not schema.get("patternProperties")
    return set(named) if closed and isinstance(named, dict) else None


def _names(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    from policyc.diagram.schema.translator import allows

    parts = [] if place.look.whole else [t.only("object", place, UNKNOWN)]
    for key, child in place.named():
        said = allows(schema["propertyNames"], t.root, key)
        parts.append(either((opposite(t.there(child)), said)))
    return both(parts)


GROUPS: tuple[tuple[frozenset[str], Translate], ...] = (
    (frozenset(("properties", "patternProperties", "additionalProperties")), _properties),
    (frozenset(("required",)), _required),
    (frozenset(("dependentRequired", "dependentSchemas", "dependencies")), _dependent),
    (frozenset(("minProperties", "maxProperties", "additionalProperties")), _count),
    (frozenset(("propertyNames",)), _names),
)
