"""financial-tool-without-sum-limit: a way to move any amount of money that no limit on a sum counts."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.catalog.model import Tool
from policyc.catalog.roles import amount_argument
from policyc.diagnostics import Finding
from policyc.diagram.analysis import Analysis
from policyc.diagram.build import Leaf
from policyc.diagram.formula import Formula, Var, conj, predicate, predicates
from policyc.ir.model import Path, Test
from policyc.ir.names import name_text
from policyc.ir.spelling import path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import allowed_by, bounds, finding, let_through

RULE = RuleInfo(
    "PC305",
    "financial-tool-without-sum-limit",
    "warning",
    "a tool that moves money is allowed with any amount, and no sum is limited",
    needs=("catalog", "analysis"),
)
LARGE = 999_999
"""A witness carries more than this, so that it reads as the large amount that it stands for."""


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each rule that lets calls through unasked with amounts beyond every bound of the policy and the schema, counted
    by some limit and by none on a sum. (Calls that no limit counts are write-tool-without-limit's.)"""
    analysis = ctx.analysis

    def unsummed(leaf: Leaf) -> bool:
        limits = [analysis.rules[i].limit for i in leaf.limits]
        return leaf.effect == "allow" and bool(limits) and all(x is not None and x.amount is None for x in limits)

    def beyond(tool: Tool, region: Formula) -> Formula:
        amount = amount_argument(tool)
        if amount is None:
            return False
        return conj((region, _beyond(analysis, tool, ("args", (amount.name,)))))

    for group in let_through(ctx, lambda c: c == "financial", unsummed, beyond):
        first = group.tools[0]
        amount = amount_argument(first)
        assert amount is not None
        path = path_text(Path("args", (amount.name,)))
        message = allowed_by(group, "with any amount, and no limit counts the sum", "financial tools")
        note = f"allowed; only calls are counted, and nothing bounds `{path}`"
        yield finding(ctx, RULE.slug, group, message, "no limit on the sum", note, _help(ctx, first, path))


def _beyond(analysis: Analysis, tool: Tool, var: Var) -> Formula:
    """Valid amounts beyond every number that the policy or the schema compares the amount with."""
    program = analysis.program(tool.name)
    guards = (*program.denials, *program.allows, *program.approvals, *program.limits)
    valid = analysis.schema(tool.name, predicate(Test(Path("args", var[1]), ">", LARGE), 0b100))
    asked = [p for formula in (valid, *(g.guard for g in guards)) for p in predicates(formula) if p.var == var]
    most = max((b for p in asked for b in bounds(p.probe)), default=LARGE)
    return predicate(Test(Path("args", var[1]), ">", max(most, LARGE)), 0b100)


def _help(ctx: Context, tool: Tool, path: str) -> str:
    match ctx.policy.dialect:
        case "dsl":
            return f"add `limit sum {path} <= … per day` to `on {name_text(tool.name)} {{ … }}`, or bound the amount: `deny when {path} > …`"
        case "document":
            limit = f'{{"counter": "…", "window": "day", "max": …, "sum": "{path}"}}'
            return f'add `"limits": [{limit}]`, or bound the amount in `deny_if`'
        case "intercept":
            amount = path.removeprefix("args.")
            return f"add a rule whose `state` has `increment_from: {amount}`, or bound the amount with a condition on `{path}`"
