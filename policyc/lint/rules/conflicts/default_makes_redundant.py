"""default-makes-redundant: an allow where the default allows, or a bare deny where nothing allows and the default denies."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding, Related
from policyc.diagram.reach import behind_hides, reach
from policyc.ir.model import AnyOf, AnyTool, Rule, Selector, ToolName
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import SLIPS

RULE = RuleInfo(
    "PC408",
    "default-makes-redundant",
    "warning",
    "a rule that says what the default says anyway",
    needs=("analysis",),
    yields_to=(
        *SLIPS,
        "duplicate-rule",
        "unreachable-rule",
        "redundant-rule",
        "allow-overridden",
        "contradictory-condition",
    ),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each such rule.

    Under `default allow` every written allow: it opens nothing, and its condition closes nothing. (Not one that a document's tool entry
    carries without a condition: that is how a tool is listed there.) Under `default deny` a deny is mostly a second line of
    defence and left alone. Pointless is only one of tools by their exact names, or of every tool, without condition, reason, id and
    severity, in a policy that allows nothing but tools by their exact names, none of which it selects.
    """
    if ctx.policy.default == "allow":
        yield from _allows(ctx)
    elif ctx.policy.dialect == "dsl":
        yield from _denies(ctx)


def _allows(ctx: Context) -> Iterator[Finding]:
    for i, rule in enumerate(ctx.analysis.rules):
        if (
            rule.effect != "allow"
            or rule.implied
            or i in behind_hides(ctx.analysis)
            or (_listed(rule) and rule.when is None)
        ):
            continue
        partly = rule.when is not None
        yield Finding(
            RULE.slug,
            f"`{rule.id}` allows nothing that the default does not"
            + (": calls outside its condition are allowed as well" if partly else ""),
            rule.span or ctx.place,
            label="the default allows this and the rest" if partly else "the default allows this",
            related=_default(ctx),
            help="make the default `deny` if only this is meant"
            if partly
            else "delete it, or make the default `deny` if only what is listed is meant",
            route=rule.route or None,
        )


def _listed(rule: Rule) -> bool:
    """Whether a tool entry of a document says it."""
    return rule.route.startswith(("tools.", "servers."))


def _denies(ctx: Context) -> Iterator[Finding]:
    analysis, found = ctx.analysis, reach(ctx.analysis)
    allows = [r for r in analysis.rules if r.effect == "allow"]
    if any(not isinstance(r.selector, ToolName) for r in allows):
        return
    for i, rule in enumerate(analysis.rules):
        bare = rule.when is None and rule.reason is None and rule.severity is None and not rule.named
        if rule.effect != "deny" or not bare or not _plain(rule.selector) or i not in found.effective:
            continue
        tools = found.tools[i]
        if any(analysis.program(t).allows for t in tools):
            continue
        yield Finding(
            RULE.slug,
            f"`{rule.id}` denies nothing that the default does not: no rule allows what it selects",
            rule.span or ctx.place,
            label="the default denies this",
            related=_default(ctx),
            help="delete it, or give it a reason that the default does not have",
            route=rule.route or None,
        )


def _plain(selector: Selector) -> bool:
    """Exact names, or every tool. A pattern is written for tools that are not there yet."""
    items = selector.items if isinstance(selector, AnyOf) else (selector,)
    return all(isinstance(s, ToolName | AnyTool) for s in items)


def _default(ctx: Context) -> tuple[Related, ...]:
    span = ctx.policy.default_span
    return () if span is None else (Related(span, "the default"),)
