"""unknown-tool: a tool name that no server of the catalog has."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Edit, Finding
from policyc.ir.model import ToolName
from policyc.ir.names import name_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.catalog.common import listed, rename
from policyc.lint.rules.catalog.nearness import Names
from policyc.lint.selection import Selection, selection

RULE = RuleInfo("PC201", "unknown-tool", "error", "a tool that the catalog does not have", needs=("catalog",))


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each exact name that is in the catalog of none of the servers it may be on."""
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    names: dict[str | None, Names] = {}
    for rule, part in ctx.selectors(properties=True):
        if not isinstance(part, ToolName) or (part.server is not None and part.server not in known.servers):
            continue  # a server that is not known is another rule's finding
        homes = known.homes(part.name)
        if part.server in homes or (part.server is None and homes):
            continue
        candidates = names.get(part.server)
        if candidates is None:
            candidates = names[part.server] = Names(known.names(part.server))
        message, help, edits = _words(part, homes, known, candidates)
        yield Finding(
            RULE.slug,
            message,
            part.span or rule.span or ctx.place,
            label="not in the catalog" if not homes else f"not on server `{part.server}`",
            help=help,
            route=rule.route or None,
            edits=edits,
        )


def _words(part: ToolName, homes: list[str], known: Selection, names: Names) -> tuple[str, str, tuple[Edit, ...]]:
    """The message, the help and the edit for one unknown name."""
    where = "the catalog has no tool" if part.server is None else f"server `{part.server}` has no tool"
    if homes:
        return f"{where} `{part.name}`, it is on {listed(homes)}", "name the server that has it", ()
    same = names.same(part.name)
    if same is not None:
        message = f"{where} `{part.name}`, it has `{same}`, and names are compared exactly"
        return message, f"did you mean `{same}`?", rename(part.span, part.name, same)
    prefixed = None if part.server is not None else _prefixed(part.name, known)
    if prefixed is not None:
        server, name = prefixed
        right = f"{name_text(server)}/{name_text(name)}"
        message = f"{where} `{part.name}`, a tool's name stands without its server here"
        return message, f"did you mean `{right}`, or `{name}` on any server?", rename(part.span, part.name, name)
    meant = names.meant(part.name)
    if meant is not None:
        return f"{where} `{part.name}`", f"did you mean `{meant}`?", rename(part.span, part.name, meant)
    others = names.about_the_same(part.name)
    if others:
        return (
            f"{where} `{part.name}`",
            f"it has {listed(others)}; write the name exactly, or build the catalog anew",
            (),
        )
    return f"{where} `{part.name}`", "write a name of the catalog, or build the catalog anew", ()


def _prefixed(name: str, known: Selection) -> tuple[str, str] | None:
    """The server and tool of a name as clients show it to models: `mcp__github__push_files`, `github.push_files`."""
    bare = name.removeprefix("mcp__")
    for server in known.servers:
        for separator in ("__", ".", ":", "/", "_", "-"):
            rest = bare.removeprefix(server + separator)
            if rest != bare and server in known.homes(rest):
                return server, rest
    return None
