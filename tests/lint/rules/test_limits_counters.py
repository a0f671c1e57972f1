"""Counters that are shared by accident, limits that never count, and a scope that the protocol does not have."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyc.diagnostics import Finding
from policyc.pipeline import Options, check
from tests.lint.rules.judged import judged, said
from tests.lint.rules.linting import catalog, tool


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("on a { limit 5 per day as n } on b { limit 5 per day as n }", None),
        ("on a { limit 5 per day as n } on * { limit 5 per day as n }", "a call may be counted twice in `n`"),
        ("on a { limit 5 per day as n limit 5 per day as n when args.x == 1 }", "a call may be counted twice in `n`"),
        ("on a { limit 5 per day as n when args.x is string limit 5 per day as n when args.x is number }", None),
        ("on a { deny limit 5 per day as n } on * { limit 5 per day as n }", None),  # never together
        ("on a { limit 5 per day as n } on b { limit 6 per day as n }", None),  # shared-counter-mismatch
        ("on a { limit 5 per day as n } on * { limit 6 per day as n }", None),
        (
            "on a { limit 5 per day } on b { limit 5 per day as a.limit }",
            "`a.limit` is the written name of one counter",
        ),
        ("on a { limit sum args.amount <= 5 per day as n } on b { limit sum args.total <= 5 per day as n }", None),
        (
            "on a { limit sum args.amount <= 5 per day as n } on b { limit sum args.order.amount <= 5 per day as n }",
            None,
        ),
        (
            "on a { limit sum args.amount <= 5 per day as n } on b { limit sum args.pages <= 5 per day as n }",
            "counter `n` adds up `args.pages` here and `args.amount` there",
        ),
    ],
)
def test_a_counter_shared_by_accident(text: str, says: str | None) -> None:
    found = judged("accidental-shared-counter", f"default deny {text}")
    assert len(found) == (says is not None)
    for finding, outcome in found:
        assert says is not None and finding.message.startswith(says)
        if "twice" in says:
            assert outcome is not None and outcome.effect == "allow"
            counters = [rule.limit.counter for rule in outcome.limits if rule.limit is not None]
            assert counters == ["n", "n"]
    mismatch = said("shared-counter-mismatch", f"default deny {text}")
    assert not (found and mismatch)


# --- never counts --------------------------------------------------------------------------------------------------


def findings(slug: str, text: str) -> list[Finding]:
    out = []
    for finding, outcome in judged(slug, text):
        assert outcome is not None and outcome.effect == "deny"
        out.append(finding)
    return out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on * { limit 5 per day }", "nothing allows what it selects, so the default denies every call"),
        ("on pay_* { limit 5 per day }", None),  # gap
        ("on pay { deny limit 5 per day }", "`pay.deny` denies every call to `pay`"),
        ("on pay { allow when false limit 5 per day }", "nothing allows `pay`, so the default denies every call"),
        ("on pay { limit sum args.n <= 5 per day } hide pay", None),  # hidden-and-configured
        (
            "on pay { deny when args.n > 5 limit 5 per day when args.n > 7 }",
            "`pay.deny` denies every such call to `pay`",
        ),
        (
            "on * { limit sum args.n <= 5 per day }",
            "nothing allows what it selects, so the default denies every call",
        ),
        ("on pay_* { limit 5 per day } on pay_all {}", None),
        ("on pay { deny when args.n > 5 limit 5 per day when args.n > 4 }", None),
        ("on pay { approve limit 5 per day }", None),
        ("on pay { limit sum args.n <= 5 per day }", None),
    ],
)
def test_a_limit_that_never_counts(text: str, message: str | None) -> None:
    found = findings("limit-on-denied-tool", f"default deny {text}")
    assert [f.message for f in found] == ([] if message is None else [f"this limit never counts a call: {message}"])
    limits = [m for m in said("unreachable-rule", f"default deny {text}") if ".limit" in m]
    assert limits == []


def test_what_another_rule_says_better_is_not_said_again(tmp_path: Path) -> None:
    path = tmp_path / "p.policy"
    for text, rule in (
        ("on pay { limit 5 per day } deny pay_*, pay", "allow-overridden"),
        ("on pay { limit 5 per day when args.n?? > 5 and args.n?? < 3 }", "contradictory-condition"),
        ('on pay { require args.c == "a" require args.c == "b" limit 5 per day }', "conflicting-rules"),
    ):
        path.write_text(f"default deny\n{text}\n", "utf-8")
        assert [f.rule for f in check([str(path)], Options(isolated=True)).findings] == [rule]


def test_a_tool_of_the_catalog_is_shown_before_one_that_is_made_up() -> None:
    known = catalog(tool("pay_back", {}))
    ((finding, _),) = judged("limit-on-denied-tool", "default deny on * { limit 5 per day }", known)
    assert finding.witness is not None and finding.witness["tool"] == "pay_back"


# --- sessions ------------------------------------------------------------------------------------------------------


def test_limits_by_session_are_said_once() -> None:
    text = "default deny on a { limit 5 per day by grant, session limit 6 per day by session } on b { limit 5 per day by agent }"
    ((finding, _),) = judged("limit-scope-unavailable", text)
    assert finding.message == (
        "`5 per day by grant, session` counts by session, which the protocol does not have since its revision 2026-07-28"
    )
    assert len(finding.related) == 1
    assert said("limit-scope-unavailable", text.replace("session", "user")) == []
