"""Calls that no rule speaks of, so that the default alone decides about them."""

from __future__ import annotations

from policyc.diagram.analysis import Analysis
from policyc.diagram.formula import Formula, at_least, conj, disj, negation
from policyc.diagram.specialise import Tool, selected_at_least
from policyc.ir.model import Rule
from policyc.ir.order import everything


def gap(analysis: Analysis, tool: Tool) -> Formula:
    """The formula for "no rule speaks of this call to the tool": none whose selector selects it and whose `when` holds or is
    undefined. Rules over every tool speak of none in particular and do not count; a `require` speaks of every call that it judges."""
    program = analysis.program(tool)
    reaching = {g.rule for group in (program.denials, program.allows, program.approvals, program.limits) for g in group}
    spoken = (
        conj((selected_at_least(rule.selector, tool, 1, analysis.facts), when(rule)))
        for rule in (analysis.rules[i] for i in sorted(reaching))
        if not everything(rule.selector)
    )
    return negation(disj(spoken))


def when(rule: Rule) -> Formula:
    """The formula for "the rule's `when` holds or is undefined"."""
    return True if rule.when is None else at_least(rule.when, 1)
