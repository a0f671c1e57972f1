"""What the DSL's words are worth: names, texts and numbers, with their places.

The classes of the `dsl_*` modules are lark transformers: while the parser reduces, lark calls the method named like the
grammar's rule (or its alias) with the list of its children, tokens included. They build the IR at once; there is no tree.
A mistake is reported and replaced by something harmless, so that the rest of the file is still checked; a policy with a
finding is never returned.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from policyc.diagnostics import Findings
from policyc.record import record
from policyc.source import Source, Span

if TYPE_CHECKING:
    from lark import Token

    from policyc.ir.model import Cond, Selector

N = TypeVar("N", bound="Selector | Cond")
DEPTH_LIMIT = 100
"""Deepest nesting of parentheses and `not`s, so that nothing that walks a condition or a selector goes too deep."""
DIGITS_LIMIT = 4000
"""Most digits that an integer may have: what Python converts without complaint, with room to spare."""
_BAD_ESCAPE = re.compile(r'\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])|(\\.)|([\x00-\x1f])')


@record
class Named:
    """A name or text with its place."""

    text: str
    span: Span


class Words:
    """The base of the transformers: where they read, and what they report to."""

    span: Callable[[int, int], Span]

    def __init__(self) -> None:
        self.begin(Source("", ""), Findings())

    def begin(self, source: Source, findings: Findings) -> None:
        """Start on another text. Spans are offsets of the parsed text plus `base`."""
        self.source = source
        self.findings = findings
        self.base = 0
        self.span = self._span
        self.depths: dict[int, tuple[Any, int]] = {}  # of this statement's nested nodes, by identity

    def _span(self, start: int, end: int) -> Span:
        return Span(self.source, self.base + start, self.base + end)

    def at(self, token: Token) -> Span:
        """The place of one token."""
        return self.span(token.start_pos or 0, token.end_pos or 0)

    def error(self, rule: str, message: str, span: Span, help: str | None = None) -> None:
        self.findings.add(rule, message, span, help=help)

    def nested(self, node: N, items: Iterable[Any], more: int = 0) -> N:
        """Note how deep a node is: as its deepest item, and `more`. The parser is a loop, so any depth gets here."""
        depths = self.depths
        depth = more
        if depths:
            depth += max((depths[id(item)][1] for item in items if id(item) in depths), default=0)
        if depth:
            depths[id(node)] = (node, depth)
            if depth == DEPTH_LIMIT + 1 and more:
                message = f"parentheses and `not` may be nested at most {DEPTH_LIMIT} deep"
                assert node.span is not None
                self.error("nested-too-deep", message, Span(self.source, node.span.start, node.span.start + 1))
        return node

    def text(self, token: Token) -> str:
        """The value of a name, a JSON string or a raw pattern."""
        if token.type == "RAW":
            return str(token[2:-1])
        if token.type != "STRING":
            return str(token)
        try:
            value: str = json.loads(token)
            return value
        except ValueError:
            self._bad_text(token)
            return str(token[1:-1])

    def _bad_text(self, token: Token) -> None:
        start = token.start_pos or 0
        for match in _BAD_ESCAPE.finditer(token):
            place = self.span(start + match.start(), start + match.end())
            if match.group(1):
                escape = match.group(1)
                self.error(
                    "invalid-value",
                    f"`{escape}` is not an escape of JSON strings",
                    place,
                    help=f'a backslash itself is written `\\\\`; a pattern is easier to read raw: `r"{escape}"`',
                )
                return
            if match.group(2):
                code = ord(match.group(2))
                self.error(
                    "invalid-value", f"a control character in a text is written as an escape, `\\u{code:04x}`", place
                )
                return
        self.error("invalid-value", "expected a JSON string", self.at(token))

    def name(self, children: list[Token]) -> Named:
        token = children[0]
        return Named(self.text(token), self.at(token))

    def number(self, token: Token) -> int | float:
        """The value of a number; integers are exact."""
        try:
            if len(token) <= DIGITS_LIMIT:
                return int(token)
        except ValueError:
            value = float(token)
            if math.isfinite(value):
                return value
            self.error(
                "invalid-value",
                f"`{token}` is larger than any number with a fraction or exponent can be",
                self.at(token),
            )
            return 0
        self.error("invalid-value", f"a number may have at most {DIGITS_LIMIT} digits", self.at(token))
        return 0
