"""single-call-exceeds-limit: what the rules let one call carry is more than a limit has room for."""

from __future__ import annotations

import math
from collections.abc import Iterator

from policyc.diagnostics import Finding, Related
from policyc.diagram.analysis import Witness
from policyc.diagram.formula import Formula, negation, predicate, predicates
from policyc.diagram.reach import reach
from policyc.diagram.specialise import OTHER_TOOL, Tool
from policyc.ir.model import Limit, Path, Rule, Test
from policyc.ir.order import width
from policyc.ir.spelling import path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import MOST_TOOLS, bounds, negative_call, written

RULE = RuleInfo(
    "PC310", "single-call-exceeds-limit", "warning", "one call may carry more than a limit allows", needs=("analysis",)
)
_ORDERED = frozenset(("<", "<=", ">", ">="))


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each limit that no call fits, or that refuses calls which a rule about amounts, as narrow as the limit, lets pass.

    An amount that nothing else bounds is no finding: the limit itself bounds it.
    """
    for index, rule in enumerate(ctx.analysis.rules):
        limit = rule.limit
        if limit is None:
            continue
        if limit.amount is None:
            if limit.step > limit.maximum:
                yield _never_counts(ctx, index, rule, limit)
            continue
        found = _beyond(ctx, index, limit, limit.amount)
        if found is not None:
            yield found


def _never_counts(ctx: Context, index: int, rule: Rule, limit: Limit) -> Finding:
    tools = reach(ctx.analysis).tools.get(index, [])[:MOST_TOOLS]
    witness = next((w for t in tools if (w := ctx.analysis.find(t, lambda leaf: index in leaf.limits))), None)
    message = f"{written(limit)} lets no call through: each adds {limit.step:_}"
    return _finding(ctx, rule, message, "no call fits", (), witness, "raise the maximum, or deny the tool")


def _beyond(ctx: Context, index: int, limit: Limit, path: Path) -> Finding | None:
    """The finding about a sum, from the first tool that shows one; none where a negative amount makes room (which
    sum-not-bounded-below says)."""
    analysis, rule = ctx.analysis, ctx.analysis.rules[index]
    over = over_maximum(limit, path)
    for tool in reach(analysis).tools.get(index, [])[:MOST_TOOLS]:
        comparing = _comparing(ctx, index, tool, path, limit.maximum)
        if not comparing and not _schema_compares(ctx, tool, path, limit.maximum):
            continue
        witness = analysis.find(tool, lambda leaf: index in leaf.limits, over)
        if witness is None or not analysis.decided(tool, negation(over)):
            continue
        none_fits = not any(index in leaf.limits for leaf in analysis.outcomes(tool, negation(over)))
        if (none_fits or comparing) and not _refilled(ctx, limit.counter):
            return _said(ctx, rule, limit, tool, none_fits, comparing, witness)
    return None


def over_maximum(limit: Limit, path: Path) -> Formula:
    """The amounts that alone exceed the maximum."""
    if not limit.whole:
        return predicate(Test(path, ">", limit.maximum), 0b100)
    return predicate(Test(path, ">=", math.floor(limit.maximum) + 1), 0b100)


def _comparing(ctx: Context, index: int, tool: Tool, path: Path, least: int | float) -> list[Rule]:
    """The rules as narrow as the limit that compare its amount with a number which the limit does not let a call reach."""
    analysis = ctx.analysis
    program, own = analysis.program(tool), width(analysis.rules[index].selector)
    var = ("args" if path.root == "args" else "context", path.steps)
    out: list[Rule] = []
    for guarded in (*program.denials, *program.allows, *program.approvals):
        rule = analysis.rules[guarded.rule]
        if rule.effect == "limit" or width(rule.selector) > own or rule in out:
            continue
        asked = (p.probe for p in predicates(guarded.guard) if p.var == var and p.probe.op in _ORDERED)
        if any(b >= least for probe in asked for b in bounds(probe)):
            out.append(rule)
    return out


def _schema_compares(ctx: Context, tool: Tool, path: Path, least: int | float) -> bool:
    """Whether the schema knows a number for the amount that alone may keep every call from fitting."""
    if tool is OTHER_TOOL:
        return False
    var = (path.root, path.steps)
    asked = (p.probe for p in predicates(ctx.analysis.schema(tool)) if p.var == var)
    return any(b >= least for probe in asked for b in bounds(probe))


def _refilled(ctx: Context, counter: str) -> bool:
    """Whether a call with a negative amount may have made room on the counter before."""
    sums = (
        i
        for i, r in enumerate(ctx.analysis.rules)
        if r.limit is not None and r.limit.counter == counter and r.limit.amount is not None
    )
    return any(negative_call(ctx, i) is not None for i in sums)


def _said(
    ctx: Context, rule: Rule, limit: Limit, tool: Tool, none_fits: bool, comparing: list[Rule], witness: Witness
) -> Finding:
    assert limit.amount is not None
    path, name = path_text(limit.amount), witness.call.tool
    places = tuple(Related(r.span, f"about `{path}` too") for r in comparing if r.span is not None)[:3]
    if none_fits:
        message = f"{written(limit)} lets no call to `{name}` through: every `{path}` that the rules and the schema allow is above it"
        return _finding(ctx, rule, message, "no call fits", places, witness, "raise the maximum, or deny the tool")
    names = ", ".join(f"`{r.id}`" for r in comparing[:3])
    message = f"a call to `{name}` may pass {names} and carry more than {written(limit)} has room for"
    how = f"raise the maximum, or bound a single call: `deny when {path} > {limit.maximum:_}`"
    return _finding(ctx, rule, message, "refuses such a call whatever was counted", places, witness, how)


def _finding(
    ctx: Context, rule: Rule, message: str, label: str, places: tuple[Related, ...], witness: Witness | None, how: str
) -> Finding:
    passed = "held for approval" if witness is not None and witness.outcome.effect == "approve" else "allowed"
    return Finding(
        RULE.slug,
        message,
        rule.span or ctx.place,
        label=label,
        related=places,
        witness=None if witness is None else witness.as_json(),
        witness_note=None
        if witness is None
        else f"{passed} by the rules, and then refused by this limit in every window",
        help=how,
        route=rule.route or None,
    )
