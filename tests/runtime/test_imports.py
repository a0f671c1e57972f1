"""What a gateway's process loads: the standard library, and what its tables and keys need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import policyc.runtime
from tests.meta.tree import ROOT
from tests.runtime.build import Signer, compiled

PLAIN = compiled(
    'policy "p" default deny on pay { deny when args.n > 5 or args.m like "a*b" limit 3 per day } hide x_*'
)
OURS = {"policyc", "policyc.runtime", "policyc.table", "policyc.table.model"}
"""Beside the modules of policyc.runtime itself."""


def loaded(program: str, *arguments: object) -> set[str]:
    """Names of the modules that a fresh process has loaded after a program."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nprint(*sys.modules)", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return set(done.stdout.split()) - loaded_anyway()


def loaded_anyway() -> set[str]:
    """What this interpreter loads at its start (its site may have packages that hook themselves in)."""
    command = [sys.executable, "-c", "import sys; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def strangers(modules: set[str]) -> set[str]:
    """Those that are neither the standard library nor the runtime's."""
    outside = {m for m in modules if m.partition(".")[0] not in sys.stdlib_module_names}
    return {m for m in outside if m not in OURS and not m.startswith("policyc.runtime.")}


def test_importing_the_package_loads_nothing_else() -> None:
    modules = loaded("import policyc.runtime")
    assert {m for m in modules if m.startswith("policyc")} == {"policyc", "policyc.runtime"}
    assert strangers(modules) == set()


@pytest.mark.parametrize(
    "program",
    [
        "from policyc.runtime import *",
        "from policyc.runtime import Table\nt = Table.load(sys.argv[1]); t.decide('pay', {'n': 1}); t.visible(['x_y']); t.check()",
        "from policyc.runtime import LiveTable\nwith LiveTable(sys.argv[1], watch=1) as t: t.decide('pay', {'n': 1}); t.reload()",
    ],
)  # fmt: skip
def test_a_table_without_patterns_needs_the_standard_library(program: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(PLAIN)
    assert strangers(loaded(program, tmp_path / "t")) == set()


def test_deciding_loads_neither_threads_nor_signatures(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(PLAIN)
    modules = loaded("from policyc.runtime import Table\nTable.load(sys.argv[1]).decide('pay', {})", tmp_path / "t")
    assert not {"policyc.runtime.live", "policyc.runtime.signature", "threading", "logging", "asyncio"} & modules


def test_patterns_load_re2_when_a_call_needs_them(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(compiled('policy "p" default allow on pay { deny when args.m matches "x+" }'))
    before = "from policyc.runtime import Table\nt = Table.load(sys.argv[1]); t.decide('other', {})"
    assert strangers(loaded(before, tmp_path / "t")) == set()
    assert {
        m.partition(".")[0] for m in strangers(loaded(f"{before}; t.decide('pay', {{'m': 'x'}})", tmp_path / "t"))
    } <= {"re2", "_re2"}


def test_a_key_loads_cryptography(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="signatures need the package cryptography, which is not installed")
    signer = Signer(tmp_path)
    signer.write(tmp_path / "t", PLAIN)
    program = "from policyc.runtime import Table\nTable.load(sys.argv[1], key=sys.argv[2]).decide('pay', {})"
    outside = {m.partition(".")[0] for m in strangers(loaded(program, tmp_path / "t", signer.public))}
    assert "cryptography" in outside and outside <= {"cryptography", "_cffi_backend", "cffi", "pycparser", "_openssl"}


def test_public_names_are_there() -> None:
    for name in policyc.runtime.__all__:
        assert getattr(policyc.runtime, name).__name__ == name
    assert set(policyc.runtime.__all__) == set(policyc.runtime._PLACES) <= set(dir(policyc.runtime))
    with pytest.raises(AttributeError, match="no attribute 'Tabel'"):
        getattr(policyc.runtime, "Tabel")  # noqa: B009
