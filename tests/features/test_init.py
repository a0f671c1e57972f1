"""A first policy: what it says for each kind of tool, in three syntaxes of one meaning, without a finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policyc.catalog.load import load_catalog
from policyc.catalog.model import Catalog
from policyc.diagnostics import Findings
from policyc.features.init import first_policy, suggest, write
from policyc.frontends.load import read_policies
from policyc.ir.model import Policy
from policyc.pipeline import Options, check
from policyc.reference import Call, decide
from policyc.source import Source
from tests.catalog.real import EXAMPLES, FILES, needs_real

SUFFIXES = {"dsl": "first.policy", "yaml": "first.policy.yaml", "json": "first.policy.json"}
ODD_NAMES = [
    "deny", "on", "tool", "server", "glob", "true", "null", "~", "yes", "123", "1e5", "0x1f", "-", "...", "*", "a*", "?",
    "a/b", "a b", "category:read", 'server "x"', "a, b", "not a", "(a)", '"quoted"', "back\\slash", "new\nline", "tab\t",
    "{}", "}", "# no comment", "слово", "名前", "\u2028", "\x85", "\x7f", "\ufeff", "🚀", "\u202eevil", "x" * 500, "all_tools",
]  # fmt: skip


def catalog_of(tmp_path: Path, servers: dict[str, list[dict[str, Any]]]) -> Catalog:
    for server, tools in servers.items():
        (tmp_path / f"{server}.json").write_text(json.dumps(tools))
    return load_catalog([str(tmp_path / f"{server}.json") for server in servers])


def read(text: str, syntax: str) -> Policy:
    findings = Findings()
    policies = read_policies(Source(SUFFIXES[syntax], text), findings)
    assert [(str(f.span), f.rule, f.message) for f in findings.items] == []
    (policy,) = policies
    return policy


def examples() -> Catalog:
    return load_catalog([str(EXAMPLES / "payments.json"), str(EXAMPLES / "tickets.json")])


def outcome(policy: Policy, tool: str, server: str | None = None, **args: Any) -> str:
    found = decide(policy, Call(tool, args, {"grant": "g"}, server))
    return "hide" if found.hidden else found.effect


@pytest.mark.parametrize("syntax", SUFFIXES)
def test_what_is_decided(syntax: str) -> None:
    policy = read(write(examples(), syntax), syntax)  # type: ignore[arg-type]
    assert policy.default == "deny"
    assert outcome(policy, "list_customers") == "allow"
    assert outcome(policy, "list_tickets") == "allow"
    assert outcome(policy, "create_api_key") == "allow"
    assert outcome(policy, "reply_to_ticket") == "allow"
    assert outcome(policy, "purge_customers") == "hide"
    assert outcome(policy, "delete_ticket") == "hide"
    assert outcome(policy, "run_report", script="x") == "approve"
    assert outcome(policy, "create_charge", amount=5, currency="eur") == "approve"
    assert outcome(policy, "create_charge", amount=-5, currency="eur") == "deny"
    assert outcome(policy, "create_charge", currency="eur") == "deny"
    assert outcome(policy, "manage_macro", action="list") == "approve"
    assert outcome(policy, "manage_macro", action="create") == "approve"
    assert outcome(policy, "manage_macro", action="delete") == "deny"
    assert outcome(policy, "manage_macro") == "deny"
    assert outcome(policy, "something_new") == "deny"


@pytest.mark.parametrize("syntax", SUFFIXES)
def test_the_recommended_limit_of_create_api_key(syntax: str) -> None:
    policy = read(write(examples(), syntax), syntax)  # type: ignore[arg-type]
    (rule,) = decide(policy, Call("create_api_key")).limits
    assert rule.limit is not None
    assert (rule.limit.counter, rule.limit.window, rule.limit.maximum, rule.limit.scope) == (
        "create_api_key_rate",
        "minute",
        30,
        ("grant",),
    )


def test_the_sum_of_what_is_charged_is_limited() -> None:
    limits = [r.limit for r in decide(first_policy(examples(), name="x"), Call("create_charge", {"amount": 5})).limits]
    assert [(limit.counter, limit.amount is not None) for limit in limits if limit] == [
        ("create_charge_rate", False),
        ("create_charge_sum", True),
    ]


def test_an_amount_that_is_no_number_gives_no_sum(tmp_path: Path) -> None:
    for schema in ({"type": "string"}, {}, {"type": ["number", "string"]}):
        tool = {"name": "create_charge", "inputSchema": {"properties": {"amount": schema}}}
        text = write(catalog_of(tmp_path, {"shop": [tool]}), "dsl")
        assert "sum" not in text.replace("the sum cannot be limited", "").replace("and on the sum", "")


def test_operations_that_run_things_are_asked_for(tmp_path: Path) -> None:
    def outcomes(*actions: str) -> list[str]:
        schema = {"properties": {"action": {"enum": list(actions)}}}
        policy = first_policy(catalog_of(tmp_path, {"s": [{"name": "jobs", "inputSchema": schema}]}), name="x")
        return [outcome(policy, "jobs", action=a) for a in (*actions, "other")]

    assert outcomes("list", "restart") == ["allow", "approve", "deny"]
    assert outcomes("list", "restart", "delete") == ["approve", "approve", "deny", "deny"]
    assert outcomes("delete", "purge") == ["hide", "hide", "hide"]


def test_a_list_of_operations_is_not_let_through(tmp_path: Path) -> None:
    schema = {"type": "array", "items": {"enum": ["list", "delete"]}}
    tool = {"name": "jobs", "inputSchema": {"properties": {"operations": schema}}}
    assert [s.action for s in suggest(catalog_of(tmp_path, {"s": [tool]}))] == ["hide"]


def test_grave_reads_and_writes_are_asked_for(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, {"s": [{"name": "get_secret"}, {"name": "get_note"}, {"name": "remove_note"}]})
    policy = first_policy(catalog, name="x")
    assert [outcome(policy, t) for t in ("get_secret", "get_note", "remove_note")] == ["approve", "allow", "deny"]


@pytest.mark.parametrize("syntax", SUFFIXES)
def test_one_name_on_two_servers(tmp_path: Path, syntax: str) -> None:
    mild = {"name": "sync", "description": "Get the latest state."}
    catalog = catalog_of(
        tmp_path,
        {"one": [{"name": "get_note"}, {"name": "wipe"}], "two (b)": [{"name": "get_note"}, {"name": "wipe"}, mild]},
    )
    policy = read(write(catalog, syntax), syntax)  # type: ignore[arg-type]
    assert outcome(policy, "get_note", "one") == outcome(policy, "get_note", "two (b)") == "allow"
    assert outcome(policy, "get_note", "three") == outcome(policy, "get_note") == "deny"
    assert outcome(policy, "wipe", "two (b)") == "hide"


@pytest.mark.parametrize("syntax", SUFFIXES)
@pytest.mark.parametrize("prefix", ["", "get ", "create ", "delete "])
def test_odd_names(tmp_path: Path, syntax: str, prefix: str) -> None:
    tools = [{"name": prefix + name, "inputSchema": {"properties": {"odd key\n": {}}}} for name in ODD_NAMES]
    catalog = catalog_of(tmp_path, {"odd": tools, "more": tools[::2]})
    policy = read(write(catalog, syntax), syntax)  # type: ignore[arg-type]
    expected = first_policy(catalog, name=policy.name)
    assert {r.selector for r in policy.rules} == {r.selector for r in expected.rules}
    for tool in catalog.tools:
        assert outcome(policy, tool.name, tool.server) == outcome(expected, tool.name, tool.server)
        assert outcome(policy, tool.name + "x", tool.server) == "deny"


def test_the_evidence_stands_above_each_rule() -> None:
    text = write(examples(), "dsl")
    rule = text.index("on create_api_key {")
    above = text[:rule].rstrip().splitlines()[-3:]
    assert above == [
        "# write, severity high, confidence high",
        "# name begins with the verb create: write",
        "# handles credentials (api_key): severity raised to high",
    ]
    assert "  # handles credentials (api_key): severity raised to high\n  create_api_key:" in write(examples(), "yaml")
    assert "#" not in write(examples(), "json")


def test_an_empty_catalog(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, {"none": []})
    for syntax in SUFFIXES:
        assert outcome(read(write(catalog, syntax), syntax), "x") == "deny"  # type: ignore[arg-type]


@needs_real
@pytest.mark.parametrize("syntax", SUFFIXES)
def test_every_real_catalog(syntax: str) -> None:
    for files in ([str(f)] for f in FILES):
        catalog = load_catalog(files)
        policy = read(write(catalog, syntax), syntax)  # type: ignore[arg-type]
        expected = first_policy(catalog, name=policy.name)
        if syntax == "dsl":
            assert policy == expected
        for tool in catalog.tools:
            assert outcome(policy, tool.name, tool.server) == outcome(expected, tool.name, tool.server), tool.name


@needs_real
def test_all_real_catalogs_at_once() -> None:
    catalog = load_catalog(list(map(str, FILES)))
    policy = read(write(catalog, "dsl"), "dsl")
    assert policy == first_policy(catalog, name=policy.name)
    counters = [r.limit.counter for r in policy.rules if r.limit is not None]
    assert len(counters) == len(set(counters))


def test_what_is_written_lints_clean(tmp_path: Path) -> None:
    for folder in (EXAMPLES, FILES[0].parent if FILES else EXAMPLES):
        for file in sorted(folder.glob("*.json")):
            for syntax, name in SUFFIXES.items():
                (tmp_path / name).write_text(write(load_catalog([str(file)]), syntax), encoding="utf-8")  # type: ignore[arg-type]
                checked = check(
                    [str(tmp_path / name)], Options(catalog=(str(file),), isolated=True, at_least="warning")
                )
                assert [(f.rule, f.message) for f in checked.findings] == [], (file, syntax)
