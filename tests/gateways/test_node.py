"""The loader for Node runs every conformance vector, and says how many it leaves out; its own tests pass."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks import workload

ROOT = Path(__file__).parents[2]
LOADER = ROOT / "examples/gateways/node"
VECTORS = ROOT / "tests/conformance/vectors"


def test_the_loader_for_node_decides_as_the_vectors_say() -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < 20:
        pytest.skip(f"the loader needs Node 20 or later, and this is {version}")
    if not (LOADER / "node_modules").is_dir():
        pytest.skip("its packages are not installed: run `npm install` in examples/gateways/node")
    done = subprocess.run([npm, "test"], cwd=LOADER, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    told = re.findall(r"vectors: .*", done.stdout)
    print(*told, sep="\n")
    asked: list[dict[str, Any]] = [json.loads((VECTORS / n).read_text()) for n in _index()["tables"]]
    for what in ("calls", "lists"):
        assert sum(int(n) for n in re.findall(rf"(\d+) {what}", "\n".join(told))) == sum(len(v[what]) for v in asked)
    assert f"{len(_index()['refused'])} tables to refuse" in told[0]


def test_the_benchmark_reads_the_same_policy_off_the_rules() -> None:
    plan = runpy.run_path(str(LOADER / "bench/export.py"))["plan"]
    policy, closures, calls = workload.make(40)
    read = workload.closures({name: (groups["deny"], groups["allow"]) for name, groups in plan(policy).items()})
    allowed = [closures(*call) for call in calls]
    assert [read(*call) for call in calls] == allowed
    assert len(set(allowed)) == 2


def _index() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / "index.json").read_text())
    return found
