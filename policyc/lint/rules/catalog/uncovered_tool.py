"""uncovered-tool: tools of the catalog that no rule speaks of, so that only the default decides about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from policyc.catalog.model import CATEGORIES, Tool
from policyc.diagnostics import Finding
from policyc.ir.model import Rule
from policyc.ir.order import everything
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.catalog.common import listed
from policyc.lint.selection import selection
from policyc.reference import Call, Outcome, decide

RULE = RuleInfo("PC210", "uncovered-tool", "info", "tools that no rule speaks of", needs=("catalog",))


def check(ctx: Context) -> Iterator[Finding]:
    """One finding a policy, with the tools that only rules over every tool reach, if any."""
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    spoken: set[int] = set()
    for selector in {r.selector for r in ctx.policy.rules}:
        if not everything(selector):
            spoken |= known.indexes(selector)
    left = [tool for i, tool in enumerate(known.tools) if i not in spoken]
    if not left:
        return
    outcome = decide(ctx.policy, Call(left[0].name, server=left[0].server), ctx.facts)
    yield Finding(
        RULE.slug,
        _message(left, len(known.tools), outcome),
        ctx.policy.default_span or ctx.place,
        label="decides about them" if outcome.rule is None else None,
        help=_help(outcome),
        route="default",
    )


def _message(left: list[Tool], all_tools: int, outcome: Outcome) -> str:
    one = len(left) == 1
    names = listed(f"{t.server}/{t.name}" if _twice(t, left) else t.name for t in left)
    count = f"{len(left)} of the catalog's {all_tools} tools {'is' if one else 'are'}"
    risks = Counter(t.risk.category for t in left)
    risky = ", ".join(f"{risks[c]} {c}" for c in reversed(CATEGORIES) if c != "read" and risks[c])
    said = f" ({risky})" if risky else " (all of them read)" if not one else ""
    return (
        f"{count} named by no rule, and {_who(outcome.rule)} {_does(outcome)} {'it' if one else 'them'}: {names}{said}"
    )


def _twice(tool: Tool, tools: list[Tool]) -> bool:
    return sum(t.name == tool.name for t in tools[:50]) > 1


def _who(rule: Rule | None) -> str:
    return "the default" if rule is None else f"`{rule.id}`"


def _does(outcome: Outcome) -> str:
    return {"allow": "allows", "approve": "holds for approval", "deny": "denies"}[outcome.effect]


def _help(outcome: Outcome) -> str:
    if outcome.effect == "deny":
        return "nothing to do where that is meant; `hide` also takes them out of the tool list"
    return "write a rule for each, or make the default `deny`"
