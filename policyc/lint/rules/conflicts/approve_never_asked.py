"""approve-never-asked: an approve that holds no call, because each is denied before anybody is asked."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.reach import behind_hides, reach
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.allow_overridden import blocks_overridden
from policyc.lint.rules.conflicts.common import (
    SLIPS,
    covered,
    coverers,
    decider,
    example,
    named,
    related,
    verdicts,
)  # fmt: skip

RULE = RuleInfo(
    "PC412",
    "approve-never-asked",
    "warning",
    "an approve whose calls are all denied",
    needs=("analysis",),
    yields_to=(*SLIPS, "conflicting-rules", "contradictory-condition", "tautological-condition", "duplicate-rule"),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each approve on which every call is denied, by rules or because nothing allows it. (Where other approvals hold
    its calls, that is the finding of unreachable-rule.)"""
    analysis, found = ctx.analysis, reach(ctx.analysis)
    judged = {id(v.rule) for v in verdicts(ctx) if v.whole and not v.always}
    for i, rule in enumerate(analysis.rules):
        if rule.effect != "approve" or i in found.effective or not found.decided(i):
            continue
        if id(rule) in judged or i in behind_hides(ctx.analysis) or rule.selector in blocks_overridden(ctx):
            continue
        tools, covers = covered(ctx, i)
        if not covers or any(effects != {"deny"} for effects in covers.values()):
            continue
        others = coverers(ctx, i, tools, covers)
        if -1 not in covers:
            why = f"{named(others)} {'deny' if len(others) > 1 else 'denies'} every call that it would hold"
        elif others:
            why = f"{named(others)} {'deny' if len(others) > 1 else 'denies'} some of its calls, and nothing allows the others"
        else:
            why = "nothing allows the calls that it would hold, and the default denies them"
        witness = example(ctx, i, tools)
        yield Finding(
            RULE.slug,
            f"`{rule.id}` never holds a call: {why}",
            rule.span or ctx.place,
            label="nobody is ever asked",
            related=related(others, "denies these calls first"),
            witness=None if witness is None else witness.as_json(),
            witness_note=None if witness is None else f"denied by {decider(witness.outcome.rule)}; nobody is asked",
            help="an approve allows nothing by itself: add an `allow` for what it may hold"
            if -1 in covers
            else "narrow the denials to what no approval should open, or delete it",
            route=rule.route or None,
        )
