"""The arithmetic of windows against a calendar that is walked through."""

from __future__ import annotations

from datetime import UTC, datetime
from math import lcm

import pytest

from policyc.diagram.bounds import counters, fills, keeps_to
from policyc.diagram.windows import windows_met
from policyc.ir.model import WINDOWS, Limit, Path

WEEK, MONDAY, DAY = 7 * 86400, 4 * 86400, 86400
SIZES: tuple[str | int, ...] = ("minute", "hour", "day", "week", "month", 90, 40, 45, 7, 5400, 3 * DAY, 45 * DAY, WEEK)
AMOUNT = Path("args", ("amount",))


def start(at: int, window: str | int) -> int:
    """When the aligned window that holds a moment began."""
    if window == "month":
        day = datetime.fromtimestamp(at, UTC)
        return int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp())
    if window == "week":
        return (at - MONDAY) // WEEK * WEEK + MONDAY
    size = window if isinstance(window, int) else WINDOWS[window]
    return at // size * size


def after(began: int, window: str | int) -> int:
    """When the next one begins."""
    if window == "month":
        return start(began + 31 * DAY + DAY // 2, "month") if began else 31 * DAY
    return began + (window if isinstance(window, int) else WINDOWS[window])


def span_of(window: str | int, asked: str | int) -> int:
    """After how long everything has come about: a hundred years for calendar months."""
    sizes = [WINDOWS[w] if isinstance(w, str) else w for w in (window, asked)]
    return 100 * 366 * DAY if "month" in (window, asked) else lcm(*sizes)


def walked(window: str | int, asked: str | int) -> tuple[int, bool]:
    """The most windows that one asked-for window meets, and whether it always begins and ends where one does."""
    most, whole, at = 0, True, start(10 * 366 * DAY, asked)
    end = at + span_of(window, asked)
    while at < end:
        until = after(at, asked)
        began, last = start(at, window), start(until - 1, window)
        whole = whole and began == at and after(last, window) == until
        met = 1
        while began < last and window == "month":
            began, met = after(began, window), met + 1
        if window != "month":
            met += (last - began) // after(0, window)
        most, at = max(most, met), until
    return most, whole


PAIRS = [
    (window, asked) for window in SIZES for asked in SIZES
    if asked == "month" or span_of(window, asked) / (WINDOWS[asked] if isinstance(asked, str) else asked) < 100_000
]  # fmt: skip


@pytest.mark.parametrize(("window", "asked"), PAIRS)
def test_aligned_windows_that_one_window_meets(window: str | int, asked: str | int) -> None:
    most, whole = walked(window, asked)
    limit = Limit("c", 1, window)
    assert windows_met(limit, Limit("", 1, asked)) == most
    assert fills(limit, asked) == whole


def test_a_calendar_month_never_cuts_a_window_that_divides_a_day() -> None:
    assert [windows_met(Limit("c", 1, "month"), Limit("", 1, w)) for w in ("second", "minute", 90, 7)] == [1, 1, 1, 2]


def test_a_sliding_limit_covers_a_window_with_stretches_of_its_length() -> None:
    met = [
        windows_met(Limit("c", 1, w, sliding=True), Limit("", 1, a))
        for w, a in ((60, 60), (60, 61), (60, 3600), (90, 60))
    ]
    assert met == [1, 2, 60, 1]
    month = Limit("", 1, "month")
    assert windows_met(Limit("c", 1, "month", sliding=True), month) == 2  # 30 days, and a month may have 31
    assert not fills(Limit("c", 1, 60, sliding=True), 60)


def kept(limit: Limit, bound: Limit, negative: bool = False) -> bool:
    (counted,) = counters([(0, limit)])
    return keeps_to(counted, bound, negative)


@pytest.mark.parametrize(
    ("limit", "bound", "expected"),
    [
        (Limit("c", 30, "minute"), Limit("", 30, "minute", scope=()), True),
        (Limit("c", 31, "minute"), Limit("", 30, "minute", scope=()), False),
        (Limit("c", 31, "minute", step=2), Limit("", 15, "minute", scope=()), True),
        (Limit("c", 30, "minute"), Limit("", 1800, "hour", scope=()), True),
        (Limit("c", 30, "minute"), Limit("", 1799, "hour", scope=()), False),
        (Limit("c", 30, "hour"), Limit("", 30, "minute", scope=()), True),
        (Limit("c", 30, 90), Limit("", 59, "minute", scope=()), False),
        (Limit("c", 30, 90), Limit("", 60, "minute", scope=()), True),
        (Limit("c", 30, 90, sliding=True), Limit("", 30, "minute", scope=()), True),
        (Limit("c", 30, "minute", scope=("grant",)), Limit("", 30, "minute", scope=("grant", "user")), True),
        (Limit("c", 30, "minute", scope=("grant", "user")), Limit("", 30, "minute", scope=("grant",)), False),
        (Limit("c", 30, "minute", scope=("global",)), Limit("", 30, "minute", scope=("user",)), True),
        (Limit("c", 30, "minute", scope=("user",)), Limit("", 30, "minute", scope=("global",)), False),
        (Limit("c", 30, "minute", AMOUNT), Limit("", 30, "minute", scope=()), False),
        (Limit("c", 30, "minute"), Limit("", 30, "minute", AMOUNT, scope=()), False),
        (Limit("c", 30, "minute", AMOUNT), Limit("", 30, "minute", Path("args", ("fee",)), scope=()), False),
        (Limit("c", 30, "minute", AMOUNT, whole=True), Limit("", 30, "minute", AMOUNT, scope=()), False),
        (Limit("c", 2.5, "minute", AMOUNT), Limit("", 2.5, "minute", AMOUNT, scope=()), True),
        (Limit("c", 0, "minute"), Limit("", 1, "day", scope=()), True),
    ],
)  # fmt: skip
def test_what_one_limit_keeps_to(limit: Limit, bound: Limit, expected: bool) -> None:
    assert kept(limit, bound) is expected


def test_what_is_taken_back_makes_room_in_windows_that_do_not_make_up_the_bounds() -> None:
    limit = Limit("c", 10, "hour", AMOUNT)
    assert kept(limit, Limit("", 10, "minute", AMOUNT, scope=()))
    assert not kept(limit, Limit("", 10, "minute", AMOUNT, scope=()), negative=True)
    assert kept(limit, Limit("", 10, "hour", AMOUNT, scope=()), negative=True)
    assert kept(limit, Limit("", 240, "day", AMOUNT, scope=()), negative=True)


def test_limits_of_one_counter_count_together_and_the_largest_maximum_counts() -> None:
    low, high, other = (
        Limit(c, m, "minute", named=True)
        for c, m in (
            (
                "c",
                10,
            ),
            ("c", 20),
            ("d", 10),
        )
    )
    *alone, together = counters([(0, low), (1, high), (2, other)])
    assert [c.rules for c in alone] == [{0}, {1}, {2}] and together.rules == {0, 1}
    assert not keeps_to(together, Limit("", 19, "minute", scope=()), negative=False)
    assert keeps_to(together, Limit("", 20, "minute", scope=()), negative=False)
    assert len(counters([(0, low), (1, Limit("c", 10, "hour"))])) == 2
    *_, stepping = counters([(0, low), (1, Limit("c", 10, "minute", step=5))])
    assert not keeps_to(stepping, Limit("", 9, "minute", scope=()), negative=False)  # some add only 1
