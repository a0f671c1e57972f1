"""write-tool-without-limit: a tool that changes things, and some way to call it that no limit counts."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import allowed_by, let_through

RULE = RuleInfo(
    "PC301",
    "write-tool-without-limit",
    "warning",
    "a tool that changes things is allowed without a limit",
    needs=("catalog", "analysis"),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each rule that lets calls to such tools through unlimited: about paths that allow, not about keys."""
    groups = let_through(
        ctx, lambda tool: tool.risk.category != "read", lambda leaf: leaf.effect == "allow" and not leaf.limits
    )
    for group in groups:
        first = group.tools[0]
        span = (ctx.policy.default_span if group.rule is None else group.rule.span) or ctx.place
        yield Finding(
            RULE.slug,
            allowed_by(group, "without any limit", "tools that change things"),
            span,
            label="allowed without a limit",
            witness=None if group.witness is None else group.witness.as_json(),
            witness_note=f"allowed, and counted by no limit; `{first.name}` is {first.risk.category}: {'; '.join(first.risk.evidence[:2])}",
            help=f"add a limit such as `on {first.name} {{ limit 30 per minute by grant }}`, or one for all tools: `on * {{ limit 60 per minute by grant }}`",
            route=None if group.rule is None else group.rule.route or None,
        )
