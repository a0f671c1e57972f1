"""Which rules ever decide a call, over all tools: one pass over the diagrams."""

from __future__ import annotations

from policyc.diagram.analysis import Analysis
from policyc.diagram.build import Leaf
from policyc.diagram.formula import Formula, conj, negation
from policyc.diagram.specialise import OTHER_TOOL, Tool
from policyc.record import field, record


@record(frozen=False)
class Reach:
    """By tool its outcomes, by rule the tools that it reaches; rules are indexes in precedence order. `effective`: rules that some
    valid call is decided by, or whose limit it reserves. `open`: tools whose diagram is over budget."""

    outcomes: dict[Tool, set[Leaf]] = field(default_factory=dict)
    tools: dict[int, list[Tool]] = field(default_factory=dict)
    effective: set[int] = field(default_factory=set)
    open: set[Tool] = field(default_factory=set)

    def decided(self, rule: int) -> bool:
        """Whether every tool that the rule reaches has its diagram."""
        return not self.open.intersection(self.tools.get(rule, ()))


def reach(analysis: Analysis) -> Reach:
    """Compute it, once for an analysis."""
    known = analysis.cache.get("reach")
    if isinstance(known, Reach):
        return known
    out = Reach()
    for tool in (OTHER_TOOL, *(t for t in analysis.tools if t is not OTHER_TOOL)):
        program = analysis.program(tool)
        for group in (program.denials, program.allows, program.approvals, program.limits):
            for guarded in group:
                tools = out.tools.setdefault(guarded.rule, [])
                if not tools or tools[-1] != tool:
                    tools.append(tool)
        found = out.outcomes[tool] = analysis.outcomes(tool)
        if not analysis.decided(tool):
            out.open.add(tool)
        for leaf in found:
            out.effective.add(leaf.rule)
            out.effective.update(leaf.limits)
    analysis.cache["reach"] = out
    return out


def covering(analysis: Analysis, rule: int, tools: list[Tool], given: Formula = True) -> dict[int, set[str]] | None:
    """What decides the valid calls that a rule fires on: the deciding rules (-1: the default) with their effects. None when undecided."""
    found: dict[int, set[str]] = {}
    for tool in tools:
        guard = analysis.guard(tool, rule)
        if not analysis.decided(tool, guard):
            return None
        for leaf in analysis.outcomes(tool, guard):
            found.setdefault(leaf.rule, set()).add(leaf.effect)
    return found


def judgeable(analysis: Analysis, tool: Tool) -> bool:
    """Whether it is worth saying what rules do to each other on a tool. Where selectors ask the catalog, a tool that is not in it is
    undefined to them and denied or limited by each; that says nothing about the rules (that it is unknown is another finding)."""
    if not analysis.specialiser.asks_facts:
        return True
    return analysis.catalog is not None and isinstance(tool, str) and bool(analysis.catalog.by_name(tool))


def hidden_by(analysis: Analysis, rule: int) -> set[int] | None:
    """The hides that take every call which a rule could fire on, of all JSON; None where some call is left, or that is undecided.
    Asked of a hide itself, None."""
    hides: set[int] = set()
    if analysis.rules[rule].effect == "hide":
        return None
    for tool in reach(analysis).tools.get(rule, []):
        here = [g for g in analysis.program(tool).denials if analysis.rules[g.rule].effect == "hide"]
        if not here:
            return None
        sure = next((g for g in here if g.guard is True), None)
        if sure is not None:
            hides.add(sure.rule)
            continue
        left = conj((analysis.guard(tool, rule), *(negation(g.guard) for g in here)))
        if analysis.possible(tool, left, valid=False):
            return None
        hides.update(g.rule for g in here)
    return hides or None


def behind_hides(analysis: Analysis) -> dict[int, set[int]]:
    """The rules that only ever meet hidden tools, in precedence order, each with the hides. Computed once an analysis."""
    known = analysis.cache.get("behind hides")
    if isinstance(known, dict):
        return known
    found, out = reach(analysis), {}
    rules = range(len(analysis.rules)) if any(r.effect == "hide" for r in analysis.rules) else ()
    for i in rules:
        meets = any(judgeable(analysis, t) for t in found.tools.get(i, ()))
        if i not in found.effective and found.decided(i) and meets and (hides := hidden_by(analysis, i)) is not None:
            out[i] = hides
    analysis.cache["behind hides"] = out
    return out


def needed(analysis: Analysis, rule: int, tools: list[Tool], covers: list[int]) -> list[int]:
    """Those of the rules that together fire wherever `rule` does, without any that the others make up for; later ones are left out
    first. All of them where they do not cover it by themselves."""

    def cover(rules: list[int]) -> bool:
        return all(
            not analysis.possible(t, conj((analysis.guard(t, rule), *(negation(analysis.guard(t, j)) for j in rules))))
            for t in tools
        )

    kept = covers
    if cover(covers):
        for order in (covers[::-1], covers):  # from the front as well: the nearest rule alone reads best
            for j in order:
                rest = [k for k in kept if k != j]
                if rest and cover(rest):
                    kept = rest
    return kept
