"""Selectors of the DSL: the transformer's part that builds them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from policyc.diagnostics import did_you_mean
from policyc.frontends.dsl_tokens import Named, Words
from policyc.ir.facts import CATEGORIES, HINTS
from policyc.ir.model import (
    SEVERITIES,
    AllOf,
    AnyOf,
    AnyTool,
    Cond,
    Except,
    Fact,
    FactKind,
    OnServer,
    Selector,
    ToolGlob,
    ToolName,
)
from policyc.ir.spelling import quote
from policyc.record import record
from policyc.source import Span

if TYPE_CHECKING:
    from lark import Token

FACT_VALUES: dict[str, tuple[str, ...]] = {"category": CATEGORIES, "severity": SEVERITIES, "hint": HINTS}
_KINDS: dict[str, FactKind] = {"category": "category", "severity": "severity", "hint": "hint"}


@record
class _Part:
    text: str
    glob: bool
    span: Span


def place(node: Selector | Cond) -> Span:
    """The place of a node that this front end made (all of them have one)."""
    assert node.span is not None
    return node.span


class SelectorNodes(Words):
    """Methods named like the grammar's rules for selectors."""

    def tool(self, children: list[Token]) -> Selector:
        return ToolName(self.text(children[-1]), span=self.span(children[0].start_pos or 0, children[-1].end_pos or 0))

    def pattern(self, children: list[Token]) -> Selector:
        span = self.span(children[0].start_pos or 0, children[-1].end_pos or 0)
        text = self.text(children[-1])
        if text == "*":
            return AnyTool(span)
        self._check_glob(text, span)
        return ToolGlob(text, span=span)

    def _check_glob(self, text: str, span: Span) -> None:
        if "*" not in text and "?" not in text:
            self.error(
                "invalid-value", f"a glob has a `*` or `?` in it; an exact name is written `tool {quote(text)}`", span
            )

    def tool_part(self, children: list[Token]) -> _Part:
        text, span = self.text(children[-1]), self.at(children[0]).to(self.at(children[-1]))
        glob = len(children) > 1 or children[0].type == "PATTERN"
        if glob:
            self._check_glob(text, span)
        return _Part(text, glob, span)

    def tool_on_server(self, children: list[Token | _Part]) -> Selector:
        first, server, part = children[0], children[-3], children[-1]
        assert not isinstance(first, _Part) and not isinstance(server, _Part) and isinstance(part, _Part)
        span = self.at(first).to(part.span)
        made = ToolGlob if part.glob else ToolName
        return made(part.text, self.text(server), span)

    def on_server(self, children: list[Token | Named]) -> Selector:
        word, server = children
        assert isinstance(server, Named) and not isinstance(word, Named)
        return OnServer(server.text, self.at(word).to(server.span))

    def fact(self, children: list[Token]) -> Selector:
        token = children[0]
        kind, _, value = token.partition(":")
        span = self.at(token)
        known = FACT_VALUES[kind]
        if value not in known:
            near = did_you_mean(value, known)
            self.error(
                "invalid-value",
                f"`{value}` is not a {kind}; expected {one_of(known)}",
                self.span((token.start_pos or 0) + len(kind) + 1, token.end_pos or 0),
                help=f"did you mean `{kind}:{near}`?" if near else None,
            )
        return Fact(_KINDS[kind], value, span)

    def exclude(self, children: list[Token | Selector]) -> Selector:
        word, item = children
        assert not isinstance(word, Selector) and isinstance(item, Selector)
        return self.nested(Except(item, self.at(word).to(place(item))), (item,), 1)

    def any_of(self, children: list[Selector]) -> Selector:
        items = tuple(children[::2])
        return self.nested(AnyOf(items, place(items[0]).to(place(items[-1]))), items)

    def all_of(self, children: list[Selector]) -> Selector:
        items = tuple(children[::2])
        return self.nested(AllOf(items, place(items[0]).to(place(items[-1]))), items)

    def narrowed(self, children: list[Selector]) -> Selector:
        return children[0]

    def selector_text(self, children: list[Selector]) -> Selector:
        return children[0]

    def group(self, children: list[Any]) -> Any:
        """A selector or a condition in parentheses: the same node, its place widened to the parentheses."""
        item = children[1]
        wide = replace(item, span=self.at(children[0]).to(self.at(children[2])))
        return self.nested(wide, (item,), 1)


def narrow(block: Selector, own: Selector | None) -> Selector:
    """The selector of a statement inside a block: what both select.

    A tool inside a block for one server is that server's tool, the same as `server/tool`.
    """
    if own is None or isinstance(own, AnyTool):
        return block
    if isinstance(block, AnyTool):
        return own
    if isinstance(block, OnServer):
        tools = own.items if isinstance(own, AnyOf) else (own,)
        if all(isinstance(t, ToolName | ToolGlob) and t.server is None for t in tools):
            placed = tuple(replace(t, server=block.server) for t in tools if isinstance(t, ToolName | ToolGlob))
            return placed[0] if own is tools[0] else AnyOf(placed, own.span)
    return AllOf((block, own), own.span)


def one_of(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{w}`" for w in words[:-1]) + f" or `{words[-1]}`"
