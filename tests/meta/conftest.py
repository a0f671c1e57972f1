from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.meta.tree import ROOT

Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Run a command line with bash in a folder, where `policyc` and `python3` are those of this test run."""
    names = tmp_path_factory.mktemp("bin")
    for name, command in {"policyc": f'"{sys.executable}" -m policyc', "python3": f'"{sys.executable}"'}.items():
        (names / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        (names / name).chmod(0o755)

    def run(command: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=folder,
            env={**os.environ, "PATH": f"{names}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), **env},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run
