"""What redundant and duplicate mean: the reference decides every call alike with and without them."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from policyc.diagnostics import Findings
from policyc.diagram.analysis import Analysis
from policyc.diagram.redundancy import duplicates, redundancies
from policyc.frontends.load import read_policies
from policyc.ir.facts import NO_FACTS, Facts
from policyc.ir.model import And, Not, Or, Policy, Rule
from policyc.reference import Call, decide
from policyc.source import Source
from tests.property import strategies


def told(policy: Policy, call: Call, facts: Facts) -> object:
    """Everything that a caller is told of a call."""
    outcome = decide(policy, call, facts)
    rule = outcome.rule
    said = None if rule is None else (rule.reason, rule.by, rule.severity)
    return outcome.effect, said, outcome.hidden, [r.id for r in outcome.limits]


def with_echoes(rng: random.Random, policy: Policy) -> Policy:
    """The policy with rules said again: as they are, narrower, or wider, mostly with the same words."""
    rules = list(policy.rules)
    for rule in list(policy.rules):
        if rule.implied or rng.random() < 0.4:
            continue
        when = rule.when
        condition = strategies.random_condition(rng, 1)
        if rng.random() < 0.6 and rule.effect != "hide":
            when = condition if when is None else rng.choice((And, Or))((when, condition))
        elif when is not None and rng.random() < 0.5:
            when = rng.choice((None, Not(Not(when))))
        selector = strategies.random_selector(rng, 1) if rng.random() < 0.4 else rule.selector
        again = replace(rule, id=f"again{len(rules)}", when=when, selector=selector)
        rules.insert(rng.randint(0, len(rules)), again)
    routed = (replace(r, reason=None, severity=None, route="rules[0]") if rng.random() < 0.7 else r for r in rules)
    return replace(policy, rules=tuple(routed))


def without(policy: Policy, gone: list[Rule]) -> Policy:
    return replace(policy, rules=tuple(r for r in policy.rules if not any(r is g for g in gone)))


def test_no_call_is_told_otherwise_without_the_redundant_rules() -> None:
    rng = random.Random(4)
    alone = together = 0
    for _ in range(250):
        policy = with_echoes(rng, strategies.random_policy(rng, 6))
        facts = strategies.random_facts(rng)
        analysis = Analysis(policy, facts)
        found = [analysis.rules[i] for i in redundancies(analysis)]
        alone, together = alone + bool(found), together + (len(found) > 1)
        variants = [without(policy, found), *(without(policy, [rule]) for rule in found)] if found else []
        for _ in range(60 if found else 0):
            call = strategies.random_call(rng, policy)
            before = told(policy, call, facts)
            for variant in variants:
                assert told(variant, call, facts) == before, (call, [r.id for r in found], policy)
    assert alone > 30 and together > 4, (alone, together)


def test_no_call_is_told_otherwise_without_the_duplicates() -> None:
    rng = random.Random(5)
    seen = 0
    for _ in range(200):
        policy = with_echoes(rng, strategies.random_policy(rng, 6))
        facts = strategies.random_facts(rng)
        analysis = Analysis(policy, facts)
        found = [r for i in duplicates(analysis) if (r := analysis.rules[i]).limit is None]
        seen += bool(found)
        for _ in range(40 if found else 0):
            call = strategies.random_call(rng, policy)
            assert told(without(policy, found), call, facts) == told(policy, call, facts), (call, policy)
    assert seen > 40, seen


def read(text: str) -> Analysis:
    findings = Findings()
    (policy,) = read_policies(Source("p.policy", text), findings)
    return Analysis(policy, NO_FACTS)


def ids(text: str) -> dict[str, list[str]]:
    analysis = read(text)
    return {analysis.rules[i].id: [analysis.rules[j].id for j in by] for i, by in redundancies(analysis).items()}


def test_of_two_rules_that_make_up_for_each_other_one_is_blamed() -> None:
    text = """default deny on t {
      deny when args.n? <= 10
      deny when args.n? >= 5 and args.n? <= 15
      deny when args.n? < 5
      deny when args.n? > 10 and args.n? < 20
    }"""
    assert ids(text) == {"t.deny.2": ["t.deny.4"]}
    assert ids(text.replace("deny when args.n? >= 5 and args.n? <= 15", "")) == {}


def test_each_of_a_chain_is_blamed_and_the_widest_kept() -> None:
    text = "default deny on t { deny when args.n > 9 deny when args.n > 8 deny when args.n > 7 }"
    assert ids(text) == {"t.deny.2": ["t.deny.3"], "t.deny": ["t.deny.3"]}


def test_a_rule_between_with_another_reason_keeps_it() -> None:
    text = 'default deny on t { deny when args.n > 5 deny when args.n > 7 "seven" deny when args.n > 3 }'
    assert ids(text) == {}, "without the first, `seven` would be told"
    assert ids(text.replace('"seven"', "")) != {}


def test_a_block_that_would_change_places_without_its_first_rule_keeps_it() -> None:
    text = """default deny
    deny ab_* when args.n > 5
    deny *_cd when args.n > 4  "other"
    deny ab_* when args.n > 3
    """
    assert ids(text) == {}
    assert ids(text.replace('deny *_cd when args.n > 4  "other"', "")) == {"ab_*.deny": ["ab_*.deny.2"]}


@pytest.mark.parametrize(
    ("text", "redundant"),
    [
        ("deny get_user when args.n > 5 deny get_* when args.n > 4 on get_user {}", ["get_user.deny"]),
        ("deny get_user when args.n > 3 deny get_* when args.n > 4 on get_user {}", []),
        ("hide get_user hide get_*", ["get_user.hide"]),
        ('hide get_user hide get_* "gone"', []),
        ("hide get_user deny get_*", []),
        ("allow get_user allow get_*", ["get_user.allow"]),
        ('allow get_user "fine" allow get_*', []),
        ("on get_user { allow when args.n < 5 } allow get_*", []),
        ('allow t approve t when args.n > 5 by "a" approve t when args.n > 3 by "a"', ["t.approve"]),
        ('allow t approve t when args.n > 5 by "b" approve t when args.n > 3 by "a"', []),
        ('allow t approve t when args.n > 5 by "a" "big" approve t when args.n > 3 by "a"', []),
        ('on t { approve when args.n? > 5 or args.m? == 1 by "a" approve when args.n? > 3 by "a" }', []),
        (
            'on t { deny when args.m? == 1 approve when args.n? > 5 or args.m? == 1 by "a" approve when args.n? > 3 by "a" }',
            ["t.approve"],
        ),
        (
            'allow t when args.n < 5 approve t when args.n? < 3 or args.n? > 7 by "a" approve t when args.n? < 4 by "a"',
            ["t.approve"],
        ),
        ("on t { require args.n < 5 require args.n < 4 }", ["t.require"]),
        ("on t { require args.n < 4 deny when args.n >= 4 and args.m == 1 }", []),
        ("on t { deny when args.n > 5 limit 5 per day limit 500 per day }", []),
        ("deny t when args.n > 5 deny category:destructive and t when args.n > 3 on t {}", []),
        ("deny category:read when args.n > 5 deny category:read when args.n > 3", ["category:read.deny"]),
        ("deny category:read when args.n > 5 deny * when args.n > 3", ["category:read.deny"]),
        ("allow t deny t when args.n > 5", []),
    ],
)
def test_examples(text: str, redundant: list[str]) -> None:
    assert list(ids(f"default deny {text}")) == redundant


def test_the_same_rule_in_other_words() -> None:
    def twice(text: str) -> list[str]:
        analysis = read(text)
        return [analysis.rules[i].id for i in duplicates(analysis)]

    first = "default deny on t { deny when args.n > 5 and args.m == 1 "
    assert twice(first + "deny when args.m == 1 and args.n > 5 }") == ["t.deny.2"]
    assert twice(first + "deny when not (args.n <= 5 or args.m != 1) }") == ["t.deny.2"]
    assert twice(first + "deny when args.n > 5 and args.m? == 1 }") == []
    assert twice(first + 'deny when args.n > 5 and args.m == 1 "why" }') == []
    assert twice(first + "require not (args.n > 5 and args.m == 1) }") == []
    assert twice("default deny deny a, b deny b, a") == ["b, a.deny"]
    assert twice("default deny on t { limit 5 per day limit 5 per day }") == ["t.limit.2"]
    assert twice("default deny on t { limit 5 per day as x limit 5 per day as y }") == []
    assert twice("default deny on t { limit 5 per day when args.n > 5 limit 5 per day when not args.n <= 5 }") == [
        "t.limit.2"
    ]
