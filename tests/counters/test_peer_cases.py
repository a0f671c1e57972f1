"""The Intercept proxy's cases about counters, in every store of ours.

Said in our terms: a rollback of part of an amount is a refund and a new reservation of the rest; a counter is read through the
limit that counts in it; `state.k` is the counter `k`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from policyc.counters.model import Admitted
from policyc.runtime.decision import Reservation
from tests.conformance.test_intercept_cases import CASES, ELSEWHERE, left_out
from tests.counters.build import Clock, make, want

MINE = [case for case in CASES if left_out(case) == ELSEWHERE]
pytestmark = pytest.mark.skipif(not CASES, reason="the shared test data is not here")


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class Peer:
    """That proxy's store, on top of ours."""

    def __init__(self, open_store: Callable[[], Any], clock: Clock) -> None:
        self.open_store, self.clock = open_store, clock
        self.store = open_store()
        self.limits: dict[str, Reservation] = {}
        self.receipts: list[tuple[Reservation, Admitted]] = []

    def limit(self, key: str) -> Reservation:
        return self.limits.get(key) or want(1, "minute", name=key)

    def reserve(self, step: dict[str, Any]) -> dict[str, Any]:
        asked = want(step["limit"], step["window"], step["amount"], name=step["key"])
        self.limits[step["key"]] = asked
        answer = self.store.reserve([asked])
        if isinstance(answer, Admitted):
            self.receipts.append((asked, answer))
        return {"allowed": isinstance(answer, Admitted), "value": self.store.read(asked).counted}

    def rollback(self, step: dict[str, Any]) -> dict[str, Any]:
        left = step["amount"]
        for asked, answer in [r for r in self.receipts if r[0].key == self.limit(step["key"]).key]:
            assert self.store.refund(answer.receipt).counters == 1
            rest = max(0, asked.amount - left)
            left -= asked.amount - rest
            if rest:
                self.reserve({"key": step["key"], "limit": asked.maximum, "window": asked.window, "amount": rest})
        return {"error": False}

    def get(self, step: dict[str, Any]) -> dict[str, Any]:
        found = self.store.read(self.limit(step["key"]))
        return {"value": found.counted, "window_start": found.since if found.counted else None}

    def resolve(self, step: dict[str, Any]) -> dict[str, Any]:
        return {"exists": True, "value": self.get({"key": step["path"].removeprefix("state.")})["value"]}

    def do(self, step: dict[str, Any]) -> dict[str, Any]:
        match step["do"]:
            case "clock":
                self.clock.now = seconds(step["now"])
            case "reset":
                self.store.reset(self.limit(step["key"]))
                return {"error": False}
            case "close_and_reopen":
                if hasattr(self.store, "close"):
                    self.store.close()
                self.store = self.open_store()
            case name:
                return dict(getattr(self, name)(step))
        return {}


@pytest.mark.parametrize("case", MINE, ids=lambda case: case["id"])
def test_case(
    case: dict[str, Any], kind: str, url: str, prefix: str, runner: asyncio.Runner
) -> None:  # fmt: skip
    if case["id"] == "persistence" and "redis" not in kind:
        pytest.skip("counters in memory end with their process, as they say")
    clock = Clock()
    peer = Peer(lambda: make(kind, clock, url, prefix, runner), clock)
    if case["kind"] == "concurrency":
        if "async" in kind:
            pytest.skip("one event loop, one thread: the other stores are hammered by threads")
        clock.now = seconds(case["now"])
        with ThreadPoolExecutor(case["parallel"]) as pool:
            list(pool.map(peer.reserve, [case["operation"]] * case["parallel"]))
        assert peer.get(case["operation"])["value"] == case["expect"]["final_value"]
        return
    for step in case["steps"]:
        found = peer.do(step)
        for name, expected in step.get("expect", {}).items():
            moment = name == "window_start" and expected is not None
            assert found[name] == (seconds(expected) if moment else expected), step


def test_all_are_here() -> None:
    assert len(MINE) == 24
