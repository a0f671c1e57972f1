"""Arguments that a tool's schema allows, around the parts that a question has fixed.

Branches of `anyOf`, `oneOf` and `if` are tried in turn; what is built is checked against the whole schema, as far as that is known. Where
nothing fits, the best attempt is given back: whoever shows it asks `allows` first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Any, Final

from policyc.catalog.model import Catalog
from policyc.catalog.shape import ANY, Shape, json_type, pointed, resolve
from policyc.diagram.cell import NO_EXAMPLE, fits
from policyc.diagram.cells import partition
from policyc.diagram.errors import TooLarge
from policyc.diagram.formula import predicates
from policyc.diagram.objects import is_filler
from policyc.diagram.schema.ecma import to_re2
from policyc.diagram.schema.look import Look
from policyc.diagram.schema.place import Place, schemas
from policyc.diagram.schema.translator import Translator, allows
from policyc.diagram.specialise import Tool
from policyc.runtime.patterns import regex_search
from policyc.runtime.values import MISSING, NUMBER, STRING

MOST_VARIANTS: Final = 24
"""Combinations of branches tried for one value."""
MOST_VALUES: Final = 400
"""Values built for one call; beyond it, what is missing stays so."""
_DEEPEST: Final = 12
_LONGEST: Final = 2_000
_PLAIN: Final[tuple[Any, ...]] = ("example", 1, 0, False, True, [], {}, None, 0.5)
Parts = tuple[dict[str, Any], ...]
"""Schema nodes without branches, all of which hold."""


def filled(
    catalog: Catalog | None, tool: Tool, given: dict[str, Any], server: str | None = None
) -> Iterator[dict[str, Any]]:
    """Arguments around those given that the tool's schema is not known to forbid: one for each server that has the tool (or for that
    server), and what is given itself where nothing is known of the tool. Nothing where no such arguments were found."""
    entries = () if catalog is None or not isinstance(tool, str) else catalog.by_name(tool)
    if not entries:
        yield given
    for entry in entries:
        if server in (None, entry.server):
            if entry.input_schema is None:
                yield given
                continue
            filler = _Filler(entry.input_schema)
            built = filler.complete(given)
            if isinstance(built, dict) and built is filler.fitting:
                yield built


def complete(schema: Any, given: Any = MISSING) -> Any:
    """A value that a schema allows, with what is given kept as far as the schema allows it."""
    return _Filler(schema).complete(given)


class _Filler:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._left = MOST_VALUES
        self.fitting: Any = MISSING
        """The last value that was found to fit the whole schema."""

    def complete(self, given: Any) -> Any:
        """A value for the whole schema."""
        try:
            return self.value(self._root, given, 0)
        except RecursionError:  # a schema nested too deep
            return {} if given is MISSING else given

    def value(self, schema: Any, given: Any, depth: int) -> Any:
        self._left -= 1
        if given is not MISSING and not isinstance(given, (dict, list)):
            return given
        if given is not MISSING and not _lacks(schema, given) and self._allowed(schema, given):
            return given
        best = given
        if self._left > 0 and depth < _DEEPEST:
            for parts in islice(self._variants(schema, frozenset()), MOST_VARIANTS):
                for built in self._built(schema, parts, given, depth):
                    if self._allowed(schema, built):
                        return built
                    best = built if best is MISSING or best is given else best
        return {} if best is MISSING else best

    def _allowed(self, schema: Any, value: Any) -> bool:
        fits = allows(schema, self._root, value).may is True
        if fits and schema is self._root:
            self.fitting = value
        return fits

    # --- branches

    def _variants(self, schema: Any, seen: frozenset[str]) -> Iterator[Parts]:
        """The ways to choose a branch of everything that branches; with `seen` the references on the way."""
        if not isinstance(schema, dict):
            yield ()
            return
        choices: list[list[Parts]] = []
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            choices.append(self._some(pointed(self._root, reference), seen | {reference}))
        for part in schema.get("allOf", ()) if schemas(schema.get("allOf")) else ():
            choices.append(self._some(part, seen))
        for keyword in ("anyOf", "oneOf"):
            if schemas(schema.get(keyword)):
                choices.append([p for branch in schema[keyword] for p in self._some(branch, seen)])
        if "if" in schema:
            when = [
                (*a, *b) for a in self._some(schema["if"], seen) for b in self._some(schema.get("then", True), seen)
            ]
            choices.append([*when, *self._some(schema.get("else", True), seen)])
        own = {k: v for k, v in schema.items() if k not in ("$ref", "allOf", "anyOf", "oneOf", "if", "then", "else")}
        for chosen in product(*choices):
            yield (own, *(part for parts in chosen for part in parts))

    def _some(self, schema: Any, seen: frozenset[str]) -> list[Parts]:
        return list(islice(self._variants(schema, seen), MOST_VARIANTS))

    # --- values

    def _built(self, schema: Any, parts: Parts, given: Any, depth: int) -> Iterator[Any]:
        """Values to try, the most natural first."""
        shape = resolve({"allOf": list(parts)}, self._root)
        if given is not MISSING:
            yield (self._object if isinstance(given, dict) else self._array)(shape, parts, given, depth)
            return
        for part in parts:
            examples = part.get("examples")
            yield from examples if isinstance(examples, list) else ()
            if "default" in part:
                yield part["default"]
        yield from shape.enum or ()
        if shape.types & {"object"} or (not shape.types and (shape.properties or shape.required)):
            yield self._object(shape, parts, {}, depth)
        for plain in _PLAIN:
            kind = json_type(plain)
            if not shape.types or kind in shape.types or (kind == "integer" and "number" in shape.types):
                yield plain
        if "array" in shape.types or not shape.types:
            yield self._array(shape, parts, [], depth)
        yield from self._scalars(schema)

    def _scalars(self, schema: Any) -> Iterator[Any]:
        """An example of every kind of string and number that the schema tells apart."""
        formula = Translator(self._root).bounds(schema, Place("item", (), Look(asked=True, sized=True))).may
        try:
            cells = partition(tuple(dict.fromkeys(p.probe for p in predicates(formula))))
        except TooLarge:
            return
        for kind in (STRING, NUMBER):
            for cell in cells.cells():
                if cell.kind == kind and cell.example is not NO_EXAMPLE and fits(formula, cell.example):
                    yield cell.example

    def _object(self, shape: Shape, parts: Parts, given: dict[str, Any], depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in given.items():
            schema = _of_key(parts, key)
            if schema is not False and not (is_filler(key, value) and key not in shape.properties):
                out[key] = self._part(schema, value, depth)
        wanted = [k for part in parts for k in _texts(part.get("required"))]
        for part in parts:
            needs = _mapping(part.get("dependentRequired"))
            wanted += [k for key in (*out, *wanted) for k in _texts(needs.get(key))]
        least = max([0, len(given), *(p["minProperties"] for p in parts if isinstance(p.get("minProperties"), int))])
        for key in (*wanted, *shape.properties):
            if key not in out and (key in wanted or len(out) < least):
                out[key] = self.value(_of_key(parts, key), MISSING, depth + 1)
        for i in range(min(least, _LONGEST) - len(out)):
            if _of_key(parts, f"k{i}") is not False:
                out.setdefault(f"k{i}", self.value(_of_key(parts, f"k{i}"), MISSING, depth + 1))
        return out

    def _array(self, shape: Shape, parts: Parts, given: list[Any], depth: int) -> list[Any]:
        first: list[Any] = next((p["prefixItems"] for p in parts if schemas(p.get("prefixItems"))), [])
        rest = True if shape.items is ANY else shape.items
        out: list[Any] = []
        unique = any(p.get("uniqueItems") is True for p in parts)
        for i in range(max(len(given), min(shape.min_items or 0, _LONGEST))):
            schema = first[i] if i < len(first) else rest
            if i < len(given):
                out.append(self._part(schema, given[i], depth))
            elif unique:
                out.append(self._another(schema, out, depth))
            else:
                out.append(self.value(schema, MISSING, depth + 1) if i == 0 or i <= len(first) else out[-1])
        return out

    def _part(self, schema: Any, given: Any, depth: int) -> Any:
        """What stands at a key or an index: a value that only fills a place may become another."""
        fills = (given is None or given == 0) and not self._allowed(schema, given)
        return self.value(schema, MISSING if fills else given, depth + 1)

    def _another(self, schema: Any, taken: list[Any], depth: int) -> Any:
        """A value that is not among those taken."""
        n = len(taken) + 1
        first = self.value(schema, MISSING, depth + 1)
        options = [first, f"example{n}", n, f"{first}{n}", *self._scalars(schema)]
        options += [
            v for parts in self._some(schema, frozenset()) for v in self._built(schema, parts, MISSING, depth + 1)
        ]
        free = (v for v in options if v not in taken and self._allowed(schema, v))
        return next(free, first)


def _of_key(parts: Parts, key: str) -> Any:
    """The schema of one key: False where it cannot be there."""
    told: list[Any] = []
    for part in parts:
        named, patterns = _mapping(part.get("properties")), _mapping(part.get("patternProperties"))
        own = [named[key]] if key in named else []
        for pattern, schema in patterns.items():
            translated = to_re2(pattern)
            if translated is None or regex_search(translated)(key):
                own.append(schema)
        told += own or [part.get("additionalProperties", True)]
    told = [schema for schema in told if schema is not True]
    return False if False in told else told[0] if len(told) == 1 else {"allOf": told} if told else True


def _lacks(schema: Any, value: Any) -> bool:
    """Whether a value plainly lacks a key that a schema requires."""
    if not isinstance(schema, dict) or not isinstance(value, dict) or "$ref" in schema:
        return False
    return any(key not in value for key in _texts(schema.get("required")))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
