"""What each process of the torture tests does. Run as a module, so that a process imports little."""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

from policyc.counters.model import Refused
from policyc.counters.redis import RedisCounters
from tests.counters.build import want

LONG = 2_000_000_000
"""Seconds of a window that does not end while a test runs."""


def until_full(store: RedisCounters, number: int) -> dict[str, Any]:
    """Reserve until the limit has refused ten times in a row."""
    admitted = refused = 0
    while refused < 10:
        answer = store.reserve([want(2000, LONG), want(10**6, LONG, 3, name="sum", sliding=True)])
        if isinstance(answer, Refused):
            assert answer.why == "limit", answer
            refused += 1
        else:
            admitted += 1
            refused = 0
    return {"admitted": admitted}


def with_refunds(store: RedisCounters, number: int) -> dict[str, Any]:
    """Reserve amounts and give some back; says what it kept. The calls it makes at once never pass the maximum."""
    choices = random.Random(number)
    held = []
    for _ in range(400):
        amount = choices.choice([1, 2, 5, 0.5, -0.5])
        answer = store.reserve([want(60, LONG, amount), want(10**6, LONG, name="count")])
        if not isinstance(answer, Refused):
            held.append((amount, answer.receipt))
        if held and choices.random() < 0.6:
            _, receipt = held.pop(choices.randrange(len(held)))
            assert store.refund(receipt).counters == 2
    return {"sum": sum(amount for amount, _ in held), "count": len(held)}


def through_a_crash(store: RedisCounters, number: int) -> dict[str, Any]:
    """Reserve until full; a call that got no answer is sent again under its id until it gets one."""
    admitted = refused = unanswered = call = 0
    while refused < 10:
        answer = store.reserve(
            [want(3000, LONG), want(3000, LONG, name="second", sliding=True)], call_id=f"{number}-{call}"
        )
        if isinstance(answer, Refused) and answer.why == "store":
            unanswered += 1
            time.sleep(0.01)
            continue
        call += 1
        if isinstance(answer, Refused):
            refused += 1
        else:
            admitted += 1
            refused = 0
    return {"admitted": admitted, "unanswered": unanswered}


if __name__ == "__main__":
    what, url, who = sys.argv[1:]
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(globals()[what](RedisCounters.from_url(url, timeout=5), int(who))))
