from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

TOOLS = {
    "serverInfo": {"name": "stripe", "version": "1"},
    "tools": [
        {"name": "list_customers", "description": "List the customers.", "inputSchema": {"type": "object"}},
        {
            "name": "create_charge",
            "description": "Charge a customer.",
            "inputSchema": {
                "type": "object",
                "properties": {"amount": {"type": "integer"}, "currency": {"type": "string"}},
                "required": ["amount", "currency"],
            },
        },
    ],
}

CLEAN = """\
policy "clean"
default deny
on list_customers {
  limit 30 per minute by grant
}
"""
OPEN = """\
policy "open"
default allow
deny delete_customer
"""
BROKEN = """\
policy "broken"
default deny
on create_charge { require args.amount <> 5 }
"""
DOCUMENT = {"version": "1", "name": "doc", "default": "deny", "tools": {"list_customers": {}}}


@dataclass(frozen=True)
class Done:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Project:
    """A folder, and policyc run in it as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: str | bytes | dict[str, Any]) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content, indent=2)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(
        self, *args: str, stdin: str | bytes = b"", env: dict[str, str] | None = None, code: int | None = None
    ) -> Done:
        """Run `policyc ARGS` and, with `code`, expect that exit code. Never a traceback."""
        inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "PYTHONPATH")}
        done = subprocess.run(
            [sys.executable, "-m", "policyc", *args],
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            cwd=self.folder,
            env={
                **inherited,
                "PYTHONPATH": str(ROOT),
                "PYTHONIOENCODING": "utf-8",
                "TMPDIR": str(self.folder.parent),
                **(env or {}),
            },
            timeout=120,
        )
        result = Done(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in result.out + result.err, result.err
        assert code is None or result.code == code, result
        return result


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    monkeypatch.chdir(tmp_path)
    return lambda: tmp_path
