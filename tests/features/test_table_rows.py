"""`table show`: a tool's table as rows."""

from __future__ import annotations

import csv
import io

import pytest

from policyc.diagnostics import Findings, PolicycError
from policyc.features.table_rows import as_csv, as_markdown, as_text, rows
from policyc.frontends.dsl import read
from policyc.ir.facts import NO_FACTS
from policyc.runtime.table import Table
from policyc.source import Source
from policyc.table.encode import compile_table


def table(text: str) -> bytes:
    findings = Findings()
    policies = read(Source("p.policy", text), findings)
    assert policies, findings.items
    return compile_table(policies, NO_FACTS)


PAY = table(
    """default deny
    on charge {
      deny when args.amount > 500
      approve when args.amount > 100
      require args.currency in ["eur", "usd"]
      limit 5 per minute
    }
    deny pay_*"""
)


def test_the_rows_of_a_tool() -> None:
    found = rows(PAY, "charge")
    assert found.columns == ("args.amount", "args.currency", "outcome")
    assert found.rows == (
        ("<= 100", '"eur" or "usd"', "allow (charge.allow; reserves charge.limit)"),
        ("<= 100", "any other string or not a string", "deny (charge.require)"),
        ("> 100 and <= 500", '"eur" or "usd"', "approve (charge.approve; reserves charge.limit)"),
        ("> 100 and <= 500", "any other string or not a string", "deny (charge.require)"),
        ("> 500 or not a number", "", "deny (charge.deny)"),
    )
    first, second, *rest = as_text(found).splitlines()
    assert first.split() == list(found.columns) and set(second) == {"-", " "} and len(rest) == 5
    assert rest[4] == "> 500 or not a number" + " " * 36 + "deny (charge.deny)"


def test_any_other_tool() -> None:
    found = rows(PAY, None)
    assert found.columns == ("tool", "outcome")
    assert [r[1] for r in found.rows] == ["deny (pay_*.deny)", "deny (the default)"]


def test_markdown_and_csv_hold_the_same_cells() -> None:
    found = rows(PAY, "charge")
    lines = as_markdown(found).splitlines()
    assert lines[0] == "| args.amount | args.currency | outcome |" and len(lines) == 2 + len(found.rows)
    read_back = list(csv.reader(io.StringIO(as_csv(found))))
    assert tuple(read_back[0]) == found.columns
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in read_back for cell in row)


@pytest.mark.parametrize(
    ("rule", "cells"),
    [
        ('deny when args.p starts_with "/etc/"', {'starts with "/etc/" or not a string', 'not (starts with "/etc/")'}),
        ("deny when exists args.p", {"missing", "not missing"}),
        ("deny when args.p == true", {"true or not a boolean", "false"}),
        ("deny when args.p is string", {"a string", "not a string"}),
    ],
)
def test_conditions_in_words(rule: str, cells: set[str]) -> None:
    found = rows(table(f"default deny on t {{ {rule} }}"), "t")
    assert {row[0] for row in found.rows} == cells


def test_a_policy_that_is_not_there() -> None:
    with pytest.raises(PolicycError, match="no policy `x`"):
        rows(PAY, "charge", "x")


def test_every_row_is_an_outcome_of_the_table() -> None:
    loaded = Table(PAY)
    assert loaded.decide("charge", {"amount": 100, "currency": "eur"}).effect == "allow"
    assert loaded.decide("charge", {"amount": 100.5, "currency": "eur"}).effect == "approve"
    assert loaded.decide("charge", {"amount": 501, "currency": "eur"}).effect == "deny"
