"""Whether a limit keeps a tool's calls to a number or a sum: counting the limit's windows that one asked-for window can meet.

Windows as docs/language.md, "LIMIT": aligned ones start at UTC calendar boundaries (a week on Monday, a month on its first day),
those of N seconds at multiples of N since 1970; a sliding limit holds in every stretch of its length. All times are whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import gcd

from policyc.ir.model import WINDOWS, Limit
from policyc.record import record

_DAY = 86400
_LONGEST_MONTH, _SHORTEST_MONTH = 31 * _DAY, 28 * _DAY
_MONDAY = 4 * _DAY
"""When the first week after the beginning of 1970, a Thursday, begins."""


@record
class Counted:
    """Limits of one counter as one: a call that reserves any of the rules (indexes in precedence order) adds to it."""

    rules: frozenset[int]
    limits: tuple[Limit, ...]


def counters(rules: Iterable[tuple[int, Limit]]) -> list[Counted]:
    """Each limit by itself, and those that count on one counter together."""
    alone = [Counted(frozenset((i,)), (limit,)) for i, limit in rules]
    together: dict[object, list[Counted]] = {}
    for c in alone:
        (limit,) = c.limits
        key = (limit.counter, limit.window, limit.sliding, limit.scope, limit.amount, limit.whole)
        together.setdefault(key, []).append(c)
    return alone + [
        Counted(frozenset().union(*(c.rules for c in same)), tuple(c.limits[0] for c in same))
        for same in together.values()
        if len(same) > 1
    ]


def keeps_to(counted: Counted, bound: Limit, negative: bool) -> bool:
    """Whether calls that all reserve one of the limits stay within the bound in each of its aligned windows, whatever other
    limits do. `bound.scope` empty: for each value of the limit's own scope. `negative`: amounts below 0 may be added."""
    first = counted.limits[0]
    if first.amount != bound.amount or first.whole:
        return False
    if bound.scope and not _plain(first.scope) <= _plain(bound.scope):
        return False
    if first.amount is None:
        most: int | float = max(limit.maximum for limit in counted.limits) // min(
            limit.step for limit in counted.limits
        )
    else:
        most = max(limit.maximum for limit in counted.limits)
        if negative and not fills(first, bound.window):
            return False  # what is taken back before the asked-for window lets more be added in it
    return most * windows_met(first, bound.window) <= bound.maximum


def _plain(scope: Iterable[str]) -> frozenset[str]:
    """The scopes that tell callers apart. What is bounded for fewer of them together is bounded for more of them too."""
    return frozenset(scope) - {"global"}


def fills(limit: Limit, window: str | int) -> bool:
    """Whether each aligned window of this length is made of whole windows of the limit."""
    if limit.sliding:
        return False
    if limit.window == window:
        return True
    if limit.window == "month":
        return False
    length, start = _length(limit.window), _start(limit.window)
    if window == "month":
        return _DAY % length == 0 and start == 0
    return _length(window) % length == 0 and (_start(window) - start) % length == 0


def windows_met(limit: Limit, window: str | int) -> int:
    """The most windows of a limit (of its length, for a sliding one) that are needed to cover one aligned window."""
    asked = _LONGEST_MONTH if window == "month" else _length(window)
    length = _length(limit.window)
    if limit.sliding:
        return -(-asked // length)
    if limit.window == "month":
        if window == "month" or (_DAY % asked == 0 and _start(window) == 0):
            return 1
        return -(-asked // _SHORTEST_MONTH) + 1
    # The asked-for windows begin at multiples of `step` after `start`, each at one of these phases of the limit's window:
    step, start = (_DAY, 0) if window == "month" else (asked, _start(window))
    grid = gcd(step, length)
    latest = length - grid + (start - _start(limit.window)) % grid
    return -(-(latest + asked) // length)


def _length(window: str | int) -> int:
    return window if isinstance(window, int) else WINDOWS[window]


def _start(window: str | int) -> int:
    return _MONDAY if window == "week" else 0
