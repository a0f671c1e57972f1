"""Whether a limit keeps a tool's calls to a number or a sum: counting the limit's windows that one asked-for window can meet.

The asked-for window is always an aligned one (docs/verify.md, "What each means"); how windows lie is `windows.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from policyc.diagram.windows import DAY, anchor, seconds, windows_met
from policyc.ir.model import Limit
from policyc.record import record


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
    return most * windows_met(first, replace(bound, sliding=False)) <= bound.maximum


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
    length, start = seconds(limit.window), anchor(limit.window)
    if window == "month":
        return DAY % length == 0 and start == 0
    return seconds(window) % length == 0 and (anchor(window) - start) % length == 0
