"""Policies as DSL text, laid out as a person would: blocks where blocks say the same, columns, lines that fit.

What is written reads back as the same rules in the same order; the spelling of each value is the only one the language
has. Ids and counters are written only where their author wrote them.
"""

from __future__ import annotations

from dataclasses import replace

from policyc.diagnostics import PolicycError
from policyc.ir.model import (
    AllOf,
    And,
    AnyOf,
    AnyTool,
    Cond,
    Const,
    Except,
    Fact,
    Limit,
    Not,
    OnServer,
    Or,
    Policy,
    Property,
    Scalar,
    Selector,
    Test,
    ToolGlob,
    ToolName,
)
from policyc.ir.names import name_text
from policyc.ir.spelling import MARKS, comparison_text, path_text, quote


class ConvertError(PolicycError):
    """Something that the other syntax cannot say; the message says what."""


_BARE_GLOB = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-*?")


# --- small texts ---------------------------------------------------------------------------------------------------


def number_text(value: int | float) -> str:
    """A number; integers of five digits and more are grouped."""
    if isinstance(value, int):
        try:
            return f"{value:_}" if abs(value) >= 10_000 else str(value)
        except ValueError:
            raise ConvertError("an integer with so many digits cannot be written") from None
    return repr(value)


def scalar_text(value: Scalar) -> str:
    """A constant."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return quote(value) if isinstance(value, str) else number_text(value)


def constant_text(value: Scalar | tuple[Scalar, ...]) -> str:
    """A constant, or a list of them."""
    return f"[{', '.join(map(scalar_text, value))}]" if isinstance(value, tuple) else scalar_text(value)


def pattern_text(pattern: str) -> str:
    """A regular expression: raw where it can be."""
    quoted = quote(pattern)
    raw = '"' not in pattern and quoted.replace("\\\\", "\\") == f'"{pattern}"'
    return f'r"{pattern}"' if raw else quoted


def selector_text(selector: Selector, level: int = 0) -> str:
    """A selector. `level`: 0 anywhere, 1 inside a list, 2 inside an `and`, 3 after `not`."""
    match selector:
        case ToolName():
            return _on(selector.server) + name_text(selector.name)
        case ToolGlob():
            pattern = selector.pattern
            return _on(selector.server) + (pattern if set(pattern) <= _BARE_GLOB else f"glob {quote(pattern)}")
        case OnServer():
            return f"server {quote(selector.server)}"
        case Fact():
            return f"{selector.kind}:{selector.value}"
        case AnyTool():
            return "*"
        case AnyOf() | AllOf():
            if len(selector.items) == 1:
                return selector_text(selector.items[0], level)
            if not selector.items:
                return "not *" if isinstance(selector, AnyOf) else "*"
            own, sign = (1, ", ") if isinstance(selector, AnyOf) else (2, " and ")
            text = sign.join(selector_text(s, own) for s in selector.items)
            return f"({text})" if level >= own else text
        case Except():
            return f"not {selector_text(selector.item, 3)}"


def _on(server: str | None) -> str:
    return "" if server is None else f"{name_text(server)}/"


# --- conditions ----------------------------------------------------------------------------------------------------


def test_text(test: Test) -> str:
    """One test."""
    path = path_text(test.path)
    mark = "" if test.op in ("exists", "is") else MARKS.get((test.missing, test.mistyped))
    if mark is None:
        raise ConvertError(f"a test on `{path}` that holds when its operand is missing cannot be written")
    spell = pattern_text if test.op == "matches" else constant_text
    return comparison_text(path, test.op, test.value, spell, mark=mark, length=test.length, quantifier=test.quantifier)


def condition_text(cond: Cond, level: int = 0) -> str:
    """A condition on one line. `level`: 0 anywhere, 1 inside an `or`, 2 inside an `and`, 3 after `not`."""
    match cond:
        case Test():
            return test_text(cond)
        case Const():
            return "true" if cond.value else "false"
        case Not():
            return f"not {condition_text(cond.item, 3)}"
        case And() | Or():
            if len(cond.items) == 1:
                return condition_text(cond.items[0], level)
            if not cond.items:
                return "true" if isinstance(cond, And) else "false"
            own, sign = (2, " and ") if isinstance(cond, And) else (1, " or ")
            text = sign.join(condition_text(c, own) for c in cond.items)
            return f"({text})" if level >= own else text


def condition_lines(cond: Cond, width: int) -> list[str]:
    """A condition on as many lines as it needs, none but unbreakable ones longer than `width`."""
    text = condition_text(cond)
    if len(text) <= width:
        return [text]
    if isinstance(cond, And | Or) and len(cond.items) > 1:
        own, sign = (2, "and") if isinstance(cond, And) else (1, "or")
        lines: list[str] = []
        for i, item in enumerate(cond.items):
            prefix = f"{sign} " if i else ""
            inner = _item_lines(item, own, width - len(prefix))
            lines += [prefix + inner[0], *inner[1:]]
        return lines
    return _item_lines(cond, 3, width)


def _item_lines(cond: Cond, level: int, width: int) -> list[str]:
    text = condition_text(cond, level)
    if len(text) <= width:
        return [text]
    match cond:
        case Test() if isinstance(cond.value, tuple):
            return _list_lines(cond, cond.value, text, width)
        case Not():
            first, *rest = _item_lines(cond.item, 3, width - 4)
            return [f"not {first}", *rest]
        case And() | Or() if len(cond.items) > 1:
            first, *rest = condition_lines(cond, width - 4)
            lines = [first, *(f"  {line}" for line in rest)]
            if level >= (2 if isinstance(cond, And) else 1):
                lines[0], lines[-1] = f"({lines[0]}", f"{lines[-1]})" if rest else f"({lines[0]})"
            return lines
    return [text]


def _list_lines(test: Test, values: tuple[Scalar, ...], text: str, width: int) -> list[str]:
    """A test whose list does not fit on one line: its members on lines of their own."""
    head = text[: -len(constant_text(values))]
    lines, line = [f"{head}["], " "
    for value in values:
        piece = f" {scalar_text(value)},"
        if len(line) + len(piece) > width and line.strip():
            lines.append(line)
            line = " "
        line += piece
    return [*lines, line.removesuffix(","), "]"]


# --- limits and headers --------------------------------------------------------------------------------------------


def written_limit(limit: Limit) -> Limit:
    """The limit as it can be written. Imported policies have limits of 0 calls and less, which the other syntaxes refuse as
    mistakes; at most 1 with 2 for each call lets exactly as little pass."""
    if limit.maximum > 0:
        return limit
    if limit.amount is not None:
        raise ConvertError(f"a sum of at most {limit.maximum} cannot be written; a limit is greater than 0")
    return replace(limit, maximum=1, step=2)


def limit_text(limit: Limit) -> str:
    """A limit without the selector before it."""
    limit = written_limit(limit)
    if limit.amount is not None:
        path = path_text(limit.amount) + ("?" if limit.optional else "")
        text = f"sum {'whole ' if limit.whole else ''}{path} <= {number_text(limit.maximum)}"
    else:
        text = number_text(limit.maximum) + (f" step {number_text(limit.step)}" if limit.step != 1 else "")
    text += _window_text(limit)
    if limit.sliding:
        text += " sliding"
    text += f" by {', '.join(limit.scope)}"
    return text + (f" as {name_text(limit.counter)}" if limit.named else "")


def _window_text(limit: Limit) -> str:
    return f" per {limit.window}" if isinstance(limit.window, str) else f" per {limit.window} seconds"


def header_lines(policy: Policy) -> list[str]:
    lines = [f"policy {quote(policy.name)}"]
    if policy.description is not None:
        lines.append(f"description {quote(policy.description)}")
    return [*lines, f"default {policy.default}"]


# --- properties ----------------------------------------------------------------------------------------------------


def property_lines(prop: Property, width: int, gap: str = "  ") -> list[str]:
    """A property, on as many lines as it needs; `gap` stands before the reason."""
    if prop.file is not None:
        lines = [f"no wider than {quote(prop.file)}"]
    else:
        assert prop.selector is not None
        lines = [f"{_property_head(prop)} {selector_text(prop.selector)}"]
    if prop.limit is not None:
        lines[0] += f" to {_bound_text(prop.limit)}"
    if prop.when is not None:
        condition = condition_lines(prop.when, width - 9)
        condition[0] = f"when {condition[0]}"
        if len(condition) == 1 and len(lines[0]) + 1 + len(condition[0]) <= width:
            lines[0] += f" {condition[0]}"
        else:
            lines += [f"    {line}" for line in condition]
    if prop.reason is not None:
        reason = quote(prop.reason)
        if len(lines[-1]) + len(gap) + len(reason) <= width:
            lines[-1] += gap + reason
        else:
            lines.append(f"    {reason}")
    return lines


def property_text(prop: Property) -> str:
    """A property on one line."""
    return property_lines(prop, 10**9, " ")[0]


def _property_head(prop: Property) -> str:
    return prop.kind if prop.kind in ("allow", "limited") else f"{prop.kind} {prop.effect}"


def _bound_text(limit: Limit) -> str:
    amount = "" if limit.amount is None else f"sum {path_text(limit.amount)} <= "
    scopes = f" by {', '.join(limit.scope)}" if limit.scope else ""
    return f"{amount}{number_text(limit.maximum)}{_window_text(limit)}{scopes}"
