"""Random JSON Schemas, instances near their boundaries, and things to look at. Every function takes a `random.Random`.

Names and constants are few, so that keywords meet. `exact`: only keywords that the translation carries over in full when all of
KEYS, and the elements and indexes of arrays, are looked at.
"""

from __future__ import annotations

from random import Random
from typing import Any

from policyc.diagram.formula import Predicate, Probe
from policyc.diagram.schema.look import Look, look_of

KEYS = ("a", "b", "o")
NUMBERS = (0, 1, 2, 3, 4, 6, 10, -1, 1.5, 0.5, 2.0, 12)
STRINGS = ("", "a", "ab", "abc", "b", "xy", "zebra", "é")
PATTERNS = ("^a", "b$", "^[a-c]*$", "x|y", "^.{2}$", "(?:ab)+")
TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
STEPS: tuple[tuple[Any, ...], ...] = (
    ("a",), ("b",), ("o",), ("o", "a"), ("o", "b"), ("a", "b"), ("b", 0), ("b", 1), ("a", None), ("b", None), ("b", None, "a"), ("o", "b", 0),
)  # fmt: skip


def random_schema(rng: Random, depth: int = 3, *, exact: bool = False) -> Any:
    """A schema in draft 2020-12."""
    roll = rng.random()
    if depth == 0 or roll < 0.06:
        return rng.choice((True, True, False, {})) if rng.random() < 0.3 else _leaf(rng, exact)
    if roll < 0.55:
        return _leaf(rng, exact) | (_container(rng, depth, exact) if rng.random() < 0.7 else {})
    if roll < 0.85:
        return _container(rng, depth, exact)
    return _combined(rng, depth, exact) | (_leaf(rng, exact) if rng.random() < 0.3 else {})


def root_schema(rng: Random, *, exact: bool = False) -> dict[str, Any]:
    """A schema of a tool's input, sometimes with a part that it refers to."""
    root = {"type": "object", **_object(rng, 3, exact)}
    if rng.random() < 0.4:
        root |= _combined(rng, 2, exact)
    part = _without_references(random_schema(rng, 2, exact=exact))
    root["$defs"] = {"part": part}
    if not exact and rng.random() < 0.2:
        root["$defs"]["part"] = {"properties": {"a": {"$ref": "#/$defs/part"}, "b": part}}
    return root


def _without_references(schema: Any) -> Any:
    """The library recurses without end where a reference leads back to itself on one value."""
    if isinstance(schema, dict):
        return {k: _without_references(v) for k, v in schema.items() if k != "$ref"}
    return [_without_references(v) for v in schema] if isinstance(schema, list) else schema


def _leaf(rng: Random, exact: bool) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for _ in range(rng.choice((1, 1, 2, 3))):
        match rng.randrange(9):
            case 0 | 1:
                out["type"] = rng.choice(TYPES) if rng.random() < 0.7 else rng.sample(TYPES, 2)
            case 2:
                out["enum"] = rng.sample((*NUMBERS, *STRINGS, None, True, False), 3)
            case 3:
                out["const"] = rng.choice((*NUMBERS, *STRINGS, None, True, [], ["a"], [1, "b"]))
                if not exact and rng.random() < 0.2:
                    out["const"] = rng.choice(({}, {"a": 1}))
            case 4:
                out[rng.choice(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))] = rng.choice(NUMBERS)
            case 5:
                out["multipleOf"] = rng.choice((2, 3, 0.5, 4, 1))
            case 6:
                out[rng.choice(("minLength", "maxLength"))] = rng.randrange(4)
            case 7:
                out["pattern"] = rng.choice(PATTERNS)
            case 8:
                out["description"] = "text"
    return out


def _container(rng: Random, depth: int, exact: bool) -> dict[str, Any]:
    return _object(rng, depth, exact) if rng.random() < 0.6 else _array(rng, depth, exact)


def _object(rng: Random, depth: int, exact: bool) -> dict[str, Any]:
    keys = rng.sample(KEYS, rng.randint(1, 3))
    out: dict[str, Any] = {"properties": {k: _sub(rng, depth, exact) for k in keys}}
    if rng.random() < 0.4:
        out["type"] = "object"
    if rng.random() < 0.5:
        out["required"] = rng.sample(KEYS, rng.randint(0, 2))
    if rng.random() < 0.2:
        out["dependentRequired"] = {rng.choice(KEYS): [rng.choice(KEYS)]}
    if rng.random() < 0.1:
        out["dependentSchemas"] = {rng.choice(KEYS): _sub(rng, depth, exact)}
    if not exact:
        if rng.random() < 0.2:
            out["additionalProperties"] = rng.choice((False, _sub(rng, 1, exact)))
        if rng.random() < 0.15:
            out[rng.choice(("minProperties", "maxProperties"))] = rng.randrange(4)
        if rng.random() < 0.1:
            out["propertyNames"] = {"pattern": "^[abo]$"}
        if rng.random() < 0.1:
            out["patternProperties"] = {rng.choice(("^a", "o", "[")): _sub(rng, 1, exact)}
            out["patternProperties"].pop("[", None)
    return out


def _array(rng: Random, depth: int, exact: bool) -> dict[str, Any]:
    out: dict[str, Any] = {"items": _sub(rng, depth, exact)} if rng.random() < 0.7 else {}
    if rng.random() < 0.3:
        out[rng.choice(("minItems", "maxItems"))] = rng.randrange(3)
    if rng.random() < 0.25:
        out["prefixItems"] = [_sub(rng, 1, exact) for _ in range(rng.randint(1, 2))]
    if rng.random() < 0.2:
        out["contains"] = _sub(rng, 1, exact)
    if not exact and rng.random() < 0.2:
        out[rng.choice(("minContains", "maxContains"))] = rng.randrange(3)
    if not exact and rng.random() < 0.2:
        out["uniqueItems"] = True
    return out


def _sub(rng: Random, depth: int, exact: bool) -> Any:
    if rng.random() < 0.08:
        return {"$ref": "#/$defs/part"}
    if not exact and rng.random() < 0.08:
        return rng.choice(({"format": "email"}, {"pattern": "(?=a)"}, {"unknown": 1}, {"multipleOf": 0.01}))
    return random_schema(rng, depth - 1, exact=exact)


def _combined(rng: Random, depth: int, exact: bool) -> dict[str, Any]:
    match rng.randrange(5):
        case 0:
            return {"not": _sub(rng, depth, exact)}
        case 1:
            return {"if": _sub(rng, depth, exact), "then": _sub(rng, depth, exact), "else": _sub(rng, depth, exact)}
    return {rng.choice(("anyOf", "oneOf", "allOf")): [_sub(rng, depth, exact) for _ in range(rng.randint(1, 3))]}


def random_value(rng: Random, depth: int = 3) -> Any:
    """A JSON value from the same few names and constants."""
    roll = rng.random()
    if depth == 0 or roll < 0.6:
        return rng.choice((*NUMBERS, *STRINGS, None, True, False))
    if roll < 0.8:
        return [random_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return random_arguments(rng, depth - 1)


def random_arguments(rng: Random, depth: int = 3) -> dict[str, Any]:
    """An object of some of KEYS; now and then with a key that nothing speaks of."""
    keys = rng.sample(KEYS, rng.randint(0, 3)) + (["z"] if rng.random() < 0.05 else [])
    return {k: random_value(rng, depth) for k in keys}


def random_look(rng: Random) -> Look:
    """What a policy with a few tests looks at."""
    return look_of(_asked(steps) for steps in rng.sample(STEPS, rng.randint(1, 5)))


def _asked(steps: tuple[Any, ...]) -> Predicate:
    at = steps.index(None) if None in steps else len(steps)
    quantifier = "every" if at < len(steps) else None
    return Predicate(("args", steps[:at]), Probe("exists", True, quantifier=quantifier, inner=steps[at + 1 :]), 0b100)


def full_look(depth: int = 5) -> Look:
    """A look at everything that these schemas speak of."""
    look = Look(asked=True, sized=True)
    if depth:
        look.keys = {k: full_look(depth - 1) for k in (*KEYS, 0, 1)}
        look.element = full_look(depth - 1)
    return look
