"""Reservations as stores count them: checked, with one name for each counter and doubles for amounts."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from math import isfinite
from typing import Final, NamedTuple

from policyc.counters.model import Admitted, Counted, OnFailure, Reading, Receipt, Refused
from policyc.counters.windows import Window, window_of
from policyc.runtime.decision import Reservation

EXACT: Final = float(2**53)
"""Beyond it doubles skip integers, so neither an amount nor a counter goes there."""
LONGEST_NAME: Final = 300
NOTHING: Final = Receipt("", None, ())
EMPTY: Final = "nothing was counted"
AGAIN: Final = "it was refunded before"
OVER: Final = "the window of a counter has ended, or it was reset"
UNKNOWN: Final = "the call's record is no longer kept, or belongs to another attempt"
RETRIED: Final = "the call was retried, and another attempt may have gone through"


class Entry(NamedTuple):
    """One reservation, ready to be counted."""

    name: str
    window: Window
    amount: float
    maximum: float


def counter_name(reservation: Reservation) -> str:
    """The name of a counter: its kind of window, and every part of its key after the part's length, so that no text in one part
    can pass for another. A long one is known by its SHA-256."""
    parts = "".join(f"{len(part)}:{part}," for part in reservation.key)
    name = f"{'sliding' if reservation.sliding else 'aligned'}/{reservation.window}/{parts}"
    return name if len(name) <= LONGEST_NAME else f"sha256/{sha256(raw(name)).hexdigest()}"


def raw(text: str) -> bytes:
    """The bytes of any text, lone surrogates included, different for different texts."""
    return text.encode("utf-8", "surrogatepass")


def entry_of(reservation: Reservation) -> Entry:
    """Raises ValueError, with a sentence, for what cannot be counted exactly."""
    window = window_of(reservation.window, reservation.sliding)
    for what, number in (("amount", reservation.amount), ("maximum", reservation.maximum)):
        if type(number) not in (int, float) or (type(number) is float and not isfinite(number)):
            raise ValueError(f"the {what} is not a number")
        if abs(number) > EXACT:
            raise ValueError(f"the {what} is beyond 2^53 and cannot be counted exactly")
    return Entry(counter_name(reservation), window, float(reservation.amount), float(reservation.maximum))


def entries_of(reservations: Sequence[Reservation]) -> list[Entry] | Refused:
    """All reservations of a call, or the refusal of the first that cannot be counted."""
    entries = []
    for reservation in reservations:
        try:
            entries.append(entry_of(reservation))
        except ValueError as error:
            limit = reservation.limit
            return Refused("uncountable", f"limit `{limit.id}` cannot count this call: {error}", limit)
    return entries


def call_name(call_id: str, entries: Sequence[Entry]) -> str:
    """The name of a call's record. What is counted is part of it: an id that is used again for another call, or by another
    caller, finds nothing. The maximum is not: it may change between retries."""
    digest = sha256(f"{len(raw(call_id))}:".encode() + raw(call_id))
    for entry in entries:
        digest.update(raw(f"\n{entry.amount!r} {len(entry.name)}:{entry.name}"))
    return digest.hexdigest()


def number(value: float) -> int | float:
    """A counter's value as JSON has it: without a fraction where there is none."""
    return int(value) if value == int(value) else value


def receipt_of(
    receipt_id: str, call: str | None, reservations: Sequence[Reservation], entries: Sequence[Entry], slots: Sequence[tuple[int, str]]
) -> Receipt:  # fmt: skip
    """The receipt for what a store counted. `slots`: where it counted each reservation, and the counter's mark."""
    counted = (
        Counted(e.name, r.window, r.sliding, slot, mark, e.amount)
        for r, e, (slot, mark) in zip(reservations, entries, slots, strict=True)
    )
    return Receipt(receipt_id, call, tuple(counted))


def refusal(reservation: Reservation, why: str, left: float, room_at: float | None) -> Refused:
    """The refusal of one limit, in words."""
    limit = reservation.limit
    room = max(0, number(left))
    if why == "uncountable":
        what = "the amount" if limit.amount is not None else str(reservation.amount)  # a sum's is an argument's value
        message = f"limit `{limit.id}` cannot add {what} to what it has counted without losing digits"
        return Refused("uncountable", message, limit, room, None)
    per = reservation.window if isinstance(reservation.window, str) else f"{reservation.window} seconds"
    left_over = "no room for this amount" if limit.amount is not None else f"room for {room}"
    message = f"limit `{limit.id}` allows at most {reservation.maximum} per {per}, and has {left_over}"
    return Refused("limit", message, limit, room, None if room_at is None else number(room_at))


def unavailable(on_failure: OnFailure, problem: str) -> Admitted | Refused:
    """What a call gets when the store cannot be reached, visibly."""
    if on_failure == "allow":
        return Admitted(NOTHING, uncounted=problem)
    return Refused("store", problem)


def reading(entry: Entry, counted: float, since: float, until: int | None) -> Reading:
    """What `read` gives."""
    return Reading(number(counted), max(0, number(entry.maximum - counted)), number(since), until)
