"""deny-skipped-by-omission: a deny (or an approval) that a call passes by leaving out the optional argument that it tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyc.catalog.model import Tool
from policyc.catalog.schema import ArgumentInfo
from policyc.diagnostics import Edit, Finding
from policyc.diagram.analysis import Witness
from policyc.diagram.formula import Formula, Var, conj, negation, predicate
from policyc.ir.model import Path, Rule, Test, Truth
from policyc.ir.spelling import mark_of
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.holes.common import asks, at_best, senses, var_of, without
from policyc.lint.selection import Selection, selection
from policyc.reference import Call, evaluate
from policyc.source import Span

RULE = RuleInfo(
    "PC501",
    "deny-skipped-by-omission",
    "warning",
    "a deny or an approval that leaving an optional argument out gets around",
    needs=("catalog", "analysis"),
)
_THERE = 0b100
_NOT_THERE = 0b011


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each deny or approve and argument: with a call without it that passes, and that some value would have stopped."""
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    for index, rule in enumerate(ctx.analysis.rules):
        if rule.effect not in ("deny", "approve") or rule.when is None:
            continue
        by_var: dict[Var, list[tuple[Test, bool]]] = {}
        for test, sense in senses(rule.when):
            if _skips(test):
                by_var.setdefault(var_of(test), []).append((test, sense))
        for var, tests in by_var.items():
            tools = [tool for tool in _optional_in(known, rule, var) if not _harmless(tool, var, tests)]
            shown = _passing(ctx, index, var, tools)
            if shown is not None:
                yield _finding(ctx, rule, tests[0][0], tools, *shown)


def _skips(test: Test) -> bool:
    """Whether the test is plainly false for a missing argument."""
    answers = test.op in ("exists", "is")
    return not answers and test.missing is Truth.FALSE and test.path.root == "args" and bool(test.path.steps)


def _optional_in(known: Selection, rule: Rule, var: Var) -> Iterator[Tool]:
    """The selected tools whose schemas declare the argument and let it be left out."""
    for i in sorted(known.indexes(rule.selector)):
        info = known.argument(i, var[1])
        if isinstance(info, ArgumentInfo) and info.can_be_missing:
            yield known.tools[i]


def _harmless(tool: Tool, var: Var, tests: list[tuple[Test, bool]]) -> bool:
    """Whether a call without the argument plainly means what the deny lets pass: a flag that is off, a part that is not
    contained, or a default of the schema that is not denied either."""
    default = _default(tool, var)
    for test, sense in tests:
        if default is not None:
            truth = evaluate(test, Call(tool.name, {var[1][0]: default}))
            if truth is not Truth.FALSE:
                return False
            continue
        flag = (test.op == "==" and test.value is True) or (test.op == "!=" and test.value is False)
        if not (sense and (flag or test.op == "contains")):
            return False
    return True


def _default(tool: Tool, var: Var) -> Any:
    """The default that the schema states for an argument at its top; None where it states none."""
    schema = tool.input_schema
    properties = schema.get("properties") if schema is not None else None
    stated = properties.get(var[1][0]) if isinstance(properties, dict) and len(var[1]) == 1 else None
    return stated.get("default") if isinstance(stated, dict) else None


def _passing(ctx: Context, index: int, var: Var, tools: list[Tool]) -> tuple[Tool, Witness] | None:
    """The first tool with a call that passes without the argument; tools with the same rules and schema are asked once."""
    analysis = ctx.analysis
    there = predicate(Test(Path("args", var[1]), "exists", True), _THERE)
    left_out = predicate(Test(Path("args", var[1]), "exists", True), _NOT_THERE)
    asked: set[tuple[Any, Formula]] = set()
    for tool in tools:
        program, guard = analysis.program(tool.name), analysis.guard(tool.name, index)
        key = (program, analysis.schema(tool.name))
        if key in asked or not asks(guard, var):
            continue
        asked.add(key)
        passes = conj((left_out, negation(without(guard, var)), at_best(guard, var)))
        if passes is False or any(g.guard is True for g in program.denials):
            continue
        if not analysis.possible(tool.name, conj((there, guard))):
            continue
        passing = ("allow", "approve") if analysis.rules[index].effect == "deny" else ("allow",)
        witness = analysis.find(tool.name, lambda leaf, passing=passing: leaf.effect in passing, passes)  # type: ignore[misc]
        if witness is not None:
            return tool, witness
    return None


def _finding(ctx: Context, rule: Rule, test: Test, tools: list[Tool], tool: Tool, witness: Witness) -> Finding:
    path = _written(test)
    names = list(dict.fromkeys(t.name for t in tools if t.name != tool.name))
    more = f", as in {len(names)} other tool{'s' if len(names) > 1 else ''} of this rule" if names else ""
    default = _default(tool, var_of(test))
    stated = f" and its default is `{default}`" if default is not None else ""
    how = "held for approval" if witness.outcome.effect == "approve" else "allowed"
    mark = mark_of(test.path)
    return Finding(
        RULE.slug,
        f"a call to `{tool.name}` passes this {rule.effect} by leaving out `{path}`, which is optional{stated}{more}",
        test.path.span or test.span or rule.span or ctx.place,
        label="not denied when it is missing" if rule.effect == "deny" else "nobody is asked when it is missing",
        witness=witness.as_json(),
        witness_note=f"{how}: the test is false for a missing `{path}`",
        help=_help(ctx, path, mark),
        route=rule.route or None,
        edits=() if mark is None else (Edit(mark, "", safe=False),),
    )


def _written(test: Test) -> str:
    var = var_of(test)
    return ".".join((var[0], *map(str, var[1])))


def _help(ctx: Context, path: str, mark: Span | None) -> str:
    if ctx.policy.dialect == "dsl":
        remove = "leave out the `?`" if mark is not None else "leave out the `?` after the path"
        return f"{remove} to deny such calls too, or add `require exists {path}`"
    return f'add `"missing": "deny"` to the condition to deny such calls too, or require that `{path}` exists'
