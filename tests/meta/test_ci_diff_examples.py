"""github-diff.yml and gitlab-diff.yml comment on a change as they say, with stand-ins for `gh` and `curl`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from policyc import __version__
from tests.meta.conftest import Shell
from tests.meta.test_ci_examples import CI, QUICKSTART

MARK = "<!-- policyc diff -->"


@pytest.fixture
def change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """A repository with a changed policy, and the revision that the change is made to."""
    if shutil.which("git") is None:
        pytest.skip("git is not here")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "test@example.com")
    project = tmp_path / "project"
    (project / "policies").mkdir(parents=True)
    policy = project / "policies" / "support.policy"
    shutil.copy(QUICKSTART / "support.policy", policy)
    shutil.copy(QUICKSTART / "catalog.json", project)
    (project / "policyc.toml").write_text('catalog = "catalog.json"\n')
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    base = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, check=True, capture_output=True, text=True).stdout
    policy.write_text(policy.read_text().replace("20_000", "50_000"))
    return project, base.strip()


def stand_in(folder: Path, name: str, script: str) -> str:
    """A program of this name in front of PATH, which notes its arguments in `called`; the PATH."""
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> called\n{script}\n')
    program.chmod(0o755)
    return str(program.parent)


def with_front(front: str, command: str) -> str:
    return f'PATH="{front}:$PATH"\n{command}'


def steps(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((CI / name).read_text(encoding="utf-8"))["jobs"]["diff"]["steps"]
    return found


@pytest.mark.parametrize("known", ["", "17\n18\n"], ids=["first", "again"])
def test_github_comment(change: tuple[Path, str], shell: Shell, known: str) -> None:
    project, base = change
    compare, comment = (step["run"] for step in steps("github-diff.yml")[-2:])
    done = shell(compare, project, BASE=base, GITHUB_STEP_SUMMARY="summary.md")
    assert done.returncode == 0, done.stderr
    report = (project / "policy-diff.md").read_text()
    assert report.startswith(MARK)
    assert "**lets more through**" in report
    assert (project / "summary.md").read_text() == report
    front = stand_in(project, "gh", f'case "$*" in *--paginate*) printf "{known}" ;; esac')
    done = shell(with_front(front, comment), project, NUMBER="3", GITHUB_REPOSITORY="o/r")
    assert done.returncode == 0, done.stderr
    listed, written = (project / "called").read_text().splitlines()
    assert listed.startswith("api --paginate repos/o/r/issues/3/comments --jq ")
    assert MARK in listed
    place = "PATCH repos/o/r/issues/comments/17" if known else "POST repos/o/r/issues/3/comments"
    assert written == f"api --method {place} --field body=@policy-diff.md"


@pytest.mark.parametrize("known", [[], [17]], ids=["first", "again"])
def test_gitlab_note(change: tuple[Path, str], shell: Shell, known: list[int]) -> None:
    project, base = change
    job = yaml.safe_load((CI / "gitlab-diff.yml").read_text(encoding="utf-8"))["policy-diff"]
    notes = json.dumps([{"id": 5, "body": "x"}, *({"id": i, "body": f"{MARK}\nold"} for i in known)])
    (project / "notes.json").write_text(notes)
    front = stand_in(project, "curl", 'case "$*" in *per_page*) cat notes.json ;; esac')
    names = {"CI_API_V4_URL": "https://git/api/v4", "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_IID": "2"}
    done = shell(
        with_front(front, "\n".join(job["script"])), project,
        CI_MERGE_REQUEST_DIFF_BASE_SHA=base, POLICYC_TOKEN="t", **names,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    _, written = (project / "called").read_text().splitlines()
    assert f"--request {'PUT' if known else 'POST'} " in written
    assert "--data-urlencode body@policy-diff.md" in written
    assert written.endswith("/projects/1/merge_requests/2/notes" + ("/17" if known else ""))
    assert "**lets more through**" in (project / job["artifacts"]["paths"][0]).read_text()


def test_the_examples_install_this_version_and_fetch_the_base() -> None:
    github = steps("github-diff.yml")
    job = yaml.safe_load((CI / "gitlab-diff.yml").read_text(encoding="utf-8"))["policy-diff"]
    assert (
        [s["run"] for s in github if "pip" in s.get("run", "")]
        == job["before_script"]
        == [f"pip install policyc=={__version__}"]
    )
    assert github[0]["with"]["fetch-depth"] == 0
    assert job["variables"]["GIT_DEPTH"] == 0
