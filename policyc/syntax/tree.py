"""Positioned trees: what the JSON and the YAML reader both give, one shape for documents of either syntax."""

from __future__ import annotations

from typing import Any

from policyc.record import record
from policyc.source import Span


@record
class Scalar:
    """A leaf. `plain`: written without quotes in YAML, so that another reader may type the same text differently."""

    value: bool | int | float | str | None
    span: Span
    plain: bool = False


@record
class Seq:
    """A list."""

    items: tuple[Node, ...]
    span: Span


@record
class Map:
    """A mapping in the order written. Keys are text; a key written twice stands twice (the reader has reported it)."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span

    def get(self, key: str) -> Node | None:
        """The value of a key (the first, where it stands twice), or None."""
        return next((value for name, value in self.entries if name.value == key), None)

    def key(self, key: str) -> Scalar | None:
        """The key as written, with its place."""
        return next((name for name, _ in self.entries if name.value == key), None)


Node = Scalar | Seq | Map


def to_python(node: Node) -> Any:
    """Plain dict, list and scalars. Recursive: readers bound the depth (`policyc.syntax.limits`)."""
    match node:
        case Scalar():
            return node.value
        case Seq():
            return [to_python(item) for item in node.items]
        case Map():
            out: dict[str, Any] = {}
            for key, value in node.entries:
                name = str(key.value)
                if name not in out:
                    out[name] = to_python(value)
            return out


def inner_span(node: Scalar) -> Span:
    """The span of the text inside the quotes, where there are quotes."""
    span, text = node.span, node.span.source.text
    if span.end - span.start >= 2 and text[span.start] in "\"'" and text[span.end - 1] == text[span.start]:
        return Span(span.source, span.start + 1, span.end - 1)
    return span


def first_character(node: Node) -> Span:
    """Where a node begins: for what is missing inside it, and would otherwise underline the whole of it."""
    span = node.span
    return Span(span.source, span.start, min(span.start + 1, max(span.start, span.end)))


def describe(node: Node) -> str:
    """What was found, in words for a message: `the number 5`, `the text "yes"`, `a list`."""
    match node:
        case Seq():
            return "a list"
        case Map():
            return "a mapping"
    value = node.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, str):
        shown = value if len(value) <= 40 else value[:39] + "…"
        return f"the text `{shown}`" if value else "an empty text"
    text = node.span.text
    return f"the number `{text if 0 < len(text) <= 40 else 'with many digits'}`"
