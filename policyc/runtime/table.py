"""Loading a decision table and deciding calls with it. Imports the standard library only (and RE2, when a table needs it).

table = Table.load("policy.table")
decision = table.decide("create_charge", {"amount": 500}, {"grant": "g1"})
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

from policyc.runtime.decide import Decide, decider
from policyc.runtime.decision import Decision, Limit
from policyc.runtime.file import MALFORMED, TableFile
from policyc.runtime.linked_rules import rule_list
from policyc.runtime.nodes import (
    EMPTY,
    KIND,
    PREFIX,
    RULES,
    STRING,
    SUFFIX,
    TEST,
    TEXT,
    THERE,
    Linked,
    link,
    path_of,
)
from policyc.runtime.patterns import PatternError
from policyc.runtime.values import MISSING, kind
from policyc.runtime.wellformed import count
from policyc.table.model import TableError

if TYPE_CHECKING:
    from policyc.runtime.signature import Key

NOT_JSON_REASON: Final = "an argument or a part of the context is not JSON"
BROKEN_REASON: Final = "the table's content for this tool does not fit its format"


class Table:
    """A loaded table. Immutable and safe to share among threads.

    A tool's body is decoded when the tool is first asked for. One that does not fit the format denies every call that needs it, hides
    the tool, and stands in `faults`; `check` finds all of them at once.

    `decide(tool, arguments=None, context=None, *, server=None, policy=None)` decides one call (see `policyc.runtime.decide.Decide`).
    `file` and `header`: what it was loaded from.
    """

    decide: Decide

    def __init__(self, data: bytes) -> None:
        """Raises TableError when the bytes are not a whole, unchanged table that this loader can honour."""
        self.file = file = TableFile(data)
        self.header = file.header
        try:
            self._paths = [path_of(p) for p in file.paths]
            self._faults: list[TableError] = []
            self._policies = {p["name"]: _Policy(file, self._paths, p, self._faults) for p in file.policies}
        except MALFORMED as error:
            raise TableError(f"the table's content does not fit its format ({error!r})") from None
        self._only = next(iter(self._policies.values())) if len(self._policies) == 1 else None
        self.decide = decider(self._only, self._named)

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        *,
        key: Key | Sequence[Key] | None = None,
        signature: str | PathLike[str] | None = None,
        check: bool = False,
    ) -> Table:
        """Read a table from a file. Raises OSError and TableError.

        With `key` (a PEM file's path, its bytes, a PublicKey, or several of them) the table must be signed by one of the keys, in the
        file `signature` or beside the table with `.sig` added; nothing of it is believed before. `check`: as `check()` does.
        """
        with open(path, "rb") as file:
            data = file.read()
        if key is not None:
            from policyc.runtime.signature import verify_file

            verify_file(path, data, key, signature)
        table = cls(data)
        if check:
            table.check()
        return table

    def check(self) -> None:
        """Decode everything now. Raises TableError for the first part that does not fit the format."""
        for policy in self._policies.values():
            policy.check()

    @property
    def faults(self) -> tuple[TableError, ...]:
        """What was wrong with the bodies that calls needed so far and that could not be used."""
        return tuple(self._faults)

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of the policies in the table."""
        return tuple(self._policies)

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


def _shown(node: Any, server: str | None, tool: str) -> bool:
    """The loop of `decide` for list roots, which look at the server and the tool's name alone."""
    while type(node) is tuple:
        op, key, fetch, c, y, n, e = node
        if key is not None:  # a path into the arguments, which a list does not have
            return False
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


class _Policy:
    """One policy. `call` holds the roots that have been used; an unlisted tool's root is not kept under its name."""

    def __init__(self, file: TableFile, paths: list[Any], entry: dict[str, Any], faults: list[TableError]) -> None:
        self._file, self._paths, self._name, self._faults = file, paths, entry["name"], faults
        self._call: dict[str, int] = entry["call"]
        self._list: dict[str, int] = entry["list"]
        self._call_other, self._list_other = entry["call_other"], entry["list_other"]
        self._first, self._last = entry["rules"]
        self.call: dict[str, Linked | Decision] = {}
        self._linked: dict[int, Linked | Decision] = {}
        self._tests: dict[int, Any] = {}
        self._rules: dict[int, tuple[Any, ...]] = {}
        self._limits: dict[int, Limit] = {}
        self.refused = Decision("deny", None, NOT_JSON_REASON, (), None, None, False, None, self._name)
        self._broken = self.refused._replace(reason=BROKEN_REASON)

    def call_root(self, tool: str) -> Linked | Decision:
        if type(tool) is not str:
            raise TypeError(f"a tool's name is a str; this is a {type(tool).__name__}")
        number = self._call.get(tool)
        if number is None:
            return self._usable(self._call_other)
        root = self.call[tool] = self._usable(number)
        return root

    def list_root(self, tool: str) -> Linked | Decision:
        return self._usable(self._list.get(tool, self._list_other))

    def check(self) -> None:
        """Decode every body and every rule. Raises TableError for the first that does not fit the format."""
        for number in dict.fromkeys((*self._call.values(), self._call_other, *self._list.values(), self._list_other)):
            self._body(number)
        for rule in range(self._first, self._last):
            try:
                self._decision("deny", rule, ())
            except MALFORMED as error:
                raise TableError(f"rule {rule} of the table does not fit the format ({error!r:.200})") from None

    def _usable(self, number: int) -> Linked | Decision:
        """As `_body`; a body that does not fit the format denies."""
        linked = self._linked.get(number)
        if linked is None:
            try:
                linked = self._body(number)
            except TableError as error:
                self._faults.append(error)
                linked = self._linked[number] = self._broken
        return linked

    def _body(self, number: int) -> Linked | Decision:
        """The linked root of a body, decoded when first asked for. Raises TableError for one that does not fit the format."""
        linked = self._linked.get(number)
        if linked is None or linked is self._broken:
            try:
                linked = self._linked[number] = self._link(self._file.body(number))
            except PatternError as error:
                raise TableError(f"the table has a pattern that RE2 refuses: {error}") from None
            except ImportError:
                raise TableError(
                    "the table has a pattern, and RE2 (the package `google-re2`) is not installed"
                ) from None
            except MALFORMED as error:
                raise TableError(f"body {number} of the table does not fit the format ({error!r:.200})") from None
        return linked

    def _link(self, body: Any) -> Linked | Decision:
        if isinstance(body, dict):
            rules = rule_list(body, self._paths, self._test, self._decision)
            return (RULES, None, rules.decide, None, None, None, None)
        outcomes, root, *nodes = body
        leaves = [self._decision(*leaf) for leaf in outcomes]
        made: list[Linked] = []

        def ref(r: int | None) -> Linked | Decision | None:
            """A child: an earlier node, a leaf, or None where no JSON value leads."""
            if r is None:
                return None
            if type(r) is not int:
                raise ValueError("a reference that is not an integer")
            return made[r] if r >= 0 else leaves[-1 - r]

        for node in nodes:
            made.append(link(node, self._paths, self._test, ref))
        top = ref(root)
        if top is None:
            raise ValueError("no root")
        return top

    def _test(self, number: int) -> list[Any]:
        known = self._tests.get(count(number))  # 3.0 would find what 3 has left there
        if known is None:
            known = self._tests[number] = self._file.test(number)
        return known

    def _decision(self, effect: Any, rule: int, reserved: Iterable[int]) -> Decision:
        """The decision with this effect by this rule (-1: the default)."""
        if effect not in ("allow", "deny", "approve") or type(rule) is not int:
            raise ValueError((effect, rule))
        wanted = tuple([self._limit(i) for i in reserved])
        if rule == -1:
            return Decision(effect, None, None, wanted, None, None, False, None, self._name)
        name, how, reason, by, severity, source = self._said(rule)
        if effect != "deny" and how in ("hide", "limit"):
            raise ValueError((effect, how))
        return Decision(effect, name, reason, wanted, by, severity, how == "hide", source, self._name)

    def _said(self, number: int) -> tuple[Any, ...]:
        """What a decision tells of its rule."""
        known = self._rules.get(number)
        if known is None:
            name, how, reason, by, severity, _ = self._rule(number)
            if how == "limit":
                reason = reason or "the amount that this limit adds up is missing or not a number"
            place = self._file.place(number)
            source = None if place is None else f"{place[0]}:{place[1]}"
            known = self._rules[number] = (name, how, reason, by, severity, source)
        return known

    def _rule(self, number: int) -> list[Any]:
        if not self._first <= number < self._last:
            raise ValueError("a rule of another policy")
        return self._file.rule(number)

    def _limit(self, number: int) -> Limit:
        known = self._limits.get(count(number))
        if known is None:
            known = self._limits[number] = _limit(self._rule(number), self._name)
        return known


def _limit(rule: list[Any], policy: str) -> Limit:
    name, _, reason, _, _, limit = rule
    path = limit["sum"]
    return Limit(
        name, policy, limit["counter"], limit["max"], limit["window"], limit["sliding"], tuple(limit["scope"]),
        path[0] if path else "args", None if path is None else tuple(path[1:]),
        limit["optional"], limit["whole"], limit["step"], reason,
    )  # fmt: skip
