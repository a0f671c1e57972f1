"""Blocks of rules over one selector, and those of which nothing allows a call."""

from __future__ import annotations

from policyc.diagram.analysis import Analysis, Witness
from policyc.diagram.reach import behind_hides, judgeable, reach
from policyc.diagram.specialise import Tool, selected_at_least
from policyc.ir.model import Rule, Selector
from policyc.ir.order import everything

Block = list[tuple[int, Rule]]
SHAPING = ("limit", "approve", "require")
"""Effects that say how calls are made, and so suppose that they are."""


def blocks(analysis: Analysis) -> dict[Selector, Block]:
    """The rules by selector, with their indexes; without those over every tool and those of tools that are always hidden."""
    out: dict[Selector, Block] = {}
    for i, rule in enumerate(analysis.rules):
        if not everything(rule.selector) and i not in behind_hides(analysis):
            out.setdefault(rule.selector, []).append((i, rule))
    return out


def closed(analysis: Analysis) -> dict[Selector, Witness]:
    """The blocks that shape calls of which nothing allows any under `default deny`, with a call that only the default denies."""
    known = analysis.cache.get("closed")
    if not isinstance(known, dict):
        found = (
            ((s, _closed(analysis, s, b)) for s, b in blocks(analysis).items())
            if analysis.policy.default == "deny"
            else ()
        )
        known = analysis.cache["closed"] = {s: w for s, w in found if w is not None}
    return known


def _closed(analysis: Analysis, selector: Selector, block: Block) -> Witness | None:
    if not any(r.effect in SHAPING for _, r in block):
        return None
    if any(r.effect in ("allow", "hide") or (r.effect == "deny" and r.when is None) for _, r in block):
        return None
    found, tools = reach(analysis), tools_of_block(analysis, block)
    if found.open.intersection(tools):
        return None
    witness: Witness | None = None
    for tool in tools:
        region = selected_at_least(selector, tool, 1, analysis.facts)
        outcomes = found.outcomes[tool] if region is True else analysis.outcomes(tool, region)
        if any(leaf.effect != "deny" for leaf in outcomes):
            return None
        if witness is None and any(leaf.rule == -1 for leaf in outcomes):
            witness = analysis.find(tool, lambda leaf: leaf.rule == -1, region)
    return witness


def tools_of_block(analysis: Analysis, block: Block) -> list[Tool]:
    """The tools that the block reaches and that can be judged."""
    by_rule = reach(analysis).tools
    everywhere = dict.fromkeys(t for i, _ in block for t in by_rule.get(i, ()))
    return [t for t in everywhere if judgeable(analysis, t)]
