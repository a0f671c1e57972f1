"""Counters in the memory of one process: the embedded default. They end with the process, and no other process sees them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from secrets import token_hex
from threading import Lock
from typing import Final, NamedTuple

from policyc.counters.cells import Aligned, Sliding, cell_of
from policyc.counters.entries import (
    AGAIN,
    EMPTY,
    EXACT,
    NOTHING,
    OVER,
    RETRIED,
    UNKNOWN,
    Entry,
    call_name,
    entries_of,
    entry_of,
    reading,
    receipt_of,
    refusal,
)
from policyc.counters.model import KEEP, Admitted, Reading, Receipt, Refunded, Refused
from policyc.counters.windows import GRAINS, window_of
from policyc.runtime.decision import Reservation

FEWEST: Final = 1024
"""Nothing is swept while fewer things are kept."""


class _Record(NamedTuple):
    """A kept answer. `times`: how often it was given."""

    answer: Admitted | Refused
    times: int
    until_us: float


class MemoryCounters:
    """`Counters` of one process; see `policyc.counters.model`.

    Time is the clock's, but never goes back. What has ended is dropped whenever the number of things kept has doubled since the
    last time, so that memory is bounded by what lasts; when `most` things last, calls that need another are refused.
    """

    def __init__(self, *, keep: int = KEEP, most: int = 1_000_000, clock: Callable[[], float] = time.time) -> None:
        """`keep`: seconds for which the answer to a call with a `call_id` is kept. `most`: how many counters, kept answers and
        refunds there may be. `clock`: seconds since 1970 (UTC)."""
        self._keep_us = keep * 1_000_000
        self._most = most
        self._clock = clock
        self._now_us = 0
        self._lock = Lock()
        self._cells: dict[str, Aligned | Sliding] = {}
        self._records: dict[str, _Record] = {}
        self._refunded: dict[str, int] = {}
        self._sweep_at = min(FEWEST, most)
        self._sweep_from_us = 0  # a full store is swept once a second, not at every call

    def reserve(self, reservations: Sequence[Reservation], *, call_id: str | None = None) -> Admitted | Refused:
        """As `Counters.reserve`. Never raises."""
        if not reservations:
            return Admitted(NOTHING)
        entries = entries_of(reservations)
        if isinstance(entries, Refused):
            return entries
        call = None if call_id is None else call_name(call_id, entries)
        with self._lock:
            now_us = self._time()
            if call is not None and (record := self._records.get(call)) is not None and now_us < record.until_us:
                self._records[call] = record._replace(times=record.times + 1)
                return record.answer._replace(repeated=True)
            if not self._has_space(len({e.name for e in entries} - self._cells.keys()) + (call is not None)):
                problem = f"the counters' store is full: it keeps {self._most} counters and answers at most"
                return Refused("store", problem)
            answer = self._count(reservations, entries, call)
            if call is not None:
                stands = answer.room_at if isinstance(answer, Refused) and answer.room_at is not None else float("inf")
                self._records[call] = _Record(answer, 1, min(now_us + self._keep_us, stands * 1_000_000))
            return answer

    def refund(self, receipt: Receipt) -> Refunded:
        """As `Counters.refund`. Never raises."""
        if not receipt.counted:
            return Refunded(0, EMPTY)
        with self._lock:
            now_us = self._time()
            if receipt.id in self._refunded:
                return Refunded(0, AGAIN)
            if receipt.call is not None:
                problem = self._forget_call(receipt.call, receipt.id)
                if problem is not None:
                    return Refunded(0, problem)
            longest = max(window_of(c.window, c.sliding).length for c in receipt.counted)
            self._refunded[receipt.id] = now_us + 2 * longest * 1_000_000  # no window of it lasts longer
            given = 0
            for counted in receipt.counted:
                cell = self._cells.get(counted.counter)
                if cell is not None:
                    cell.settle(now_us, "")
                    given += cell.take_back(counted.slot, counted.mark, counted.amount)
            return Refunded(given, None if given == len(receipt.counted) else OVER)

    def read(self, reservation: Reservation) -> Reading:
        """As `Counters.read`. Raises ValueError for what cannot be counted."""
        entry = entry_of(reservation)
        with self._lock:
            now_us = self._time()
            cell = self._cells.get(entry.name) or cell_of(entry.window)
            cell.settle(now_us, "")
            if isinstance(cell, Aligned):
                return reading(entry, cell.total, cell.start, cell.stop)
            return reading(entry, cell.total, (cell.newest - GRAINS) * entry.window.grain / 1_000_000, None)

    def reset(self, reservation: Reservation) -> None:
        """As `Counters.reset`. Raises ValueError for what cannot be counted."""
        with self._lock:
            self._cells.pop(entry_of(reservation).name, None)

    def _time(self) -> int:
        """Microseconds since 1970, never fewer than before."""
        self._now_us = max(self._now_us, round(self._clock() * 1_000_000))
        return self._now_us

    def _count(self, reservations: Sequence[Reservation], entries: list[Entry], call: str | None) -> Admitted | Refused:
        """Count all entries, or none."""
        receipt_id = token_hex(16)
        totals: dict[str, float] = {}
        own: dict[str, float] = {}
        for reservation, entry in zip(reservations, entries, strict=True):
            name, amount, maximum = entry.name, entry.amount, entry.maximum
            cell = self._cells.get(name)
            if cell is None:
                cell = self._cells[name] = cell_of(entry.window)
            if name not in totals:
                cell.settle(self._now_us, receipt_id)
            before = totals.get(name, cell.total)
            total = totals[name] = before + amount
            alone = own[name] = own.get(name, 0.0) + amount
            if total > maximum:
                room_at = cell.room_at(total, maximum) if alone <= maximum else None
                return refusal(reservation, "limit", maximum - before, room_at)
            if abs(total) > EXACT or (total == before and amount):
                return refusal(reservation, "uncountable", maximum - before, None)
        slots = []
        for entry in entries:
            cell = self._cells[entry.name]
            slot = cell.slot(entry.amount)
            cell.add(slot, entry.amount)
            slots.append((slot, cell.mark))
        return Admitted(receipt_of(receipt_id, call, reservations, entries, slots))

    def _forget_call(self, call: str, receipt_id: str) -> str | None:
        """Drop a call's record, so that a retry is counted anew; or say why the call must stay counted."""
        record = self._records.get(call)
        if record is None or self._now_us >= record.until_us or not isinstance(record.answer, Admitted):
            return UNKNOWN
        if record.answer.receipt.id != receipt_id:
            return UNKNOWN
        if record.times > 1:
            return RETRIED
        del self._records[call]
        return None

    def _has_space(self, more: int) -> bool:
        kept = self._kept() + more
        if kept > self._sweep_at and self._now_us >= self._sweep_from_us:
            now_us = self._now_us
            self._cells = {name: cell for name, cell in self._cells.items() if not cell.ended(now_us)}
            self._records = {name: record for name, record in self._records.items() if now_us < record.until_us}
            self._refunded = {name: until for name, until in self._refunded.items() if now_us < until}
            kept = self._kept() + more
            self._sweep_at = min(max(FEWEST, 2 * kept), self._most)
            self._sweep_from_us = now_us + 1_000_000 if kept > self._most else 0
        return kept <= self._most

    def _kept(self) -> int:
        return len(self._cells) + len(self._records) + len(self._refunded)


class AsyncMemoryCounters:
    """`MemoryCounters` for `AsyncCounters`. Nothing waits: counting takes microseconds."""

    def __init__(self, counters: MemoryCounters | None = None) -> None:
        """`counters`: those to count in; new ones when left out."""
        self._counters = counters or MemoryCounters()

    async def reserve(self, reservations: Sequence[Reservation], *, call_id: str | None = None) -> Admitted | Refused:
        """As `Counters.reserve`."""
        return self._counters.reserve(reservations, call_id=call_id)

    async def refund(self, receipt: Receipt) -> Refunded:
        """As `Counters.refund`."""
        return self._counters.refund(receipt)

    async def read(self, reservation: Reservation) -> Reading:
        """As `Counters.read`."""
        return self._counters.read(reservation)

    async def reset(self, reservation: Reservation) -> None:
        """As `Counters.reset`."""
        self._counters.reset(reservation)
