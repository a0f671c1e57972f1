"""argument-type-mismatch: a test that no value of the argument's declared type can fit."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.catalog.model import Tool
from policyc.catalog.schema import ArgumentInfo, NotThere, Unknown
from policyc.diagnostics import Finding
from policyc.ir.model import Test
from policyc.ir.spelling import path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.catalog.common import Use, found, uses
from policyc.lint.rules.catalog.types import Types, element_types, fits, kind_of, noun, possible, wanted
from policyc.lint.selection import Selection, selection

RULE = RuleInfo(
    "PC207",
    "argument-type-mismatch",
    "error",
    "a test that no value of the argument's type can fit",
    needs=("catalog",),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each test whose operand has another type in every selected tool that declares it.

    The Intercept proxy compares printed values, whatever their type, so its equality always fits.
    """
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    for use in uses(ctx.policy):
        test = use.test
        if test is None:
            continue  # sum-of-non-number speaks of sums
        if ctx.policy.dialect == "intercept" and test.op in ("==", "!=", "in", "not in"):
            continue
        clash = _clash(known, use, test)
        if clash is None:
            continue
        tool, info, more = clash
        message, help = _on_the_way(use, info) if isinstance(info, NotThere) else _at_the_end(use, test, tool, info)
        others = f" (as in {more} other tools)" if more > 1 else " (as in another tool)" if more else ""
        yield Finding(
            RULE.slug,
            f"{message} in the schema of `{tool.name}`{others}",
            test.span or use.span or ctx.place,
            label="never fits",
            help=help,
            route=use.rule.route or None,
        )


def _clash(known: Selection, use: Use, test: Test) -> tuple[Tool, ArgumentInfo | NotThere, int] | None:
    """The first tool whose argument cannot fit, and how many more; None where one fits, or may."""
    first: tuple[Tool, ArgumentInfo | NotThere] | None = None
    names: set[str] = set()
    for tool, info in found(known, use):
        if isinstance(info, Unknown):
            return None
        if isinstance(info, NotThere):
            if not info.types:
                continue  # it has no such argument: not a matter of types
            if test.op in ("exists", "is"):
                return None
        elif fits(test, info.argument, tool.input_schema):
            return None
        first = first or (tool, info)
        names.add(tool.name)
    return None if first is None else (*first, len(names) - 1)


def _on_the_way(use: Use, info: NotThere) -> tuple[str, str]:
    """The path goes on where the value has no inside."""
    before, step = path_text(use.path, info.step), use.path.steps[info.step]
    have = noun(frozenset(info.types - {"null"}))
    if isinstance(step, str):
        return f"`{use.written}` looks for a key, and `{before}` is {have}", f"test `{before}` itself"
    part = "elements" if step is None else "an element"
    return f"`{use.written}` looks for {part}, and `{before}` is {have}", f"test `{before}` itself"


def _at_the_end(use: Use, test: Test, tool: Tool, info: ArgumentInfo) -> tuple[str, str]:
    have = possible(info.argument) or frozenset()
    want = wanted(test) or frozenset()
    if test.op == "contains" and "array" in have:
        inside = element_types(info.argument, tool.input_schema) or frozenset()
        said = (
            f"`contains` looks for {noun(want_of(test))}, and the elements of `{use.written}` are each {noun(inside)}"
        )
        return said, f"look for {noun(inside)}"
    return f"{_needs(test, want)}, and `{use.written}` is {noun(have)}", _help(test, have)


def want_of(test: Test) -> Types:
    return frozenset({kind_of(test.value)})


def _needs(test: Test, want: Types) -> str:
    if test.length:
        return f"`len` is of {noun(want)}"
    if test.op in ("==", "!=", "<", "<=", ">", ">=", "in", "not in"):
        return f"`{test.op}` compares with {noun(want)} here"
    return f"`{test.op}` is asked of {noun(want)}"


def _help(test: Test, have: Types) -> str:
    if test.length and have == {"number"}:
        return "compare the number itself, without `len`"
    if have == {"array"}:
        return "test its elements (`every` or `some` over `[*]`), or use `contains`"
    if test.op in ("<", "<=", ">", ">=") and have == {"string"}:
        return "numbers in a string cannot be compared as numbers; list the values, or use `matches`"
    return f"write a test for {noun(have)}"
