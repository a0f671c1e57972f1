"""redundant-rule: a rule that can be deleted without changing a decision, a reason, an approver or a limit."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.analysis import Witness
from policyc.diagram.reach import reach
from policyc.diagram.redundancy import redundancies
from policyc.ir.model import Rule
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import SLIPS, named, related

RULE = RuleInfo(
    "PC403",
    "redundant-rule",
    "warning",
    "a rule whose work others do with the same words",
    needs=("analysis",),
    yields_to=(*SLIPS, "duplicate-rule"),
)
DONE = {"hide": "hide", "deny": "deny", "require": "deny", "approve": "hold", "allow": "allow"}


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each rule that decides calls and is missed by none of them."""
    analysis = ctx.analysis
    for i, others in sorted(redundancies(analysis).items()):
        rule, taking = analysis.rules[i], [analysis.rules[j] for j in others]
        witness = _decided(ctx, i)
        yield Finding(
            RULE.slug,
            f"`{rule.id}` is not needed: {_by(rule, taking)} every call that it decides, {_alike(rule)}",
            rule.span or ctx.place,
            label="not needed",
            related=related(taking, "does the same"),
            witness=None if witness is None else witness.as_json(),
            witness_note=None if witness is None else f"decided by `{rule.id}`; without it, just so by {named(taking)}",
            help="delete it, or give it a reason of its own if it says something that the others do not",
            route=rule.route or None,
        )


def _decided(ctx: Context, index: int) -> Witness | None:
    tools = reach(ctx.analysis).tools[index]
    found = (ctx.analysis.find(t, lambda leaf: leaf.rule == index) for t in tools)
    return next((w for w in found if w is not None), None)


def _by(rule: Rule, others: list[Rule]) -> str:
    verb = DONE[rule.effect]
    return f"{named(others)} {verb if len(others) > 1 else 'denies' if verb == 'deny' else verb + 's'}"


def _alike(rule: Rule) -> str:
    if rule.effect == "approve":
        return "with the same approver and reason"
    return "with the same reason" if rule.reason is not None else "and no reason is given either way"
