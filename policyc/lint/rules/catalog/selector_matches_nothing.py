"""selector-matches-nothing: facts and combinations that select no tool of the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.ir.model import AllOf, AnyOf, Except, Fact, OnServer, Rule, Selector, ToolGlob, ToolName
from policyc.ir.names import selector_text
from policyc.lint.context import Context, RuleInfo, parts
from policyc.lint.rules.catalog.common import listed
from policyc.lint.selection import Selection, selection

RULE = RuleInfo(
    "PC205", "selector-matches-nothing", "warning", "a selector that selects no tool of the catalog", needs=("catalog",)
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each alternative of a selector that selects nothing though all its names and patterns are known."""
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    seen: set[tuple[Selector, int]] = set()
    for rule in ctx.policy.rules:
        for item in _alternatives(rule.selector):
            key = (item, -1 if item.span is None else item.span.start)
            if key in seen or known.indexes(item) or not _judged(item, rule, known):
                continue
            seen.add(key)
            yield Finding(
                RULE.slug,
                f"`{selector_text(item)}` selects no tool of the catalog",
                item.span or rule.span or ctx.place,
                label="selects nothing",
                help=_help(item, known),
                route=rule.route or None,
            )


def _alternatives(selector: Selector) -> Iterator[Selector]:
    if isinstance(selector, AnyOf):
        for item in selector.items:
            yield from _alternatives(item)
    else:
        yield selector


def _judged(item: Selector, rule: Rule, known: Selection) -> bool:
    """Combinations are, and facts of an `allow`. A fact of a rule that restricts (`deny category:destructive`) stands guard
    over tools that a server adds later, so it may well select nothing today. What names nothing is another rule's finding."""
    if isinstance(item, Fact):
        return rule.effect == "allow"
    if not isinstance(item, AllOf | Except):
        return False
    return all(known.indexes(p) for p in parts(item) if isinstance(p, ToolName | ToolGlob | OnServer))


def _help(item: Selector, known: Selection) -> str:
    if isinstance(item, Fact):
        have = sorted({t.risk.category if item.kind == "category" else t.risk.severity for t in known.tools})
        if item.kind == "hint":
            return f"no tool carries the hint `{item.value}`"
        return f"the catalog has tools of {item.kind} {listed(have)}" if have else "the catalog has no tools"
    if isinstance(item, AllOf):
        for part in item.items:
            if not known.indexes(part):
                return f"`{selector_text(part)}` alone selects nothing"
        first = item.items[0]
        names = [t.name for t in known.selected(first)]
        return f"`{selector_text(first)}` selects {listed(names)}, and none of them is in all of the others"
    return "what is excluded is everything that the catalog has"
