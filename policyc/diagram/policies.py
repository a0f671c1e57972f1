"""Comparing two sets of policies: which belong together, and what of their differences a reader wants to see as one.

A gateway denies every call of a grant that has no policy, so a new policy is compared with one that denies everything, and so is one
that is gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from policyc.diagram.analysis import Analysis
from policyc.diagram.answers import Reserved
from policyc.diagram.compare import Change, Comparison, compare
from policyc.diagram.sides import Decided, PolicySide, Side, reservations
from policyc.diagram.specialise import Tool
from policyc.ir.facts import NO_FACTS
from policyc.ir.model import Limit, Policy
from policyc.record import record, replace

Status = Literal["compared", "new", "gone"]
_OF_EFFECT = frozenset({"newly allowed", "newly denied", "newly held for approval", "no longer held"})
Sharers = dict[str, tuple[str, ...]]
"""For each counter the ids of the limits that count in it."""


@record
class Compared:
    """One policy and how it differs. `name` is the new one, `old_name` the one that it was compared with (None: there was none).

    `old_sharers` and `new_sharers` say which limits share a counter.
    """

    name: str
    old_name: str | None
    status: Status
    comparison: Comparison
    old_sharers: Sharers
    new_sharers: Sharers


def compare_policies(old: Mapping[str, Side], new: Mapping[str, Side]) -> tuple[Compared, ...]:
    """Compare policies by name, in the order of their names; with exactly one on each side, these two whatever their names."""
    if len(old) == len(new) == 1:
        [(before, one)], [(after, other)] = old.items(), new.items()
        return (_compared(after, before, one, other),)
    return tuple(
        _compared(name, name if name in old else None, old.get(name), new.get(name)) for name in sorted({*old, *new})
    )


def _compared(name: str, old_name: str | None, old: Side | None, new: Side | None) -> Compared:
    comparison = compare(old or _nothing(), new or _nothing())
    if old is None or new is None:  # what a refusal says is no change where there is no policy to say it
        changes = tuple(c for c in comparison.changes if c.kind in _OF_EFFECT)
        comparison = replace(comparison, changes=changes)
    status: Status = "new" if old is None else "gone" if new is None else "compared"
    return Compared(name, old_name, status, comparison, _sharers(old), _sharers(new))


def _nothing() -> Side:
    return PolicySide(Analysis(Policy("", "deny", ()), NO_FACTS))


def _sharers(side: Side | None) -> Sharers:
    found: dict[str, list[str]] = {}
    for rule, limit in side.counted() if side is not None else ():
        found.setdefault(limit.counter, []).append(rule)
    return {counter: tuple(rules) for counter, rules in found.items()}


# --- limits ------------------------------------------------------------------------------------------------------------


@record
class Held:
    """A limit in force: its rule's id and reason, and the other limits that count in its counter."""

    limit: Limit
    rule: str
    reason: str | None
    shared_with: tuple[str, ...]


@record
class LimitChange:
    """How one limit differs: `old` None where it was added, `new` None where it was removed. `same_counter`: both count in what was
    taken for the same counter."""

    old: Held | None
    new: Held | None
    same_counter: bool = False


def limit_changes(change: Change, compared: Compared) -> tuple[LimitChange, ...]:
    """How the limits that the witness reserves differ, each old one beside the new one that it most resembles."""
    counters = compared.comparison.counters
    old = _held(change.old, counters[0], compared.old_sharers)
    new = _held(change.new, counters[1], compared.new_sharers)
    changed = []
    for number, key in enumerate(_LIKENESS):
        for left in list(old):
            right = next((r for r in new if key(r[0]) == key(left[0])), None)
            if right is not None:
                old.remove(left)
                new.remove(right)
                if number > 0:  # the first are those that stay as they are
                    changed.append(LimitChange(left[1], right[1], left[0].counter == right[0].counter))
    removed = [LimitChange(held, None) for _, held in old]
    return (*changed, *removed, *(LimitChange(None, held) for _, held in new))


_LIKENESS: tuple[Callable[[Reserved], object], ...] = (
    lambda r: r,
    lambda r: (r.kind, r.limit.maximum),
    lambda r: r.kind,
    lambda r: r.counter,
    lambda r: r.limit,
)
"""What two limits have in common, the most first."""


def _held(decided: Decided, counters: dict[str, int], sharers: Sharers) -> list[tuple[Reserved, Held]]:
    return [
        (one, Held(limit, rule, reason, tuple(r for r in sharers.get(limit.counter, ()) if r != rule)))
        for one, (rule, _, reason, limit) in zip(reservations(decided, counters), decided.limits, strict=True)
    ]


# --- several tools at once ---------------------------------------------------------------------------------------------


@record
class Joint:
    """Changes that are the same but for the tool and the rules. `apart`: the tools' limits count in counters of their own."""

    changes: tuple[Change, ...]
    apart: bool = False

    @property
    def change(self) -> Change:
        """The first tool's."""
        return self.changes[0]

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools, in the order of their names."""
        return tuple(change.tool for change in self.changes)


def joint(changes: Iterable[Change]) -> list[Joint]:
    """Changes with one region and one answer on either side, whatever the tool and the rule, put together; in their order."""
    alike: dict[object, list[Change]] = {}
    for change in changes:
        said = (change.kind, change.widening, change.valid, change.region, _answer(change.old), _answer(change.new))
        alike.setdefault(said, []).append(change)
    found: dict[tuple[object, object], list[Change]] = {}
    for key, some in alike.items():
        users = Counter(map(_counters, some))
        for change in some:
            counters = _counters(change)
            found.setdefault((key, counters if users[counters] > 1 else None), []).append(change)
    return [Joint(tuple(some), len(some) > 1 and shared is None) for (_, shared), some in found.items()]


def _answer(decided: Decided) -> object:
    limits = ((reason, replace(limit, counter="", named=True)) for _, _, reason, limit in decided.limits)
    return decided.effect, decided.said, tuple(limits)


def _counters(change: Change) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(limit.counter for *_, limit in side.limits) for side in (change.old, change.new))
