"""Many processes at one limit, and a server that is killed among them: never one call too many."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from policyc.counters.redis import RedisCounters
from tests.counters.build import want
from tests.counters.hammer import LONG
from tests.counters.server import Server, needs_server
from tests.meta.tree import ROOT

pytestmark = needs_server


@contextmanager
def processes(what: str, url: str, number: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that all begin at once."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.counters.hammer", what, url, str(n)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for n in range(number)
    ]  # fmt: skip
    try:
        for each in started:
            assert each.stdout is not None and each.stdout.readline() == "ready\n"
        for each in started:
            assert each.stdin is not None
            each.stdin.write("\n")
            each.stdin.flush()
        yield started
    finally:
        for each in started:
            each.kill()
            each.wait()


def results(started: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    return [json.loads(each.communicate(timeout=120)[0]) for each in started]


def test_eight_processes_at_one_limit(server: Server) -> None:
    server.client.flushall()
    with processes("until_full", server.url, 8) as started:
        done = results(started)
    assert sum(each["admitted"] for each in done) == 2000
    assert sum(each["admitted"] > 0 for each in done) > 1, "they did compete"
    store = RedisCounters(server.client)
    assert store.read(want(2000, LONG)).counted == 2000
    assert store.read(want(10**6, LONG, name="sum", sliding=True)).counted == 6000


def test_eight_processes_that_give_back(server: Server) -> None:
    server.client.flushall()
    with processes("with_refunds", server.url, 8) as started:
        done = results(started)
    store = RedisCounters(server.client)
    assert store.read(want(60, LONG)).counted == sum(each["sum"] for each in done)
    assert store.read(want(10**6, LONG, name="count")).counted == sum(each["count"] for each in done)


def test_a_server_killed_and_restarted_in_the_middle(tmp_path: Path) -> None:
    """With a log that is written before each answer, nothing is forgotten, and retries make it exact."""
    server = Server(tmp_path, "--appendonly", "yes", "--appendfsync", "always")
    try:
        store = RedisCounters(server.client)
        counter = want(3000, LONG)
        with processes("through_a_crash", server.url, 4) as started:
            for stage in (500, 1500):
                while store.read(counter).counted < stage:
                    time.sleep(0.005)
                server.kill()
                time.sleep(0.1)
                server.start()
            done = results(started)
        assert sum(each["unanswered"] for each in done) > 0, "the crash was noticed"
        assert sum(each["admitted"] for each in done) == 3000
        assert store.read(counter).counted == 3000
        assert store.read(want(3000, LONG, name="second", sliding=True)).counted == 3000
    finally:
        server.close()


@pytest.mark.parametrize("sliding", [False, True])
def test_windows_that_turn_while_it_is_hammered(server: Server, sliding: bool) -> None:
    """The server's own clock, windows of one second: each admits its maximum at most, wherever it begins."""
    store = RedisCounters(server.client, prefix=f"turn-{sliding}")
    admitted: list[tuple[float, float]] = []
    while len(admitted) < 50:
        before = seconds(server)
        if not hasattr(store.reserve([want(20, "second", sliding=sliding)]), "why"):
            admitted.append((before, seconds(server)))
    if sliding:
        for (earliest, _), (_, latest) in zip(admitted, admitted[20:], strict=False):
            assert latest - earliest >= 1, "21 within a second"
    else:
        certain = [int(earliest) for earliest, latest in admitted if int(earliest) == int(latest)]
        assert max(certain.count(second) for second in certain) <= 20


def seconds(server: Server) -> float:
    """The server's clock."""
    whole, micro = server.client.time()
    return float(whole) + micro / 1e6
