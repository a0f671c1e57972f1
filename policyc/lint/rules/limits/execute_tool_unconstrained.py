"""execute-tool-unconstrained: a tool that runs what it is given, and some way to call it on which nothing looks at that."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.catalog.model import Tool
from policyc.catalog.roles import run_arguments
from policyc.diagnostics import Finding
from policyc.diagram.analysis import Analysis
from policyc.diagram.formula import Formula, conj, disj, negation, predicate, predicates, substitute
from policyc.diagram.specialise import ToolProgram
from policyc.ir.model import Path, Test
from policyc.ir.names import name_text
from policyc.ir.spelling import path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import allowed_by, finding, let_through

RULE = RuleInfo(
    "PC304",
    "execute-tool-unconstrained",
    "warning",
    "a tool that runs things is allowed whatever it is given to run",
    needs=("catalog", "analysis"),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each rule that lets calls through to tools that run things, on a path where no test of the command, code or
    query takes part in allowing the call."""
    analysis = ctx.analysis
    free: dict[tuple[str, str], str] = {}

    def unlooked(tool: Tool, region: Formula) -> Formula:
        for name in run_arguments(tool):
            given = conj((region, _whatever(analysis, tool, name), _given(name)))
            if given is not False and any(leaf.effect == "allow" for leaf in analysis.outcomes(tool.name, given)):
                free[tool.server, tool.name] = name
                return given
        return False

    for group in let_through(ctx, lambda c: c == "execute", lambda leaf: leaf.effect == "allow", unlooked):
        first = group.tools[0]
        path = path_text(Path("args", (free[first.server, first.name],)))
        what = f"with any `{path}`" if len({t.name for t in group.tools}) == 1 else "whatever they are given to run"
        message = allowed_by(group, what, "tools that run things")
        note = f"allowed, and no test of `{path}` has a say in it"
        yield finding(ctx, RULE.slug, group, message, "nothing looks at what is run", note, _help(ctx, first, path))


def _whatever(analysis: Analysis, tool: Tool, argument: str) -> Formula:
    """The calls that are allowed without approval by other tests alone. "Allowed" is monotone in its predicates once negations are
    pushed inside, so it holds without those of the argument where it holds with all of them false."""
    program = analysis.program(tool.name)
    if not any(_about(p.var, argument) for g in _guards(program) for p in predicates(g)):
        return True
    allowed = conj(
        (
            *(negation(g.guard) for g in (*program.denials, *program.approvals)),
            program.default == "allow" or disj(g.guard for g in program.allows),
        )
    )
    return substitute(allowed, {p: False for p in predicates(allowed) if _about(p.var, argument)})


def _given(argument: str) -> Formula:
    """The calls that give the argument: a witness should show it."""
    return predicate(Test(Path("args", (argument,)), "exists", True), 0b100)


def _guards(program: ToolProgram) -> Iterator[Formula]:
    for group in (program.denials, program.allows, program.approvals):
        for guarded in group:
            yield guarded.guard


def _about(var: tuple[str, tuple[object, ...]], argument: str) -> bool:
    """Whether a variable is the argument or something inside of it."""
    return var[0] == "args" and var[1][:1] == (argument,)


def _help(ctx: Context, tool: Tool, path: str) -> str:
    match ctx.policy.dialect:
        case "dsl":
            return f'say what it may run: `on {name_text(tool.name)} {{ require {path} in ["…"] }}`, or hold it for a person: `approve`'
        case "document":
            return f'say what it may run: a `require` entry for `{path}`, or hold it for a person: `"approve": true`'
        case "intercept":
            return f"say what it may run: a condition on `{path}`"
