"""limit-never-reached: a limit that another one, always counting beside it, keeps out of reach."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding, Related
from policyc.diagram.formula import conj, negation
from policyc.diagram.reach import reach
from policyc.diagram.specialise import Tool
from policyc.ir.model import Limit, Rule
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import seconds, written

DAY = 86_400
RULE = RuleInfo(
    "PC306",
    "limit-never-reached",
    "warning",
    "a limit that another limit keeps out of reach",
    needs=("analysis",),
    yields_to=("duplicate-rule",),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each limit whose counter cannot reach its maximum because another counts the same calls more tightly."""
    analysis = ctx.analysis
    tools = reach(analysis).tools
    limits = [(i, r, r.limit) for i, r in enumerate(analysis.rules) if r.limit is not None and i in tools]
    users: dict[str, list[int]] = {}
    for i, _, limit in limits:
        users.setdefault(limit.counter, []).append(i)
    for i, rule, limit in limits:
        if len(users[limit.counter]) > 1:
            continue  # counted from several places: shared-counter-mismatch looks at those
        for j in sorted({g.rule for g in analysis.program(tools[i][0]).limits}):
            other, tighter = analysis.rules[j], analysis.rules[j].limit
            if i == j or tighter is None or len(users[tighter.counter]) > 1 or not keeps_below(tighter, limit):
                continue
            if (keeps_below(limit, tighter) and i < j) or not _beside(ctx, i, j, tools[i]):
                continue
            yield _finding(ctx, rule, limit, other, tighter)
            break


def _finding(ctx: Context, rule: Rule, limit: Limit, other: Rule, tighter: Limit) -> Finding:
    most = most_in(tighter, limit)
    return Finding(
        RULE.slug,
        f"{written(limit)} is never reached: {written(tighter)} lets at most {most:,} through in that time".replace(
            ",", "_"
        ),
        rule.span or ctx.place,
        label="never reached",
        related=() if other.span is None else (Related(other.span, "the limit that keeps it out of reach"),),
        help="delete it, or lower its maximum",
        route=rule.route or None,
    )


def most_in(tighter: Limit, limit: Limit) -> int | float:
    """The most that `tighter` lets through within one window of `limit`."""
    inner, outer = seconds(tighter.window), longest(limit.window)
    if tighter.sliding:
        return tighter.maximum * -(-outer // inner)
    if not limit.sliding and _nested(inner, tighter.window, limit.window):
        return tighter.maximum * -(-outer // inner)
    return tighter.maximum * (-(-outer // inner) + 1)


def longest(window: str | int) -> int:
    """The length of a window in seconds, of the longest month."""
    return 31 * DAY if window == "month" else seconds(window)


def _nested(inner: int, tighter: str | int, limit: str | int) -> bool:
    """Whether each aligned window of `limit` begins where one of `tighter` does, or lies inside of one. Windows of N seconds begin at
    multiples of N since 1970, days at midnight UTC, weeks on Monday, months on the first."""
    outer = seconds(limit)
    if tighter in ("week", "month"):
        return tighter == limit or (limit != "week" and limit != "month" and DAY % outer == 0)
    if limit in ("week", "month"):
        return DAY % inner == 0
    return outer % inner == 0 or inner % outer == 0


def keeps_below(tighter: Limit, limit: Limit) -> bool:
    """Whether what `tighter` lets through can never exceed what `limit` allows, when both count the same calls."""
    same = (
        tighter.amount == limit.amount
        and tighter.step == limit.step
        and tighter.whole == limit.whole
        and (tighter.optional == limit.optional)
        and tighter.amount is None  # a negative amount refills a sum, so sums do not bound each other
    )
    wider = set(tighter.scope) - {"global"} <= set(limit.scope)
    return same and wider and most_in(tighter, limit) <= limit.maximum


def _beside(ctx: Context, index: int, tighter: int, tools: list[Tool]) -> bool:
    """Whether the tighter limit counts every call that the other one counts."""
    analysis = ctx.analysis
    return all(
        not analysis.possible(
            tool, conj((analysis.guard(tool, index), negation(analysis.guard(tool, tighter)))), valid=False
        )
        for tool in tools
    )
