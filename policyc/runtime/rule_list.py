"""A body that is a list of rules: what a table holds for a tool whose diagram would be too large. Correct, not optimised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from policyc.runtime.decision import Decision
from policyc.runtime.tests import NOT_JSON

Fetch = Callable[[Any, Any, Any, Any], Any]
"""The value that a path leads to, from (arguments, context, server, tool)."""
Formula = bool | tuple[Any, ...]
Guards = tuple[tuple[int, Formula], ...]


class NotJson(Exception):
    """A test met a value that is not JSON."""


class RuleList:
    """Groups of (rule, guard). The first denial whose guard holds denies; without an allow that holds the default decides; the first
    approval that holds asks; every limit whose guard holds is reserved."""

    __slots__ = ("_allows", "_approvals", "_default_allow", "_denials", "_limits", "_outcome")

    def __init__(
        self,
        default_allow: bool,
        groups: tuple[Guards, Guards, Guards, Guards],
        outcome: Callable[[str, int, tuple[int, ...]], Decision],
    ) -> None:
        self._default_allow = default_allow
        self._denials, self._allows, self._approvals, self._limits = groups
        self._outcome = outcome

    def decide(self, arguments: Any, context: Any, server: Any, tool: Any) -> Decision | None:
        """The decision; None when a test met a value that is not JSON, or the stack had no room for a guard: that denies."""
        call = (arguments, context, server, tool)
        try:
            denied = next((rule for rule, guard in self._denials if holds(guard, call)), None)
            if denied is not None:
                return self._outcome("deny", denied, ())
            allowed = next((rule for rule, guard in self._allows if holds(guard, call)), None)
            if allowed is None and not self._default_allow:
                return self._outcome("deny", -1, ())
            asked = next((rule for rule, guard in self._approvals if holds(guard, call)), None)
            limits = tuple(rule for rule, guard in self._limits if holds(guard, call))
        except (NotJson, RecursionError):
            return None
        if asked is not None:
            return self._outcome("approve", asked, limits)
        return self._outcome("allow", -1 if allowed is None else allowed, limits)


def holds(formula: Formula, call: tuple[Any, Any, Any, Any]) -> bool:
    """Whether a formula is true of a call. Raises NotJson."""
    if isinstance(formula, bool):
        return formula
    kind = formula[0]
    if kind == "?":
        _, fetch, test, mask = formula
        truth = test(fetch(*call))
        if truth == NOT_JSON:
            raise NotJson
        return bool(mask >> truth & 1)
    if kind == "&":
        return all(holds(f, call) for f in formula[1:])
    return any(holds(f, call) for f in formula[1:])
