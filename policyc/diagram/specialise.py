"""A policy as seen from one tool: which rules reach it, and each rule's guard as a formula over server, arguments, context.

`OTHER_TOOL` stands for every tool that has no diagram of its own; there the tool's name is a variable like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal

from policyc.diagram.formula import SERVER, TOOL, Formula, Predicate, Probe, at_least, conj, disj, predicate
from policyc.ir.facts import Facts
from policyc.ir.model import (
    AllOf,
    AnyOf,
    AnyTool,
    Except,
    Fact,
    Limit,
    Not,
    OnServer,
    Policy,
    Rule,
    Selector,
    Test,
    ToolGlob,
    ToolName,
)  # fmt: skip
from policyc.ir.order import precedence
from policyc.record import record
from policyc.runtime.patterns import glob_match


class _OtherTool:
    def __repr__(self) -> str:
        return "any other tool"


OTHER_TOOL: Final = _OtherTool()
Tool = str | _OtherTool


@record
class Guarded:
    """A rule and the formula for "it fires". `rule` is its index in the policy's precedence order."""

    rule: int
    guard: Formula


@record
class ToolProgram:
    """What decides calls to one tool, in the order of docs/language.md: the first of `denials` that fires denies (hides first,
    then denies and requires, then limits whose amount cannot be read); then the first of `allows` or the default; then the
    first of `approvals`; `limits` are reserved unless the call is denied."""

    denials: tuple[Guarded, ...]
    allows: tuple[Guarded, ...]
    approvals: tuple[Guarded, ...]
    limits: tuple[Guarded, ...]
    default: Literal["allow", "deny"]


class Specialiser:
    """Specialises one policy tool by tool, looking only at the rules that can reach each."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        self.policy = policy
        self.facts = facts
        self.rules: tuple[Rule, ...] = precedence(policy)
        self._exact: dict[str, list[int]] = {}
        self._wide: list[int] = []
        for i, rule in enumerate(self.rules):
            if isinstance(rule.selector, ToolName):
                self._exact.setdefault(rule.selector.name, []).append(i)
            else:
                self._wide.append(i)
        names: set[str] = set()
        uses_facts = False
        for rule in self.rules:
            uses_facts |= collect_names(rule.selector, names)
        self.named_tools: tuple[str, ...] = tuple(sorted(names | set(facts.tools) if uses_facts else names))
        """The tools that need a diagram of their own; every other tool is OTHER_TOOL."""
        self.asks_facts: bool = any(_asks_facts(rule.selector) for rule in self.rules)
        """Whether some selector asks what only a catalog knows of a tool."""
        self._firing: dict[int, Formula] = {}

    @property
    def wide(self) -> Sequence[int]:
        """The rules whose selector is not one exact name, by their indexes."""
        return self._wide

    def own(self, tool: str) -> Sequence[int]:
        """The rules whose selector is exactly this name, by their indexes."""
        return self._exact.get(tool, ())

    def program(self, tool: Tool) -> ToolProgram:
        """The rules that reach a tool, with their guards."""
        own = self._exact.get(tool, []) if isinstance(tool, str) else []
        hides: list[Guarded] = []
        denials: list[Guarded] = []
        unreadable: list[Guarded] = []
        allows: list[Guarded] = []
        approvals: list[Guarded] = []
        limits: list[Guarded] = []
        lists = {
            "hide": hides,
            "deny": denials,
            "require": denials,
            "allow": allows,
            "approve": approvals,
            "limit": limits,
        }
        for i in sorted(own + self._wide):
            rule = self.rules[i]
            truth = 2 if rule.effect == "allow" else 1
            selected = selected_at_least(rule.selector, tool, truth, self.facts)
            if selected is False:
                continue
            guard = conj((selected, self._firing_formula(i)))
            if guard is False:
                continue
            lists[rule.effect].append(Guarded(i, guard))
            if rule.limit is not None and rule.limit.amount is not None:
                unreadable.append(Guarded(i, conj((guard, amount_unreadable(rule.limit)))))
        return ToolProgram(
            (*hides, *denials, *unreadable), tuple(allows), tuple(approvals), tuple(limits), self.policy.default
        )

    def _firing_formula(self, index: int) -> Formula:
        """The part of a rule's guard that does not depend on the tool."""
        known = self._firing.get(index)
        if known is None:
            rule = self.rules[index]
            truth = 2 if rule.effect == "allow" else 1
            parts = [] if rule.when is None else [at_least(rule.when, truth)]
            if rule.condition is not None:
                parts.append(at_least(Not(rule.condition), truth))
            known = self._firing[index] = conj(parts)
        return known


def amount_unreadable(limit: Limit) -> Formula:
    """The formula for "the amount is not a number" (for an optional one: nor missing, nor null)."""
    assert limit.amount is not None
    not_number = predicate(Test(limit.amount, "is", "number"), 0b001)
    if not limit.optional:
        return not_number
    there = predicate(Test(limit.amount, "exists", True), 0b100)
    return conj((not_number, there, predicate(Test(limit.amount, "is", "null"), 0b001)))


def collect_names(selector: Selector, names: set[str]) -> bool:
    """Add the tool names a selector mentions; say whether the catalog has a say in it: facts, and which server has a tool."""
    match selector:
        case ToolName():
            names.add(selector.name)
            return selector.server is not None
        case ToolGlob():
            return selector.server is not None
        case Fact() | OnServer():
            return True
        case AnyOf() | AllOf():
            asks = [collect_names(s, names) for s in selector.items]  # all of them: each adds its names
            return any(asks)
        case Except():
            return collect_names(selector.item, names)
    return False


def _asks_facts(selector: Selector) -> bool:
    match selector:
        case Fact():
            return True
        case AnyOf() | AllOf():
            return any(_asks_facts(s) for s in selector.items)
        case Except():
            return _asks_facts(selector.item)
    return False


def selected_at_least(selector: Selector, tool: Tool, truth: int, facts: Facts) -> Formula:
    """The formula for "the selector selects this tool with at least this truth value"."""
    match selector:
        case AnyOf():
            return disj(selected_at_least(s, tool, truth, facts) for s in selector.items)
        case AllOf():
            return conj(selected_at_least(s, tool, truth, facts) for s in selector.items)
        case Except():
            return _selected_at_most(selector.item, tool, 2 - truth, facts)
        case _:
            return _leaf(selector, tool, facts, 0b111 & ~((1 << truth) - 1))


def _selected_at_most(selector: Selector, tool: Tool, truth: int, facts: Facts) -> Formula:
    match selector:
        case AnyOf():
            return conj(_selected_at_most(s, tool, truth, facts) for s in selector.items)
        case AllOf():
            return disj(_selected_at_most(s, tool, truth, facts) for s in selector.items)
        case Except():
            return selected_at_least(selector.item, tool, 2 - truth, facts)
        case _:
            return _leaf(selector, tool, facts, (2 << truth) - 1)


def _leaf(selector: Selector, tool: Tool, facts: Facts, mask: int) -> Formula:
    """A selector without connectives: its truth value is in `mask`. Masks here always are "at least" or "at most"."""
    match selector:
        case ToolName():
            return _on_server(selector.server, tool, facts, mask, tool == selector.name)
        case ToolGlob():
            if isinstance(tool, str):
                return _on_server(selector.server, tool, facts, mask, _globs(selector.pattern, tool))
            named = Predicate(TOOL, Probe("like", selector.pattern), mask)
            if selector.server is None:
                return named
            on = _on_server(selector.server, tool, facts, mask, True)
            return disj((named, on)) if mask & 1 else conj((named, on))
        case OnServer():
            return _on_server(selector.server, tool, facts, mask, True)
        case AnyTool():
            return bool(mask & 0b100)
        case Fact():
            return _fact(selector, tool, facts, mask)
    raise AssertionError(selector)


def _on_server(server: str | None, tool: Tool, facts: Facts, mask: int, named: bool) -> Formula:
    if not named:
        return bool(mask & 0b001)
    if server is None:
        return bool(mask & 0b100)
    known = facts.on_server(tool, server) if isinstance(tool, str) else None
    return Predicate(SERVER, Probe("==", server, missing=1 if known is None else 2 if known else 0), mask)


def _fact(fact: Fact, tool: Tool, facts: Facts, mask: int) -> Formula:
    entries = facts.tools.get(tool, ()) if isinstance(tool, str) else ()
    if not entries:
        return bool(mask & 0b010)
    table = tuple(sorted({name for name, _ in entries}))
    answers = [(name, facts.about(fact.kind, fact.value, tool, name)) for name in table if isinstance(tool, str)]
    truths = tuple((name, 1 if a is None else 2 if a else 0) for name, a in answers)
    together = {t for _, t in truths}
    return Predicate(SERVER, Probe("lookup", truths, missing=together.pop() if len(together) == 1 else 1), mask)


@lru_cache(maxsize=65536)
def _globs(pattern: str, tool: str) -> bool:
    return glob_match(pattern)(tool)
