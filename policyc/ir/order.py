"""How wide selectors are, and precedence among rules: the tool's own block first, then wider ones from narrow to wide."""

from __future__ import annotations

from policyc.ir.model import (
    AllOf,
    AnyOf,
    AnyTool,
    Except,
    Fact,
    OnServer,
    Policy,
    Rule,
    Selector,
    ToolGlob,
    ToolName,
)  # fmt: skip

Width = tuple[int, int]


def width(selector: Selector) -> Width:
    """How wide a selector is; smaller is narrower. See docs/language.md, "Which rule is reported"."""
    match selector:
        case ToolName():
            return (0, 0) if selector.server is not None else (1, 0)
        case ToolGlob():
            literal = sum(c not in "*?" for c in selector.pattern)
            return (2, -2 * literal - (selector.server is not None))
        case Fact():
            return (3, 0)
        case OnServer():
            return (4, 0)
        case Except():
            return (5, 0)
        case AnyTool():
            return (6, 0)
        case AnyOf():
            return max(map(width, selector.items))
        case AllOf():
            return min(map(width, selector.items))


def everything(selector: Selector) -> bool:
    """Whether the selector takes every tool whatever it is called, so that it speaks of none in particular."""
    match selector:
        case AnyTool():
            return True
        case ToolGlob():
            return selector.server is None and set(selector.pattern) == {"*"}
        case AnyOf():
            return any(map(everything, selector.items))
        case AllOf():
            return all(map(everything, selector.items))
    return False


def precedence(policy: Policy) -> tuple[Rule, ...]:
    """The rules in the order in which they are asked. Rules with the same selector stand together (they are one block),
    placed where the first of them is written among blocks of the same width."""
    first: dict[Selector, int] = {}
    for i, rule in enumerate(policy.rules):
        first.setdefault(rule.selector, i)
    keys = {s: (width(s), i) for s, i in first.items()}
    return tuple(sorted(policy.rules, key=lambda r: keys[r.selector]))
