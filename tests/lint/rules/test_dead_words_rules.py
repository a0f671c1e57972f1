"""Rules about words without effect: each finding comes with a planted defect, carries a call that replays, and goes with the repair."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from policyc.pipeline import Options, check
from tests.lint.rules.judged import judged, said
from tests.lint.rules.linting import catalog, tool

SHOP = catalog(
    tool("list_orders", {"page": {"type": "integer"}}, category="read"),
    tool("delete_order", {"id": {"type": "string"}}, category="destructive"),
    tool("refund", {"amount": {"type": "number"}}, required=("amount",), category="financial"),
)


# --- redundant-rule ------------------------------------------------------------------------------------------------


def test_a_redundant_deny_names_the_rules_that_do_its_work() -> None:
    text = "default deny on pay { deny when args.n? > 5 deny when args.n? > 7 and args.m == 1 deny when args.n? > 3 }"
    (finding, outcome), *others = judged("redundant-rule", text)
    assert finding.message == (
        "`pay.deny` is not needed: `pay.deny.3` denies every call that it decides, and no reason is given either way"
    )
    assert outcome is not None and outcome.rule is not None and outcome.rule.id == "pay.deny"
    assert others == [], "the second never decides, which unreachable-rule says"
    assert len(said("unreachable-rule", text)) == 1


def test_what_only_the_catalog_of_today_says_makes_no_rule_redundant() -> None:
    text = "default deny deny delete_order deny category:destructive on list_orders {} allow list_orders allow category:read"
    assert said("redundant-rule", text, SHOP) == [], text
    assert said("redundant-rule", text.replace("category:destructive", "delete_*"), SHOP) != []


def test_an_allow_beside_a_block_that_allows_as_well() -> None:
    (message,) = said("redundant-rule", "default deny allow pay when args.n < 5 on pay { limit 5 per day }")
    assert message.startswith("`pay.allow` is not needed: the block for `pay` allows every call that it decides")


def test_approvals_and_denials_of_other_words_are_needed() -> None:
    for fine in (
        'on pay { deny when args.n > 5 "five" deny when args.n > 3 }',
        'on pay { approve when args.n > 5 by "a" approve when args.n > 3 by "b" }',
        "on pay { deny when args.n > 5 severity high deny when args.n > 3 }",
        "on pay { limit 5 per minute limit 5 per minute when args.n > 3 }",
        "hide pay_old on pay_old_2 {} deny pay_*_2 when args.n > 3",
    ):
        assert said("redundant-rule", f"default deny {fine}") == [], fine


# --- hidden-and-configured -----------------------------------------------------------------------------------------


def test_a_hidden_tool_with_a_block() -> None:
    text = 'default deny hide pay on pay { deny when args.n > 5 approve by "a" limit 5 per day }'
    assert said("hidden-and-configured", text) == ["`pay.hide` always hides `pay`, so its block has no effect"]
    for other in ("allow-overridden", "unreachable-rule", "approve-never-asked", "gap"):
        assert said(other, text) == [], "one finding, not one a rule"
    assert said("hidden-and-configured", text.replace("hide pay", "hide pay_old")) == []


def test_hidden_by_a_set_of_hides_and_by_a_wider_one() -> None:
    assert said("hidden-and-configured", "default deny hide a_* deny a_b* when args.n > 5") == [
        "`a_*.hide` always hides `a_b*`, so `a_b*.deny` has no effect"
    ]
    assert said("hidden-and-configured", "default deny hide a_b* deny a_* when args.n > 5") == []
    assert said("hidden-and-configured", 'default deny hide server "x" on pay { limit 5 per day }') == []
    assert said("hidden-and-configured", 'default deny hide server "x" on pay { deny limit 5 per day }') == []
    both = 'default deny hide server "x" hide pay and not server "x" on pay { limit 5 per day }'
    assert len(said("hidden-and-configured", both)) == 1


def test_a_hide_of_every_tool_is_one_finding() -> None:
    text = "default deny hide * on a { limit 5 per day } on b { limit 6 per day }"
    assert said("hidden-and-configured", text) == ["`*.hide` always hides every tool, so no other rule has an effect"]


# --- default-makes-redundant ---------------------------------------------------------------------------------------


def test_an_allow_under_default_allow() -> None:
    assert said("default-makes-redundant", "default allow allow pay when args.n < 5 allow get_*") == [
        "`pay.allow` allows nothing that the default does not: calls outside its condition are allowed as well",
        "`get_*.allow` allows nothing that the default does not",
    ]
    assert said("default-makes-redundant", "default deny allow pay when args.n < 5 allow get_*") == []
    assert said("default-makes-redundant", "default allow on pay { limit 5 per day }") == [], "the block's own allow"


@pytest.mark.parametrize(
    "fine",
    [
        'deny wipe "never"',
        "deny wipe severity high",
        "deny wipe when args.n > 5",
        "deny wipe allow *_x",
        "deny wipe allow category:read",
        "deny wipe_*",
        "deny category:destructive",
        "deny wipe on wipe { limit 5 per day }",
        "deny *  on pay {}",
    ],
)
def test_a_deny_is_mostly_a_second_line_of_defence(fine: str) -> None:
    assert said("default-makes-redundant", f"default deny {fine}", SHOP) == []


def test_a_bare_deny_that_nothing_needs() -> None:
    assert said("default-makes-redundant", "default deny deny wipe on pay {}") == [
        "`wipe.deny` denies nothing that the default does not: no rule allows what it selects"
    ]


# --- duplicate-rule ------------------------------------------------------------------------------------------------

TWICE = """policy "p"
default deny

on pay {
  deny when args.n > 5   # one
  require args.m == 1
  deny when not args.n <= 5
  limit 5 per day
}
"""


def test_a_duplicate_is_found_by_meaning_and_its_line_deleted() -> None:
    ((finding, _),) = judged("duplicate-rule", TWICE)
    assert finding.message == "`pay.deny.2` says the same as `pay.deny` in other words"
    (edit,) = finding.edits
    assert edit.safe
    fixed = TWICE[: edit.span.start] + edit.text + TWICE[edit.span.end :]
    assert fixed == TWICE.replace("  deny when not args.n <= 5\n", "")
    assert said("duplicate-rule", fixed) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on pay { limit 5 per day limit 5 per day }", "`pay.limit.2` says the same as `pay.limit`"),
        ("on pay { limit 5 per day as x limit 5 per day as x }", "so each call counts twice"),
        ("on pay { allow when args.n < 5 allow when args.n < 5 }", "`pay.allow.2` says the same as `pay.allow`"),
        ("on pay { deny when args.n > 5 deny when args.n > 5 }", "`pay.deny.2` says the same as `pay.deny`"),
    ],
)
def test_duplicates_without_a_fix(text: str, message: str) -> None:
    ((finding, _),) = judged("duplicate-rule", f"default deny\n{text}")
    assert message in finding.message and finding.edits == ()


def test_a_duplicate_is_said_once() -> None:
    assert found(TWICE) == {"duplicate-rule"}
    assert found(TWICE.replace("deny when not args.n <= 5", "limit 5 per day")) == {"duplicate-rule"}


def found(text: str) -> set[str]:
    """Everything that a whole run of the linter says, but for advice that has nothing to do with it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "p.policy"
        path.write_text(text, "utf-8")
        return {f.rule for f in check([str(path)], Options(isolated=True)).findings}


# --- reason-never-shown --------------------------------------------------------------------------------------------


def test_a_reason_of_an_allow_whose_calls_are_all_held() -> None:
    text = 'default deny allow pay when args.n < 9 "small" approve pay by "a"'
    ((finding, outcome),) = judged("reason-never-shown", text)
    assert finding.message == "the reason of `pay.allow` is never given: `pay.approve` decides every such call"
    assert outcome is not None and outcome.effect == "approve"
    assert said("reason-never-shown", text.replace("approve pay by", "approve pay when args.n > 5 by")) == []
    assert said("reason-never-shown", text.replace('"small"', "")) == []


def test_a_dead_rule_with_a_reason_is_said_once() -> None:
    dead = 'policy "p"\ndefault deny\non pay {\n  deny when args.n > 5\n  deny when args.n > 7 "seven"\n  limit 5 per day\n}\n'
    assert found(dead) == {"unreachable-rule"}
    assert found('policy "p"\ndefault deny\napprove pay when args.n > 7 by "a" "seven"\n') == {"approve-never-asked"}


# --- gap -----------------------------------------------------------------------------------------------------------


def test_a_block_that_allows_nothing_by_itself() -> None:
    text = "default deny on get_* { require exists args.id limit 5 per minute }"
    ((finding, outcome),) = judged("gap", text)
    assert finding.message == (
        "rules speak of `get_*` and nothing allows any call to it: the default denies what they leave"
    )
    assert outcome is not None and outcome.effect == "deny" and outcome.rule is None
    assert finding.witness is not None and "id" in finding.witness["arguments"]
    for fine in ("allow get_*", "allow get_user", "on get_user {}", "deny get_*", "hide get_*"):
        assert said("gap", f"{text} {fine}") == [], fine
    (exact,) = said("gap", "default deny limit pay: 5 per day")
    assert exact == "rules speak of `pay` and nothing allows it: the default denies what they leave"


def test_what_is_left_to_a_default_deny_on_purpose_is_no_gap() -> None:
    for fine in (
        "on pay { allow when args.n < 5 }",
        "allow pay when args.n < 5 limit pay: 5 per day",
        "on * { limit 5 per day }",
        "deny get_* when args.n > 5",
    ):
        assert said("gap", f"default deny {fine}") == [], fine


def test_a_default_allow_lets_through_what_no_rule_speaks_of() -> None:
    text = 'default allow deny push when args.branch == "main" approve push when args.force == true by "a"'
    ((finding, outcome),) = judged("gap", text)
    assert finding.message == (
        'calls to `push` for which neither `args.branch == "main"` nor `args.force == true` holds are left to the default, '
        "which allows them"
    )
    assert outcome is not None and outcome.effect == "allow" and outcome.rule is None
    assert said("gap", text + " require push : exists args.branch") == [], "a require speaks of every call"
    assert said("gap", text + " limit push: 5 per day") == []
    assert said("gap", text + " on push {}") == [], "the block allows the rest itself"
    assert said("gap", "default allow deny push") == []
    assert said("gap", "default allow deny * when args.n > 5") == []


# --- approve-never-asked -------------------------------------------------------------------------------------------


def test_an_approve_that_is_always_denied_first_or_that_nothing_allows() -> None:
    text = 'default deny on pay { deny when args.n > 5 approve when args.n > 7 by "a" }'
    ((finding, outcome),) = judged("approve-never-asked", text)
    assert finding.message == "`pay.approve` never holds a call: `pay.deny` denies every call that it would hold"
    assert outcome is not None and outcome.effect == "deny"
    assert said("approve-never-asked", text.replace("7", "3")) == []
    assert said("unreachable-rule", text) == []
    assert said("approve-never-asked", 'default deny approve pay by "a"') == [
        "`pay.approve` never holds a call: nothing allows the calls that it would hold, and the default denies them"
    ]
    assert said("approve-never-asked", 'default deny approve pay by "a" allow pay when args.n < 5') == []
    half = 'default deny on pay { allow when args.n < 5 deny when args.n > 9 approve when args.n >= 5 by "a" }'
    assert said("approve-never-asked", half) == [
        "`pay.approve` never holds a call: `pay.deny` denies some of its calls, and nothing allows the others"
    ]


def test_an_approve_behind_another_is_unreachable() -> None:
    text = 'default deny on pay { approve when args.n > 5 by "a" approve when args.n > 7 by "b" }'
    assert said("approve-never-asked", text) == []
    assert len(said("unreachable-rule", text)) == 1


# --- overlapping-approvers -----------------------------------------------------------------------------------------


def test_two_approvers_of_one_call() -> None:
    text = 'default deny on pay { approve when args.n > 5 by "a" approve when args.eu == true by "b" }'
    ((finding, outcome),) = judged("overlapping-approvers", text)
    assert finding.message == "`pay.approve` and `pay.approve.2` hold the same calls, and only `a` is asked, not `b`"
    assert outcome is not None and outcome.rule is not None and outcome.rule.by == "a"
    assert finding.witness is not None and finding.witness["arguments"]["eu"] is True
    for fine in (
        'approve when args.n > 5 by "a" approve when args.eu == true by "a"',
        'approve when args.n > 5 by "a" approve when args.n <= 5 by "b"',
        'approve when args.n > 5 by "a" approve when args.n > 7 by "b"',  # unreachable
        'approve when args.n > 5 by "a" approve by "b"',  # an exception
        'approve when args.n > 5 by "a" approve when args.n? <= 5 and args.eu == true by "b"',
        'deny when args.n > 5 approve when args.n > 5 by "a" approve when args.eu == true by "b"',
        'approve when args.k == "x" by "a" approve when args.k == "y" by "b"',  # together only where it is missing
    ):
        assert said("overlapping-approvers", f"default deny on pay {{ {fine} }}") == [], fine


def test_approvers_of_blocks_that_cross() -> None:
    text = 'default deny allow pay_eu approve pay_* by "a" approve *_eu by "b"'
    assert len(said("overlapping-approvers", text)) == 1
    narrow = 'default deny allow pay_eu approve pay_eu by "a" approve *_eu by "b"'
    assert said("overlapping-approvers", narrow) == [], "the narrow one is an exception"
