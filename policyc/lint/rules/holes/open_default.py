"""open-default: what no rule speaks of is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Edit, Finding
from policyc.diagram.analysis import Witness
from policyc.diagram.specialise import OTHER_TOOL, Tool
from policyc.ir.model import AnyTool, Rule
from policyc.lint.context import Context, RuleInfo
from policyc.lint.selection import selection
from policyc.source import Span

RULE = RuleInfo("PC516", "open-default", "warning", "the default is allow: every tool that no rule speaks of is open")


def check(ctx: Context) -> Iterator[Finding]:
    """One finding at the default of a policy that allows by default, unless some rule stops every tool."""
    policy = ctx.policy
    if policy.default != "allow" or any(_stops(r) and isinstance(r.selector, AnyTool) for r in policy.rules):
        return
    left = _by_default(ctx)
    witness = _call_by_default(ctx, left)
    if witness is None:
        return
    yield Finding(
        RULE.slug,
        _message(ctx, len(left)),
        policy.default_span or ctx.place,
        label="allows what is not named",
        help="write `default: deny`, and list the tools that are meant"
        if policy.dialect != "dsl"
        else "make the default `deny`, and allow the tools that are meant",
        witness=witness.as_json(),
        witness_note="no rule decides this call; the default allows it",
        route="default",
        edits=_edits(policy.default_span),
    )


def _message(ctx: Context, left: int) -> str:
    written = ctx.policy.default_span is not None
    is_open = (
        "the default is `allow`" if written else "no `default` is written, which the Intercept proxy takes for `allow`"
    )
    if ctx.catalog is None:
        return f"{is_open}, so every tool that no rule speaks of is open, also one that a server adds later"
    if left == 0:
        return f"{is_open}, so a tool that a server adds later is open"
    known = len(ctx.catalog.tools)
    of = f"{left} of the catalog's {known} tools {'is' if left == 1 else 'are'}"
    return f"{is_open}: {of} open by it alone, and so is every tool that a server adds later"


def _stops(rule: Rule) -> bool:
    return rule.effect in ("hide", "deny") and rule.when is None


def _by_default(ctx: Context) -> list[str]:
    """The catalog's tools that no rule without a condition allows, denies or hides, each as often as there are servers."""
    if ctx.catalog is None:
        return []
    known = selection(ctx.catalog)
    decided: set[int] = set()
    for rule in ctx.policy.rules:
        if _stops(rule) or (rule.effect == "allow" and rule.when is None):
            decided |= known.indexes(rule.selector)
    return [tool.name for i, tool in enumerate(known.tools) if i not in decided]


def _call_by_default(ctx: Context, left: list[str]) -> Witness | None:
    """A call that only the default allows: of a tool of the catalog if there is one, else of a tool nobody knows."""
    tried: list[Tool] = [*dict.fromkeys(left[:MOST_TRIED]), OTHER_TOOL]
    for tool in tried:
        found = ctx.analysis.find(tool, lambda leaf: leaf.effect == "allow" and leaf.rule == -1)
        if found is not None:
            return found
    return None


MOST_TRIED = 5
"""Tools of the catalog tried for an example; any other tool comes last and nearly always gives one."""


def _edits(span: Span | None) -> tuple[Edit, ...]:
    if span is None or span.text.count("allow") != 1:
        return ()
    at = span.start + span.text.index("allow")
    return (Edit(Span(span.source, at, at + len("allow")), "deny", safe=False),)
