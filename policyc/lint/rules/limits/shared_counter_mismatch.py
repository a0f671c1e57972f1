"""shared-counter-mismatch: one counter's name under limits that do not agree about it."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding, Related
from policyc.ir.model import Limit, Rule
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import differences, written

RULE = RuleInfo("PC311", "shared-counter-mismatch", "error", "one counter under limits that do not agree")


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each limit that differs from the first of its counter in window, maximum, scope or what it counts."""
    first: dict[str, tuple[Rule, Limit]] = {}
    for rule in ctx.policy.rules:
        limit = rule.limit
        if limit is None:
            continue
        if limit.counter not in first:
            first[limit.counter] = (rule, limit)
            continue
        earlier, known = first[limit.counter]
        differs = differences(known, limit)
        if not differs:
            continue
        yield Finding(
            RULE.slug,
            f"counter `{limit.counter}` is {written(limit)} here and {written(known)} there: {', '.join(differs)} {'differs' if len(differs) == 1 else 'differ'}",
            limit.span or rule.span or ctx.place,
            label="the same counter",
            related=() if earlier.span is None else (Related(known.span or earlier.span, "first used here"),),
            help="give it a counter of its own, or make the two limits the same",
            route=rule.route or None,
        )
