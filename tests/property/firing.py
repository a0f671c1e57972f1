"""Whether a rule fires on a call, by the reference."""

from __future__ import annotations

from policyc.ir.facts import Facts
from policyc.ir.model import Rule, Truth
from policyc.reference import Call, applies, evaluate


def fired(rule: Rule, call: Call, facts: Facts) -> bool:
    """An `allow` fires where it allows, a `require` where it denies, a `limit` where it applies, the others where they hold."""
    truth = applies(rule, call, facts)
    if rule.effect == "allow":
        return truth is Truth.TRUE
    if rule.condition is not None and evaluate(rule.condition, call) is Truth.TRUE:
        return False
    return truth is not Truth.FALSE
