"""contradictory-condition: a condition that no call can fulfil."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import SLIPS, Verdict, text_of, verdicts

RULE = RuleInfo(
    "PC404",
    "contradictory-condition",
    "warning",
    "a condition that is never true",
    needs=("analysis",),
    yields_to=SLIPS,
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each outermost condition or test that is never true, or never true of arguments that fit the schema."""
    for verdict in verdicts(ctx):
        if verdict.always:
            continue
        cond, rule = verdict.cond, verdict.rule
        why = ", given the tool's input schema" if verdict.by_schema else ""
        yield Finding(
            RULE.slug,
            f"{text_of(cond)} is never true{why}{_so(verdict)}",
            cond.span or rule.span or ctx.place,
            label="never true",
            help=None if verdict.whole else "the tests before it leave no value for which it holds",
            route=rule.route or None,
        )


def _so(verdict: Verdict) -> str:
    if not verdict.whole:
        return ""
    match verdict.rule.effect:
        case "require" if verdict.cond is verdict.rule.condition:
            return ", so every call that this rule reaches is denied"
        case "limit":
            return ", so the limit never applies"
        case _:
            return f", so this `{verdict.rule.effect}` never has an effect"
