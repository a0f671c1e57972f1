"""Verdicts on random properties against brute force: the reference alone, and a store that counts."""

from __future__ import annotations

import os
from collections import Counter
from random import Random

from policyc.diagram.properties import Prover, Verdict
from policyc.ir.facts import Facts
from policyc.ir.model import WINDOWS, Limit, Policy, Property, Rule, Truth
from policyc.ir.names import assign_ids
from policyc.record import replace
from policyc.reference import Call, Outcome, decide, evaluate, selects
from tests.property.strategies import random_call, random_facts, random_policy, random_property

RUNS = int(os.environ.get("POLICYC_RUNS", "150"))
TIMES = (0, 1, 29, 30, 59, 60, 61, 89, 90, 119, 120, 3599, 3600, 7199, 86399, 86400)


def speaks_of(prop: Property, facts: Facts, call: Call) -> Truth:
    """How sure it is that a property speaks of a call."""
    assert prop.selector is not None
    selected = selects(prop.selector, call, facts)
    if selected is Truth.UNDEFINED and call.tool in facts.tools and call.server is not None:
        elsewhere = all(server != call.server for server, _ in facts.tools[call.tool])
        selected = Truth.FALSE if elsewhere else selected
    return selected if prop.when is None else min(selected, evaluate(prop.when, call))


def breaks(prop: Property, outcome: Outcome, speaks: Truth) -> bool:
    """Whether a call alone breaks a property, as docs/verify.md says it."""
    if prop.kind == "allow":
        return speaks is Truth.TRUE and outcome.effect != "allow"
    if speaks is Truth.FALSE or prop.kind == "limited":
        return False
    if prop.kind == "never":
        return outcome.effect == prop.effect
    return outcome.effect != "deny" if prop.effect == "deny" else outcome.effect == "allow"


def calls_about(rng: Random, policy: Policy, prop: Property, count: int) -> list[Call]:
    """Random calls near the constants of the policy and the property; their arguments and context are objects."""
    assert prop.selector is not None
    both = replace(policy, rules=(*policy.rules, Rule("probe", "deny", prop.selector, when=prop.when)))
    calls = [random_call(rng, both) for _ in range(count)]
    return [c for c in calls if isinstance(c.arguments, dict) and isinstance(c.context, dict)]


def test_verdicts_agree_with_brute_force() -> None:
    rng, seen = Random(71), Counter[str]()
    for _ in range(RUNS):
        policy, facts = random_policy(rng), random_facts(rng)
        prover = Prover(policy, facts)
        for _ in range(3):
            prop = random_property(rng, policy)
            verdict = prover.judge(prop)
            seen[f"{verdict.status} {prop.kind}"] += 1
            check(rng, policy, facts, prop, verdict)
    decided = sum(n for s, n in seen.items() if not s.startswith("not"))
    assert decided > 0.95 * seen.total(), seen
    assert all(seen[f"{s} {k}"] for s in ("proved", "violated") for k in ("never", "always", "allow", "limited")), seen


def check(rng: Random, policy: Policy, facts: Facts, prop: Property, verdict: Verdict) -> None:
    about = f"{prop} of {policy} with {facts}"
    if verdict.status == "violated":
        assert verdict.witness is not None
        call = verdict.witness.call
        outcome, speaks = decide(policy, call, facts), speaks_of(prop, facts, call)
        assert outcome == verdict.witness.outcome
        if prop.kind == "limited":
            assert outcome.effect != "deny" and speaks is not Truth.FALSE, about
        elif verdict.why.startswith("every call"):
            assert outcome.effect == "deny" and speaks is Truth.TRUE, about
        else:
            assert breaks(prop, outcome, speaks), about
    if verdict.status == "proved":
        passing = []
        for call in calls_about(rng, policy, prop, 200):
            outcome, speaks = decide(policy, call, facts), speaks_of(prop, facts, call)
            assert not breaks(prop, outcome, speaks), f"{call} breaks {about}"
            if speaks is not Truth.FALSE and outcome.effect != "deny":
                passing.append((call, outcome))
        if prop.limit is not None:
            for tool in {call.tool for call, _ in passing}:
                attack(rng, prop.limit, [(c, o) for c, o in passing if c.tool == tool], about)


# --- limits --------------------------------------------------------------------------------------------------------


class Store:
    """Counts as docs/language.md says limits do. One caller has one value of each scope; `by` holds the others apart."""

    def __init__(self) -> None:
        self.added: dict[object, list[tuple[int, float]]] = {}

    def reserve(self, rules: tuple[Rule, ...], call: Call, caller: dict[str, int], now: int) -> bool:
        """All of a call's limits or none."""
        steps = []
        for rule in rules:
            limit = rule.limit
            assert limit is not None
            amount = limit.step if limit.amount is None else amount_of(limit, call)
            scope = tuple(caller[s] for s in limit.scope if s != "global")
            key = (limit.counter, limit.window, limit.sliding, limit.scope, limit.amount, limit.whole, scope)
            steps.append((key, limit, int(amount) if limit.whole else amount))
        after: dict[object, float] = {}
        for key, limit, amount in steps:
            after[key] = after.get(key, self._now(key, limit, now)) + amount
            if after[key] > limit.maximum:
                return False
        for key, _, amount in steps:
            self.added.setdefault(key, []).append((now, amount))
        return True

    def _now(self, key: object, limit: Limit, now: int) -> float:
        since = now - length(limit.window) + 1 if limit.sliding else now // length(limit.window) * length(limit.window)
        return sum(amount for at, amount in self.added.get(key, ()) if at >= since)


def length(window: str | int) -> int:
    return window if isinstance(window, int) else WINDOWS[window]


def amount_of(limit: Limit, call: Call) -> float:
    assert limit.amount is not None
    value = call.arguments if limit.amount.root == "args" else call.context
    for step in limit.amount.steps:
        found = isinstance(value, dict) if isinstance(step, str) else isinstance(value, list) and step < len(value)
        value = value[step] if found and (isinstance(step, int) or step in value) else None  # type: ignore[index]
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0


def attack(rng: Random, bound: Limit, passing: list[tuple[Call, Outcome]], about: str) -> None:
    """As many calls as a store lets through, at awkward moments, by callers that differ in what the bound does not name."""
    store = Store()
    windows: Counter[int] = Counter()
    sums: dict[int, float] = {}
    for now in sorted(rng.choice(TIMES) for _ in range(60)):
        for _ in range(rng.choice((1, 5, 40))):
            call, outcome = rng.choice(passing)
            caller = {s: 0 if not bound.scope or s in bound.scope else rng.randrange(3) for s in ALL_SCOPES}
            if not store.reserve(outcome.limits, call, caller, now):
                continue
            window = now // length(bound.window)
            windows[window] += 1
            sums[window] = sums.get(window, 0) + (0 if bound.amount is None else amount_of(bound, call))
    if bound.amount is None:
        assert all(n <= bound.maximum for n in windows.values()), f"{windows} {about}"
    else:
        assert all(n <= bound.maximum * (1 + 1e-9) for n in sums.values()), f"{sums} {about}"


ALL_SCOPES = ("grant", "session", "agent", "user", "server")


def test_a_bound_that_is_proved_withstands_an_attack_on_every_mix_of_windows() -> None:
    """Policies of one tool with a few limits, so that bounds near the limits are asked often."""
    from policyc.ir.model import Path, Test, ToolName

    rng, seen = Random(72), Counter[str]()
    pay, amount = ToolName("pay"), Path("args", ("amount",))
    for _ in range(RUNS * 3):
        limits = []
        for _ in range(rng.choice((1, 1, 2))):
            total = rng.random() < 0.4
            limits.append(
                Rule(
                    "", "limit", pay, when=Test(amount, rng.choice((">", "<=")), 5) if rng.random() < 0.3 else None,
                    limit=Limit(
                        "c", rng.choice((3, 10, 20)), rng.choice((30, 40, 60, 90, "minute", "hour", "day")),
                        amount if total else None, scope=rng.choice((("grant",), ("user",), ("global",), ("grant", "user"))),
                        step=1 if total else rng.choice((1, 1, 3)), sliding=rng.random() < 0.3,
                        whole=total and rng.random() < 0.2, named=rng.random() < 0.5,
                    ),
                )
            )  # fmt: skip
        floor = Rule("", "deny", pay, when=Test(amount, "<", 0))
        rules = [Rule("", "allow", pay, implied=True), *limits, *([floor] if rng.random() < 0.5 else [])]
        policy = Policy("p", "deny", assign_ids(rules))
        base = rng.choice(limits).limit
        assert base is not None
        bound = Limit(
            "", base.maximum * rng.choice((1, 1, 2, 3, 60)), rng.choice((base.window, 30, 60, 90, "minute", 120, "hour")),
            base.amount, scope=rng.choice(((), ("grant",), ("user", "grant"), ("global",))), named=False,
        )  # fmt: skip
        prop = Property("limited", None, pay, limit=bound)
        facts = Facts()
        verdict = Prover(policy, facts).judge(prop)
        seen[verdict.status] += 1
        if verdict.status == "proved":
            calls = [Call("pay", {"amount": a}) for a in (-7, -1, 0, 0.5, 1, 2.9, 5, 6, 9)]
            passing = [(c, o) for c in calls if (o := decide(policy, c, facts)).effect != "deny"]
            attack(rng, bound, passing, f"{bound} of {policy}")
    assert seen["proved"] > RUNS / 3 and seen["violated"] > RUNS / 3 and not seen["not decided"], seen
