"""Nodes made ready to run: from the table's lists to tuples that hold their children.

    (operation, key, second key, constant, child, child, child)

The key is of the arguments; with a second key the value is one level deeper; with key None the second is a function of (arguments,
context, server, tool). A child is such a tuple, a Decision, or None where no JSON value leads.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from policyc.runtime.patterns import glob_match
from policyc.runtime.rule_list import Fetch
from policyc.runtime.tests import test_function
from policyc.runtime.values import MISSING, follow
from policyc.runtime.wellformed import check_node, check_path, check_test

LE, STRING, PREFIX, LT, TEXT, BISECT, SAME, THERE, BOOL, TEST, KIND, SUFFIX, RULES = range(13)
Linked = tuple[Any, ...]
EMPTY: Final[dict[str, Any]] = {}


def json_object(value: Any) -> dict[str, Any]:
    """Arguments or context; None stands for an empty object. Raises TypeError for anything that is not a plain dict."""
    if value is not None and type(value) is not dict:
        raise TypeError(f"arguments and context are JSON objects, plain dicts; this is a {type(value).__name__}")
    return EMPTY if value is None else value


def path_of(path: list[Any]) -> tuple[str | None, Any]:
    """(key, None), (key, second key), or (None, function)."""
    check_path(path)
    root, *steps = path
    steps = [sys.intern(s) if type(s) is str else s for s in steps]  # keys are found faster that are one object
    if root == "args":
        if len(steps) == 1 and type(steps[0]) is str:
            return steps[0], None
        if len(steps) == 2 and type(steps[0]) is str and type(steps[1]) is str:
            return steps[0], steps[1]
        walk = tuple(steps)
        return None, lambda args, context, server, tool: follow(args, walk)
    if root == "context":
        walk = tuple(steps)
        return None, lambda args, context, server, tool: follow(json_object(context), walk)
    if path == ["call", "server"]:
        return None, lambda args, context, server, tool: MISSING if server is None else server
    if path == ["call", "tool"]:
        return None, lambda args, context, server, tool: tool
    raise ValueError(path)


def link(
    node: list[Any], paths: list[tuple[str | None, Any]], tests: Callable[[int], list[Any]], ref: Callable[[int], Any]
) -> Linked:
    """A node of a body, its children found by `ref`. Raises ValueError and its like for one that does not fit the format."""
    check_node(node)
    form, (key, deeper) = node[0], paths[node[1]]
    if form == "n":
        _, _, bounds, children, other = node
        op, c, y, n = _number(bounds, [ref(r) for r in children])
        return (op, key, deeper, c, y, n, ref(other))
    if form == "s":
        _, _, constants, rest, other = node
        return (STRING, key, deeper, {text: ref(r) for text, r in constants}, ref(rest), None, ref(other))
    if form == "t":
        _, _, number, false, undefined, true = node
        return _linked_test(tests(number), key, deeper, ref(false), ref(undefined), ref(true))
    if form == "b":
        _, _, false, true, other = node
        return (BOOL, key, deeper, None, ref(true), ref(false), ref(other))
    if form == "k":
        missing, null, false, true, number, string, array, obj = (ref(r) for r in node[2:])
        if all(x is null for x in (false, true, number, string, array, obj)):
            return (THERE, key, deeper, None, null, missing, None)
        return (KIND, key, deeper, (missing, null, None, number, string, array, obj, None), true, false, None)
    raise ValueError(form)


def _number(bounds: list[int | float], children: list[Any]) -> tuple[int, Any, Any, Any]:
    if len(children) != 2 * len(bounds) + 1:
        raise ValueError("a number node has one child too many or too few")
    if len(bounds) == 1:
        below, at, above = children
        if below is at:
            return LE, bounds[0], below, above
        if at is above:
            return LT, bounds[0], below, above
        if below is above:
            return SAME, bounds[0], at, below
    return BISECT, bounds, children, None


def _linked_test(test: list[Any], key: str | None, deeper: Any, false: Any, undefined: Any, true: Any) -> Linked:
    check_test(test)
    op, value, missing, mistyped, length, quantifier, _ = test
    if quantifier is None and not length and missing == mistyped == 1:
        if op == "starts_with":
            return (PREFIX, key, deeper, value, true, false, undefined)
        if op == "ends_with":
            return (SUFFIX, key, deeper, value, true, false, undefined)
        if op == "like":
            return (TEXT, key, deeper, glob_match(value), true, false, undefined)
    return (TEST, key, deeper, test_of(test), (false, undefined, true, None), None, None)


def fetch_of(key: str | None, deeper: Any) -> Fetch:
    """A path as a function, however short it is."""
    if key is None:
        return deeper  # type: ignore[no-any-return]
    walk = (key,) if deeper is None else (key, deeper)
    return lambda args, context, server, tool: follow(args, walk)


def test_of(test: list[Any]) -> Callable[[Any], int]:
    """A test of the pool as a function."""
    check_test(test)
    op, value, missing, mistyped, length, quantifier, inner = test
    return test_function(
        op, tuple(value) if isinstance(value, list) else value, missing, mistyped, length, quantifier, tuple(inner)
    )
