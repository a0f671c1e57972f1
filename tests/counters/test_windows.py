"""When windows begin and end, and what a clock that jumps does to them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from policyc.counters.windows import window_of
from tests.counters.build import NOON, Clock, admitted, at, refused, want

BOUNDARIES = [
    ("second", "2026-01-15T12:00:00", "2026-01-15T12:00:01"),
    ("minute", "2026-01-15T12:00", "2026-01-15T12:01"),
    ("hour", "2026-01-15T12:00", "2026-01-15T13:00"),
    ("day", "2026-01-15T00:00", "2026-01-16T00:00"),
    ("week", "2026-01-12T00:00", "2026-01-19T00:00"),
    ("week", "2025-12-29T00:00", "2026-01-05T00:00"),
    ("month", "2026-01-01T00:00", "2026-02-01T00:00"),
    ("month", "2024-02-01T00:00", "2024-03-01T00:00"),
    ("month", "2023-02-01T00:00", "2023-03-01T00:00"),
    ("month", "2026-12-01T00:00", "2027-01-01T00:00"),
    ("month", "2100-02-01T00:00", "2100-03-01T00:00"),
    ("month", "2000-02-01T00:00", "2000-03-01T00:00"),
    (90, "1970-01-01T00:01:30", "1970-01-01T00:03"),
    (604800, "1970-01-01T00:00", "1970-01-08T00:00"),
]


@pytest.mark.parametrize(("window", "start", "stop"), BOUNDARIES)
def test_boundaries(store: Any, clock: Clock, window: str | int, start: str, stop: str) -> None:
    since, until = at(start), at(stop)
    clock.now = since
    admitted(store.reserve([want(2, window)]))
    assert store.read(want(2, window)) == (1, 1, since, until)
    clock.now = until - 0.001
    admitted(store.reserve([want(2, window)]))
    assert refused(store.reserve([want(2, window)])).room_at == until
    clock.now = until
    assert store.read(want(2, window)).counted == 0
    admitted(store.reserve([want(2, window)]))


def test_any_month_and_week(server: Any) -> None:
    """The script's calendar is Python's."""
    from policyc.counters.redis import RedisCounters

    clock = Clock()
    store = RedisCounters(server.client, prefix="calendar", clock=clock)
    moments = random.Random(5)
    for _ in range(400):
        clock.now = moments.randrange(0, 2**33)
        for window in ("week", "month", 7):
            found = store.read(want(1, window))
            assert (found.since, found.until) == window_of(window, False).bounds(int(clock.now)), clock.now


@pytest.mark.parametrize("window", ["second", "minute", "hour", "day", "week", "month", 90])
def test_sliding(store: Any, clock: Clock, window: str | int) -> None:
    length = window_of(window, True).length
    for part in range(4):
        clock.now = NOON + part * length / 4
        admitted(store.reserve([want(4, window, sliding=True)]))
    clock.now = NOON + length - length / 10_000
    answer = refused(store.reserve([want(4, window, sliding=True)]))
    assert answer.room_at is not None
    assert 0 < answer.room_at - (NOON + length) <= length / 1000 + 1e-6, (
        "room again as soon as the first has left, or a grain later"
    )
    clock.now = answer.room_at - 0.0001
    refused(store.reserve([want(4, window, sliding=True)]))
    clock.now = answer.room_at
    admitted(store.reserve([want(4, window, sliding=True)]))
    second = refused(store.reserve([want(4, window, sliding=True)])).room_at
    assert second is not None and abs(second - answer.room_at - length / 4) <= length / 1000 + 1e-6
    clock.now = second + 10 * length
    assert store.read(want(4, window, sliding=True))[:2] == (0, 4)


def test_a_sliding_window_waits_for_as_many_as_it_takes(store: Any, clock: Clock) -> None:
    for part, amount in enumerate([1, 2, 3]):
        clock.now = NOON + part * 10
        admitted(store.reserve([want(6, "minute", amount, sliding=True)]))
    answer = refused(store.reserve([want(6, "minute", 3, sliding=True)]))
    assert answer.room_at == pytest.approx(NOON + 10 + 60.06)
    answer = refused(store.reserve([want(6, "minute", 4, sliding=True)]))
    assert answer.room_at == pytest.approx(NOON + 20 + 60.06)


def test_room_that_was_made_in_a_sliding_window_does_not_outlast_it(store: Any, clock: Clock) -> None:
    """An amount below zero leaves no later than a window after it came, though amounts above may stay a grain longer."""
    admitted(store.reserve([want(10, "minute", -5, sliding=True)]))
    clock.now = NOON + 30
    admitted(store.reserve([want(10, "minute", 15, sliding=True)]))
    clock.now = NOON + 60
    refused(store.reserve([want(10, "minute", 1, sliding=True)]))
    assert store.read(want(10, "minute", sliding=True)).counted == 15


def test_grains_stay_in_order_around_amounts_below_zero(store: Any, clock: Clock) -> None:
    """One below zero is counted a grain earlier, after others of this grain came: it must still leave first."""
    admitted(store.reserve([want(10, "minute", 1, sliding=True)]))
    admitted(store.reserve([want(10, "minute", -5, sliding=True)]))
    clock.now = NOON + 60
    assert store.read(want(10, "minute", sliding=True)).counted == 1


@pytest.mark.parametrize("sliding", [False, True])
def test_a_clock_that_jumps_admits_one_maximum_for_each_window_it_shows(
    store: Any, clock: Clock, sliding: bool
) -> None:
    moments = random.Random(9)
    times, windows = 0, set()
    for _ in range(150):
        clock.now = NOON + moments.choice([0, 1, 59, 60, 61, 120, 3600, 7200]) + moments.random()
        windows.add(clock.now // 60)
        times += not hasattr(store.reserve([want(3, sliding=sliding)]), "why")
    assert 0 < times <= 3 * len(windows)


@pytest.mark.parametrize("sliding", [False, True])
def test_a_clock_that_goes_back_reopens_nothing(store: Any, clock: Clock, sliding: bool) -> None:
    for _ in range(3):
        admitted(store.reserve([want(3, sliding=sliding)]))
    for back in (1, 61, 3600, 86400 * 40):
        clock.now = NOON - back
        answer = refused(store.reserve([want(3, sliding=sliding)]))
        assert answer.room_at is not None and answer.room_at >= NOON + 60
    clock.now = NOON + 61
    admitted(store.reserve([want(3, sliding=sliding)]))
