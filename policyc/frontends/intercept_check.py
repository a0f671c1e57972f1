"""What the Intercept proxy's own validation refuses, and what it accepts but surprises with."""

from __future__ import annotations

import re
from typing import Final

from policyc.diagnostics import Edit, Findings, Related
from policyc.frontends.intercept_model import WINDOWS, Condition, Config, InterceptRule, State, Tool, parse_rate_limit
from policyc.frontends.intercept_values import EXACT, GoValue, go_print, is_number, is_timestamp
from policyc.frontends.patterns import check_pattern
from policyc.frontends.reading import operator_meant, suggest, written_as_is
from policyc.runtime.values import go_text
from policyc.syntax.tree import Scalar, Seq, describe, first_character

_OPERATORS: Final = ("eq", "neq", "in", "not_in", "lt", "lte", "gt", "gte", "regex", "contains", "exists")
_NUMERIC: Final = frozenset({"lt", "lte", "gt", "gte"})
_EQUALITY: Final = frozenset({"eq", "neq", "in", "not_in"})
_NUMBER: Final = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:e[+-][0-9]{2,3})?\Z")
_MAX_STEPS: Final = 64


def own_counter(rule: InterceptRule, scope: str) -> Condition | None:
    """The condition that becomes the rule's limit: the first numeric `lt` or `lte` on its own counter."""
    if rule.state is None:
        return None
    path = f"state.{scope}.{rule.state.counter}"
    return next((c for c in rule.conditions if c.path == path and c.op in ("lt", "lte") and is_number(c.value)), None)


def check(config: Config, findings: Findings) -> None:
    """Report every error of the policy and everything about it that surprises."""
    _Checker(config, findings).run()


class _Checker:
    def __init__(self, config: Config, findings: Findings) -> None:
        self.config, self.findings = config, findings
        self.tools = {tool.name: tool for tool in config.tools}

    def run(self) -> None:
        config, add = self.config, self.findings.add
        if config.version != "1":
            message = f'`version` must be `"1"`, got `{config.version[:40]}`'
            add("unsupported-version", message, config.part.at("version"), route="version")
        if config.default not in ("allow", "deny"):
            near = suggest(config.default, ("allow", "deny"), self.findings)
            add(
                "invalid-value", f"`default` must be `allow` or `deny`, got `{config.default[:40]}`",
                config.part.at("default"), help=f"did you mean `{near}`?" if near else None, route="default",
            )  # fmt: skip
        self._hide()
        for tool in config.tools:
            self._counters(tool)
            for rule in tool.rules:
                self._rule(rule)
                self._surprises(rule, tool)
        self._unscoped()

    def _hide(self) -> None:
        seen: dict[str, Related] = {}
        for i, (name, node) in enumerate(self.config.hide):
            span = node.span if isinstance(node, Scalar) and node.span.text else first_character(node)
            if not name.strip():
                self.findings.add("invalid-value", "an entry of `hide` must not be empty", span, route=f"hide[{i}]")
            elif name in seen:
                message = f"duplicate entry `{name}` in `hide`"
                self.findings.add("invalid-value", message, span, related=[seen[name]], route=f"hide[{i}]")
            else:
                seen[name] = Related(span, "first written here")

    def _counters(self, tool: Tool) -> None:
        seen: dict[str, State] = {}
        for rule in tool.rules:
            state = rule.state
            if state is None:
                continue
            first = seen.setdefault(state.counter, state)
            if first is not state:
                related = [Related(first.part.at("counter"), "first used here")]
                message = f"duplicate state counter `{state.counter}` in the rules of one tool"
                where = state.part.at("counter")
                self.findings.add("invalid-value", message, where, related=related, route=rule.part.route)

    # --- rules ----------------------------------------------------------------------------------------------------------

    def _rule(self, rule: InterceptRule) -> None:
        route, at = rule.part.route, rule.part.at
        if rule.rate_limit:
            self._rate_limit(rule)
            return
        if not rule.name:
            self._error("invalid-value", "a rule must have a `name`", rule, "name")
        if rule.action not in ("evaluate", "deny"):
            near = suggest(rule.action, ("evaluate", "deny"), self.findings)
            self.findings.add(
                "invalid-value", f"`action` must be `evaluate` or `deny`, got `{rule.action[:40]}`", at("action"),
                help=f"did you mean `{near}`?" if near else None, route=route,
            )  # fmt: skip
        if rule.action == "deny" and rule.conditions:
            self._error("invalid-value", "`deny` rules must not have conditions", rule, "conditions")
        if rule.action == "evaluate" and not rule.conditions:
            key = "conditions" if "conditions" in rule.part.keys else "action"
            self._error("invalid-value", "`evaluate` rules must have at least one condition", rule, key)
        for condition in rule.conditions:
            self._condition(condition)
            self._matching_state(condition, route)
        if rule.state is not None:
            self._state(rule.state)

    def _error(self, slug: str, message: str, rule: InterceptRule, key: str) -> None:
        self.findings.add(slug, message, rule.part.at(key), route=rule.part.route)

    def _rate_limit(self, rule: InterceptRule) -> None:
        slug, problem = parse_rate_limit(rule.rate_limit)
        if isinstance(slug, str):
            self._error(slug, problem, rule, "rate_limit")
        if rule.conditions or rule.state is not None:
            self.findings.add(
                "invalid-value", "`rate_limit` cannot be combined with conditions or state", rule.part.at("rate_limit"),
                help="write two rules, or a `state` block with a condition on its counter", route=rule.part.route,
            )  # fmt: skip
        if rule.action == "deny":
            self._error("invalid-value", "`rate_limit` cannot be used with action `deny`", rule, "rate_limit")

    def _matching_state(self, condition: Condition, route: str) -> None:
        parts = condition.path.split(".", 2)
        if len(parts) < 3 or parts[0] != "state":
            return
        tool = self.tools.get(parts[1]) or (self.tools.get("*") if parts[1] == "_global" else None)
        if tool is not None and any(r.state is not None and r.state.counter == parts[2] for r in tool.rules):
            return
        message = f"condition references `{condition.path}` but no matching state block found"
        self.findings.add("invalid-value", message, condition.part.at("path"), route=route)

    def _state(self, state: State) -> None:
        add, part = self.findings.add, state.part
        if not state.counter:
            add("invalid-value", "`counter` must not be empty", part.at("counter"), route=part.route)
        if state.window not in WINDOWS:
            message = f"`window` must be `minute`, `hour` or `day`, got `{state.window[:40]}`"
            add("invalid-window", message, part.at("window"), route=part.route)
        if state.increment_from and not state.increment_from.startswith("args."):
            message = f"`increment_from` must start with `args.`, got `{state.increment_from[:40]}`"
            add("invalid-path", message, part.at("increment_from"), route=part.route)
        elif state.increment_from.count(".") > _MAX_STEPS:
            add(
                "invalid-path",
                f"a path may have at most {_MAX_STEPS} steps",
                part.at("increment_from"),
                route=part.route,
            )
        if state.increment < 0:
            message = "a negative `increment` refills the counter with every call, which no limit of ours does"
            add("invalid-limit", message, part.at("increment"), route=part.route)

    # --- conditions -----------------------------------------------------------------------------------------------------

    def _condition(self, condition: Condition) -> None:
        add, part, op = self.findings.add, condition.part, condition.op
        if not condition.path.startswith(("args.", "state.")):
            near = "args." + condition.path if re.match(r"\w+\Z", condition.path) else None
            add(
                "invalid-path", f"path must start with `args.` or `state.`, got `{condition.path[:40]}`", part.at("path"),
                help=f"write `{near}` for an argument" if near else None, route=part.route,
            )  # fmt: skip
        elif condition.path.count(".") > _MAX_STEPS:
            add("invalid-path", f"a path may have at most {_MAX_STEPS} steps", part.at("path"), route=part.route)
        if op not in _OPERATORS:
            near = operator_meant(op, _OPERATORS, self.findings)
            help = f"did you mean `{near}`?" if near else f"operators: {', '.join(f'`{o}`' for o in _OPERATORS)}"
            edits = [Edit(part.at("op"), near, safe=False)] if near and "op" in part.keys else []
            add(
                "invalid-value",
                f"unknown operator `{op[:40]}`",
                part.at("op"),
                help=help,
                route=part.route,
                edits=edits,
            )
        self._value(condition)

    def _value(self, condition: Condition) -> None:
        op, value, node = condition.op, condition.value, condition.value_node
        if op in ("in", "not_in") and not isinstance(value, list):
            self._wrong(condition, f"operator `{op}` requires a list value")
        elif op in _NUMERIC and not is_number(value):
            self._wrong(condition, f"operator `{op}` requires a numeric value")
        elif op == "exists" and not isinstance(value, bool):
            self._wrong(condition, "operator `exists` requires a boolean value")
        elif op == "regex":
            self._regex(condition)
        items = value if isinstance(value, list) else [value]
        nodes = node.items if isinstance(node, Seq) else [node] * len(items)
        for item, place in zip(items, nodes, strict=False):
            if place is None:
                continue
            span = place.span if isinstance(place, Scalar) else first_character(place)
            if is_number(item) and isinstance(item, int | float) and abs(item) >= EXACT:
                message = "a number from 2^53 on is rounded by that proxy and cannot be compared exactly"
                self.findings.add("invalid-value", message, span, route=condition.part.route)
            elif is_timestamp(place) and op in (*_EQUALITY, "contains"):
                message = f"that proxy reads `{span.text[:40]}` as a point in time, which no argument equals"
                help = "put the date in quotes"
                self.findings.add("invalid-value", message, span, help=help, route=condition.part.route)

    def _regex(self, condition: Condition) -> None:
        node, value = condition.value_node, condition.value
        if not isinstance(value, str) or not isinstance(node, Scalar):
            self._wrong(condition, "regex value must be a string")
            return
        exact = written_as_is(node)
        check_pattern(value, node.span, None if exact is None else exact.start - node.span.start, self.findings)

    def _wrong(self, condition: Condition, message: str) -> None:
        node, part = condition.value_node, condition.part
        found = "none" if node is None else describe(node)
        self.findings.add("wrong-type", f"{message}, found {found}", part.at("value"), route=part.route)

    # --- surprises ------------------------------------------------------------------------------------------------------

    def _surprises(self, rule: InterceptRule, tool: Tool) -> None:
        for condition in rule.conditions:
            self._string_equality(condition)
        state = rule.state
        if state is None or rule.action != "evaluate" or rule.shorthand is not None:
            return
        if own_counter(rule, tool.scope) is None:
            self.findings.add(
                "intercept-limit-ignored",
                f"this counter never counts: no condition has `lt` or `lte` on `state.{tool.scope}.{state.counter}`",
                state.part.at("counter"), route=state.part.route,
                help="add such a condition to this rule, or remove the `state` block",
            )  # fmt: skip
        elif state.increment_from and not _kept_positive(state.increment_from, tool):
            self.findings.add(
                "intercept-negative-increment", f"a negative `{state.increment_from}` lowers the counter and refills the limit",
                state.part.at("increment_from"), route=state.part.route,
                help=f"add a condition `{{path: {state.increment_from}, op: gte, value: 0}}`"
            )  # fmt: skip

    def _string_equality(self, condition: Condition) -> None:
        """Told where the author's type is plainly not the one that matters: a quoted number, or a number let through
        as text. A boolean, or a number in a denial, is left alone: there the rule is only stricter than it looks."""
        if condition.op not in _EQUALITY:
            return
        values = condition.value if isinstance(condition.value, list) else [condition.value]
        for value in values:
            said = _also_equal(value, condition.op)
            if said is not None:
                message = f"`{condition.op}` compares printed texts in Intercept: {said}"
                where, route = condition.part.at("value"), condition.part.route
                self.findings.add("intercept-string-equality", message, where, route=route)
                return

    def _unscoped(self) -> None:
        """Told once a file: it holds for every counter of the dialect."""
        rules = [r for t in self.config.tools for r in t.rules if own_counter(r, t.scope) is not None]
        if not rules or rules[0].state is None:
            return
        more = len(rules) - 1
        others = f" (so {'is' if more == 1 else 'are'} {more} more in this file)" if more else ""
        state = rules[0].state
        message = f"the counter `{state.counter}` is shared by every agent, session and grant{others}"
        help = "Intercept has no other scope; a policy document or the DSL can count by grant, session, agent or user"
        where, route = state.part.at("counter"), state.part.route
        self.findings.add("intercept-unscoped-counter", message, where, help=help, route=route)


def _kept_positive(path: str, tool: Tool) -> bool:
    """Whether some condition of the tool refuses negative values at the path."""
    conditions = [c for rule in tool.rules for c in rule.conditions if c.path == path and c.op in ("gt", "gte")]
    return any(isinstance(c.value, int | float) and c.value >= 0 for c in conditions)


def _also_equal(value: GoValue, op: str) -> str | None:
    if isinstance(value, str):
        if value in ("true", "false"):
            return f"the text `{value}` also equals the boolean {value}"
        if value == "<nil>":
            return "this text also equals null"
        number = _NUMBER.match(value) is not None and go_text(float(value)) == value
        return f"the text `{value}` also equals the number {value}" if number else None
    if is_number(value) and op in ("eq", "in"):
        return f"the number {go_print(value)} also equals the text `{go_print(value)}`"
    return None
