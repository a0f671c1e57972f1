from __future__ import annotations

import re

import pytest

from policyc.lint.engine import Outcome
from policyc.lint.suppress import Suppressions
from policyc.source import Source, Span
from tests.lint.build import policy, run, slugs


def linted(text: str, **more: object) -> Outcome:
    """Lint a text with `default allow` somewhere, its comments found by a plain search."""
    source = Source("p.policy", text)
    comments = [
        (*source.locate(m.start()), m[0], Span(source, m.start(), m.end())) for m in re.finditer(r"#[^\n]*", text)
    ]
    suppressions = Suppressions()
    suppressions.add_comments(source, comments)
    return run(policy(source), source=source, suppressions=suppressions, **more)  # type: ignore[arg-type]


GOOD = "# policyc: ignore[open-default] because it is a demo"


@pytest.mark.parametrize(
    "text",
    [
        f"default allow {GOOD}\n",
        f"{GOOD}\ndefault allow\n",
        f"x\n  {GOOD}\n# policyc: ignore[deprecated-spelling] because of the other one\ndefault allow\n",
        "default allow #policyc:ignore[ open-default , deprecated-spelling ] because: it is a demo\n",
    ],
    ids=["on the line", "above", "stacked", "spaces and lists"],
)
def test_silenced(text: str) -> None:
    outcome = linted(text)
    assert "open-default" not in slugs(outcome)
    assert [(s.finding.rule, s.reason) for s in outcome.suppressed] == [("open-default", "it is a demo")]
    assert outcome.suppressed[0].finding.level == "warning"


@pytest.mark.parametrize(
    "text",
    [
        f"{GOOD}\n\ndefault allow\n",
        f"default allow\n{GOOD}\n",
        f"x {GOOD}\ndefault allow\n",
        "default allow # policyc: ignore[deprecated-spelling] because no\n",
    ],
    ids=["a blank line between", "below", "on the line above, after text", "another rule"],
)
def test_not_silenced_and_reported_as_unused(text: str) -> None:
    assert sorted(slugs(linted(text))) == ["open-default", "unused-suppression"]


@pytest.mark.parametrize(
    ("comment", "slug", "words"),
    [
        ("# policyc: ignore[open-default]", "suppression-without-reason", "no reason"),
        ("# policyc: ignore[open-default] because", "suppression-without-reason", "no reason"),
        ("# policyc: ignore[open-default] it is a demo", "suppression-without-reason", "no reason"),
        ("# policyc: ignore[opn-default] because x", "invalid-suppression", "did you mean `open-default`?"),
        ("# policyc: ignore", "invalid-suppression", "must be a suppression"),
        ("# policyc: ignore[] because x", "invalid-suppression", "must be a suppression"),
        ("# policyc: ignroe[open-default] because x", "invalid-suppression", "must be a suppression"),
        ("# policyc: ignore[syntax-error] because x", "invalid-suppression", "cannot be silenced"),
    ],
)
def test_bad_suppressions_silence_nothing_and_are_errors(comment: str, slug: str, words: str) -> None:
    outcome = linted(f"default allow {comment}\n")
    assert sorted(slugs(outcome)) == sorted(["open-default", slug])
    [finding] = [f for f in outcome.findings if f.rule == slug]
    assert finding.level == "error"
    assert words in finding.message
    assert finding.span.text == comment


def test_one_bad_slug_does_not_spoil_the_others() -> None:
    outcome = linted("default allow # policyc: ignore[nope, open-default] because x\n")
    assert slugs(outcome) == ["invalid-suppression"]


def test_a_comment_about_something_else_is_left_alone() -> None:
    assert slugs(linted("default allow # see the policyc docs\n")) == ["open-default"]


def test_a_suppression_of_a_rule_that_did_not_run_is_not_unused() -> None:
    text = "default deny # policyc: ignore[open-default] because x\n"
    assert slugs(linted(text, ignore=("open-default",))) == []
    needs_catalog = "default allow # policyc: ignore[unknown-tool, open-default] because x\n"
    assert slugs(linted(needs_catalog)) == []


def test_an_object_silences_what_is_inside_it() -> None:
    text = '{"a": {"x": 1}, "default allow": 2}'
    source = Source("p.json", text)

    def outcome(inside: Span, reason: object = "because it is a demo") -> Outcome:
        suppressions = Suppressions()
        suppressions.add_object(inside, [("open-default", reason, Span(source, 0, 1))])
        return run(policy(source), source=source, suppressions=suppressions)

    whole, part = Span(source, 0, len(text)), Span(source, 6, 14)
    assert slugs(outcome(whole)) == []
    assert [s.reason for s in outcome(whole).suppressed] == ["it is a demo"]
    assert sorted(slugs(outcome(part))) == ["open-default", "unused-suppression"]
    assert sorted(slugs(outcome(whole, ""))) == ["open-default", "suppression-without-reason"]
    assert sorted(slugs(outcome(whole, 5))) == ["open-default", "suppression-without-reason"]
