"""Semantic comparison, judged by the reference: what differs is shown, what is shown differs, and the words of a region are exact."""

from __future__ import annotations

from random import Random

import pytest

from policyc.diagnostics import Findings
from policyc.diagram.analysis import Analysis
from policyc.diagram.build import Budget
from policyc.diagram.compare import Comparison, compare
from policyc.diagram.specialise import OTHER_TOOL
from policyc.diagram.tables import TableSide
from policyc.frontends.load import read_policies
from policyc.ir.facts import NO_FACTS
from policyc.ir.model import Policy
from policyc.record import replace
from policyc.source import Source
from policyc.table.encode import compile_table
from tests.diagram.comparing import differing_calls, random_pair
from tests.diagram.words import holds
from tests.property import strategies

EXACT = Budget(seconds=None)
BASE = """policy "p"
default deny
hide delete_account
allow list_*
on create_charge {
  require args.currency in ["usd", "eur"] "only USD and EUR"
  deny when args.amount > 50_000 "too much"
  approve when args.amount > 10_000 by "finance"
  limit 30 per minute by grant as rate
}
on refund {
  deny when args.amount? > 100 "too much"
  limit 30 per minute by grant as rate
}
"""


def policy(text: str) -> Policy:
    findings = Findings()
    (found,) = read_policies(Source("p.policy", text), findings)
    assert not findings.items
    return found


def compared(old: str, new: str) -> Comparison:
    return compare(Analysis(policy(old), NO_FACTS), Analysis(policy(new), NO_FACTS), EXACT)


def test_a_moved_bound_is_one_region() -> None:
    found = compared(BASE, BASE.replace("50_000", "100_000"))
    assert [(c.kind, c.tool, c.widening) for c in found.changes] == [("newly held for approval", "create_charge", True)]
    (change,) = found.changes
    assert change.region.rows == (('args.currency in ["eur", "usd"]', "args.amount > 50000 and args.amount <= 100000"),)
    assert (change.old.effect, change.old.rule) == ("deny", "create_charge.deny")
    assert (change.new.effect, change.new.rule) == ("approve", "create_charge.approve")


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ("allow list_*", "allow list_*, get_*", {("newly allowed", True)}),
        ("allow list_*", "allow list_?*", {("newly denied", False)}),
        ('  deny when args.amount > 50_000 "too much"\n', "", {("newly held for approval", True)}),
        ('  approve when args.amount > 10_000 by "finance"\n', "", {("no longer held", True)}),
        ('10_000 by "finance"', '5_000 by "finance"', {("newly held for approval", False)}),
        ("limit 30 per minute by grant as rate\n}\non", "limit 40 per minute by grant as rate\n}\non", {("limit changed", True)}),
        ("limit 30 per minute by grant as rate\n}\non", "limit 20 per minute by grant as rate\n}\non", {("limit changed", False)}),
        ("limit 30 per minute by grant as rate\n}\non", "}\non", {("limit changed", True)}),
        ('by "finance"', 'by "ops"', {("approver changed", True)}),
        ('by "finance"', 'by "finance" "a large charge"', {("reason changed", False)}),
        ('"only USD and EUR"', '"USD or EUR, please"', {("reason changed", False)}),
        ("hide delete_account", "deny delete_account", {("no longer hidden", False)}),
        ("allow list_*", "allow list_*\nhide list_secrets", {("newly denied", False)}),
        ("default deny", "default allow", {("newly allowed", True)}),
    ],
)  # fmt: skip
def test_kinds(before: str, after: str, kinds: set[tuple[str, bool]]) -> None:
    assert before in BASE
    found = compared(BASE, BASE.replace(before, after))
    assert {(c.kind, c.widening) for c in found.changes} == kinds
    assert not found.undecided


def test_an_approver_where_there_was_none_is_not_wider() -> None:
    found = compared(BASE.replace(' by "finance"', ""), BASE)
    assert [(c.kind, c.widening) for c in found.changes] == [("approver changed", False)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("as rate", "as charge_rate"),
        ('  require args.currency in ["usd", "eur"] "only USD and EUR"\n', ""),
        ("hide delete_account\nallow list_*", "allow list_*\nhide delete_account"),
        ("args.amount > 50_000", "not args.amount <= 50_000"),
        ("allow list_*", "allow list_*, list_all*"),
        ('  deny when args.amount? > 100 "too much"\n', '  deny when args.amount? > 100 "too much" id ceiling\n'),
    ],
)
def test_no_change(before: str, after: str) -> None:
    assert before in BASE
    new = BASE.replace(before, after)
    if "require" in before:  # written after the deny, which speaks of calls that the requirement passes
        new = BASE.replace(before, "").replace('"too much"\n  approve', '"too much"\n' + before + "  approve")
        found = compared(BASE, new)
        assert {c.kind for c in found.changes} == {"reason changed"}  # where both deny, the first one speaks
        return
    assert compared(BASE, new).equivalent


def test_a_counter_that_two_tools_shared() -> None:
    """Renamed for one of the two, the counter is shared no more."""
    head, tail = BASE.split("on refund")
    found = compared(BASE, head + "on refund" + tail.replace("as rate", "as refund_rate"))
    assert {(c.kind, c.widening) for c in found.changes} == {("limit changed", True)}
    assert len({c.tool for c in found.changes}) == 1


def test_arguments_of_any_other_tool() -> None:
    found = compared(BASE, BASE + 'on "x_*" { allow when args.a == 1 }\n'.replace('"x_*"', "x_*"))
    (change,) = found.changes
    assert (change.tool, change.kind) == (OTHER_TOOL, "newly allowed")
    assert change.region.rows == (('tool like "x_*"', "args.a == 1"),)
    assert change.witness.tool.startswith("x_")


@pytest.mark.parametrize("seed", range(30))
def test_a_policy_is_its_own_table(seed: int) -> None:
    rng = Random(seed)
    for _ in range(4):
        given, facts = strategies.random_policy(rng), strategies.random_facts(rng)
        analysis = Analysis(given, facts, budget=EXACT)
        table = TableSide(compile_table([given], facts))
        listed = TableSide(compile_table([given], facts, budget=Budget(nodes=0, seconds=None)))
        assert compare(analysis, table, EXACT).equivalent
        assert compare(table, listed, EXACT).equivalent


def test_a_table_that_differs() -> None:
    old, new = policy(BASE), policy(BASE.replace("50_000", "100_000"))
    found = compare(TableSide(compile_table([old], NO_FACTS)), Analysis(new, NO_FACTS), EXACT)
    assert [(c.kind, c.region.rows) for c in found.changes] == [
        (c.kind, c.region.rows) for c in compare(Analysis(old, NO_FACTS), Analysis(new, NO_FACTS), EXACT).changes
    ]


@pytest.mark.parametrize("seed", range(40))
def test_random_pairs(seed: int) -> None:
    """Calls that differ lie in a region that is shown, calls that do not lie in none; the words of the rows say which."""
    rng = Random(seed)
    for _ in range(5):
        old, new, facts = random_pair(rng)
        found = compare(Analysis(old, facts, budget=EXACT), Analysis(new, facts, budget=EXACT), EXACT)
        for call, tool, differ in differing_calls(rng, old, new, facts):
            if str(tool) in found.undecided:
                continue
            inside = [
                c
                for c in found.changes
                if c.tool == tool and c.region.whole and any(holds(row, call) for row in c.region.rows)
            ]
            cut = any(c.tool == tool and not c.region.whole for c in found.changes)
            assert bool(inside) == differ or (cut and differ and not inside), (call, tool, found.changes, old, new)


def test_unchanged_but_for_ids() -> None:
    rng = Random(5)
    for _ in range(20):
        given, facts = strategies.random_policy(rng), strategies.random_facts(rng)
        renamed = replace(given, rules=tuple(replace(r, id=f"r{i}") for i, r in enumerate(given.rules)))
        assert compare(Analysis(given, facts, budget=EXACT), Analysis(renamed, facts, budget=EXACT), EXACT).equivalent


SHARED = 'policy "p"\ndefault deny\non pay { limit 10 per day as c }\non refund { allow%s }\n'


def test_a_sum_added_to_a_counter_of_others_may_make_room_for_them() -> None:
    """A negative amount takes back what the other tool's calls counted."""
    for amount, counter, wider in (("args.amount?", "c", True), ("args.amount?", "d", False)):
        limit = f" limit sum {amount} <= 100 per day as {counter}"
        found = compared(SHARED % "", SHARED % limit)
        assert {c.kind for c in found.changes} >= {"limit changed"} and found.widening is wider


def test_what_was_held_and_what_was_allowed_are_denied_apart() -> None:
    old = 'policy "p"\ndefault deny\non t { approve when args.a == 1 }\n'
    found = compared(old, 'policy "p"\ndefault deny\n')
    assert sorted(c.old.effect for c in found.changes) == ["allow", "approve"]
