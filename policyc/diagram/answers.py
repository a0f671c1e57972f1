"""What a caller is told, freed of what only the policy's text knows: ids, places, counters' names.

Two rules give the same answer when no caller could tell which of them decided. Two policies are equivalent when every call gets
the same answer; renaming a rule or a counter, and reordering rules that never compete, change nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence

from policyc.ir.model import Limit
from policyc.record import field, record, replace

PLAIN = -1
"""The answer of a decision that comes without any words: by the default, or by a rule without a reason."""
UNREADABLE = "the amount that this limit adds up is missing or not a number"
"""What is said where a limit's amount cannot be read and the limit gives no reason (docs/table-format.md)."""


@record
class Said:
    """What comes with a denial, an approval or an allow. `by` asks whom, for approvals."""

    reason: str | None = None
    by: str | None = None
    severity: str | None = None
    hidden: bool = False


@record
class Reserved:
    """A limit as a caller feels it: without its counter's name, with a number that is the same for the same counter in both policies."""

    limit: Limit
    reason: str | None
    counter: int

    @property
    def kind(self) -> tuple[object, ...]:
        """All of it but the maximum: reservations of one kind are compared by their maxima."""
        one = self.limit
        return self.counter, one.window, one.sliding, one.scope, one.amount, one.optional, one.whole, one.step


@record(frozen=False)
class Answers:
    """Numbers answers, the same number for the same answer, across the policies that are compared."""

    said: list[Said] = field(default_factory=list)
    reserved: list[Reserved] = field(default_factory=list)
    _said: dict[Said, int] = field(default_factory=dict)
    _reserved: dict[Reserved, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._said[Said()] = PLAIN

    def number(self, said: Said) -> int:
        """The number of what is said; PLAIN for nothing."""
        known = self._said.get(said)
        if known is None:
            known = self._said[said] = len(self.said)
            self.said.append(said)
        return known

    def limit(self, reserved: Reserved) -> int:
        """The number of a reservation."""
        known = self._reserved.get(reserved)
        if known is None:
            known = self._reserved[reserved] = len(self.reserved)
            self.reserved.append(reserved)
        return known

    def what(self, number: int) -> Said:
        """What a number stands for."""
        return Said() if number == PLAIN else self.said[number]


def reserved(limit: Limit, reason: str | None, counters: dict[str, int]) -> Reserved:
    """A limit for comparing."""
    return Reserved(replace(limit, counter="", named=True), reason, counters[limit.counter])


def said_by(effect: str, reason: str | None, by: str | None, severity: str | None) -> Said:
    """What a rule with this effect says when it decides."""
    if effect == "limit":
        reason = reason or UNREADABLE
    return Said(reason, by if effect == "approve" else None, severity, effect == "hide")


Uses = dict[str, tuple[str, ...]]
"""For each counter what is counted there, in a form that does not depend on the counter's name."""


def uses(limits: Iterable[tuple[str, Limit]]) -> Uses:
    """What is counted where, from limits and a text that says when each applies."""
    found: dict[str, list[str]] = {}
    for when, limit in limits:
        counted = (when, limit.amount, limit.optional, limit.whole, limit.step)
        found.setdefault(limit.counter, []).append(repr(counted))
    return {name: tuple(sorted(counted)) for name, counted in found.items()}


def match(old: Uses, new: Uses) -> tuple[dict[str, int], dict[str, int]]:
    """Numbers for the counters of two policies; counters that are the same get the same number.

    The same are those with one name that count the same, then those that count the same under another name, then those that have
    the same name left. Whatever is matched, two policies that agree on every call under some one-to-one matching of counters
    are equivalent: a poor match can only show a change that is none.
    """
    numbers: dict[str, int] = {}
    taken: dict[str, int] = {}

    def pair(one: str, other: str) -> None:
        numbers[one] = taken[other] = len(numbers)

    for name in old:
        if name in new and old[name] == new[name]:
            pair(name, name)
    free: dict[tuple[str, ...], list[str]] = {}
    for name in new:
        if name not in taken:
            free.setdefault(new[name], []).append(name)
    for name in old:
        if name not in numbers and free.get(old[name]):
            pair(name, free[old[name]].pop(0))
    for name in old:
        if name not in numbers and name in new and name not in taken:
            pair(name, name)
    count = len(numbers)
    for name in old:
        if name not in numbers:
            numbers[name] = count
            count += 1
    for name in new:
        if name not in taken:
            taken[name] = count
            count += 1
    return numbers, taken


def tighter(one: Sequence[Reserved], other: Sequence[Reserved], shared: Container[int] = ()) -> bool:
    """Whether every series of calls that the reservations `one` admit is surely admitted by `other` as well: each kind of reservation
    is made at least as often, with no greater maximum. `shared`: counters that others count on too; a sum that is added to one of
    these may be of negative amounts, which make room for the others."""

    def maxima(reserved: Sequence[Reserved], kind: tuple[object, ...]) -> list[int | float]:
        return [r.limit.maximum for r in reserved if r.kind == kind]

    for kind in {r.kind for r in other}:
        mine, theirs = maxima(one, kind), maxima(other, kind)
        if len(mine) < len(theirs) or min(mine) > min(theirs):
            return False
    more = Counter(r.kind for r in one) - Counter(r.kind for r in other)
    return not any(r.kind in more and r.limit.amount is not None and r.counter in shared for r in one)
