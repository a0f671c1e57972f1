"""unreachable-rule: a rule that never decides a call, because others decide every call that it fires on."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.reach import behind_hides, reach
from policyc.diagram.redundancy import alone_allowed, covered_as_written
from policyc.diagram.specialise import Tool
from policyc.ir.model import Rule
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import (
    SLIPS,
    covered,
    coverers,
    decider,
    example,
    named,
    related,
    verdicts,
)

RULE = RuleInfo(
    "PC402",
    "unreachable-rule",
    "warning",
    "a rule that never decides a call",
    needs=("analysis",),
    yields_to=(
        *SLIPS,
        "duplicate-rule",
        "conflicting-rules",
        "contradictory-condition",
        "tautological-condition",
    ),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each rule that fires on some call but decides none, with the rules that together cover it. (Of limits that
    never count, limit-on-denied-tool speaks.)"""
    analysis, found = ctx.analysis, reach(ctx.analysis)
    judged = {id(v.rule) for v in verdicts(ctx) if v.whole}
    for i, rule in enumerate(analysis.rules):
        if i in found.effective or rule.implied or rule.effect == "limit" or id(rule) in judged or not found.decided(i):
            continue
        tools, covers = covered(ctx, i)
        if not covers or _said_elsewhere(rule, covers) or i in behind_hides(ctx.analysis):
            continue
        if rule.effect == "allow" and not _covered_allow(ctx, i, tools, covers):
            continue
        others = coverers(ctx, i, tools, covers)
        witness = example(ctx, i, tools)
        yield Finding(
            RULE.slug,
            f"`{rule.id}` never decides a call: {_by(others, -1 in covers)}",
            rule.span or ctx.place,
            label="never decides",
            related=related(others, "decides these calls already"),
            witness=None if witness is None else witness.as_json(),
            witness_note=None
            if witness is None
            else f"fires this rule, and is decided by {decider(witness.outcome.rule)}",
            help="delete it, or narrow the rules that come before it",
            route=rule.route or None,
        )


def _said_elsewhere(rule: Rule, covers: dict[int, set[str]]) -> bool:
    """Whether approve-never-asked says it: of an approve whose calls are all denied."""
    return rule.effect == "approve" and all(effects == {"deny"} for effects in covers.values())


def _covered_allow(ctx: Context, index: int, tools: list[Tool], covers: dict[int, set[str]]) -> bool:
    """Whether an allow that is never reported also allows nothing: other allows hold wherever it does. (Where every such call is
    denied, that is the finding of allow-overridden.)"""
    if all(effects == {"deny"} for effects in covers.values()):
        return False
    analysis = ctx.analysis
    if analysis.policy.default == "allow":
        return True
    if not covered_as_written(analysis, index):
        return False
    alone = ((t, alone_allowed(analysis, t, index)) for t in tools)
    return not any(leaf.effect != "deny" for t, region in alone for leaf in analysis.outcomes(t, region))


def _by(others: list[Rule], default: bool) -> str:
    if not others:
        return "the default decides every call that it fires on"
    verb = "decides" if len(others) == 1 else "together decide"
    if default:
        return f"{named(others)} {verb} some of the calls that it fires on, and the default the others"
    return f"{named(others)} {verb} every call that it fires on"
