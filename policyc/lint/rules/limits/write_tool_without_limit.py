"""write-tool-without-limit: a tool that changes things, and some way to call it that no limit counts."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.ir.names import name_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import allowed_by, finding, let_through

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
        ctx, lambda category: category != "read", lambda leaf: leaf.effect == "allow" and not leaf.limits
    )
    for group in groups:
        message = allowed_by(group, "without any limit", "tools that change things")
        note = "allowed, and counted by no limit"
        yield finding(ctx, RULE.slug, group, message, "allowed without a limit", note, _help(ctx, group.tools[0].name))


def _help(ctx: Context, tool: str) -> str:
    match ctx.policy.dialect:
        case "dsl":
            return f"add `limit 30 per minute by grant` to `on {name_text(tool)} {{ … }}`, or to `on * {{ … }}` for all tools"
        case "document":
            limit = '{"counter": "…", "window": "minute", "max": 30, "scope": "grant"}'
            return f'add `"limits": [{limit}]` to its entry, or to `all_tools`'
        case "intercept":
            return 'add a rule with `rate_limit: 30/minute` to it, or to `"*"` for all tools'
