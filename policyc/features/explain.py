"""Why a call is decided as it is: rule by rule, with the value that each test saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policyc.ir.facts import NO_FACTS, Facts
from policyc.ir.model import And, Cond, Const, Not, Or, Path, Policy, Rule, Test, Truth
from policyc.ir.order import precedence
from policyc.ir.spelling import path_text
from policyc.reference import Call, Outcome, amount_readable, applies, decide, evaluate, negate, selects
from policyc.runtime.values import MISSING, follow

_WORDS = {Truth.TRUE: "true", Truth.FALSE: "false", Truth.UNDEFINED: "undefined"}


def render(policy: Policy, call: Call, facts: Facts = NO_FACTS) -> list[str]:
    """The decision and the way to it, in lines of text."""
    outcome = decide(policy, call, facts)
    lines = list(_headline(policy, call, outcome))
    reached = [r for r in precedence(policy) if selects(r.selector, call, facts) is not Truth.FALSE]
    passed = len(policy.rules) - len(reached)
    lines.append("")
    for rule in reached:
        lines.extend(_rule(rule, call, facts, outcome))
    if passed:
        lines.append(f"{passed} other rule{'s do' if passed != 1 else ' does'} not reach this tool")
    return lines


def _headline(policy: Policy, call: Call, outcome: Outcome) -> Iterator[str]:
    on = f" on server {call.server}" if call.server is not None else ""
    yield f"call      {call.tool}{on} {_short(call.arguments, 200)}"
    if call.context:
        yield f"context   {_short(call.context, 200)}"
    yield f"decision  {outcome.effect}{' (hidden)' if outcome.hidden else ''}"
    if outcome.rule is None:
        where = "" if policy.default_span is None else f" at {policy.default_span}"
        yield f"decided by the default, {policy.default}{where}"
    else:
        yield f"decided by {outcome.rule.id}{_at(outcome.rule)}"
        if outcome.rule.reason:
            yield f"reason    {outcome.rule.reason}"
        if outcome.rule.by:
            yield f"asks      {outcome.rule.by}"
    for rule in outcome.limits:
        assert rule.limit is not None
        yield f"reserves  {rule.id}: counter {rule.limit.counter}, at most {rule.limit.maximum} per {rule.limit.window} by {', '.join(rule.limit.scope)}"


def _at(rule: Rule) -> str:
    return "" if rule.span is None else f" at {rule.span}"


def _rule(rule: Rule, call: Call, facts: Facts, outcome: Outcome) -> Iterator[str]:
    mark = "=>" if rule is outcome.rule else "  "
    yield f"{mark} {rule.effect:8}{rule.id}{_at(rule)}: {_verdict(rule, call, facts)}"
    if selects(rule.selector, call, facts) is Truth.UNDEFINED:
        yield "       whether it selects this tool is undefined: the catalog or the call's server would have to say"
    for name, cond in (("when", rule.when), ("require", rule.condition)):
        if cond is not None and not isinstance(cond, Const):
            yield f"       {name}: {_WORDS[evaluate(cond, call)]}"
            yield from _condition(cond, call, 9)


def _verdict(rule: Rule, call: Call, facts: Facts) -> str:
    truth = applies(rule, call, facts)
    if rule.effect == "allow":
        return "allows" if truth is Truth.TRUE else "does not allow"
    if rule.effect == "require":
        assert rule.condition is not None
        truth = min(truth, negate(evaluate(rule.condition, call)))
        return "holds" if truth is Truth.FALSE else "fails, denies" + _undefined(truth)
    if truth is Truth.FALSE:
        return "does not apply"
    if rule.effect == "limit":
        return "applies" + _undefined(truth) if amount_readable(rule, call) else "its amount cannot be read, denies"
    words = {"deny": "denies", "hide": "hides", "approve": "asks for approval"}
    return words[rule.effect] + _undefined(truth)


def _undefined(truth: Truth) -> str:
    return " (undefined counts against the call)" if truth is Truth.UNDEFINED else ""


def _condition(cond: Cond, call: Call, indent: int) -> Iterator[str]:
    match cond:
        case Test():
            yield f"{' ' * indent}{_WORDS[evaluate(cond, call)]:10}{test_text(cond)}   [saw {_seen(cond.path, call)}]"
        case Not():
            yield f"{' ' * indent}{_WORDS[evaluate(cond, call)]:10}not"
            yield from _condition(cond.item, call, indent + 2)
        case And() | Or():
            word = "all of" if isinstance(cond, And) else "any of"
            yield f"{' ' * indent}{_WORDS[evaluate(cond, call)]:10}{word}"
            for item in cond.items:
                yield from _condition(item, call, indent + 2)
        case Const():
            yield f"{' ' * indent}{'true' if cond.value else 'false'}"


def test_text(test: Test) -> str:
    """The test in the DSL's words, without marks for missing values."""
    path = path_text(test.path)
    operand = f"len({path})" if test.length else path
    quantifier = "" if test.quantifier is None else f"{test.quantifier} "
    if test.op == "exists":
        return f"{quantifier}exists {operand}"
    if test.op == "is":
        return f"{quantifier}{operand} is {test.value}"
    value = list(test.value) if isinstance(test.value, tuple) else test.value
    return f"{quantifier}{operand} {test.op} {_short(value, 80)}"


def _seen(path: Path, call: Call) -> str:
    root = call.arguments if path.root == "args" else call.context
    cut = path.steps.index(None) if None in path.steps else len(path.steps)
    value = follow(root if isinstance(root, dict) else {}, tuple(s for s in path.steps[:cut] if s is not None))
    return "nothing" if value is MISSING else _short(value, 60)


def _short(value: Any, most: int) -> str:
    try:
        text = json.dumps(value, ensure_ascii=True)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"
