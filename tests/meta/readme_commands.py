"""The commands of README.md, and the first of them pasted into a fresh copy of the tree.

    python -m tests.meta.readme_commands PYTHON

runs it in a temporary folder, where `python3` is PYTHON and no virtual environment is active.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.meta.tree import ROOT, copy_tree


def commands() -> list[str]:
    """The contents of the `sh` code blocks of README.md, in order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [block.strip() for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def run_first(python: str) -> int:
    """Run the first command in a fresh copy, with its output shown; its exit code."""
    command = commands()[0]
    with tempfile.TemporaryDirectory(prefix="policyc-readme-") as name:
        folder, names = Path(name) / "clone", Path(name) / "bin"
        copy_tree(folder)
        names.mkdir()
        (names / "python3").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n', encoding="utf-8")
        (names / "python3").chmod(0o755)
        env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
        env["PATH"] = f"{names}{os.pathsep}{env['PATH']}"
        print(f"$ {command}", flush=True)
        return subprocess.run(["sh", "-c", command], cwd=folder, env=env).returncode


if __name__ == "__main__":
    sys.exit(run_first(sys.argv[1]))
