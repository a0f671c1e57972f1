"""Random policies through every syntax and back: the same rules, and the same decision of every call."""

from __future__ import annotations

import os
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyc.diagnostics import Findings
from policyc.features.convert import to_dsl, to_json, to_yaml
from policyc.frontends.dsl import read
from policyc.frontends.load import read_policies
from policyc.ir.model import And, Cond, Not, Or, Policy, Test, Truth
from policyc.record import replace
from policyc.reference import Outcome, decide
from policyc.source import Source
from tests.property.strategies import policies, random_call, random_facts, random_policy

RUNS = int(os.environ.get("POLICYC_RUNS", "150"))


def _back(text: str, path: str) -> Policy:
    findings = Findings()
    found = read_policies(Source(path, text), findings)
    assert not findings.items, f"{[(f.rule, f.message, f.span.text) for f in findings.items]}\n{text}"
    (policy,) = found
    return policy


def _plain(cond: Cond | None) -> Cond | None:
    """Without the modes of tests that have no use for them."""
    match cond:
        case Test() if cond.op in ("exists", "is"):
            return replace(cond, missing=Truth.UNDEFINED, mistyped=Truth.UNDEFINED)
        case Not():
            item = _plain(cond.item)
            return None if item is None else Not(item)
        case And() | Or():
            return type(cond)(tuple(c for c in map(_plain, cond.items) if c is not None))
    return cond


def _rules(policy: Policy) -> list[object]:
    return [replace(r, when=_plain(r.when), condition=_plain(r.condition), route="") for r in policy.rules]


def _said(outcome: Outcome) -> tuple[object, ...]:
    rule = outcome.rule
    told = None if rule is None else (rule.id, rule.effect, rule.reason, rule.by, rule.severity)
    return outcome.effect, outcome.hidden, told, [(r.id, r.limit, r.reason) for r in outcome.limits]


@settings(max_examples=60, deadline=None)
@given(policies())
def test_dsl_text_reads_back_as_the_same_rules(policy: Policy) -> None:
    text = to_dsl(policy)
    again = _back(text, "a.policy")
    assert _rules(again) == _rules(policy)
    assert (again.name, again.default, again.description) == (policy.name, policy.default, policy.description)
    assert to_dsl(again) == text


@pytest.mark.parametrize("seed", range(4))
def test_every_syntax_decides_the_same(seed: int) -> None:
    rng = Random(seed)
    for _ in range(RUNS):
        policy, facts = random_policy(rng), random_facts(rng)
        document = _back(to_json(policy), "a.json")
        others = {
            "dsl": _back(to_dsl(policy), "a.policy"),
            "json": document,
            "yaml": _back(to_yaml(policy), "a.yaml"),
            "json to dsl": _back(to_dsl(document), "a.policy"),
        }
        for _ in range(15):
            call = random_call(rng, policy)
            said = _said(decide(policy, call, facts))
            for name, other in others.items():
                assert _said(decide(other, call, facts)) == said, f"{name}: {call}\n{to_dsl(policy)}\n{to_dsl(other)}"


_PIECES = [
    *"(){}[],:\"'#\\\n =<>!?*&|;@é\u00a0\x00-/_.",
    "deny ",
    "on x {",
    "}",
    "not ",
    "when ",
    "args.a ",
    "every ",
    "policy ",
    'r"',
    "len(",
]


@settings(max_examples=150, deadline=None)
@given(policies(4), st.randoms(use_true_random=False))
def test_a_damaged_text_is_read_or_refused_and_never_both(policy: Policy, rng: Random) -> None:
    text = to_dsl(policy)
    for _ in range(rng.randint(1, 4)):
        at, end = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        end = min(end, at + 8) if rng.random() < 0.8 else end
        text = text[:at] + (rng.choice(_PIECES) if rng.random() < 0.5 else "") + text[end:]
    findings = Findings()
    found = read(Source("a.policy", text), findings)
    assert bool(found) != bool(findings.items)
    for finding in findings.items:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert (
            "\n" not in finding.message
            and not finding.message.endswith(".")
            and finding.message[:1] == finding.message[:1].lower()
        )
        assert not any(
            token in finding.message for token in ("LPAR", "RSQB", "STRING", "NUMBER", "PATTERN", "$END", "NAME")
        )
