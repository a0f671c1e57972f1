"""What the catalog rules share: the places where rules look at arguments, and edits that rename."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from policyc.catalog.model import Tool
from policyc.catalog.schema import ArgumentInfo, Unknown
from policyc.diagnostics import Edit
from policyc.ir.model import And, Cond, Const, Not, Or, Path, Policy, Rule, Test
from policyc.ir.names import name_text
from policyc.ir.spelling import path_text
from policyc.lint.context import as_rules
from policyc.lint.selection import Found, Selection
from policyc.record import record
from policyc.source import Span

MANY = 5
"""How many names a message lists."""


@record
class Use:
    """One place where a rule looks at an argument: a test, or the amount of a sum limit (`test` is None)."""

    rule: Rule
    path: Path
    test: Test | None

    @property
    def span(self) -> Span | None:
        """The path's place; of what holds it where the path has none."""
        test_span = None if self.test is None else self.test.span
        return self.path.span or test_span or self.rule.span

    @property
    def written(self) -> str:
        """The path for a message."""
        return path_text(self.path)


def uses(policy: Policy) -> Iterator[Use]:
    """Every place where a rule or a property looks at an argument, in the order written; a place once.

    An imported `contains` is read as a test of a text or of an array's elements; the latter is not what its author wrote.
    """
    imported = policy.dialect == "intercept"
    seen: set[tuple[Any, ...]] = set()
    for rule in (*policy.rules, *as_rules(policy)):
        tests = [t for cond in (rule.when, rule.condition) if cond is not None for t in tests_of(cond)]
        here = [Use(rule, t.path, t) for t in tests if t.path.root == "args" and t.path.steps
                and not (imported and None in t.path.steps)]  # fmt: skip
        if rule.limit is not None and rule.limit.amount is not None:
            here.append(Use(rule, rule.limit.amount, None))
        for use in here:
            span = use.span
            key = (rule.selector, use.path, use.test, span and (span.start, span.end))
            if key not in seen:
                seen.add(key)
                yield use


def tests_of(cond: Cond) -> Iterator[Test]:
    """Every test in a condition."""
    match cond:
        case Test():
            yield cond
        case Not():
            yield from tests_of(cond.item)
        case And() | Or():
            for item in cond.items:
                yield from tests_of(item)
        case Const():
            return


def found(known: Selection, use: Use) -> Iterator[tuple[Tool, Found]]:
    """What the schema of each selected tool says of the path."""
    for i in sorted(known.indexes(use.rule.selector)):
        yield known.tools[i], known.argument(i, use.path.steps)


def declared(known: Selection, use: Use) -> list[tuple[Tool, ArgumentInfo]] | None:
    """The selected tools that declare the argument; None where some tool's schema does not say, so nothing is certain."""
    out: list[tuple[Tool, ArgumentInfo]] = []
    for tool, info in found(known, use):
        if isinstance(info, Unknown):
            return None
        if isinstance(info, ArgumentInfo):
            out.append((tool, info))
    return out


def listed(names: Iterable[str], most: int = MANY) -> str:
    """Names for a message, at most `most` of them and a count of the rest."""
    unique = list(dict.fromkeys(names))
    shown = ", ".join(f"`{n}`" for n in unique[:most])
    return shown if len(unique) <= most else f"{shown} and {len(unique) - most} more"


def tools_text(tools: Iterable[Tool]) -> str:
    """One tool by its name, several by their number."""
    names = list(dict.fromkeys(t.name for t in tools))
    return f"`{names[0]}`" if len(names) == 1 else f"any of the {len(names)} tools that this rule selects"


def member_span(test: Test, value: Any) -> Span | None:
    """Where one value of a test's list is written; None where the list is not known to hold its text just once."""
    whole = test.value_span
    if whole is None or not isinstance(test.value, tuple):
        return whole
    text = re.escape(value) if isinstance(value, str) else re.escape(json.dumps(value))
    pattern = (
        rf"""(?P<quote>["']){text}(?P=quote)""" if isinstance(value, str) else rf"(?<![\w.\"'-]){text}(?![\w.\"'])"
    )
    found = [m.span() for m in re.finditer(pattern, whole.text)]
    if not found and isinstance(value, str):  # a plain scalar of YAML
        found = [m.span() for m in re.finditer(rf"(?<=[\[\s,]){text}(?=[\s,\]]|\Z)", whole.text)]
    return Span(whole.source, whole.start + found[0][0], whole.start + found[0][1]) if len(found) == 1 else None


def rename(span: Span | None, old: str, new: str) -> tuple[Edit, ...]:
    """The edit that writes one name for another; none where the text is not simply the name, or the new one needs quotes."""
    if span is None:
        return ()
    text = span.text
    if text.count(old) != 1:
        return ()
    at = span.start + text.index(old)
    inner = Span(span.source, at, at + len(old))
    around = span.source.text[max(0, at - 1) : at] + span.source.text[inner.end : inner.end + 1]
    if around in ('""', "''"):
        fits = not any(c in "\"'\\" or ord(c) < 32 for c in new)
    else:
        fits = name_text(new) == new and not new.startswith(("-", "."))
    return (Edit(inner, new, safe=False),) if fits else ()
