"""Sums: of what may be left out, of what is no number, and of more in one call than there is room for."""

from __future__ import annotations

import random

import pytest

from policyc.diagnostics import Findings
from policyc.frontends.load import read_policies
from policyc.ir.model import Limit
from policyc.lint.engine import without_echoes
from policyc.reference import Call, decide
from policyc.source import Source
from tests.lint.rules.counting import Counters
from tests.lint.rules.judged import judged, said
from tests.lint.rules.linting import catalog, fixed, marked, tool

SHOP = catalog(
    tool("refund", {"charge": {"type": "string"}, "amount": {"type": "integer"}}, required=("charge",)),
    tool("tip", {"amount": {"type": "number", "default": 0}}),
    tool("charge", {"amount": {"type": "integer", "minimum": 1}}, required=("amount",)),
    tool("quote", {"amount": {"type": "string"}, "parts": {"type": "string"}}, required=("amount",)),
    tool("free", None),
)

# --- left out ------------------------------------------------------------------------------------------------------


def test_a_plain_sum_denies_what_leaves_the_amount_out() -> None:
    ((finding, outcome),) = judged(
        "sum-of-optional-argument", "default deny on refund { limit sum args.amount <= 500 per day }", SHOP
    )
    assert (
        finding.message == "`args.amount` is optional in `refund`, and this limit denies every call that leaves it out"
    )
    assert finding.witness is not None and "amount" not in finding.witness["arguments"]
    assert (
        outcome is not None and outcome.effect == "deny" and outcome.rule is not None and outcome.rule.effect == "limit"
    )
    assert not finding.edits


def test_an_optional_sum_lets_it_pass_uncounted() -> None:
    text = "default deny on refund { limit sum args.amount? <= 500 per day }"
    ((finding, outcome),) = judged("sum-of-optional-argument", text, SHOP)
    assert (
        finding.message
        == "`args.amount` is optional in `refund`, and a call that leaves it out adds nothing to this sum"
    )
    assert finding.witness is not None and "amount" not in finding.witness["arguments"]
    assert outcome is not None and outcome.effect == "allow" and [r.effect for r in outcome.limits] == ["limit"]
    assert fixed(text, [finding]) == text.replace("?", "")


@pytest.mark.parametrize("mark", ["", "?"])
@pytest.mark.parametrize(
    "body",
    [
        "require exists args.amount",
        "deny when args.amount <= 0",
        "deny",
    ],
)
def test_what_is_denied_by_a_rule_that_says_so_is_meant(body: str, mark: str) -> None:
    text = f"default deny on refund {{ {body} limit sum args.amount{mark} <= 500 per day }}"
    assert said("sum-of-optional-argument", text, SHOP) == []


def test_what_a_person_sees_what_is_worth_nothing_and_what_must_be_there() -> None:
    asked = "default deny on refund { approve when not exists args.amount limit sum args.amount? <= 500 per day }"
    assert said("sum-of-optional-argument", asked, SHOP) == []
    assert said("sum-of-optional-argument", "default deny on tip { limit sum args.amount? <= 500 per day }", SHOP) == []
    assert (
        len(said("sum-of-optional-argument", "default deny on tip { limit sum args.amount <= 500 per day }", SHOP)) == 1
    )
    assert (
        said("sum-of-optional-argument", "default deny on charge { limit sum args.amount <= 500 per day }", SHOP) == []
    )
    assert said("sum-of-optional-argument", "default deny on free { limit sum args.amount <= 500 per day }", SHOP) == []
    unallowed = "default deny on * { limit sum args.amount <= 500 per day }"
    assert said("sum-of-optional-argument", unallowed, SHOP) == []  # never counts: another finding


def test_calls_that_nothing_allows_are_not_the_limits_doing() -> None:
    allowed = "default deny on refund { allow when args.amount > 0 limit sum args.amount <= 500 per day }"
    assert said("sum-of-optional-argument", allowed, SHOP) == []
    (message,) = said(
        "sum-of-optional-argument", "default deny on refund {} on * { limit sum args.amount <= 500 per day }", SHOP
    )
    assert "other tool" not in message  # a tip may leave it out too, and is not allowed


def test_only_one_rule_speaks_of_an_optional_sum() -> None:
    text = "default deny on refund { limit sum args.amount? <= 500 per day }"
    for slug in (
        "deny-skipped-by-omission",
        "sum-of-non-number",
        "argument-type-mismatch",
        "single-call-exceeds-limit",
    ):
        assert said(slug, text, SHOP) == []


# --- no number -----------------------------------------------------------------------------------------------------


def test_a_sum_of_texts_denies_every_call() -> None:
    text = "default deny on quote { limit sum args.amount <= 500 per day }"
    ((finding, outcome),) = judged("sum-of-non-number", text, SHOP)
    assert finding.message == (
        "`args.amount` is never a number in the schema of `quote` but a string, so this limit denies every call"
    )
    assert marked([finding]) == ["args.amount"]
    assert (
        outcome is not None and outcome.effect == "deny" and outcome.rule is not None and outcome.rule.effect == "limit"
    )
    for slug in ("argument-type-mismatch", "limit-on-denied-tool", "sum-of-optional-argument"):
        findings = [f for f, _ in judged(slug, text, SHOP)]
        assert without_echoes([finding, *findings]) == [finding]


def test_a_sum_inside_of_a_text_and_one_that_may_be_a_number() -> None:
    inside = "default deny on quote { limit sum args.parts.price? <= 500 per day }"
    (message,) = said("sum-of-non-number", inside, SHOP)
    assert "inside of a string" in message and message.endswith("denies every call that gives it")
    for name in ("refund", "charge", "free", "unknown"):
        assert said("sum-of-non-number", f"default deny on {name} {{ limit sum args.amount <= 5 per day }}", SHOP) == []
    mixed = catalog(tool("a", {"n": {"type": ["string", "integer"]}}), tool("b", {"n": {"enum": ["1", "2"]}}))
    assert said("sum-of-non-number", "default deny on a { limit sum args.n <= 5 per day }", mixed) == []
    assert len(said("sum-of-non-number", "default deny on b { limit sum args.n <= 5 per day }", mixed)) == 1


# --- too much in one call ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "start"),
    [
        (
            "deny when args.amount > 500 limit sum args.amount <= 100 per day",
            "a call to `charge` may pass `charge.deny`",
        ),
        ("deny when args.amount > 100 limit sum args.amount <= 100 per day", None),
        ("deny when args.amount > 500 limit sum args.amount <= 500 per day", None),
        (
            "approve when args.amount > 100 limit sum args.amount <= 100 per day",
            "a call to `charge` may pass `charge.approve`",
        ),
        ("approve when args.amount > 99 limit sum args.amount <= 100 per day", None),
        ("limit sum args.amount <= 100 per day", None),  # the limit alone bounds a call
        ("deny when args.amount == 500 limit sum args.amount <= 100 per day", None),  # about one value, no bound
        (
            "require args.amount > 100 limit sum args.amount <= 100 per day",
            "`sum args.amount <= 100 per day by grant` lets no",
        ),
        (
            "require args.amount >= 100 limit sum args.amount <= 100 per day",
            "a call to `charge` may pass `charge.require`",
        ),
        ("require args.amount > 100 limit sum whole args.amount <= 100 per day", "`sum whole"),
        (
            "deny when args.amount > 500 or args.amount < 0 limit sum args.amount? <= 100 per day",
            "a call to `charge` may pass `charge.deny`",
        ),
        ("limit 3 step 5 per day", "`3 step 5 per day by grant` lets no call through: each adds 5"),
        ("limit 5 step 5 per day", None),
    ],
)
def test_one_call_above_the_maximum(body: str, start: str | None) -> None:
    found = judged("single-call-exceeds-limit", f"default deny on charge {{ {body} }}", SHOP)
    assert len(found) == (start is not None)
    for finding, outcome in found:
        assert start is not None and finding.message.startswith(start), finding.message
        assert outcome is not None and outcome.effect != "deny" and len(outcome.limits) == 1
        (limit,) = [rule.limit for rule in outcome.limits]
        assert limit is not None and finding.witness is not None
        assert not fits(limit, finding.witness["arguments"])


def fits(limit: Limit, arguments: dict[str, int | float]) -> bool:
    amount = limit.step if limit.amount is None else arguments["amount"]
    return Counters().room(limit, {"grant": "g"}, 0, int(amount) if limit.whole else amount)


def test_a_bound_wider_than_the_limit_is_not_about_it_and_a_refilled_budget_has_room() -> None:
    wide = "default deny on * { deny when args.amount? > 500 } on charge { limit sum args.amount <= 100 per day }"
    assert said("single-call-exceeds-limit", wide, SHOP) == []
    narrow = "default deny on charge { deny when args.amount > 500 } on * { limit sum args.amount? <= 100 per day }"
    assert len(said("single-call-exceeds-limit", narrow, SHOP)) == 1
    open_door = narrow.replace("default deny", "default allow")
    assert said("single-call-exceeds-limit", open_door, SHOP) == []  # any other tool may refill it
    refilled = "default deny on refund { deny when args.amount > 500 limit sum args.amount <= 100 per day }"
    assert said("single-call-exceeds-limit", refilled, SHOP) == []
    assert len(said("single-call-exceeds-limit", refilled.replace("{", "{ require args.amount >= 0"), SHOP)) == 1


def test_an_amount_whose_fraction_is_dropped() -> None:
    text = "default deny on tip { require args.amount >= 0 and args.amount <= 100.5 limit sum whole args.amount <= 100 per day }"
    assert said("single-call-exceeds-limit", text, SHOP) == []
    assert len(said("single-call-exceeds-limit", text.replace("sum whole", "sum"), SHOP)) == 1
    assert len(said("single-call-exceeds-limit", text.replace("100.5", "101"), SHOP)) == 1


def test_no_call_fits_is_true_of_random_calls() -> None:
    rng = random.Random(3)
    claims = 0
    for _ in range(300):
        low, high, most = rng.randint(-2, 9), rng.randint(0, 12), rng.randint(1, 9)
        op = rng.choice((">", ">="))
        whole = rng.choice(("", "whole "))
        text = (
            f"default deny on charge {{ require args.amount {op} {low} deny when args.amount > {high} "
            f"limit sum {whole}args.amount <= {most} per day }}"
        )
        found = [f for f, _ in judged("single-call-exceeds-limit", text, SHOP)]
        (policy,) = read_policies(Source("p.policy", text), Findings())
        amounts = [n / 2 for n in range(2, 30)] + list(range(1, 15))
        passing = [
            a for a in amounts if decide(policy, Call("charge", {"amount": a})).effect == "allow" and a == int(a)
        ]
        limit = next(r.limit for r in policy.rules if r.limit is not None)
        none = bool(passing) and not any(fits(limit, {"amount": int(a)}) for a in passing)
        assert any("lets no call" in f.message for f in found) == none, text
        claims += none
    assert claims > 20
