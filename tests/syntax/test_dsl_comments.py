"""Comments are found where they are, and a `#` in a text is none."""

from __future__ import annotations

from policyc.source import Source
from policyc.syntax.dsl_comments import comments

TEXT = """# first
default deny  # after a word
deny x "not # this" #  policyc: ignore[unknown-tool] because it is new\t
require y: args.a matches r"#\\" # raw texts end at the "first" quote
deny "a\\"#b"# close
deny z "open # nothing here
#
"""


def test_places_and_texts() -> None:
    found = comments(Source("a.policy", TEXT))
    assert [(line, column, text) for line, column, text, _ in found] == [
        (1, 1, "first"),
        (2, 15, "after a word"),
        (3, 21, "policyc: ignore[unknown-tool] because it is new"),
        (4, 33, 'raw texts end at the "first" quote'),
        (5, 13, "close"),
        (7, 1, ""),
    ]
    for line, column, text, span in found:
        assert (span.line, span.column) == (line, column)
        assert span.text.startswith("#") and span.text[1:].strip() == text


def test_a_text_without_any() -> None:
    assert comments(Source("a.policy", "default deny\r\n")) == []


def test_line_endings_of_windows() -> None:
    ((line, _, text, span),) = comments(Source("a.policy", "default deny\r\n# x\r\n"))
    assert (line, text, span.text) == (2, "x", "# x")
