"""The obvious interpreter: slow, direct, written from docs/language.md alone. It is the judge of everything else.

It shares no code with the diagram, the table or the runtime beyond the two things that are not ours: RE2, and what Go
prints for a value.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from policyc.ir.facts import NO_FACTS, Facts
from policyc.ir.model import (
    AllOf,
    And,
    AnyOf,
    AnyTool,
    Cond,
    Const,
    Except,
    Fact,
    Not,
    OnServer,
    Or,
    Policy,
    Rule,
    Selector,
    Test,
    ToolGlob,
    ToolName,
    Truth,
)  # fmt: skip
from policyc.ir.order import precedence
from policyc.record import field, record
from policyc.runtime.patterns import regex_search
from policyc.runtime.values import go_text

FALSE, UNDEFINED, TRUE = Truth.FALSE, Truth.UNDEFINED, Truth.TRUE


@record
class Call:
    """What is to be decided. `arguments` and `context` are decoded JSON objects."""

    tool: str
    arguments: Any = field(default_factory=dict)
    context: Any = field(default_factory=dict)
    server: str | None = None


@record
class Outcome:
    """The decision: `rule` is the one that decided (None: the default did), `limits` the rules whose limits to reserve."""

    effect: Literal["deny", "approve", "allow"]
    rule: Rule | None
    limits: tuple[Rule, ...] = ()
    hidden: bool = False


class NotJson(Exception):
    """A test met a value that JSON does not have (NaN, infinity, another type): the call is denied."""


def decide(policy: Policy, call: Call, facts: Facts = NO_FACTS) -> Outcome:
    """Decide one call. Arguments and context of None stand for empty objects."""
    try:
        return _decide(policy, call, facts)
    except NotJson:
        return Outcome("deny", None)


def _decide(policy: Policy, call: Call, facts: Facts) -> Outcome:
    rules = [(rule, applies(rule, call, facts)) for rule in precedence(policy)]
    for rule, truth in rules:  # 1. hidden
        if rule.effect == "hide" and truth is not FALSE:
            return Outcome("deny", rule, hidden=True)
    for rule, truth in rules:  # 2. any deny that holds, any require that fails
        if rule.effect == "deny" and truth is not FALSE:
            return Outcome("deny", rule)
        if rule.effect == "require":
            assert rule.condition is not None
            if truth is not FALSE and negate(evaluate(rule.condition, call)) is not FALSE:
                return Outcome("deny", rule)
    limits = [rule for rule, truth in rules if rule.effect == "limit" and truth is not FALSE]
    for rule in limits:  # 2b. a limit whose amount cannot be read
        if not amount_readable(rule, call):
            return Outcome("deny", rule)
    allowed = next((rule for rule, truth in rules if rule.effect == "allow" and truth is TRUE), None)
    if allowed is None and policy.default == "deny":  # 3. nothing allows it
        return Outcome("deny", None)
    for rule, truth in rules:  # 4. held for approval
        if rule.effect == "approve" and truth is not FALSE:
            return Outcome("approve", rule, tuple(limits))
    return Outcome("allow", allowed, tuple(limits))  # 5.


def visible(policy: Policy, tool: str, server: str | None = None, facts: Facts = NO_FACTS) -> bool:
    """Whether the tool is shown in tools/list."""
    call = Call(tool, server=server)
    return all(selects(r.selector, call, facts) is FALSE for r in policy.rules if r.effect == "hide")


def applies(rule: Rule, call: Call, facts: Facts) -> Truth:
    """Whether the rule speaks of this call: its selector and its `when`."""
    selected = selects(rule.selector, call, facts)
    if rule.when is None or selected is FALSE:
        return selected
    return min(selected, evaluate(rule.when, call))


def negate(truth: Truth) -> Truth:
    return Truth(2 - truth)


def truth_of(value: bool) -> Truth:
    return TRUE if value else FALSE


def selects(selector: Selector, call: Call, facts: Facts) -> Truth:
    """Whether the selector selects the call's tool. What only the catalog or a missing server could say is undefined."""
    match selector:
        case ToolName() | ToolGlob():
            if isinstance(selector, ToolName):
                named = truth_of(call.tool == selector.name)
            else:
                named = truth_of(glob(selector.pattern, call.tool))
            return named if selector.server is None else min(named, _on(selector.server, call, facts))
        case OnServer():
            return _on(selector.server, call, facts)
        case Fact():
            known = facts.about(selector.kind, selector.value, call.tool, call.server)
            return UNDEFINED if known is None else truth_of(known)
        case AnyTool():
            return TRUE
        case AnyOf():
            return max(selects(s, call, facts) for s in selector.items)
        case AllOf():
            return min(selects(s, call, facts) for s in selector.items)
        case Except():
            return negate(selects(selector.item, call, facts))


def _on(server: str, call: Call, facts: Facts) -> Truth:
    if call.server is not None:
        return truth_of(call.server == server)
    known = facts.on_server(call.tool, server)
    return UNDEFINED if known is None else truth_of(known)


def glob(pattern: str, text: str) -> bool:
    """Dynamic programming over the pattern: reach[j] says that pattern[:j] matches the text read so far."""
    reach = [True] + [False] * len(pattern)
    for j, p in enumerate(pattern):
        reach[j + 1] = p == "*" and reach[j]
    for c in text:
        before, reach = reach, [False] * (len(pattern) + 1)
        for j, p in enumerate(pattern):
            if p == "*":
                reach[j + 1] = reach[j] or before[j + 1]
            else:
                reach[j + 1] = before[j] and p in (c, "?")
    return reach[-1]


# --- conditions ----------------------------------------------------------------------------------------------------


def evaluate(cond: Cond, call: Call) -> Truth:
    """The condition's truth value, by Kleene's logic."""
    match cond:
        case Const():
            return truth_of(cond.value)
        case Not():
            return negate(evaluate(cond.item, call))
        case And():
            return min((evaluate(c, call) for c in cond.items), default=TRUE)
        case Or():
            return max((evaluate(c, call) for c in cond.items), default=FALSE)
        case Test():
            root = call.arguments if cond.path.root == "args" else call.context
            return _walk(cond, {} if root is None else root, cond.path.steps)


class _Absent:
    pass


ABSENT = _Absent()


def _walk(test: Test, value: Any, steps: tuple[str | int | None, ...]) -> Truth:
    """Follow the path one step at a time; at `[*]` judge every element."""
    if value is not ABSENT and json_type(value) == "other":
        raise NotJson
    if not steps:
        return judge(test, value)
    step, rest = steps[0], steps[1:]
    if step is None:
        if json_type(value) == "array":
            results = [_walk(test, element, rest) for element in value]
            return min(results, default=TRUE) if test.quantifier == "every" else max(results, default=FALSE)
        if test.op in ("exists", "is"):
            return FALSE
        return test.missing if value is ABSENT or value is None else test.mistyped
    if isinstance(step, str):
        found = value[step] if json_type(value) == "object" and step in value else ABSENT
    else:
        found = value[step] if json_type(value) == "array" and step < len(value) else ABSENT
    return _walk(test, found, rest)


def json_type(value: Any) -> str:
    """The JSON type of a value; "other" for what JSON does not have."""
    if value is None:
        return "null"
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    name = names.get(type(value), "other")
    if name == "number" and not (isinstance(value, int) or math.isfinite(value)):
        return "other"
    return name


def judge(test: Test, operand: Any) -> Truth:
    """One operand against the test's constant."""
    kind = "absent" if operand is ABSENT else json_type(operand)
    op, value = test.op, test.value
    if op == "exists":
        return truth_of(kind != "absent")
    if op == "is":
        if value == "integer":
            return truth_of(kind == "number" and operand == math.floor(operand))
        return truth_of(kind == value)
    if op == "prints":
        if kind == "absent":
            return test.missing
        try:
            return truth_of(go_text(operand) == value)
        except RecursionError:  # nested too deep to print
            return UNDEFINED
        except ValueError:  # something inside is not JSON
            raise NotJson from None
    if kind in ("absent", "null"):
        return test.missing
    if test.length:
        if kind not in ("string", "array", "object"):
            return test.mistyped
        operand, kind = len(operand), "number"
    if op == "matches" and kind == "string" and any("\ud800" <= c <= "\udfff" for c in operand):
        return UNDEFINED  # not Unicode text, so in no regular language, whatever the dialect
    fits = _fits(op, value, kind, operand)
    return test.mistyped if fits is None else truth_of(fits)


def _fits(op: str, value: Any, kind: str, operand: Any) -> bool | None:
    """The plain result, or None when the operand's type does not fit the operator."""
    if op in ("in", "not in"):
        same = [v for v in value if json_type(v) == kind]
        return None if not same else (operand in same) == (op == "in")
    if op == "contains" and kind == "array":
        return any(json_type(e) == json_type(value) and e == value for e in operand)
    if kind != json_type(value) or (op == "contains" and kind != "string"):
        return None
    match op:
        case "==":
            return bool(operand == value)
        case "!=":
            return bool(operand != value)
        case "<":
            return bool(operand < value)
        case "<=":
            return bool(operand <= value)
        case ">":
            return bool(operand > value)
        case ">=":
            return bool(operand >= value)
        case "contains":
            return value in operand
        case "starts_with":
            return bool(operand[: len(value)] == value)
        case "ends_with":
            return bool(operand[max(0, len(operand) - len(value)) :] == value)
        case "like":
            return glob(value, operand)
        case "matches":
            return regex_search(value)(operand)
    raise AssertionError(op)


def amount_readable(rule: Rule, call: Call) -> bool:
    """Whether the amount of a sum limit is a number (or is missing and may be)."""
    limit = rule.limit
    assert limit is not None
    if limit.amount is None:
        return True
    missing = TRUE if limit.optional else FALSE
    probe = Test(limit.amount, "<=", 0, missing=missing, mistyped=FALSE)
    above = Test(limit.amount, ">", 0, missing=missing, mistyped=FALSE)
    return TRUE in (evaluate(probe, call), evaluate(above, call))
