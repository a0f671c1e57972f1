"""tautological-condition: a condition that every call fulfils."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import SLIPS, Verdict, text_of, verdicts

RULE = RuleInfo(
    "PC405",
    "tautological-condition",
    "warning",
    "a condition that is always true",
    needs=("analysis",),
    yields_to=SLIPS,
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each outermost condition or test that is always true.

    A `require` that repeats what the schema says is not reported: a gateway may not validate, and the rule then holds the line.
    """
    for verdict in verdicts(ctx):
        if not verdict.always or (verdict.by_schema and verdict.rule.effect == "require"):
            continue
        cond, rule = verdict.cond, verdict.rule
        why = ", given the tool's input schema" if verdict.by_schema else ""
        yield Finding(
            RULE.slug,
            f"{text_of(cond)} is always true{why}{_so(verdict)}",
            cond.span or rule.span or ctx.place,
            label="always true",
            help=_help(verdict),
            route=rule.route or None,
        )


def _so(verdict: Verdict) -> str:
    if not verdict.whole:
        return ""
    if verdict.cond is verdict.rule.condition:
        return ", so this `require` never denies"
    done = {"deny": "denies every call", "approve": "holds every call", "allow": "allows every call"}
    return f", so this rule {done.get(verdict.rule.effect, 'applies to every call')} that it reaches"


def _help(verdict: Verdict) -> str:
    if verdict.whole and verdict.cond is verdict.rule.when:
        return "a missing or wrong-typed value counts too; leave the condition out if that is meant"
    return "leave it out, or write the test that was meant"
