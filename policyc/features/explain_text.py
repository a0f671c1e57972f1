"""An explanation for reading, the decision first, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyc import __version__
from policyc.features.explain import Explained, Explanation, Reserved, Tested
from policyc.features.words import value_text
from policyc.ir.model import Rule, Truth
from policyc.ir.names import selector_text
from policyc.reference import Outcome

VERSION = 1
"""Of the JSON; it grows when a reader could be broken. docs/output.md describes it."""
_WORDS = {Truth.TRUE: "true", Truth.FALSE: "false", Truth.UNDEFINED: "undefined"}
_MOST = 5
"""So many that would have decided are named, and so many tests behind a decision."""


def as_text(found: Explanation) -> list[str]:
    """Lines of text: the decision and what made it, then the call, then every rule."""
    lines = list(_headline(found))
    lines.append("")
    lines.append(f"call      {found.call.tool}{_on(found)} {value_text(found.call.arguments, 200)}")
    if found.call.context:
        lines.append(f"context   {value_text(found.call.context, 200)}")
    lines.append("")
    for rule in found.rules:
        lines.extend(_rule(rule))
    told = [rule for rule in found.others if rule.why is not None]
    for other in told:
        lines.append(f"   {other.rule.effect:8}{_name(other.rule)}: is not for this tool: {other.why}")
    left = len(found.others) - len(told)
    if left:
        lines.append(f"{left} {'more rules are' if left != 1 else 'more rule is'} for other tools")
    return lines


def _on(found: Explanation) -> str:
    return f" on server {found.call.server}" if found.call.server is not None else ""


def _headline(found: Explanation) -> Iterator[str]:
    yield f"decision  {_decided(found, found.outcome)}{', as if the tool were not there' if found.outcome.hidden else ''}"
    yield from (f"because   {line}" for line in _because(found))
    rule = found.outcome.rule
    if rule is not None and rule.reason:
        yield f"reason    {rule.reason}"
    if rule is not None and rule.by:
        yield f"asks      {rule.by}"
    yield from (f"reserves  {line}" for limit in found.limits for line in reserved_lines(limit))
    shown = found.next if len(found.next) <= _MOST + 1 else found.next[:_MOST]
    for outcome in shown:
        yield f"otherwise {_decided(found, outcome)}"
    if len(shown) < len(found.next):
        left = len(found.next) - len(shown)
        last = "and more" if found.cut else f"at last {_decided(found, found.next[-1])}"
        yield f"otherwise {left - (not found.cut)} more rules, {last}"


def _decided(found: Explanation, outcome: Outcome) -> str:
    if outcome.rule is None:
        span = found.policy.default_span
        return f"{outcome.effect} by the default{'' if span is None else f' at {span}'}"
    return f"{outcome.effect} by {_name(outcome.rule)}"


def _name(rule: Rule) -> str:
    return rule.id + ("" if rule.span is None else f" at {rule.span}")


def _because(found: Explanation) -> Iterator[str]:
    rule = found.deciding
    if rule is None:
        yield "no rule allows it" if found.outcome.effect == "deny" else "no rule denies it"
        return
    if rule.selects is Truth.UNDEFINED:
        yield f"whether the rule is for this tool is undefined, which counts against the call: {rule.why}"
    elif rule.why is not None:
        yield rule.why
    if rule.rule.effect == "limit" and rule.amount is not None:
        yield f"the amount that the limit adds up cannot be read: {rule.amount.text()}"
    tests = found.because()
    for test in tests[:_MOST]:
        yield f"{test.text} is {_WORDS[test.truth]}: {test.seen.text() if test.seen else ''}"
    if len(tests) > _MOST:
        yield f"{len(tests) - _MOST} more tests, below"


def reserved_lines(limit: Reserved) -> list[str]:
    """A limit to reserve, and what it lacks, in words."""
    return [f"{limit.text}  ({limit.rule.id})", *(f"  {line}" for line in lacking(limit.lacks))]


def lacking(names: tuple[str, ...]) -> list[str]:
    """What a gateway does without the values that a limit counts by."""
    if not names:
        return []
    where = "the call names no server" if names == ("server",) else f"the context has no {', '.join(names)}"
    return [f"{where}: a gateway denies the call"]


def _rule(found: Explained) -> Iterator[str]:
    mark = "=>" if found.decides else "  "
    yield f"{mark} {found.rule.effect:8}{_name(found.rule)}: {found.verdict}"
    if found.selects is Truth.UNDEFINED:
        yield f"       whether it is for this tool is undefined: {found.why}"
    if found.amount is not None and found.applies:
        yield f"       adds: {found.amount.text()}"
    for name, cond in (("when", found.when), ("require", found.condition)):
        if cond is not None and cond.word != "constant":
            yield f"       {name} {_WORDS[cond.truth]}: {_label(cond)}"
            for item in cond.items:
                yield from _condition(item, 9)


def _condition(cond: Tested, indent: int) -> Iterator[str]:
    yield f"{' ' * indent}{_WORDS[cond.truth]:10}{_label(cond)}"
    for item in cond.items:
        yield from _condition(item, indent + 2)


def _label(cond: Tested) -> str:
    """The test with what it saw, or how the parts below are joined."""
    return cond.word if cond.seen is None and cond.word != "constant" else f"{cond.text}{_saw(cond)}"


def _saw(cond: Tested) -> str:
    return "" if cond.seen is None else f"   [{cond.seen.text()}]"


# --- JSON ----------------------------------------------------------------------------------------------------------


def as_data(found: Explanation) -> dict[str, Any]:
    """The same facts as JSON data."""
    call = found.call
    asked = {"tool": call.tool, "server": call.server, "arguments": call.arguments, "context": call.context}
    return {
        "format": "policyc-explanation",
        "version": VERSION,
        "policyc": __version__,
        "policy": found.policy.name,
        "call": asked,
        "decision": {
            **_outcome(found, found.outcome),
            "hidden": found.outcome.hidden,
            "because": [_tested(test) for test in found.because()],
            "limits": [_limit(limit) for limit in found.limits],
        },
        "otherwise": [_outcome(found, outcome) for outcome in found.next],
        "otherwise_cut": found.cut,
        "rules": [_explained(rule) for rule in (*found.rules, *found.others)],
    }


def _outcome(found: Explanation, outcome: Outcome) -> dict[str, Any]:
    rule, span = outcome.rule, found.policy.default_span
    if rule is None:
        return {"effect": outcome.effect, "rule": None, "source": None if span is None else str(span)}
    return {
        "effect": outcome.effect,
        "rule": rule.id,
        "source": None if rule.span is None else str(rule.span),
        "reason": rule.reason,
        "by": rule.by,
        "severity": rule.severity,
    }


def _limit(limit: Reserved) -> dict[str, Any]:
    held = limit.limit
    return {
        "rule": limit.rule.id,
        "counter": held.counter,
        "max": held.maximum,
        "window": held.window,
        "sliding": held.sliding,
        "scope": list(held.scope),
        "text": limit.text,
        "lacks": list(limit.lacks),
    }


def _explained(rule: Explained) -> dict[str, Any]:
    out: dict[str, Any] = {
        "rule": rule.rule.id,
        "effect": rule.rule.effect,
        "source": None if rule.rule.span is None else str(rule.rule.span),
        "selector": selector_text(rule.rule.selector),
        "selects": _WORDS[rule.selects],
        "applies": rule.applies,
        "decides": rule.decides,
        "verdict": rule.verdict,
    }
    if rule.why is not None:
        out["why"] = rule.why
    for key, cond in (("when", rule.when), ("require", rule.condition)):
        if cond is not None:
            out[key] = _tested(cond)
    if rule.amount is not None:
        out["amount"] = rule.amount.data()
    return out


def _tested(cond: Tested) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": cond.word, "truth": _WORDS[cond.truth]}
    if cond.word in ("test", "constant"):
        out["text"] = cond.text
    if cond.seen is not None:
        out["seen"] = cond.seen.data()
    if cond.items:
        out["items"] = [_tested(item) for item in cond.items]
    return out
