"""Tool names, globs and selectors in the texts of documents."""

from __future__ import annotations

import re
from typing import Final

from policyc.diagnostics import Findings
from policyc.ir.model import AnyTool, Selector, ToolGlob, ToolName
from policyc.syntax.tree import Scalar, inner_span

_EXACT: Final = re.compile(r"[A-Za-z0-9_.-]+\Z")
_GLOB: Final = re.compile(r"[A-Za-z0-9_.*?-]+\Z")
_MEANT: Final = re.compile(
    r"""(?:^|[\s(,])(?:category|severity|hint)\s*:   # a catalog fact
       |(?:^|[\s(,])(?:server|tool|glob)\s*"         # a keyword and its quoted name
       |(?:^|[\s(])not\s+\S|\s(?:and|or)\s|[*?]      # an operator, or a pattern among other characters
    """,
    re.VERBOSE,
)


def read_selector(node: Scalar, findings: Findings) -> Selector | None:
    """The selector that a text names, or None with the reason among the findings.

    `[A-Za-z0-9_.-]+` is a tool, with `*` or `?` a glob; else the DSL's syntax where it parses; else a tool with that name.
    A text that is plainly meant as a selector and does not parse is an error, not a tool with an odd name.
    """
    text, span = str(node.value), inner_span(node)
    if not text.strip():
        findings.add("invalid-value", "a tool's name must not be empty", node.span)
        return None
    if _EXACT.match(text):
        return ToolName(text, span=span)
    if text == "*":
        return AnyTool(span)
    if _GLOB.match(text):
        return ToolGlob(text, span=span)
    from policyc.frontends.selectors import parse_selector

    problems = Findings()
    selector = parse_selector(text, span, problems)
    if selector is not None:
        findings.items.extend(problems.items)
        return selector
    if _MEANT.search(text):
        findings.items.extend(problems.items)
        if not problems.items:
            findings.add("syntax-error", f"`{text[:60]}` is not a selector", node.span)
        return None
    return ToolName(text, span=span)
