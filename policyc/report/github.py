"""Findings as GitHub workflow commands, which become annotations of a pull request.

Source: GitHub's documentation, "Workflow commands for GitHub Actions", and the escaping of its `@actions/core` package.
"""

from __future__ import annotations

from policyc.diagnostics import Finding
from policyc.lint.registry import info
from policyc.paths import relative
from policyc.report.clean import clean, clean_lines
from policyc.report.model import Report

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report) -> str:
    """One command a finding."""
    return "".join(_command(f) + "\n" for f in report.findings)


def _command(finding: Finding) -> str:
    rule, (end_line, end_column) = info(finding.rule), finding.span.end_position
    properties = {
        "file": relative(finding.span.path),
        "line": str(finding.span.line),
        "col": str(finding.span.column),
        "endLine": str(end_line),
        "endColumn": str(end_column),
        "title": f"{rule.code} {rule.slug}",
    }
    if end_line != finding.span.line:  # columns are only understood within one line
        del properties["col"], properties["endColumn"]
    written = ",".join(f"{key}={_property(clean(value))}" for key, value in properties.items())
    message = finding.message + (f"\nhelp: {finding.help}" if finding.help else "")
    return f"::{_COMMANDS[finding.level or 'error']} {written}::{_data(clean_lines(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
