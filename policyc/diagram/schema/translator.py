"""JSON Schema as bounds on what is looked at: a recursive translation, keyword by keyword.

Source: https://json-schema.org/draft/2020-12 (core and validation) and its earlier drafts 4 to 2019-09; `nullable` is OpenAPI 3.0's. A schema
without `$schema` is read as 2020-12, as the Model Context Protocol says. What is not understood (`format`, references to elsewhere,
patterns that RE2 cannot take) allows anything and promises nothing.
"""

from __future__ import annotations

from typing import Any, Final

from policyc.catalog.shape import pointed
from policyc.diagram.cell import probe_function
from policyc.diagram.formula import Predicate, Probe
from policyc.diagram.schema import arrays, combined, objects, values
from policyc.diagram.schema.bounds import ALWAYS, NEVER, UNKNOWN, Bounds, both, either, exactly, opposite, size
from policyc.diagram.schema.look import Look, whole_look
from policyc.diagram.schema.place import ANNOTATIONS, Place
from policyc.runtime.tests import TRUE
from policyc.runtime.values import KIND_NAMES, MISSING, follow

MOST_NODES: Final = 4_000
"""Schema nodes looked at for one tool; beyond it nothing more is known."""
MOST_PREDICATES: Final = 1_500
"""Predicates in the bounds of one schema node; beyond it the node says nothing."""
_BEFORE_2019: Final = ("draft-03", "draft-04", "draft-05", "draft-06", "draft-07")
_GROUPS: Final = (*values.GROUPS, *combined.GROUPS, *objects.GROUPS, *arrays.GROUPS)
_IS: Final = {name: Probe("is", name) for name in (*KIND_NAMES, "integer")}
_THERE: Final = Probe("exists", True)
_KNOWN: Final = ANNOTATIONS.union(*(keys for keys, _ in _GROUPS))


class Translator:
    """Translates the schemas of one document. With a `value`, its bounds are True and False: what the schema says of that value."""

    def __init__(self, root: Any, value: Any = MISSING) -> None:
        self.root = root
        self._value = value
        self._left = MOST_NODES
        self._memo: dict[tuple[int, str, tuple[str | int, ...], int], tuple[Bounds, Any, Look]] = {}
        draft = root.get("$schema") if isinstance(root, dict) else None
        self.old = isinstance(draft, str) and any(name in draft for name in _BEFORE_2019)
        """Draft 7 or before: `$ref` stands alone, and arrays have `additionalItems`."""

    def bounds(self, schema: Any, place: Place) -> Bounds:
        """What a schema says of the value at a place, which is there."""
        if schema is True or schema is False:
            return ALWAYS if schema else NEVER
        if not isinstance(schema, dict) or (schema is not self.root and isinstance(schema.get("$id"), str)):
            return UNKNOWN  # below an `$id`, references are meant from elsewhere
        key = (id(schema), place.root, place.steps, id(place.look))
        known = self._memo.get(key)
        if known is not None:
            return known[0]
        self._left -= 1
        if self._left < 0:
            return UNKNOWN
        self._memo[key] = (UNKNOWN, schema, place.look)  # a reference that leads back here says nothing
        found = self._node(schema, place)
        if size(found) > MOST_PREDICATES:
            found = UNKNOWN
        self._memo[key] = (found, schema, place.look)
        return found

    def _node(self, schema: dict[str, Any], place: Place) -> Bounds:
        if self.old and "$ref" in schema:
            return self.reference(schema["$ref"], place)
        parts = [translate(self, schema, place) for keys, translate in _GROUPS if not keys.isdisjoint(schema)]
        if any(key not in _KNOWN for key in schema):
            parts.append(UNKNOWN)
        found = both(parts)
        if schema.get("nullable") is True:  # null is allowed for those who read it so
            found = either((found, Bounds(self.kind("null", place).may, False)))
        return found

    def reference(self, reference: Any, place: Place) -> Bounds:
        """What stands at a reference inside the document."""
        found = pointed(self.root, reference) if isinstance(reference, str) else None
        return UNKNOWN if found is None else self.bounds(found, place)

    # --- what can be asked of a place

    def atom(self, place: Place, probe: Probe, *, container: bool = False) -> Bounds:
        """A test of the value, where it is looked at. `container`: also where only what is in it is looked at."""
        if not (place.look.asked or container):
            return UNKNOWN
        if self._value is not MISSING:
            return exactly(probe_function(probe)(self.value(place)) == TRUE)
        return exactly(Predicate((place.root, place.steps), probe, 0b100))

    def value(self, place: Place) -> Any:
        """The value at a place, or MISSING; only where there is a value to speak of."""
        return follow(self._value, place.steps)

    def kind(self, name: str, place: Place) -> Bounds:
        """Whether the value has a type (`integer` aside)."""
        if place.root == "args" and not place.steps:
            return ALWAYS if name == "object" else NEVER
        return self.atom(place, _IS[name], container=True)

    def there(self, place: Place) -> Bounds:
        """Whether there is a value."""
        return self.atom(place, _THERE, container=True)

    def only(self, name: str, place: Place, bounds: Bounds) -> Bounds:
        """What binds values of one type only."""
        return bounds if bounds == ALWAYS else either((opposite(self.kind(name, place)), bounds))


def allows(schema: Any, root: Any, value: Any) -> Bounds:
    """What a schema of the document `root` says of one JSON value: (True, True) valid, (False, False) not valid, (True, False) not known."""
    try:
        return Translator(root, value).bounds(schema, Place("item", (), whole_look(value)))
    except RecursionError:  # nested too deep
        return UNKNOWN
