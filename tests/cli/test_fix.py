"""`lint --fix`, `--unsafe-fixes` and `--diff` on real files."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import TOOLS, Project

OLD = '{"version": "1", "default": "deny", "tools": {"pay": {"action": "deny"}, "read": {"rate_limit": {"max": 10, "window": 60}}}}\n'


def test_safe_edits_are_made_and_what_is_left_is_reported(project: Project) -> None:
    project.write("a.policy.json", OLD)
    done = project.run("lint", "--fix", code=0)
    assert "2 findings fixed" in done.err
    fixed = json.loads((project.folder / "a.policy.json").read_text())
    assert fixed["tools"]["pay"] == {"deny": True}
    assert "rate_limit" not in json.dumps(fixed)
    again = project.run("lint", "--fix", code=0)
    assert again.err == ""


def test_diff_shows_and_changes_nothing(project: Project) -> None:
    project.write("a.policy.json", OLD)
    done = project.run("lint", "--diff", code=1)
    assert done.out.startswith("--- a.policy.json\n+++ a.policy.json\n")
    assert '+{"version"' in done.out and '"deny": true' in done.out
    assert (project.folder / "a.policy.json").read_text() == OLD


def test_edits_that_may_change_the_meaning_are_asked_for(project: Project) -> None:
    text = "default deny\r\non create_chrage { approve limit 5 per minute }\r\n"
    (project.folder / "a.policy").write_bytes(b"\xef\xbb\xbf" + text.encode())
    project.write("c.json", json.dumps(TOOLS))
    project.run("lint", "a.policy", "--catalog", "c.json", "--fix", code=1)
    assert (project.folder / "a.policy").read_bytes() == b"\xef\xbb\xbf" + text.encode()
    project.run("lint", "a.policy", "--catalog", "c.json", "--fix", "--unsafe-fixes", code=0)
    changed = text.replace("create_chrage", "create_charge")
    assert (project.folder / "a.policy").read_bytes() == b"\xef\xbb\xbf" + changed.encode(), (
        "the mark and line ends stay"
    )


@pytest.mark.parametrize(
    ("args", "words"), [(["--fix", "-"], "not standard input"), (["--unsafe-fixes"], "goes with `--fix` or `--diff`")]
)
def test_what_cannot_be_meant_is_2(project: Project, args: list[str], words: str) -> None:
    project.write("a.policy.json", OLD)
    assert words in project.run("lint", *args, code=2).err
