"""sum-of-optional-argument: a sum limit over an argument that calls may leave out, and what that does to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyc.catalog.model import Tool
from policyc.catalog.schema import ArgumentInfo
from policyc.diagnostics import Edit, Finding
from policyc.diagram.analysis import Witness
from policyc.diagram.build import Leaf
from policyc.diagram.formula import Formula, conj, disj, predicate
from policyc.diagram.reach import reach
from policyc.ir.model import Limit, Rule, Test
from policyc.ir.spelling import mark_of, path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import MOST_TOOLS
from policyc.lint.selection import Selection, selection

RULE = RuleInfo(
    "PC308",
    "sum-of-optional-argument",
    "warning",
    "a sum limit over an argument that calls may leave out",
    needs=("catalog", "analysis"),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each sum limit that denies, or lets uncounted, the calls that leave its optional amount out."""
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    for index, rule in enumerate(ctx.analysis.rules):
        limit = rule.limit
        if limit is None or limit.amount is None or limit.amount.root != "args":
            continue
        tools = [tool for tool in _optional_in(known, rule, limit) if _counted(ctx, index, tool)]
        for tool in tools[:MOST_TOOLS]:
            witness = _without_amount(ctx, index, limit, tool)
            if witness is not None:
                yield _finding(ctx, rule, limit, tool, len({t.name for t in tools}) - 1, witness)
                break


def _optional_in(known: Selection, rule: Rule, limit: Limit) -> Iterator[Tool]:
    """The selected tools whose schemas declare the amount as a number and let it be left out. A stated default of 0 is no amount."""
    assert limit.amount is not None
    for i in sorted(known.indexes(rule.selector)):
        info = known.argument(i, limit.amount.steps)
        if not isinstance(info, ArgumentInfo) or not info.can_be_missing:
            continue
        if info.argument.types & {"number", "integer"} and not _adds_nothing(known.tools[i], limit):
            yield known.tools[i]


def _adds_nothing(tool: Tool, limit: Limit) -> bool:
    """Whether a call without the optional amount surely moves nothing, by the schema's default."""
    assert limit.amount is not None
    steps = limit.amount.steps
    properties: Any = (tool.input_schema or {}).get("properties")
    stated = properties.get(steps[0]) if isinstance(properties, dict) and len(steps) == 1 else None
    default = stated.get("default") if isinstance(stated, dict) else None
    return limit.optional and default == 0 and type(default) in (int, float)


def _counted(ctx: Context, index: int, tool: Tool) -> bool:
    """Whether the limit counts some call to the tool: only then is it this limit that matters."""
    return any(index in leaf.limits for leaf in reach(ctx.analysis).outcomes.get(tool.name, ()))


def _without_amount(ctx: Context, index: int, limit: Limit, tool: Tool) -> Witness | None:
    """A valid call without the amount that an optional sum lets through uncounted, or that a plain one denies though it would
    have been allowed."""
    assert limit.amount is not None
    analysis = ctx.analysis
    given: Formula = predicate(Test(limit.amount, "exists", True), 0b011)
    if limit.optional:
        return analysis.find(tool.name, lambda leaf: leaf.effect == "allow" and index in leaf.limits, given)
    program = analysis.program(tool.name)
    allowed = program.default == "allow" or disj(g.guard for g in program.allows)

    def denied_here(leaf: Leaf) -> bool:
        return leaf.effect == "deny" and leaf.rule == index

    return analysis.find(tool.name, denied_here, conj((given, allowed)))


def _finding(ctx: Context, rule: Rule, limit: Limit, tool: Tool, more: int, witness: Witness) -> Finding:
    assert limit.amount is not None
    path = path_text(limit.amount)
    others = f" (as in {more} other tool{'s' if more > 1 else ''})" if more else ""
    if limit.optional:
        message = (
            f"`{path}` is optional in `{tool.name}`{others}, and a call that leaves it out adds nothing to this sum"
        )
        label, note = "counts such calls as 0", f"allowed without `{path}`, and adds nothing to the sum"
    else:
        message = f"`{path}` is optional in `{tool.name}`{others}, and this limit denies every call that leaves it out"
        label, note = "denies calls without it", f"denied by this limit: there is no `{path}` to count"
    mark = mark_of(limit.amount)
    return Finding(
        RULE.slug,
        message,
        limit.amount.span or limit.span or rule.span or ctx.place,
        label=label,
        witness=witness.as_json(),
        witness_note=note,
        help=_help(ctx, limit, path),
        route=rule.route or None,
        edits=() if mark is None or not limit.optional else (Edit(mark, "", safe=False),),
    )


def _help(ctx: Context, limit: Limit, path: str) -> str:
    match ctx.policy.dialect, limit.optional:
        case "dsl", True:
            return f"deny such calls (`require exists {path}`, or leave out the `?`), or ask about them (`approve when not exists {path}`)"
        case "dsl", False:
            return f"say so with `require exists {path}` and a reason, or count such calls as 0 with `{path}?`"
        case "document", True:
            return f'require that `{path}` exists, leave out `"optional": true`, or hold such calls for a person in `approve_if`'
        case "document", False:
            return (
                f'say so with a `require` entry that `{path}` exists, or count such calls as 0 with `"optional": true`'
            )
        case _:
            return f"say so with a condition that `{path}` exists"
