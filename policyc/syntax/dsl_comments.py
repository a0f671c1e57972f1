"""The comments of a DSL text, for suppressions."""

from __future__ import annotations

from policyc.source import Source, Span
from policyc.syntax.dsl_scan import pieces


def comments(source: Source) -> list[tuple[int, int, str, Span]]:
    """Every comment as (line, column, text, span): 1-based line and column of its `#`, the text after the `#` without
    blanks around it, the span of the whole comment. A `#` inside a text or a pattern begins no comment."""
    if "#" not in source.text:
        return []
    out = []
    for piece in pieces(source.text):
        if piece.kind == "comment":
            span = Span(source, piece.start, piece.start + len(piece.text.rstrip()))
            out.append((span.line, span.column, piece.text[1:].strip(), span))
    return out
