"""Conditions of policy documents: `{path, op, value}` and their combinations, to IR.

A missing, null or wrong-typed operand makes a test false (docs/language.md), unless the condition says `"missing": "deny"`
or `"wrong_type": "deny"`; both are stated in each test that is built.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from policyc.diagnostics import Edit, Findings
from policyc.frontends.patterns import check_pattern
from policyc.frontends.reading import suggest, text_of, written_as_is
from policyc.ir.model import JSON_TYPES, And, Cond, Const, Not, Op, Or, Path, Test, Truth
from policyc.ir.model import Scalar as Value
from policyc.source import Span
from policyc.syntax.paths import PathError, parse_path
from policyc.syntax.tree import Map, Node, Scalar, Seq, describe, first_character, inner_span

_COMPARE: Final[dict[str, Op]] = {"eq": "==", "neq": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_MEMBER: Final[dict[str, Op]] = {"in": "in", "not_in": "not in"}
_TEXTUAL: Final[dict[str, Op]] = {
    "regex": "matches", "like": "like", "starts_with": "starts_with", "ends_with": "ends_with", "prints": "prints",
}  # fmt: skip


class _Subject(NamedTuple):
    """What one comparison is about, and how it takes a missing or wrong-typed operand."""

    node: Map
    op: str
    path: Path
    length: bool
    quantifier: str | None
    missing: Truth
    mistyped: Truth
    value: Node
    route: str


class Conditions:
    """Reads conditions. What it cannot read it reports, or leaves to the document's check, and gives None."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def read(self, node: Node, route: str) -> Cond | None:
        """One condition; `route` is its symbolic place."""
        if not isinstance(node, Map):
            return None
        for kind in ("all", "any"):
            inner = node.get(kind)
            if inner is not None:
                return self._group(kind, inner, node, route)
        negated = node.get("not")
        if negated is not None:
            item = self.read(negated, f"{route}.not")
            return None if item is None else Not(item, node.span)
        if node.get("always") is not None:
            return Const(True, node.span)
        return self._comparison(node, route)

    def read_all(self, node: Node, route: str) -> Cond | None:
        """A condition, or a list of which every one must hold (`when`, `require` of a rule)."""
        if isinstance(node, Seq):
            return self._group("all", node, node, route, nested=False)
        return self.read(node, route)

    def _group(self, kind: str, inner: Node, whole: Node, route: str, nested: bool = True) -> Cond | None:
        if not isinstance(inner, Seq):
            return None
        if not inner.items:
            self.findings.add("invalid-value", "expected at least one condition in this list", inner.span, route=route)
            return None
        under = f"{route}.{kind}" if nested else route
        read = [self.read(item, f"{under}[{i}]") for i, item in enumerate(inner.items)]
        items = tuple(item for item in read if item is not None)
        if len(items) < len(read):
            return None
        if len(items) == 1:
            return items[0]
        return And(items, whole.span) if kind == "all" else Or(items, whole.span)

    # --- one comparison -------------------------------------------------------------------------------------------------

    def _comparison(self, node: Map, route: str) -> Cond | None:
        subject = self._subject(node, route)
        if subject is None:
            return None
        op = subject.op
        if op == "exists":
            return self._exists(subject)
        if op == "is":
            return self._is(subject)
        if subject.length and op not in _COMPARE:
            self._invalid(
                f"`len(…)` is compared with a number, so `{op}` does not fit it", node.get("op") or node, route
            )
            return None
        if op in ("eq", "neq") and isinstance(subject.value, Scalar) and subject.value.value is None:
            return self._null(subject)
        if op in _COMPARE:
            return self._ordered(subject)
        if op in _MEMBER:
            return self._member(subject)
        if op == "contains":
            return self._contains(subject)
        return self._textual(subject) if op in _TEXTUAL else None

    def _subject(self, node: Map, route: str) -> _Subject | None:
        path_node, op, value = node.get("path"), text_of(node.get("op")), node.get("value")
        quantifier = text_of(node.get("quantifier"))
        read = self._path(path_node, route) if isinstance(path_node, Scalar) and path_node.value else None
        if read is None or op is None or value is None:
            return None
        path, length = read
        assert path.span is not None
        if (None in path.steps) != (quantifier is not None):
            if quantifier is None:
                message = "a path with `[*]` needs `quantifier`: `every` or `some`"
            else:
                message = f"`quantifier: {quantifier}` needs a path with `[*]`"
            self.findings.add("invalid-path", message, path.span, route=route)
            return None
        modes = [Truth.UNDEFINED if text_of(node.get(k)) == "deny" else Truth.FALSE for k in ("missing", "wrong_type")]
        return _Subject(node, op, path, length, quantifier, modes[0], modes[1], value, route)

    def _path(self, node: Scalar, route: str) -> tuple[Path, bool] | None:
        span = inner_span(node)
        text = str(node.value)
        try:
            parsed = parse_path(text)
        except PathError as error:
            at = min(error.offset, len(text))
            exact = written_as_is(node)
            where = span if exact is None else Span(span.source, span.start + at, min(span.start + at + 1, span.end))
            self.findings.add("invalid-path", error.message, where, route=route)
            return None
        if parsed.optional or parsed.lenient:
            self.findings.add(
                "invalid-path", "a path in a document takes no `?` or `!` after it", span, route=route,
                help="in documents a missing or wrong-typed argument already fails the test",
            )  # fmt: skip
            return None
        return Path(parsed.root, parsed.steps, span), parsed.length

    def amount(self, node: Scalar, route: str) -> Path | None:
        """The path of a limit's `sum`: one value, neither `[*]` nor `len(…)`."""
        read = self._path(node, route)
        if read is None:
            return None
        path, length = read
        if length or None in path.steps or not path.steps:
            message = (
                "a sum adds one number of each call: expected a path without `[*]` or `len(…)`, such as `args.amount`"
            )
            self.findings.add("invalid-path", message, inner_span(node), route=route)
            return None
        return path

    def _test(self, s: _Subject, op: Op, value: Value | tuple[Value, ...]) -> Test:
        quantifier: Literal["every", "some"] | None = "some" if s.quantifier is not None else None
        if s.quantifier == "every":
            quantifier = "every"
        span, value_span = s.node.span, s.value.span
        return Test(s.path, op, value, s.missing, s.mistyped, s.length, quantifier, span, value_span)

    # --- operators ------------------------------------------------------------------------------------------------------

    def _ordered(self, s: _Subject) -> Cond | None:
        value = s.value.value if isinstance(s.value, Scalar) else None
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if s.length:
            fits, wanted = number, "a number"
        elif s.op in ("eq", "neq"):
            fits, wanted = isinstance(value, (str, bool)) or number, "a text, a number, a boolean or null"
        else:
            fits, wanted = number or isinstance(value, str), "a number or a text"
        if not fits or value is None:
            self._wrong(s, wanted)
            return None
        return self._test(s, _COMPARE[s.op], value)

    def _null(self, s: _Subject) -> Cond | None:
        """`eq null` is `is null`; `neq null` is false for what is missing, as every test of a document."""
        if not self._without_modes(s, "null"):
            return None
        if s.op == "eq":
            return self._test(s, "is", "null")
        if s.quantifier is not None:
            self._invalid(
                "`neq` null over `[*]` could be meant in two ways; write it with `not` and `is`", s.value, s.route
            )
            return None
        present, null = self._test(s, "exists", True), self._test(s, "is", "null")
        return And((present, Not(null, s.node.span)), s.node.span)

    def _member(self, s: _Subject) -> Cond | None:
        if not isinstance(s.value, Seq):
            self._wrong(s, "a list")
            return None
        if not s.value.items:
            self._invalid(f"`{s.op}` wants at least one value in its list", s.value, s.route)
            return None
        values: list[Value] = []
        for item in s.value.items:
            if isinstance(item, Scalar) and item.value is not None:
                values.append(item.value)
            else:
                message = f"expected a text, a number or a boolean in this list, found {describe(item)}"
                self.findings.add(
                    "wrong-type",
                    message,
                    first_character(item) if not isinstance(item, Scalar) else item.span,
                    route=s.route,
                )
        if len(values) < len(s.value.items):
            return None
        return self._test(s, _MEMBER[s.op], tuple(values))

    def _contains(self, s: _Subject) -> Cond | None:
        if not isinstance(s.value, Scalar) or s.value.value is None:
            self._wrong(s, "a text, a number or a boolean")
            return None
        return self._test(s, "contains", s.value.value)

    def _textual(self, s: _Subject) -> Cond | None:
        text = text_of(s.value)
        if text is None or not isinstance(s.value, Scalar):
            self._wrong(s, "a text")
            return None
        if s.op == "regex":
            exact = written_as_is(s.value)
            offset = None if exact is None else exact.start - s.value.span.start
            if not check_pattern(text, s.value.span, offset, self.findings):
                return None
        if s.op == "prints" and s.mistyped is not Truth.FALSE:
            self._no_mode(s, "wrong_type", "`prints`")
            return None
        return self._test(s, _TEXTUAL[s.op], text)

    def _exists(self, s: _Subject) -> Cond | None:
        if s.length:
            self._invalid("`exists` asks for the path itself, not its length", s.node.get("path") or s.node, s.route)
            return None
        if not isinstance(s.value, Scalar) or not isinstance(s.value.value, bool):
            self._wrong(s, "`true` or `false`")
            return None
        if not self._without_modes(s, "`exists`"):
            return None
        test = self._test(s, "exists", True)
        if s.value.value:
            return test
        if s.quantifier is not None:
            message = "`exists: false` over `[*]` could be meant in two ways; write `not` around `exists` with `true`"
            self._invalid(message, s.value, s.route)
            return None
        return Not(test, s.node.span)

    def _is(self, s: _Subject) -> Cond | None:
        name = text_of(s.value)
        if s.length:
            self._invalid(
                "`is` asks for the type of the path itself, not its length", s.node.get("path") or s.node, s.route
            )
            return None
        if name not in JSON_TYPES:
            listed = ", ".join(f"`{t}`" for t in JSON_TYPES)
            near = suggest(name, JSON_TYPES, self.findings) if name else None
            if name is None and isinstance(s.value, Scalar) and s.value.value is None:
                near = "null"
            self.findings.add(
                "invalid-value" if name else "wrong-type", f"`is` names a type ({listed}), found {describe(s.value)}",
                s.value.span, help=f'did you mean `"{near}"`?' if near else None, route=s.route,
            )  # fmt: skip
            return None
        return self._test(s, "is", name) if self._without_modes(s, "`is`") else None

    # --- complaints -----------------------------------------------------------------------------------------------------

    def _without_modes(self, s: _Subject, what: str) -> bool:
        for key in ("missing", "wrong_type"):
            if s.node.get(key) is not None:
                self._no_mode(s, key, what)
                return False
        return True

    def _no_mode(self, s: _Subject, key: str, what: str) -> None:
        node = s.node.key(key) or s.node
        self._invalid(
            f"`{key}` has nothing to say in a test with {what}, which has a result for every operand", node, s.route
        )

    def _invalid(self, message: str, node: Node, route: str) -> None:
        span = node.span if isinstance(node, Scalar) else first_character(node)
        self.findings.add("invalid-value", message, span, route=route)

    def _wrong(self, s: _Subject, wanted: str) -> None:
        value = s.value
        if isinstance(value, Map):
            return  # the document's own check has said so
        span = value.span if isinstance(value, Scalar) else first_character(value)
        if span.start == span.end:
            key = s.node.key("value")
            span = span if key is None else key.span
        from policyc.syntax.yaml_scalars import OLD_BOOLEANS

        help, edits = None, []
        text = text_of(value)
        if text is not None and s.op == "exists" and text.lower() in (*OLD_BOOLEANS, "true", "false"):
            meant = str(OLD_BOOLEANS.get(text.lower(), text.lower() == "true")).lower()
            help, edits = (
                f"`{text}` is a text here (as in YAML 1.2): write `{meant}`",
                [Edit(value.span, meant, safe=False)],
            )
        self.findings.add(
            "wrong-type", f"`{s.op}` wants {wanted} as its value, found {describe(value)}", span,
            help=help, route=s.route, edits=edits,
        )  # fmt: skip
