"""The short cut of comparisons (`policyc.diagram.alike`) never leaves a difference out."""

from __future__ import annotations

from random import Random

import pytest

from policyc.diagram import compare as comparing
from policyc.diagram.alike import Alike
from policyc.diagram.analysis import Analysis
from policyc.diagram.compare import compare
from policyc.diagram.specialise import Tool
from policyc.ir.facts import Facts
from policyc.ir.model import Policy, Rule
from policyc.ir.names import assign_ids
from policyc.record import replace
from tests.property import strategies

PAIRS = 150


def edited(rng: Random, policy: Policy) -> Policy:
    """The policy after one or two small edits, of which some change nothing."""
    rules = list(policy.rules)
    for _ in range(rng.randint(1, 2)):
        if not rules:
            break
        i, other = rng.randrange(len(rules)), strategies.random_policy(rng).rules or policy.rules
        match rng.randrange(7):
            case 0:
                del rules[i]
            case 1:
                rules.insert(i, rng.choice(other))
            case 2:
                rng.shuffle(rules)
            case 3:
                rules[i] = replace(rules[i], reason=rng.choice([None, "so", "so not"]))
            case 4 if rules[i].limit is not None:
                rules[i] = replace(rules[i], limit=replace(rules[i].limit, maximum=3, counter="renamed"))
            case 5:
                rules[i] = replace(rules[i], selector=strategies.random_selector(rng))
            case 6:
                rules[i] = replace(rules[i], when=strategies.random_condition(rng))
    fresh: list[Rule] = [replace(rule, id="") for rule in rules]
    return replace(policy, rules=assign_ids(fresh), default=rng.choice([policy.default] * 9 + ["allow"]))


def test_with_and_without_the_short_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0

    class Counting(Alike):
        def __call__(self, tool: Tool) -> bool:
            nonlocal taken
            taken += super().__call__(tool)
            return super().__call__(tool)

    for seed in range(PAIRS):
        rng = Random(seed)
        policy, facts = strategies.random_policy(rng), strategies.random_facts(rng)
        others = facts if rng.random() < 0.9 else Facts()
        pair = Analysis(policy, facts), Analysis(edited(rng, policy), others)
        monkeypatch.setattr(comparing, "Alike", Counting)
        short = compare(*pair)
        monkeypatch.setattr(comparing, "Alike", lambda *_: lambda _: False)
        whole = compare(*pair)
        assert (short.changes, short.undecided) == (whole.changes, whole.undecided), seed
    assert taken > PAIRS  # of some 650 tools
