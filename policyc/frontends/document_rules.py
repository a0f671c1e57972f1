"""A policy document's tree to rules of the IR.

The tree's shape has been checked, or its faults reported, before this; so whatever does not fit is passed over here, and
`incomplete` remembers that it was: a policy is compiled only when nothing was passed over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

from policyc.diagnostics import Findings, Related
from policyc.frontends import document_old
from policyc.frontends.conditions import Conditions
from policyc.frontends.property_text import read_property
from policyc.frontends.reading import below, entries_of, text_of
from policyc.frontends.selector_text import read_selector
from policyc.ir.model import (
    SCOPES,
    AllOf,
    And,
    AnyTool,
    Cond,
    Effect,
    Limit,
    OnServer,
    Property,
    Rule,
    Scope,
    Selector,
    Severity,
    ToolName,
)
from policyc.source import Span
from policyc.syntax.tree import Map, Node, Scalar, Seq, first_character

_LIST_EFFECTS: Final[dict[str, Effect]] = {
    "require": "require", "deny_if": "deny", "approve_if": "approve", "allow_if": "allow",
}  # fmt: skip
_PLAIN_EFFECTS: Final[dict[str, Effect]] = {"deny": "deny", "approve": "approve", "allow": "allow"}
_SETS_ASIDE_IMPLIED: Final = frozenset({"deny", "allow", "allow_if"})


class Rules:
    """Collects the rules of one document, in the order written."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.conditions = Conditions(findings)
        self.rules: list[Rule] = []
        self._closed: set[Selector] = set()
        self.ids: dict[str, Span] = {}
        self.incomplete = False
        self.properties: list[Property] = []

    def verify(self, node: Node | None) -> None:
        """The document's properties."""
        for i, item in self._items(node) if node is not None else ():
            made = None
            if isinstance(item, Scalar) and isinstance(item.value, str) and item.value:
                made = read_property(item, f"verify[{i}]", self.findings)
            if made is None:
                self.incomplete = True
            else:
                self.properties.append(made)

    def block(self, node: Map, route: str, server: str | None) -> None:
        """The document itself, or one server's entry."""
        for key, value in entries_of(node):
            name, at = str(key.value), below(route, str(key.value))
            if name in ("hide", "allow"):
                for i, item in self._items(value):
                    self._listed("hide" if name == "hide" else "allow", item, f"{at}[{i}]", server)
            elif name == "tools":
                for tool, entry in entries_of(value):
                    self._tool(tool, entry, below(at, str(tool.value)), server)
            elif name == "all_tools":
                selector: Selector = AnyTool(key.span) if server is None else OnServer(server, key.span)
                self._entry(selector, key, value, at, exact=False)
            elif name == "rules":
                for i, item in self._items(value):
                    self._rule(item, f"{at}[{i}]", server)
            elif name == "servers" and server is None:
                for server_key, entry in entries_of(value):
                    self._server(server_key, entry, below(at, str(server_key.value)))

    def _server(self, key: Scalar, entry: Node, route: str) -> None:
        if not str(key.value).strip():
            self.findings.add("invalid-value", "a server's name must not be empty", key.span, route=route)
        elif isinstance(entry, Map):
            self.block(entry, route, str(key.value))
        else:
            self.incomplete = True

    def _items(self, node: Node) -> list[tuple[int, Node]]:
        if not isinstance(node, Seq):
            self.incomplete = True
            return []
        return list(enumerate(node.items))

    def complete(self) -> list[Rule]:
        """All rules of the document. A tool that several entries name (`a` and `"a"`, or under a server as `s/a`) is allowed by standing
        there only if none of them says itself what it allows, and once."""
        seen: set[Selector] = set(self._closed)
        out = []
        for rule in self.rules:
            if rule.implied:
                if rule.selector in seen:
                    continue
                seen.add(rule.selector)
            out.append(rule)
        return out

    # --- selectors ------------------------------------------------------------------------------------------------------

    def _select(self, node: Node | None, server: str | None) -> Selector | None:
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
            self.incomplete = True
            return None
        selector = read_selector(node, self.findings)
        if selector is None:
            self.incomplete = True
        return selector if selector is None or server is None else on_server(server, selector)

    def _listed(self, effect: Effect, item: Node, route: str, server: str | None) -> None:
        """An entry of `hide` or `allow`: a text, or a mapping with `select`."""
        selector = self._select(item.get("select") if isinstance(item, Map) else item, server)
        if selector is not None:
            self._add(effect, selector, item, route, reason="reason")

    def _tool(self, key: Scalar, entry: Node, route: str, server: str | None) -> None:
        if not key.value:
            self.findings.add("invalid-value", "a tool's name must not be empty", key.span, route=route)
        selector = self._select(key, server)
        if selector is not None:
            self._entry(selector, key, entry, route, exact=isinstance(selector, ToolName))

    # --- entries --------------------------------------------------------------------------------------------------------

    def _entry(self, selector: Selector, key: Scalar, entry: Node, route: str, exact: bool) -> None:
        if not isinstance(entry, Map):
            self.incomplete = True
            return
        keys = {str(k.value) for k, _ in entry.entries}
        old_action = text_of(entry.get("action"))
        if exact and (keys & _SETS_ASIDE_IMPLIED or old_action in ("deny", "allow")):
            self._closed.add(selector)
        elif exact:
            self.rules.append(Rule("", "allow", selector, implied=True, route=route, span=key.span))
        old = document_old.OldKeys(selector, entry, route, self.findings)
        for name, value in entries_of(entry):
            word, at = str(name.value), below(route, str(name.value))
            if word == "limits":
                for i, item in self._items(value):
                    self._limit_rule(selector, item, f"{at}[{i}]")
            elif word in _LIST_EFFECTS:
                for i, item in self._items(value):
                    self._condition_rule(_LIST_EFFECTS[word], selector, item, f"{at}[{i}]")
            elif word in _PLAIN_EFFECTS:
                self._add(_PLAIN_EFFECTS[word], selector, value, at, reason="reason", span=name.span.to(value.span))
            elif word in document_old.KEYS:
                self.rules += old.read(name, value)
        self.incomplete = self.incomplete or old.incomplete

    def _condition_rule(self, effect: Effect, selector: Selector, item: Node, route: str) -> None:
        condition = self.conditions.read(item, route)
        if condition is None or not isinstance(item, Map):
            self.incomplete = True
        elif effect == "require":
            self._add(effect, selector, item, route, condition=condition)
        else:
            self._add(effect, selector, item, route, holds=condition)

    def _limit_rule(self, selector: Selector, item: Node, route: str) -> None:
        limit = self._limit(item, route)
        if limit is not None:
            self._add("limit", selector, item, route, limit=limit)

    # --- the written-out rules ------------------------------------------------------------------------------------------

    def _rule(self, item: Node, route: str, server: str | None) -> None:
        effect = text_of(item.get("effect")) if isinstance(item, Map) else None
        if not isinstance(item, Map) or effect not in ("hide", "deny", "require", "approve", "allow", "limit"):
            self.incomplete = True
            return
        selector = self._select(item.get("select"), server)
        for key, owner in (("require", "require"), ("limit", "limit"), ("by", "approve")):
            name = item.key(key)
            if name is not None and effect != owner:
                message = f"`{key}` belongs to the effect `{owner}`, not to `{effect}`"
                self.findings.add("invalid-value", message, name.span, route=route)
            elif name is None and effect == owner and key != "by":
                message = f"a rule with the effect `{owner}` needs the key `{key}`"
                self.findings.add("invalid-value", message, first_character(item), route=route)
                self.incomplete = True
                return
        when = item.key("when")
        if effect == "hide" and when is not None:
            message = "a hidden tool is hidden from every call: `hide` takes no `when`"
            self.findings.add("invalid-value", message, when.span, route=route)
        condition = limit = None
        if effect == "require":
            condition = self.conditions.read_all(item.get("require") or item, f"{route}.require")
        elif effect == "limit":
            limit = self._limit(item.get("limit") or item, f"{route}.limit")
        if selector is None or (effect == "require" and condition is None) or (effect == "limit" and limit is None):
            self.incomplete = True
            return
        self._add(cast(Effect, effect), selector, item, route, condition=condition, limit=limit, reason="reason")

    # --- limits ---------------------------------------------------------------------------------------------------------

    def _limit(self, item: Node, route: str) -> Limit | None:
        if not isinstance(item, Map):
            self.incomplete = True
            return None
        maximum, window = _value(item.get("max")), _value(item.get("window"))
        if isinstance(maximum, bool) or not isinstance(maximum, (int, float)) or not isinstance(window, (str, int)):
            self.incomplete = True
            return None
        if isinstance(maximum, float) and maximum.is_integer():
            maximum = int(maximum)
        amount = None
        sum_node = item.get("sum")
        if sum_node is None:
            self._only_with_sum(item, route)
            if isinstance(maximum, float):
                message = "`max` counts calls here and must be a whole number"
                self.findings.add("invalid-limit", message, (item.get("max") or item).span, route=route)
        else:
            step = item.key("step")
            if step is not None:
                self.findings.add(
                    "invalid-limit", "`step` counts calls and does not go with `sum`", step.span, route=route
                )
            amount = (
                self.conditions.amount(sum_node, route) if isinstance(sum_node, Scalar) and sum_node.value else None
            )
            if amount is None:
                self.incomplete = True
                return None
        counter, step_value = text_of(item.get("counter")), _value(item.get("step"))
        return Limit(
            counter or "", maximum, window, amount=amount,
            optional=_value(item.get("optional")) is True, whole=_value(item.get("whole")) is True,
            step=step_value if isinstance(step_value, int) else 1, scope=self._scope(item.get("scope")),
            sliding=_value(item.get("sliding")) is True, named=counter is not None, span=item.span,
        )  # fmt: skip

    def _only_with_sum(self, item: Map, route: str) -> None:
        for key in ("optional", "whole"):
            name = item.key(key)
            if name is not None and _value(item.get(key)) is True:
                message = f"`{key}` says how an amount is read and needs `sum`"
                self.findings.add("invalid-limit", message, name.span, route=route)

    def _scope(self, node: Node | None) -> tuple[Scope, ...]:
        if node is None:
            return ("grant",)
        names = [text_of(item) for item in node.items] if isinstance(node, Seq) else [text_of(node)]
        scopes = tuple(scope for name in names for scope in SCOPES if scope == name)
        if len(scopes) < len(names) or not scopes:
            self.incomplete = True
        return scopes

    # --- one rule -------------------------------------------------------------------------------------------------------

    def _add(
        self, effect: Effect, selector: Selector, item: Node, route: str, *, reason: str = "on_deny",
        holds: Cond | None = None, condition: Cond | None = None, limit: Limit | None = None, span: Span | None = None,
    ) -> None:  # fmt: skip
        """Add a rule with what its mapping carries: reason, id, severity, `when`, `by`. `holds`: the condition of an
        effect that applies when it holds."""
        get = item.get if isinstance(item, Map) else lambda _key: None
        when, guard = holds, get("when")
        if guard is not None:
            also = self.conditions.read_all(guard, f"{route}.when")
            if also is None:
                self.incomplete = True
                return
            when = also if holds is None else And((holds, also), item.span)
        id_node = get("id")
        written = text_of(id_node)
        if written and id_node is not None:
            self._note_id(written, id_node.span, route)
        self.rules.append(
            Rule(
                written or "", effect, selector, when, condition, limit, text_of(get(reason)), text_of(get("by")),
                cast("Severity | None", text_of(get("severity"))), named=bool(written), route=route,
                span=span or item.span,
            )
        )  # fmt: skip

    def _note_id(self, written: str, span: Span, route: str) -> None:
        first = self.ids.setdefault(written, span)
        if first is not span:
            self.findings.add(
                "duplicate-rule-id", f"the id `{written}` is given to two rules", span, route=route,
                related=[Related(first, "first given here")],
            )  # fmt: skip


def on_server(server: str, selector: Selector) -> Selector:
    """What a selector selects inside a server's entry: the same as in the DSL's `on server` block."""
    from policyc.frontends.dsl_selectors import narrow

    narrowed = narrow(OnServer(server, selector.span), selector)
    if isinstance(narrowed, AllOf | OnServer) and narrowed.span is None:
        return replace(narrowed, span=selector.span)
    return narrowed


def _value(node: Node | None) -> Any:
    return node.value if isinstance(node, Scalar) else None
