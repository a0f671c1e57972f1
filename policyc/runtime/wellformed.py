"""What every part of a table must look like before anything is made of it, so that no decision meets a value of the wrong type.

A digest says that a table is whole, not that it makes sense: anyone can write one. Each function takes a decoded part, as
docs/table-format.md describes it, and raises ValueError (or, for what cannot even be taken apart, TypeError and the like).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

from policyc.runtime.values import BOOLEAN, NUMBER, STRING, kind

DEPTH: Final = 200
"""Deepest nesting of a guard, and most `[*]` in one path; policies may nest conditions 100 deep."""
SCOPES: Final = frozenset(("grant", "session", "agent", "user", "server", "global"))
WINDOWS: Final = frozenset(("second", "minute", "hour", "day", "week", "month"))
EFFECTS: Final = frozenset(("allow", "deny", "require", "approve", "limit", "hide"))
_ORDER: Final = frozenset(("==", "!=", "<", "<=", ">", ">="))
_TYPES: Final = frozenset(("string", "number", "integer", "boolean", "array", "object", "null"))
_TEXT: Final = frozenset((str, type(None)))


def text(value: Any) -> str:
    """The value, a string."""
    if type(value) is not str:
        raise ValueError(f"{value!r:.40} where text was expected")
    return value


def count(value: Any, end: float = float("inf")) -> int:
    """The value, an integer from 0 to below `end`."""
    if type(value) is not int or not 0 <= value < end:
        raise ValueError(f"{value!r:.40} where a number from 0 to below {end} was expected")
    return value


def number(value: Any) -> int | float:
    """The value, a number that JSON can write."""
    if kind(value) != NUMBER:
        raise ValueError(f"{value!r:.40} where a number was expected")
    return value  # type: ignore[no-any-return]


def flag(value: Any) -> bool:
    """The value, true or false."""
    if type(value) is not bool:
        raise ValueError(f"{value!r:.40} where true or false was expected")
    return value


def listed(value: Any) -> list[Any]:
    """The value, an array."""
    if type(value) is not list:
        raise ValueError(f"{value!r:.40} where an array was expected")
    return value


def check_policy(entry: Any, rules: int, bodies: int) -> None:
    """One policy of the index, in a table with so many rules and bodies."""
    first, last = entry["rules"]
    if not count(first) <= count(last) <= rules:
        raise ValueError("a range outside the rules")
    if entry["default"] not in ("allow", "deny"):
        raise ValueError("a default that is neither allow nor deny")
    named = (entry["call_other"], entry["list_other"], *entry["call"].values(), *entry["list"].values())
    if set(map(type, named)) != {int} or not 0 <= min(named) <= max(named) < bodies:
        raise ValueError("a tool whose body is not there")


def check_rule(rule: Any) -> None:
    """A rule of the pool, but for its limit."""
    name, effect, reason, by, severity, _ = rule
    if type(name) is not str or effect not in EFFECTS:
        raise ValueError(f"{rule!r:.80} is no rule")
    if type(reason) not in _TEXT or type(by) not in _TEXT or type(severity) not in _TEXT:
        raise ValueError(f"{rule!r:.80} is no rule")


def check_limit(limit: Any) -> None:
    """A rule's limit."""
    text(limit["counter"])
    number(limit["max"])
    window, path = limit["window"], limit["sum"]
    if window not in WINDOWS and not (type(window) is int and window > 0):
        raise ValueError(f"{window!r:.40} is no window")
    if not SCOPES.issuperset(listed(limit["scope"])):
        raise ValueError(f"{limit['scope']!r:.80} has what is no scope")
    for name in ("sliding", "optional", "whole"):
        flag(limit[name])
    count(limit["step"])
    if path is not None:
        check_path(path)
        if path[0] == "call":
            raise ValueError("a sum over what is not an argument")


def check_path(path: Any) -> None:
    """A path of the pool: a root and its steps."""
    root, *steps = listed(path)
    if root == "call":
        if steps not in (["server"], ["tool"]):
            raise ValueError(f"{path!r:.80} is no path")
        return
    if root not in ("args", "context"):
        raise ValueError(f"{path!r:.80} is no path")
    for step in steps:
        if type(step) is not str:
            count(step)


def check_test(test: Any) -> None:
    """A test of the pool."""
    op, value, missing, mistyped, length, quantifier, inner = test
    count(missing, 3)
    count(mistyped, 3)
    flag(length)
    if quantifier not in (None, "every", "some"):
        raise ValueError(f"{quantifier!r:.40} is no quantifier")
    for step in listed(inner):
        if step is not None and type(step) is not str:
            count(step)
    if inner.count(None) > DEPTH:
        raise ValueError(f"more than {DEPTH} [*] in a path")
    _VALUES[op](value)


def _scalar(value: Any) -> None:
    if kind(value) not in (BOOLEAN, NUMBER, STRING):
        raise ValueError(f"{value!r:.40} is no constant to compare with")


def _scalars(value: Any) -> None:
    for item in listed(value):
        _scalar(item)


def _type(value: Any) -> None:
    if value not in _TYPES:
        raise ValueError(f"{value!r:.40} is no type")


def _lookup(value: Any) -> None:
    for server, truth in listed(value):
        text(server)
        count(truth, 3)


_VALUES: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(_ORDER | {"contains"}, _scalar),
    **dict.fromkeys(("in", "not in"), _scalars),
    **dict.fromkeys(("matches", "like", "starts_with", "ends_with", "prints"), text),
    "exists": flag, "is": _type, "lookup": _lookup,
}  # fmt: skip


def check_node(node: Any) -> None:
    """What `link` does not see by taking a node apart: constants, bounds, and numbers of the pools, which never count from the end."""
    form = node[0]
    count(node[1])
    if form == "n":
        bounds = node[2]
        if any(kind(b) != NUMBER for b in listed(bounds)) or any(a >= b for a, b in pairwise(bounds)):
            raise ValueError("bounds that are not numbers in rising order")
    elif form == "s":
        if len({text(constant) for constant, _ in listed(node[2])}) != len(node[2]):
            raise ValueError("a constant twice")
    elif form == "t":
        count(node[2])


def check_depth(formula: Any) -> None:
    """That a guard is not nested too deep for a walk by recursion; the walk here is a loop."""
    level = [formula]
    for _ in range(DEPTH + 1):
        level = [item for f in level if type(f) is list and f and f[0] in ("&", "|") for item in f[1:]]
        if not level:
            return
    raise ValueError(f"a guard nested more than {DEPTH} deep")
