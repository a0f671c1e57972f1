"""The files of examples/ci do what they say, in a project made on the spot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from policyc import __version__
from policyc.runtime.table import Table
from tests.meta.conftest import Shell
from tests.meta.tree import ROOT

CI = ROOT / "examples" / "ci"
QUICKSTART = ROOT / "examples" / "quickstart"
BUILD_NUMBER = {"REVISION": "7", "GITHUB_RUN_NUMBER": "7", "CI_PIPELINE_IID": "7"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as the examples want it: `policies/`, a catalog, and policyc.toml."""
    (tmp_path / "policies").mkdir()
    shutil.copy(QUICKSTART / "support.policy", tmp_path / "policies")
    shutil.copy(QUICKSTART / "catalog.json", tmp_path)
    (tmp_path / "policyc.toml").write_text('catalog = "catalog.json"\n')
    return tmp_path


def misspell(project: Path) -> None:
    policy = project / "policies" / "support.policy"
    policy.write_text(policy.read_text().replace("on refund_order", "on refund_oder"))


def read(name: str) -> Any:
    return yaml.safe_load((CI / name).read_text(encoding="utf-8"))


def github_steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = read("github-actions.yml")["jobs"]["policies"]["steps"]
    return steps


def github_commands() -> list[str]:
    return [step["run"] for step in github_steps() if "run" in step and not step["run"].startswith("pip install")]


def is_the_compiled_table(path: Path) -> bool:
    table = Table.load(path)
    refund = {"order": "A-1", "amount": 90_000, "currency": "eur"}
    return table.header["revision"] == 7 and table.decide("refund_order", refund, {"user": "u"}).effect == "deny"


def test_pipeline_keeps_the_table_and_the_report(project: Path, shell: Shell) -> None:
    done = shell(f'"{CI / "pipeline.sh"}" policies kept', project, **BUILD_NUMBER)
    assert done.returncode == 0, done.stderr
    assert is_the_compiled_table(project / "kept" / "policies.table")
    assert json.loads((project / "kept" / "policyc.sarif").read_text())["version"] == "2.1.0"


def test_pipeline_stops_at_a_finding_and_leaves_no_table(project: Path, shell: Shell) -> None:
    assert shell(f'"{CI / "pipeline.sh"}"', project).returncode == 0
    misspell(project)
    done = shell(f'"{CI / "pipeline.sh"}"', project)
    assert done.returncode == 1
    assert "unknown-tool" in done.stdout
    assert not (project / "artifacts" / "policies.table").exists()
    assert "unknown-tool" in (project / "artifacts" / "policyc.sarif").read_text()


def test_github_workflow_lints_compiles_and_keeps_what_it_made(project: Path, shell: Shell) -> None:
    assert len(github_commands()) == 3
    for command in github_commands():
        done = shell(command, project, **BUILD_NUMBER)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert is_the_compiled_table(project / "policies.table")
    kept = [step["with"] for step in github_steps() if "with" in step]
    for path in [*(w["path"] for w in kept if "path" in w), *(w["sarif_file"] for w in kept if "sarif_file" in w)]:
        assert (project / path).is_file()


def test_github_workflow_reports_then_stops_at_the_lint_step(project: Path, shell: Shell) -> None:
    misspell(project)
    report, lint, compile = github_commands()
    assert shell(report, project).returncode == 0
    done = shell(lint, project)
    assert done.returncode == 1
    assert any(
        line.startswith("::error file=policies/support.policy,line=8,") and "`refund_order`" in line
        for line in done.stdout.splitlines()
    )
    assert shell(compile, project, **BUILD_NUMBER).returncode == 1
    assert not (project / "policies.table").exists()


def test_gitlab_job(project: Path, shell: Shell) -> None:
    job = read("gitlab-ci.yml")["policies"]
    done = shell("\n".join(job["script"]), project, **BUILD_NUMBER)
    assert done.returncode == 0, done.stderr
    assert [is_the_compiled_table(project / path) for path in job["artifacts"]["paths"]] == [True]
    misspell(project)
    assert shell("\n".join(job["script"]), project, **BUILD_NUMBER).returncode == 1


def test_examples_install_this_version() -> None:
    installs = [step["run"] for step in github_steps() if step.get("run", "").startswith("pip install")]
    installs += read("gitlab-ci.yml")["policies"]["before_script"]
    assert installs == [f"pip install policyc=={__version__}"] * 2
    assert read("pre-commit-config.yaml")["repos"][0]["rev"] == f"v{__version__}"
