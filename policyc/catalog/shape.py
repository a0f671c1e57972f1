"""One JSON Schema node with its references followed and its combinations merged into one flat description."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from policyc.record import field, record

Number = int | float
_DEPTH: Final = 24  # nested combinators and references of one value
_BUDGET: Final = 2_000  # nodes looked at for one value; beyond it nothing more is known
_KNOWN_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})


class _Any:
    """A sub-schema of which nothing is known."""

    def __repr__(self) -> str:
        return "ANY"


ANY: Final = _Any()


@record
class Shape:
    """What a value may be. Every field left at its default narrows nothing. `never`: no value fits.

    `properties`, `items` and `extra` (the schema of undeclared keys) are schemas still to be resolved against the same
    document; ANY where nothing is known.
    """

    types: frozenset[str] = frozenset()
    enum: tuple[Any, ...] | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    exclusive_minimum: Number | None = None
    exclusive_maximum: Number | None = None
    multiple_of: Number | None = None
    pattern: str | None = None
    format: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    items: Any = ANY
    properties: dict[str, Any] = field(default_factory=dict)
    extra: Any = None  # None: undeclared keys are neither described nor forbidden
    required: frozenset[str] = frozenset()
    closed: bool = False
    description: str = ""
    never: bool = False

    def child(self, key: str) -> Any:
        """The schema of a key; ANY when nothing is known of it, None when it is not declared."""
        return self.properties.get(key, self.extra)


def resolve(node: Any, root: Any) -> Shape:
    """The shape of a schema node of the document `root`. Never fails: what cannot be understood narrows nothing."""
    return _Resolver(root).shape(node, frozenset(), 0)


class _Resolver:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._left = _BUDGET

    def shape(self, node: Any, seen: frozenset[str], depth: int) -> Shape:
        """`seen`: the references followed on the way to this node, so that a cycle ends."""
        self._left -= 1
        if node is False:
            return Shape(never=True)
        if not isinstance(node, dict) or depth > _DEPTH or self._left < 0:
            return Shape()
        result = _own(node)
        reference = node.get("$ref")
        if isinstance(reference, str):
            target = Shape()
            if reference not in seen:
                target = self.shape(pointed(self._root, reference), seen | {reference}, depth + 1)
            result = _both(result, target)
        for part in _list(node, "allOf"):
            result = _both(result, self.shape(part, seen, depth + 1))
        for keyword in ("anyOf", "oneOf"):
            branches = [self.shape(part, seen, depth + 1) for part in _list(node, keyword)]
            if branches:
                result = _both(result, _either(branches))
        return result


def _list(node: dict[str, Any], key: str) -> list[Any]:
    value = node.get(key)
    return value if isinstance(value, list) else []


def pointed(root: Any, reference: str) -> Any:
    """The node a local reference points at; None when it points elsewhere or at nothing."""
    if reference in ("#", "#/"):
        return root
    if not reference.startswith("#/"):
        return None
    node = root
    for raw in reference[2:].split("/"):
        key = unquote(raw).replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            return None
    return node


# --- one node's own keywords ---------------------------------------------------------------------------------------


_PLAIN_KEYS: Final = frozenset(("type", "title", "description", "default", "examples"))


def _own(node: dict[str, Any]) -> Shape:
    if node.keys() <= _PLAIN_KEYS and node.get("type") != "null":  # most arguments
        described = node.get("description")
        return _plain(_types(node), described if isinstance(described, str) else "")
    types, enum = _types(node), _enum(node)
    if enum is not None:
        named = frozenset(json_type(v) for v in enum)
        types = _meet_types(types, named) if types else named
        enum = tuple(v for v in enum if not types or _fits(v, types))
    raw = node.get("properties")
    properties = {k: v for k, v in raw.items() if isinstance(k, str)} if isinstance(raw, dict) else {}
    extra, closed = _undeclared(node)
    required = node.get("required")
    exclusive_minimum, minimum = _bound(node, "exclusiveMinimum", "minimum")
    exclusive_maximum, maximum = _bound(node, "exclusiveMaximum", "maximum")
    pattern, form, description = node.get("pattern"), node.get("format"), node.get("description")
    return Shape(
        types=types,
        enum=enum,
        minimum=minimum,
        maximum=maximum,
        exclusive_minimum=exclusive_minimum,
        exclusive_maximum=exclusive_maximum,
        multiple_of=_number(node.get("multipleOf")),
        pattern=pattern if isinstance(pattern, str) else None,
        format=form if isinstance(form, str) else None,
        min_length=_size(node.get("minLength")),
        max_length=_size(node.get("maxLength")),
        min_items=_size(node.get("minItems")),
        max_items=_size(node.get("maxItems")),
        items=_items(node),
        properties=properties,
        extra=extra,
        required=frozenset(k for k in required if isinstance(k, str)) if isinstance(required, list) else frozenset(),
        closed=closed,
        description=description if isinstance(description, str) else "",
        never=enum == () and "enum" in node,
    )


@lru_cache(maxsize=4096)
def _plain(types: frozenset[str], description: str) -> Shape:
    return Shape(types=types, description=description)


def _types(node: dict[str, Any]) -> frozenset[str]:
    written = node.get("type")
    names = written if isinstance(written, list) else [written]
    if not names or not all(isinstance(n, str) and n in _KNOWN_TYPES for n in names):
        return frozenset()
    types = set(names)
    if node.get("nullable") is True:  # OpenAPI 3.0
        types.add("null")
    return _tidy(types)


def _tidy(types: Iterable[str]) -> frozenset[str]:
    """`number` already holds every integer."""
    found = set(types)
    if "number" in found:
        found.discard("integer")
    return frozenset(found)


def _enum(node: dict[str, Any]) -> tuple[Any, ...] | None:
    if "const" in node:
        return (node["const"],)
    values = node.get("enum")
    if isinstance(values, list):
        return (*values, None) if node.get("nullable") is True and None not in values else tuple(values)
    return (None,) if node.get("type") == "null" else None


def _bound(node: dict[str, Any], exclusive: str, inclusive: str) -> tuple[Number | None, Number | None]:
    """The two bounds of one side; in draft 4 `exclusive…` is a boolean about the inclusive one."""
    limit = _number(node.get(inclusive))
    if node.get(exclusive) is True:
        return limit, None
    return _number(node.get(exclusive)), limit


def _number(value: Any) -> Number | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _size(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) and number >= 0 else None


def _items(node: dict[str, Any]) -> Any:
    items = node.get("items")
    return items if isinstance(items, dict) and "prefixItems" not in node else ANY


def _undeclared(node: dict[str, Any]) -> tuple[Any, bool]:
    """The schema of keys that are not declared, and whether there can be none."""
    more = node.get("additionalProperties")
    if node.get("patternProperties") or more is True or any(k in node for k in ("if", "dependentSchemas")):
        return ANY, False
    if more is False or (more is None and node.get("unevaluatedProperties") is False):
        return None, True
    return (more, False) if isinstance(more, dict) else (None, False)


def json_type(value: Any) -> str:
    """The JSON Schema type of a decoded value; a number without a fraction is an integer."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names: dict[type, str] = {float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def _fits(value: Any, types: frozenset[str]) -> bool:
    kind = json_type(value)
    return kind in types or (kind == "integer" and "number" in types)


# --- merging -------------------------------------------------------------------------------------------------------


def _meet_types(a: frozenset[str], b: frozenset[str]) -> frozenset[str]:
    def closure(types: frozenset[str]) -> frozenset[str]:
        return types | {"integer"} if "number" in types else types

    return _tidy(closure(a) & closure(b))


def _both(a: Shape, b: Shape) -> Shape:
    """The values that fit both (or a few more)."""
    types = _meet_types(a.types, b.types) if a.types and b.types else a.types or b.types
    enum = a.enum if b.enum is None else b.enum if a.enum is None else tuple(v for v in a.enum if _member(v, b.enum))
    if enum is not None and types:
        enum = tuple(v for v in enum if _fits(v, types))
    properties = dict(a.properties)
    for key, schema in b.properties.items():
        properties[key] = _join("allOf", [properties[key], schema]) if key in properties else schema
    return Shape(
        types=types,
        enum=enum,
        minimum=_pick(max, a.minimum, b.minimum),
        maximum=_pick(min, a.maximum, b.maximum),
        exclusive_minimum=_pick(max, a.exclusive_minimum, b.exclusive_minimum),
        exclusive_maximum=_pick(min, a.exclusive_maximum, b.exclusive_maximum),
        multiple_of=a.multiple_of if b.multiple_of is None else b.multiple_of,
        pattern=a.pattern if b.pattern is None else b.pattern,
        format=a.format if b.format is None else b.format,
        min_length=_pick(max, a.min_length, b.min_length),
        max_length=_pick(min, a.max_length, b.max_length),
        min_items=_pick(max, a.min_items, b.min_items),
        max_items=_pick(min, a.max_items, b.max_items),
        items=a.items if b.items is ANY else b.items if a.items is ANY else _join("allOf", [a.items, b.items]),
        properties=properties,
        extra=None if a.closed or b.closed else b.extra if a.extra is None else a.extra,
        required=a.required | b.required,
        closed=a.closed or b.closed,
        description=a.description or b.description,
        never=a.never or b.never or bool(a.types and b.types and not types) or enum == (),
    )


def _either(branches: list[Shape]) -> Shape:
    """The values that fit one of them (or a few more)."""
    live = [b for b in branches if not b.never]
    if not live:
        return Shape(never=True)
    if len(live) == 1:
        return live[0]
    numbers, strings = _having(live, "number", "integer"), _having(live, "string")
    arrays, objects = _having(live, "array"), _having(live, "object")
    open_types = any(not b.types for b in live)
    enums = [b.enum for b in live]
    shape = Shape(
        types=frozenset() if open_types else _tidy(t for b in live for t in b.types),
        enum=None if any(e is None for e in enums) else _unique(v for e in enums for v in e or ()),
        **_weakest(numbers),
        multiple_of=_common(b.multiple_of for b in numbers),
        pattern=_common(b.pattern for b in strings),
        format=_common(b.format for b in strings),
        min_length=_loosest(min, [b.min_length for b in strings]),
        max_length=_loosest(max, [b.max_length for b in strings]),
        min_items=_loosest(min, [b.min_items for b in arrays]),
        max_items=_loosest(max, [b.max_items for b in arrays]),
        items=_join("anyOf", [b.items for b in arrays]) if arrays else ANY,
    )
    return _united_objects(shape, objects)


def _having(shapes: list[Shape], *types: str) -> list[Shape]:
    return [s for s in shapes if not s.types or any(t in s.types for t in types)]


def _weakest(numbers: list[Shape]) -> dict[str, Any]:
    """Bounds of a union: each is kept only where every branch has that side, and an exclusive one only where all are."""
    out: dict[str, Any] = {}
    for inclusive, exclusive, pick in (("minimum", "exclusive_minimum", min), ("maximum", "exclusive_maximum", max)):
        closed = [getattr(b, inclusive) for b in numbers]
        opened = [getattr(b, exclusive) for b in numbers]
        if numbers and all(v is not None for v in opened):
            out[exclusive] = pick(opened)
        tightest = [
            c if o is None else o if c is None else _inner(pick, c, o) for c, o in zip(closed, opened, strict=True)
        ]
        if tightest and all(v is not None for v in tightest):
            out[inclusive] = pick(tightest)
    return out


def _inner(pick: Callable[..., Any], a: Number, b: Number) -> Number:
    return max(a, b) if pick is min else min(a, b)


def _united_objects(shape: Shape, objects: list[Shape]) -> Shape:
    if not objects:
        return shape
    properties: dict[str, Any] = {}
    for key in _unique(k for o in objects for k in o.properties):
        # an open branch that does not declare the key lets it be anything
        parts = [o.child(key) if key in o.properties or o.closed else _or_any(o.extra) for o in objects]
        properties[key] = _join("anyOf", [p for p in parts if p is not None])
    extras = [o.extra for o in objects if not o.closed]
    extra = None if not extras or all(e is None for e in extras) else _join("anyOf", [_or_any(e) for e in extras])
    return replace(
        shape,
        properties=properties,
        extra=extra,
        required=frozenset.intersection(*(o.required for o in objects)),
        closed=all(o.closed for o in objects),
    )


def _or_any(schema: Any) -> Any:
    return ANY if schema is None else schema


def _join(keyword: str, schemas: list[Any]) -> Any:
    """A schema for several: with `anyOf` one that is ANY makes all ANY, with `allOf` it says nothing."""
    if any(s is ANY for s in schemas):
        if keyword == "anyOf":
            return ANY
        schemas = [s for s in schemas if s is not ANY]
    unique = _unique(schemas)
    return unique[0] if len(unique) == 1 else {keyword: list(unique)} if unique else ANY


def _unique(values: Iterable[Any]) -> tuple[Any, ...]:
    out: list[Any] = []
    for value in values:
        if not _member(value, out):
            out.append(value)
    return tuple(out)


def _member(value: Any, values: Iterable[Any]) -> bool:
    """Whether a JSON value is among others; true and 1 are not the same."""
    return any(value == v and isinstance(value, bool) == isinstance(v, bool) for v in values)


def _pick(choose: Callable[..., Any], a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else choose(a, b)


def _loosest(choose: Callable[..., Any], values: list[Any]) -> Any:
    return choose(values) if values and all(v is not None for v in values) else None


def _common(values: Iterable[Any]) -> Any:
    found = list(values)
    return found[0] if found and all(v == found[0] for v in found) else None
