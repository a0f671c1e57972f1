"""How much of one limit fits into a window of another: arithmetic of windows, aligned and sliding.

Aligned windows of N seconds begin at multiples of N since 1970 (UTC), days at midnight, weeks on Monday, months on the first; a
sliding window is the time just before a call. Times are continuous; windows include their beginning and not their end.
"""

from __future__ import annotations

import math

from policyc.ir.model import WINDOWS, Limit

DAY = 86_400
MONDAY = 4 * DAY
"""When the first week began, in seconds since 1970, which began on a Thursday."""
SHORTEST_MONTH, LONGEST_MONTH = 28 * DAY, 31 * DAY


def seconds(window: str | int) -> int:
    """The length of a window in seconds (a month: 30 days, which is its length when it slides)."""
    return WINDOWS[window] if isinstance(window, str) else window


def windows_met(inner: Limit, outer: Limit) -> int:
    """The most windows of `inner`, each with room for its whole maximum, that one window of `outer` can meet."""
    length = LONGEST_MONTH if outer.window == "month" and not outer.sliding else seconds(outer.window)
    if inner.sliding:  # bursts exactly one window apart
        return -(-length // seconds(inner.window))
    if inner.window == "month":
        return _months_met(outer, length)
    width = seconds(inner.window)
    if outer.sliding:  # it may begin and end inside of windows
        return -(-length // width) + 1
    # what an outer window's beginning leaves of the inner window it lies in: fixed modulo the greatest common divisor
    grid = math.gcd(width, DAY if outer.window == "month" else length)
    latest = width - grid + (anchor(outer.window) - anchor(inner.window)) % grid
    return -(-(length + latest) // width)


def _months_met(outer: Limit, length: int) -> int:
    """For aligned months inside: exact where the outer window is a month or divides the day, else at most one too many."""
    if not outer.sliding and (outer.window == "month" or (outer.window != "week" and DAY % length == 0)):
        return 1
    return -(-length // SHORTEST_MONTH) + 1


def anchor(window: str | int) -> int:
    """When an aligned window began, in seconds since 1970; the others begin whole lengths before and after it."""
    return MONDAY if window == "week" else 0


def most_through(tighter: Limit, limit: Limit) -> int | float:
    """The most that `limit` can count in one of its windows of the calls that `tighter` lets through, in the units of `limit`; of
    sums, when no amount is negative. Both count calls, or both sum one amount."""
    met = windows_met(tighter, limit)
    if limit.amount is not None:
        return tighter.maximum * met
    calls = max(0, math.floor(tighter.maximum)) // max(1, tighter.step)
    return calls * met * limit.step


def keeps_below(tighter: Limit, limit: Limit) -> bool:
    """Whether what `tighter` lets through can never exceed what `limit` allows, when `tighter` counts whatever `limit` counts (and,
    for sums, no amount is negative)."""
    same = (tighter.amount, tighter.optional, tighter.whole) == (limit.amount, limit.optional, limit.whole)
    wider = set(tighter.scope) - {"global"} <= set(limit.scope)
    return same and wider and most_through(tighter, limit) <= limit.maximum
