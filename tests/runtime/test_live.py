"""Tables that are exchanged while calls are decided: never a mixture, never an exception, never without a table."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policyc.runtime import LiveTable, RevisionError, Table, TableError
from policyc.runtime.live import Outcome
from tests.runtime.build import Signer, compiled, sealed

TEXTS = {
    name: f'policy "p" default deny on pay {{ deny when args.n > {most} "{name}" approve when args.n > 1 by "{name}" '
    f'limit {most} per day as {name} }} hide {name}_secret'
    for name, most in (("red", 5), ("blue", 7))
}  # fmt: skip


@cache
def table(name: str, revision: int = 0) -> bytes:
    return compiled(TEXTS[name], revision)


def said(live: LiveTable | Table) -> str:
    """Which of the two tables decides."""
    decided = live.decide("pay", {"n": 9})
    assert decided.reason is not None
    return decided.reason


@pytest.fixture
def path(tmp_path: Path) -> Path:
    replace(tmp_path / "t", table("red"))
    return tmp_path / "t"


def replace(path: Path, data: bytes) -> None:
    """By renaming, as `policyc compile` does."""
    beside = path.with_name("beside")
    beside.write_bytes(data)
    os.replace(beside, path)


def until(what: Callable[[], bool]) -> None:
    """Wait; a watcher that never sees the change fails the test."""
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end, "the change was not seen"
        time.sleep(0.005)


def test_a_new_table_replaces_the_old_one(path: Path) -> None:
    seen: list[tuple[Table, Table]] = []
    with LiveTable(path, on_reload=lambda new, old: seen.append((new, old))) as live:
        first = live.table
        assert (said(live), live.reload(), live.table is first) == ("red", "unchanged", True)
        replace(path, table("blue"))
        assert (live.reload(), said(live), said(first)) == ("replaced", "blue", "red")
        assert seen == [(live.table, first)] and live.last_error is None
        assert live.visible(["red_secret", "blue_secret"]) == ["red_secret"]


def no_body(data: bytes) -> bytes:
    """The table with a body that makes no sense, and the digest that fits."""
    lines = data.split(b"\n")[1:-1]
    header = json.loads(lines[0])
    lines[3 + header["tests"] + header["rules"]] = b"[[],0]"
    return sealed(lines)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda p: p.write_bytes(table("blue")[:-1]), "changed or cut short"),
        (lambda p: p.write_bytes(b""), "not a policyc decision table"),
        (lambda p: p.write_bytes(no_body(table("blue"))), "body 0 of the table does not fit"),
        (lambda p: p.unlink(), "No such file"),
    ],
)
def test_a_bad_table_is_refused_and_the_old_one_stays(path: Path, spoil: Callable[[Path], Any], words: str) -> None:
    errors: list[Exception] = []
    live = LiveTable(path, on_error=errors.append)
    spoil(path)
    assert [live.reload(), live.reload()] == ["refused", "refused"]
    assert words in str(live.last_error) and said(live) == "red"
    assert errors == [errors[0]] and words in str(errors[0]), "said once"
    replace(path, table("blue"))
    assert live.reload() == "replaced" and live.last_error is None and said(live) == "blue"
    spoil(path)
    assert live.reload() == "refused" and len(errors) == 2, "said again"


def test_without_a_first_table_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LiveTable(tmp_path / "none")
    (tmp_path / "t").write_bytes(no_body(table("red")))
    with pytest.raises(TableError):
        LiveTable(tmp_path / "t")
    with pytest.raises(ValueError, match="above 0"):
        LiveTable(tmp_path / "t", watch=0)


@pytest.mark.parametrize(
    ("there", "coming", "outcome"),
    [
        (0, 0, "replaced"),
        (0, 1, "replaced"),
        (1, 2, "replaced"),
        (3, 2, "refused"),
        (3, 0, "refused"),
        (3, 3, "refused"),
    ],
)
def test_revisions_never_go_back(path: Path, there: int, coming: int, outcome: Outcome) -> None:
    replace(path, table("red", there))
    live = LiveTable(path)
    replace(path, table("blue", coming))
    assert live.reload() == outcome
    assert (said(live), live.revision) == (("blue", coming) if outcome == "replaced" else ("red", there))
    assert isinstance(live.last_error, RevisionError) == (outcome == "refused")
    replace(path, table("red", there))
    assert live.reload() == ("unchanged" if outcome == "refused" else "replaced" if there == coming else "refused")


def test_a_restarted_gateway_remembers_its_revision_by_itself(path: Path) -> None:
    replace(path, table("red", 4))
    assert LiveTable(path, least_revision=4).revision == 4
    with pytest.raises(RevisionError, match="revision 4, and 5 is the lowest"):
        LiveTable(path, least_revision=5)


def test_a_signed_table_is_followed_by_signed_ones_only(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="signatures need the package cryptography, which is not installed")
    path, signer, stranger = tmp_path / "t", Signer(tmp_path), Signer(tmp_path, "stranger")
    signer.write(path, table("red", 1))
    live = LiveTable(path, key=signer.public)
    signer.public.write_bytes(stranger.public.read_bytes())
    for write, words in [
        (lambda: replace(path, table("blue", 2)), "of another table"),
        (lambda: stranger.write(path, table("blue", 2)), "not signed by the key"),
        (lambda: (tmp_path / "t.sig").unlink(), "is not signed"),
        (lambda: signer.write(path, table("blue", 0)), "revision 1 is in force"),
    ]:
        write()
        assert live.reload() == "refused" and words in str(live.last_error) and said(live) == "red"
    signer.write(path, table("blue", 2))
    assert live.reload() == "replaced" and said(live) == "blue"


@pytest.mark.parametrize("signed", [False, True])
def test_watching_sees_files_renamed_and_files_written_in_place(tmp_path: Path, signed: bool) -> None:
    path, key = tmp_path / "t", None
    write: Callable[[bytes], Any] = path.write_bytes
    if signed:
        pytest.importorskip("cryptography", reason="signatures need the package cryptography, which is not installed")
        signer = Signer(tmp_path)
        key = signer.public
        write = lambda data: signer.write(path, data)  # noqa: E731
    write(table("red", 1))
    errors: list[Exception] = []
    with LiveTable(path, key=key, watch=0.01, on_error=errors.append) as live:
        write(table("blue", 2))
        until(lambda: said(live) == "blue")
        path.write_bytes(table("red", 3)[:200])
        until(lambda: len(errors) > 0)
        assert said(live) == "blue"
        write(table("red", 3))
        until(lambda: said(live) == "red")
        for name in (path, tmp_path / "t.sig"):
            if name.exists():
                os.utime(name, ns=(10**18, 10**18))  # long ago, so that only the stat is looked at
        until(lambda: live._looked is not None)
        write(table("blue", 4))
        until(lambda: said(live) == "blue")
    assert live._watcher is not None and not live._watcher.is_alive()
    write(table("red", 5))
    time.sleep(0.05)
    assert said(live) == "blue", "nobody watches any more"


def test_a_callback_that_fails_does_not_end_the_watching(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_value))

    def fail(new: Table, old: Table) -> None:
        raise RuntimeError("from the callback")

    with LiveTable(path, watch=0.01, on_reload=fail) as live:
        for name in ("blue", "red", "blue"):
            replace(path, table(name))
            until(lambda name=name: said(live) == name)  # type: ignore[misc]
        until(lambda: len(told) == 3)
    assert {str(error) for error in told} == {"from the callback"}


def test_a_callback_may_reload_and_close(path: Path) -> None:
    done = threading.Event()

    def again(new: Table, old: Table) -> None:
        assert live.reload() == "unchanged"
        live.close()
        done.set()

    live = LiveTable(path, watch=0.01, on_reload=again)
    replace(path, table("blue"))
    assert done.wait(30)


def test_threads_never_see_a_mixture_an_exception_or_nothing(path: Path) -> None:
    """Everything that one decision says comes from one table, while another thread exchanges them (and offers bad ones)."""
    live = LiveTable(path)
    calls: list[tuple[str, dict[str, Any]]] = [("pay", {"n": 9}), ("pay", {"n": 3}), ("pay", {"n": 6}), ("x", {})]
    answers = [{repr(t.decide(*c)) for t in map(Table, (table("red"), table("blue")))} for c in calls]
    assert len(answers[0]) == 2
    stop, wrong, seen = threading.Event(), [], [set() for _ in calls]  # type: ignore[var-annotated]

    def ask() -> None:
        try:
            while not stop.is_set():
                for number, call in enumerate(calls):
                    found = repr(live.decide(*call))
                    seen[number].add(found)
                    if found not in answers[number]:
                        wrong.append(found)
                if live.visible(["red_secret", "blue_secret"]) not in (["red_secret"], ["blue_secret"]):
                    wrong.append("visible")
        except BaseException as error:
            wrong.append(repr(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(300):
        data = table(("blue", "red")[number % 2])
        replace(path, data if number % 5 else data[: len(data) // 2])
        live.reload()
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert seen[0] == answers[0], "both tables were seen"


def test_several_threads_may_reload_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live, outcomes, made = LiveTable(path), [], LiveTable._made

    def slowly(self: LiveTable, data: bytes) -> Table:
        time.sleep(0.05)
        return made(self, data)

    monkeypatch.setattr(LiveTable, "_made", slowly)
    replace(path, table("blue"))
    threads = [threading.Thread(target=lambda: outcomes.append(live.reload())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["replaced"] + ["unchanged"] * 7
