"""Loading a decision table and deciding calls with it. Imports the standard library only (and RE2, when a table needs it).

table = Table.load("policy.table")
decision = table.decide("create_charge", {"amount": 500}, {"grant": "g1"})
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterable
from os import PathLike
from typing import Any, Final

from policyc.runtime.decision import Decision, Limit
from policyc.runtime.nodes import (
    BISECT,
    BOOL,
    EMPTY,
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
    fetch_of,
    json_object,
    link,
    path_of,
    test_of,
)
from policyc.runtime.patterns import PatternError
from policyc.runtime.rule_list import RuleList
from policyc.runtime.values import MISSING, kind
from policyc.table.model import CAPABILITIES, FORMAT, VERSION, TableError

_INF: Final = float("inf")
_PLAIN: Final = frozenset((type(MISSING), type(None), bool, int, str, list, dict))
"""The types of JSON values, except float, which also has values that JSON does not."""
_MALFORMED: Final = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError)
NOT_JSON_REASON: Final = "an argument or a part of the context is not JSON"


class Table:
    """A loaded table. Immutable and safe to share among threads."""

    def __init__(self, data: bytes) -> None:
        """Raises TableError when the bytes are not a whole, unchanged table that this loader can honour."""
        self.header, policies, pools, self._lines, places = open_table(data)
        try:
            self._paths = [path_of(p) for p in pools["paths"]]
            self._tests = pools["tests"]
            self._outcomes = _Outcomes(pools["rules"], policies, places)
            self._leaves = [self._outcomes.decision(*leaf) for leaf in pools["leaves"]]
            self._linked: dict[int, Linked | Decision] = {}
            self._policies = {p["name"]: _Policy(self, p, len(self._lines)) for p in policies}
            if len(self._policies) != len(policies):
                raise ValueError("two policies of one name")
        except _MALFORMED as error:
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
        """Decide one call.

        `arguments` and `context` are decoded JSON objects (None: empty ones). `policy` may be left out when there is one. A value
        that is not JSON (NaN, another class) denies the call when a test meets it. Raises KeyError when the policy is not in the
        table, TypeError for arguments or a context that are not a dict, and for a tool that is not a str.
        """
        holds = self._only if policy is None and self._only is not None else self._named(policy)
        node: Any = holds.call.get(tool)
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
            if op == STRING:
                node = c.get(v, y) if type(v) is str else e if type(v) in _PLAIN or _finite(v) else None
            elif op == LE:
                t = type(v)
                if t is int or (t is float and -_INF < v < _INF):
                    node = y if v <= c else n
                else:
                    node = e if t in _PLAIN else None
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
            elif op == LT:
                t = type(v)
                if t is int or (t is float and -_INF < v < _INF):
                    node = y if v < c else n
                else:
                    node = e if t in _PLAIN else None
            elif op == THERE:
                node = n if v is MISSING else y if type(v) in _PLAIN or _finite(v) else None
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
        return node if node is not None else holds.refused

    def visible(self, tools: Iterable[str], *, server: str | None = None, policy: str | None = None) -> list[str]:
        """Those of the tools that tools/list may show, in the order given. Raises KeyError as `decide` does."""
        holds = self._only if policy is None and self._only is not None else self._named(policy)
        return [t for t in tools if _shown(holds.list_root(t), server, t)]

    def _named(self, policy: str | None) -> _Policy:
        found = None if policy is None else self._policies.get(policy)
        if found is None:
            has = " or ".join(f"policy={name!r}" for name in self._policies)
            raise KeyError(f"the table has {len(self._policies)} policies, say which one holds: {has}")
        return found

    def body(self, number: int) -> Linked | Decision:
        """The linked root of a body, decoded when first asked for. Raises TableError for one that does not fit the format."""
        linked = self._linked.get(number)
        if linked is None:
            try:
                linked = self._linked[number] = self._link(json.loads(self._lines[number]))
            except PatternError as error:
                raise TableError(f"the table has a pattern that RE2 refuses: {error}") from None
            except _MALFORMED as error:
                raise TableError(f"body {number} of the table does not fit the format ({error!r})") from None
        return linked

    def _link(self, body: Any) -> Linked | Decision:
        if isinstance(body, dict):
            return (RULES, None, self._rule_list(body).decide, None, None, None, None)
        root, *nodes = body
        made: list[Linked] = []

        def ref(r: int | None) -> Linked | Decision | None:
            """A child: an earlier node, a leaf, or None where no JSON value leads."""
            if r is None:
                return None
            return made[r] if r >= 0 else self._leaves[-1 - r]

        for node in nodes:
            made.append(link(node, self._paths, self._tests, ref))
        top = ref(root)
        if top is None:
            raise ValueError("no root")
        return top

    def _rule_list(self, body: dict[str, Any]) -> RuleList:
        def formula(f: Any) -> Any:
            if isinstance(f, bool):
                return f
            if f[0] == "?":
                return ("?", fetch_of(*self._paths[f[1]]), test_of(self._tests[f[2]]), f[3])
            if f[0] not in ("&", "|"):
                raise ValueError(f[0])
            return (f[0], *map(formula, f[1:]))

        number = body["policy"]
        denials, allows, approvals, limits = (tuple((rule, formula(f)) for rule, f in group) for group in body["rules"])
        return RuleList(
            {"allow": True, "deny": False}[body["default"]],
            (denials, allows, approvals, limits),
            lambda effect, rule, reserved: self._outcomes.decision(effect, rule, reserved, number),
        )


def _shown(node: Any, server: str | None, tool: str) -> bool:
    """The loop of `decide` for list roots, which look at the server and the tool's name alone."""
    while type(node) is tuple:
        op, _, fetch, c, y, n, e = node
        v = fetch(EMPTY, EMPTY, server, tool)
        if op == STRING:
            node = c.get(v, y) if type(v) is str else e
        elif op == KIND:
            node = c[kind(v)]
        elif op == TEST:
            node = y[c(v)]
        elif op == THERE:
            node = n if v is MISSING else y
        elif op == RULES:
            node = v
        elif type(v) is not str:
            node = e
        elif op == TEXT:
            node = y if c(v) else n
        elif op == PREFIX:
            node = y if v.startswith(c) else n
        elif op == SUFFIX:
            node = y if v.endswith(c) else n
        else:
            return False
    return node is not None and node.effect != "deny"


def _finite(value: Any) -> bool:
    """Whether it is a float that JSON can write."""
    return type(value) is float and -_INF < value < _INF


def _end(value: Any) -> Any:
    """Where a path ends that would go on inside of something that is not an object."""
    return MISSING if _finite(value) else value


class _Policy:
    """One policy's roots. `call` holds those that have been used; an unlisted tool's root is not kept under its name."""

    def __init__(self, table: Table, entry: dict[str, Any], bodies: int) -> None:
        self._table = table
        self._call: dict[str, int] = entry["call"]
        self._list: dict[str, int] = entry["list"]
        self._call_other, self._list_other = entry["call_other"], entry["list_other"]
        self.call: dict[str, Linked | Decision] = {}
        self.refused = Decision("deny", None, NOT_JSON_REASON, (), None, None, False, None, entry["name"])
        for number in (self._call_other, self._list_other, *self._call.values(), *self._list.values()):
            if type(number) is not int or not 0 <= number < bodies:
                raise ValueError(f"there is no body {number!r}")

    def call_root(self, tool: str) -> Linked | Decision:
        if type(tool) is not str:
            raise TypeError(f"a tool's name is a str; this is a {type(tool).__name__}")
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
        head = json.loads(first) if newline and len(first) < 1000 else None
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise TableError("this is not a policyc decision table")
    if type(head.get("version")) is not int or head["version"] != VERSION:
        raise TableError(f"the table has format version {head.get('version')!r}; this loader knows version {VERSION}")
    if head.get("sha256") != hashlib.sha256(content).hexdigest():
        raise TableError("the table was changed or cut short: its content does not have the digest that it states")
    lines = content.split(b"\n")
    try:
        header = json.loads(lines[0])
        count = header["bodies"]
        lacking = sorted({str(c) for c in header["capabilities"]} - CAPABILITIES)
        policies, pools = json.loads(lines[1])["policies"], json.loads(lines[2])
        bodies, places = lines[3 : 3 + count], json.loads(lines[3 + count])
    except _MALFORMED:
        raise TableError("the table's content does not fit its format") from None
    if lacking:
        raise TableError(f"the table needs {', '.join(lacking)}, which this loader does not have")
    return header, policies, pools, bodies, places


class _Outcomes:
    """Makes decisions from the pool of rules."""

    def __init__(self, rules: list[Any], policies: list[dict[str, Any]], places: dict[str, Any]) -> None:
        self._rules, self._names = rules, [p["name"] for p in policies]
        self._sources = [None if s is None else f"{places['files'][s[0]]}:{s[1]}" for s in places["rules"]]
        self._limits: dict[int, Limit] = {}
        for policy in policies:
            first, last = policy["rules"]
            if not 0 <= first <= last <= len(rules):
                raise ValueError("a range outside the rules")
            for i in range(first, last):
                if rules[i][5] is not None:
                    self._limits[i] = _limit(rules[i], policy["name"])

    def decision(self, effect: Any, rule: int, reserved: Iterable[int], policy: int) -> Decision:
        """The decision with this effect by this rule (-1: the default)."""
        if effect not in ("allow", "deny", "approve"):
            raise ValueError(effect)
        wanted = tuple(self._limits[i] for i in reserved)
        if rule < 0:
            return Decision(effect, None, None, wanted, None, None, False, None, self._names[policy])
        name, how, reason, by, severity, _ = self._rules[rule]
        if how == "limit":
            reason = reason or "the amount that this limit adds up is missing or not a number"
        return Decision(
            effect, name, reason, wanted, by, severity, how == "hide", self._sources[rule], self._names[policy]
        )


def _limit(rule: list[Any], policy: str) -> Limit:
    name, _, reason, _, _, limit = rule
    path = limit["sum"]
    return Limit(
        name, policy, limit["counter"], limit["max"], limit["window"], limit["sliding"], tuple(limit["scope"]),
        path[0] if path else "args", None if path is None else tuple(path[1:]),
        limit["optional"], limit["whole"], limit["step"], reason,
    )  # fmt: skip
