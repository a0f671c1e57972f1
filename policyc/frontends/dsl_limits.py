"""Limits of the DSL: the transformer's part that builds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from policyc.diagnostics import did_you_mean
from policyc.frontends.dsl_conditions import ConditionNodes
from policyc.frontends.dsl_selectors import one_of
from policyc.frontends.dsl_tokens import Named
from policyc.ir.model import SCOPES, WINDOWS, Limit, Path, Scope
from policyc.record import record
from policyc.source import Span

if TYPE_CHECKING:
    from lark import Token

MAXIMUM = 10**12
"""A limit above this is taken for a mistake."""
LONGEST_WINDOW = 100 * 366 * 86400
"""Longest window, in seconds: a hundred years."""


@record
class _Step:
    value: int


@record
class _Window:
    value: str | int
    span: Span


@record
class _Scopes:
    value: tuple[Scope, ...]
    span: Span


@record
class _Counter:
    value: Named


class LimitNodes(ConditionNodes):
    """Methods named like the grammar's rules for limits."""

    def count(self, children: list[Any]) -> Limit:
        return self._limit(children, children[0], None, False, False)

    def total(self, children: list[Any]) -> Limit:
        whole = children[1].type == "WHOLE"
        path, op, number = children[2:5] if whole else children[1:4]
        if op != "<=":
            self.error("invalid-limit", f"a limit on a sum is written with `<=`, not `{op}`", self.at(op))
        operand = self.operand([path])
        parsed = operand.parsed
        if parsed is not None and (None in parsed.steps or not parsed.steps):
            self.error(
                "invalid-path",
                "a sum adds one number of each call; expected a path without `[*]`, such as `args.amount`",
                operand.span,
            )
        if parsed is not None and parsed.lenient:
            self.error("invalid-path", "after the path of a sum only `?` has a meaning", operand.span)
        amount = operand.path or Path("args", (), operand.span)
        return self._limit(children, number, amount, parsed is not None and parsed.optional, whole)

    def _limit(self, children: list[Any], number: Token, amount: Path | None, optional: bool, whole: bool) -> Limit:
        maximum = self.number(number)
        if maximum <= 0:
            self.error(
                "invalid-limit",
                f"a limit must be greater than 0, found `{number}`",
                self.at(number),
                help="a tool that may never be called is written `deny`",
            )
        elif isinstance(maximum, float) and maximum.is_integer():
            maximum = int(maximum)
        elif isinstance(maximum, float) and amount is None:
            self.error("invalid-limit", f"a number of calls is a whole number, found `{number}`", self.at(number))
        if maximum > MAXIMUM:
            self.error("invalid-limit", f"`{number}` is above 1e12, which no counter reaches", self.at(number))
        window: str | int = "minute"
        scopes: tuple[Scope, ...] = ("grant",)
        counter, step, sliding, end = "", 1, False, number.end_pos or 0
        span = self.span(children[0].start_pos or 0, end)
        for child in children:
            kind = type(child)
            if kind is _Window:
                window, span = child.value, span.to(child.span)
            elif kind is _Scopes:
                scopes, span = child.value, span.to(child.span)
            elif kind is _Counter:
                counter, span = child.value.text, span.to(child.value.span)
            elif kind is _Step:
                step = child.value
            elif child.type == "SLIDING":
                sliding, span = True, span.to(self.at(child))
        named = type(children[-1]) is _Counter
        if named and not counter:
            self.error("invalid-value", "the name of a counter cannot be empty", span)
        return Limit(counter, maximum, window, amount, optional, whole, step, scopes, sliding, named, span)

    def is_scoped(self, children: list[Any]) -> bool:
        """Whether the scopes of a limit are written."""
        return any(type(child) is _Scopes for child in children)

    def step(self, children: list[Token]) -> _Step:
        value = self.number(children[1])
        if not isinstance(value, int) or value < 1:
            self.error("invalid-limit", f"a step is a whole number from 1, found `{children[1]}`", self.at(children[1]))
            return _Step(1)
        return _Step(value)

    def window(self, children: list[Token]) -> _Window:
        unit = str(children[-1])
        span = self.at(children[0]).to(self.at(children[-1]))
        if len(children) == 1:
            return _Window(self._named_window(unit, span), span)
        number = self.number(children[0])
        if not isinstance(number, int):
            self.error("invalid-window", f"a window is a whole number of seconds, found `{children[0]}`", span)
        elif unit not in ("second", "seconds"):
            self._other_unit(number, unit, span)
        elif not 1 <= number <= LONGEST_WINDOW:
            self.error(
                "invalid-window",
                f"a window is at least 1 second and at most a hundred years, found `{number}` seconds",
                span,
            )
        else:
            return _Window(number, span)
        return _Window(60, span)

    def _named_window(self, unit: str, span: Span) -> str:
        if unit in WINDOWS:
            return unit
        near = did_you_mean(unit, WINDOWS)
        self.error(
            "invalid-window",
            f"`{unit}` is not a window; expected a number of seconds, {one_of(tuple(WINDOWS))}",
            span,
            help=f"did you mean `per {near}`?" if near else None,
        )
        return "minute"

    def _other_unit(self, number: int, unit: str, span: Span) -> None:
        seconds = WINDOWS.get(unit.removesuffix("s"))
        if seconds is None or unit.startswith("month"):
            message, help = f"`{number} {unit}` is not a window; expected a number of seconds", None
        elif number == 1:
            message, help = f"`{number} {unit}` is not a window", f"write `per {unit.removesuffix('s')}`"
        else:
            message = f"`{number} {unit}` is not a window; other windows are given in seconds"
            help = f"write `per {number * seconds} seconds`"
        self.error("invalid-window", message, span, help)

    def scope(self, children: list[Token]) -> Named:
        token = children[0]
        if token not in SCOPES:
            near = did_you_mean(token, SCOPES)
            help = f"did you mean `{near}`?" if near else None
            self.error("invalid-value", f"`{token}` is not a scope; expected {one_of(SCOPES)}", self.at(token), help)
        return Named(str(token), self.at(token))

    def scopes(self, children: list[Any]) -> _Scopes:
        named = [child for child in children if type(child) is Named]
        seen: set[str] = set()
        for name in named:
            if name.text in seen:
                self.error("invalid-value", f"the scope `{name.text}` is given twice", name.span)
            seen.add(name.text)
        values = tuple(cast(Scope, name.text) for name in named)
        return _Scopes(values, self.at(children[0]).to(named[-1].span))

    def counter(self, children: list[Any]) -> _Counter:
        return _Counter(children[1])
