"""duplicate-rule: the same rule written twice."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Edit, Finding
from policyc.diagram.redundancy import duplicates
from policyc.ir.model import Rule
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import related
from policyc.source import Span

RULE = RuleInfo("PC409", "duplicate-rule", "warning", "the same rule written twice", needs=("analysis",))


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each rule that an earlier one already says, whatever words its condition has."""
    analysis = ctx.analysis
    for i, first in sorted(duplicates(analysis).items()):
        rule, earlier = analysis.rules[i], analysis.rules[first]
        same = rule.when == earlier.when and rule.condition == earlier.condition
        twice = ", so each call counts twice" if rule.limit is not None and rule.limit.named else ""
        yield Finding(
            RULE.slug,
            f"`{rule.id}` says the same as `{earlier.id}`{'' if same else ' in other words'}{twice}",
            rule.span or ctx.place,
            label="the same again",
            related=related([earlier], "written here first"),
            help="delete one of them",
            route=rule.route or None,
            edits=_edits(ctx, rule),
        )


def _edits(ctx: Context, rule: Rule) -> tuple[Edit, ...]:
    """Delete the rule where it has lines of its own. Not a limit, whose counter may be named by its place, and not an allow, whose
    block would allow more without it."""
    if ctx.policy.dialect != "dsl" or rule.span is None or rule.effect in ("limit", "allow"):
        return ()
    text, start, end = rule.span.source.text, rule.span.start, rule.span.end
    start = text.rfind("\n", 0, start) + 1
    newline = text.find("\n", end)
    end = len(text) if newline < 0 else newline + 1
    if text[start:end].strip() != rule.span.text.strip():
        return ()
    return (Edit(Span(rule.span.source, start, end), ""),)
