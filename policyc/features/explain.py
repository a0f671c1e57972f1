"""Why a call is decided as it is: rule by rule, with the value that each test saw, and what would have decided otherwise.

Everything here asks `policyc.reference`; nothing is decided a second time. What would have decided, were the deciding rule absent, is
the reference's answer for the policy without that rule, again and again until the default decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyc.features.explain_selectors import asks_more_than_names, selector_why
from policyc.features.explain_tests import NOTHING, Seen, see, test_text
from policyc.features.words import limit_words, value_text
from policyc.ir.facts import NO_FACTS, Facts
from policyc.ir.model import And, Cond, Const, Limit, Not, Or, Policy, Rule, Test, Truth
from policyc.ir.order import precedence
from policyc.ir.spelling import path_text
from policyc.record import field, record, replace
from policyc.reference import Call, Outcome, amount_readable, applies, decide, evaluate, negate, selects

MOST_NEXT = 100
"""Longest row of what would have decided; a policy with more denials of one call is not read to its end."""


@record
class Tested:
    """A condition with its truth value. `word`: `test`, `all of`, `any of`, `not` or `constant`; `text` and `seen`: of a test."""

    truth: Truth
    word: str
    text: str = ""
    seen: Seen | None = None
    items: tuple[Tested, ...] = ()

    def tests(self) -> Iterator[Tested]:
        """The tests that made the truth value what it is: all that an `and` needs to be true, the first that makes it false."""
        if self.word in ("all of", "any of"):
            enough = [item for item in self.items if item.truth is self.truth]
            if (self.word == "all of") != (self.truth is Truth.TRUE):
                enough = enough[:1]
            for item in enough:
                yield from item.tests()
        elif self.word == "not":
            yield from self.items[0].tests()
        elif self.word == "test":
            yield self


@record
class Reserved:
    """A limit to reserve. `text`: in words; `lacks`: scope names that the call's context does not have, for which a gateway denies."""

    rule: Rule
    limit: Limit
    text: str
    lacks: tuple[str, ...]


@record
class Explained:
    """One rule and what it makes of the call. `selects`: whether it is for this tool, `why`: what the server or the catalog says to that; `verdict`: in
    words; `when`, `condition`: its conditions; `decides`: it is the one that decided."""

    rule: Rule
    selects: Truth
    verdict: str
    applies: bool
    why: str | None = None
    when: Tested | None = None
    condition: Tested | None = None
    amount: Seen | None = None
    decides: bool = False


@record
class Explanation:
    """`next`: what would have decided were the deciding rule absent, and so on to the default; `cut`: there is more of it. `rules`: those
    that may be for this tool, in the order asked; `others`: those that are not."""

    policy: Policy
    call: Call
    outcome: Outcome
    limits: tuple[Reserved, ...]
    next: tuple[Outcome, ...]
    rules: tuple[Explained, ...]
    others: tuple[Explained, ...]
    cut: bool = field(default=False)

    @property
    def deciding(self) -> Explained | None:
        """The rule that decided; None where the default did."""
        return next((rule for rule in self.rules if rule.decides), None)

    def because(self) -> list[Tested]:
        """The tests for which the deciding rule decided so; none where its place alone did."""
        rule = self.deciding
        told = [] if rule is None else [c for c in (rule.when, rule.condition) if c is not None]
        return [test for cond in told for test in cond.tests()]


def explain(policy: Policy, call: Call, facts: Facts = NO_FACTS) -> Explanation:
    """The decision for a call of JSON values and the way to it. Raises `policyc.reference.NotJson` for other values that a test meets."""
    outcome = decide(policy, call, facts)
    ordered = precedence(policy)
    truths = [(rule, selects(rule.selector, call, facts)) for rule in ordered]
    reached = [rule for rule, truth in truths if truth is not Truth.FALSE]
    following = list(_next(replace(policy, rules=tuple(reached)), call, facts, outcome))
    return Explanation(
        policy,
        call,
        outcome,
        tuple(_reserved(rule, call) for rule in outcome.limits),
        tuple(following[:MOST_NEXT]),
        tuple(_explained(rule, call, facts, outcome) for rule in reached),
        tuple(_elsewhere(rule, call, facts) for rule, truth in truths if truth is Truth.FALSE),
        len(following) > MOST_NEXT,
    )


def _next(policy: Policy, call: Call, facts: Facts, outcome: Outcome) -> Iterator[Outcome]:
    """Outcomes of the policy without the rule that decided last. Rules for other tools are gone already: they change nothing."""
    for _ in range(MOST_NEXT + 1):
        if outcome.rule is None:
            return
        gone = outcome.rule
        policy = replace(policy, rules=tuple(rule for rule in policy.rules if rule is not gone))
        outcome = decide(policy, call, facts)
        yield outcome


def _reserved(rule: Rule, call: Call) -> Reserved:
    limit = rule.limit
    assert limit is not None
    adds = None
    if limit.amount is not None:
        seen = see(Test(limit.amount, "exists", True), call)
        value = 0 if seen.value is NOTHING or seen.value is None else seen.value
        value = int(value) if limit.whole else value
        adds = f"{path_text(limit.amount)} ({value_text(value)})"
    context = call.context if isinstance(call.context, dict) else {}
    has = {"global": True, "server": bool(call.server)}
    lacks = tuple(n for n in limit.scope if not has.get(n, isinstance(context.get(n), str) and bool(context.get(n))))
    text = limit_words(limit.counter, limit.maximum, limit.window, limit.sliding, limit.scope, adds, limit.step)
    return Reserved(rule, limit, text, lacks)


def _elsewhere(rule: Rule, call: Call, facts: Facts) -> Explained:
    why = selector_why(rule.selector, call, facts) if asks_more_than_names(rule.selector) else None
    return Explained(rule, Truth.FALSE, "is not for this tool", False, why)


def _explained(rule: Rule, call: Call, facts: Facts, outcome: Outcome) -> Explained:
    selected = selects(rule.selector, call, facts)
    verdict, holds = _verdict(rule, call, facts)
    amount = None
    if rule.limit is not None and rule.limit.amount is not None:
        amount = see(Test(rule.limit.amount, "<=", 0), call)
    return Explained(
        rule,
        selected,
        verdict,
        holds,
        selector_why(rule.selector, call, facts)
        if selected is Truth.UNDEFINED or asks_more_than_names(rule.selector)
        else None,
        None if rule.when is None else tested(rule.when, call),
        None if rule.condition is None else tested(rule.condition, call),
        amount,
        rule is outcome.rule,
    )


def _verdict(rule: Rule, call: Call, facts: Facts) -> tuple[str, bool]:
    """What the rule says to the call, and whether that changes anything."""
    truth = applies(rule, call, facts)
    if rule.effect == "allow":
        return ("allows", True) if truth is Truth.TRUE else ("does not allow" + _undefined(truth), False)
    if truth is Truth.FALSE:
        return "does not apply", False
    if rule.effect == "require":
        assert rule.condition is not None
        truth = min(truth, negate(evaluate(rule.condition, call)))
        return ("holds", False) if truth is Truth.FALSE else ("fails, denies" + _undefined(truth), True)
    if rule.effect == "limit":
        readable = amount_readable(rule, call)
        return ("applies" + _undefined(truth) if readable else "its amount cannot be read, denies"), True
    words = {"deny": "denies", "hide": "hides", "approve": "asks for approval"}
    return words[rule.effect] + _undefined(truth), True


def _undefined(truth: Truth) -> str:
    return " (undefined counts against the call)" if truth is Truth.UNDEFINED else ""


def tested(cond: Cond, call: Call) -> Tested:
    """A condition with the truth value of each of its parts."""
    truth = evaluate(cond, call)
    match cond:
        case Test():
            return Tested(truth, "test", test_text(cond), see(cond, call))
        case Const():
            return Tested(truth, "constant", "true" if cond.value else "false")
        case Not():
            return Tested(truth, "not", items=(tested(cond.item, call),))
        case And() | Or():
            word = "all of" if isinstance(cond, And) else "any of"
            return Tested(truth, word, items=tuple(tested(item, call) for item in cond.items))
