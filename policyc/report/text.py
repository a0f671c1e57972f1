"""Findings for people: in full, as a good compiler shows them, or one line each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from policyc.diagnostics import Finding
from policyc.lint.registry import info
from policyc.paths import relative
from policyc.report.clean import clean
from policyc.report.excerpt import WIDTH, excerpt, gutter
from policyc.report.model import Report, summary
from policyc.report.paint import Line
from policyc.source import Span

LONG_TEXT = 200
LONG_LIST = 20


def place(span: Span) -> str:
    """`file:line:column`."""
    return f"{clean(relative(span.path))}:{span.line}:{span.column}"


def full(report: Report, limit: int = WIDTH) -> Iterator[Line]:
    """Every finding with its source, its witness and its help; the summary at the end."""
    for finding in report.findings:
        yield from finding_lines(finding, limit)
        yield []
    yield _summary(report)


def concise(report: Report) -> Iterator[Line]:
    """One line a finding: `file:line:col: error[PC201] unknown-tool: message`."""
    for f in report.findings:
        level, rule = f.level or "error", info(f.rule)
        yield [
            (place(f.span), "bold"),
            (": ", ""),
            (f"{level}[{rule.code}]", level),
            (f" {rule.slug}: {clean(f.message)}", ""),
        ]
    yield _summary(report)


def statistics(report: Report) -> Iterator[Line]:
    """How often each rule was found, the most frequent first."""
    counts = Counter(f.rule for f in report.findings)
    pad = max((len(str(n)) for n in counts.values()), default=1)
    levels = {f.rule: f.level or "error" for f in report.findings}
    for slug, n in sorted(counts.items(), key=lambda item: (-item[1], info(item[0]).code)):
        yield [(f"{n:>{pad}}  ", "bold"), (f"{levels[slug]}[{info(slug).code}]", levels[slug]), (f" {slug}", "")]
    yield _summary(report)


def _summary(report: Report) -> Line:
    worst = next((level for level in ("error", "warning", "info") if report.counts()[level]), "help")
    return [(summary(report), worst)]


def shortened(value: Any) -> Any:
    """A witness for reading: long texts and lists cut, with their length (the JSON report has them whole)."""
    if isinstance(value, str) and len(value) > LONG_TEXT:
        return f"{value[:40]}… ({len(value)} characters)"
    if isinstance(value, list) and len(value) > LONG_LIST:
        return [*map(shortened, value[:4]), f"… ({len(value)} elements)"]
    if isinstance(value, list):
        return [shortened(v) for v in value]
    if isinstance(value, dict):
        return {k: shortened(v) for k, v in value.items()}
    return value


def finding_lines(finding: Finding, limit: int = WIDTH) -> Iterator[Line]:
    """One finding with its source, its witness and its help."""
    level, rule = finding.level or "error", info(finding.rule)
    yield [(f"{level}[{rule.code} {rule.slug}]", level), (f": {clean(finding.message)}", "bold")]
    pad = gutter([finding.span, *(r.span for r in finding.related)])
    yield [(f"{' ' * pad}--> ", "frame"), (place(finding.span), "")]
    yield from excerpt(finding.span, finding.label, level, pad, "^", limit)
    for related in finding.related:
        yield [(f"{' ' * pad}::: ", "frame"), (place(related.span), "")]
        yield from excerpt(related.span, related.label, "related", pad, "-", limit)
    notes = []
    if finding.witness is not None:
        notes.append(("witness", json.dumps(shortened(finding.witness), ensure_ascii=False, allow_nan=False)))
        if finding.witness_note:
            notes.append(("note", finding.witness_note))
    if finding.help:
        notes.append(("help", finding.help))
    if notes:
        yield [(f"{' ' * pad} |", "frame")]
    for name, text in notes:
        yield [(f"{' ' * pad} = ", "frame"), (f"{name}: ", "help"), (clean(text), "")]
