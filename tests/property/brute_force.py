"""Policies over small finite domains, where every call there is can be asked: what the analysis and the lint rules built on it claim
is compared with what the reference makes of all of them.

The domain is closed by the catalog's schemas. Rules select tools by name, so that tools outside of the catalog are never in play.

Run as a program for a long run: `python -m tests.property.brute_force --policies 5000 --seed 1`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from itertools import product
from typing import Any

from policyc.config import DEFAULT
from policyc.diagnostics import Finding
from policyc.diagram.analysis import Analysis
from policyc.diagram.formula import conj, negation
from policyc.diagram.reach import covering, reach
from policyc.ir.model import And, AnyOf, Cond, Const, Not, Or, Policy, Rule, Selector, Test, ToolName, Truth
from policyc.ir.names import assign_ids
from policyc.ir.order import precedence
from policyc.lint.context import Context
from policyc.lint.registry import rules as lint_rules
from policyc.lint.rules.conflicts.common import verdicts
from policyc.record import replace
from policyc.reference import Call, decide, evaluate, selects
from policyc.source import Source
from tests.property import z3_strategies as generate
from tests.property.firing import fired
from tests.property.strategies import Steps

SERVER = "bank"
TOOLS = ("pay", "get_user")
ENUM = ("eur", "gbp", "usd")
NUMBERS = tuple(range(6))
PATHS: list[tuple[tuple[str, Steps], str]] = [
    (("args", ("amount",)), "number"),
    (("args", ("currency",)), "word"),
    (("args", ("flag",)), "boolean"),
]
Decided = tuple[str, int, tuple[int, ...]]


class World:
    """One policy, all valid calls to each tool, and what the reference makes of them."""

    def __init__(self, policy: Policy, required: dict[str, tuple[str, ...]]) -> None:
        self.policy = policy
        self.catalog = generate.catalog_of({(SERVER, t): schema(required[t]) for t in TOOLS})
        self.facts = self.catalog.facts()
        self.analysis = Analysis(policy, self.facts, self.catalog)
        self.rules = precedence(policy)
        self.context = Context(policy, Source("p.policy", ""), self.catalog, self.facts, DEFAULT)
        self.calls = {t: calls(t, required[t]) for t in TOOLS}
        self.decided = {t: [self._decided(c) for c in self.calls[t]] for t in TOOLS}
        self.fires = [{t: [fired(r, c, self.facts) for c in self.calls[t]] for t in TOOLS} for r in self.rules]

    def _decided(self, call: Call) -> Decided:
        outcome, index = decide(self.policy, call, self.facts), {id(r): i for i, r in enumerate(self.rules)}
        rule = -1 if outcome.rule is None else index[id(outcome.rule)]
        return outcome.effect, rule, tuple(index[id(r)] for r in outcome.limits)

    def tools_of(self, rule: Rule) -> list[str]:
        """The tools that a rule selects."""
        return [t for t in TOOLS if selects(rule.selector, Call(t, server=SERVER), self.facts) is not Truth.FALSE]

    def fired_on(self, rule: int) -> list[Decided]:
        """What decides the calls that a rule fires on."""
        return [d for t in TOOLS for d, fires in zip(self.decided[t], self.fires[rule][t], strict=True) if fires]

    def effective(self, rule: int) -> bool:
        """Whether a rule decides some call, or its limit is reserved for one."""
        return any(d[1] == rule or rule in d[2] for t in TOOLS for d in self.decided[t])

    def lint(self, slug: str) -> list[Finding]:
        check = lint_rules()[slug].check
        assert check is not None
        return list(check(self.context))

    def found(self, slug: str) -> set[str]:
        """The ids of the rules that a lint rule has findings about (their routes are their ids here)."""
        return {f.route or "" for f in self.lint(slug)}


def schema(required: tuple[str, ...]) -> dict[str, Any]:
    """A closed schema of three arguments."""
    return {
        "type": "object",
        "properties": {
            "amount": {"type": "integer", "minimum": NUMBERS[0], "maximum": NUMBERS[-1]},
            "currency": {"enum": list(ENUM)},
            "flag": {"type": "boolean"},
        },
        "required": list(required),
        "additionalProperties": False,
    }


def calls(tool: str, required: tuple[str, ...]) -> list[Call]:
    """Every valid call to a tool."""
    missing = object()
    values = {"amount": NUMBERS, "currency": ENUM, "flag": (False, True)}
    choices = [(*v, *(() if n in required else (missing,))) for n, v in values.items()]
    given = [{n: v for n, v in zip(values, chosen, strict=True) if v is not missing} for chosen in product(*choices)]
    return [Call(tool, arguments, {}, server) for arguments in given for server in (SERVER, None)]


def random_world(rng: random.Random) -> World:
    """A policy of two to seven rules over the two tools."""
    paths = [rng.choice(PATHS) for _ in range(rng.randint(1, 3))]
    names: list[Selector] = [ToolName("pay"), ToolName("pay"), ToolName("get_user")]
    names.append(AnyOf((ToolName("pay"), ToolName("get_user"))))
    rules: list[Rule] = []
    for _ in range(rng.randint(2, 7)):
        selector = rng.choice(names)
        if isinstance(selector, ToolName) and all(not r.implied or r.selector != selector for r in rules):
            rules.append(Rule("", "allow", selector, implied=True))
        rules.append(generate.random_rule(rng, selector, paths))
    rules = [replace(r, when=_narrow(rng, r.when), condition=_narrow(rng, r.condition)) for r in rules]
    routed = tuple(replace(r, route=r.id) for r in assign_ids(rules))
    policy = Policy("p", rng.choice(("deny", "allow")), routed)
    arguments = ("amount", "currency", "flag")
    return World(policy, {t: tuple(a for a in arguments if rng.random() < 0.5) for t in TOOLS})


def _narrow(rng: random.Random, cond: Cond | None) -> Cond | None:
    """Constants of the domain in place of those outside of it, most of the time."""
    match cond:
        case Test() if isinstance(cond.value, int | float) and not isinstance(cond.value, bool) and rng.random() < 0.8:
            return replace(cond, value=rng.choice((*NUMBERS, 2.5)))
        case Test() if isinstance(cond.value, str) and cond.op in ("==", "!=") and rng.random() < 0.7:
            return replace(cond, value=rng.choice(ENUM))
        case Not():
            return Not(_narrowed(rng, cond.item))
        case And() | Or():
            return type(cond)(tuple(_narrowed(rng, c) for c in cond.items))
    return cond


def _narrowed(rng: random.Random, cond: Cond) -> Cond:
    found = _narrow(rng, cond)
    assert found is not None
    return found


# --- what is claimed -------------------------------------------------------------------------------------------------


def check_outcomes(world: World) -> None:
    """The outcomes are those that calls have, and each has a witness."""
    for tool in TOOLS:
        claimed = world.analysis.outcomes(tool)
        assert {(d.effect, d.rule, d.limits) for d in claimed} == set(world.decided[tool])
        for leaf in claimed:
            witness = world.analysis.find(tool, lambda end, leaf=leaf: end == leaf)  # type: ignore[misc]
            assert witness is not None and witness.call in world.calls[tool], (leaf, witness)


def check_regions(world: World) -> None:
    """A rule's region, and that of two rules, is empty for the analysis exactly if no call is in it."""
    analysis = world.analysis
    for tool in TOOLS:
        for i, mine in enumerate(world.fires):
            for j, theirs in enumerate(world.fires):
                for wanted in (True, False):
                    guard = analysis.guard(tool, j)
                    region = conj((analysis.guard(tool, i), guard if wanted else negation(guard)))
                    inside = [a and b is wanted for a, b in zip(mine[tool], theirs[tool], strict=True)]
                    assert analysis.possible(tool, region) == any(inside), (i, j, wanted)
                    if i == j:
                        witness = analysis.find(tool, lambda leaf: True, region)
                        assert (witness is not None) == any(inside)
                        assert witness is None or inside[world.calls[tool].index(witness.call)]


def check_reach(world: World) -> None:
    """Which rules ever decide, and what decides in place of each."""
    found = reach(world.analysis)
    assert {r for r in found.effective if r >= 0} == {i for i in range(len(world.rules)) if world.effective(i)}
    for i in range(len(world.rules)):
        expected: dict[int, set[str]] = {}
        for effect, rule, _ in world.fired_on(i):
            expected.setdefault(rule, set()).add(effect)
        assert covering(world.analysis, i, list(TOOLS)) == expected


def _holds(rule: Rule, cond: Cond, call: Call) -> bool:
    """Whether a condition is true enough for the rule: an `allow` asks for TRUE, the others for not FALSE; a requirement for TRUE."""
    truth = evaluate(cond, call)
    return truth is Truth.TRUE if rule.effect == "allow" or cond is rule.condition else truth is not Truth.FALSE


def values(world: World, rule: Rule, cond: Cond) -> list[set[bool]]:
    """By tool, the values of a rule's whole condition on the valid calls to which it matters: a requirement only where `when` holds."""
    return [
        {
            _holds(rule, cond, c)
            for c in world.calls[tool]
            if cond is rule.when or rule.when is None or _holds(rule, rule.when, c)
        }
        for tool in world.tools_of(rule)
    ]


def whole_conditions(world: World, rule: Rule) -> dict[int, bool]:
    """The rule's conditions that have one value on all calls, by identity; none that matters to no call of some tool."""
    conditions = [c for c in (rule.when, rule.condition) if c is not None and not isinstance(c, Const)]
    found = {id(c): values(world, rule, c) for c in conditions}
    return {c: next(iter(v[0])) for c, v in found.items() if all(len(v[0] | here) == len(here) == 1 for here in v)}


def check_conditions(world: World) -> None:
    """Conditions that are always or never true: all whole ones are found, and each that is found can be replaced by a constant."""
    found, reaches = verdicts(world.context), reach(world.analysis).tools
    for i, rule in enumerate(world.rules):
        if i not in reaches:
            continue  # `require true` and its like fire nowhere, whatever the schema says: nothing is asked of the rest
        constant_ones = whole_conditions(world, rule)
        whole = [v for v in found if v.rule is rule and v.whole and all(values(world, rule, v.cond))]
        claimed = {id(v.cond): v.always for v in whole}
        assert constant_ones == claimed, (rule, constant_ones, claimed)
    for verdict in found:
        rule = verdict.rule
        same = replace(
            rule,
            when=_replaced(rule.when, verdict.cond, verdict.always),
            condition=_replaced(rule.condition, verdict.cond, verdict.always),
        )
        for tool in TOOLS:
            for call, fires in zip(world.calls[tool], world.fires[world.rules.index(rule)][tool], strict=True):
                assert fired(same, call, world.facts) == fires, (verdict, call)


def _replaced(cond: Cond | None, part: Cond, value: bool) -> Cond | None:
    if cond is part:
        return Const(value)
    match cond:
        case Not():
            return Not(_replaced(cond.item, part, value))  # type: ignore[arg-type]
        case And() | Or():
            return type(cond)(tuple(_replaced(c, part, value) for c in cond.items))  # type: ignore[misc]
    return cond


def check_dead_rules(world: World) -> None:
    """unreachable-rule, allow-overridden and approve-never-asked: what they find is so; and of denials, approvals and allows that never
    decide, none is passed over, unless hides stand before all of its calls (hidden-and-configured) or another finding says it."""
    unreachable, overridden, surely = set[str](), set[str](), set[str]()
    for i, rule in enumerate(world.rules):
        fired_on = world.fired_on(i)
        if not fired_on or world.effective(i):
            continue
        all_denied = all(effect == "deny" for effect, _, _ in fired_on)
        if whole_conditions(world, rule) or rule.effect == "limit":
            continue
        hidden = all(r >= 0 and world.rules[r].effect == "hide" for _, r, _ in fired_on)
        if rule.effect == "allow" and all_denied:
            overridden.add(rule.id)
            surely |= set() if hidden or rule.implied else {rule.id}
        elif not rule.implied and (rule.effect != "allow" or not _needed_allow(world, i)):
            unreachable.add(rule.id)
            if not hidden and (rule.effect in ("deny", "require") or not all_denied):
                surely |= {rule.id} if rule.effect != "allow" or world.policy.default == "allow" else set()
    found = {slug: world.found(slug) for slug in ("unreachable-rule", "allow-overridden", "approve-never-asked")}
    assert found["unreachable-rule"] <= unreachable, (found, unreachable)
    assert found["allow-overridden"] <= overridden, (found, overridden)
    assert surely <= found["unreachable-rule"] | found["allow-overridden"], (found, surely)
    asked = {
        r.id
        for i, r in enumerate(world.rules)
        if r.effect == "approve" and (world.effective(i) or not world.fired_on(i))
    }
    assert not found["approve-never-asked"] & asked, (found, asked)


def _needed_allow(world: World, allow: int) -> bool:
    """Whether some call is let through that no other allow would let through."""
    if world.policy.default == "allow":
        return False
    others = [i for i, r in enumerate(world.rules) if r.effect == "allow" and i != allow]
    return any(
        world.fires[allow][t][n] and decided[0] != "deny" and not any(world.fires[o][t][n] for o in others)
        for t in TOOLS
        for n, decided in enumerate(world.decided[t])
    )


def check_limits(world: World) -> None:
    """write-tool-without-limit: the rules that let a call through that no limit counts."""
    expected = {
        "" if rule < 0 else world.rules[rule].id
        for t in TOOLS
        for effect, rule, limits in world.decided[t]
        if effect == "allow" and not limits
    }
    assert world.found("write-tool-without-limit") == expected


def check_nothing_left(world: World) -> None:
    """conflicting-rules: where it says that no call to a tool is ever allowed, none is."""
    for finding in world.lint("conflicting-rules"):
        for tool in TOOLS:
            if finding.message.startswith(f"no call to `{tool}` is ever allowed"):
                assert {effect for effect, _, _ in world.decided[tool]} == {"deny"}


CHECKS = (
    check_outcomes, check_regions, check_reach, check_conditions, check_dead_rules, check_limits, check_nothing_left,
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--policies", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started, tally = time.time(), Counter[str]()
    for n in range(options.policies):
        world = random_world(random.Random(f"{options.seed}/{n}"))
        for check in CHECKS:
            try:
                check(world)
            except AssertionError as wrong:
                print(f"policy {n} of seed {options.seed}, {check.__name__}: {wrong}\n{world.policy}")
                return 1
        tally["calls"] += sum(map(len, world.calls.values()))
        for slug in ("unreachable-rule", "allow-overridden", "contradictory-condition", "tautological-condition"):
            tally[slug] += len(world.lint(slug))
    print(f"{options.policies:,} policies: {dict(tally)} ({time.time() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
