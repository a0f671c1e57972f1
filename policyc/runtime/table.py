"""Loading a decision table and deciding calls with it. Imports the standard library only (and RE2, when a table needs it).

    table = Table.load("policy.table")
    decision = table.decide("create_charge", {"amount": 500}, {"grant": "g1"})
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Callable, Iterable
from os import PathLike
from typing import Any, Final

from policyc.runtime.decision import Decision, Limit
from policyc.runtime.patterns import PatternError, glob_match
from policyc.runtime.tests import test_function
from policyc.runtime.values import MISSING, follow, kind
from policyc.table.model import CAPABILITIES, FORMAT, VERSION, TableError

_LE, _STRING, _PREFIX, _LT, _TEXT, _BISECT, _SAME, _THERE, _BOOL, _TEST, _KIND, _SUFFIX = range(12)
_INF: Final = float("inf")
_EMPTY: Final[dict[str, Any]] = {}
Linked = tuple[Any, ...]
"""A node ready to run: (operation, key, second key, constant, child, child, child). The key is of the arguments; with a second key the
value is one level deeper; with key None the second is a function of (arguments, context, server, tool)."""


class Table:
    """A loaded table. Immutable and safe to share among threads."""

    def __init__(self, data: bytes) -> None:
        """Raises TableError when the bytes are not a whole, unchanged table that this loader can honour."""
        self.header, policies, pools, self._lines, places = open_table(data)
        try:
            self._paths = [_path(p) for p in pools["paths"]]
            self._tests = pools["tests"]
            self._leaves = _leaves(pools, policies, places)
            self._linked: dict[int, Linked | Decision] = {}
            self._policies = {p["name"]: _Policy(self, p) for p in policies}
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise TableError(f"the table's content does not fit its format ({error!r})") from None
        self._only = next(iter(self._policies.values())) if len(self._policies) == 1 else None

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Table:
        """Read a table from a file. Raises OSError and TableError."""
        with open(path, "rb") as file:
            return cls(file.read())

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of the policies in the table."""
        return tuple(self._policies)

    def decide(
        self,
        tool: str,
        arguments: Any = None,
        context: Any = None,
        *,
        server: str | None = None,
        policy: str | None = None,
    ) -> Decision:
        """Decide one call. `arguments` and `context` are decoded JSON objects. `policy` may be left out when there is one.

        Raises KeyError when the policy is not in the table.
        """
        holds = self._only if policy is None and self._only is not None else self._named(policy)
        node: Any = holds.call.get(tool)
        if node is None:
            node = holds.call_root(tool)
        args = arguments if type(arguments) is dict else _EMPTY
        while type(node) is tuple:
            op, key, deeper, c, y, n, e = node
            if deeper is None:
                v = args.get(key, MISSING)
            elif key is None:
                v = deeper(args, context, server, tool)
            else:
                v = args.get(key)
                v = v.get(deeper, MISSING) if type(v) is dict else MISSING
            if op == _STRING:
                node = c.get(v, y) if type(v) is str else e
            elif op == _LE:
                t = type(v)
                node = (y if v <= c else n) if t is int or (t is float and -_INF < v < _INF) else e
            elif op == _PREFIX:
                node = (y if v.startswith(c) else n) if type(v) is str else e
            elif op == _TEXT:
                node = (y if c(v) else n) if type(v) is str else e
            elif op == _LT:
                t = type(v)
                node = (y if v < c else n) if t is int or (t is float and -_INF < v < _INF) else e
            elif op == _THERE:
                node = n if v is MISSING else y
            elif op == _BOOL:
                node = y if v is True else n if v is False else e
            elif op == _TEST:
                node = y[c(v)]
            elif op == _BISECT:
                t = type(v)
                if t is int or (t is float and -_INF < v < _INF):
                    i = bisect_left(c, v)
                    node = y[2 * i + 1] if i < len(c) and c[i] == v else y[2 * i]
                else:
                    node = e
            elif op == _KIND:
                k = kind(v)
                node = c[k] if k != 2 else (y if v else n)
            elif op == _SUFFIX:
                node = (y if v.endswith(c) else n) if type(v) is str else e
            else:
                t = type(v)
                node = (y if v == c else n) if t is int or (t is float and -_INF < v < _INF) else e
        return node  # type: ignore[no-any-return]

    def visible(self, tools: Iterable[str], *, server: str | None = None, policy: str | None = None) -> list[str]:
        """Those of the tools that tools/list may show, in the order given. Raises KeyError as `decide` does."""
        holds = self._only if policy is None and self._only is not None else self._named(policy)
        return [t for t in tools if self._run(holds.list_root(t), server, t).effect != "deny"]

    def _run(self, node: Any, server: str | None, tool: str) -> Decision:
        """The loop of `decide` for list roots, which look at the server and the tool's name alone."""
        while type(node) is tuple:
            op, _, fetch, c, y, n, e = node
            v = fetch(_EMPTY, _EMPTY, server, tool)
            if op == _STRING:
                node = c.get(v, y) if type(v) is str else e
            elif op == _KIND:
                node = c[kind(v)]
            elif op == _TEST:
                node = y[c(v)]
            elif op == _THERE:
                node = n if v is MISSING else y
            elif type(v) is not str:
                node = e
            elif op == _TEXT:
                node = y if c(v) else n
            else:
                node = y if (v.startswith(c) if op == _PREFIX else v.endswith(c)) else n
        return node  # type: ignore[no-any-return]

    def _named(self, policy: str | None) -> _Policy:
        found = None if policy is None else self._policies.get(policy)
        if found is None:
            raise KeyError(f"no policy {policy!r} in the table; it has {', '.join(map(repr, self._policies))}")
        return found

    def body(self, number: int) -> Linked | Decision:
        """The linked root of a body, decoded when first asked for."""
        linked = self._linked.get(number)
        if linked is None:
            root, *nodes = json.loads(self._lines[number])
            made: list[Linked | Decision] = []

            def ref(r: int) -> Linked | Decision:
                return made[r] if r >= 0 else self._leaves[-1 - r]

            for node in nodes:
                made.append(_link(node, self._paths, self._tests, ref))
            linked = self._linked[number] = ref(root)
        return linked


class _Policy:
    """One policy's roots. `call` holds those that have been used; an unlisted tool's root is not kept under its name."""

    def __init__(self, table: Table, entry: dict[str, Any]) -> None:
        self._table = table
        self._call: dict[str, int] = entry["call"]
        self._list: dict[str, int] = entry["list"]
        self._call_other, self._list_other = entry["call_other"], entry["list_other"]
        self.call: dict[str, Linked | Decision] = {}

    def call_root(self, tool: str) -> Linked | Decision:
        number = self._call.get(tool)
        if number is None:
            return self._table.body(self._call_other)
        root = self.call[tool] = self._table.body(number)
        return root

    def list_root(self, tool: str) -> Linked | Decision:
        return self._table.body(self._list.get(tool, self._list_other))


def open_table(data: bytes) -> tuple[dict[str, Any], list[Any], dict[str, Any], list[bytes], dict[str, Any]]:
    """The parts of a table whose digest holds: header, policies, pools, undecoded bodies, source map. Raises TableError."""
    first, newline, content = data.partition(b"\n")
    try:
        head = json.loads(first) if newline else None
    except ValueError:
        head = None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise TableError("this is not a policyc decision table")
    if head.get("version") != VERSION:
        raise TableError(f"the table has format version {head.get('version')!r}; this loader knows version {VERSION}")
    if head.get("sha256") != hashlib.sha256(content).hexdigest():
        raise TableError("the table was changed or cut short: its content does not have the digest that it states")
    lines = content.split(b"\n")
    try:
        header = json.loads(lines[0])
        count = header["bodies"]
        lacking = sorted(set(header["capabilities"]) - CAPABILITIES)
        policies, pools, places = json.loads(lines[1])["policies"], json.loads(lines[2]), json.loads(lines[3 + count])
    except (ValueError, KeyError, IndexError, TypeError):
        raise TableError("the table's content does not fit its format") from None
    if lacking:
        raise TableError(f"the table needs {', '.join(lacking)}, which this loader does not have")
    return header, policies, pools, lines[3 : 3 + count], places


def _leaves(pools: dict[str, Any], policies: list[dict[str, Any]], places: dict[str, Any]) -> list[Decision]:
    rules, names = pools["rules"], [p["name"] for p in policies]
    owner = {i: p["name"] for p in policies for i in range(*p["rules"])}
    sources = [None if s is None else f"{places['files'][s[0]]}:{s[1]}" for s in places["rules"]]
    limits: dict[int, Limit] = {}
    for i, (rule, _, reason, _, _, limit) in enumerate(rules):
        if limit is not None:
            path = limit["sum"]
            limits[i] = Limit(
                rule, owner[i], limit["counter"], limit["max"], limit["window"], limit["sliding"], tuple(limit["scope"]),
                path[0] if path else "args", None if path is None else tuple(path[1:]),
                limit["optional"], limit["whole"], limit["step"], reason,
            )  # fmt: skip
    out = []
    for effect, rule, reserved, policy in pools["leaves"]:
        if effect not in ("allow", "deny", "approve"):
            raise ValueError(effect)
        wanted = tuple(limits[i] for i in reserved)
        if rule < 0:
            out.append(Decision(effect, None, None, wanted, None, None, False, None, names[policy]))
            continue
        name, how, reason, by, severity, _ = rules[rule]
        if how == "limit":
            reason = reason or "the amount that this limit adds up is missing or not a number"
        out.append(Decision(effect, name, reason, wanted, by, severity, how == "hide", sources[rule], names[policy]))
    return out


def _path(path: list[Any]) -> tuple[str | None, Any]:
    """(key, None), (key, second key), or (None, function)."""
    root, *steps = path
    if root == "args":
        if len(steps) == 1 and type(steps[0]) is str:
            return steps[0], None
        if len(steps) == 2 and type(steps[0]) is str and type(steps[1]) is str:
            return steps[0], steps[1]
        walk = tuple(steps)
        return None, lambda args, context, server, tool: follow(args, walk)
    if root == "context":
        walk = tuple(steps)
        return None, lambda args, context, server, tool: follow(context, walk)
    if path == ["call", "server"]:
        return None, lambda args, context, server, tool: MISSING if server is None else server
    if path == ["call", "tool"]:
        return None, lambda args, context, server, tool: tool
    raise ValueError(path)


def _link(node: list[Any], paths: list[tuple[str | None, Any]], tests: list[Any], ref: Callable[[int], Any]) -> Linked:
    form, (key, deeper) = node[0], paths[node[1]]
    if form == "n":
        _, _, bounds, children, other = node
        op, c, y, n = _number(bounds, [ref(r) for r in children])
        return (op, key, deeper, c, y, n, ref(other))
    if form == "s":
        _, _, constants, rest, other = node
        return (_STRING, key, deeper, {text: ref(r) for text, r in constants}, ref(rest), None, ref(other))
    if form == "t":
        _, _, number, false, undefined, true = node
        return _linked_test(tests[number], key, deeper, ref(false), ref(undefined), ref(true))
    if form == "b":
        _, _, false, true, other = node
        return (_BOOL, key, deeper, None, ref(true), ref(false), ref(other))
    if form == "k":
        missing, null, false, true, number, string, array, obj, other = (ref(r) for r in node[2:])
        if all(x is null for x in (false, true, number, string, array, obj, other)):
            return (_THERE, key, deeper, None, null, missing, None)
        return (_KIND, key, deeper, (missing, null, None, number, string, array, obj, other), true, false, None)
    raise ValueError(form)


def _number(bounds: list[int | float], children: list[Any]) -> tuple[int, Any, Any, Any]:
    if len(children) != 2 * len(bounds) + 1:
        raise ValueError("a number node has one child too many or too few")
    if len(bounds) == 1:
        below, at, above = children
        if below is at:
            return _LE, bounds[0], below, above
        if at is above:
            return _LT, bounds[0], below, above
        if below is above:
            return _SAME, bounds[0], at, below
    return _BISECT, bounds, children, None


def _linked_test(test: list[Any], key: str | None, deeper: Any, false: Any, undefined: Any, true: Any) -> Linked:
    op, value, missing, mistyped, length, quantifier, inner = test
    if quantifier is None and not length and missing == mistyped == 1:
        if op == "starts_with":
            return (_PREFIX, key, deeper, value, true, false, undefined)
        if op == "ends_with":
            return (_SUFFIX, key, deeper, value, true, false, undefined)
        if op == "like":
            return (_TEXT, key, deeper, glob_match(value), true, false, undefined)
    if isinstance(value, list):
        value = tuple(value)
    try:
        function = test_function(op, value, missing, mistyped, length, quantifier, tuple(inner))
    except PatternError as error:
        raise TableError(f"the table has a pattern that RE2 refuses: {error}") from None
    return (_TEST, key, deeper, function, (false, undefined, true), None, None)
