"""`table show`: a tool's table as rows."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from policyc.diagnostics import Findings, PolicycError
from policyc.diagram.build import Budget
from policyc.features.table_rows import Rows, read_table
from policyc.features.table_text import grid, render
from policyc.frontends.dsl import read
from policyc.ir.facts import NO_FACTS, Facts, ToolFacts
from policyc.source import Source
from policyc.table.encode import COMPILE_BUDGET, compile_table


def table(text: str, facts: Facts = NO_FACTS, budget: Budget = COMPILE_BUDGET) -> bytes:
    findings = Findings()
    policies = read(Source("p.policy", text), findings)
    assert policies, findings.items
    return compile_table(policies, facts, budget=budget)


def rows(data: bytes, tool: str | None, policy: str | None = None) -> list[tuple[str, ...]]:
    reading = read_table(data, policy)
    return grid(reading, reading.body(tool))


def shown(tmp_path: Path, data: bytes, tool: str | None, fmt: str, *, other: bool = False) -> str:
    file = tmp_path / "p.table"
    file.write_bytes(data)
    return render(str(file), tool, fmt, other=other)


PAY_TEXT = """policy "pay"
    default deny
    on charge {
      deny when args.amount > 500  "too much"
      approve when args.amount > 100
      require args.currency in ["eur", "usd"]
      limit 5 per minute
    }
    deny pay_*"""
PAY = table(PAY_TEXT)
LISTED = table(PAY_TEXT, budget=Budget(nodes=0, seconds=None))


def test_the_rows_of_a_tool() -> None:
    assert rows(PAY, "charge") == [
        ("args.amount", "args.currency", "outcome"),
        ("> 500, missing, null or not a number", "", "deny (charge.deny)"),
        ("<= 500", 'anything but "eur" or "usd"', "deny (charge.require)"),
        ("> 100 and <= 500", '"eur" or "usd"', "approve (charge.approve; reserves charge.limit)"),
        ("<= 100", '"eur" or "usd"', "allow (charge.allow; reserves charge.limit)"),
    ]


def test_rows_that_differ_in_a_later_column_alone_are_one() -> None:
    text = """default deny
    on t {
      deny when args.a == 1 and args.b == "x"
      deny when args.a == 2 and args.b == "x"
      approve when args.c? == true
    }"""
    found = rows(table(text), "t")
    assert len(found) == len(set(found)) and [r[-1] for r in found[1:3]] == ["deny (t.deny)", "deny (t.deny.2)"]
    assert ("1, missing, null or not a number", '"x", missing, null or not a string', "", "deny (t.deny)") in found
    assert ("2", '"x", missing, null or not a string', "", "deny (t.deny.2)") in found
    assert (
        len(found) == 1 + 2 + 2 * 2
    )  # two denials; by `c` an approval and an allow, where `a` is harmless and where `b` is


def test_columns_stand_in_the_order_in_which_the_table_asks() -> None:
    text = """default deny
    on t {
      deny when args.a == 1 and args.c == 1
      deny when args.b == 1 and args.c == 2
    }"""
    assert rows(table(text), "t")[0] == ("args.a", "args.c", "args.b", "outcome")


def test_any_other_tool(tmp_path: Path) -> None:
    assert rows(PAY, None) == [
        ("tool", "outcome"),
        ('like "pay_*"', "deny (pay_*.deny)"),
        ('not like "pay_*"', "deny (the default)"),
    ]
    assert shown(tmp_path, PAY, None, "text", other=True).splitlines()[0] == "tool              outcome"


def test_a_tool_that_the_table_does_not_name_is_said_to_be_any_other(tmp_path: Path) -> None:
    other = shown(tmp_path, PAY, None, "text", other=True)
    said = "the table does not name `refund`: the rows of `(any other tool)` hold for it\n\n"
    assert shown(tmp_path, PAY, "refund", "text") == said + other
    assert shown(tmp_path, PAY, "refund", "markdown").startswith(said)
    misspelt = "the table does not name `chrage` (did you mean `charge`?): the rows of `(any other tool)` hold for it\n"
    assert shown(tmp_path, PAY, "chrage", "text").startswith(misspelt)
    assert "(any other tool)" in shown(tmp_path, PAY, None, "text")
    assert shown(tmp_path, PAY, "refund", "csv") == shown(tmp_path, PAY, None, "csv", other=True)


def test_without_a_tool_there_is_the_list_of_tools(tmp_path: Path) -> None:
    lines = shown(tmp_path, PAY, None, "text").splitlines()
    assert lines[2].split() == ["pay", "charge", "4", "allow,", "approve,", "deny"]
    assert lines[3].split() == ["pay", "(any", "other", "tool)", "2", "deny"]
    assert "`--other`" in lines[-1]
    assert shown(tmp_path, LISTED, None, "csv").splitlines()[1] == "pay,charge,5 rules,"
    data = json.loads(shown(tmp_path, PAY, None, "json"))
    assert data["tools"][1] == {"policy": "pay", "tool": None, "rows": 2, "rules": None, "outcomes": ["deny"]}


def test_markdown_csv_and_json_hold_the_same_cells(tmp_path: Path) -> None:
    cells = rows(PAY, "charge")
    lines = shown(tmp_path, PAY, "charge", "markdown").splitlines()
    assert lines[0] == "| args.amount | args.currency | outcome |" and len(lines) == 1 + len(cells)
    read_back = list(csv.reader(io.StringIO(shown(tmp_path, PAY, "charge", "csv"))))
    assert [tuple(c.removeprefix("'") for c in line) for line in read_back] == cells
    assert all(not cell.startswith(("=", "+", "-", "@")) for line in read_back for cell in line)
    data = json.loads(shown(tmp_path, PAY, "charge", "json"))
    assert data["columns"] == ["args.amount", "args.currency"] and data["policy"] == "pay" and data["tool"] == "charge"
    assert data["rows"][0] == {
        "when": {"args.amount": "> 500, missing, null or not a number"},
        "effect": "deny",
        "rule": "charge.deny",
        "reason": "too much",
        "source": "p.policy:4:7",
        "limits": [],
    }


def test_a_list_of_rules_is_shown_as_one(tmp_path: Path) -> None:
    text = shown(tmp_path, LISTED, "charge", "text")
    assert text.startswith("too many rules for rows: the table holds them as a list;")
    assert [line.split("  ")[0] for line in text.splitlines()[4:]] == ["1", "2", "3", "4", "5", ""]
    assert rows(LISTED, "charge")[1:] == [
        ("1", "deny when args.amount > 500 is not false", "charge.deny"),
        ("2", 'deny when args.currency in ["eur", "usd"] is not true', "charge.require"),
        ("3", "allow when always", "charge.allow"),
        ("4", "approve when args.amount > 100 is not false", "charge.approve"),
        ("5", "reserve when always", "charge.limit"),
        ("", "otherwise deny", "the default"),
    ]
    data = json.loads(shown(tmp_path, LISTED, "charge", "json"))
    assert data["default"] == "deny" and data["rules"][0]["source"] == "p.policy:4:7"


@pytest.mark.parametrize(
    ("rule", "cells"),
    [
        (
            'deny when args.p starts_with "/etc/"',
            {'starts_with "/etc/", missing, null or not a string', 'not starts_with "/etc/"'},
        ),
        ("deny when exists args.p", {"missing", "not missing"}),
        ("deny when args.p == true", {"anything but false", "false"}),
        ("deny when args.p is string", {"a string", "missing, null or not a string"}),
        ("deny when args.p is integer", {"an integer", "not an integer, missing, null or not a number"}),
        ("deny when len(args.p??) > 3", {"len > 3", "not (len > 3), missing, null, a number or a boolean"}),
        (
            'deny when args.p in ["a", "b"] or args.p like "c*"',
            {
                'like "c*", "a", "b", missing, null or not a string',
                'any string but "a" or "b" and not like "c*"',
            },
        ),
        ("require every args.p[*] > 1", {"every [*] > 1", "every [*] > 1 is not true, missing, null or not an array"}),
        (
            "require some args.p[*].id?? == 1",
            {"some [*].id == 1", "not (some [*].id == 1), missing, null or not an array"},
        ),
    ],
)
def test_conditions_in_words(rule: str, cells: set[str]) -> None:
    assert {row[0] for row in rows(table(f"default deny on t {{ {rule} }}"), "t")[1:]} == cells


def test_what_the_catalog_says_of_several_servers_is_a_list_of_servers() -> None:
    facts = Facts({"t": (("a", ToolFacts("read", "low")), ("b", ToolFacts("write", "low")))})
    data = table("default deny allow category:read", facts)
    assert rows(data, "t")[1:] == [
        ('anything but "a"', "deny (the default)"),
        ('"a"', "allow (category:read.allow)"),
    ]
    listed = rows(table("default deny allow category:read", facts, Budget(nodes=0, seconds=None)), "t")
    assert listed[1] == ("1", 'allow when server in ["a"]', "category:read.allow")


def test_a_tool_with_thousands_of_rows_is_listed_and_refused(tmp_path: Path) -> None:
    limits = " ".join(
        f"limit 1 per minute when args.a{i}? == true" for i in range(11)
    )  # each of 2^11 sets may be reserved
    data = table(f"default deny on t {{ {limits} }}")
    with pytest.raises(PolicycError, match=r"`t` has more than 2,000 rows; `policyc explain` shows single calls"):
        read_table(data).body("t")
    assert "too many" in shown(tmp_path, data, None, "text")


def test_a_policy_that_is_not_there() -> None:
    with pytest.raises(PolicycError, match=r"no policy `payy`; did you mean `pay`\?"):
        read_table(PAY, "payy")


def test_a_path_that_does_not_matter_has_no_column() -> None:
    reading = read_table(table('default allow on t { deny when args.a > 1 and not args.a > 1 and args.b == "x" }'))
    body = reading.body("t")
    assert isinstance(body, Rows) and "args.b" in body.axes  # a missing `a` makes the whole undefined
    assert rows(table("default allow on t { approve when args.a? > 1 and not args.a? > 1 }"), "t")[0][-1] == "outcome"
