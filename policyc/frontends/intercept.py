"""Intercept v1 YAML to IR: that proxy's meaning, surprises included, stated in our terms.

Source: the public Go sources of PolicyLayer/Intercept (internal/config, engine, conv, proxy), restated in docs/language.md.
"""

from __future__ import annotations

import json
from collections import Counter

from policyc.diagnostics import Findings
from policyc.frontends.intercept_check import check, own_counter
from policyc.frontends.intercept_conditions import condition_of, dotted
from policyc.frontends.intercept_model import Condition, Config, Decoder, InterceptRule, Tool
from policyc.frontends.reading import name_from
from policyc.ir.model import And, AnyTool, Cond, Limit, Policy, Rule, Selector, Test, ToolName, Truth
from policyc.ir.names import assign_ids
from policyc.source import Source
from policyc.syntax.tree import Map, Node, Scalar, describe, first_character, inner_span


def read(tree: Node, source: Source, findings: Findings) -> Policy | None:
    """The policy, with everything that is wrong or surprising among the findings.

    A policy is given even when there are errors, for what can still be said about it; `load.read_policies` drops it then.
    """
    if not isinstance(tree, Map):
        findings.add("wrong-type", f"expected an Intercept policy, found {describe(tree)}", first_character(tree))
        return None
    config = Decoder(findings).config(tree)
    check(config, findings)
    default_node = config.part.keys.get("default")
    return Policy(
        name_from(source.path), "deny" if config.default == "deny" else "allow", assign_ids(_Builder(config).run()),
        "intercept", config.description or None, tree.span, None if default_node is None else default_node[1].span,
    )  # fmt: skip


class _Builder:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.rules: list[Rule] = []
        self.names = Counter(rule.name for tool in config.tools for rule in tool.rules)
        self.taken: set[str] = set()

    def run(self) -> list[Rule]:
        """Every rule of the policy, in the order written, `hide` first."""
        for i, (name, node) in enumerate(self.config.hide):
            span = inner_span(node) if isinstance(node, Scalar) else node.span
            selector: Selector = AnyTool(span) if name == "*" else ToolName(name, span=span)
            reason = None if name == "*" else f"Tool {_quoted(name)} is hidden by policy"
            self.rules.append(Rule("", "hide", selector, reason=reason, route=f"hide[{i}]", span=node.span))
        for tool in self.config.tools:
            self._tool(tool)
        return self.rules

    def _tool(self, tool: Tool) -> None:
        span = inner_span(tool.key)
        selector: Selector = AnyTool(span) if tool.name == "*" else ToolName(tool.name, span=span)
        denied = any(rule.action == "deny" for rule in tool.rules)
        if tool.name != "*" and not denied:
            self.rules.append(
                Rule("", "allow", selector, implied=True, route=tool.part.route, span=tool.key.span)
            )  # fmt: skip
        for rule in tool.rules:
            if rule.action == "deny":
                self._deny(rule, tool, selector)
            elif not rule.rate_limit:
                self._evaluate(rule, tool, selector)

    def _deny(self, rule: InterceptRule, tool: Tool, selector: Selector) -> None:
        reason = rule.on_deny or f"Denied by rule {_quoted(rule.name)}"
        name, named = self._id(rule, tool, "")
        self.rules.append(
            Rule(name, "deny", selector, reason=reason, named=named, route=rule.part.route, span=rule.part.node.span)
        )

    def _evaluate(self, rule: InterceptRule, tool: Tool, selector: Selector) -> None:
        counted = own_counter(rule, tool.scope)
        tests = [condition_of(c) for c in rule.conditions if c is not counted]
        condition = _all(tests, rule)
        route, span = rule.part.route, rule.part.node.span
        if condition is not None:
            name, named = self._id(rule, tool, "")
            reason = rule.on_deny or f"Denied by rule {_quoted(rule.name)}"
            self.rules.append(
                Rule(name, "require", selector, condition=condition, reason=reason, named=named, route=route, span=span)
            )
        if rule.state is None:
            return
        if counted is None:
            self._readable(rule, tool, selector)
            return
        name, named = self._id(rule, tool, "" if condition is None else "limit")
        limit = self._limit(rule, tool, counted)
        self.rules.append(
            Rule(name, "limit", selector, limit=limit, reason=_limit_reason(rule), named=named, route=route, span=span)
        )

    def _limit(self, rule: InterceptRule, tool: Tool, counted: Condition) -> Limit:
        state, value = rule.state, counted.value
        assert state is not None and isinstance(value, int | float)
        maximum = int(value) - (counted.op == "lt")
        amount = None
        if state.increment_from:
            amount = dotted("args", state.increment_from, state.part.at("increment_from"))
        return Limit(
            f"{tool.scope}.{state.counter}", maximum, state.window, amount=amount, whole=amount is not None,
            step=state.increment, scope=("global",), span=state.part.node.span,
        )  # fmt: skip

    def _readable(self, rule: InterceptRule, tool: Tool, selector: Selector) -> None:
        """A counter that never counts still wants a number to count: without one that proxy denies the call."""
        state = rule.state
        assert state is not None
        if not state.increment_from:
            return
        span = state.part.at("increment_from")
        path = dotted("args", state.increment_from, span)
        number = Test(path, "is", "number", Truth.FALSE, Truth.FALSE, span=span, value_span=span)
        name, named = self._id(rule, tool, "increment")
        self.rules.append(
            Rule(
                name, "require", selector, condition=number, reason="Internal policy error", named=named,
                route=state.part.route, span=state.part.node.span,
            )
        )  # fmt: skip

    def _id(self, rule: InterceptRule, tool: Tool, part: str) -> tuple[str, bool]:
        """A rule's id: its name where no other rule has it, else with the tool before it; and whether it is the name.

        Names need not be unique in this dialect, and one rule may become two of ours: `part` tells them apart.
        """
        name = rule.name if self.names[rule.name] == 1 else f"{tool.name}.{rule.name}"
        name = f"{name}.{part}" if part else name
        if not rule.name or name in self.taken:
            return "", False
        self.taken.add(name)
        return name, name == rule.name


def _all(tests: list[Cond], rule: InterceptRule) -> Cond | None:
    if len(tests) < 2:
        return tests[0] if tests else None
    found = rule.part.keys.get("conditions")
    return And(tuple(tests), rule.part.node.span if found is None else found[1].span)


def _limit_reason(rule: InterceptRule) -> str:
    if rule.on_deny:
        return rule.on_deny
    if rule.shorthand is not None:
        count, window = rule.shorthand
        return f"Rate limit of {count} per {window} reached. Try again later."
    return f"Rate limit exceeded for {rule.name}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
