"""Random pairs of policies, and calls of which the reference says whether the two answer differently."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

from policyc.diagram.answers import match, reserved, said_by, uses
from policyc.diagram.specialise import OTHER_TOOL, Specialiser, Tool
from policyc.ir.facts import Facts
from policyc.ir.model import Policy
from policyc.ir.names import selector_text
from policyc.record import replace
from policyc.reference import Call, decide
from tests.property import strategies


def random_pair(rng: Random) -> tuple[Policy, Policy, Facts]:
    """A policy and another that mostly differs from it in a rule or two."""
    old, facts = strategies.random_policy(rng), strategies.random_facts(rng)
    return old, (mutated(rng, old) if rng.random() < 0.85 else strategies.random_policy(rng)), facts


def mutated(rng: Random, policy: Policy) -> Policy:
    """The policy with rules left out, moved, added, or with another reason or maximum."""
    rules = list(policy.rules)
    for _ in range(rng.randint(0, 2)):
        if not rules:
            break
        i, how = rng.randrange(len(rules)), rng.randrange(4)
        if how == 0:
            del rules[i]
        elif how == 1:
            rng.shuffle(rules)
        elif how == 2:
            rules.extend(strategies.random_policy(rng).rules[:1])
        elif (limit := rules[i].limit) is not None:
            rules[i] = replace(rules[i], limit=replace(limit, maximum=limit.maximum + 1))
        else:
            rules[i] = replace(rules[i], reason=f"because {rng.randrange(3)}")
    named, taken = [], set()
    for i, rule in enumerate(rules):
        named.append(replace(rule, id=f"{rule.id}~{i}") if rule.id in taken else rule)
        taken.add(rule.id)
    default = policy.default if rng.random() < 0.8 else rng.choice(("allow", "deny"))
    return replace(policy, rules=tuple(named), default=default)


def differing_calls(
    rng: Random, old: Policy, new: Policy, facts: Facts, count: int = 12
) -> Iterator[tuple[Call, Tool, bool]]:
    """JSON calls with the tool whose comparison covers each, and whether the answers differ."""
    numbers = match(
        *(uses((repr((selector_text(r.selector), r.when)), r.limit) for r in p.rules if r.limit) for p in (old, new))
    )
    named = {n for p in (old, new) for n in Specialiser(p, facts).named_tools}

    def answer(policy: Policy, call: Call, counters: dict[str, int]) -> object:
        outcome = decide(policy, call, facts)
        rule = outcome.rule
        said = None if rule is None else said_by(rule.effect, rule.reason, rule.by, rule.severity)
        limits = [reserved(r.limit, r.reason, counters) for r in outcome.limits if r.limit is not None]
        plain = said is None or said == said_by("deny", None, None, None)
        return outcome.effect, None if plain else said, sorted(map(repr, limits))

    for _ in range(count):
        call = strategies.random_call(rng, rng.choice((old, new)))
        if not all(type(given) is dict for given in (call.arguments, call.context)):
            continue
        try:
            json.dumps([call.arguments, call.context], allow_nan=False)
        except (ValueError, TypeError, RecursionError):
            continue
        tool: Tool = call.tool if call.tool in named else OTHER_TOOL
        yield call, tool, answer(old, call, numbers[0]) != answer(new, call, numbers[1])
