"""Policies as documents.

A document has a place for every kind of rule, and the order of its keys is the order of its rules. The natural layout
(`hide`, `allow`, tool entries, `all_tools`, then `rules` for what fits nowhere else) is used where it asks the rules in
the policy's own order; a policy for which it would not is written out in `rules` one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from policyc.features.write_dsl import ConvertError, property_text, selector_text, written_limit
from policyc.ir.model import (
    And,
    AnyTool,
    Cond,
    Const,
    Effect,
    Limit,
    Not,
    Or,
    Policy,
    Rule,
    Selector,
    Test,
    ToolName,
    Truth,
)
from policyc.ir.names import BARE_NAME, KEYWORDS
from policyc.ir.order import precedence
from policyc.ir.spelling import path_text

_OPS = {
    "==": "eq", "!=": "neq", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "in": "in", "not in": "not_in",
    "matches": "regex", "like": "like", "starts_with": "starts_with", "ends_with": "ends_with", "contains": "contains",
    "exists": "exists", "is": "is", "prints": "prints",
}  # fmt: skip
_LISTS: dict[Effect, str] = {"require": "require", "deny": "deny_if", "approve": "approve_if"}
_ORDERS = (
    ("hide", "allow", "tools", "all_tools", "rules"),
    ("tools", "all_tools", "hide", "allow", "rules"),
)
"""The orders in which the sections are tried: an order of keys is an order of rules."""
_PHASES: tuple[frozenset[Effect], ...] = (
    frozenset({"hide"}), frozenset({"deny", "require"}), frozenset({"limit"}), frozenset({"allow"}), frozenset({"approve"}),
)  # fmt: skip
_WORDS = re.compile(r"[A-Za-z0-9_-]+(?: [A-Za-z0-9_-]+)+\Z")


def document(policy: Policy) -> dict[str, Any]:
    """The policy as a document. Raises ConvertError for what documents cannot say."""
    head: dict[str, Any] = {"version": "1", "name": policy.name}
    if policy.description is not None:
        head["description"] = policy.description
    head["default"] = policy.default
    tail: dict[str, Any] = {"verify": [property_text(p) for p in policy.properties]} if policy.properties else {}
    layout = _Layout(policy)
    for order in _ORDERS:
        if _same_order(policy, [rule for name in order for rule in layout.rules[name]]):
            return head | {name: layout.sections[name] for name in order if layout.sections[name]} | tail
    return head | {"rules": [rule_entry(r) for r in policy.rules]} | tail


def _same_order(policy: Policy, rules: list[Rule]) -> bool:
    """Whether rules in this order are asked in the policy's order, each phase of a decision by itself."""
    other = replace(policy, rules=tuple(rules))
    for phase in _PHASES:
        mine = [id(r) for r in precedence(policy) if r.effect in phase]
        if mine != [id(r) for r in precedence(other) if r.effect in phase]:
            return False
    for effect in ("hide", "deny", "require", "limit", "allow", "approve"):  # ids are numbered in this order
        if _by_selector(policy.rules, effect) != _by_selector(rules, effect):
            return False
    return True


def _by_selector(rules: Sequence[Rule], effect: str) -> dict[Selector, list[int]]:
    out: dict[Selector, list[int]] = {}
    for rule in rules:
        if rule.effect == effect:
            out.setdefault(rule.selector, []).append(id(rule))
    return out


class _Layout:
    """The natural layout: each section as it is written, and the rules that stand in it in its order."""

    def __init__(self, policy: Policy) -> None:
        self.rules: dict[str, list[Rule]] = {name: [] for name in _ORDERS[0]}
        blocks: dict[Selector, list[Rule]] = {}
        implied: set[Selector] = set()
        for rule in policy.rules:
            if rule.effect == "hide":
                self.rules["hide"].append(rule)
            elif rule.effect == "allow" and not rule.implied:
                self.rules["rules" if rule.selector in implied else "allow"].append(rule)
            else:
                blocks.setdefault(rule.selector, []).append(rule)
                if rule.implied:
                    implied.add(rule.selector)
        self.sections: dict[str, Any] = {"tools": {}, "all_tools": {}}
        for selector, rules in blocks.items():
            self._block(selector, rules, selector in implied)
        self.sections["hide"] = [_listed(r) for r in self.rules["hide"]]
        self.sections["allow"] = [_listed(r) for r in self.rules["allow"]]
        self.sections["rules"] = [rule_entry(r) for r in self.rules["rules"]]

    def _block(self, selector: Selector, rules: list[Rule], implied: bool) -> None:
        entry, taken, left = _entry(rules, implied)
        if isinstance(selector, ToolName) and not implied and "deny" not in entry:
            taken, left = [], rules  # an entry for one exact tool would allow it
        self.rules["rules"] += left
        if isinstance(selector, AnyTool):
            self.sections["all_tools"] = entry
            self.rules["all_tools"] += taken
        elif taken:
            self.sections["tools"][document_selector(selector)] = entry
            self.rules["tools"] += taken


def _entry(rules: list[Rule], implied: bool) -> tuple[dict[str, Any], list[Rule], list[Rule]]:
    """A tool entry for the rules of one block: the entry, the rules in it in its order, and those that it cannot take.

    Every key stands once, so a block whose denies and requires alternate keeps its later ones for `rules`.
    """
    entry: dict[str, Any] = {}
    taken: list[Rule] = []
    groups: dict[str, list[Rule]] = {}
    left: list[Rule] = []
    asked: list[str] = []  # the keys of denies and requires, in order
    for rule in rules:
        if rule.implied:
            taken.append(rule)
            continue
        key = _key(rule)
        checks = rule.effect in ("deny", "require")
        unfit = (implied and key == "deny") or (key in ("deny", "approve") and key in groups)
        if unfit or (checks and (_any_check(left) or (key in asked and asked[-1] != key))):
            left.append(rule)
            continue
        if any(r.effect == rule.effect for r in left):
            left.append(rule)
            continue
        if checks and key not in asked:
            asked.append(key)
        groups.setdefault(key, []).append(rule)
    for key, members in groups.items():
        taken += members
        if key in ("deny", "approve"):
            entry[key] = _extras(members[0], "reason") or True
        elif key == "limits":
            entry[key] = [_limit(r.limit, r) for r in members if r.limit is not None]
        else:
            entry[key] = [_condition_rule(r) for r in members]
    return entry, taken, left


def _any_check(rules: list[Rule]) -> bool:
    return any(r.effect in ("deny", "require") for r in rules)


def _key(rule: Rule) -> str:
    if rule.effect == "limit":
        return "limits"
    if rule.effect in ("deny", "approve") and rule.when is None:
        return rule.effect
    return _LISTS[rule.effect]


# --- pieces --------------------------------------------------------------------------------------------------------


def document_selector(selector: Selector) -> str:
    """A selector as a text in a document: plain names and globs as they are, all else in the DSL's syntax."""
    if isinstance(selector, ToolName) and selector.server is None:
        name = selector.name
        if BARE_NAME.match(name) or (_WORDS.match(name) and not KEYWORDS & set(name.split())):
            return name
    return selector_text(selector)


def _listed(rule: Rule) -> Any:
    extras = _extras(rule, "reason")
    if rule.when is not None:
        extras["when"] = condition(rule.when)
    text = document_selector(rule.selector)
    return {"select": text} | extras if extras else text


def _extras(rule: Rule, reason: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if rule.by is not None:
        out["by"] = rule.by
    if rule.reason is not None:
        out[reason] = rule.reason
    if rule.named:
        out["id"] = rule.id
    if rule.severity is not None:
        out["severity"] = rule.severity
    return out


def _condition_rule(rule: Rule) -> dict[str, Any]:
    """An entry of `require`, `deny_if` or `approve_if`."""
    if rule.effect == "require":
        assert rule.condition is not None
        out = condition(rule.condition) | _extras(rule, "on_deny")
        return out | {"when": condition(rule.when)} if rule.when is not None else out
    assert rule.when is not None
    return condition(rule.when) | _extras(rule, "on_deny")


def _limit(limit: Limit, rule: Rule | None) -> dict[str, Any]:
    limit = written_limit(limit)
    out: dict[str, Any] = {"counter": limit.counter} if limit.named else {}
    out |= {"window": limit.window, "max": limit.maximum}
    out["scope"] = limit.scope[0] if len(limit.scope) == 1 else list(limit.scope)
    if limit.amount is not None:
        out["sum"] = path_text(limit.amount)
    out |= {key: True for key in ("optional", "whole", "sliding") if getattr(limit, key)}
    if limit.step != 1:
        out["step"] = limit.step
    if rule is not None:
        out |= _extras(rule, "on_deny")
        if rule.when is not None:
            out["when"] = condition(rule.when)
    return out


def rule_entry(rule: Rule) -> dict[str, Any]:
    """An entry of `rules`, which can say any rule."""
    out: dict[str, Any] = {"effect": rule.effect, "select": document_selector(rule.selector)}
    if rule.condition is not None:
        out["require"] = condition(rule.condition)
    if rule.limit is not None:
        out["limit"] = _limit(rule.limit, None)
    if rule.when is not None:
        out["when"] = condition(rule.when)
    return out | _extras(rule, "reason")


def condition(cond: Cond) -> dict[str, Any]:
    """A condition as a document writes it."""
    match cond:
        case Test():
            return _test(cond)
        case Const():
            return {"always": True} if cond.value else {"not": {"always": True}}
        case Not():
            return {"not": condition(cond.item)}
        case And() | Or():
            if not cond.items:
                return condition(Const(isinstance(cond, And)))
            if len(cond.items) == 1:
                return condition(cond.items[0])
            return {"all" if isinstance(cond, And) else "any": [condition(c) for c in cond.items]}


def _test(test: Test) -> dict[str, Any]:
    path = path_text(test.path)
    plain = test.op in ("exists", "is", "prints")
    out: dict[str, Any] = {
        "path": f"len({path})" if test.length and not plain else path,
        "op": _OPS[test.op],
        "value": list(test.value) if isinstance(test.value, tuple) else test.value,
    }
    if test.quantifier is not None:
        out["quantifier"] = test.quantifier
    if test.op in ("exists", "is"):
        return out
    if Truth.TRUE in (test.missing, test.mistyped):
        raise ConvertError(f"a test on `{path}` that holds when its operand is missing cannot be written")
    if test.missing is Truth.UNDEFINED:
        out["missing"] = "deny"
    if test.mistyped is Truth.UNDEFINED and (test.op != "prints" or test.quantifier is not None):
        if test.op == "prints":
            raise ConvertError(
                f"`prints` over `{path}` is false, in a document, where there is no array; write `!?` or `??` after it"
            )
        out["wrong_type"] = "deny"
    return out
