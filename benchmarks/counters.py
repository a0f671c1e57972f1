"""How many calls a second the counters admit: `python -m benchmarks.counters [redis://…]`.

One process, one caller at a time; a call has two limits (a count by the minute, a sliding sum by the day). Rounds of memory and,
with a URL, of Redis are interleaved. The Redis given is written to, under a prefix of its own.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from secrets import token_hex

from policyc.counters.memory import MemoryCounters
from policyc.counters.model import Admitted, Counters
from policyc.runtime.decision import Limit, Reservation

CALLS, ROUNDS = 2000, 9


def wanted(name: str, window: str, sliding: bool) -> Reservation:
    """One counter to add to."""
    limit = Limit(name, "p", name, 10**9, window, sliding, ("grant",), "args", None, False, False, 1, None)
    return limit.reservation({}, {"grant": "g1"})


LIMITS = {
    "one aligned": [wanted("a", "minute", False)],
    "one sliding": [wanted("s", "day", True)],
    "two": [wanted("a", "minute", False), wanted("s", "day", True)],
}


def main() -> None:
    """Prints medians of all rounds."""
    stores: dict[str, Counters] = {"memory": MemoryCounters()}
    ping: Callable[[], object] | None = None
    if len(sys.argv) > 1:
        import redis

        from policyc.counters.redis import RedisCounters

        client = redis.Redis.from_url(sys.argv[1])
        stores["redis"], ping = RedisCounters(client, prefix=f"benchmark-{token_hex(4)}"), client.ping
    rates: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        for store_name, store in stores.items():
            for name, call in LIMITS.items():
                for ids in (False, True):
                    started = time.perf_counter()
                    for _ in range(CALLS):
                        answer = store.reserve(call, call_id=token_hex(8) if ids else None)
                        assert isinstance(answer, Admitted)
                    rate = CALLS / (time.perf_counter() - started)
                    rates.setdefault((store_name, name + (", with call_id" if ids else "")), []).append(rate)
        if ping is not None:
            started = time.perf_counter()
            for _ in range(CALLS):
                ping()
            rates.setdefault(("redis", "PING, for comparison"), []).append(CALLS / (time.perf_counter() - started))
    for (store_name, name), found in rates.items():
        print(f"{store_name:8} {name:28} {statistics.median(found):10,.0f} calls/s")


if __name__ == "__main__":
    main()
