"""The two kinds of counters in memory: one number for an aligned window, grains for a sliding one.

The store's time never goes back, so neither do they. `counters.lua` does the same steps in the same order, so that fractions
round alike.
"""

from __future__ import annotations

from policyc.counters.windows import GRAINS, Window


class Aligned:
    """The sum of one aligned window, or of the one before it until `settle` moves on."""

    __slots__ = ("mark", "start", "stop", "total", "window")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.start = self.stop = 0
        self.total = 0.0
        self.mark = ""

    def settle(self, now_us: int, mark: str) -> None:
        """Move to the window of this moment. `mark` names the call that opens a new one."""
        now = now_us // 1_000_000
        if self.mark and now < self.stop:
            return
        self.start, self.stop = self.window.bounds(now)
        self.total, self.mark = 0.0, mark

    def slot(self, amount: float) -> int:
        """Where an amount is counted."""
        return self.start

    def add(self, slot: int, amount: float) -> None:
        """Count an amount."""
        self.total += amount

    def take_back(self, slot: int, mark: str, amount: float) -> bool:
        """Undo `add`, if its window lasts."""
        if mark != self.mark:  # each window has a mark of its own
            return False
        self.total -= amount
        return True

    def room_at(self, total: float, maximum: float) -> float | None:
        """When a new window begins."""
        return float(self.stop)

    def ended(self, now_us: int) -> bool:
        """Whether nothing that is counted here bears on a call from now on."""
        return now_us // 1_000_000 >= self.stop


class Sliding:
    """The sums of the last `GRAINS` grains and the current one.

    An amount leaves when its whole grain is older than the window, so up to a grain late. One below zero makes room, which
    must not last longer than the window: it is counted a grain earlier, and leaves up to a grain early.
    """

    __slots__ = ("grains", "mark", "newest", "total", "window")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.grains: dict[int, float] = {}  # in ascending order
        self.newest = 0
        self.total = 0.0
        self.mark = ""

    def settle(self, now_us: int, mark: str) -> None:
        """Drop the grains that have left the window. `mark` names the call that fills an empty one."""
        self.newest = now_us // self.window.grain
        first = self.newest - GRAINS
        while self.grains and (grain := next(iter(self.grains))) < first:
            self.total -= self.grains.pop(grain)
        if not self.grains:
            self.total, self.mark = 0.0, mark

    def slot(self, amount: float) -> int:
        """Where an amount is counted."""
        return self.newest if amount >= 0 else self.newest - 1

    def add(self, slot: int, amount: float) -> None:
        """Count an amount."""
        self.total += amount
        after = self.grains.pop(self.newest, None) if slot < self.newest and slot not in self.grains else None
        self.grains[slot] = self.grains.get(slot, 0.0) + amount
        if after is not None:
            self.grains[self.newest] = after

    def take_back(self, slot: int, mark: str, amount: float) -> bool:
        """Undo `add`, if its grain is still in the window."""
        if mark != self.mark or slot not in self.grains:
            return False
        self.total -= amount
        self.grains[slot] -= amount
        return True

    def room_at(self, total: float, maximum: float) -> float | None:
        """When enough grains have left for `total` to be at most the maximum."""
        for grain, amount in self.grains.items():
            total -= amount
            if total <= maximum:
                return (grain + GRAINS + 1) * self.window.grain / 1_000_000
        return None

    def ended(self, now_us: int) -> bool:
        """Whether nothing that is counted here bears on a call from now on."""
        return now_us // self.window.grain - GRAINS > self.newest


def cell_of(window: Window) -> Aligned | Sliding:
    """An empty counter."""
    return Sliding(window) if window.kind == "sliding" else Aligned(window)
