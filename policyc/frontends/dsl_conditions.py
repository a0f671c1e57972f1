"""Conditions of the DSL: the transformer's part that builds them, and says what is wrong with a test."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from policyc.diagnostics import did_you_mean
from policyc.frontends.dsl_selectors import one_of, place
from policyc.frontends.dsl_tokens import Words
from policyc.frontends.patterns import check_pattern
from policyc.ir.model import JSON_TYPES, And, Cond, Const, JsonType, Not, Op, Or, Path, Scalar, Test, Truth
from policyc.record import record
from policyc.source import Span
from policyc.syntax.paths import ParsedPath, PathError, parse_path

if TYPE_CHECKING:
    from lark import Token

ORDERINGS = frozenset({"<", "<=", ">", ">="})
EQUALITIES = frozenset({"==", "!="})
TEXT_TESTS = frozenset({"matches", "like", "starts_with", "ends_with", "prints"})
_TYPE_WORDS = {
    "str": "string", "text": "string", "int": "integer", "float": "number", "double": "number", "bool": "boolean",
    "list": "array", "tuple": "array", "dict": "object", "map": "object", "None": "null", "nil": "null",
}  # fmt: skip
_CONSTANT_WORDS = {"True": "true", "False": "false", "TRUE": "true", "FALSE": "false", "yes": "true", "no": "false"}
_NULL_WORDS = frozenset({"null", "None", "nil", "NULL", "undefined"})


@record
class _Operand:
    """The left side of a test; `path` None: it could not be read (and that is reported)."""

    path: Path | None
    parsed: ParsedPath | None
    span: Span


@record
class _Value:
    """A constant; `value` None: it is not one (and that is reported)."""

    value: Scalar | None
    span: Span
    token: Token


@record
class _List:
    items: list[_Value]
    span: Span


class ConditionNodes(Words):
    """Methods named like the grammar's rules for conditions."""

    def begin(self, source: Any, findings: Any) -> None:
        super().begin(source, findings)
        self.loose: dict[int, Test] = {}  # tests over `[*]` whose every or some has not been seen yet, by identity

    def any_holds(self, children: list[Cond]) -> Cond:
        items = tuple(children[::2])
        return self.nested(Or(items, place(items[0]).to(place(items[-1]))), items)

    def all_hold(self, children: list[Cond]) -> Cond:
        items = tuple(children[::2])
        return self.nested(And(items, place(items[0]).to(place(items[-1]))), items)

    def not_holds(self, children: list[Any]) -> Cond:
        word, item = children
        return self.nested(Not(item, self.at(word).to(place(item))), (item,), 1)

    def constant(self, children: list[Token]) -> Cond:
        return Const(children[0] == "true", self.at(children[0]))

    # --- operands and values ---------------------------------------------------------------------------------------

    def operand(self, children: list[Token]) -> _Operand:
        token = children[0] if len(children) == 1 else children[2]
        span = self.at(token)
        whole = span if len(children) == 1 else self.at(children[0]).to(self.at(children[3]))
        try:
            parsed = parse_path(token)
        except PathError as error:
            start = (token.start_pos or 0) + min(error.offset, len(token) - 1)
            self.error("invalid-path", error.message, self.span(start, token.end_pos or 0))
            return _Operand(None, None, whole)
        if len(children) > 1:
            parsed = replace(parsed, length=True)
        return _Operand(Path(parsed.root, parsed.steps, span), parsed, whole)

    def value(self, children: list[Token]) -> _Value:
        token = children[0]
        span = self.at(token)
        kind = token.type
        if kind == "NUMBER":
            return _Value(self.number(token), span, token)
        if kind == "TRUE" or kind == "FALSE":
            return _Value(kind == "TRUE", span, token)
        if kind == "NAME":
            self._bare_word(token, span)
            return _Value(None, span, token)
        return _Value(self.text(token), span, token)

    def _bare_word(self, token: Token, span: Span) -> None:
        word = str(token)
        if word in _NULL_WORDS:
            self.error("invalid-value", f"`{word}` is not a value to compare with; write `is null` or `exists`", span)
        elif word in _CONSTANT_WORDS:
            self.error("invalid-value", f"`{word}` is written `{_CONSTANT_WORDS[word]}`", span)
        elif word.split(".")[0] in ("args", "context"):
            self.error("invalid-value", "a test compares a path with a constant, not with another path", span)
        elif word.lstrip("+-.")[:1].isdigit():
            message = f"`{word}` is not a number; expected one such as `50_000`, `-1` or `0.5`"
            before = span.source.text[max(0, span.start - 2) : span.start]  # `5,` where `5,000` stands in a list
            grouped = before[:1].isdigit() and before[1:] == ","
            self.error("invalid-value", message, span, help="digits are grouped with `_`" if grouped else None)
        else:
            self.error("invalid-value", f'a text is written in double quotes, `"{word}"`', span)

    def members(self, children: list[Any]) -> _List:
        items = [c for c in children[1:-1] if type(c) is _Value]
        span = self.at(children[0]).to(self.at(children[-1]))
        if not items:
            self.error("invalid-value", "an empty list has no member, so this test never holds; expected a value", span)
        return _List(items, span)

    # --- tests -----------------------------------------------------------------------------------------------------

    def compare(self, children: list[Any]) -> Cond:
        operand, op, right = children
        if type(right) is _List:
            self.error("wrong-type", f"`{op}` compares with one value; a list is tested with `in`", right.span)
            return Const(False, operand.span.to(right.span))
        if right.value is not None and operand.parsed is not None:
            self._check_value(str(op), operand.parsed.length, right)
        return self._test(operand, cast(Op, str(op)), right.value, right.span)

    def _check_value(self, op: str, length: bool, right: _Value) -> None:
        value = right.value
        kind = "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
        if length and op not in EQUALITIES | ORDERINGS:
            self.error("wrong-type", f"`len(…)` is compared with `==`, `<` and the like, not with `{op}`", right.span)
        elif length and kind != "number":
            self.error("wrong-type", f"`len(…)` is compared with a number, not a {kind}", right.span)
        elif op in ORDERINGS and kind == "boolean":
            self.error("wrong-type", f"`{op}` orders numbers and texts; a boolean is compared with `==`", right.span)
        elif op in TEXT_TESTS and kind != "text":
            self.error("wrong-type", f"`{op}` wants a text in double quotes, not a {kind}", right.span)
        elif op == "matches" and isinstance(value, str):
            offset = 2 if right.token.type == "RAW" else 1 if "\\" not in right.token else None
            check_pattern(value, right.span, offset, self.findings)

    def member(self, children: list[Any]) -> Cond:
        return self._member(children[0], "in", children[2])

    def not_member(self, children: list[Any]) -> Cond:
        return self._member(children[0], "not in", children[3])

    def _member(self, operand: _Operand, op: Op, right: _List | _Value) -> Cond:
        if isinstance(right, _Value):
            if right.value is not None:
                self.error("wrong-type", f"`{op}` wants a list, `[{right.token}]`", right.span)
            return Const(False, operand.span.to(right.span))
        values = tuple(item.value for item in right.items if item.value is not None)
        if operand.parsed is not None and operand.parsed.length:
            self.error("wrong-type", "`len(…)` is compared with one number, with `==`, `<` and the like", right.span)
        return self._test(operand, op, values, right.span)

    def has_type(self, children: list[Any]) -> Cond:
        operand, _, word = children
        span = self.at(word)
        name = str(word)
        if name not in JSON_TYPES:
            near = _TYPE_WORDS.get(name) or did_you_mean(name, JSON_TYPES)
            help = f"did you mean `{near}`?" if near else None
            self.error("invalid-value", f"`{name}` is not a type; expected {one_of(JSON_TYPES)}", span, help)
        self._plain(operand, "is")
        return self._test(operand, "is", cast(JsonType, name), span)

    def exists(self, children: list[Any]) -> Cond:
        word, operand = children
        self._plain(operand, "exists")
        test = self._test(operand, "exists", True, operand.span)
        wide = replace(test, span=self.at(word).to(operand.span))
        if isinstance(wide, Test) and self.loose.pop(id(test), None) is not None:
            self.loose[id(wide)] = wide
        return wide

    def _plain(self, operand: _Operand, op: str) -> None:
        """`exists` and `is` have an answer for every operand: no mark, no length."""
        parsed = operand.parsed
        if parsed is None:
            return
        if parsed.length:
            self.error("wrong-type", f"`{op}` is asked of a path, not of its `len(…)`", operand.span)
        elif parsed.optional or parsed.lenient:
            self.error("syntax-error", f"`{op}` is never undefined; leave out the `?`", operand.span)

    def _test(self, operand: _Operand, op: Op, value: Any, value_span: Span) -> Cond:
        span = operand.span.to(value_span)
        if operand.path is None or operand.parsed is None or value is None:
            return Const(False, span)
        parsed = operand.parsed
        test = Test(
            operand.path,
            op,
            value,
            Truth.FALSE if parsed.optional else Truth.UNDEFINED,
            Truth.FALSE if parsed.lenient else Truth.UNDEFINED,
            parsed.length,
            None,
            span,
            value_span,
        )
        if None in parsed.steps:
            self.loose[id(test)] = test
        return test

    def quantified(self, children: list[Any]) -> Cond:
        word: Token = children[0]
        test: Cond = children[1]
        span = self.at(word).to(place(test))
        if not isinstance(test, Test):
            return replace(test, span=span)  # a mistake that is reported already
        if self.loose.pop(id(test), None) is None:
            self.error(
                "invalid-path", f"`{word}` needs a path with `[*]`, such as `args.items[*]`", place_of(test.path)
            )
        return replace(test, quantifier="every" if word == "every" else "some", span=span)

    def settle(self) -> None:
        """At the end of a statement: every test over `[*]` must have had its `every` or `some`."""
        for test in self.loose.values():
            self.error("invalid-path", "a path with `[*]` needs `every` or `some` before its test", place_of(test.path))
        self.loose.clear()


def place_of(path: Path) -> Span:
    assert path.span is not None
    return path.span
