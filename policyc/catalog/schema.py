"""What an input schema says about an argument, as far as it can be said simply and never too much.

Every answer allows at least what the schema allows: where a keyword is not understood it narrows nothing. References
are followed inside the document, `allOf` intersects, `anyOf` and `oneOf` unite.
"""

from __future__ import annotations

from typing import Any

from policyc.catalog.shape import ANY, Shape, resolve
from policyc.record import record

Steps = tuple[str | int | None, ...]


@record
class Argument:
    """One argument, or one value inside of one.

    `types`: the JSON types it may have, empty when nothing is known. `enum`: all values it may have (a `const` is an
    enum of one), None when they are not listed. `nullable`: null is allowed, as it is where nothing is known. `closed`:
    the object it stands in allows no other keys than the known. `shape` has what this class does not repeat.
    """

    name: str
    types: frozenset[str]
    required: bool
    enum: tuple[Any, ...] | None
    minimum: int | float | None
    maximum: int | float | None
    exclusive_minimum: int | float | None
    exclusive_maximum: int | float | None
    multiple_of: int | float | None
    pattern: str | None
    format: str | None
    min_length: int | None
    max_length: int | None
    min_items: int | None
    max_items: int | None
    items: Any
    properties: dict[str, Any]
    nullable: bool
    closed: bool
    description: str
    shape: Shape


@record
class ArgumentInfo:
    """What stands at the end of a path. `can_be_missing`: it, or anything on the way, is optional or may have another type.

    `parents_closed`: for each step, whether the object it looks in allows only the known keys (False for arrays).
    """

    argument: Argument
    can_be_missing: bool
    parents_closed: tuple[bool, ...]


@record
class Unknown:
    """The schema does not say: no schema, any value, a reference elsewhere."""


@record
class NotThere:
    """The path leads to nothing that the schema names.

    `known_names`: the keys that the object does have, sorted; empty where the value is no object. `closed`: no valid
    call can have it; otherwise it is only not declared. `step`: the index of the step that fails. `types`: what the
    value is there, instead of the object or array that the step needs.
    """

    known_names: tuple[str, ...]
    closed: bool
    step: int
    types: frozenset[str] = frozenset()


def arguments(schema: dict[str, Any] | None) -> dict[str, Argument]:
    """The named arguments of an input schema in the order it lists them; empty when it names none."""
    shape = resolve(schema, schema)
    return {
        name: _argument(name, resolve(sub, schema), name in shape.required, shape.closed)
        for name, sub in shape.properties.items()
    }


def lookup(schema: dict[str, Any] | None, steps: Steps) -> ArgumentInfo | Unknown | NotThere:
    """Follow a path: a key, an index, or None for every element."""
    shape, missing, closed = resolve(schema, schema), False, list[bool]()
    required = True
    for at, step in enumerate(steps):
        wanted = "object" if isinstance(step, str) else "array"
        if shape.types and wanted not in shape.types:
            return NotThere((), True, at, shape.types)
        missing = missing or not required or (at > 0 and shape.types != {wanted})
        if isinstance(step, str):
            found = shape.child(step)
            closed.append(shape.closed)
            if found is None:
                if not shape.properties and not shape.closed:
                    return Unknown()
                return NotThere(tuple(sorted(shape.properties)), shape.closed, at)
            if found is ANY:
                return Unknown()
            required = step in shape.required
        else:
            found = shape.items
            closed.append(False)
            required = step is None or step < (shape.min_items or 0)
            if found is ANY:
                return Unknown()
        shape = resolve(found, schema)
    last = steps[-1] if steps else None
    name = last if isinstance(last, str) else ""
    parent_closed = closed[-1] if closed else False
    argument = _argument(name, shape, required, parent_closed)
    return ArgumentInfo(argument, missing or not required, tuple(closed))


def _argument(name: str, shape: Shape, required: bool, closed: bool) -> Argument:
    return Argument(
        name=name,
        types=shape.types,
        required=required,
        enum=shape.enum,
        minimum=shape.minimum,
        maximum=shape.maximum,
        exclusive_minimum=shape.exclusive_minimum,
        exclusive_maximum=shape.exclusive_maximum,
        multiple_of=shape.multiple_of,
        pattern=shape.pattern,
        format=shape.format,
        min_length=shape.min_length,
        max_length=shape.max_length,
        min_items=shape.min_items,
        max_items=shape.max_items,
        items=None if shape.items is ANY else shape.items,
        properties=shape.properties,
        nullable=not shape.types or "null" in shape.types,
        closed=closed,
        description=shape.description,
        shape=shape,
    )
