"""Findings made by hand, for the reports."""

from __future__ import annotations

import os
from pathlib import Path

from policyc.diagnostics import Edit, Finding, Related
from policyc.lint.suppress import Suppressed
from policyc.report.model import Report
from policyc.source import Source, Span

GOLDEN = Path(__file__).parent / "golden"

STRIPE = Source(
    "policies/stripe.policy",
    'policy "stripe"\n'
    "default allow\n"
    "\n"
    "on create_chrage {\n"
    "\trequire args.währung in [\"usd\", \"eur\"]\n"
    "  deny when args.note == \"日本語 text\"\n"
    "  limit 30 per minute\n"
    "}\n",
)  # fmt: skip
OTHER = Source("policies/other.policy", "allow category:read\n" * 120 + "allow create_charge\n")
NASTY = Source(
    "policies/na\x1b[31msty,100%:x.policy",
    "# \x1b]0;title\x07 \u202eevil\u2066 \x9b2J\r\n" + "x" * 300 + "deny bad\x00tool" + "y" * 300 + "\n",
)


def at(source: Source, text: str, occurrence: int = 0) -> Span:
    """The span of a piece of a source's text."""
    start = -1
    for _ in range(occurrence + 1):
        start = source.text.index(text, start + 1)
    return Span(source, start, start + len(text))


def finding(rule: str, message: str, span: Span, level: str = "error", **more: object) -> Finding:
    return Finding(rule, message, span, level=level, **more)  # type: ignore[arg-type]


def sample() -> Report:
    """Every feature of a finding once."""
    findings = (
        finding(
            "open-default", "the default is `allow`", at(STRIPE, "default allow"), "warning",
            help="write `default deny`",
            witness={"tool": "a_tool_added_later", "arguments": {"n": 1, "s": "é"}}, witness_note="the default allows it",
        ),
        finding(
            "unknown-tool", "the catalog has no tool `create_chrage`", at(STRIPE, "create_chrage"),
            label="not in the catalog", help="did you mean `create_charge`?", route="on create_chrage",
            related=(Related(at(OTHER, "create_charge"), "the right name is used here"),),
            edits=(Edit(at(STRIPE, "create_chrage"), "create_charge"),),
        ),
        finding("wrong-type", "tabs and letters outside ASCII stay aligned", at(STRIPE, "args.währung"), label="here"),
        finding("wrong-type", "wide characters take two cells", at(STRIPE, "text\""), "info", label="here"),
        finding("duplicate-rule-id", "the whole block", at(STRIPE, STRIPE.text[STRIPE.text.index("on create"):-1])),
        finding("syntax-error", "the file ends too early", Span(STRIPE, len(STRIPE.text), len(STRIPE.text))),
    )  # fmt: skip
    silenced = Suppressed(
        finding("open-default", "the default is `allow`", at(OTHER, "allow"), "warning"),
        "it is a demo",
        at(OTHER, "read"),
    )
    return Report(findings, (silenced,), 2)


def nasty() -> Report:
    """Control characters in the path, the source and the messages; lines too long to show."""
    return Report(
        (
            finding(
                "syntax-error", "unexpected `\x1b[2J\u202e`\nsecond line", at(NASTY, "evil"), help="\x07 100%, a:b"
            ),
            finding("unknown-tool", "no tool `bad\x00tool`", at(NASTY, "bad\x00tool"), label="a\tb\x7f"),
        ),
        files=1,
    )


def golden(name: str, text: str) -> None:
    """Compare with the golden file; POLICYC_UPDATE_GOLDEN=1 writes it anew."""
    path = GOLDEN / name
    if os.environ.get("POLICYC_UPDATE_GOLDEN"):
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()
