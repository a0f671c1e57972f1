"""Windows as counters keep them: their boundaries in UTC, and the grains of a sliding one.

`counters.lua` has the same arithmetic; the tests hold the two together.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000}
"""Lengths of the named windows; a month's is its length when it slides."""
MONDAY: Final = 4 * 86_400
"""When a week began, in seconds since 1970, which began on a Thursday."""
GRAINS: Final = 1000
"""A sliding window is counted in this many parts and one: an amount leaves it at most one part late."""
LONGEST: Final = 2**31
"""The longest window, in seconds: 68 years."""


class Window(NamedTuple):
    """One kind of window. `kind`: "aligned" (`length` seconds from `offset`), "month" (the calendar's) or "sliding"."""

    kind: str
    length: int
    offset: int

    def bounds(self, now: int) -> tuple[int, int]:
        """When the aligned window around `now` begins, and when the next one does, in seconds since 1970."""
        if self.kind == "month":
            day = datetime.fromtimestamp(now, UTC)
            first = datetime(day.year, day.month, 1, tzinfo=UTC)
            following = datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=UTC)
            return int(first.timestamp()), int(following.timestamp())
        start = now - (now - self.offset) % self.length
        return start, start + self.length

    @property
    def grain(self) -> int:
        """The microseconds of one part of a sliding window."""
        return self.length * 1_000_000 // GRAINS


def window_of(window: str | int, sliding: bool) -> Window:
    """The window of a limit. Raises ValueError for a name or a number of seconds that is none."""
    length = SECONDS.get(window, 0) if isinstance(window, str) else window
    if type(length) is not int or not 0 < length <= LONGEST:
        raise ValueError(f"{window!r} is no window: expected one of {', '.join(SECONDS)}, or a number of seconds")
    if sliding:
        return Window("sliding", length, 0)
    if window == "month":
        return Window("month", length, 0)
    return Window("aligned", length, MONDAY if window == "week" else 0)
