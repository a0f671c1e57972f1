"""conflicting-rules: rules that leave nothing allowed together, or say different things of the same values."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.analysis import OUTSIDE, Analysis
from policyc.diagram.formula import Formula, Var, at_least, conj, negation, predicates
from policyc.diagram.reach import judgeable, reach
from policyc.diagram.specialise import Tool
from policyc.ir.model import Rule
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import SLIPS, named, related, verdicts

RULE = RuleInfo(
    "PC401", "conflicting-rules", "warning", "rules that contradict each other", needs=("analysis",), yields_to=SLIPS
)


def check(ctx: Context) -> Iterator[Finding]:
    """Tools that are allowed by one rule and by others together denied always; and allow and deny of one block that speak of the same
    values and overlap without one being an exception to the other."""
    yield from _nothing_left(ctx)
    yield from _overlaps(ctx)


def _nothing_left(ctx: Context) -> Iterator[Finding]:
    analysis, found = ctx.analysis, reach(ctx.analysis)
    judged = {id(v.rule) for v in verdicts(ctx) if v.whole}
    for tool in analysis.tools:
        program, outcomes = analysis.program(tool), found.outcomes[tool]
        allows = [g.rule for g in program.allows if g.guard is True]
        if (
            not isinstance(tool, str)
            or not judgeable(analysis, tool)
            or not allows
            or tool in found.open
            or not outcomes
        ):
            continue
        if any(leaf.effect != "deny" for leaf in outcomes):
            continue
        denying = [g for g in program.denials if analysis.possible(tool, g.guard)]
        if any(g.guard is True or id(analysis.rules[g.rule]) in judged for g in denying):
            continue
        deciding = {leaf.rule for leaf in outcomes}  # together they cover every valid call
        needed = _needed(analysis, tool, [(g.rule, g.guard) for g in denying if g.rule in deciding])
        rules = [analysis.rules[i] for i in needed]
        if not rules or any(r.when is None and r.effect in ("deny", "hide") for r in rules):
            continue  # denied outright: allow-overridden says so
        first = analysis.guard(tool, needed[0])
        witness = analysis.find(tool, lambda leaf: leaf != OUTSIDE, negation(first))
        own = analysis.rules[allows[0]]
        yield Finding(
            RULE.slug,
            f"no call to `{tool}` is ever allowed: {named(rules)} {'leave nothing between them' if len(rules) > 1 else 'denies every one'}",
            rules[-1].span or own.span or ctx.place,
            label="denies every call" if len(rules) == 1 else "contradicts the others",
            related=related(rules[:-1], "contradicts it"),
            witness=None if witness is None else witness.as_json(),
            witness_note=_note(rules[0], None if witness is None else witness.outcome.rule),
            help="deny the tool outright if that is meant; otherwise change "
            + ("one of these rules" if len(rules) > 1 else "this rule"),
            route=rules[-1].route or None,
        )


def _note(first: Rule, decider: Rule | None) -> str | None:
    return None if decider is None else f"passes `{first.id}` and is denied by `{decider.id}`"


def _needed(analysis: Analysis, tool: Tool, denials: list[tuple[int, Formula]]) -> list[int]:
    """A smallest-by-leaving-out set of denials that still cover every valid call."""
    kept = list(denials)
    for candidate in list(reversed(denials)):
        rest = [d for d in kept if d is not candidate]
        if rest and not analysis.possible(tool, conj(negation(g) for _, g in rest)):
            kept = rest
    return [i for i, _ in kept]


def _overlaps(ctx: Context) -> Iterator[Finding]:
    analysis = ctx.analysis
    for tool in analysis.tools:
        program = analysis.program(tool)
        for allow in program.allows:
            rule = analysis.rules[allow.rule]
            if rule.implied or rule.when is None or not isinstance(tool, str):
                continue
            for deny in program.denials:
                other = analysis.rules[deny.rule]
                if other.effect != "deny" or other.selector != rule.selector or other.when is None:
                    continue
                if _paths(allow.guard) != _paths(deny.guard):
                    continue
                yield from _overlap(ctx, tool, rule, other)


def _paths(formula: Formula) -> set[Var]:
    return {p.var for p in predicates(formula)}


def _overlap(ctx: Context, tool: Tool, allowing: Rule, denying: Rule) -> Iterator[Finding]:
    """Reported where the two conditions are plainly true together (not merely undefined) and neither lies inside the other: one
    inside the other is an exception, or an allow that is overridden."""
    analysis = ctx.analysis
    assert allowing.when is not None and denying.when is not None
    a, d = at_least(allowing.when, 2), at_least(denying.when, 2)
    if not (analysis.possible(tool, conj((a, negation(d)))) and analysis.possible(tool, conj((d, negation(a))))):
        return
    decider = analysis.rules.index(denying)
    witness = analysis.find(tool, lambda leaf: leaf.rule == decider, conj((a, d)))
    if witness is None:
        return
    yield Finding(
        RULE.slug,
        f"`{allowing.id}` and `{denying.id}` speak of the same calls and say different things; the deny wins",
        denying.span or ctx.place,
        label="denies",
        related=related([allowing], "allows some of the same calls"),
        witness=witness.as_json(),
        witness_note=f"allowed by `{allowing.id}`, denied by `{denying.id}`",
        help="make the two conditions meet without overlapping",
        route=denying.route or None,
    )
