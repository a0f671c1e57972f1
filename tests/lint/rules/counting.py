"""Limits counted the slow and obvious way: every admitted call is kept, and a window is looked through again for each new one."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from policyc.ir.model import WINDOWS, Limit

Time = int | Fraction
MONDAY = 4 * 86_400


def start_of(limit: Limit, at: Time) -> Time:
    """When the window that a time lies in began; for a sliding one the last moment that does not count any more."""
    length = WINDOWS[limit.window] if isinstance(limit.window, str) else limit.window
    if limit.sliding:
        return at - length
    first = MONDAY if limit.window == "week" else 0
    return first + (at - first) // length * length


@dataclass
class Counters:
    """What was let through: (counter, scope values, time, amount)."""

    counted: list[tuple[str, tuple[str, ...], Time, int | float]] = field(default_factory=list)

    def room(self, limit: Limit, who: dict[str, str], at: Time, amount: int | float) -> bool:
        """Whether the counter, after adding, is at most the maximum."""
        start, scope = start_of(limit, at), tuple(who[s] for s in limit.scope)
        before = sum(
            n for c, s, t, n in self.counted
            if (c, s) == (limit.counter, scope) and (t > start if limit.sliding else t >= start)
        )  # fmt: skip
        return before + amount <= limit.maximum

    def reserve(self, limits: list[tuple[Limit, int | float]], who: dict[str, str], at: Time) -> bool:
        """All or none."""
        if not all(self.room(limit, who, at, amount) for limit, amount in limits):
            return False
        for limit, amount in limits:
            self.counted.append((limit.counter, tuple(who[s] for s in limit.scope), at, amount))
        return True
