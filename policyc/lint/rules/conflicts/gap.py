"""gap: calls to tools that rules speak of, about which only the default decides, where that looks like an oversight."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.diagram.analysis import Witness
from policyc.diagram.formula import conj
from policyc.diagram.gaps import everything, gap
from policyc.diagram.reach import reach
from policyc.diagram.specialise import Tool, selected_at_least
from policyc.ir.model import Rule, Selector, ToolName
from policyc.ir.names import selector_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.conflicts.common import behind_hides, judgeable, related, text_of

RULE = RuleInfo(
    "PC411",
    "gap",
    "info",
    "calls to a tool that rules speak of, left to the default",
    needs=("analysis",),
    yields_to=("approve-never-asked", "conflicting-rules", "contradictory-condition"),
)
Block = list[tuple[int, Rule]]


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each block over a selector that is a gap in one of two ways.

    Under `default deny`: it limits, holds or checks calls, and nothing allows any of them. (An `allow … when …` that leaves
    the rest to the default is no gap, it is what the default is for.) Under `default allow`: each of its rules has a
    condition, and calls that none of them speaks of are let through.
    """
    blocks: dict[Selector, Block] = {}
    for i, rule in enumerate(ctx.analysis.rules):
        blocks.setdefault(rule.selector, []).append((i, rule))
    find = _closed if ctx.policy.default == "deny" else _open
    for selector, block in blocks.items():
        if not everything(selector) and not any(i in behind_hides(ctx) for i, _ in block):
            yield from find(ctx, selector, block)


def _closed(ctx: Context, selector: Selector, block: Block) -> Iterator[Finding]:
    shaping = [r for _, r in block if r.effect in ("limit", "approve", "require")]
    if not shaping or any(r.effect in ("allow", "hide") or (r.effect == "deny" and r.when is None) for _, r in block):
        return
    found, tools = reach(ctx.analysis), _tools(ctx, block)
    if not tools or found.open.intersection(tools):
        return
    witness: Witness | None = None
    for tool in tools:
        region = selected_at_least(selector, tool, 1, ctx.facts)
        outcomes = found.outcomes[tool] if region is True else ctx.analysis.outcomes(tool, region)
        if any(leaf.effect != "deny" for leaf in outcomes):
            return
        if witness is None and any(leaf.rule == -1 for leaf in outcomes):
            witness = ctx.analysis.find(tool, lambda leaf: leaf.rule == -1, region)
    if witness is None:
        return
    text, first = selector_text(selector), shaping[0]
    exact = isinstance(selector, ToolName)
    yield Finding(
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
    for tool in _tools(ctx, block)[:MOST_TOOLS]:
        region = conj((selected_at_least(selector, tool, 1, ctx.facts), gap(ctx.analysis, tool)))
        witness = region is not False and ctx.analysis.find(tool, lambda leaf: leaf.rule == -1, region)
        if not witness:
            continue
        text, conditions = selector_text(selector), [text_of(r.when) for r in stopping if r.when is not None]
        told = " nor ".join(conditions) if len(conditions) < 3 else "any of the conditions of its rules"
        many = "neither " if len(conditions) == 2 else ""
        holds = f"for which {many}{told} holds" if many else f"for which {told} does not hold"
        yield Finding(
            RULE.slug,
            f"calls to `{text}` {holds} are left to the default, which allows them",
            stopping[0].span or ctx.place,
            label="speaks of a part only",
            related=related(stopping[1:], "and this of another"),
            witness=witness.as_json(),
            witness_note="no rule speaks of this call; the default allows it",
            help="nothing to do where that is meant; otherwise `require` what a call must be, or make the default `deny`",
            route=stopping[0].route or None,
        )
        return


MOST_TOOLS = 40
"""Tools of one block on which a gap is looked for."""


def _tools(ctx: Context, block: Block) -> list[Tool]:
    """The tools that the block reaches and that can be judged."""
    by_rule = reach(ctx.analysis).tools
    everywhere = dict.fromkeys(t for i, _ in block for t in by_rule.get(i, ()))
    return [t for t in everywhere if judgeable(ctx, t)]
