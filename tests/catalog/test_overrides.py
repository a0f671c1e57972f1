"""Corrections: they win, they show, and the stale ones are reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policyc.catalog.load import CatalogError, load_catalog
from policyc.catalog.model import Catalog, Tool

TOOLS = [
    {"name": "delete_draft"},
    {"name": "delete_account"},
    {"name": "get_thing"},
    {"name": "manage_job", "inputSchema": {"properties": {"action": {"enum": ["list", "delete"]}}}},
]


def load(tmp_path: Path, overrides: str) -> Catalog:
    (tmp_path / "desk.json").write_text(json.dumps(TOOLS))
    (tmp_path / "catalog.overrides.yaml").write_text(overrides, encoding="utf-8")
    return load_catalog([str(tmp_path / "desk.json")], overrides=str(tmp_path / "catalog.overrides.yaml"))


def tool(catalog: Catalog, name: str) -> Tool:
    return catalog.by_name(name)[0]


def test_an_override_wins_and_is_in_the_evidence(tmp_path: Path) -> None:
    text = """
overrides:
  - tool: delete_draft
    category: write
    severity: low
    reversible: true
    reason: drafts are kept
       for 30 days
"""
    catalog = load(tmp_path, text)
    risk = tool(catalog, "delete_draft").risk
    assert (risk.category, risk.severity, risk.reversible, risk.confidence) == ("write", "low", True, "high")
    assert risk.evidence[-1] == (
        "override: category write (was destructive), severity low (was high), reversible yes (was no): "
        "drafts are kept for 30 days"
    )
    assert tool(catalog, "delete_account").risk.category == "destructive"
    assert catalog.digest != load(tmp_path, "overrides: []").digest


def test_globs_servers_and_the_order(tmp_path: Path) -> None:
    text = """
overrides:
  - {tool: "delete_*", server: desk, severity: medium, reason: one}
  - {tool: delete_account, severity: critical, reason: two}
  - {tool: "*", server: elsewhere, severity: low, reason: three}
  - {tool: Get_thing, severity: low, reason: four}
"""
    catalog = load(tmp_path, text)
    assert tool(catalog, "delete_draft").risk.severity == "medium"
    assert tool(catalog, "delete_account").risk.severity == "critical"
    assert [(w.rule, w.span.line if w.span else 0) for w in catalog.warnings] == [
        ("stale-override", 5),
        ("stale-override", 6),
    ]
    assert catalog.warnings[0].message == "this override of `*` on server `elsewhere` matches no tool of the catalog"


def test_one_operation(tmp_path: Path) -> None:
    text = """
overrides:
  - {tool: manage_job, operation: delete, category: write, reason: jobs come back}
  - {tool: manage_job, operation: drop, category: write, reason: no such value}
"""
    catalog = load(tmp_path, text)
    risk = tool(catalog, "manage_job").risk
    assert [(o.value, o.category) for o in risk.operations] == [("list", "read"), ("delete", "write")]
    assert risk.category == "destructive"
    assert "operation `drop`" in catalog.warnings[0].message


def test_an_empty_file_corrects_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "# nothing yet\n") == load(tmp_path, "overrides: []")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("overrides: [", ":1:13: this is not YAML"),
        ("- tool: a", "expected a mapping with the key `overrides`"),
        ("{}", "overrides: this key is missing"),
        ("overrides:\n  - tool: a\n    reason: b\n", ":2:5: overrides[0]: expected at least one of"),
        ("overrides:\n  - tool: a\n    severity: low\n", ":2:5: overrides[0].reason: this key is missing"),
        ("overrides:\n  - {tool: a, severity: lowest, reason: b}\n", ":2:25: overrides[0].severity: expected `low`"),
        ("overrides:\n  - {tool: a, severty: low, reason: b}\n", "overrides[0].severty: this key is not known here"),
        ("overrides:\n  - {tool: a, reversible: no, reason: b}\n", "overrides[0].reversible: "),
        ("overrides:\n  - {tool: a, tool: b}\n", ":2:15: the key `tool` stands here twice"),
        ("overrides:\n  - &a {tool: a, severity: low, reason: b}\n  - *a\n", "aliases are not read here"),
        ("[" * 5000, "nested too deep"),
    ],
)
def test_broken_overrides_are_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load(tmp_path, text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_overrides_file(tmp_path: Path) -> None:
    (tmp_path / "desk.json").write_text(json.dumps(TOOLS))
    with pytest.raises(CatalogError, match="cannot be read as an overrides file"):
        load_catalog([str(tmp_path / "desk.json")], overrides=str(tmp_path / "absent.yaml"))
