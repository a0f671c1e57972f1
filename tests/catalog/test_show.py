"""Rows and lines about a catalog."""

from __future__ import annotations

import json
from pathlib import Path

from policyc.catalog.load import load_catalog
from policyc.catalog.show import describe, table, table_text
from tests.catalog.real import EXAMPLES


def test_the_table_has_one_row_a_tool() -> None:
    rows = table(load_catalog([str(EXAMPLES / "payments.json")]))
    assert [r.tool for r in rows] == [
        "create_api_key",
        "create_charge",
        "list_customers",
        "purge_customers",
        "run_report",
    ]
    assert rows[0][:5] == ("create_api_key", "payments", "write", "high", "high")
    assert rows[0].evidence.startswith("name begins with the verb create: write; handles credentials")


def test_the_text_is_aligned() -> None:
    lines = table_text(load_catalog([str(EXAMPLES / "payments.json")])).splitlines()
    assert len(lines) == 6
    assert len({line.index(word) for line, word in zip(lines, ["server", *["payments"] * 5], strict=True)}) == 1


def test_one_tool_in_full() -> None:
    catalog = load_catalog([str(EXAMPLES / "tickets.json")], overrides=str(EXAMPLES / "catalog.overrides.yaml"))
    text = "\n".join(describe(catalog.by_name("manage_macro")[0]))
    assert "action = delete: destructive, medium" in text
    assert "override: severity medium (was high)" in text
    assert "action: string, required, one of list, get, create, delete" in text
    assert catalog.by_name("manage_macro")[0].digest in text


def test_line_breaks_of_a_server_do_not_break_lines(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps([{"name": "x", "inputSchema": {"properties": {"a\nb": {"type": "string"}}}}])
    )
    catalog = load_catalog([str(tmp_path / "a.json")])
    assert all("\n" not in cell for row in table(catalog) for cell in row)
    assert all("\n" not in line for line in describe(catalog.tools[0]))
