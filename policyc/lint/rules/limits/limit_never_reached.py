"""limit-never-reached: a limit that another one, always counting beside it, keeps out of reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from policyc.diagnostics import Finding, Related
from policyc.diagram.analysis import Analysis
from policyc.diagram.formula import conj, negation, predicate
from policyc.diagram.reach import reach
from policyc.diagram.specialise import Tool
from policyc.diagram.windows import keeps_below, most_through
from policyc.ir.model import Limit, Rule, Test
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import written

RULE = RuleInfo(
    "PC306",
    "limit-never-reached",
    "warning",
    "a limit that another limit keeps out of reach",
    needs=("analysis",),
    yields_to=("duplicate-rule",),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each limit whose counter cannot exceed its maximum because another counts the same calls more tightly.

    Only limits that apply to one tool of both are compared. A counter that several limits count is left out: what the others add
    is not bounded by these.
    """
    analysis = ctx.analysis
    tools = reach(analysis).tools
    users = Counter(rule.limit.counter for rule in analysis.rules if rule.limit is not None)
    for i, rule in enumerate(analysis.rules):
        limit = rule.limit
        if limit is None or users[limit.counter] > 1 or not tools.get(i):
            continue
        for guarded in analysis.program(tools[i][0]).limits:
            j, other = guarded.rule, analysis.rules[guarded.rule]
            tighter = other.limit
            assert tighter is not None
            if i == j or users[tighter.counter] > 1 or not keeps_below(tighter, limit):
                continue
            if keeps_below(limit, tighter) and i < j:
                continue  # each keeps the other below: the later one is said to be the one too many
            if _beside(analysis, i, j, tools[i]) and _never_negative(analysis, j, tighter, tools[j]):
                yield _finding(ctx, rule, limit, other, tighter)
                break


def _finding(ctx: Context, rule: Rule, limit: Limit, other: Rule, tighter: Limit) -> Finding:
    most = f"{most_through(tighter, limit):_}"
    return Finding(
        RULE.slug,
        f"{written(limit)} is never reached: {written(tighter)} lets at most {most} through in that time",
        rule.span or ctx.place,
        label="never reached",
        related=() if other.span is None else (Related(other.span, "the limit that keeps it out of reach"),),
        help="delete it, or lower its maximum",
        route=rule.route or None,
    )


def _beside(analysis: Analysis, index: int, tighter: int, tools: list[Tool]) -> bool:
    """Whether the tighter limit counts every call that the other one counts, valid or not."""

    def counted(tool: Tool) -> bool:
        beside = analysis.guard(tool, tighter)
        return beside is True or not analysis.possible(
            tool, conj((analysis.guard(tool, index), negation(beside))), valid=False
        )

    return all(map(counted, tools))


def _never_negative(analysis: Analysis, index: int, limit: Limit, tools: list[Tool]) -> bool:
    """Whether no call, valid or not, is counted with an amount below zero: it would make room for others."""
    if limit.amount is None:
        return True
    negative = predicate(Test(limit.amount, "<", 0), 0b100)
    return all(
        analysis.decided(tool, negative, valid=False)
        and not any(index in leaf.limits for leaf in analysis.outcomes(tool, negative, valid=False))
        for tool in tools
    )
