"""The Intercept proxy's operators in terms of our tests.

A missing operand fails every operator but `exists: false`. Equality is of numbers as numbers, then of what Go prints.
"""

from __future__ import annotations

from typing import Literal

from policyc.frontends.intercept_model import Condition
from policyc.frontends.intercept_values import GoValue, go_print, is_number
from policyc.ir.model import And, Cond, Const, Not, Op, Or, Path, Root, Test, Truth
from policyc.ir.model import Scalar as Value
from policyc.source import Span

_ORDER: dict[str, Op] = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def dotted(root: Root, path: str, span: Span | None) -> Path:
    """`args.a.b`: plain keys between dots; brackets are part of a key (`args.a[0]` is the key `a[0]`)."""
    return Path(root, tuple(path.partition(".")[2].split(".")), span)


def condition_of(condition: Condition) -> Cond:
    """The condition. One on a counter passes when the gateway offers no counters (`context.state`)."""
    span = condition.part.at("path")
    if not condition.path.startswith("state."):
        return _Translation(condition, dotted("args", condition.path, span)).run()
    test = _Translation(condition, Path("context", ("state", condition.path), span)).run()
    whole = condition.part.node.span
    offered = Test(Path("context", ("state",), span), "exists", True, Truth.FALSE, Truth.FALSE, span=whole)
    return Or((Not(offered, whole), test), whole)


class _Translation:
    def __init__(self, condition: Condition, path: Path) -> None:
        self.condition, self.path = condition, path
        self.span = condition.part.node.span
        self.value_span = condition.part.at("value")

    def run(self) -> Cond:
        op, value = self.condition.op, self.condition.value
        if op == "exists":
            given = self._given()
            return given if value is True else Not(given, self.span)
        if op == "eq":
            return self._equals(value)
        if op == "neq":
            return And((self._test("exists", True), Not(self._equals(value), self.span)), self.span)
        if op in ("in", "not_in"):
            values = value if isinstance(value, list) else []
            one_of = self._any([self._equals(v) for v in values])
            return one_of if op == "in" else And((self._test("exists", True), Not(one_of, self.span)), self.span)
        if op in _ORDER and isinstance(value, int | float):
            return self._test(_ORDER[op], value)
        if op == "regex" and isinstance(value, str):
            return self._test("matches", value)
        if op == "contains":
            return self._contains(value)
        return Const(False, self.span)  # what the check has refused: that proxy's operators are false then

    def _given(self) -> Cond:
        return And((self._test("exists", True), Not(self._test("is", "null"), self.span)), self.span)

    def _equals(self, value: GoValue, quantifier: Literal["some"] | None = None) -> Cond:
        """For a number the printed text stands beside the number's own test: no other number prints the same."""
        printed = self._test("prints", go_print(value), quantifier)
        if not is_number(value) or not isinstance(value, int | float):
            return printed
        return Or((self._test("==", value, quantifier), printed), self.span)

    def _contains(self, value: GoValue) -> Cond:
        """Some element of an array equals the constant, by that proxy's equality; a text in a text as part of it."""
        element = self._equals(value, "some")
        if not isinstance(value, str):
            return element
        part = And((self._test("is", "string"), self._test("contains", value)), self.span)
        return Or((part, element), self.span)

    def _any(self, items: list[Cond]) -> Cond:
        flat = [inner for item in items for inner in (item.items if isinstance(item, Or) else (item,))]
        if not flat:
            return Const(False, self.span)
        return flat[0] if len(flat) == 1 else Or(tuple(flat), self.span)

    def _test(self, op: Op, value: Value, quantifier: Literal["some"] | None = None) -> Test:
        path = self.path if quantifier is None else Path(self.path.root, (*self.path.steps, None), self.path.span)
        return Test(
            path, op, value, Truth.FALSE, Truth.FALSE, quantifier=quantifier, span=self.span, value_span=self.value_span
        )
