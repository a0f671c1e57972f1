"""What linting a small policy must not import: each of these would be felt at every commit (benchmarks/cold_lint.py)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("importlib.metadata", "lark", "policyc.diagram.regular", "pydantic", "re2", "rich", "yaml")
JSON = '{"version": "1", "default": "deny", "tools": {"pay": {"limits": [{"max": 3, "window": "day"}]}}}'
YAML = 'version: "1"\ndefault: deny\ntools: {pay: {limits: [{max: 3, window: day}]}}\n'
DSL = "default deny\non pay { limit 3 per day by grant }\n"
CONFIG = '[levels]\nopen-default = "off"\n'


def imported(folder: Path, name: str, text: str) -> list[str]:
    """Which of HEAVY a lint of one file imports."""
    (folder / name).write_text(text, encoding="utf-8")
    program = (
        "import json, sys\n"
        "from policyc.pipeline import check\n"
        "from policyc.report.model import Report\n"
        "from policyc.report.render import write\n"
        "checked = check([sys.argv[1]])\n"
        "write(Report(tuple(checked.findings), (), 1), 'full', sys.stderr)\n"
        f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]))\n"
    )
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", program, name]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=here)
    assert "no findings in 1 file" in run.stderr
    found: list[str] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize(
    ("name", "text", "needed"),
    [("p.policy.json", JSON, []), ("p.policy.yaml", YAML, ["yaml"]), ("p.policy", DSL, ["lark"])],
)
@pytest.mark.parametrize("configured", [False, True])
def test_a_right_policy_imports_only_what_its_syntax_needs(
    tmp_path: Path, name: str, text: str, needed: list[str], configured: bool
) -> None:
    if configured:
        (tmp_path / "policyc.toml").write_text(CONFIG, encoding="utf-8")
    assert imported(tmp_path, name, text) == needed
