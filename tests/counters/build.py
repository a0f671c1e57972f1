"""Limits, reservations, and stores of every kind behind one face."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis
import redis.asyncio

from policyc.counters.memory import AsyncMemoryCounters, MemoryCounters
from policyc.counters.model import Admitted, AsyncCounters, Reading, Receipt, Refunded, Refused
from policyc.counters.redis import AsyncRedisCounters, RedisCounters
from policyc.runtime.decision import Limit, Reservation

KINDS = ("memory", "async memory", "redis", "async redis")


def at(text: str) -> float:
    """Seconds since 1970 of a moment such as "2026-01-15T10:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


NOON = at("2026-01-15T12:00")


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


def limit(name: str, maximum: float, window: str | int, *, sliding: bool = False, scope: tuple[str, ...] = ()) -> Limit:
    return Limit(name, "p", name, maximum, window, sliding, scope, "args", None, False, False, 1, f"too much of {name}")


def want(
    maximum: float, window: str | int = "minute", amount: float = 1, *, name: str = "c", sliding: bool = False, scope: tuple[str, ...] = ()
) -> Reservation:  # fmt: skip
    """One counter to add to."""
    of = limit(name, maximum, window, sliding=sliding)
    return Reservation(("p", name, str(window), *scope), amount, maximum, window, sliding, of)


class Blocking:
    """Awaited counters as if they were not."""

    def __init__(self, counters: AsyncCounters, runner: asyncio.Runner) -> None:
        self._counters = counters
        self._runner = runner

    def reserve(self, reservations: Sequence[Reservation], *, call_id: str | None = None) -> Admitted | Refused:
        return self._runner.run(self._counters.reserve(reservations, call_id=call_id))

    def refund(self, receipt: Receipt) -> Refunded:
        return self._runner.run(self._counters.refund(receipt))

    def read(self, reservation: Reservation) -> Reading:
        return self._runner.run(self._counters.read(reservation))

    def reset(self, reservation: Reservation) -> None:
        self._runner.run(self._counters.reset(reservation))

    def close(self) -> None:
        if isinstance(self._counters, AsyncRedisCounters):
            self._runner.run(self._counters.aclose())


def make(kind: str, clock: Clock, url: str, prefix: str, runner: asyncio.Runner, **options: Any) -> Any:
    """An empty store of one of KINDS."""
    if kind == "memory":
        return MemoryCounters(clock=clock, **options)
    if kind == "async memory":
        return Blocking(AsyncMemoryCounters(MemoryCounters(clock=clock, **options)), runner)
    options |= {"clock": clock, "prefix": prefix}
    if kind == "redis":
        return RedisCounters(redis.Redis.from_url(url), **options)
    return Blocking(AsyncRedisCounters(redis.asyncio.Redis.from_url(url), **options), runner)


def admitted(answer: Admitted | Refused) -> Admitted:
    assert isinstance(answer, Admitted), answer
    assert answer.uncounted is None
    return answer


def refused(answer: Admitted | Refused) -> Refused:
    assert isinstance(answer, Refused), answer
    return answer
