"""unknown-argument: a path to an argument that no selected tool declares."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.catalog.model import Tool
from policyc.catalog.schema import NotThere, arguments
from policyc.diagnostics import Edit, Finding
from policyc.ir.model import Path
from policyc.ir.spelling import path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.catalog.common import Use, found, listed, rename, tools_text, uses
from policyc.lint.rules.catalog.nearness import Names
from policyc.lint.selection import Selection, selection

RULE = RuleInfo("PC206", "unknown-argument", "error", "an argument that the tool does not have", needs=("catalog",))


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each path that the schemas of all selected tools know nothing of.

    `exists` of an argument that is not declared, where the schema forbids none, is a guard and no mistake.
    """
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    for use in uses(ctx.policy):
        gone = _nowhere(known, use)
        if not gone:
            continue
        closed = all(info.closed for _, info in gone)
        near, nested = _near(use, gone)
        guard = use.test is not None and use.test.op in ("exists", "is")
        if guard and not closed and near is None:
            continue
        yield Finding(
            RULE.slug,
            _message(use, gone, closed),
            use.span or ctx.place,
            label="not an argument" if closed else "not declared",
            help=_help(use, gone, near, nested),
            route=use.rule.route or None,
            edits=_edits(use, gone[0][1].step, near),
        )


def _nowhere(known: Selection, use: Use) -> list[tuple[Tool, NotThere]]:
    """The selected tools with what their schemas have instead; empty as soon as one has the argument or does not say."""
    gone: list[tuple[Tool, NotThere]] = []
    for tool, info in found(known, use):
        if not isinstance(info, NotThere) or info.types:  # a value of another type is argument-type-mismatch
            return []
        gone.append((tool, info))
    return gone


def _message(use: Use, gone: list[tuple[Tool, NotThere]], closed: bool) -> str:
    (tool, first), one = gone[0], len({t.name for t, _ in gone}) == 1
    key = use.path.steps[first.step]
    inside = "" if first.step == 0 else f" in `{path_text(use.path, first.step)}`"
    if one and closed:
        return f"`{tool.name}` has no argument `{key}`{inside}"
    if one:
        return f"the schema of `{tool.name}` does not declare an argument `{key}`{inside}"
    verb = "has" if closed else "declares"
    return (
        f"none of the {len({t.name for t, _ in gone})} tools that this rule selects {verb} an argument `{key}`{inside}"
    )


def _near(use: Use, gone: list[tuple[Tool, NotThere]]) -> tuple[str | None, str | None]:
    """The declared name that was probably meant, or the path to an argument of this name deeper inside."""
    first = gone[0][1]
    key = use.path.steps[first.step]
    near = Names(name for _, info in gone for name in info.known_names).meant(str(key))
    nested = None
    if near is None and first.step == 0:
        for tool, _ in gone[:MOST_SEARCHED]:
            for name, argument in arguments(tool.input_schema).items():
                if nested is None and str(key) in argument.properties:
                    nested = path_text(Path("args", (name, str(key))))
    return near, nested


MOST_SEARCHED = 20
"""Tools whose arguments are searched inside for the name."""


def _help(use: Use, gone: list[tuple[Tool, NotThere]], near: str | None, nested: str | None) -> str:
    first = gone[0][1]
    if near is not None:
        return f"did you mean `{near}`?"
    if nested is not None:
        return f"did you mean `{nested}`?"
    if len({t.name for t, _ in gone}) == 1:
        if not first.known_names:
            return "it takes no arguments" if first.step == 0 else "it has no keys"
        where = "the arguments of" if first.step == 0 else "the keys there in"
        return f"{where} {tools_text(t for t, _ in gone)} are {listed(first.known_names)}"
    return "select the tools that have it, or write the name that they use"


def _edits(use: Use, step: int, near: str | None) -> tuple[Edit, ...]:
    key = use.path.steps[step]
    return rename(use.path.span, str(key), near) if near is not None and isinstance(key, str) else ()
