"""The loader in Go: its own tests, among them the conformance vectors, where there is a Go to run them with."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conformance.vectors import HERE as VECTORS
from tests.meta.tree import ROOT

MODULE = ROOT / "examples" / "gateways" / "go"


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment to run Go in: nothing is fetched, and a build cache is made only where Go has none."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed, so the loader in Go is not tested")
    env = {
        **os.environ,
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOWORK": "off",
        "GOFLAGS": "-mod=mod -buildvcs=false",
    }
    if run(env, "env", "GOCACHE").stdout.strip() in ("", "off"):
        env["GOCACHE"] = str(tmp_path_factory.mktemp("gocache"))
    if run(env, "env", "GOPATH").stdout.strip() == "":
        env["GOPATH"] = str(tmp_path_factory.mktemp("gopath"))
    wanted = re.search(r"^go (\d+)\.(\d+)$", (MODULE / "go.mod").read_text(), re.MULTILINE)
    found = re.match(r"go(\d+)\.(\d+)", run(env, "env", "GOVERSION").stdout)
    assert wanted
    if not found or tuple(map(int, found.groups())) < tuple(map(int, wanted.groups())):
        pytest.skip(
            f"the loader in Go needs Go {wanted[1]}.{wanted[2]}, and here is {found[0] if found else 'another'}"
        )
    return env


def run(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["go", *words], cwd=MODULE, env=env, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


def test_its_tests_pass_and_every_vector_is_run(go: dict[str, str]) -> None:
    done = run(go, "test", "-count=1", "-v", "./...")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    calls = [
        call
        for name in json.loads((VECTORS / "index.json").read_text())["tables"]
        for call in json.loads((VECTORS / name).read_text())["calls"]
    ]
    left = sum("surrogates" in call.get("needs", ()) for call in calls)
    assert f" {len(calls) - left} calls decided; left out: map[surrogates:{left}]" in done.stdout
    assert "--- SKIP" not in done.stdout


def test_it_is_vetted_and_formatted(go: dict[str, str]) -> None:
    vetted = run(go, "vet", "./...")
    assert vetted.returncode == 0, vetted.stderr
    gofmt = shutil.which("gofmt")
    if gofmt is not None:
        assert subprocess.run([gofmt, "-l", "."], cwd=MODULE, capture_output=True, text=True, check=True).stdout == ""


def test_it_needs_the_standard_library_alone() -> None:
    assert "require" not in (MODULE / "go.mod").read_text()
    assert not (MODULE / "go.sum").exists()


def test_its_readme_shows_what_is_compiled() -> None:
    code = (
        (MODULE / "example_test.go")
        .read_text(encoding="utf-8")
        .partition("\t// README\n")[2]
        .partition("\t// end\n")[0]
    )
    shown = (MODULE / "README.md").read_text(encoding="utf-8").partition("```go\n")[2].partition("```\n")[0]
    assert shown
    assert [line.strip() for line in shown.splitlines()] == [line.strip() for line in code.splitlines()]


def test_its_files_are_small() -> None:
    assert [path.name for path in Path(MODULE).glob("*.go") if len(path.read_text("utf-8").splitlines()) > 400] == []
