"""docs/serve.md says what is: its example, its options, its metrics."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.serve.running import PATIENCE, Running

PAGE = Path("docs/serve.md").read_text(encoding="utf-8")
SUPPORT = "examples/quickstart/support.policy"


def test_the_example(tmp_path: Path) -> None:
    table = tmp_path / "support.table"
    command = ["compile", SUPPORT, "--catalog", "examples/quickstart/catalog.json", "-o", str(table)]
    subprocess.run([sys.executable, "-m", "policyc", *command], check=True, capture_output=True, timeout=PATIENCE)
    request, answer = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    running = Running(table, "--no-watch")
    try:
        assert running.evaluate(request) == answer
    finally:
        running.close()


def test_every_metric_is_explained(shop: Running) -> None:
    text = shop.raw("GET", "/metrics")[2].decode()
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    assert set(kinds) == set(re.findall(r"^\| `(policyc_\w+)`", PAGE, re.MULTILINE))


def test_every_option_is_explained() -> None:
    command = [sys.executable, "-m", "policyc", "serve", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    there = set(re.findall(r"--[a-z-]+", text)) - {"--help"}
    table = PAGE[PAGE.index("| option |") : PAGE.index("Exit codes")]
    assert len(there) > 12 and there == set(re.findall(r"--[a-z-]+", table)) - {"---"}


def test_the_envoy_snippet_is_the_examples() -> None:
    example = " ".join(Path("examples/gateways/envoy/envoy.yaml").read_text(encoding="utf-8").split())
    snippet = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert snippet is not None
    for word in re.findall(r"[\w.]+: [\w.]+", snippet[1]):
        assert word in example, word
