"""The script that Redis runs: what it is sent, and what its answers mean. Imports no client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, NamedTuple

from policyc.counters.entries import (
    AGAIN,
    OVER,
    RETRIED,
    UNKNOWN,
    Entry,
    call_name,
    entry_of,
    raw,
    reading,
    receipt_of,
    refusal,
)
from policyc.counters.model import Admitted, Reading, Receipt, Refunded, Refused
from policyc.counters.windows import window_of
from policyc.runtime.decision import Reservation

SCRIPT: Final = Path(__file__).with_name("counters.lua").read_text(encoding="utf-8")
_PROBLEMS: Final = {"refunded": AGAIN, "unknown": UNKNOWN, "retried": RETRIED}


class Command(NamedTuple):
    """What one run of the script gets: the number of keys, and then keys and arguments."""

    keys: int
    rest: tuple[bytes | str, ...]


class Script:
    """The commands of one set of counters.

    All keys begin with the prefix in braces, so that Redis Cluster keeps them in one slot, where one script can reach them.
    """

    def __init__(self, prefix: str, keep: int, clock: Callable[[], float] | None) -> None:
        """Raises ValueError for a prefix with braces or none at all, and for an answer kept for less than a second."""
        if not prefix or "{" in prefix or "}" in prefix:
            raise ValueError(f"{prefix!r} is no prefix for counters: expected a text without braces")
        if type(keep) is not int or keep < 1:
            raise ValueError(f"answers cannot be kept for {keep!r}: expected a number of seconds, at least 1")
        self._prefix = f"{{{prefix}}}:"
        self._keep = str(keep)
        self._clock = clock

    def reserve(self, entries: Sequence[Entry], call_id: str | None) -> tuple[Command, str | None]:
        """Reserve; with the name of the call's record."""
        call = None if call_id is None else call_name(call_id, entries)
        keys = [self._key("count", e.name) for e in entries] + ([] if call is None else [self._key("call", call)])
        fields = [[*map(str, e.window), repr(e.amount), repr(e.maximum), ""] for e in entries]
        return self._command("reserve", token_hex(16), keys, fields), call

    def refund(self, receipt: Receipt) -> Command:
        """Give back."""
        keys = [self._key("count", c.counter) for c in receipt.counted] + [self._key("refund", receipt.id)]
        if receipt.call is not None:
            keys.append(self._key("call", receipt.call))
        fields = [
            [*map(str, window_of(c.window, c.sliding)), repr(c.amount), str(c.slot), c.mark] for c in receipt.counted
        ]
        return self._command("refund", receipt.id, keys, fields)

    def read(self, reservation: Reservation) -> Command:
        """Read. Raises ValueError for what cannot be counted."""
        entry = entry_of(reservation)
        return self._command("read", "", [self._key("count", entry.name)], [[*map(str, entry.window), "", "", ""]])

    def key(self, reservation: Reservation) -> bytes:
        """The key of a counter. Raises ValueError for what cannot be counted."""
        return self._key("count", entry_of(reservation).name)

    def _key(self, kind: str, name: str) -> bytes:
        return raw(f"{self._prefix}{kind}:{name}")

    def _command(self, verb: str, receipt_id: str, keys: list[bytes], fields: list[list[str]]) -> Command:
        now = "" if self._clock is None else str(round(self._clock() * 1_000_000))
        head = (verb, now, str(len(fields)), receipt_id, self._keep)
        return Command(len(keys), (*keys, *head, *(value for row in fields for value in row)))


def reserved(
    answer: Any, reservations: Sequence[Reservation], entries: Sequence[Entry], call: str | None
) -> Admitted | Refused:
    """What the script says to `Script.reserve`. Raises ValueError for another script's answer, as the others do."""
    repeated, status, first, *rest = _texts(answer)
    if status == "admitted":
        slots = [(int(slot), mark) for slot, mark in zip(rest[::2], rest[1::2], strict=True)]
        return Admitted(receipt_of(first, call, reservations, entries, slots), repeated == "again")
    left, room_at = rest
    refused = refusal(reservations[int(first) - 1], status, float(left), float(room_at) if room_at else None)
    return refused._replace(repeated=repeated == "again")


def refunded(answer: Any, receipt: Receipt) -> Refunded:
    """What the script says to `Script.refund`."""
    status, *rest = _texts(answer)
    if status in _PROBLEMS:
        return Refunded(0, _PROBLEMS[status])
    given = int(rest[0])
    return Refunded(given, None if given == len(receipt.counted) else OVER)


def what_it_reads(answer: Any, reservation: Reservation) -> Reading:
    """What the script says to `Script.read`."""
    counted, since, until = _texts(answer)
    return reading(entry_of(reservation), float(counted), float(since), int(until) if until else None)


def _texts(answer: Any) -> list[str]:
    return [part.decode() if isinstance(part, bytes) else str(part) for part in answer]
