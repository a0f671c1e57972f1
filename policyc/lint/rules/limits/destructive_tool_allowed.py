"""destructive-tool-allowed: a tool that destroys things may be called with nobody asked."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import allowed_by, let_through

RULE = RuleInfo(
    "PC302",
    "destructive-tool-allowed",
    "warning",
    "a destructive tool is allowed without approval",
    needs=("catalog", "analysis"),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each rule that lets some call to a destructive tool through without approval."""
    for group in let_through(ctx, lambda tool: tool.risk.category == "destructive", lambda leaf: leaf.effect == "allow"):
        first = group.tools[0]
        span = (ctx.policy.default_span if group.rule is None else group.rule.span) or ctx.place
        yield Finding(
            RULE.slug,
            allowed_by(group, "with nobody asked", "destructive tools"),
            span,
            label="allowed without approval",
            witness=None if group.witness is None else group.witness.as_json(),
            witness_note=f"allowed with nobody asked; {'; '.join(first.risk.evidence[:2])}",
            help=f"deny it, or hold it for a person: `on {first.name} {{ approve }}`; where the catalog is wrong about it, say so in the catalog's overrides",
            route=None if group.rule is None else group.rule.route or None,
        )
