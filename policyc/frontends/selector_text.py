"""Tool names, globs and selectors in the texts of documents."""

from __future__ import annotations

import json
import re
from typing import Final

from policyc.diagnostics import Findings
from policyc.ir.model import AnyTool, Selector, ToolGlob, ToolName
from policyc.syntax.paths import shown
from policyc.syntax.tree import Scalar, inner_span

_EXACT: Final = re.compile(r"[A-Za-z0-9_.-]+\Z")
_GLOB: Final = re.compile(r"[A-Za-z0-9_.*?-]+\Z")
_ODD_NAME: Final = r"""[^:\uff1a*?,()\[\]{}"'|&!/\\<>=]+"""
_OPERATOR: Final = r"(?i)(?:^|\s)(?:and|or|not|server|tool|glob|category|severity|hint)(?:\s|$)"


def read_selector(node: Scalar, findings: Findings) -> Selector | None:
    """The selector that a text names, or None with the reason among the findings.

    `[A-Za-z0-9_.-]+` is a tool, with `*` or `?` a glob; else the DSL's syntax where it parses. What is left is a tool with an
    odd name only if nothing in it could have been meant for a selector (no operator, colon, slash, bracket, quote …): a
    selector with a slip in it would otherwise name a tool that does not exist, and silently guard nothing.
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
    if problems.items:
        findings.items.extend(problems.items)
        return None
    if re.fullmatch(_ODD_NAME, text) and not re.search(_OPERATOR, text):
        return ToolName(text, span=span)
    quoted = json.dumps(text, ensure_ascii=False)
    findings.add(
        "syntax-error", f"`{shown(text[:60])}` is neither a tool's name nor a selector", node.span,
        help=f"a tool of just this name is written in quotes of its own: `{shown(json.dumps(quoted, ensure_ascii=False)[:80])}`",
    )  # fmt: skip
    return None
