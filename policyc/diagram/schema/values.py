"""Keywords about a value as a whole: its type, the values listed, numbers and strings."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any

from policyc.diagram.cell import is_number
from policyc.diagram.cells import partition
from policyc.diagram.errors import TooLarge
from policyc.diagram.formula import Probe
from policyc.diagram.schema.bounds import ALWAYS, UNKNOWN, Bounds, both, either
from policyc.diagram.schema.ecma import to_re2
from policyc.diagram.schema.place import Place, natural
from policyc.runtime.values import KIND_NAMES, kind

if TYPE_CHECKING:
    from policyc.diagram.schema.translator import Translator

Translate = Callable[["Translator", dict[str, Any], Place], Bounds]
_KINDS = ("string", "number", "boolean", "array", "object", "null")
_OPEN = frozenset(("format", "contentEncoding", "contentMediaType", "contentSchema"))


def _type(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    written = schema["type"]
    return either(_one_type(t, name, place) for name in (written if isinstance(written, list) else [written]))


def _one_type(t: Translator, name: Any, place: Place) -> Bounds:
    if name == "integer":
        return both((t.kind("number", place), t.atom(place, Probe("is", "integer"))))
    return t.kind(name, place) if name in _KINDS else UNKNOWN


def _listed(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    parts = []
    if "const" in schema:
        parts.append(one_of_these(t, [schema["const"]], place))
    if "enum" in schema:
        listed = schema["enum"]
        parts.append(one_of_these(t, listed, place) if isinstance(listed, list) else UNKNOWN)
    return both(parts)


def one_of_these(t: Translator, listed: list[Any], place: Place) -> Bounds:
    """The value is one of those listed."""
    scalars = tuple(v for v in listed if isinstance(v, (bool, str)) or (is_number(v) and isfinite(v)))
    options = []
    if scalars:
        kinds = {KIND_NAMES[kind(v)] for v in scalars}
        named = t.atom(place, Probe("in", scalars, 0, 0))
        options.append(named if place.look.asked else both((either(t.kind(k, place) for k in sorted(kinds)), named)))
    for value in listed:
        if value is None:
            options.append(t.kind("null", place))
        elif isinstance(value, dict):
            inside = {k: {"const": v} for k, v in value.items()}
            closed = {"type": "object", "properties": inside, "required": list(value), "additionalProperties": False}
            options.append(t.bounds(closed, place))
        elif isinstance(value, list):
            sized = {"type": "array", "minItems": len(value), "maxItems": len(value)}
            spelled = {"items" if t.old else "prefixItems": [{"const": v} for v in value]} if value else {}
            options.append(t.bounds({**sized, **spelled}, place))
    return either(options)


def _bounds_of_numbers(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    parts = []
    for inclusive, exclusive, op in (("minimum", "exclusiveMinimum", ">"), ("maximum", "exclusiveMaximum", "<")):
        strict = schema.get(exclusive)
        if isinstance(strict, bool):  # draft 4
            parts.append(_bound(t, place, schema.get(inclusive), op if strict else op + "="))
        else:
            parts.append(_bound(t, place, strict, op))
            parts.append(_bound(t, place, schema.get(inclusive), op + "="))
    return t.only("number", place, both(parts))


def _bound(t: Translator, place: Place, value: Any, op: str) -> Bounds:
    if value is None:
        return ALWAYS
    return t.atom(place, Probe(op, value, 0, 0)) if is_number(value) and isfinite(value) else UNKNOWN


def _multiple(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    """A divisor such as 0.01 is not the double that stands for it, and validators divide doubles: they do not agree on 0.07. So only a
    divisor that a double writes exactly says something."""
    from fractions import Fraction  # rarely needed

    divisor = schema["multipleOf"]
    usable = is_number(divisor) and isfinite(divisor) and divisor > 0
    plain = usable and Fraction(divisor) == Fraction(repr(divisor))
    return t.only("number", place, t.atom(place, Probe("multiple", divisor, 0, 0)) if plain else UNKNOWN)


def _texts(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    parts = [sizes(t, schema, place, "minLength", "maxLength", place.look.asked)]
    if "pattern" in schema:
        written = schema["pattern"]
        pattern = to_re2(written) if isinstance(written, str) else None
        usable = pattern is not None and decided(Probe("matches", pattern, 0, 0))
        parts.append(t.atom(place, Probe("matches", pattern, 0, 0)) if usable else UNKNOWN)
    if not _OPEN.isdisjoint(schema):
        parts.append(UNKNOWN)
    return t.only("string", place, both(parts))


def decided(probe: Probe) -> bool:
    """Whether the probe can be told apart within the budget: a schema must not leave open what the policy alone does not."""
    try:
        return partition((probe,)).undecided is None
    except TooLarge:
        return False


def sizes(t: Translator, schema: dict[str, Any], place: Place, least: str, most: str, known: bool) -> Bounds:
    """Two keywords that bound a length. `known`: whether the length may be asked for."""
    parts = []
    for key, op in ((least, ">="), (most, "<=")):
        if key in schema:
            number = natural(schema[key])
            if number is None:
                parts.append(UNKNOWN)
            elif op == "<=" or number:
                parts.append(t.atom(place, Probe(op, number, 0, 0, True), container=known))
    return both(parts)


GROUPS: tuple[tuple[frozenset[str], Translate], ...] = (
    (frozenset(("type",)), _type),
    (frozenset(("const", "enum")), _listed),
    (frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")), _bounds_of_numbers),
    (frozenset(("multipleOf",)), _multiple),
    (_OPEN | {"minLength", "maxLength", "pattern"}, _texts),
)
