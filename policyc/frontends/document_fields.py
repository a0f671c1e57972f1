"""The kinds of values in a policy document: their checks, and what the JSON Schema says of them.

A check that fails names the lint rule to report it under; the sentence is ours, not pydantic's.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from policyc.ir.model import SCOPES, WINDOWS

MAX_LIMIT = 10**12
"""A limit above this is taken for a mistake."""
MAX_WINDOW = 100 * 366 * 86400
"""Longest window, in seconds: a hundred years."""
TAG = "<{}>"
"""How the alternatives of a union are marked in an error's location, so that no key is mistaken for one."""


def _fail(rule: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(rule, "{said}", {"said": message})


def tag(name: str) -> Tag:
    """The mark of one alternative of a union."""
    return Tag(TAG.format(name))


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _fail("wrong-type", "expected a number")
    return value


def _maximum(value: Any) -> Any:
    if not _number(value) > 0:  # NaN neither
        raise _fail("invalid-limit", "`max` must be greater than 0; to forbid the calls use `deny`")
    if value > MAX_LIMIT:
        raise _fail("invalid-limit", "`max` is above 1e12, which no counter reaches")
    return value


def _window(value: Any) -> Any:
    names = ", ".join(f"`{name}`" for name in WINDOWS)
    if isinstance(value, str):
        if value not in WINDOWS:
            raise _fail("invalid-window", f"expected {names} or a number of seconds, found the text `{value[:40]}`")
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _fail("wrong-type", f"expected {names} or a number of seconds")
    elif isinstance(value, float) or not 0 < value <= MAX_WINDOW:
        raise _fail("invalid-window", "a window is a whole number of seconds, at least 1 and at most a hundred years")
    return value


def _true(value: Any) -> Any:
    """`Literal[True]` alone takes 1 and 1.0 too."""
    if value is not True:
        raise PydanticKnownError("literal_error", {"expected": "True"})
    return value


def _step(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _fail("wrong-type", "expected a whole number")
    if not 0 < value <= MAX_LIMIT:
        raise _fail("invalid-limit", "`step` must be at least 1")
    return value


def _scopes(value: list[str]) -> list[str]:
    """One scope or more, each once."""
    if not value:
        raise _fail("invalid-value", "expected at least one scope")
    if len(set(value)) < len(value):
        raise _fail("invalid-value", "a scope stands twice in this list")
    return value


def _constant(value: Any) -> Any:
    if isinstance(value, dict):
        raise _fail("wrong-type", "expected a text, a number, a boolean, null or a list of those, found a mapping")
    return value


_SCALAR_SCHEMA = {"type": ["string", "number", "boolean"]}

Text = Annotated[str, Field(min_length=1)]
Yes = Annotated[Literal[True], BeforeValidator(_true)]
Severity = Annotated[
    Literal["low", "medium", "high", "critical"], Field(description="How grave it is when this rule decides.")
]
Identifier = Annotated[
    str,
    Field(min_length=1, description="The rule's id, unique in this document; made from its place when left out."),
]
Reason = Annotated[str, Field(description="The reason shown to the agent.")]
LEFT_OUT: Any = None
"""The default of a key that may be left out; written null is refused, so that an emptied key is not overlooked."""
By = Annotated[str, Field(min_length=1, description="Who is to approve, for example a team.")]
Value = Annotated[
    Any,
    AfterValidator(_constant),
    WithJsonSchema({"anyOf": [_SCALAR_SCHEMA, {"type": "null"}, {"type": "array", "items": _SCALAR_SCHEMA}]}),
]
Maximum = Annotated[
    Any, AfterValidator(_maximum), WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MAX_LIMIT})
]
Window = Annotated[
    Any,
    AfterValidator(_window),
    WithJsonSchema(
        {"anyOf": [{"enum": list(WINDOWS)}, {"type": "integer", "minimum": 1, "maximum": MAX_WINDOW}]},
    ),
]
Step = Annotated[Any, AfterValidator(_step), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT})]
ScopeName = Literal["grant", "session", "agent", "user", "server", "global"]
assert ScopeName.__args__ == SCOPES  # type: ignore[attr-defined]
Scopes = Annotated[
    list[ScopeName], AfterValidator(_scopes), Field(json_schema_extra={"minItems": 1, "uniqueItems": True})
]


def list_or_one(value: Any) -> str:
    """Which alternative of "one, or a list"."""
    return TAG.format("list") if isinstance(value, list) else TAG.format("one")


def true_or_entry(value: Any) -> str:
    """Which alternative of "true, or a mapping"."""
    return TAG.format("entry") if isinstance(value, dict) else TAG.format("true")


def text_or_entry(value: Any) -> str:
    """Which alternative of "a text, or a mapping"."""
    return TAG.format("entry") if isinstance(value, dict) else TAG.format("text")


def condition_kind(value: Any) -> str:
    """Which kind of condition a mapping is, by the key that only that kind has; a comparison otherwise."""
    if isinstance(value, dict):
        for kind in ("all", "any", "not", "always"):
            if kind in value:
                return TAG.format(kind)
    return TAG.format("test")
