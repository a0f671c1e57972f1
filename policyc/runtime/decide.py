"""Deciding: the loop that every call runs through."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final, Protocol

from policyc.runtime.decision import Decision
from policyc.runtime.nodes import (
    BISECT,
    BOOL,
    KIND,
    LE,
    LT,
    PREFIX,
    RULES,
    STRING,
    SUFFIX,
    TEST,
    TEXT,
    THERE,
    Linked,
    json_object,
)
from policyc.runtime.values import MISSING, kind

_INF: Final = float("inf")
_PLAIN: Final = frozenset((type(MISSING), type(None), bool, int, str, list, dict))
"""The types of JSON values, except float, which also has values that JSON does not."""


class Decide(Protocol):
    """Decides one call."""

    def __call__(
        self,
        tool: str,
        arguments: Any = None,
        context: Any = None,
        *,
        server: str | None = None,
        policy: str | None = None,
    ) -> Decision:
        """The decision of a policy, which may be left out when the table has one.

        `arguments` and `context` are decoded JSON objects (None: empty ones). A value that is not JSON (NaN, another class) denies
        the call when a test meets it. Raises KeyError when the policy is not in the table, TypeError for arguments or a context that
        are not a dict, and for a tool that is not a str.
        """


class Roots(Protocol):
    """Where deciding begins, for one policy. `call`: the roots of tools that have been asked for; `refused`: the decision on what is not
    JSON."""

    call: dict[str, Linked | Decision]
    refused: Decision

    def call_root(self, tool: str) -> Linked | Decision:
        """The root of a tool that has not been asked for."""


def decider(only: Roots | None, named: Callable[[str | None], Roots]) -> Decide:
    """The function that decides. `only`: the policy when none is named; `named`: the policy of a name, or KeyError.

    A function over local names, because a table's attributes would cost as much as a test does.
    """
    used: dict[str, Linked | Decision] = {} if only is None else only.call
    get = used.get

    def decide(
        tool: str,
        arguments: Any = None,
        context: Any = None,
        *,
        server: str | None = None,
        policy: str | None = None,
    ) -> Decision:
        if policy is None:
            node: Any = get(tool)
            if node is None:
                node = (named(policy) if only is None else only).call_root(tool)
        else:
            holds = named(policy)
            node = holds.call.get(tool)
            if node is None:
                node = holds.call_root(tool)
        args = arguments if type(arguments) is dict else json_object(arguments)
        while type(node) is tuple:
            op, key, deeper, c, y, n, e = node
            if deeper is None:
                v = args.get(key, MISSING)
            elif key is None:
                v = deeper(args, context, server, tool)
            else:
                v = args.get(key)
                v = v.get(deeper, MISSING) if type(v) is dict else MISSING if type(v) in _PLAIN else _end(v)
            if op == LE:
                t = type(v)
                if t is int or (t is float and -_INF < v < _INF):
                    node = y if v <= c else n
                else:
                    node = e if t in _PLAIN else None
            elif op == STRING:
                node = c.get(v, y) if type(v) is str else e if type(v) in _PLAIN or _finite(v) else None
            elif op == PREFIX:
                if type(v) is str:
                    node = y if v.startswith(c) else n
                else:
                    node = e if type(v) in _PLAIN or _finite(v) else None
            elif op == TEXT:
                if type(v) is str:
                    node = y if c(v) else n
                else:
                    node = e if type(v) in _PLAIN or _finite(v) else None
            elif op == THERE:
                node = n if v is MISSING else y if type(v) in _PLAIN or _finite(v) else None
            elif op == LT:
                t = type(v)
                if t is int or (t is float and -_INF < v < _INF):
                    node = y if v < c else n
                else:
                    node = e if t in _PLAIN else None
            elif op == BOOL:
                node = y if v is True else n if v is False else e if type(v) in _PLAIN or _finite(v) else None
            elif op == TEST:
                node = y[c(v)]
            elif op == BISECT:
                t = type(v)
                if t is int or (t is float and -_INF < v < _INF):
                    i = bisect_left(c, v)
                    node = y[2 * i + 1] if i < len(c) and c[i] == v else y[2 * i]
                else:
                    node = e if t in _PLAIN else None
            elif op == KIND:
                k = kind(v)
                node = c[k] if k != 2 else (y if v else n)
            elif op == SUFFIX:
                if type(v) is str:
                    node = y if v.endswith(c) else n
                else:
                    node = e if type(v) in _PLAIN or _finite(v) else None
            elif op == RULES:
                node = v
            else:
                t = type(v)
                if t is int or (t is float and -_INF < v < _INF):
                    node = y if v == c else n
                else:
                    node = e if t in _PLAIN else None
        if node is None:
            return named(policy).refused if only is None or policy is not None else only.refused
        return node  # type: ignore[no-any-return]

    return decide


def _finite(value: Any) -> bool:
    """Whether it is a float that JSON can write."""
    return type(value) is float and -_INF < value < _INF


def _end(value: Any) -> Any:
    """Where a path ends that would go on inside of something that is not an object."""
    return MISSING if _finite(value) else value
