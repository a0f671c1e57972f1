"""A body that is a list of rules, made ready to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from policyc.runtime.decision import Decision
from policyc.runtime.nodes import fetch_of, test_of
from policyc.runtime.rule_list import RuleList
from policyc.runtime.wellformed import check_depth, count

Outcome = Callable[[Any, int, Iterable[int]], Decision]
"""The decision with an effect by a rule (-1: the default), with limits to reserve."""


def rule_list(
    body: dict[str, Any], paths: list[Any], test_at: Callable[[int], list[Any]], outcome: Outcome
) -> RuleList:
    """A body over these paths and tests. Raises ValueError and its like for one that does not fit the format."""

    def formula(f: Any) -> Any:
        if isinstance(f, bool):
            return f
        if f[0] == "?":
            _, path, test, mask = f
            return ("?", fetch_of(*paths[count(path)]), test_of(test_at(test)), count(mask, 8))
        if f[0] not in ("&", "|"):
            raise ValueError(f[0])
        return (f[0], *map(formula, f[1:]))

    for effect, group in zip(("deny", "allow", "approve", "deny"), body["rules"], strict=True):
        for rule, guard in group:
            check_depth(guard)
            outcome(effect, count(rule), ())
    denials, allows, approvals, limits = (tuple((rule, formula(f)) for rule, f in group) for group in body["rules"])
    outcome("deny", -1, [rule for rule, _ in limits])
    return RuleList(
        {"allow": True, "deny": False}[body["default"]],
        (denials, allows, approvals, limits),
        outcome,
    )
