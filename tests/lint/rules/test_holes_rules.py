"""The rules about holes: what passes though its author thought it stopped."""

from __future__ import annotations

import pytest

from policyc.diagram.regular import Unsupported
from policyc.lint.rules.holes.pattern_edges import anchored, open_ends, slips_through
from policyc.runtime.patterns import regex_search
from tests.lint.rules.linting import catalog, fixed, found, marked, tool

HEAD = 'policy "p"\ndefault deny\n'
REFUND = tool(
    "create_refund",
    {
        "charge": {"type": "string"},
        "amount": {"type": "integer"},
        "reason": {"type": "string"},
        "force": {"type": "boolean"},
        "limit": {"type": "integer", "default": 10},
        "free": {"type": ["object", "null"], "properties": {"fee": {"type": "integer"}}},
    },
    required=("charge",),
)
KNOWN = catalog(
    REFUND,
    tool("other", {"amount": {"type": "integer"}}),
    tool("strict", {"amount": {"type": "integer"}}, required=("amount",)),
)


def on(*statements: str, selector: str = "create_refund") -> str:
    return HEAD + f"on {selector} {{\n" + "\n".join(statements) + "\n}\n"


def skipped(text: str, path: str = "p.policy") -> list[str]:
    return marked(found("deny-skipped-by-omission", text, KNOWN, path))


# --- deny-skipped-by-omission --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition",
    [
        "args.amount? > 50",
        'args.reason? != "fraud"',
        'args.reason? == "fraud"',
        'args.charge == "x" and args.amount? > 50',
        "args.force? == false",
        "args.limit? > 5",
        "args.free.fee? > 5",
        "len(args.reason?) > 5",
    ],
)
def test_a_deny_that_leaving_the_argument_out_passes(condition: str) -> None:
    text = on(f"deny when {condition}")
    (finding,) = found("deny-skipped-by-omission", text, KNOWN)
    key = finding.span.text.rstrip("?").split(".")[-1]
    assert finding.witness is not None and key not in str(finding.witness["arguments"])
    assert found("deny-skipped-by-omission", fixed(text, [finding]), KNOWN) == []


@pytest.mark.parametrize(
    "condition",
    [
        "args.amount > 50",  # undefined when it is missing, so denied
        'args.charge? == "x"',  # required
        "not exists args.amount or args.amount? > 50",
        "not args.amount? <= 50",
        "args.force? == true",  # a flag that is off
        'args.reason? contains "x"',  # what is not there contains nothing
        "args.limit? > 50",  # its default is let through as well
        "args.unknown? > 5",  # the schema does not declare it
        "args.amount? > 50 or args.amount is null or true",
        "args.amount? > 50 and args.amount? < 10",  # no value is denied either
    ],
)
def test_a_deny_that_no_omission_passes(condition: str) -> None:
    assert skipped(on(f"deny when {condition}")) == []


def test_other_rules_may_stop_the_omission() -> None:
    assert skipped(on("deny when args.amount? > 50", "require exists args.amount")) == []
    assert skipped(on("deny when args.amount? > 50", "require args.amount < 100")) == []
    assert skipped(on("deny when args.amount? > 50", "deny")) == []
    assert skipped(HEAD + "deny create_refund when args.amount? > 50\n") == []  # nothing allows it
    assert skipped(on("deny when args.amount? > 50", "approve")) == ["args.amount?"]


def test_the_rest_of_the_condition_must_hold_in_the_witness() -> None:
    (finding,) = found("deny-skipped-by-omission", on('deny when args.reason == "vip" and args.amount? > 50'), KNOWN)
    assert finding.witness is not None and finding.witness["arguments"]["reason"] == "vip"


def test_one_finding_for_all_tools_of_a_rule() -> None:
    (finding,) = found("deny-skipped-by-omission", HEAD + "allow *\ndeny * when args.amount? > 50\n", KNOWN)
    assert "1 other tool of this rule" in finding.message and finding.witness is not None
    assert finding.witness["tool"] in ("create_refund", "other")


def test_documents_skip_what_is_missing_unless_they_say_otherwise() -> None:
    text = '{"version": "1", "default": "deny", "tools": {"create_refund": {"deny_if": [{"path": "args.amount", "op": "gt", "value": 50%s}]}}}'
    (finding,) = found("deny-skipped-by-omission", text % "", KNOWN, "p.policy.json")
    assert finding.span.text == "args.amount" and '"missing": "deny"' in (finding.help or "")
    assert skipped(text % ', "missing": "deny"', "p.policy.json") == []


# --- unanchored-regex ----------------------------------------------------------------------------------------------


def loose(statement: str) -> list[str]:
    return marked(found("unanchored-regex", on(statement)))


@pytest.mark.parametrize(
    "statement",
    [
        'require args.a matches r"^[a-z]+"',
        'require args.a matches r"[a-z]+$"',
        'require args.a matches "usd|eur"',
        'require args.a matches r"^usd|eur$"',
        'require every args.a[*] matches "x"',
        'allow when args.a matches r"^main"',
        'deny when not args.a matches r"^main"',
        'deny when not (args.b == 1 or args.a matches "main")',
        'approve when not args.a matches "main"',
        'limit 5 per day when not args.a matches "main"',
        'require args.b == 1 when not args.a matches "internal"',
        'require args.a matches "[a-z]*"',
        'require args.a matches r"(?m)^ok$"',
    ],
)
def test_a_pattern_that_allows_and_is_open_at_an_end(statement: str) -> None:
    text = on(statement)
    findings = found("unanchored-regex", text)
    assert len(findings) == 1
    assert found("unanchored-regex", fixed(text, findings)) == []


@pytest.mark.parametrize(
    "statement",
    [
        'require args.a matches r"^[a-z]+$"',
        'require args.a matches r"^release/"',  # plainly a prefix
        'require args.a matches r"\\.pdf$"',  # plainly a suffix
        'require args.a matches r"@example\\.com$"',
        'require args.a matches r".*foo$"',
        'require args.a matches r"^foo.*"',
        'require args.a matches r"^foo(?:/.*)?$"',
        'require args.a matches r"\\Afoo\\z"',
        'require args.a matches r"^(?:a|b)$"',
        'deny when args.a matches "drop"',  # denies more, not less
        'require not args.a matches "drop"',
        'approve when args.a matches "drop"',
        'require args.b == 1 when args.a matches "x"',
        'require args.a like "foo*"',
    ],
)
def test_a_pattern_that_is_meant_so(statement: str) -> None:
    assert loose(statement) == []


def test_the_message_names_the_end_and_a_value_that_slips_through() -> None:
    (finding,) = found("unanchored-regex", on('require args.a matches r"^https://api\\.example\\.com"'))
    assert (
        "not anchored at its end" in finding.message and "`https://api.example.com-evil` passes too" in finding.message
    )
    for pattern in ("usd", "release/"):
        (finding,) = found("unanchored-regex", on(f'require args.a matches "{pattern}"'))
        assert "at either end" in finding.message


@pytest.mark.parametrize("pattern", ["usd", "^a|b$", "(?i)x", "[a-z]*", "^x", "a$", r"\bab\b", "(?m)^a$", "^(?:ab|c)"])
def test_what_slips_through_is_matched_and_the_anchored_pattern_stops_it(pattern: str) -> None:
    whole = anchored(pattern)
    text = slips_through(pattern, whole)
    assert text is not None
    assert regex_search(pattern)(text) and not regex_search(whole)(text)
    assert open_ends(whole) == (False, False)


def test_the_anchored_pattern_is_written_as_a_person_would() -> None:
    written = {"usd": "^usd$", "^usd": "^usd$", "^usd|eur$": "^(?:usd|eur)$", "(?i)usd": "^(?i)usd$", r"a\$": r"^a\$$"}
    assert {pattern: anchored(pattern) for pattern in written} == written


def test_a_pattern_that_re2_refuses_is_no_matter_of_this_rule() -> None:
    with pytest.raises(Unsupported):
        open_ends("(?=a)")


# --- open-default --------------------------------------------------------------------------------------------------

OPEN = 'policy "p"\ndefault allow\n'


def test_open_default_counts_the_tools_that_nothing_else_decides() -> None:
    (finding,) = found("open-default", OPEN + "allow other\ndeny strict\n", KNOWN)
    assert "1 of the catalog's 3 tools is open by it alone" in finding.message
    assert finding.witness is not None and finding.witness["tool"] == "create_refund"
    assert "default deny" in fixed(OPEN, [finding])


def test_open_default_without_a_catalog_shows_a_tool_that_nobody_knows() -> None:
    (finding,) = found("open-default", OPEN + "allow other\n")
    assert finding.span.text == "default allow" and finding.witness is not None
    assert finding.witness["tool"] not in ("other",)


def test_open_default_speaks_of_later_tools_where_all_are_decided() -> None:
    (finding,) = found("open-default", OPEN + "allow other, strict, create_refund\n", KNOWN)
    assert "so a tool that a server adds later is open" in finding.message


def test_no_open_default() -> None:
    assert found("open-default", HEAD) == []
    assert found("open-default", OPEN + "deny *\n") == []
    assert found("open-default", OPEN + "deny * when true\n") == []


def test_an_intercept_file_without_a_default_means_allow() -> None:
    text = 'version: "1"\ntools:\n  a:\n    rules: []\n'
    (finding,) = found("open-default", text, path="p.yaml")
    assert "no `default` is written, which the Intercept proxy takes for `allow`" in finding.message


def test_an_approval_is_passed_by_omission_as_a_deny_is() -> None:
    refund = catalog(
        tool("create_refund", {"amount": {"type": "integer"}, "charge": {"type": "string"}}, required=("charge",))
    )
    text = "default deny on create_refund { approve when args.amount? > 5 limit 2 per hour }"
    (finding,) = found("deny-skipped-by-omission", text, refund)
    assert finding.message.startswith("a call to `create_refund` passes this approve by leaving out `args.amount`")
    assert finding.witness is not None and "amount" not in finding.witness["arguments"]
    assert found("deny-skipped-by-omission", text.replace("amount?", "amount"), refund) == []
    held = text.replace("limit", "approve when not exists args.amount limit")
    assert found("deny-skipped-by-omission", held, refund) == []
