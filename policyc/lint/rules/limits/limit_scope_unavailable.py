"""limit-scope-unavailable: a limit counted by session, which the protocol no longer has.

Revision 2026-07-28 of the Model Context Protocol removed protocol-level sessions and the `Mcp-Session-Id` header (SEP-2567; its
changelog: https://modelcontextprotocol.io/specification/2026-07-28/changelog).
"""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding, Related
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import written

RULE = RuleInfo("PC315", "limit-scope-unavailable", "info", "a limit by session, which the protocol no longer has")
REVISION = "2026-07-28"


def check(ctx: Context) -> Iterator[Finding]:
    """One finding a policy, at its first limit by session; the others are named beside it."""
    rules = [r for r in ctx.policy.rules if r.limit is not None and "session" in r.limit.scope]
    if not rules:
        return
    first = rules[0]
    assert first.limit is not None
    places = [(r.limit.span if r.limit is not None else None) or r.span for r in rules[1:]]
    yield Finding(
        RULE.slug,
        f"{written(first.limit)} counts by session, which the protocol does not have since its revision {REVISION}",
        first.limit.span or first.span or ctx.place,
        label="denies every call where the gateway knows no session",
        related=tuple(Related(p, "by session too") for p in places[:6] if p is not None),
        help="count by grant, agent or user, or make sure that the gateway gives `context.session` a value of its own",
        route=first.route or None,
    )
