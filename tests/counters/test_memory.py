"""Memory: what has ended is dropped, and a full store says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from policyc.counters.memory import MemoryCounters
from tests.counters.build import NOON, Clock, admitted, refused, want


def kept(store: Any) -> int:
    return sum(len(things) for things in vars(store).values() if isinstance(things, dict))


def test_what_has_ended_is_dropped() -> None:
    clock = Clock()
    store = MemoryCounters(clock=clock, keep=1)
    most = 0
    for number in range(15_000):
        clock.now += 0.02
        scope = (f"session={number}",)
        call = [want(1, "second", scope=scope), want(1, 2, sliding=True, scope=scope)]
        receipt = admitted(store.reserve(call, call_id=str(number))).receipt
        store.refund(receipt)
        admitted(store.reserve(call, call_id=str(number)))
        most = max(most, kept(store))
    assert most < 2048
    live = want(10, "hour", scope=("session=stays",))
    admitted(store.reserve([live]))
    for number in range(3000):
        clock.now += 1
        if clock.now < NOON + 3600:
            store.reserve([want(1, "second", scope=(f"again={number}",))])
    assert store.read(live).counted == 1


def test_a_full_store_refuses_what_needs_another_counter() -> None:
    clock = Clock()
    store = MemoryCounters(clock=clock, most=3)
    for name in "abc":
        admitted(store.reserve([want(5, name=name)]))
    answer = refused(store.reserve([want(5, name="d")]))
    assert (answer.why, answer.message) == (
        "store",
        "the counters' store is full: it keeps 3 counters and answers at most",
    )
    assert refused(store.reserve([want(5, name="a")], call_id="k")).why == "store"
    admitted(store.reserve([want(5, name="a"), want(5, name="b")]))
    clock.now += 60
    admitted(store.reserve([want(5, name="d"), want(5, name="e")]))


def test_threads() -> None:
    store = MemoryCounters(clock=Clock())
    call = [want(500), want(10**6, "hour", 2, name="sum")]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: store.reserve(call), range(2000)))
    assert sum(not hasattr(a, "why") for a in answers) == 500
    assert [store.read(w).counted for w in call] == [500, 1000]


def test_a_clock_that_goes_back_behind_what_was_dropped_reopens_nothing() -> None:
    clock = Clock()
    store = MemoryCounters(clock=clock, most=4)
    total = 0
    for later, asked, others in ((0, 4, 3), (61, 0, 1), (0, 4, 0), (61, 4, 0)):
        clock.now = NOON + later
        for _ in range(asked):
            total += not hasattr(store.reserve([want(3)]), "why")
        for number in range(others):  # the fifth counter makes room, and drops what has ended
            store.reserve([want(3, "second", name=f"{later}-{number}")])
    assert total == 6, "two windows were shown"
