"""What holds for the project's files as a whole."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from policyc import __version__
from tests.meta.readme_commands import commands
from tests.meta.tree import ROOT, files, texts

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MODULES = sorted((ROOT / "policyc").rglob("*.py"))


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    "name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", ".pre-commit-hooks.yaml", ".ci/run"]
)  # fmt: skip
def test_file_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 100


def test_scripts_can_be_run() -> None:
    scripts = [path for path, text in texts().items() if text.startswith("#!")]
    assert ".ci/run" in scripts
    assert [path for path in scripts if not os.access(ROOT / path, os.X_OK)] == []


def test_every_module_says_what_it_is() -> None:
    silent = [p for p in MODULES if p.stat().st_size and not ast.get_docstring(ast.parse(p.read_text("utf-8")))]
    assert [label(p) for p in silent] == []


def test_no_pattern_meets_a_bug_of_early_python_3_11() -> None:
    """A possessive group, `(…)?+`, matches wrongly before Python 3.11.4 (gh-101955); `[…]*+` is right in all."""
    found = [
        f"{label(path)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"(?<!\\)\)(?:[*+?]|\{[0-9,]+\})\+|\(\?>", line)
    ]
    assert found == []


def test_every_module_is_small() -> None:
    assert [label(p) for p in MODULES if len(p.read_text("utf-8").splitlines()) > 400] == []


# Places of one machine. Written in pieces, so that this file does not name what it forbids.
ABSOLUTE = re.compile(
    r"(?<![\w.*~${}\\/-])/(?:"
    + "|".join(["work", "root", "tmp/s", "opt/" + "wheels", "home/(?!runner)[a-z]+"])
    + r")/[\w.]"
)
HOSTS = re.compile(
    r"\b(?:"
    + "|".join([r"py" + r"pi\.org", "python" + "hosted", "npm" + "js", r"crates" + r"\.io", r"proxy\.go" + "lang"])
    + ")"
)


def test_no_file_names_a_place_on_one_machine_or_a_registry() -> None:
    named = [
        f"{path}:{number}: {line.strip()}"
        for path, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if ABSOLUTE.search(line) or HOSTS.search(line)
    ]
    assert named == []


@pytest.mark.parametrize("line", ["see " + "/work" + "/main/x", '"/' + 'root/.cache"', "https://py" + "pi.org/simple"])
def test_such_a_name_would_be_seen(line: str) -> None:
    assert ABSOLUTE.search(line) or HOSTS.search(line)


def test_no_file_is_large_or_binary() -> None:
    assert [label(ROOT / p) for p in files() if (ROOT / p).stat().st_size > 1_000_000] == []
    assert sorted({p.as_posix() for p in files()} - set(texts())) == []


def test_version_is_said_once_and_is_in_the_changelog() -> None:
    assert "version" in PYPROJECT["project"]["dynamic"]
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "policyc/__init__.py"
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)[0] == __version__


def test_every_module_stands_in_a_layer() -> None:
    """What import-linter does not check is what no layer names."""
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["type"] == "layers")
    named = {module.strip() for layer in layers for module in layer.split("|")}
    there = {
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for p in MODULES
        if p.parent.name == "policyc" or p.stat().st_size
    } - {"policyc"}
    assert [m for m in sorted(there) if not any(m == n or m.startswith(f"{n}.") for n in named)] == []


def test_every_family_of_rules_is_independent() -> None:
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    families = next(c["modules"] for c in contracts if c["type"] == "independence")
    folders = [p.name for p in (ROOT / "policyc/lint/rules").iterdir() if (p / "__init__.py").is_file()]
    assert families == [f"policyc.lint.rules.{name}" for name in sorted(folders)]


def test_the_runtime_loads_no_compiler() -> None:
    code = "import sys, policyc.runtime.table; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )  # fmt: skip
    loaded = set(done.stdout.split()) - set(sys.stdlib_module_names)
    assert not loaded & {"lark", "pydantic", "pydantic_core", "rich", "typer", "click", "yaml"}
    assert "policyc" in loaded


def test_ci_ends_with_the_tests_as_the_readme_runs_them() -> None:
    first, second, *_ = commands()
    assert "examples/quickstart/run.sh" in first
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().splitlines()
    assert ci[-1].startswith("exec ")
    assert second.endswith("&& " + ci[-1].removeprefix("exec "))
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert second in contributing
    assert ".ci/run" in contributing


def test_hooks_are_those_that_the_example_uses() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    example = yaml.safe_load((ROOT / "examples/ci/pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [h["id"] for h in hooks] == [h["id"] for h in example["repos"][0]["hooks"]]
    lint = re.compile(hooks[0]["files"])
    for name in ["a.policy", "x/b.policy.json", "c.policy.yaml", "c.policy.yml", "policyc.toml", "x/policyc.toml"]:
        assert lint.search(name), name
    for name in ["a.policy.txt", "policy.json", "README.md", "xpolicyc.toml"]:
        assert not lint.search(name), name
