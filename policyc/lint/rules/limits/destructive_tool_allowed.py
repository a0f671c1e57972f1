"""destructive-tool-allowed: a tool that destroys things may be called with nobody asked."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.ir.names import name_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import allowed_by, finding, let_through

RULE = RuleInfo(
    "PC302",
    "destructive-tool-allowed",
    "warning",
    "a destructive tool is allowed without approval",
    needs=("catalog", "analysis"),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each rule that lets some call to a destructive tool through without approval."""
    groups = let_through(ctx, lambda category: category == "destructive", lambda leaf: leaf.effect == "allow")
    for group in groups:
        message = allowed_by(group, "with nobody asked", "destructive tools")
        note = "allowed with nobody asked"
        yield finding(ctx, RULE.slug, group, message, "allowed without approval", note, _help(ctx, group.tools[0].name))


def _help(ctx: Context, tool: str) -> str:
    ask = {
        "dsl": f"deny it, or hold it for a person: `on {name_text(tool)} {{ approve }}`",
        "document": 'deny it, or hold it for a person: `"approve": true`',
        "intercept": "deny it: a rule with `action: deny` (this format cannot ask a person)",
    }
    return f"{ask[ctx.policy.dialect]}; where the catalog is wrong about it, say so in its overrides"
