"""The wheel has what the program needs besides its modules, and works where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from policyc.lint.registry import rules
from policyc.report.pages import readable
from tests.cli.conftest import ROOT
from tests.meta.tree import copy_tree, files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a fresh copy of the tree, built with the hatchling of this environment (so without a network)."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    copy_tree(folder / "tree")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder / "tree", env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def unpacked(wheel: Path) -> Path:
    """The wheel's content: what an installation puts into site-packages."""
    folder = wheel.parent / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def policyc(site: Path, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the unpacked wheel's policyc, with this environment's dependencies."""
    code = (
        "import sys, policyc; from policyc.cli.main import main; "
        "assert policyc.__file__.startswith(sys.argv[1]), policyc.__file__; sys.exit(main(sys.argv[2:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(site), *args],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(site)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_contents(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"policyc/syntax/policy.lark", "policyc/syntax/policy.tables"} <= names
    assert {p.as_posix() for p in files() if p.parts[0] == "policyc"} <= names
    pages = {f"policyc/rule_pages/{page.name}" for page in (ROOT / "docs" / "rules").glob("*.md")}
    assert pages
    assert pages <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "examples/", "benchmarks/"))]


def test_lints_and_compiles_the_dsl_with_its_own_grammar_tables(unpacked: Path, tmp_path: Path) -> None:
    (tmp_path / "a.policy").write_text('policy "a"\ndefault deny\nallow get_order\n', encoding="utf-8")
    (tmp_path / "b.policy").write_text("default deny\nalow get_order\n", encoding="utf-8")
    done = policyc(unpacked, tmp_path, "lint", "a.policy")
    said = "no findings in 1 file; there is no catalog, so the checks against one were skipped\n"
    assert (done.returncode, done.stdout) == (0, said), done.stderr
    done = policyc(unpacked, tmp_path, "lint", "b.policy")
    assert done.returncode == 1
    assert "b.policy:2:1" in done.stdout
    assert policyc(unpacked, tmp_path, "compile", "a.policy", "-o", "a.table").returncode == 0


def test_uses_the_prebuilt_tables(unpacked: Path, tmp_path: Path) -> None:
    """Where the tables are not current the parser is made from the grammar, which would go unnoticed but for the time."""
    code = (
        "import policyc.syntax.dsl_tables as d\n"
        "def refuse(*_): raise SystemExit('made from the grammar')\n"
        "d.build_parser = refuse\n"
        "d.load_parser(None)"
    )
    env = {**os.environ, "PYTHONPATH": str(unpacked)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_prints_the_written_page_of_every_rule(unpacked: Path, tmp_path: Path) -> None:
    done = policyc(unpacked, tmp_path, "rule", "unknown-tool")
    assert done.returncode == 0
    written = (ROOT / "docs" / "rules" / "unknown-tool.md").read_text(encoding="utf-8")
    assert done.stdout == readable(written).rstrip("\n") + "\n"
    assert {p.stem for p in (unpacked / "policyc" / "rule_pages").glob("*.md")} >= set(rules())


def test_entry_point_runs_from_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    """`pip install --no-deps` of the wheel makes a `policyc` that runs."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(venv),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    script = venv / ("Scripts" if os.name == "nt" else "bin") / "policyc"
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([str(script), "--version"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("policyc ")
