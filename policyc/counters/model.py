"""What a gateway and a store of counters say to each other.

answer = counters.reserve(limits.reservation(...) of decision.limits, call_id=...)
if isinstance(answer, Refused): deny with answer.message
else: forward the call; if the upstream fails: counters.refund(answer.receipt)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from policyc.runtime.decision import Limit, Reservation

OnFailure = Literal["deny", "allow"]
"""What becomes of a call when the store cannot be reached."""

KEEP: Final = 3600
"""Seconds for which the answer to a call with a `call_id` is kept, unless a store is told otherwise."""


class StoreUnavailable(Exception):
    """The store of the counters did not answer, or not in time. `reserve` and `refund` turn it into an answer; `read` and
    `reset` raise it."""


class Counted(NamedTuple):
    """What one reservation added, as plain JSON values. `slot`: when its window began, in seconds since 1970, or, in a sliding
    window, the number of the grain that it is counted in. `mark`: whose call opened the counter, so that one that was reset
    and filled anew is not taken for it."""

    counter: str
    window: str | int
    sliding: bool
    slot: int
    mark: str
    amount: float


class Receipt(NamedTuple):
    """What `refund` gives back. Plain values, so that it may wait elsewhere until a held call is decided. `call`: the name of the
    call's record, None for a call without a `call_id`."""

    id: str
    call: str | None
    counted: tuple[Counted, ...]


class Admitted(NamedTuple):
    """The call has room in all its limits, and they have counted it. `repeated`: they did so when the same `call_id` came before.
    `uncounted`: None, or why nothing was counted (the store did not answer, and is configured to let calls pass then)."""

    receipt: Receipt
    repeated: bool = False
    uncounted: str | None = None


class Refused(NamedTuple):
    """Nothing was counted, and the call must not go ahead.

    `why`: "limit" (it has no room), "uncountable" (the amount cannot be counted exactly, or the limit is malformed), "store" (it
    did not answer, or has no room for another counter). `message`: a sentence for a log. `limit`: the first that refuses, None
    for "store". `left`: what it still has room for. `room_at`: the first moment, in seconds since 1970 (UTC), when it has room
    for this call if nothing else happens; None when it never has, or when that cannot be said.
    """

    why: Literal["limit", "uncountable", "store"]
    message: str
    limit: Limit | None = None
    left: int | float | None = None
    room_at: int | float | None = None
    repeated: bool = False


class Refunded(NamedTuple):
    """`counters`: how many counters have their amounts back. `problem`: why it is not all of them, None when it is."""

    counters: int
    problem: str | None = None


class Reading(NamedTuple):
    """What is counted now. `since`, `until`: the counter's window in seconds since 1970; a sliding one has no `until`."""

    counted: int | float
    left: int | float
    since: int | float
    until: int | None


class Counters(Protocol):
    """A store of counters. Safe to share among threads. No method raises for what a policy or a caller wrote."""

    def reserve(self, reservations: Sequence[Reservation], *, call_id: str | None = None) -> Admitted | Refused:
        """Count a call in all its limits, in one atomic step, or in none. To be asked after every stateless check.

        `call_id` names the call among its retries: one with the same id and the same reservations gets the first one's answer
        and is not counted again. It must come from the gateway: whoever chooses it can repeat a call uncounted.
        """
        ...

    def refund(self, receipt: Receipt) -> Refunded:
        """Give back what a call reserved that did not happen, in the windows that still last, once."""
        ...

    def read(self, reservation: Reservation) -> Reading:
        """What is counted now where the reservation would count. Raises StoreUnavailable, and ValueError for an unknown window."""
        ...

    def reset(self, reservation: Reservation) -> None:
        """Forget what is counted there, by an operator's hand. Raises as `read` does."""
        ...


class AsyncCounters(Protocol):
    """`Counters` whose methods are awaited. A call that is cancelled while it waits may have been counted."""

    async def reserve(self, reservations: Sequence[Reservation], *, call_id: str | None = None) -> Admitted | Refused:
        """As in `Counters`."""
        ...

    async def refund(self, receipt: Receipt) -> Refunded:
        """As in `Counters`."""
        ...

    async def read(self, reservation: Reservation) -> Reading:
        """As in `Counters`."""
        ...

    async def reset(self, reservation: Reservation) -> None:
        """As in `Counters`."""
        ...
