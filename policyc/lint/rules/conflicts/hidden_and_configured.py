"""hidden-and-configured: rules about tools that are always hidden, where nothing but the hide ever counts."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.reach import behind_hides
from policyc.ir.model import Rule
from policyc.ir.names import selector_text
from policyc.ir.order import everything
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import named, related

RULE = RuleInfo(
    "PC407", "hidden-and-configured", "warning", "rules about a tool that is always hidden", needs=("analysis",)
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each block, with the hides that silence it; one for all blocks together where a hide takes every tool."""
    groups: dict[object, tuple[list[Rule], set[int]]] = {}
    analysis = ctx.analysis
    for i, hides in behind_hides(ctx.analysis).items():
        total = {j for j in hides if everything(analysis.rules[j].selector) and analysis.rules[j].when is None}
        rules, by = groups.setdefault("all" if total else analysis.rules[i].selector, ([], set()))
        rules.append(analysis.rules[i])
        by |= total or hides
    for key, (rules, by) in groups.items():
        hiding = [analysis.rules[j] for j in sorted(by)]
        who = f"{named(hiding)} always {'hide' if len(hiding) > 1 else 'hides'}"
        yield Finding(
            RULE.slug,
            f"{who} every tool, so no other rule has an effect"
            if key == "all"
            else f"{who} `{selector_text(rules[0].selector)}`, so {_what(rules)} no effect",
            rules[0].span or ctx.place,
            label="never has an effect",
            related=(*related(hiding, "hides it"), *related([r for r in rules[1:] if not r.implied], "nor has this")),
            help="a hidden tool is denied and not listed: delete these rules, or the hide if the tool is meant to be used",
            route=rules[0].route or None,
        )


def _what(rules: list[Rule]) -> str:
    if rules[0].implied:
        return "its block has"
    return f"{named(rules)} {'have' if len(rules) > 1 else 'has'}"
