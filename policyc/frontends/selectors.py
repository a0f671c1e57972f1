"""Selectors that stand in documents as texts: `create_charge`, `transfer_*`, `category:read and not list_*`."""

from __future__ import annotations

import re

from policyc.diagnostics import Findings
from policyc.ir.model import AnyTool, Selector, ToolGlob, ToolName
from policyc.source import Source, Span

_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")
_GLOB = re.compile(r"[A-Za-z0-9_.*?-]+\Z")


def parse_selector(text: str, span: Span, findings: Findings) -> Selector | None:
    """The selector that a text in a document means.

    A plain word is an exact name (a word of the DSL too), one with `*` or `?` a glob, `*` every tool. Anything else is read
    as the DSL's selector. None where it does not parse, without a finding: the caller knows whether it may be an odd name;
    None with a finding inside `span` where it parses and makes no sense (`category:foo`). `span` is the place of the
    whole text, its quotes included if it has some.
    """
    if _NAME.match(text):
        return ToolName(text, span=span)
    if _GLOB.match(text):
        return AnyTool(span) if text == "*" else ToolGlob(text, span=span)
    from policyc.frontends.dsl import parser

    builder, parse = parser()
    builder.begin(span.source, Findings())
    offset = offset_of(text, span)
    if offset is None:
        builder.span = lambda start, end: span
    else:
        builder.base = offset
    selector = parse.parse_selector(text)
    mistakes = builder.findings.items
    builder.begin(Source("", ""), Findings())  # keep nothing of the text
    if selector is None:
        return None
    findings.items.extend(mistakes)
    return None if mistakes else selector


def offset_of(text: str, span: Span) -> int | None:
    """Where the text stands in the source character by character; None when it is written otherwise there."""
    written = span.text
    if written == text:
        return span.start
    return span.start + 1 if written[1:-1] == text else None
