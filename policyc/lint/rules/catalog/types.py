"""Which JSON types a test's operand must have for the test to say anything, and whether an argument can have them."""

from __future__ import annotations

from typing import Any

from policyc.catalog.schema import Argument
from policyc.catalog.shape import ANY, json_type, resolve
from policyc.ir.model import Test

Types = frozenset[str]
TEXTUAL = frozenset({"matches", "like", "starts_with", "ends_with"})


def wanted(test: Test) -> Types | None:
    """The types of an operand that the test fits; None where it has an answer for every type."""
    if test.op in ("exists", "is", "prints"):
        return None
    if test.length:
        return frozenset({"string", "array", "object"})
    if test.op in TEXTUAL:
        return frozenset({"string"})
    if test.op == "contains":
        return frozenset({"array", "string"}) if isinstance(test.value, str) else frozenset({"array"})
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    return frozenset(kind_of(v) for v in values)


def kind_of(value: Any) -> str:
    """The type of a constant, where all numbers are of one type."""
    kind = json_type(value)
    return "number" if kind == "integer" else kind


def possible(argument: Argument) -> Types | None:
    """The types that the argument may have, null apart and `integer` as `number`; None where nothing is known."""
    if not argument.types:
        return None
    return frozenset("number" if t == "integer" else t for t in argument.types if t != "null")


def fits(test: Test, argument: Argument, schema: Any) -> bool:
    """Whether some value that the argument may have fits the test."""
    types, want = possible(argument), wanted(test)
    if types is None or want is None:
        return True
    if not types & want:
        return False
    if test.op == "contains" and "string" not in types & want:
        elements = element_types(argument, schema)
        return elements is None or kind_of(test.value) in elements
    return True


def element_types(argument: Argument, schema: Any) -> Types | None:
    """The types of an array's elements; None where nothing is known."""
    if argument.shape.items is ANY:
        return None
    types = resolve(argument.shape.items, schema).types
    return frozenset("number" if t == "integer" else t for t in types) if types else None


def noun(types: Types) -> str:
    """The types with articles: `a string or an array`."""
    words = [("an " if t[0] in "aio" else "a ") + t for t in sorted(types)] or ["null"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
