from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from policyc import __version__
from policyc.cli.verbs import VERBS
from tests.cli.conftest import CLEAN, OPEN, ROOT, Project


def start(project: Project, *args: str, **more: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(project.folder), "PYTHONUNBUFFERED": ""}
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "policyc", *args], cwd=project.folder, env=environment, stderr=subprocess.PIPE, **more
    )


def run_with(project: Project, patch: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run policyc in a process where something was changed first."""
    code = f"import sys\n{patch}\nsys.argv = ['policyc', *{list(args)!r}]\nfrom policyc.cli.main import run\nrun()\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(project.folder)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=project.folder, env=environment, capture_output=True, text=True, timeout=60
    )


BOOM = "import policyc.discovery\ndef boom(*a): raise ZeroDivisionError('boom')\npolicyc.discovery.discover = boom"


@pytest.mark.parametrize("args", [["--version"], ["-V"], ["--debug", "--version"]])
def test_version(project: Project, args: list[str]) -> None:
    assert project.run(*args, code=0).out == f"policyc {__version__}\n"


def test_help_lists_every_verb(project: Project) -> None:
    out = project.run("--help", code=0).out
    assert [verb for verb in VERBS if f"\n  {verb} " not in out] == []
    assert "..." not in out.partition("Commands:")[2]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(project: Project, verb: str) -> None:
    assert project.run(verb, "--help", code=0).out.startswith(f"Usage: policyc {verb} ")


def test_an_internal_error_is_101_with_the_traceback_in_a_file(project: Project) -> None:
    project.write("a.policy", CLEAN)
    done = run_with(project, BOOM, "lint")
    assert done.returncode == 101
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    path = Path(done.stderr.split("the file ")[1].strip())
    assert "ZeroDivisionError: boom" in path.read_text(encoding="utf-8")


def test_debug_shows_the_traceback(project: Project) -> None:
    done = run_with(project, BOOM, "--debug", "lint")
    assert done.returncode == 101
    assert "ZeroDivisionError: boom" in done.stderr


def test_in_sarif_mode_an_internal_error_is_still_101(project: Project) -> None:
    assert run_with(project, BOOM, "lint", "--output-format", "sarif").returncode == 101


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_interrupted_is_130_without_a_word(project: Project) -> None:
    # where the tests run in the background of a script, an interrupt is ignored, and a child would inherit that
    interrupt = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = start(project, "lint", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=interrupt)
    assert process.stderr is not None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(2)  # it waits for standard input
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert process.stderr.read() == b""
    process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="pipes are POSIX")
@pytest.mark.parametrize("args", [("rule",), ("lint", "a.policy"), ("--version",), ("schema",), ("--help",)])
def test_a_reader_that_goes_away_ends_it_quietly(project: Project, args: tuple[str, ...]) -> None:
    project.write("a.policy", OPEN)
    reading, writing = os.pipe()
    os.close(reading)
    process = start(project, *args, stdout=writing)
    os.close(writing)
    _, errors = process.communicate(timeout=60)
    assert errors == b""
    assert process.returncode in (141, 1)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_2(project: Project) -> None:
    project.write("a.policy", OPEN)
    with open("/dev/full", "wb") as full:
        process = start(project, "lint", "a.policy", stdout=full)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors.decode() == "policyc: cannot read or write: no space left on device\n"


def test_a_terminal_that_is_not_utf8_gets_escapes(project: Project) -> None:
    project.write("a.policy", OPEN.replace('"open"', '"öpen"').replace("default allow", "default allow # ünïcode"))
    done = project.run("lint", env={"PYTHONIOENCODING": "ascii"}, code=1)
    assert "\\xfcn\\xefcode" in done.out


def test_lint_imports_only_what_it_needs(project: Project) -> None:
    project.write("a.policy.json", '{"version": "1", "default": "deny", "tools": {}}')
    code = (
        "import sys\nfrom policyc.cli.main import main\nassert main(['lint', 'a.policy.json']) == 0\n"
        "names = ('lark', 'rich', 'yaml', 'policyc.cli.compile', 'policyc.cli.catalog', 'policyc.table', 'asyncio')\n"
        "print([n for n in names if n in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr.strip() == "[]"
