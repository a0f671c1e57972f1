"""The rules that compare a policy with the catalog: what they find, and what they leave alone."""

from __future__ import annotations

import glob
import os
from typing import Any

import pytest

from policyc.catalog.load import load_catalog
from policyc.catalog.schema import arguments
from policyc.ir.names import name_text
from policyc.lint.rules.catalog.nearness import Names, keystrokes, words
from tests.lint.rules.linting import catalog, fixed, found, marked, tool

CHARGE = tool(
    "create_charge",
    {
        "amount": {"type": "integer"},
        "currency": {"type": "string", "enum": ["usd", "eur"]},
        "note": {"type": ["string", "null"]},
        "tags": {"type": "array", "items": {"type": "string", "enum": ["vip", "test"]}},
        "card": {"type": "object", "properties": {"number": {"type": "string"}}, "additionalProperties": False},
        "live": {"type": "boolean"},
        "anything": {},
    },
    required=("amount", "currency"),
    closed=True,
    category="financial",
)
LIST = tool("list_charges", {"limit": {"type": "integer"}, "currency": {"type": "string"}}, category="read")
DELETE = tool("delete_charge", {"charge": {"type": "string"}}, category="destructive")
PUSH = tool("push_files", {"branch": {"type": "string"}}, server="forge")
BARE = tool("ping", server="forge", category="read")
SHOP = catalog(CHARGE, LIST, DELETE, PUSH, BARE)
HEAD = 'policy "p"\ndefault deny\n'


# --- unknown-tool --------------------------------------------------------------------------------------------------


def test_unknown_tool_is_found_wherever_a_name_stands() -> None:
    text = (
        HEAD
        + "hide gone\nallow lost, create_charge\ndeny category:read and not vanished\non nowhere { limit 1 per day }\n"
    )
    assert marked(found("unknown-tool", text, SHOP)) == ["gone", "lost", "vanished", "nowhere"]


def test_unknown_tool_mends_a_typo_and_another_spelling() -> None:
    text = HEAD + 'allow create_chrage\nallow createCharge\nallow "list-charges"\n'
    findings = found("unknown-tool", text, SHOP)
    assert fixed(text, findings) == HEAD + 'allow create_charge\nallow create_charge\nallow "list_charges"\n'
    assert "names are compared exactly" in findings[1].message


def test_unknown_tool_never_puts_another_tool_in_place() -> None:
    known = catalog(tool("get_cost"), tool("query_logs"), tool("set_item"))
    findings = found("unknown-tool", HEAD + "allow get_logs\nallow get_item\n", known)
    assert [f.edits for f in findings] == [(), ()]
    assert "`query_logs`" in (findings[0].help or "") and "get_cost" not in (findings[0].help or "")


def test_unknown_tool_on_a_server() -> None:
    text = (
        HEAD + 'allow forge/push_files\nallow shop/push_files\non server "forge" { deny create_charge }\nallow nope/x\n'
    )
    findings = found("unknown-tool", text, SHOP)
    assert marked(findings) == ["shop/push_files", "create_charge"]
    assert "it is on `forge`" in findings[0].message


def test_unknown_tool_knows_the_names_that_clients_make() -> None:
    findings = found("unknown-tool", HEAD + "allow mcp__forge__push_files\n", SHOP)
    assert "`forge/push_files`" in (findings[0].help or "")
    (finding,) = found("unknown-tool", HEAD + "allow forge_gone\n", SHOP)
    assert "forge/" not in (finding.help or "")


def test_unknown_tool_in_documents() -> None:
    text = '{"version": "1", "default": "deny", "hide": ["gone"], "tools": {"create_chrage": {}, "ping": {}}}'
    findings = found("unknown-tool", text, SHOP, "p.policy.json")
    assert marked(findings) == ["gone", "create_chrage"]
    assert '"create_charge": {}' in fixed(text, findings)


# --- unknown-server, glob-matches-nothing, selector-matches-nothing ------------------------------------------------


def test_unknown_server_is_said_at_each_place_that_names_it_and_not_at_its_tools() -> None:
    text = HEAD + 'on server "frge" { deny a deny b* }\nallow server "frge"\nallow forge/ping\nallow frge/ping\n'
    findings = found("unknown-server", text, SHOP)
    assert marked(findings) == ['server "frge"', "frge/ping"]
    assert 'server "forge"' in fixed(text, findings)


def test_unknown_server_is_said_once_for_a_block_of_tools() -> None:
    findings = found("unknown-server", HEAD + 'on server "stripe" { deny a deny b* }\n', SHOP)
    assert len(findings) == 1 and "`forge`, `shop`" in (findings[0].help or "")


def test_glob_matches_nothing() -> None:
    text = HEAD + "hide *_charge\nhide refund_*\ndeny shop/push*\ndeny nope/x*\nallow CREATE_*\n"
    findings = found("glob-matches-nothing", text, SHOP)
    assert marked(findings) == ["refund_*", "shop/push*", "CREATE_*"]
    assert "`forge`" in (findings[1].help or "") and "`create_charge`" in (findings[2].help or "")


def test_selector_matches_nothing_for_combinations_and_for_what_an_allow_selects() -> None:
    text = (
        HEAD + "allow category:execute\ndeny category:execute\nallow category:read and push_files\n"
        "deny category:destructive and not delete_charge\nallow category:read, severity:critical\ndeny category:read and gone\n"
    )
    assert marked(found("selector-matches-nothing", text, SHOP)) == [
        "category:execute",
        "category:read and push_files",
        "category:destructive and not delete_charge",
        "severity:critical",
    ]


# --- unknown-argument ----------------------------------------------------------------------------------------------


def on(tool_name: str, *statements: str) -> str:
    return HEAD + f"on {tool_name} {{\n" + "\n".join(statements) + "\n}\n"


def test_unknown_argument() -> None:
    text = on(
        "create_charge",
        "deny when args.amuont > 5",
        'require args.card.nmber == "1"',
        "limit sum args.total <= 5 per day",
        "deny when args.amount > 5 or args.anything.deep > 3",
    )
    findings = found("unknown-argument", text, SHOP)
    assert marked(findings) == ["args.amuont", "args.card.nmber", "args.total"]
    assert "args.amount > 5\n" in fixed(text, findings) and "args.card.number" in fixed(text, findings)
    assert "in `args.card`" in findings[1].message
    assert "`amount`" in (findings[2].help or "")


def test_unknown_argument_says_when_the_schema_only_does_not_declare_it() -> None:
    (finding,) = found("unknown-argument", on("delete_charge", 'deny when args.reason == "x"'), SHOP)
    assert "does not declare" in finding.message


def test_unknown_argument_leaves_guards_open_schemas_and_missing_schemas_alone() -> None:
    opened = tool("open", schema={"type": "object", "properties": {"a": {}}, "additionalProperties": True})
    known = catalog(DELETE, BARE, opened)
    assert found("unknown-argument", on("delete_charge", "require not exists args.force"), known) == []
    assert found("unknown-argument", on("ping", "deny when args.x > 5"), known) == []
    assert found("unknown-argument", on("open", "deny when args.b == 5"), known) == []


def test_unknown_argument_of_a_wide_rule_needs_every_tool_to_lack_it() -> None:
    assert found("unknown-argument", on("*_charge*", "deny when args.limit > 5"), SHOP) == []
    (finding,) = found("unknown-argument", on("*_charge*", "deny when args.limt > 5"), SHOP)
    assert "none of the 3 tools" in finding.message and "`limit`" in (finding.help or "")


def test_a_key_of_what_is_no_object_is_a_matter_of_types() -> None:
    assert found("unknown-argument", on("create_charge", "deny when args.amount.value > 5"), SHOP) == []


def test_unknown_argument_knows_where_the_name_is() -> None:
    (finding,) = found("unknown-argument", on("create_charge", 'deny when args.number == "1"'), SHOP)
    assert finding.help == "did you mean `args.card.number`?"


# --- argument-type-mismatch ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "test",
    [
        'args.amount starts_with "1"',
        'args.amount == "5"',
        "args.note > 5",
        "args.currency in [1, 2]",
        "len(args.live) > 3",
        "len(args.amount) > 3",
        'every args.currency[*] == "usd"',
        "args.amount.value > 5",
        "args.tags == true",
        "args.tags contains 5",
        "args.live contains true",
    ],
)
def test_type_mismatch(test: str) -> None:
    (finding,) = found("argument-type-mismatch", on("create_charge", f"deny when {test}"), SHOP)
    assert finding.span.text == test


@pytest.mark.parametrize(
    "test",
    [
        "args.amount > 5.5",
        'args.note == "5"',
        'args.tags contains "vip"',
        'some args.tags[*] == "vip"',
        "len(args.tags) > 3",
        "len(args.note) > 3",
        "len(args.card) > 3",
        "args.live == true",
        'args.anything == 5 or args.anything == "x"',
        "args.amount is string",
        "args.note is null",
        "exists args.amount.value",
        'args.currency in ["usd", 5]',
        "args.missing > 5",
    ],
)
def test_no_type_mismatch(test: str) -> None:
    assert found("argument-type-mismatch", on("create_charge", f"deny when {test}"), SHOP) == []


def test_type_mismatch_of_a_sum_is_left_to_sum_of_non_number() -> None:
    assert found("argument-type-mismatch", on("create_charge", "limit sum args.note <= 5 per day"), SHOP) == []


def test_type_mismatch_needs_all_tools_that_declare_the_argument() -> None:
    text_one = tool("b", {"id": {"type": "string"}})
    number_one = tool("c", {"id": {"type": "integer"}})
    rule = on("*", "deny when args.id > 5")
    assert found("argument-type-mismatch", rule, catalog(text_one, number_one)) == []
    assert found("argument-type-mismatch", rule, catalog(text_one, BARE)) == []
    assert len(found("argument-type-mismatch", rule, catalog(text_one, LIST))) == 1


def test_intercept_compares_printed_values_so_its_equality_fits_every_type() -> None:
    text = """\
version: "1"
default: deny
tools:
  create_charge:
    rules:
      - name: a
        conditions:
          - {path: args.amount, op: eq, value: "5"}
          - {path: args.note, op: in, value: [1, 2]}
          - {path: args.note, op: contains, value: "x"}
"""
    assert found("argument-type-mismatch", text, SHOP, "p.yaml") == []
    wrong = text.replace('op: contains, value: "x"', "op: lt, value: 5")
    assert len(found("argument-type-mismatch", wrong, SHOP, "p.yaml")) == 1


# --- value-not-in-enum ---------------------------------------------------------------------------------------------


def test_value_not_in_enum() -> None:
    text = on(
        "create_charge",
        'require args.currency in ["usd", "EUR"]',
        'deny when args.currency == "gbp"',
        'deny when args.tags contains "vpi"',
        'deny when some args.tags[*] == "other"',
        'deny when args.currency != "usd" or args.note == "gbp"',
    )
    findings = found("value-not-in-enum", text, SHOP)
    assert marked(findings) == ['["usd", "EUR"]', '"gbp"', '"vpi"', '"other"']
    assert 'in ["usd", "eur"]' in fixed(text, findings) and findings[1].edits == ()
    assert "`usd`, `eur`" in (findings[1].help or "")


def test_value_not_in_enum_needs_every_tool_to_list_its_values() -> None:
    assert found("value-not-in-enum", on("*_charge*", 'deny when args.currency == "gbp"'), SHOP) == []
    other = tool("b", {"currency": {"type": "string", "enum": ["gbp"]}})
    rule = on("*", 'deny when args.currency == "gbp"')
    assert found("value-not-in-enum", rule, catalog(CHARGE, other)) == []
    assert len(found("value-not-in-enum", rule, catalog(CHARGE, DELETE))) == 1


def test_value_not_in_enum_tells_true_from_one() -> None:
    known = catalog(tool("t", {"n": {"enum": [1, 2, True]}, "m": {"enum": [1, 2.0]}}))
    assert found("value-not-in-enum", on("t", "deny when args.n == true or args.n == 2.0 or args.m == 2"), known) == []
    assert found("value-not-in-enum", on("t", "deny when args.m == 3"), known) != []
    mixed = catalog(tool("t", {"k": {"enum": [1, "x"]}, "b": {"enum": [True, "x"]}}))
    text = on("t", 'deny when args.k in [true, "x"]', 'deny when args.b in [1, "x"]')
    assert ["`true`" in f.message or "`1`" in f.message for f in found("value-not-in-enum", text, mixed)] == [
        True,
        True,
    ]


# --- uncovered-tool ------------------------------------------------------------------------------------------------


def test_uncovered_tool_lists_what_no_rule_names() -> None:
    text = HEAD + "allow create_charge\ndeny category:destructive\non * { limit 5 per day }\n"
    (finding,) = found("uncovered-tool", text, SHOP)
    assert finding.span.text == "default deny"
    assert finding.message == (
        "3 of the catalog's 5 tools are named by no rule, and the default denies them: "
        "`ping`, `push_files`, `list_charges` (1 write)"
    )


def test_uncovered_tool_names_a_rule_over_all_tools_that_decides() -> None:
    (finding,) = found("uncovered-tool", HEAD + "allow *\nhide category:read, *_charge\n", SHOP)
    assert "`*.allow` allows it: `push_files`" in finding.message
    assert found("uncovered-tool", HEAD + "allow not category:destructive\nhide delete_charge\n", SHOP) == []


# --- the names that are near each other ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("create_chrage", "create_charge"),
        ("CreateCharge", "create_charge"),
        ("create-charges", "create_charge"),
        ("createcharge", "create_charge"),
        ("get_charge", None),
        ("create_refund", None),
        ("set_item", None),
    ],
)
def test_meant(word: str, meant: str | None) -> None:
    assert Names(["create_charge", "get_item", "delete_charges"]).meant(word) == meant


def test_keystrokes_counts_a_swap_as_one() -> None:
    assert [keystrokes("chrage", "charge"), keystrokes("", "abc"), keystrokes("a", "a"), keystrokes("abc", "axd")] == [
        1,
        3,
        0,
        2,
    ]
    assert words("getHTTPUrl-v2.x") == ("get", "http", "url", "v2", "x")


# --- real servers --------------------------------------------------------------------------------------------------

CATALOGS = sorted(glob.glob("../shared/data/catalogs/*.json"))
SLUGS = ("unknown-tool", "unknown-argument", "argument-type-mismatch", "value-not-in-enum", "glob-matches-nothing")


@pytest.mark.skipif(not CATALOGS, reason="the catalogs of real servers are not here")
@pytest.mark.parametrize("path", CATALOGS, ids=[os.path.basename(p) for p in CATALOGS])
def test_policies_that_fit_real_schemas_are_left_alone(path: str) -> None:
    known = load_catalog([path])
    lines = []
    for entry in known.tools[:40]:
        tests = [_fitting(name, argument) for name, argument in arguments(entry.input_schema).items()]
        body = "\n".join(f"  deny when {t}" for t in tests if t)
        lines.append(f"on {name_text(entry.name)} {{\n{body}\n}}")
    text = HEAD + "\n".join(lines) + "\n"
    for slug in SLUGS:
        assert [(f.span.text, f.message) for f in found(slug, text, known)] == []


def _fitting(name: str, argument: Any) -> str | None:
    if not name.isidentifier():
        return None
    types = argument.types - {"null"}
    if argument.enum and isinstance(argument.enum[0], str) and '"' not in argument.enum[0]:
        return f'args.{name} == "{argument.enum[0]}"'
    for kind, test in (("string", 'starts_with "x"'), ("integer", "> 5"), ("number", "> 5"), ("boolean", "== true")):
        if kind in types and argument.enum is None:
            return f"args.{name} {test}"
    return f"len(args.{name}) > 3" if types & {"array", "object"} else None
