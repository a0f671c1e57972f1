"""Properties that stand in documents as texts: `never allow category:destructive`."""

from __future__ import annotations

from policyc.diagnostics import Findings
from policyc.frontends.selectors import offset_of
from policyc.ir.model import Property
from policyc.record import replace
from policyc.source import Source, Span
from policyc.syntax.tree import Scalar, inner_span


def read_property(node: Scalar, route: str, findings: Findings) -> Property | None:
    """The property that a text of a document states, or None with the reason among the findings.

    A mistake is located inside the text where the text stands in the file as it is, and at the whole of it otherwise.
    """
    from policyc.frontends.dsl import parser

    text, whole = str(node.value), inner_span(node)
    builder, parse = parser()
    problems = Findings()
    builder.begin(whole.source, problems)
    builder.written = text
    offset = offset_of(text, whole)
    if offset is None:
        builder.span = lambda start, end: whole
    else:
        builder.base = offset
    made = parse.parse_property(Source(whole.path, text))
    builder.begin(Source("", ""), Findings())  # keep nothing of the text
    if not isinstance(made, Property):
        span = whole
        if offset is not None:
            start = offset + min(made.start, max(len(text) - 1, 0))
            span = Span(whole.source, start, min(max(offset + made.end, start + 1), offset + len(text)))
        findings.add("syntax-error", made.message, span, help=made.help, route=route)
        return None
    findings.items.extend(replace(item, route=route) for item in problems.items)
    return None if problems.items else replace(made, route=route, span=whole)
