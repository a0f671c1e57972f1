"""Limits: what is unlimited, and limits that do not limit. Each finding comes with a defect and goes with its repair."""

from __future__ import annotations

import pytest

from tests.lint.rules.judged import judged, said
from tests.lint.rules.linting import catalog, tool

AMOUNT = {"amount": {"type": "number"}, "currency": {"type": "string"}}
SHOP = catalog(
    tool("create_charge", AMOUNT, required=("amount",), category="financial"),
    tool("delete_customer", {"id": {"type": "string"}}, category="destructive"),
    tool("list_customers", {}, category="read"),
    tool("update_customer", {"id": {"type": "string"}}),
)


def test_a_write_tool_without_a_limit_on_some_path_is_reported_with_that_path() -> None:
    text = """default deny
    on update_customer { limit 5 per minute when args.id == "a" }
    on list_customers {}
    """
    ((finding, outcome),) = judged("write-tool-without-limit", text, SHOP)
    assert finding.message == "`update_customer` (write) is allowed without any limit"
    assert outcome is not None and outcome.effect == "allow" and not outcome.limits
    assert finding.witness is not None and finding.witness["arguments"]["id"] != "a"


@pytest.mark.parametrize(
    "repair",
    [
        "on update_customer { limit 5 per minute }",
        "on update_customer {} on * { limit 60 per minute }",
        "on update_customer { approve }",
        "on update_customer { deny }",
        'on update_customer { limit 5 per minute when args.id == "a" require args.id == "a" }',
    ],
)
def test_a_limit_on_every_path_an_approval_or_a_denial_is_enough(repair: str) -> None:
    assert said("write-tool-without-limit", f"default deny {repair}", SHOP) == []


def test_what_the_default_lets_through_is_one_finding() -> None:
    (message,) = said("write-tool-without-limit", "default allow", SHOP)
    assert message == (
        "the default allows 3 tools that change things without any limit: `create_charge`, `delete_customer`, `update_customer`"
    )


def test_a_destructive_tool_must_be_denied_or_asked_about() -> None:
    ((finding, outcome),) = judged(
        "destructive-tool-allowed", "default deny on delete_customer { limit 1 per day }", SHOP
    )
    assert finding.message == "`delete_customer` (destructive) is allowed with nobody asked"
    assert outcome is not None and outcome.effect == "allow"
    assert said("destructive-tool-allowed", "default deny on delete_customer { approve limit 1 per day }", SHOP) == []
    assert said("destructive-tool-allowed", "default allow hide delete_*", SHOP) == []
    held = 'default deny on delete_customer { approve when args.id? starts_with "vip" }'
    assert len(said("destructive-tool-allowed", held, SHOP)) == 1


@pytest.mark.parametrize(
    ("limits", "reported"),
    [
        ("limit 10 per hour limit 1_000 per day", True),  # 240 at most
        ("limit 10 per hour limit 240 per day", True),
        ("limit 10 per hour limit 239 per day", False),
        ("limit 100 per day limit 100 per hour", True),  # the hour can have no more than the day
        ("limit 100 per day limit 99 per hour", False),
        ("limit 10 per hour by user limit 1_000 per day by grant", False),  # many users in one grant
        ("limit 10 per hour by grant limit 1_000 per day by grant, user", True),
        ("limit 10 per hour sliding limit 240 per day", True),
        ("limit 10 per hour limit 245 per day sliding", False),  # a sliding day may touch 25 hours
        ("limit 10 per hour limit 250 per day sliding", True),
        ("limit 10 per hour when args.amount > 5 limit 1_000 per day", False),  # counts fewer calls
        ("limit 10 per hour limit 7_300 per month", False),  # 744 hours in a long month
        ("limit 10 per hour limit 7_440 per month", True),
        ("limit 10 per 604800 seconds limit 15 per week", False),  # those begin on Thursdays
        ("limit 10 per 302400 seconds limit 29 per week", False),  # a week meets three of them
        ("limit 10 per 302400 seconds limit 30 per week", True),
        ("limit 10 per week limit 40 per month", False),  # a month may meet six weeks
        ("limit 10 per week limit 10 per day", True),
        ("limit 1 per 86400 seconds sliding limit 30 per month", False),
        ("limit 1 per 86400 seconds sliding limit 31 per month", True),
        ("limit sum args.amount <= 10 per hour limit sum args.amount <= 1_000 per day", False),  # negative amounts
    ],
)
def test_a_limit_that_a_tighter_one_keeps_out_of_reach(limits: str, reported: bool) -> None:
    text = f"default deny on create_charge {{ {limits} }}"
    assert bool(said("limit-never-reached", text)) is reported


def test_a_limit_over_more_tools_is_reached_by_the_others() -> None:
    text = "default deny on a { limit 10 per hour } on b {} on * { limit 1_000 per day }"
    assert said("limit-never-reached", text) == []
    everywhere = "default deny on a { limit 5_000 per day } on * { limit 10 per hour }"
    assert len(said("limit-never-reached", everywhere)) == 1


def test_a_sum_that_a_negative_amount_refills() -> None:
    text = "default deny on create_charge { limit sum args.amount <= 100 per day }"
    ((finding, outcome),) = judged("sum-not-bounded-below", text, SHOP)
    assert finding.message == "a negative `args.amount` passes, and takes the sum down instead of up"
    assert finding.witness is not None and finding.witness["arguments"]["amount"] < 0
    assert outcome is not None and outcome.effect == "allow"
    assert said("sum-not-bounded-below", text.replace("{", "{ require args.amount >= 0"), SHOP) == []
    assert said("sum-not-bounded-below", text.replace("{", "{ deny when args.amount <= 0"), SHOP) == []
    assert len(said("sum-not-bounded-below", text.replace("{", "{ deny when args.amount < -5"), SHOP)) == 1
    bounded = catalog(tool("create_charge", {"amount": {"type": "integer", "minimum": 1}}, required=("amount",)))
    assert said("sum-not-bounded-below", text, bounded) == []


@pytest.mark.parametrize(
    ("second", "differs"),
    [
        ("30 per minute by grant", None),
        ("31 per minute by grant", "the maximum differs"),
        ("30 per hour by grant", "the window differs"),
        ("30 per minute sliding by grant", "the window differs"),
        ("30 per minute by user", "the scope differs"),
        ("sum args.amount <= 40 per minute by grant", "the maximum, what is counted differ"),
    ],
)
def test_one_counter_under_limits_that_do_not_agree(second: str, differs: str | None) -> None:
    text = f"default deny on a {{ limit 30 per minute by grant as calls }} on b {{ limit {second} as calls }}"
    messages = said("shared-counter-mismatch", text)
    assert [m.rsplit(": ", 1)[1] for m in messages] == ([] if differs is None else [differs])
