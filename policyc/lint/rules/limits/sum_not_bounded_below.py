"""sum-not-bounded-below: a negative amount takes the counter back down and refills the budget."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.ir.model import Rule
from policyc.ir.spelling import path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import negative_call

RULE = RuleInfo(
    "PC307",
    "sum-not-bounded-below",
    "warning",
    "a sum limit that a negative amount refills",
    needs=("analysis",),
    yields_to=("intercept-negative-increment",),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each sum limit that some call passes with an amount below zero."""
    for i, rule in enumerate(ctx.analysis.rules):
        if rule.limit is None or rule.limit.amount is None:
            continue
        witness = negative_call(ctx, i)
        if witness is None:
            continue
        name = path_text(rule.limit.amount)
        yield Finding(
            RULE.slug,
            f"a negative `{name}` passes, and takes the sum down instead of up",
            (rule.limit.amount.span or rule.span or ctx.place),
            label="may be negative",
            witness=witness.as_json(),
            witness_note=f"{'held for approval' if witness.outcome.effect == 'approve' else 'allowed'}, and gives the budget back",
            help=_help(rule, name),
            route=rule.route or None,
        )


def _help(rule: Rule, name: str) -> str:
    return f"add `require {name} >= 0` beside it (in a document: a `require` entry with `gte` 0)"
