"""Findings as SARIF 2.1.0 (OASIS standard), as code-scanning services read it."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from typing import Any
from urllib.parse import quote

from policyc import __version__
from policyc.diagnostics import Edit, Finding, Level
from policyc.lint.registry import info, rules
from policyc.lint.suppress import Suppressed
from policyc.paths import relative
from policyc.report.clean import clean
from policyc.report.model import Report
from policyc.report.pages import page
from policyc.source import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: dict[Level, str] = {"error": "error", "warning": "warning", "info": "note", "off": "none"}


def render(report: Report) -> str:
    """The whole report as a SARIF log, ASCII, ending with a line break."""
    used = {f.rule for f in report.findings} | {s.finding.rule for s in report.suppressed}
    slugs = [slug for slug in rules() if slug in used]
    seen: Counter[str] = Counter()
    results = [_result(f, slugs, seen) for f in report.findings]
    results += [_suppressed(s, slugs, seen) for s in report.suppressed]
    run = {
        "tool": {
            "driver": {
                "name": "policyc",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(slug) for slug in slugs],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True) + "\n"


def _rule(slug: str) -> dict[str, Any]:
    rule = info(slug)
    text = page(slug)
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in slug.split("-")),
        "shortDescription": {"text": f"{slug}: {rule.summary}"},
        "fullDescription": {"text": f"{rule.summary[:1].upper()}{rule.summary[1:]}."},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[rule.level], "enabled": rule.level != "off"},
        "properties": {"tags": ["security", "policy"]},
    }


def _result(finding: Finding, slugs: list[str], seen: Counter[str]) -> dict[str, Any]:
    rule = info(finding.rule)
    text = finding.message + (f" ({finding.label})" if finding.label else "")
    if finding.help:
        text += f"\nhelp: {finding.help}"
    out: dict[str, Any] = {
        "ruleId": rule.code,
        "ruleIndex": slugs.index(finding.rule),
        "level": _LEVELS[finding.level or "error"],
        "message": {"text": text},
        "locations": [_location(finding.span, finding.route)],
        "partialFingerprints": {"policycFinding/v1": _fingerprint(finding, seen)},
    }
    if finding.related:
        out["relatedLocations"] = [
            {"id": n, "message": {"text": r.label}, **_location(r.span)} for n, r in enumerate(finding.related, 1)
        ]
    if finding.edits:
        out["fixes"] = [_fix(finding)]
    properties = {
        key: value
        for key, value in (("witness", finding.witness), ("witnessNote", finding.witness_note))
        if value is not None
    }
    return out | ({"properties": properties} if properties else {})


def _suppressed(item: Suppressed, slugs: list[str], seen: Counter[str]) -> dict[str, Any]:
    suppression = {
        "kind": "inSource",
        "status": "accepted",
        "justification": item.reason,
        "location": _location(item.span),
    }
    return {**_result(item.finding, slugs, seen), "suppressions": [suppression]}


def _location(span: Span, route: str | None = None) -> dict[str, Any]:
    out: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(span), "region": _region(span)}}
    return out | ({"logicalLocations": [{"fullyQualifiedName": route}]} if route else {})


def _artifact(span: Span) -> dict[str, Any]:
    path = relative(span.path)
    if os.path.isabs(path):
        return {"uri": "file://" + quote(path if path.startswith("/") else "/" + path)}
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}


def _region(span: Span) -> dict[str, Any]:
    end_line, end_column = span.end_position
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": end_line,
        "endColumn": end_column,
        "snippet": {"text": clean(span.text[:400])},
    }


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """Stable while lines move: the rule, the file, the text of the line, and which of several alike it is."""
    line = finding.span.source.line(finding.span.line).strip()
    text = "\0".join((info(finding.rule).code, relative(finding.span.path), line))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"


def _fix(finding: Finding) -> dict[str, Any]:
    by_path: dict[str, list[Edit]] = {}
    for edit in finding.edits:
        by_path.setdefault(edit.span.path, []).append(edit)
    return {
        "description": {"text": finding.help or "fix"},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(edits[0].span),
                "replacements": [
                    {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in edits
                ],
            }
            for edits in by_path.values()
        ],
    }
