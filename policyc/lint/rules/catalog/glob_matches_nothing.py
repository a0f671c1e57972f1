"""glob-matches-nothing: a pattern of tool names that matches no tool of the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.ir.model import ToolGlob
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.catalog.common import listed
from policyc.lint.selection import Selection, selection
from policyc.runtime.patterns import glob_match

RULE = RuleInfo(
    "PC204", "glob-matches-nothing", "warning", "a pattern of names that no tool of the catalog has", needs=("catalog",)
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each glob that selects nothing on the servers it may be on."""
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    for rule, part in ctx.selectors():
        if not isinstance(part, ToolGlob) or known.indexes(part):
            continue
        if part.server is not None and part.server not in known.servers:
            continue  # unknown-server says so
        where = "of the catalog" if part.server is None else f"of server `{part.server}`"
        yield Finding(
            RULE.slug,
            f"`{part.pattern}` matches no tool {where}",
            part.span or rule.span or ctx.place,
            label="matches nothing",
            help=_help(part, known),
            route=rule.route or None,
        )


def _help(part: ToolGlob, known: Selection) -> str:
    elsewhere = sorted({t.server for t in known.selected(ToolGlob(part.pattern))})
    if elsewhere:
        return f"it matches tools of {listed(elsewhere)}"
    loose = glob_match(_fold(part.pattern))
    near = [name for name in known.names(part.server) if loose(_fold(name))]
    if near:
        return f"it would match {listed(near)} with the other spelling; case, `-` and `_` count"
    whole = glob_match(f"*{part.pattern.strip('*')}*")
    near = [name for name in known.names(part.server) if whole(name)]
    if near:
        return f"a glob is matched against the whole name; `*{part.pattern.strip('*')}*` matches {listed(near)}"
    return "write a pattern that a tool's name fits, or build the catalog anew"


def _fold(text: str) -> str:
    return text.lower().replace("-", "_")
