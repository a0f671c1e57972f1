from __future__ import annotations

import pytest

from policyc.diagnostics import Findings
from policyc.diagram.alike import Alike
from policyc.diagram.analysis import Analysis
from policyc.diagram.answers import match
from policyc.diagram.compare import compare
from policyc.diagram.sides import PolicySide
from policyc.frontends import dsl
from policyc.ir.facts import NO_FACTS, Facts, ToolFacts
from policyc.source import Source

ON_ONE = Facts({"a": (("one", ToolFacts("read", "low")),)})
ON_TWO = Facts({"a": (("two", ToolFacts("write", "low")),)})


def analysis(rules: str, facts: Facts = NO_FACTS) -> Analysis:
    [policy] = dsl.read(Source("a.policy", f'policy "p"\ndefault deny\n{rules}\n'), Findings())
    return Analysis(policy, facts)


def alike(old: Analysis, new: Analysis) -> Alike:
    one, other = PolicySide(old), PolicySide(new)
    return Alike(one, other, *match(one.uses(False), other.uses(False)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("on a { limit 3 per hour by user as x }", "on a { limit 3 per hour by user as y }"),
        ('on a { deny when args.x == 1 "r" }', '# moved\non b { }\non a { deny when args.x == 1 "r" id other }'),
        ("allow b*\non a { approve }", "on a { approve }\nallow b*"),
    ],
)
def test_what_makes_no_difference(old: str, new: str) -> None:
    assert alike(analysis(old), analysis(new))("a")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('on a { deny "r" }\ndeny a and * "s"', 'deny a and * "s"\non a { deny "r" }'),
        ('on a { deny "r" deny "s" }', 'on a { deny "s" deny "r" }'),
        ("allow a", "allow a when args.x == 1"),
        ("on a { limit 3 per hour by user as x }\non b { limit 3 per hour by user as x }", "on a { limit 3 per hour by user }\non b { limit 3 per hour by user }"),
        ("allow *\napprove a", "approve a"),
        ("on a { approve }", "on b { approve }"),
    ],
)  # fmt: skip
def test_what_makes_one(old: str, new: str) -> None:
    pair = analysis(old), analysis(new)
    assert not alike(*pair)("a")
    assert [c for c in compare(*pair).changes if c.tool == "a"]


@pytest.mark.parametrize("rule", ['allow server "one"', "allow one/a", "allow category:read"])
def test_another_catalog(rule: str) -> None:
    pair = analysis(rule, ON_ONE), analysis(rule, ON_TWO)
    assert not alike(*pair)("a")
    assert [c.kind for c in compare(*pair).changes if c.tool == "a"] == ["newly denied"]
    assert alike(analysis(rule, ON_ONE), analysis(rule, ON_ONE))("a")
