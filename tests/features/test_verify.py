"""Verdicts on written properties: what each kind means, with and without a catalog."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policyc.catalog.model import Catalog
from policyc.diagnostics import Findings
from policyc.features.verify import Verdict, verify
from policyc.frontends.load import read_policies
from policyc.ir.facts import NO_FACTS
from policyc.ir.model import Policy
from policyc.lint.rules.conflicts.property_violated import finding
from policyc.source import Source, Span
from policyc.table.encode import compile_table
from tests.lint.rules.linting import catalog, tool

SHOP = catalog(
    tool("list_orders", {"page": {"type": "integer", "minimum": 1, "maximum": 9}}, category="read", closed=True),
    tool("pay", {"amount": {"type": "integer", "minimum": 0}, "note": {"type": "string"}}, required=("amount",), category="financial"),
    tool("drop_order", {"order": {"type": "string"}}, required=("order",), category="destructive"),
)  # fmt: skip

POLICY = Policy("p", "deny", ())


def judged(rules: str, properties: str, known: Catalog | None = None, path: str = "p.policy") -> list[Verdict]:
    findings = Findings()
    (policy,) = read_policies(Source(path, f"default deny {rules}\nverify {{\n{properties}\n}}"), findings)
    assert not findings.items
    return verify(policy, NO_FACTS if known is None else known.facts(), known)


def one(rules: str, prop: str, known: Catalog | None = None) -> Verdict:
    (verdict,) = judged(rules, prop, known)
    return verdict


def call(verdict: Verdict) -> dict[str, Any]:
    assert verdict.witness is not None
    return verdict.witness.as_json()


@pytest.mark.parametrize(
    ("rules", "prop", "status"),
    [
        ("allow a", "never allow a", "violated"),
        ("allow a approve a", "never allow a", "proved"),
        ("allow a approve a", "never approve a", "violated"),
        ("allow a approve a", "always deny a", "violated"),
        ("allow a deny a", "always deny a", "proved"),
        ("allow a", "allow a", "proved"),
        ("allow a approve a", "allow a", "violated"),
        ("allow a when args.x == 1", "allow a when args.x == 1", "proved"),
        ("allow a when args.x == 1", "allow a when args.x in [1, 2]", "violated"),
        ("allow a deny a when args.x? > 5", "never allow a when args.x > 5", "violated"),  # a call without x
        ("allow a deny a when args.x > 5", "never allow a when args.x > 5", "proved"),
        ("allow a deny a when args.x > 5", "allow a when args.x <= 5", "proved"),  # a call without x is not surely one
        ("allow a deny a when args.x > 5", "allow a when not args.x > 6", "violated"),
        ("allow a approve a when args.x > 5", "always approve a when args.x > 5", "proved"),
        ("allow a approve a when args.x > 5", "always approve a when args.x > 4", "violated"),
        ("allow a approve a when args.x > 5 deny a when args.x > 9", "always approve a when args.x > 5", "proved"),
        ("allow a deny a", "always approve a", "violated"),
        ("allow a approve a deny b", "always approve a, b", "proved"),
        ("allow a", "never allow b*", "proved"),
        ("allow b_*", "never allow b*", "violated"),
        ("allow b*", "never allow b* and not b", "violated"),  # by a name that is not the shortest one
        ("allow *", "never allow some_new_tool", "violated"),
        ("allow * deny category:write", "never allow fresh", "proved"),  # a tool that no catalog has is undefined
        ("allow s/a", "never allow a", "violated"),
        ("allow s/a", "never allow t/a", "proved"),  # a call that names no server is not surely allowed
        ("allow a deny s/a", "never allow s/a", "proved"),
        ("allow a deny s/a when args.x == 1", "never allow s/a", "violated"),
        ("allow a limit a: 5 per minute", "limited a to 5 per minute", "proved"),
        ("allow a limit a: 5 per minute when args.x? > 1", "limited a to 5 per minute", "violated"),
        ("allow a limit a: 5 per minute when args.x > 1", "limited a to 5 per minute when args.x > 1", "proved"),
        ("allow a limit a: 5 per minute when args.x > 1 limit a: 5 per minute when not args.x > 1", "limited a to 5 per minute", "violated"),
        ("allow a limit a: 5 per minute as c when args.x > 1 limit a: 5 per minute as c when not args.x > 1", "limited a to 5 per minute", "proved"),
        ("allow a limit a: 4 per minute as c when args.x > 1 limit a: 5 per minute as c when not args.x > 1", "limited a to 4 per minute", "violated"),
        ("allow a limit a: 5 per minute limit a: 9 per minute by user", "limited a to 5 per minute by user", "violated"),
        ("allow a deny a", "limited a to 1 per day", "proved"),
        ("allow a, b limit *: 5 per minute", "limited * to 5 per minute", "proved"),
        ("allow a limit a: sum args.x <= 5 per day", "limited a to sum args.x <= 5 per day", "proved"),
        ("allow a limit a: sum args.x <= 5 per day", "limited a to sum args.x <= 5 per hour", "violated"),
        ("allow a limit a: sum args.x <= 5 per day deny a when args.x < 0", "limited a to sum args.x <= 5 per hour", "proved"),
        ("allow a limit a: sum args.x? <= 5 per day", "limited a to sum args.x <= 5 per day", "proved"),
        ("allow a limit a: sum args.x <= 5 per day", "limited a to 5 per day", "violated"),
    ],
)  # fmt: skip
def test_without_a_catalog(rules: str, prop: str, status: str) -> None:
    assert one(rules, prop).status == status


@pytest.mark.parametrize(
    ("rules", "prop", "status", "note"),
    [
        ("allow category:read", "never allow category:destructive", "proved", ""),
        ("allow *", "never allow category:destructive", "violated", ""),
        ("allow list_orders", "allow category:read", "proved", ""),
        ("allow list_*", "allow category:read, pay", "violated", ""),
        ("allow pay deny pay when args.amount < 0", "allow pay", "proved", ""),  # the schema has no such amount
        ("allow pay deny pay when args.amount == 0", "allow pay", "violated", ""),
        ("allow pay", "allow pay when args.amount < 0", "proved", "no call is one that it speaks of"),
        ("allow list_orders", "allow list_orders when args.pgae == 1", "proved", "no call is one that it speaks of"),
        ("allow pay", "never allow delete_*", "proved", "selects none of the catalog's tools"),
        ("allow pay", "never allow category:execute and pay", "proved", "selects none of the catalog's tools"),
        ("allow list_orders", "never allow category:financial, category:destructive", "proved", ""),
        ("allow list_orders, unheard_of", "never allow category:financial", "violated", ""),
        ("allow pay deny shop/pay", "never allow category:financial", "proved", ""),  # elsewhere it is not known to be
        ("allow pay deny shop/pay", 'never allow category:financial, server "x"', "violated", ""),
        ("allow pay deny shop/pay", "never allow pay", "violated", ""),  # by its name it is the same tool everywhere
        ("allow pay approve pay", "always approve category:financial", "proved", ""),
        ("allow pay deny pay when args.amount < 5", "always approve pay when args.amount < 5", "violated", ""),
        ("allow pay deny pay when args.amount < 5", "always approve pay when args.amount < 0", "proved", "no call is one"),
        ("allow pay limit pay: sum args.amount <= 9 per day", "limited pay to sum args.amount <= 9 per hour", "violated", ""),
    ],
)  # fmt: skip
def test_with_a_catalog(rules: str, prop: str, status: str, note: str) -> None:
    verdict = one(rules, prop, SHOP)
    assert verdict.status == status and note in "".join(verdict.notes) and bool(note) == bool(verdict.notes)


def test_a_counterexample_fits_the_schema_where_one_can() -> None:
    verdict = one(
        "allow pay deny pay when args.amount == 3", "never allow pay when args.note? == 'x'".replace("'", '"'), SHOP
    )
    assert verdict.valid and call(verdict)["arguments"] == {"amount": 0, "note": "x"}
    verdict = one("allow pay deny pay when args.amount >= 0", "always deny pay", SHOP)
    assert verdict.status == "violated" and not verdict.valid and call(verdict)["arguments"]["amount"] < 0
    assert "do not fit the tool's schema" in (finding(verdict, POLICY, Span(Source("p", "x"), 0, 1)).witness_note or "")


def test_a_bound_that_only_unfitting_calls_escape_does_not_hold() -> None:
    verdict = one("allow pay limit pay: 5 per day when args.amount? >= 0", "limited pay to 5 per day", SHOP)
    assert verdict.status == "violated" and not verdict.valid


def test_tools_that_only_the_facts_know() -> None:
    findings = Findings()
    (policy,) = read_policies(Source("p.policy", "default deny verify { allow category:read }"), findings)
    (verdict,) = verify(policy, SHOP.facts())
    assert verdict.status == "violated" and call(verdict)["tool"] == "list_orders"


def test_a_schema_fitting_counterexample_is_preferred_over_all_tools() -> None:
    rules = "allow drop_order deny drop_order when args.order is string allow pay"
    verdict = one(rules, "always deny drop_order, pay", SHOP)
    assert verdict.valid and call(verdict)["tool"] == "pay"


def test_why_a_bound_does_not_hold_is_said() -> None:
    def why(rules: str, prop: str) -> str:
        return one(rules, prop).why

    assert why("allow a", "limited a to 5 per day").endswith("and no limit counts it")
    assert why("allow a limit a: 6 per day", "limited a to 5 per day").endswith("and none of these limits keeps to it")
    assert why("allow a limit a: sum args.x <= 5 per day", "limited a to sum args.x <= 5 per hour").endswith(
        "where amounts below 0 make room for more"
    )
    halves = "allow a limit a: 5 per day when args.x > 1 limit a: 5 per day when not args.x > 1"
    assert why(halves, "limited a to 5 per day").endswith("and no one counter counts all calls to `a`")


def test_what_is_over_budget_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    from policyc.diagram import analysis
    from policyc.diagram.build import Budget

    rules = "allow a " + " ".join(f"deny a when args.x{i} == 1 and args.y{i} == 2" for i in range(8))
    assert one(rules, "never allow b").status == "proved"
    monkeypatch.setattr(analysis.Analysis.__init__, "__defaults__", (None, Budget(nodes=3)))
    verdict = one(rules, "never allow a when args.x1 == 1 and args.y1 == 2")
    assert verdict.status == "not decided" and "`a`: more than 3 diagram nodes" in verdict.why


def test_a_way_that_no_call_takes_is_not_called_a_violation() -> None:
    """An index and a quantifier on one array depend on each other: an array whose elements are all 1 begins with 1."""
    rules = "allow a deny a when args.l[0] == 1"
    assert one(rules, "never allow a when every args.l[*] == 1 and len(args.l) > 0").status == "proved"
    verdict = one(rules, "never allow a when some args.l[*] == 1")
    assert verdict.status == "violated" and call(verdict)["arguments"]["l"][0] != 1


# --- no wider than -------------------------------------------------------------------------------------------------

BASE = 'policy "base"\ndefault deny\non pay { approve when args.amount > 100 limit 10 per minute }\n'


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ("on pay { approve when args.amount > 100 limit 10 per minute }", "proved"),
        ("on pay { approve when args.amount > 50 limit 9 per minute }", "proved"),
        ("on pay { deny }", "proved"),
        ("on pay { approve when args.amount > 101 limit 10 per minute }", "violated"),
        ("on pay { approve when args.amount? > 100 limit 10 per minute }", "violated"),
        ("on pay { approve when args.amount > 100 limit 11 per minute }", "violated"),
        ("on pay { approve when args.amount > 100 limit 10 per minute } allow refund", "violated"),
    ],
)
def test_no_wider_than_another_policy(tmp_path: Path, rules: str, status: str) -> None:
    (tmp_path / "base.policy").write_text(BASE)
    (verdict,) = judged(rules, 'no wider than "base.policy"', path=str(tmp_path / "p.policy"))
    assert verdict.status == status
    if status == "violated":
        assert verdict.witness is not None and "by `base.policy` it is" in verdict.why


def test_a_wider_call_that_fits_the_schema_is_shown_first(tmp_path: Path) -> None:
    """Two changes, and the one that a report names first is of calls that no schema allows."""
    (tmp_path / "base.policy").write_text("default deny allow pay approve pay deny pay when args.amount < 0")
    (verdict,) = judged(
        "allow pay approve pay when args.amount < 0", 'no wider than "base.policy"', SHOP, str(tmp_path / "p.policy")
    )
    assert verdict.status == "violated" and verdict.valid


@pytest.mark.parametrize(
    ("base", "why"),
    [
        (None, "does not exist"),
        ("policy base default dny", "has an error"),
        ("policy a default deny policy b default deny", "has 2 policies, and none of them is called `p`"),
        ("default deny allow category:read", "asks the tool catalog (`category:read`), and there is none"),
    ],
)
def test_a_base_that_cannot_be_asked_decides_nothing(tmp_path: Path, base: str | None, why: str) -> None:
    if base is not None:
        (tmp_path / "base.policy").write_text(base)
    (verdict,) = judged("allow a", 'no wider than "base.policy"', path=str(tmp_path / "p.policy"))
    assert verdict.status == "not decided" and why in verdict.why


def test_the_base_with_the_same_name_is_meant(tmp_path: Path) -> None:
    (tmp_path / "base.policy").write_text("policy p default deny allow a policy q default deny")
    (verdict,) = judged("allow a", 'no wider than "base.policy"', path=str(tmp_path / "p.policy"))
    assert verdict.status == "proved"


# --- what else there is --------------------------------------------------------------------------------------------


def test_properties_are_no_part_of_what_is_decided() -> None:
    def logic(text: str) -> Any:
        findings = Findings()
        policies = read_policies(Source("p.policy", text), findings)
        table = compile_table(policies, NO_FACTS).split(b"\n", 2)
        return json.loads(table[1])["logic"], table[2]

    rules = 'policy "p"\ndefault deny\non a { limit 5 per day }\n'
    assert logic(rules) == logic(rules + "verify { never allow a }\n")


def test_a_long_property_is_cut_in_the_message() -> None:
    names = ", ".join(f"tool_number_{i}" for i in range(20))
    verdict = one(f"allow {names}", f"never allow {names}")
    said = finding(verdict, POLICY, Span(Source("p", "x"), 0, 1))
    assert len(said.message) < 250 and "…" in said.message


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ("deny when args.amount < 0 limit sum args.amount <= 100 per day as c", "sum args.amount <= 100 per day"),
        ("limit 30 per day as c", "30 per day"),
    ],
)
def test_what_another_tool_takes_back_from_the_counter_is_no_bound(own: str, wanted: str) -> None:
    refund = " on refund { %slimit sum args.amount <= 100 per day as c }"
    claim = f"limited pay to {wanted}"
    rules = "on pay { " + own + " }"
    assert one(rules + refund % "deny when args.amount < 0 ", claim).status == "proved"
    assert one(rules + refund % "", claim).status == "violated"


def test_an_amount_below_zero_of_which_the_property_does_not_speak() -> None:
    rules = 'on pay { deny when args.kind == "x" and args.amount < 0 limit sum args.amount <= 100 per day as c }'
    assert one(rules, 'limited pay to sum args.amount <= 100 per day when args.kind == "x"').status == "violated"
