"""gap: calls to tools that rules speak of, about which only the default decides, where that looks like an oversight."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.analysis import Witness
from policyc.diagram.blocks import SHAPING, Block, blocks, closed, tools_of_block
from policyc.diagram.formula import conj
from policyc.diagram.gaps import gap
from policyc.diagram.specialise import selected_at_least
from policyc.ir.model import Rule, Selector, ToolName
from policyc.ir.names import selector_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import related, text_of

RULE = RuleInfo(
    "PC411",
    "gap",
    "info",
    "calls to a tool that rules speak of, left to the default",
    needs=("analysis",),
    yields_to=("approve-never-asked", "conflicting-rules", "contradictory-condition"),
)
MOST_TOOLS = 40
"""Tools of one block on which a gap is looked for."""


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each block over a selector that is a gap in one of two ways.

    Under `default deny`: it limits, holds or checks calls, and nothing allows any of them. (An `allow … when …` that leaves
    the rest to the default is no gap, it is what the default is for.) Under `default allow`: each of its rules has a
    condition, and calls that none of them speaks of are let through.
    """
    for selector, block in blocks(ctx.analysis).items():
        if ctx.policy.default == "allow":
            yield from _open(ctx, selector, block)
        elif selector in closed(ctx.analysis):
            yield _closed(selector, [r for _, r in block if r.effect in SHAPING], closed(ctx.analysis)[selector], ctx)


def _closed(selector: Selector, shaping: list[Rule], witness: Witness, ctx: Context) -> Finding:
    text, first = selector_text(selector), shaping[0]
    exact = isinstance(selector, ToolName)
    return Finding(
        RULE.slug,
        f"rules speak of `{text}` and nothing allows {'it' if exact else 'any call to it'}: the default denies what they leave",
        first.span or ctx.place,
        label="allows nothing by itself",
        related=related(shaping[1:], "nor does this"),
        witness=witness.as_json(),
        witness_note="denied by the default; no rule decides it",
        help=f"write `allow {text}` if these calls are meant to pass, or give them a block of their own"
        if not exact
        else f"write `allow {text}`, or put the rules into a block `on {text} {{ … }}`, which allows it",
        route=first.route or None,
    )


def _open(ctx: Context, selector: Selector, block: Block) -> Iterator[Finding]:
    stopping = [r for _, r in block if r.effect in ("deny", "approve")]
    if not stopping or any(r.effect in ("allow", "hide") for _, r in block):
        return
    for tool in tools_of_block(ctx.analysis, block)[:MOST_TOOLS]:
        region = conj((selected_at_least(selector, tool, 1, ctx.facts), gap(ctx.analysis, tool)))
        witness = region is not False and ctx.analysis.find(tool, lambda leaf: leaf.rule == -1, region)
        if not witness:
            continue
        text = selector_text(selector)
        yield Finding(
            RULE.slug,
            f"calls to `{text}` for which {_none_of(stopping)} are left to the default, which allows them",
            stopping[0].span or ctx.place,
            label="speaks of a part only",
            related=related(stopping[1:], "and this of another"),
            witness=witness.as_json(),
            witness_note="no rule speaks of this call; the default allows it",
            help="nothing to do where that is meant; otherwise `require` what a call must be, or make the default `deny`",
            route=stopping[0].route or None,
        )
        return


def _none_of(rules: list[Rule]) -> str:
    """That no condition of the rules holds."""
    conditions = [text_of(r.when) for r in rules if r.when is not None]
    if len(conditions) == 1:
        return f"{conditions[0]} does not hold"
    if len(conditions) == 2:
        return f"neither {conditions[0]} nor {conditions[1]} holds"
    return f"none of the {len(conditions)} conditions of its rules holds"
