"""value-not-in-enum: a constant that the argument can never have, because its schema lists its values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyc.catalog.schema import ArgumentInfo
from policyc.catalog.shape import ANY, resolve
from policyc.diagnostics import Edit, Finding
from policyc.ir.model import Test
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.catalog.common import Use, declared, listed, member_span, rename, tools_text, uses
from policyc.lint.rules.catalog.nearness import Names
from policyc.lint.rules.catalog.types import fits
from policyc.lint.selection import Selection, selection
from policyc.runtime.values import go_text

RULE = RuleInfo(
    "PC208", "value-not-in-enum", "error", "a value that the argument's schema does not list", needs=("catalog",)
)
EQUALITY = ("==", "!=", "in", "not in", "prints", "contains")


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each test with constants that are among the listed values of no selected tool."""
    assert ctx.catalog is not None
    known = selection(ctx.catalog)
    for use in uses(ctx.policy):
        test = use.test
        if test is None or test.op not in EQUALITY or test.length:
            continue
        allowed = _listed_values(known, use, test)
        if allowed is None:
            continue
        values = test.value if isinstance(test.value, tuple) else (test.value,)
        loose = test.op == "prints" or ctx.policy.dialect == "intercept"
        odd = [v for v in values if not any(_same(v, a, loose) for a in allowed)]
        if not odd:
            continue
        tools = [tool for tool, _ in declared(known, use) or ()]
        names = Names(a for a in allowed if isinstance(a, str))
        near = [names.meant(v) if isinstance(v, str) else None for v in odd]
        yield Finding(
            RULE.slug,
            f"{listed(map(_text, odd))} {'is' if len(odd) == 1 else 'are'} not among the values that the schema of "
            f"{tools_text(tools)} lists for `{use.written}`",
            (member_span(test, odd[0]) if len(odd) == 1 else None)
            or test.value_span
            or test.span
            or use.span
            or ctx.place,
            label="never has this value" if len(odd) == 1 else "never has these values",
            help=_help(near, allowed),
            route=use.rule.route or None,
            edits=_edits(test, odd, near),
        )


def _listed_values(known: Selection, use: Use, test: Test) -> list[Any] | None:
    """Every value that some selected tool lists; None where one does not list them, or where the types do not fit anyway."""
    entries = declared(known, use)
    if not entries:
        return None
    allowed: list[Any] = []
    for tool, info in entries:
        values = _enum(info, test, tool.input_schema)
        if values is None or not fits(test, info.argument, tool.input_schema):
            return None
        allowed.extend(v for v in values if v is not None)
    return allowed


def _enum(info: ArgumentInfo, test: Test, schema: Any) -> tuple[Any, ...] | None:
    """The listed values of the argument; for `contains`, of an array's elements."""
    if test.op != "contains":
        return info.argument.enum
    if info.argument.types - {"null"} != {"array"} or info.argument.shape.items is ANY:
        return None
    return resolve(info.argument.shape.items, schema).enum


def _same(value: Any, other: Any, loose: bool) -> bool:
    """Equality of JSON values; `loose`: as the Intercept proxy prints them."""
    if isinstance(value, bool) == isinstance(other, bool) and value == other:
        return True
    return loose and go_text(value) == go_text(other)


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)


def _help(near: list[str | None], allowed: list[Any]) -> str:
    values = f"the listed values are {listed(map(_text, allowed), 8)}" if allowed else "no value at all is listed"
    meant = [n for n in near if n is not None]
    return f"did you mean {listed(meant)}? {values}" if meant else values


def _edits(test: Test, odd: list[Any], near: list[str | None]) -> tuple[Edit, ...]:
    edits: list[Edit] = []
    for value, meant in zip(odd, near, strict=True):
        if meant is not None:
            edits.extend(_quoted_only(rename(test.value_span, value, meant), test))
    return tuple(edits)


def _quoted_only(edits: tuple[Edit, ...], test: Test) -> tuple[Edit, ...]:
    """A text in a plain YAML scalar may be replaced too, as `rename` checks; but never a part of a longer text."""
    out = []
    for edit in edits:
        text, at = edit.span.source.text, edit.span
        around = text[max(0, at.start - 1) : at.start] + text[at.end : at.end + 1]
        if not any(c.isalnum() or c in "_-" for c in around):
            out.append(edit)
    return tuple(out)
