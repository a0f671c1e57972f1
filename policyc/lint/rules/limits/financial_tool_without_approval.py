"""financial-tool-without-approval: a tool that moves money, and no call to it is ever held for a person."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.catalog.model import Tool
from policyc.catalog.roles import amount_argument
from policyc.diagnostics import Finding
from policyc.diagram.formula import Formula
from policyc.ir.model import Path
from policyc.ir.names import name_text
from policyc.ir.spelling import path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import allowed_by, finding, let_through

RULE = RuleInfo(
    "PC303",
    "financial-tool-without-approval",
    "warning",
    "a tool that moves money is allowed, and nobody is ever asked",
    needs=("catalog", "analysis"),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each rule that lets calls through to financial tools of which no call is ever held for approval.

    An approval that starts at some amount is enough: small payments that pass unasked are what it is for. One that is there and is
    never asked is the finding of approve-never-asked.
    """
    analysis = ctx.analysis

    def never_asked(tool: Tool, region: Formula) -> Formula:
        return False if analysis.program(tool.name).approvals else region

    for group in let_through(ctx, lambda c: c == "financial", lambda leaf: leaf.effect == "allow", never_asked):
        message = allowed_by(group, "and nobody is ever asked", "financial tools")
        note = "allowed with nobody asked, as every call to it that is allowed"
        yield finding(ctx, RULE.slug, group, message, "never held for approval", note, _help(ctx, group.tools[0]))


def _help(ctx: Context, tool: Tool) -> str:
    amount = amount_argument(tool)
    when = "" if amount is None else f" when {path_text(Path('args', (amount.name,)))} > …"
    match ctx.policy.dialect:
        case "dsl":
            return f"hold it for a person: `on {name_text(tool.name)} {{ approve{when} }}`"
        case "document":
            return 'hold it for a person: `"approve": true`, or from some amount on: `"approve_if": […]`'
        case "intercept":
            return "this format cannot ask a person: convert it (`policyc convert`), or deny the tool"
