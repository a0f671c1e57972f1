from __future__ import annotations

import io
import unicodedata

import pytest

from policyc.report.clean import clean, expand, width
from policyc.report.model import Report, summary
from policyc.report.paint import colour_wanted
from policyc.report.render import write
from policyc.source import Source, Span
from tests.report.samples import STRIPE, at, finding, golden, nasty, sample


def rendered(report: Report, style: str, **more: bool) -> str:
    stream = io.StringIO()
    write(report, style, stream, **more)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize("style", ["full", "concise"])
def test_golden(style: str) -> None:
    golden(f"sample.{style}.txt", rendered(sample(), style))


def test_golden_statistics() -> None:
    golden("sample.statistics.txt", rendered(sample(), "full", statistics=True))


@pytest.mark.parametrize("style", ["full", "concise", "github", "json", "sarif"])
def test_nothing_dangerous_reaches_the_terminal(style: str) -> None:
    text = rendered(nasty(), style)
    bad = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"]
    assert not bad
    if style == "full":
        golden("nasty.full.txt", text)


def test_underlines_are_under_what_they_mean() -> None:
    for f in sample().findings:
        if f.span.text.count("\n") or not f.span.text:
            continue
        lines = rendered(Report((f,), files=1), "full").split("\n")
        source = next(i for i, line in enumerate(lines) if line.lstrip().startswith(f"{f.span.line} | "))
        marks = lines[source + 1]
        start = marks.index("^")
        before = len(marks[:start])
        shown = lines[source]
        cells, covered = 0, ""
        for c in shown:
            if before <= cells < before + marks.count("^"):
                covered += c
            cells += width(c)
        assert covered == f.span.text


def test_a_long_line_is_cut_around_its_span() -> None:
    source = Source("a.policy", "a" * 1000 + "NEEDLE" + "b" * 1000)
    text = rendered(Report((finding("syntax-error", "x", at(source, "NEEDLE")),), files=1), "full")
    line = next(line for line in text.split("\n") if "NEEDLE" in line)
    marks = text.split("\n")[text.split("\n").index(line) + 1]
    assert width(line) < 160
    assert line[marks.index("^") : marks.rindex("^") + 1] == "NEEDLE"
    assert line.count("…") == 2


def test_a_span_longer_than_the_line_may_be_is_cut_too() -> None:
    source = Source("a.policy", "a" * 5000)
    text = rendered(Report((finding("syntax-error", "x", Span(source, 0, 5000)),), files=1), "full")
    assert max(map(len, text.split("\n"))) < 160


@pytest.mark.parametrize(
    ("text", "span"),
    [("\n", (0, 1)), ("a\n", (2, 2)), ("a\r\nb\r\n", (0, 3)), ("a\nb\nc\nd\ne\n", (0, 10)), ("\t", (0, 1)),
     ("a\n", (5, 9)), ("e\u0301x", (0, 2)), ("a\n\n\n", (0, 4))],
)  # fmt: skip
def test_odd_spans_have_an_excerpt(text: str, span: tuple[int, int]) -> None:
    report = Report((finding("syntax-error", "x", Span(Source("a.policy", text), *span)),), files=1)
    assert "^" in rendered(report, "full")


def test_a_finding_without_text_has_no_excerpt() -> None:
    report = Report((finding("syntax-error", "x", Span(Source("catalog.json", ""), 0, 0)),), files=1)
    assert "catalog.json:1:1" in rendered(report, "full")


def test_a_finding_at_its_own_line_break_ends_on_that_line() -> None:
    source = Source("a.policy", "allow x\nallow y\n")
    text = rendered(Report((finding("syntax-error", "x", Span(source, 0, 8)),), files=1), "full")
    assert "allow y" not in text


@pytest.mark.parametrize(
    ("levels", "suppressed", "files", "bare", "text"),
    [
        ((), 0, 1, 0, "no findings in 1 file"),
        (("error", "error", "warning"), 1, 1, 0, "2 errors, 1 warning in 1 file (1 suppressed)"),
        (("info", "info"), 0, 3, 0, "2 info in 3 files"),
        (
            (),
            1,
            2,
            2,
            "no findings in 2 files (1 suppressed); there is no catalog, so the checks against one were skipped",
        ),
        ((), 0, 3, 2, "no findings in 3 files; 2 of them have no catalog, so the checks against one were skipped"),
    ],
)
def test_summary(levels: tuple[str, ...], suppressed: int, files: int, bare: int, text: str) -> None:
    findings = tuple(finding("open-default", "x", at(STRIPE, "default"), level) for level in levels)
    assert summary(Report(findings, sample().suppressed * suppressed, files, uncatalogued=bare)) == text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "terminal", "wanted"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour(variables: dict[str, str], terminal: bool, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream = Terminal() if terminal else io.StringIO()
    assert colour_wanted(stream) == wanted
    write(sample(), "full", stream)
    assert ("\x1b[" in stream.getvalue()) == wanted


def test_colour_changes_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    plain = rendered(nasty(), "full") + rendered(sample(), "full")
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = rendered(nasty(), "full") + rendered(sample(), "full")
    without = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in without.split("\n")] == plain.split("\n")


def test_clean_keeps_what_is_harmless() -> None:
    assert clean("naïve 日本語 `x`") == "naïve 日本語 `x`"
    assert clean("a\u200bb\ufeff\ud800") == "a\\u200bb\\ufeff\\ud800"
    assert clean("\U000e0041") == "\\u{e0041}"


def test_tabs_and_widths() -> None:
    assert expand("a\tb")[1] == [0, 1, 4, 5]
    assert width("日本e\u0301") == 5


def test_a_long_witness_is_cut_for_reading_and_says_its_length() -> None:
    from policyc.report.text import shortened

    call = {"tool": "t", "arguments": {"text": "a" * 5001, "list": list(range(30)), "short": "a" * 200, "n": [1]}}
    shown = shortened(call)
    assert shown["arguments"]["text"] == "a" * 40 + "… (5001 characters)"
    assert shown["arguments"]["list"] == [0, 1, 2, 3, "… (30 elements)"]
    assert shown["arguments"]["short"] == "a" * 200 and shown["arguments"]["n"] == [1]
