"""The arithmetic of windows against counting, and against a calendar."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from policyc.diagram.windows import keeps_below, windows_met
from policyc.ir.model import WINDOWS, Limit, Path
from tests.lint.rules.counting import Counters, Time, start_of

WHO = {"grant": "g"}
HALF = Fraction(1, 2)
DAY = 86_400


def most_counted(tighter: Limit, limit: Limit) -> int | float:
    """The most that one window of `limit` counts of what `tighter` lets through: in every window of a whole period, calls come in
    at every half second, as many as there is room for."""
    inner, outer = int(tighter.window), int(limit.window)
    starts: list[Time] = [Fraction(n, 2) for n in range(4 * inner * outer)] if limit.sliding else [
        n * outer for n in range(2 * inner)
    ]  # fmt: skip
    most = 0
    for start in starts:
        counters, counted = Counters(), 0
        for tick in range(2 * outer):
            at = start + tick * HALF
            if limit.sliding:
                at += HALF  # its beginning does not count
            while counters.reserve([(tighter, tighter.step)], WHO, at):
                counted += limit.step
        most = max(most, counted)
    return most


@pytest.mark.parametrize("sliding", [(a, b) for a in (False, True) for b in (False, True)])
def test_windows_of_seconds_meet_as_many_as_counting_says(sliding: tuple[bool, bool]) -> None:
    for inner in range(1, 7):
        for outer in range(1, 9):
            tighter, limit = Limit("a", 1, inner, sliding=sliding[0]), Limit("b", 1, outer, sliding=sliding[1])
            assert windows_met(tighter, limit) == most_counted(tighter, limit), (inner, outer)


def test_a_limit_is_kept_below_exactly_when_no_burst_exceeds_it() -> None:
    rng = random.Random(11)
    said = [0, 0]
    for _ in range(600):
        tighter = Limit(
            "a", rng.randint(1, 7), rng.randint(1, 4), step=rng.choice((1, 1, 2, 3)), sliding=rng.random() < 0.4
        )
        limit = Limit(
            "b", rng.randint(1, 24), rng.randint(1, 6), step=rng.choice((1, 1, 2)), sliding=rng.random() < 0.4
        )
        below = keeps_below(tighter, limit)
        assert below == (most_counted(tighter, limit) <= limit.maximum), (tighter, limit)
        said[below] += 1
    assert min(said) > 100


def windows_from(limit: Limit, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    """The aligned windows that begin in a span of time, by the calendar."""
    out = []
    at = first
    if limit.window == "month":
        at = first.replace(day=1, hour=0, minute=0, second=0)
        while at < last:
            end = (at + timedelta(days=32)).replace(day=1)
            out.append((at, end))
            at = end
        return out
    length = timedelta(seconds=WINDOWS[limit.window] if isinstance(limit.window, str) else limit.window)
    at = datetime.fromtimestamp(int(start_of(limit, int(first.timestamp()))), UTC)
    while at < last:
        out.append((at, at + length))
        at += length
    return out


EXACT = [("day", "week"), ("day", "month"), ("week", "month"), ("month", "month"), ("month", "week"), ("month", "day"),
         ("week", 604_800), (604_800, "week"), (302_400, "week"), ("week", "week"), ("week", "day"), (3 * DAY, "week"),
         ("hour", 90_000), (90_000, "day"), (36 * 3600, 2 * DAY)]  # fmt: skip
BOUNDED = [("month", 30 * DAY), ("month", 61 * DAY), ("month", 90 * DAY), ("month", 90_000), (5 * DAY, "month")]


@pytest.mark.parametrize(("inner", "outer"), EXACT + BOUNDED)
def test_calendar_windows_meet_no_more_than_is_said(inner: str | int, outer: str | int) -> None:
    tighter, limit = Limit("a", 1, inner), Limit("b", 1, outer)
    first, last = datetime(2023, 1, 1, tzinfo=UTC), datetime(2033, 1, 1, tzinfo=UTC)
    inside = windows_from(tighter, first - timedelta(days=70), last + timedelta(days=140))
    most = at = 0
    for start, end in windows_from(limit, first, last):
        while inside[at][1] <= start:
            at += 1
        met = sum(1 for a, _ in inside[at : at + 2000] if a < end)
        most = max(most, met)
    assert most <= windows_met(tighter, limit)
    if (inner, outer) in EXACT:
        assert most == windows_met(tighter, limit)


def test_a_window_of_thirty_days_may_meet_three_months() -> None:
    assert windows_met(Limit("a", 1, "month"), Limit("b", 1, 30 * DAY)) == 3  # the end of January, February, March


def test_scopes_and_what_is_counted_must_fit() -> None:
    tight, wide = Limit("a", 1, 60, scope=("grant",)), Limit("b", 100, 60, scope=("grant", "user"))
    assert keeps_below(tight, wide) and not keeps_below(Limit("a", 1, 60, scope=("user",)), Limit("b", 100, 60))
    assert keeps_below(Limit("a", 1, 60, scope=("global",)), Limit("b", 100, 60, scope=("user",)))
    amount = Path("args", ("amount",))
    assert not keeps_below(tight, Limit("b", 100, 60, amount=amount))
    assert not keeps_below(Limit("a", 1, 60, amount=amount), Limit("b", 100, 60, amount=Path("args", ("total",))))
    assert keeps_below(Limit("a", 5, 60, amount=amount), Limit("b", 5, 60, amount=amount))
