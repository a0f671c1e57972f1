"""Conflicts and dead rules: each finding comes with a planted defect, carries a call that replays, and goes with the repair."""

from __future__ import annotations

import pytest

from tests.lint.rules.judged import judged, said
from tests.lint.rules.linting import catalog, tool

FLAGS = catalog(
    tool(
        "push",
        {
            "branch": {"type": "string", "enum": ["dev", "main"]},
            "count": {"type": "integer", "minimum": 0},
            "force": {"type": "boolean"},
        },
        required=("branch", "count", "force"),
        closed=True,
    )
)


def test_a_deny_behind_a_wider_one_never_decides() -> None:
    text = "default deny on pay { deny when args.amount > 10 deny when args.amount > 20 }"
    ((finding, outcome),) = judged("unreachable-rule", text)
    assert finding.message == "`pay.deny.2` never decides a call: `pay.deny` decides every call that it fires on"
    assert outcome is not None and outcome.rule is not None and outcome.rule.id == "pay.deny"
    assert (
        said("unreachable-rule", "default deny on pay { deny when args.amount > 20 deny when args.amount > 10 }") == []
    )


def test_a_rule_is_covered_by_a_set_of_rules_and_the_set_is_named() -> None:
    text = """default deny
    on pay {
      deny when args.amount <= 10
      deny when args.amount >= 8
      deny when args.currency == "xxx"
      deny when args.amount > 5
    }"""
    messages = said("unreachable-rule", text)
    assert (
        "`pay.deny.3` never decides a call: `pay.deny` and `pay.deny.2` together decide every call that it fires on"
        in messages
    )
    assert len(messages) == 2


@pytest.mark.parametrize(
    "rules",
    [
        'deny when args.path starts_with "/etc/" deny when args.path starts_with "/etc/ssh/"',
        'deny when args.path matches "^/etc/" deny when args.path like "/etc/*.conf"',
        'deny when args.path contains ".." deny when args.path is string and args.path ends_with "/.."',
        'deny when len(args.path) > 3 deny when args.path is string and args.path like "?????*"',
        'require args.path in ["a", "b"] deny when args.path == "c"',
        "deny when some args.list[*] > 5 deny when some args.list[*] > 7",
        "require every args.list[*] < 5 deny when some args.list[*] >= 5",
    ],
)
def test_coverage_is_decided_over_strings_and_arrays(rules: str) -> None:
    assert len(said("unreachable-rule", f"default deny on t {{ {rules} }}")) == 1


@pytest.mark.parametrize(
    "rules",
    [
        'deny when args.path starts_with "/etc/ssh/" deny when args.path starts_with "/etc/"',
        'deny when args.path? starts_with "/etc/" deny when args.path starts_with "/etc/ssh/"',  # the second also stops omission
        'deny when args.path matches "^/etc/.$" deny when args.path like "/etc/?"',  # . does not match a line break
        "deny when some args.list[*] > 7 deny when some args.list[*] > 5",
        'deny when args.path contains ".." deny when args.path ends_with "/.."',  # the second also stops a list
        "approve when args.n > 5 deny when args.n > 10",
        "limit 5 per minute limit 100 per day",
    ],
)
def test_rules_that_still_decide_something_are_left_alone(rules: str) -> None:
    assert said("unreachable-rule", f"default deny on t {{ {rules} }}") == []


def test_an_approve_behind_denials_and_a_limit_that_limit_on_denied_tool_speaks_of() -> None:
    text = "default deny on pay { require args.amount < 5 approve when args.amount? > 10 limit 5 per day when args.amount? > 7 }"
    messages = said("unreachable-rule", text)
    assert messages == ["`pay.approve` never decides a call: `pay.require` decides every call that it fires on"]
    assert len(said("limit-on-denied-tool", text)) == 1


def test_an_allow_covered_by_other_allows_and_one_that_is_needed_for_approval() -> None:
    covered = "default deny allow pay when args.n < 5 allow pay when args.n < 3"
    assert len(said("unreachable-rule", covered)) == 1
    needed = "default deny allow pay when args.n < 5 on pay_x {} approve pay"
    assert said("unreachable-rule", needed) == []


def test_an_allow_that_a_wider_deny_always_beats() -> None:
    text = "default deny on delete_draft {} deny delete_*"
    ((finding, outcome),) = judged("allow-overridden", text)
    assert finding.message == (
        "the block for `delete_draft` never allows a call: `delete_*.deny` denies every one, and a deny beats an allow"
    )
    assert outcome is not None and outcome.effect == "deny"
    assert said("allow-overridden", "default deny on delete_draft {} deny delete_* and not delete_draft") == []
    assert said("unreachable-rule", text) == []
    hidden = said("allow-overridden", "default deny hide pay on pay { limit 5 per day }")
    assert hidden == ["the block for `pay` never allows a call: `pay.hide` hides every one, and a deny beats an allow"]


def test_requires_that_leave_nothing_between_them() -> None:
    text = 'default deny on pay { require args.currency in ["usd"] require args.currency in ["eur"] limit 5 per day }'
    ((finding, outcome),) = judged("conflicting-rules", text)
    assert (
        finding.message
        == "no call to `pay` is ever allowed: `pay.require` and `pay.require.2` leave nothing between them"
    )
    assert outcome is not None and outcome.effect == "deny"
    assert said("conflicting-rules", text.replace('["eur"]', '["eur", "usd"]')) == []


def test_allow_and_deny_that_overlap_on_the_same_values() -> None:
    text = "default deny on pay { allow when args.n < 10 deny when args.n > 5 }"
    ((finding, outcome),) = judged("conflicting-rules", text)
    assert (
        finding.message == "`pay.allow` and `pay.deny` speak of the same calls and say different things; the deny wins"
    )
    assert finding.witness is not None and 5 < finding.witness["arguments"]["n"] < 10
    assert outcome is not None and outcome.effect == "deny"
    for fine in ("n > 10", "n >= 10", "m > 5"):
        assert said("conflicting-rules", text.replace("n > 5", fine)) == []
    assert (
        said("conflicting-rules", "default deny on pay { allow when args.n < 10 deny when args.n < 2 }") == []
    )  # an exception


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("deny when args.n is number and args.n is string", "never true, so this `deny` never has an effect"),
        ("allow when args.n? > 5 and args.n? < 3", "never true, so this `allow` never has an effect"),
        (
            'deny when args.s? like "a*" and args.s? ends_with "b" and len(args.s?) < 2 and args.s is string',
            "so this `deny` never",
        ),
        ("require args.n < 3 and args.n > 5", "never true, so every call that this rule reaches is denied"),
        ("limit 5 per day when args.n is number and args.n is string", "never true, so the limit never applies"),
        ("deny when args.a == 1 or (args.n is number and args.n is string)", "is never true"),
    ],
)
def test_conditions_that_are_never_true(text: str, message: str) -> None:
    (found,) = said("contradictory-condition", f"default deny on t {{ {text} }}")
    assert message in found


def test_undefined_counts_as_firing() -> None:
    """A missing value makes both tests undefined, and an undefined deny denies: the condition is not contradictory."""
    assert said("contradictory-condition", "default deny on t { deny when args.n > 5 and args.n < 3 }") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("deny when args.n >= 5 or args.n < 7", "always true, so this rule denies every call that it reaches"),
        (
            "require args.n? >= 5 or args.n? < 7 or args.n is null or not exists args.n or not args.n is number",
            "never denies",
        ),
        ("deny when args.a == 1 and (exists args.b or not exists args.b)", "is always true"),
        ("approve when not exists args.n or args.n is string or not args.n is string", "holds every call"),
    ],
)
def test_conditions_that_are_always_true(text: str, message: str) -> None:
    (found,) = said("tautological-condition", f"default deny on t {{ {text} }}")
    assert message in found


def test_a_test_that_the_tests_before_it_settle() -> None:
    (found,) = said("tautological-condition", "default deny on t { deny when args.n? > 5 and args.n? > 3 }")
    assert found == "`args.n? > 3` is always true"
    assert said("tautological-condition", "default deny on t { deny when args.n? > 3 and args.n? > 5 }") == []


def test_the_schema_narrows_what_can_be() -> None:
    (never,) = said(
        "contradictory-condition", "default deny on push { deny when args.count < 0 limit 1 per day }", FLAGS
    )
    assert never == "`args.count < 0` is never true, given the tool's input schema, so this `deny` never has an effect"
    (always,) = said("tautological-condition", 'default deny on push { deny when args.branch != "prod" }', FLAGS)
    assert "given the tool's input schema" in always
    assert said("tautological-condition", "default deny on push { require args.count >= 0 }", FLAGS) == []
    assert said("contradictory-condition", "default deny on push { deny when args.force == true }", FLAGS) == []
    dead = 'default deny on push { deny when args.branch == "main" deny when args.branch != "dev" }'
    assert said("unreachable-rule", dead) == []
    assert len(said("unreachable-rule", dead, FLAGS)) == 1, "only `main` is left by the schema"


def test_too_much_is_said_and_not_guessed() -> None:
    patterns = " ".join(f'deny when args.text matches "a.{{{20 + i}}}b.{{{i}}}$"' for i in range(1, 8))
    messages = said("analysis-not-decided", f"default deny on t {{ {patterns} }}")
    assert messages and all(m.startswith("not decided: ") for m in messages)
    assert said("analysis-not-decided", 'default deny on t { deny when args.a matches "^x" }') == []


def test_what_the_catalog_does_not_know_gives_no_echoes() -> None:
    """A tool or server that the catalog lacks is undefined to facts, and so denied; that is no news about the other rules."""
    text = """default deny
    deny category:destructive
    on unknown { approve when args.n > 5 limit 5 per minute }
    on server "nowhere" { require exists args.x }
    on push { limit 5 per minute }
    """
    for slug in ("unreachable-rule", "allow-overridden", "conflicting-rules", "contradictory-condition"):
        assert said(slug, text, FLAGS) == []
        assert said(slug, text) == []
    beaten = text.replace("category:destructive", "category:write")
    assert said("allow-overridden", beaten, FLAGS) == [
        "the block for `push` never allows a call: `category:write.deny` denies every one, and a deny beats an allow"
    ]
