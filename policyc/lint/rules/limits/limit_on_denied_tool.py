"""limit-on-denied-tool: a limit that never counts a call, because every call that it is about is denied."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding, Related
from policyc.diagram.analysis import Witness
from policyc.diagram.blocks import closed
from policyc.diagram.formula import conj, negation
from policyc.diagram.reach import behind_hides, judgeable, needed, reach
from policyc.diagram.specialise import Tool
from policyc.ir.model import Rule, ToolName
from policyc.ir.names import selector_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import MOST_TOOLS

RULE = RuleInfo(
    "PC314",
    "limit-on-denied-tool",
    "warning",
    "a limit on calls that are always denied",
    needs=("analysis",),
    yields_to=(
        "unknown-argument", "argument-type-mismatch", "value-not-in-enum", "contradictory-condition", "tautological-condition",
        "conflicting-rules", "allow-overridden", "approve-never-asked",
    ),
)  # fmt: skip


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each limit that applies to some call and counts none, with who denies those calls. What only hidden tools meet
    is hidden-and-configured's, and a block that nothing opens is a gap."""
    analysis, found = ctx.analysis, reach(ctx.analysis)
    counting = {i for leaves in found.outcomes.values() for leaf in leaves for i in leaf.limits}
    for i, rule in enumerate(analysis.rules):
        if rule.limit is None or i in counting or not found.decided(i):
            continue
        if i in behind_hides(analysis) or rule.selector in closed(analysis):
            continue
        reached = sorted(found.tools.get(i, [])[:MOST_TOOLS], key=lambda t: not isinstance(t, str))  # known tools first
        tools = [t for t in reached if judgeable(analysis, t)]
        covers, witness = _deciders(ctx, i, tools)
        if not covers or witness is None:
            continue
        denying = sorted(j for j in covers if j >= 0)
        if -1 not in covers:
            denying = needed(analysis, i, tools, denying)
        others = [analysis.rules[j] for j in denying]
        yield Finding(
            RULE.slug,
            f"this limit never counts a call: {_why(rule, others, -1 in covers)}",
            rule.span or ctx.place,
            label="never counts",
            related=(*_places(others), *_overridden(ctx, i, tools)),
            witness=witness.as_json(),
            witness_note=f"denied by {_decider(witness)}, so nothing is counted",
            help=_help(rule, others),
            route=rule.route or None,
        )


def _deciders(ctx: Context, index: int, tools: list[Tool]) -> tuple[set[int], Witness | None]:
    """Who denies the valid calls that the limit is about (-1: the default), with one of them; nobody where that is not decided. A
    sum limit that denies what it cannot count is not the reason."""
    analysis = ctx.analysis
    covers: set[int] = set()
    witness: Witness | None = None
    for tool in tools:
        guard = analysis.guard(tool, index)
        if not analysis.possible(tool, guard):
            continue
        unread = next((d.guard for d in analysis.program(tool).denials if d.rule == index), False)
        given = conj((guard, negation(unread)))
        if not analysis.decided(tool, given):
            return set(), None
        covers.update(leaf.rule for leaf in analysis.outcomes(tool, given))
        witness = witness or analysis.find(tool, lambda leaf: leaf.effect == "deny", given)
    return covers, witness


def _why(rule: Rule, others: list[Rule], default: bool) -> str:
    what = f"`{selector_text(rule.selector)}`" if isinstance(rule.selector, ToolName) else "what it selects"
    calls = "every call" if rule.when is None else "every such call"
    if not others:
        return f"nothing allows {what}, so the default denies {calls}"
    ids = [f"`{r.id}`" for r in others[:3]]
    named = ids[0] if len(others) == 1 else f"{', '.join(ids[:-1])} and {ids[-1]}"
    if len(others) > 3:
        named = f"{', '.join(ids)} and {len(others) - 3} more"
    one = len(others) == 1 and not default
    if all(r.effect == "hide" for r in others) and not default:
        return f"{named} {'hides' if one else 'hide'} {what}"
    also = " and the default" if default else ""
    return f"{named}{also} {'denies' if one else 'deny'} {calls} to {what}"


def _places(others: list[Rule]) -> tuple[Related, ...]:
    return tuple(Related(r.span, "hides it" if r.effect == "hide" else "denies") for r in others if r.span is not None)[
        :6
    ]


def _overridden(ctx: Context, index: int, tools: list[Tool]) -> Iterator[Related]:
    """The allows of the limit's own block that never allow: what is wrong is said there."""
    analysis, effective = ctx.analysis, reach(ctx.analysis).effective
    own = analysis.rules[index].selector
    for tool in tools:
        for guarded in analysis.program(tool).allows:
            rule = analysis.rules[guarded.rule]
            if rule.selector == own and rule.span is not None and guarded.rule not in effective:
                yield Related(rule.span, "never allows")
                return


def _decider(witness: Witness) -> str:
    return "the default" if witness.outcome.rule is None else f"`{witness.outcome.rule.id}`"


def _help(rule: Rule, others: list[Rule]) -> str:
    if others:
        return "delete the limit, or narrow what denies"
    name = selector_text(rule.selector)
    return f"allow it (`allow {name}`): a block over more than one exact tool allows nothing by itself; or delete the limit"
