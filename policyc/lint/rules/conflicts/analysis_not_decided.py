"""analysis-not-decided: where the analysis stopped, so that nobody takes its silence for an answer."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.reach import reach
from policyc.lint.context import Context, RuleInfo

RULE = RuleInfo("PC415", "analysis-not-decided", "info", "what the analysis could not decide", needs=("analysis",))


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each reason, with the tools that it is about."""
    analysis = ctx.analysis
    reach(analysis)
    reasons: dict[str, list[str]] = {}
    for tool, reason in analysis.undecided.items():
        reasons.setdefault(reason, []).append(tool)
    for reason, tools in reasons.items():
        names = ", ".join(f"`{t}`" for t in sorted(tools)[:5])
        more = f" and {len(tools) - 5} more" if len(tools) > 5 else ""
        yield Finding(
            RULE.slug,
            f"not decided: whether rules of {names}{more} conflict or cover each other ({reason})",
            ctx.place,
            help="the table decides such tools rule by rule, which is correct and slower; fewer tests on one tool, or simpler patterns, let the analysis finish",
        )
    for guess in analysis.guesses:
        yield Finding(
            RULE.slug,
            f"not decided: which combinations of tests on one value are possible ({guess})",
            ctx.place,
            help="all of them are taken to be possible, so a conflict or a dead rule may go unreported",
        )
