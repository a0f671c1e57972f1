"""sum-of-non-number: a sum limit over an argument that the schema never lets be a number."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.catalog.schema import ArgumentInfo, NotThere, Unknown
from policyc.diagnostics import Finding
from policyc.diagram.analysis import Witness
from policyc.ir.model import Limit
from policyc.ir.spelling import path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.selection import selection

RULE = RuleInfo(
    "PC309",
    "sum-of-non-number",
    "error",
    "a sum limit over an argument that is never a number",
    needs=("catalog", "analysis"),
)
_NUMBERS = {"number", "integer"}


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each sum limit whose amount has another type in the schema of a tool that it reaches."""
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    for index, rule in enumerate(ctx.analysis.rules):
        limit = rule.limit
        if limit is None or limit.amount is None or limit.amount.root != "args":
            continue
        infos = [(known.tools[i], known.argument(i, limit.amount.steps)) for i in sorted(known.indexes(rule.selector))]
        misfits = [(tool, types) for tool, info in infos if (types := _misfit(info)) is not None]
        if not misfits:
            continue
        tool, types = misfits[0]
        more = len({t.name for t, _ in misfits}) - 1
        others = f" (as in {more} other tool{'s' if more > 1 else ''})" if more else ""
        path = path_text(limit.amount)
        denies = "every call that gives it" if limit.optional else "every call"
        witness = _denied(ctx, index, tool.name)
        yield Finding(
            RULE.slug,
            f"`{path}` is never a number in the schema of `{tool.name}`{others} but {types}, so this limit denies {denies}",
            limit.amount.span or limit.span or rule.span or ctx.place,
            label="nothing to add up",
            witness=None if witness is None else witness.as_json(),
            witness_note=None if witness is None else f"denied by this limit: its `{path}` cannot be counted",
            help=_help(limit, path),
            route=rule.route or None,
        )


def _misfit(info: ArgumentInfo | NotThere | Unknown) -> str | None:
    """What the argument is instead of a number, in words; None where it may be one, or is not declared at all."""
    if isinstance(info, NotThere):
        return f"inside of {_words(info.types)}" if info.types else None
    if isinstance(info, Unknown):
        return None
    types = info.argument.types  # of an enum those of its values
    return _words(types) if types and not types & _NUMBERS else None


def _words(types: frozenset[str]) -> str:
    plain = sorted(types - {"null"}) or ["null"]
    return " or ".join(("an " if t[0] in "aeiou" else "a ") + t if t != "null" else t for t in plain)


def _denied(ctx: Context, index: int, tool: str) -> Witness | None:
    return ctx.analysis.find(tool, lambda leaf: leaf.effect == "deny" and leaf.rule == index)


def _help(limit: Limit, path: str) -> str:
    name = str(limit.amount.steps[-1]) if limit.amount is not None and limit.amount.steps else path
    return f"sum an argument that is a number, count calls instead, or bound the text of `{name}` with a test"
