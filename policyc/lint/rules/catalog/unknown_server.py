"""unknown-server: a server name that the catalog does not have."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.ir.model import OnServer, Rule, Selector, ToolGlob, ToolName
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.catalog.common import listed, rename
from policyc.lint.rules.catalog.nearness import Names
from policyc.lint.selection import Selection, selection

RULE = RuleInfo("PC202", "unknown-server", "error", "a server that the catalog does not have", needs=("catalog",))


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each place that names an unknown server; a block's statements do not repeat it."""
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    servers = set(known.servers)
    written: dict[str, list[tuple[Rule, Selector]]] = {}
    implied: dict[str, tuple[Rule, Selector]] = {}
    for rule, part in ctx.selectors(properties=True):
        if not isinstance(part, OnServer | ToolName | ToolGlob) or part.server is None or part.server in servers:
            continue
        if part.span is not None and part.server in part.span.text:
            written.setdefault(part.server, []).append((rule, part))
        else:
            implied.setdefault(part.server, (rule, part))
    for server, place in implied.items():
        written.setdefault(server, [place])
    names = Names(servers)
    for server, places in written.items():
        near = names.meant(server)
        for rule, part in places:
            yield Finding(
                RULE.slug,
                f"the catalog has no server `{server}`",
                part.span or rule.span or ctx.place,
                label="not in the catalog",
                help=_help(near, known),
                route=rule.route or None,
                edits=rename(part.span, server, near) if near else (),
            )


def _help(near: str | None, known: Selection) -> str:
    if near is not None:
        return f"did you mean `{near}`?"
    return f"the catalog's servers are {listed(known.servers)}" if known.servers else "the catalog has no server at all"
