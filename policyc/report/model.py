"""What a report is made from, and the sentence at its end."""

from __future__ import annotations

from collections import Counter

from policyc.diagnostics import LEVELS, Finding, Level
from policyc.lint.suppress import Suppressed
from policyc.record import record

FORMATS = ("full", "concise", "json", "sarif", "github")


@record
class Report:
    """Findings in their final order, each with its level; `files` is the number of files looked at, `uncatalogued` of those that were
    not checked against a catalog because they have none."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...] = ()
    files: int = 0
    fail_level: Level = "warning"
    uncatalogued: int = 0

    def counts(self) -> Counter[str]:
        """How many findings each level has."""
        return Counter(f.level or "error" for f in self.findings)

    @property
    def failed(self) -> bool:
        """Whether a finding is at or above the fail level."""
        floor = LEVELS.index(self.fail_level)
        return any(LEVELS.index(f.level or "error") >= floor for f in self.findings)


def plural(n: int, noun: str) -> str:
    """`1 file`, `2 files`; `info` has no plural."""
    return f"{n} {noun}" if n == 1 or noun == "info" else f"{n} {noun}s"


def summary(report: Report) -> str:
    """`2 errors, 1 warning in 1 file (1 suppressed)`, and what was not checked."""
    counts = report.counts()
    said = [plural(counts[level], level) for level in ("error", "warning", "info") if counts[level]]
    tail = f" ({len(report.suppressed)} suppressed)" if report.suppressed else ""
    if report.uncatalogued:
        bare = report.uncatalogued
        who = f"{bare} of them {'has' if bare == 1 else 'have'}" if bare < report.files else "there is"
        tail += f"; {who} no catalog, so the checks against one were skipped"
    return f"{', '.join(said) or 'no findings'} in {plural(report.files, 'file')}{tail}"
