"""Tools that surely get the same answers from two policies, because the same rules reach them in the same order.

Only a short cut: most of a large policy is untouched by an edit, and need not be built to be found equal. A tool that is not alike may
still get the same answers.
"""

from __future__ import annotations

from collections.abc import Sequence

from policyc.diagram.sides import PolicySide
from policyc.diagram.specialise import Tool
from policyc.ir.model import Rule
from policyc.record import replace


class Alike:
    """Answers for one pair of policies; the counters are numbered as `policyc.diagram.answers.match` does it."""

    def __init__(
        self, old: PolicySide, new: PolicySide, old_counters: dict[str, int], new_counters: dict[str, int]
    ) -> None:
        self._old, self._new = old.analysis, new.analysis
        self._counters = old_counters, new_counters
        wide = self._old.specialiser.wide, self._new.specialiser.wide
        self._wide = wide
        self._wide_alike = self._old.policy.default == self._new.policy.default and self._rules_alike(*wide)

    def __call__(self, tool: Tool) -> bool:
        """Whether the tool is alike."""
        if not self._wide_alike or not isinstance(tool, str):
            return self._wide_alike
        own = self._old.specialiser.own(tool), self._new.specialiser.own(tool)
        if self._old.facts.tools.get(tool) != self._new.facts.tools.get(tool):
            return False
        if all(not mine or not wide or mine[-1] < wide[0] for mine, wide in zip(own, self._wide, strict=True)):
            return self._rules_alike(*own)
        together = [sorted((*mine, *wide)) for mine, wide in zip(own, self._wide, strict=True)]
        return self._rules_alike(*together)

    def _rules_alike(self, old: Sequence[int], new: Sequence[int]) -> bool:
        """Whether rules, by their indexes in precedence order, are the same ones but for ids, places and counters' names."""
        before, after = self._old.rules, self._new.rules
        return len(old) == len(new) and all(self._alike(before[i], after[j]) for i, j in zip(old, new, strict=True))

    def _alike(self, old: Rule, new: Rule) -> bool:
        if (
            old.effect != new.effect
            or old.selector != new.selector
            or (old.reason, old.by, old.severity) != (new.reason, new.by, new.severity)
            or old.when != new.when
            or old.condition != new.condition
        ):
            return False
        one, other = old.limit, new.limit
        if one is None or other is None:
            return one is other
        if self._counters[0][one.counter] != self._counters[1][other.counter]:
            return False
        return one == other or one == replace(other, counter=one.counter, named=one.named)
