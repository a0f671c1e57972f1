"""Limits and approvals on the paths that allow: of tools that move money or run things, and of tools with several operations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policyc.catalog.model import OperationRisk, Tool
from tests.lint.rules.judged import judged, said
from tests.lint.rules.linting import catalog, tool

MONEY = {"amount": {"type": "integer"}, "currency": {"enum": ["usd", "eur"]}}
PAY = catalog(
    tool("pay", MONEY, required=("amount", "currency"), category="financial"),
    tool("cancel_plan", {"plan": {"type": "string"}}, required=("plan",), category="financial"),
    tool("get_balance", {}, category="read"),
)


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("", True),
        ("limit 5 per hour", True),
        ("limit sum args.amount <= 500 per day deny when args.amount > 100", True),
        ("approve", False),
        ("approve when args.amount > 100", False),
        ('deny when args.currency == "eur" approve when args.currency == "eur"', False),  # on no path that is left
        ("deny", False),
        ("approve when args.amount is string", False),  # the schema forbids it: nobody is asked about a valid call
    ],
)
def test_money_that_moves_with_nobody_ever_asked(body: str, reported: bool) -> None:
    found = judged("financial-tool-without-approval", f"default deny on pay {{ {body} }}", PAY)
    assert bool(found) is reported
    for finding, outcome in found:
        assert finding.message == "`pay` (financial) is allowed and nobody is ever asked"
        assert outcome is not None and outcome.effect == "allow"


def test_the_default_moves_money_too() -> None:
    ((finding, outcome),) = judged("financial-tool-without-approval", "default allow on cancel_plan { approve }", PAY)
    assert finding.message == "`pay` (financial) is allowed and nobody is ever asked by the default"
    assert outcome is not None and outcome.rule is None


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("limit 5 per hour", True),
        ("limit 5 per hour limit sum args.amount <= 500 per day", False),
        ("limit 5 per hour deny when args.amount > 2_000_000", False),
        ("limit 5 per hour approve when args.amount >= 50", False),
        ('limit 5 per hour deny when args.amount > 50 and args.currency == "usd"', True),
        ('limit 5 per hour limit sum args.amount <= 500 per day when args.currency == "usd"', True),
        ("limit 5 per hour deny when args.amount == 50", True),  # a single value is no bound
        ("", False),  # counted by nothing: write-tool-without-limit says so
    ],
)
def test_any_amount_of_money_that_no_sum_counts(body: str, reported: bool) -> None:
    found = judged("financial-tool-without-sum-limit", f"default deny on pay {{ {body} }}", PAY)
    assert bool(found) is reported
    for finding, outcome in found:
        assert finding.witness is not None and finding.witness["arguments"]["amount"] > 999_999
        assert outcome is not None and outcome.effect == "allow"
        assert all(rule.limit is not None and rule.limit.amount is None for rule in outcome.limits)


def test_an_amount_that_the_schema_bounds_and_a_tool_without_one() -> None:
    text = "default deny on pay { limit 5 per hour }"
    small = catalog(tool("pay", {"amount": {"type": "integer", "maximum": 100}}, category="financial"))
    assert said("financial-tool-without-sum-limit", text, small) == []
    assert said("financial-tool-without-sum-limit", text.replace("pay", "cancel_plan"), PAY) == []


RUN = catalog(
    tool("run", {"command": {"type": "string"}, "mode": {"enum": ["fast", "slow"]}}, required=("command",), category="execute"),
    tool("restart", {"service": {"type": "string"}}, category="execute"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("", True),
        ("limit 5 per hour", True),
        ('require args.mode == "fast"', True),
        ('require args.command in ["make"]', False),
        ('deny when args.command contains ";"', False),
        ('require args.command in ["make"] when args.mode == "fast"', True),  # slow ones run anything
        ('deny when args.mode? == "slow" require args.command in ["make"] when args.mode == "fast"', False),
        (
            'deny when args.mode? == "slow" deny when args.command == "rm" and args.mode == "slow"',
            True,
        ),  # on denied paths only
        ('allow when args.command == "make" allow when context.roles contains "admin"', True),
        ("approve", False),
        ('approve when args.command contains "sudo"', False),
        ('approve when args.mode? != "fast" require args.command like "make *"', False),
        ("deny", False),
    ],
)
def test_a_command_that_nothing_looks_at(body: str, reported: bool) -> None:
    found = judged("execute-tool-unconstrained", f"default deny on run {{ {body} }}", RUN)
    assert bool(found) is reported
    for finding, outcome in found:
        assert finding.message.startswith("`run` (execute) is allowed with any `args.command`")
        assert finding.witness is not None and isinstance(finding.witness["arguments"]["command"], str)
        assert outcome is not None and outcome.effect == "allow"


def test_a_tool_that_runs_a_named_thing_is_not_about_text() -> None:
    assert said("execute-tool-unconstrained", "default deny on restart {}", RUN) == []
    inside = catalog(tool("run", {"argv": {"type": "array", "items": {"type": "string"}}}, category="execute"))
    ((finding, _),) = judged("execute-tool-unconstrained", "default deny on run {}", inside)
    assert finding.witness is not None and isinstance(
        finding.witness["arguments"]["argv"], list
    )  # though it is optional
    tested = 'default deny on run { require args.argv[0] in ["make"] }'
    assert said("execute-tool-unconstrained", tested, inside) == []


# --- operations ----------------------------------------------------------------------------------------------------


def with_operations(name: str, operations: dict[str, str], category: str, server: str = "shop") -> Tool:
    schema = {"action": {"enum": list(operations)}, "id": {"type": "string"}}
    made = tool(name, schema, required=("action",), category=category, server=server)
    risks = tuple(OperationRisk("action", v, c, "low") for v, c in operations.items())  # type: ignore[arg-type]
    return replace(made, risk=replace(made.risk, operations=risks))


CARDS = catalog(with_operations("cards", {"list": "read", "create": "write", "delete": "destructive"}, "destructive"))


def test_a_limit_on_some_operations_leaves_the_others_unlimited() -> None:
    text = 'default deny on cards { limit 5 per hour when args.action == "create" }'
    ((finding, outcome),) = judged("write-tool-without-limit", text, CARDS)
    assert finding.message == "`cards` (destructive) is allowed without any limit, as with `action` `delete`"
    assert finding.witness is not None and finding.witness["arguments"]["action"] == "delete"
    assert outcome is not None and outcome.effect == "allow" and not outcome.limits


@pytest.mark.parametrize(
    "body",
    [
        'limit 5 per hour when args.action in ["create", "delete"]',  # listing needs none
        'limit 5 per hour when not args.action == "list"',
        'require args.action == "list"',
    ],
)
def test_an_operation_that_only_reads_needs_no_limit(body: str) -> None:
    assert said("write-tool-without-limit", f"default deny on cards {{ {body} }}", CARDS) == []


def test_the_operation_that_is_shown_is_one_that_the_tool_has() -> None:
    ((finding, _),) = judged("write-tool-without-limit", "default deny on cards {}", CARDS)
    assert finding.witness is not None and finding.witness["arguments"]["action"] in ("create", "delete")


def test_a_destructive_operation_that_is_denied_leaves_the_tool_alone() -> None:
    text = 'default deny on cards { limit 5 per hour deny when args.action == "delete" }'
    assert said("destructive-tool-allowed", text, CARDS) == []
    assert len(said("destructive-tool-allowed", text.replace('"delete"', '"create"'), CARDS)) == 1
    assert said("destructive-tool-allowed", text.replace("deny when", "approve when"), CARDS) == []


def test_a_tool_of_the_same_name_on_another_server_is_not_meant() -> None:
    both = catalog(
        tool("search", {}, category="read", server="docs"), tool("search", {}, category="destructive", server="shell")
    )
    assert said("destructive-tool-allowed", "default deny allow docs/search", both) == []
    ((finding, outcome),) = judged("destructive-tool-allowed", "default deny allow shell/search", both)
    assert finding.witness is not None and finding.witness["server"] == "shell"
    assert outcome is not None and outcome.effect == "allow"
