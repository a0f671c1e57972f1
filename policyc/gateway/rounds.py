"""Calls that come in several legs: what an earlier leg came to, kept until the next one asks for it, once.

MCP from 2026-07-28 has no way back from a server to its client: who needs an answer returns `input_required`, and the client sends the
same call again with it. The mark that goes out and comes back names what is kept here; it is good for one use, for the same call by
the same caller, and for a while.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

from policyc.gateway.verdict import Call, Verdict

SECONDS: Final = 600.0
"""For which a leg is kept; FastMCP lets the state that a client carries live as long."""
MOST: Final = 10_000
"""Legs that are kept at once; the oldest makes room."""


class _Leg(NamedTuple):
    verdict: Verdict
    until: float


class Rounds:
    """What is kept of earlier legs. For one event loop."""

    def __init__(self, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._legs: dict[bytes, _Leg] = {}

    def keep(self, verdict: Verdict, mark: str) -> str:
        """Keep a verdict for the call's next leg under a mark, which it gives back."""
        now = self._clock()
        while self._legs and (len(self._legs) >= MOST or next(iter(self._legs.values())).until <= now):
            del self._legs[next(iter(self._legs))]
        name = _name(mark, verdict.call)
        self._legs.pop(name, None)
        self._legs[name] = _Leg(verdict, now + self._seconds)
        return mark

    def take(self, mark: str, call: Call) -> Verdict | None:
        """What was kept under the mark, if it is of the same call by the same caller and not too old. It is gone then."""
        leg = self._legs.pop(_name(mark, call), None)
        return None if leg is None or leg.until <= self._clock() else leg.verdict


def _name(mark: str, call: Call) -> bytes:
    what = [mark, call.policy, call.server, call.tool, call.arguments, call.context]
    return sha256(json.dumps(what, sort_keys=True, default=repr).encode()).digest()
