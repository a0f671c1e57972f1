"""Every code block of docs/runtime.md runs, in order, with the policy that the page shows."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from policyc.cli.main import main
from policyc.runtime import Table
from tests.meta.tree import ROOT

PAGE = (ROOT / "docs" / "runtime.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\S+)(?: +(\S+))?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for language, mark, text in BLOCKS:
        if language == "policy":
            (tmp_path / mark.removeprefix("file=")).write_text(text, encoding="utf-8")
    assert main(["compile", "support.policy", "-o", "support.table", "--revision", "1"]) == 0
    (tmp_path / "cut-short.table").write_bytes((tmp_path / "support.table").read_bytes()[:-40])
    return tmp_path


def test_blocks_are_of_known_kinds() -> None:
    assert {(language, mark) for language, mark, _ in BLOCKS} == {
        ("policy", "file=support.policy"), ("python", ""), ("python", "needs=cryptography"),
    }  # fmt: skip


def run(marks: set[str]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for language, mark, text in BLOCKS:
        if language == "python" and mark in marks:
            exec(compile(text, "docs/runtime.md", "exec"), names)
    return names


def test_what_needs_no_signature(folder: Path) -> None:
    names = run({""})
    assert isinstance(names["table"], Table)
    assert not names["live"]._watcher.is_alive()


def test_what_needs_signatures(folder: Path) -> None:
    pytest.importorskip("cryptography", reason="signatures need the package cryptography, which is not installed")
    assert main(["keygen", "ci"]) == main(["keygen", "stranger"]) == 0
    assert main(["compile", "support.policy", "-o", "support.table", "--sign", "ci.key", "--revision", "1"]) == 0
    run({"", "needs=cryptography"})
    assert main(["table", "verify", "support.table", "--key", "ci.pub"]) == 0
    shutil.copy("stranger.pub", "ci.pub")
    assert main(["table", "verify", "support.table", "--key", "ci.pub"]) == 1
    assert os.path.exists("support.table.sig")
