"""Every file under examples/ is used: policies lint and compile, catalogs load, scripts run. Gateways have tests of their own (`tests/gateways/`)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policyc.catalog.load import load_catalog
from policyc.cli.main import main
from policyc.discovery import SUFFIXES
from policyc.runtime.table import Table
from tests.meta.conftest import Shell
from tests.meta.tree import ROOT, files

EXAMPLES = ROOT / "examples"
ALL = [ROOT / path for path in files() if path.parts[0] == "examples" and path.parts[1] != "gateways"]
POLICIES = [path for path in ALL if path.name.endswith(SUFFIXES)]
CATALOGS = [path for path in ALL if path.suffix == ".json" and path not in POLICIES]
SCRIPTS = [path for path in ALL if path.suffix in (".sh", ".py")]
TESTED_ELSEWHERE = {"catalog.overrides.yaml", "README.md", ".gitignore", "policyc.toml"}
"""Overrides are loaded with their catalog, a configuration by the policies beside it."""


def label(path: Path) -> str:
    return path.relative_to(EXAMPLES).as_posix()


def beside(policy: Path) -> list[Path]:
    """The catalogs of a policy: `NAME.catalog.json`, or `catalog.json` in its folder, or none."""
    stem = policy.name.partition(".")[0]
    return [
        path
        for path in CATALOGS
        if path.parent == policy.parent and path.name in (f"{stem}.catalog.json", "catalog.json")
    ]


@pytest.mark.parametrize("policy", POLICIES, ids=label)
def test_policy_lints_and_compiles(
    policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(policy.parent)
    catalog = [word for path in beside(policy) for word in ("--catalog", path.name)]
    assert main(["lint", policy.name, *catalog]) == 0, capsys.readouterr().out
    assert main(["compile", policy.name, *catalog, "-o", str(tmp_path / "out.table")]) == 0
    assert Table.load(tmp_path / "out.table").policies


@pytest.mark.parametrize("catalog", CATALOGS, ids=label)
def test_catalog_loads_without_a_warning(catalog: Path) -> None:
    loaded = load_catalog([str(catalog)])
    assert loaded.tools
    assert not loaded.warnings


def test_overrides_fit_their_catalogs() -> None:
    for path in ALL:
        if path.name == "catalog.overrides.yaml":
            names = [str(p) for p in CATALOGS if p.parent == path.parent]
            assert not load_catalog(names, overrides=str(path)).warnings


def test_quickstart_lints_compiles_and_decides_two_calls(tmp_path: Path, shell: Shell) -> None:
    folder = tmp_path / "quickstart"
    shutil.copytree(EXAMPLES / "quickstart", folder)
    done = shell(str(folder / "run.sh"), tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "no findings in 1 file"
    assert [line.split()[:2] for line in lines if not line.startswith(" ")][2:] == [
        ["allow", "refund_order"],
        ["deny", "refund_order"],
    ]
    assert "by rule refund_order.deny (support.policy:10): a refund may not exceed 200.00" in done.stdout


def test_a_gateway_needs_only_the_runtime() -> None:
    text = (EXAMPLES / "quickstart" / "decide.py").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "policyc" in line and "import" in line] == [
        "from policyc.runtime.table import Table"
    ]


def test_no_example_is_left_out() -> None:
    known = {*POLICIES, *CATALOGS, *SCRIPTS}
    left = [
        p for p in ALL
        if p not in known and p.parent.name != "ci" and p.name not in TESTED_ELSEWHERE
        and not p.is_relative_to(EXAMPLES / "gateways")  # tests/gateways runs their own tests
    ]  # fmt: skip
    assert left == []
    tests = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    assert [label(p) for p in ALL if (p in SCRIPTS or p.parent.name == "ci") and p.name not in tests] == []
