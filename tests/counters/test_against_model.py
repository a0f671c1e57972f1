"""Any sequence of calls, against the most obvious account of windows: a list of everything that was counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyc.counters.model import Admitted
from policyc.runtime.decision import Reservation
from tests.counters.build import NOON, Clock, make, want

_NUMBERS = count()


def window_id(window: str | int, seconds: float) -> Any:
    """What is the same for two moments in one aligned window."""
    moment = datetime.fromtimestamp(seconds, UTC)
    if isinstance(window, int):
        return seconds // window
    if window == "week":
        return moment.isocalendar()[:2]
    parts = ("month", "day", "hour", "minute", "second")
    return (moment.year, *(getattr(moment, part) for part in parts[: parts.index(window) + 1]))


LENGTHS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000}


class Account:
    """Everything that was counted: the moment, the reservation, and the call that it was for."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, Reservation, int]] = []

    def counts(self, line: Reservation, then: float, now: float) -> bool:
        """Whether an amount counted `then` is in its window `now`. A sliding window has whole grains."""
        if not line.sliding:
            return bool(window_id(line.window, then) == window_id(line.window, now))
        length = LENGTHS[line.window] if isinstance(line.window, str) else line.window
        age = round(now * 1e6) // (length * 1000) - round(then * 1e6) // (length * 1000)
        return age <= 1000 if line.amount >= 0 else age < 1000

    def total(self, asked: Reservation, now: float) -> float:
        return sum(
            line.amount
            for then, line, _ in self.lines
            if (line.key, line.window, line.sliding) == (asked.key, asked.window, asked.sliding)
            and self.counts(line, then, now)
        )

    def reserve(self, call: list[Reservation], number: int, now: float) -> Reservation | None:
        """Counts the call, or gives the first reservation that has no room."""
        before = list(self.lines)
        for asked in call:
            if self.total(asked, now) + asked.amount > asked.maximum:
                self.lines = before
                return asked
            self.lines.append((now, asked, number))
        return None

    def refund(self, number: int, now: float) -> int:
        given = [x for x in self.lines if x[2] == number and self.counts(x[1], x[0], now)]
        self.lines = [x for x in self.lines if x not in given]
        return len(given)


QUARTERS = st.integers(-8, 24).map(lambda n: n / 4)
RESERVATION = st.builds(
    lambda counter, window, sliding, amount, maximum: want(maximum, window, amount, name=f"{counter}", sliding=sliding),
    st.sampled_from("ab"),
    st.sampled_from(["second", "minute", "day", "week", "month", 7, 90]),
    st.booleans(),
    QUARTERS,
    st.integers(1, 12),
)
CALL = st.lists(RESERVATION, min_size=1, max_size=3)
PASSES = st.sampled_from([0, 0, 0, 0.05, 0.5, 1, 3.4, 7, 20, 60, 61, 3600, 86400 * 3, 86400 * 30])
STEPS = st.lists(st.one_of(st.tuples(PASSES, CALL), st.tuples(PASSES, st.integers(0, 8))), min_size=1, max_size=25)
CALLS = st.lists(CALL, min_size=1, max_size=4)
"""Few different calls, so that they meet in their counters."""


def check(kind: str, url: str, runner: asyncio.Runner, steps: list[Any]) -> None:
    clock, account = Clock(NOON + 3.21), Account()
    store = make(kind, clock, url, f"model-{next(_NUMBERS)}", runner)
    receipts = {}
    for number, (passes, what) in enumerate(steps):
        clock.now += passes
        if isinstance(what, int):
            if receipts:
                of = sorted(receipts)[what % len(receipts)]
                assert store.refund(receipts.pop(of)).counters == account.refund(of, clock.now)
            continue
        answer, full = store.reserve(what), account.reserve(what, number, clock.now)
        if isinstance(answer, Admitted):
            assert full is None
            receipts[number] = answer.receipt
        else:
            assert answer.limit is full.limit if full is not None else False, (answer, full)
            check_room(answer.room_at, what, full, account, clock.now)
        for asked in what:
            assert store.read(asked).counted == account.total(asked, clock.now)


def check_room(room_at: float | None, call: list[Reservation], full: Any, account: Account, now: float) -> None:
    """At that moment, and not before, the limit has room for what the call adds to it up to there."""
    own = 0.0
    for asked in call:
        if (asked.key, asked.window, asked.sliding) == (full.key, full.window, full.sliding):
            own += asked.amount
        if asked is full:
            break
    fits: Callable[[float], bool] = lambda moment: account.total(full, moment) + own <= full.maximum  # noqa: E731
    if room_at is None:
        assert own > full.maximum or full.sliding
    else:
        assert room_at > now
        assert fits(room_at)
        assert not fits(max(now, room_at - 0.0005))


def long_runs() -> Any:
    return settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_any_sequence(kind: str, url: str, runner: asyncio.Runner) -> None:
    @long_runs()
    @given(STEPS)
    def any_calls(steps: list[Any]) -> None:
        check(kind, url, runner, steps)

    @long_runs()
    @given(CALLS, st.lists(st.tuples(PASSES, st.integers(0, 9), st.booleans()), min_size=5, max_size=40))
    def a_few_calls_again_and_again(calls: list[Any], steps: list[Any]) -> None:
        check(kind, url, runner, [(p, calls[n % len(calls)] if reserves else n) for p, n, reserves in steps])

    any_calls()
    a_few_calls_again_and_again()


AMOUNTS = st.one_of(
    st.floats(-10, 10), st.sampled_from([0.1, 0.2, 0.7, 1e-17, -0.1, 1e15, -1e15, 1e12]), st.integers(-(2**53), 2**53)
)
PLAIN = st.builds(
    lambda sliding, amount, maximum: want(maximum, "minute", amount, sliding=sliding),
    st.booleans(), AMOUNTS, st.sampled_from([5, 0.3, 1e12, 2**53]),
)  # fmt: skip


def test_memory_and_redis_round_alike(server: Any, runner: asyncio.Runner) -> None:
    """Any amounts: the same answers and the same sums, to the last bit."""

    @long_runs()
    @given(st.lists(st.tuples(st.sampled_from([0, 0, 1, 20, 61]), PLAIN, st.booleans()), min_size=1, max_size=20))
    def same(steps: list[Any]) -> None:
        clock = Clock()
        prefix = f"alike-{next(_NUMBERS)}"
        stores = [make(kind, clock, server.url, prefix, runner) for kind in ("memory", "redis")]
        for passes, asked, gives_back in steps:
            clock.now += passes
            answers = [store.reserve([asked]) for store in stores]
            if isinstance(answers[0], Admitted):
                assert isinstance(answers[1], Admitted)
                if gives_back:
                    given = [store.refund(a.receipt) for store, a in zip(stores, answers, strict=True)]
                    assert given[0] == given[1]
            else:
                assert answers[0] == answers[1]
            assert stores[0].read(asked) == stores[1].read(asked)

    same()
