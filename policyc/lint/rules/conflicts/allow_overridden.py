"""allow-overridden: an allow, or a tool's own block, that denials always beat."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.reach import behind_hides, needed, reach
from policyc.diagram.specialise import Tool
from policyc.ir.model import Rule, Selector
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import (
    SLIPS,
    covered,
    decider,
    example,
    named,
    related,
    verdicts,
)

RULE = RuleInfo(
    "PC406", "allow-overridden", "warning", "an allow that a deny always beats", needs=("analysis",), yields_to=SLIPS
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each allow on which every call is denied by a rule of another block that always fires there."""
    analysis = ctx.analysis
    for i, (tools, needing) in overridden(ctx).items():
        rule, others = analysis.rules[i], [analysis.rules[j] for j in needing]
        witness = example(ctx, i, tools)
        what = f"the block for `{rule.id.removesuffix('.allow')}`" if rule.implied else f"`{rule.id}`"
        verb = "hide" if all(o.effect == "hide" for o in others) else "deny"
        verb = verb if len(others) > 1 else {"hide": "hides", "deny": "denies"}[verb]
        yield Finding(
            RULE.slug,
            f"{what} never allows a call: {named(others)} {verb} every one, and a deny beats an allow",
            rule.span or ctx.place,
            label="never allows",
            related=related(others, "denies these calls"),
            witness=None if witness is None else witness.as_json(),
            witness_note=None if witness is None else f"denied by {decider(witness.outcome.rule)}",
            help="write the exception into the deny's selector (`deny … and not …`), or delete the allow",
            route=rule.route or None,
        )


def overridden(ctx: Context) -> dict[int, tuple[list[Tool], list[int]]]:
    """The allows that denials always beat, each with the tools it reaches and the denials that it takes; computed once a policy."""
    known = ctx.analysis.cache.get("overridden")
    if not isinstance(known, dict):
        known = ctx.analysis.cache["overridden"] = dict(_overridden(ctx))
    return known


def _overridden(ctx: Context) -> Iterator[tuple[int, tuple[list[Tool], list[int]]]]:
    analysis, found = ctx.analysis, reach(ctx.analysis)
    judged = {id(v.rule) for v in verdicts(ctx) if v.whole}
    for i, rule in enumerate(analysis.rules):
        if rule.effect != "allow" or i in found.effective or id(rule) in judged or not found.decided(i):
            continue
        if i in behind_hides(ctx.analysis):
            continue
        tools, covers = covered(ctx, i)
        if not covers or -1 in covers or any(effects != {"deny"} for effects in covers.values()):
            continue
        others = needed(ctx.analysis, i, tools, sorted(covers))
        if rule.implied and not any(_from_elsewhere(analysis.rules[j], rule) for j in others):
            continue  # the block's own rules contradict each other: conflicting-rules says so
        yield i, (tools, others)


def _from_elsewhere(denying: Rule, rule: Rule) -> bool:
    """Whether it denies always, and not as a part of the same block."""
    if denying.when is not None:
        return False
    return denying.effect == "hide" or (denying.effect == "deny" and denying.selector != rule.selector)


def blocks_overridden(ctx: Context) -> set[Selector]:
    """The blocks that never allow a call for that reason; what else stands in them is then no news."""
    rules = ctx.analysis.rules
    return {rules[i].selector for i in overridden(ctx) if rules[i].implied}
