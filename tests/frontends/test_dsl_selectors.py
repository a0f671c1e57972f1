"""Selectors as texts in documents."""

from __future__ import annotations

import subprocess
import sys

import pytest

from policyc.diagnostics import Findings
from policyc.frontends.selectors import parse_selector
from policyc.ir.model import AllOf, AnyOf, AnyTool, Except, Fact, OnServer, Selector, ToolGlob, ToolName
from policyc.source import Source, Span


def parse(text: str, written: str | None = None) -> tuple[Selector | None, Findings, Span]:
    source = Source("d.json", f"key: {text if written is None else written} #")
    span = Span(source, 5, len(source.text) - 2)
    findings = Findings()
    return parse_selector(text, span, findings), findings, span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pay", ToolName("pay")),
        ("deny", ToolName("deny")),
        ("pay_*", ToolGlob("pay_*")),
        ("*", AnyTool()),
        ("bank/pay", ToolName("pay", "bank")),
        ('"a/b"', ToolName("a/b")),
        ('server "x"', OnServer("x")),
        ("category:read and not list_*", AllOf((Fact("category", "read"), Except(ToolGlob("list_*"))))),
        ("a, b", AnyOf((ToolName("a"), ToolName("b")))),
        ("odd name", None),  # whether it may be a name is for the document front end to say
        ("a/", None),
        ("größe", None),
        ("not (a", None),
        ("", None),
        ("deny x", None),
    ],
)
def test_what_a_text_means(text: str, expected: Selector | None) -> None:
    found, findings, _ = parse(text)
    assert found == expected and not findings.items


def test_places_are_inside_the_text() -> None:
    found, _, _ = parse("a, b*", '"a, b*"')
    assert isinstance(found, AnyOf)
    assert [item.span.text for item in found.items if item.span] == ["a", "b*"]


def test_an_escaped_text_has_its_whole_place() -> None:
    found, _, span = parse("a, b", '"a,\\u0020b"')
    assert isinstance(found, AnyOf) and found.items[1].span == span


def test_nonsense_is_reported_inside_the_text() -> None:
    found, findings, _ = parse("a, category:reed", '"a, category:reed"')
    (finding,) = findings.items
    assert found is None
    assert (finding.rule, finding.span.text, finding.help) == ("invalid-value", "reed", "did you mean `category:read`?")


def test_plain_names_need_no_parser() -> None:
    code = (
        "import sys; from policyc.frontends.selectors import parse_selector; from policyc.syntax.paths import parse_path;"
        "from policyc.source import Source, Span; from policyc.diagnostics import Findings;"
        "s = Span(Source('a', 'x'), 0, 1); [parse_selector(t, s, Findings()) for t in ('a', 'a*', '*')];"
        "parse_path('args.a[*][\"b\"]'); sys.exit('lark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
