"""overlapping-approvers: two approvals by different people hold the same call, and only the first is asked."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.formula import Formula, at_least, conj, negation
from policyc.diagram.reach import judgeable, reach
from policyc.diagram.specialise import Tool, selected_at_least
from policyc.ir.model import Rule
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import SLIPS, related, tools_of

RULE = RuleInfo(
    "PC413",
    "overlapping-approvers",
    "warning",
    "calls that two approvers hold, of whom only the first is asked",
    needs=("analysis",),
    yields_to=SLIPS,
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each pair whose conditions are plainly true together (not merely undefined) on some call that the first holds.

    Where one lies inside the other there is none: a narrower rule that comes first is an exception, and one that comes second is
    unreachable, which another rule says.
    """
    analysis, seen = ctx.analysis, set[tuple[int, int, Formula]]()
    for tool in analysis.tools:
        approvals = analysis.program(tool).approvals
        if len(approvals) < 2 or not judgeable(ctx.analysis, tool):
            continue
        for n, later in enumerate(approvals):
            for earlier in approvals[:n]:
                if analysis.rules[earlier.rule].by == analysis.rules[later.rule].by:
                    continue
                both = conj((_plainly(ctx, tool, earlier.rule), _plainly(ctx, tool, later.rule)))
                known = (earlier.rule, later.rule, both)
                told = (earlier.rule, later.rule, True)
                if both is False or known in seen or told in seen:
                    continue
                seen.add(known)
                for finding in _overlap(ctx, tool, earlier.rule, later.rule, both):
                    seen.add(told)
                    yield finding


def _plainly(ctx: Context, tool: Tool, index: int) -> Formula:
    """The formula for "the rule holds of the call", undefined left out."""
    rule = ctx.analysis.rules[index]
    selected = selected_at_least(rule.selector, tool, 2, ctx.facts)
    return conj((selected, True if rule.when is None else at_least(rule.when, 2)))


def _overlap(ctx: Context, tool: Tool, first: int, second: int, both: Formula) -> Iterator[Finding]:
    analysis = ctx.analysis
    witness = analysis.find(tool, lambda leaf: leaf.rule == first, both)
    if witness is None or _inside(ctx, first, second) or _inside(ctx, second, first):
        return
    asked, passed = analysis.rules[first], analysis.rules[second]
    yield Finding(
        RULE.slug,
        f"`{asked.id}` and `{passed.id}` hold the same calls, and only {_who(asked)} is asked, not {_who(passed)}",
        passed.span or ctx.place,
        label=f"{_who(passed)} is not asked",
        related=related([asked], "asked first"),
        witness=witness.as_json(),
        witness_note=f"held by both, and {_who(asked)} is asked",
        help="make the two conditions meet without overlapping, or name one approver for both",
        route=passed.route or None,
    )


def _inside(ctx: Context, inner: int, outer: int) -> bool:
    """Whether one rule plainly holds wherever the other does."""
    analysis = ctx.analysis
    if not set(reach(analysis).tools[inner]) & set(reach(analysis).tools[outer]):
        return False
    return not any(
        analysis.possible(t, conj((_plainly(ctx, t, inner), negation(_plainly(ctx, t, outer)))))
        for t in tools_of(ctx, inner)
    )


def _who(rule: Rule) -> str:
    return "the approver of no name" if rule.by is None else f"`{rule.by}`"
