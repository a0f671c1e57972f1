"""Findings as JSON, for programs. docs/output.md describes it; `version` grows when a reader could be broken."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from policyc import __version__
from policyc.diagnostics import Finding
from policyc.lint.registry import info
from policyc.paths import relative
from policyc.report.model import Report
from policyc.source import Span

VERSION = 1


def render(report: Report) -> str:
    """The whole report as one JSON object, ASCII, ending with a line break."""
    counts = report.counts()
    data = {
        "format": "policyc-findings",
        "version": VERSION,
        "policyc": __version__,
        "summary": {
            "files": report.files,
            **{level: counts[level] for level in ("error", "warning", "info")},
            "suppressed": len(report.suppressed),
            "rules": dict(sorted(Counter(f.rule for f in report.findings).items())),
            "fail_level": report.fail_level,
            "failed": report.failed,
        },
        "findings": [_finding(f) for f in report.findings],
        "suppressed": [
            {**_finding(s.finding), "suppression": {**placed(s.span), "reason": s.reason}} for s in report.suppressed
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    rule = info(finding.rule)
    out: dict[str, Any] = {
        "rule": rule.slug,
        "code": rule.code,
        "level": finding.level or "error",
        "message": finding.message,
        **placed(finding.span),
    }
    for key in ("label", "route", "help", "witness", "witness_note"):
        value = getattr(finding, key)
        if value is not None:
            out[key] = value
    if finding.related:
        out["related"] = [{**placed(r.span), "label": r.label} for r in finding.related]
    if finding.edits:
        out["edits"] = [{**placed(e.span), "text": e.text, "safe": e.safe} for e in finding.edits]
    return out


def placed(span: Span) -> dict[str, Any]:
    """Where a span is, for a program."""
    return {
        "path": relative(span.path),
        "start": {"line": span.line, "column": span.column, "offset": span.start},
        "end": dict(zip(("line", "column"), span.end_position, strict=True)) | {"offset": max(span.start, span.end)},
    }
