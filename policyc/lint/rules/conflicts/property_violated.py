"""property-violated: what a `verify` block promises of the policy is not so, or not decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policyc.diagnostics import Finding, Related
from policyc.lint.context import Context, RuleInfo

if TYPE_CHECKING:
    from policyc.diagram.properties import Verdict
    from policyc.ir.model import Policy
    from policyc.source import Span

RULE = RuleInfo(
    "PC414", "property-violated", "error", "a declared property that does not hold",
    needs=("analysis",), yields_to=("catalog-required",),
)  # fmt: skip
LONGEST = 100
SIMPLER = "what is not decided is not proved; fewer tests on one tool, or simpler patterns, let the analysis finish"


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each property that is violated or not decided."""
    if not ctx.policy.properties:
        return
    from policyc.diagram.properties import Prover

    prover = Prover(ctx.policy, ctx.facts, ctx.catalog)
    for prop in ctx.policy.properties:
        verdict = prover.judge(prop)
        if verdict.status != "proved":
            yield finding(verdict, ctx.policy, ctx.place)


def finding(verdict: Verdict, policy: Policy, place: Span) -> Finding:
    """A verdict other than proved as a finding; `place` is where it is shown if the property has no place of its own."""
    prop, text = verdict.property, verdict.property.text
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    span = prop.span or place
    if verdict.status == "not decided":
        return Finding(
            RULE.slug,
            f"not decided: whether `{text}` holds ({verdict.why})",
            span,
            label=prop.reason,
            help=SIMPLER if prop.file is None else "what is not decided is not proved",
            route=prop.route or None,
        )
    related: tuple[Related, ...] = ()
    witness, note = verdict.witness, None
    if witness is not None:
        decider = policy.default_span if witness.outcome.rule is None else witness.outcome.rule.span
        related = () if decider is None else (Related(decider, "decides this call"),)
        if not verdict.valid:
            note = "the arguments do not fit the tool's schema, and a gateway that does not check them would let them through"
    return Finding(
        RULE.slug,
        f"`{text}` does not hold: {verdict.why}",
        span,
        label=prop.reason or "does not hold",
        related=related,
        witness=None if witness is None else witness.as_json(),
        witness_note=note,
        help="change the rules, or the property where this call is meant to be so",
        route=prop.route or None,
    )
