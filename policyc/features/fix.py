"""Making the edits that findings propose."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import unified_diff

from policyc.diagnostics import Edit, Finding
from policyc.source import Source


def fixes(findings: Iterable[Finding], *, unsafe: bool) -> dict[Source, tuple[str, int]]:
    """The new text of every source that changes, with the number of findings mended there.

    A finding's edits are made together or not at all: not when one of them may change what the policy means by surprise (unless
    `unsafe`), and not when they overlap with those of an earlier finding.
    """
    made: dict[Source, list[Edit]] = {}
    counts: dict[Source, int] = {}
    for finding in findings:
        edits = finding.edits
        if not edits or not (unsafe or all(e.safe for e in edits)):
            continue
        if any(_overlap(new, old) for new in edits for old in made.get(new.span.source, ())):
            continue
        for edit in edits:
            made.setdefault(edit.span.source, []).append(edit)
        counts[finding.span.source] = counts.get(finding.span.source, 0) + 1
    return {source: (apply(source.text, edits), counts.get(source, 0)) for source, edits in made.items()}


def _overlap(a: Edit, b: Edit) -> bool:
    return a.span.start <= b.span.end and b.span.start <= a.span.end


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits made that do not overlap."""
    for edit in sorted(edits, key=lambda e: e.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def difference(source: Source, text: str) -> str:
    """A unified diff from a source to its new text."""
    old, new = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    return "".join(unified_diff(old, new, source.path, source.path))
