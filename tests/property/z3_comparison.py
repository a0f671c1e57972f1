"""What differs between two policies, by z3 alone: written from what docs say a caller is told, to judge `policyc.diagram.compare`.

Two policies are equivalent when some one-to-one matching of their counters makes every call get the same answer: effect, reason, approver,
severity, whether hidden, and the limits without their counters' names.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import z3

from policyc.ir.facts import Facts
from policyc.ir.model import Policy, Rule
from policyc.record import replace
from policyc.reference import Call
from tests.property.z3_logic import Bool, both, either, no
from tests.property.z3_oracle import UNKNOWN, Meaning, Space

UNREADABLE = "the amount that this limit adds up is missing or not a number"
"""What a gateway says where a limit's amount cannot be read and the limit has no reason (docs/table-format.md)."""
Counters = dict[str, str]
"""Names of the new policy's counters, as the old one calls them."""
Told = tuple[Any, ...]


def told(effect: str, rule: Rule | None) -> Told:
    """What a caller is told of a decision, limits apart."""
    if rule is None:
        return effect, None, None, None, False
    reason = (rule.reason or UNREADABLE) if rule.effect == "limit" else rule.reason
    return effect, reason, rule.by if effect == "approve" else None, rule.severity, rule.effect == "hide"


def limit_told(rule: Rule, counters: Counters) -> Told:
    """What a reserved limit is, its counter by the old policy's name."""
    assert rule.limit is not None
    plain = replace(rule.limit, counter=counters.get(rule.limit.counter, rule.limit.counter), named=True)
    return plain, rule.reason


def matchings(old: Policy, new: Policy) -> Iterator[Counters]:
    """Every one-to-one matching of the counters; those without a partner get names that the other policy does not have."""
    mine = sorted({r.limit.counter for r in old.rules if r.limit is not None})
    theirs = sorted({r.limit.counter for r in new.rules if r.limit is not None})
    spare = [f"new counter {i}" for i in range(max(0, len(theirs) - len(mine)))]
    for chosen in permutations([*mine, *spare], len(theirs)):
        yield dict(zip(theirs, chosen, strict=True))


class Pair:
    """Two policies on the calls to one tool (None: any tool that neither names)."""

    def __init__(self, old: Policy, new: Policy, facts: Facts, tool: str | None, named: frozenset[str]) -> None:
        self.space = Space([old, new], facts, tool, named)
        self.old, self.new = Meaning(self.space, old), Meaning(self.space, new)

    def transition(self, before: str, after: str) -> Call | object | None:
        """A call whose effect changes in this way."""
        return self.space.call_where([both((_effect(self.old, before), _effect(self.new, after)))])

    def difference(self, counters: Counters) -> Call | object | None:
        """A call that gets two answers, with the counters so matched."""
        mine, theirs = _answers(self.old), _answers(self.new)
        same = either(both((when, theirs[answer])) for answer, when in mine.items() if answer in theirs)
        denied = _effect(self.old, "deny")
        return self.space.call_where([either((no(same), both((no(denied), no(self._same_limits(counters))))))])

    def _same_limits(self, counters: Counters) -> Bool:
        found: dict[Told, tuple[list[Bool], list[Bool]]] = {}
        for side, meaning in enumerate((self.old, self.new)):
            for when, rule in meaning.reserved():
                if when is not False:
                    key = limit_told(meaning.rules[rule], counters if side else {})
                    found.setdefault(key, ([], []))[side].append(when)
        return both(_count(mine) == _count(theirs) for mine, theirs in found.values())


def _count(formulas: list[Bool]) -> Any:
    return z3.Sum([z3.IntVal(0), *(z3.If(f, 1, 0) for f in formulas)])


def _effect(meaning: Meaning, effect: str) -> Bool:
    return either(meaning.decided_by(i) for i, (_, e, _) in enumerate(meaning.decided()) if e == effect)


def _answers(meaning: Meaning) -> dict[Told, Bool]:
    """When each answer is given, limits apart."""
    found: dict[Told, list[Bool]] = {}
    for i, (_, effect, rule) in enumerate(meaning.decided()):
        answer = told(effect, None if rule < 0 else meaning.rules[rule])
        found.setdefault(answer, []).append(meaning.decided_by(i))
    return {answer: either(whens) for answer, whens in found.items()}


def differing(pairs: dict[Any, Pair], old: Policy, new: Policy) -> tuple[bool | None, set[Any], set[Any]]:
    """Whether the policies differ (None: z3 cannot say), the tools that differ under every matching, and those that do under some."""
    always, sometimes = set(pairs), set()
    answer: bool | None = True
    for counters in matchings(old, new):
        found = {tool: pair.difference(counters) for tool, pair in pairs.items()}
        if UNKNOWN in found.values():
            answer = None if answer else answer
        here = {tool for tool, call in found.items() if call is not None}
        always, sometimes = always & here, sometimes | here
        if not here:
            answer = False
    return answer, always, sometimes


__all__ = ["Pair", "differing", "limit_told", "matchings", "told"]
