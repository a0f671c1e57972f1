"""reason-never-shown: a reason that no caller is ever given, of a rule that still does something."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.reach import behind_hides, covering, reach
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import SLIPS, decider, example, named, related, tools_of

RULE = RuleInfo(
    "PC410",
    "reason-never-shown",
    "warning",
    "a reason that no caller is ever given",
    needs=("analysis",),
    yields_to=(
        *SLIPS,
        "unreachable-rule",
        "contradictory-condition",
        "tautological-condition",
        "conflicting-rules",
        "allow-overridden",
        "duplicate-rule",
        "gap",
        "approve-never-asked",
    ),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each rule with a reason that no decision reports. Where the rule also does nothing, another rule says so and this
    one yields; what is left does something and never has the word, such as an allow whose calls are all held for approval."""
    analysis, found = ctx.analysis, reach(ctx.analysis)
    for i, rule in enumerate(analysis.rules):
        if rule.reason is None or i in found.effective or i in behind_hides(ctx.analysis) or not found.decided(i):
            continue
        tools = [t for t in tools_of(ctx, i) if analysis.possible(t, analysis.guard(t, i))]
        covers = covering(analysis, i, tools) if tools else None
        if not covers:
            continue
        others = [analysis.rules[j] for j in sorted(covers) if j >= 0]
        by = named(others) if others else "the default"
        witness = example(ctx, i, tools)
        yield Finding(
            RULE.slug,
            f"the reason of `{rule.id}` is never given: {by} {'decide' if len(others) > 1 else 'decides'} every such call",
            rule.span or ctx.place,
            label="its reason is never given",
            related=related(others, "decides these calls, with its own reason or none"),
            witness=None if witness is None else witness.as_json(),
            witness_note=None if witness is None else f"decided by {decider(witness.outcome.rule)}",
            help="move the reason to the rule that decides, or delete it",
            route=rule.route or None,
        )
