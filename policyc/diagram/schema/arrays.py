"""Keywords about arrays. What is said of every element becomes one test of the array."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Literal

from policyc.diagram.formula import Formula, Probe
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
from policyc.diagram.schema.look import Look
from policyc.diagram.schema.place import Place, is_schema, natural, schemas
from policyc.diagram.schema.values import Translate, decided, sizes

if TYPE_CHECKING:
    from policyc.diagram.schema.translator import Translator

MOST_POSITIONS: Final = 8
"""Most elements with schemas of their own; with more, none is spoken of."""


def _items(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    first, rest = _positions(t, schema)
    if rest is None or len(first) > MOST_POSITIONS:
        return t.only("array", place, UNKNOWN)
    look, parts = place.look, list[Bounds]()
    own = {i: child.look for i, child in place.numbered()}
    if look.element is not None:
        # what is said of every element from there on need not be said once more of those looked at by their index
        together = look.element
        for i in [i for i in own if i >= len(first)]:
            together = together.joined(own.pop(i))
        parts.append(_elements(t, rest, place, together, "every", len(first)))
        own.update((i, own.get(i, Look()).joined(look.element)) for i in range(len(first)))
    elif not look.whole and not all(s is True for s in (*first, rest)):
        parts.append(UNKNOWN)
    for i, seen in own.items():
        child = place.child(i, seen)
        said = t.bounds(first[i] if i < len(first) else rest, child)
        parts.append(said if said == ALWAYS else either((opposite(t.there(child)), said)))
    return t.only("array", place, both(parts))


def _positions(t: Translator, schema: dict[str, Any]) -> tuple[list[Any], Any]:
    """The schemas of the first elements, and of the rest (None: not understood)."""
    items = schema.get("items", True)
    if t.old:
        first, rest = (items, schema.get("additionalItems", True)) if isinstance(items, list) else ([], items)
    else:
        first, rest = schema.get("prefixItems", []), items
    understood = is_schema(rest) and (first == [] or schemas(first)) and not (t.old and "prefixItems" in schema)
    return (first, rest) if understood else ([], None)


def _elements(
    t: Translator, schema: Any, place: Place, look: Look | None, how: Literal["every", "some"], start: int = 0
) -> Bounds:
    """Every element from one on, or some, fits a schema, as far as elements are looked at."""
    if look is None:
        return UNKNOWN
    said = t.bounds(schema, Place("item", (), look))
    return Bounds(
        _quantified(t, place, how, said.may, start, True), _quantified(t, place, how, said.must, start, False)
    )


def _quantified(
    t: Translator, place: Place, how: Literal["every", "some"], said: Formula, start: int, otherwise: bool
) -> Formula:
    if said is (how == "every"):
        return how == "every"
    probe = Probe("fits", (said, start), 0, 0, quantifier=how)
    if not decided(probe):
        return otherwise
    return t.atom(place, probe, container=True).may


def _contains(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    if "contains" not in schema or not is_schema(schema["contains"]):
        return t.only("array", place, UNKNOWN) if "contains" in schema else ALWAYS
    least, most = natural(schema.get("minContains", 1)), natural(schema.get("maxContains"))
    if place.look.whole:
        among = [t.bounds(schema["contains"], child) for _, child in place.numbered()]
        counted = [UNKNOWN if least is None else at_least(least, among)]
        if "maxContains" in schema:
            counted.append(UNKNOWN if most is None else at_most(most, among))
        return t.only("array", place, both(counted))
    some = _elements(t, schema["contains"], place, place.look.element, "some")
    parts = []
    if least is None or least > 1:
        parts.append(Bounds(some.may, False))
    elif least == 1:
        parts.append(some)
    if "maxContains" in schema:
        parts.append(Bounds(True, opposite(some).must))
    return t.only("array", place, both(parts))


def _lengths(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    look = place.look
    known = look.asked or look.element is not None or any(isinstance(k, int) for k in look.keys)
    return t.only("array", place, sizes(t, schema, place, "minItems", "maxItems", known))


def _unique(t: Translator, schema: dict[str, Any], place: Place) -> Bounds:
    if schema["uniqueItems"] is False:
        return ALWAYS
    if schema["uniqueItems"] is not True or not place.look.whole:
        return t.only("array", place, UNKNOWN)
    items = t.value(place)
    return NEVER if isinstance(items, list) and any(_same(a, b) for a, b in combinations(items, 2)) else ALWAYS


def _same(a: Any, b: Any) -> bool:
    """JSON's equality: as Python's, but true is not 1."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(v, b[k]) for k, v in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


GROUPS: tuple[tuple[frozenset[str], Translate], ...] = (
    (frozenset(("items", "prefixItems", "additionalItems")), _items),
    (frozenset(("contains", "minContains", "maxContains")), _contains),
    (frozenset(("minItems", "maxItems")), _lengths),
    (frozenset(("uniqueItems",)), _unique),
)
