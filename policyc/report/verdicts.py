"""What `policyc verify` found, for people, programs and pull requests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from policyc import __version__
from policyc.diagram.properties import Verdict
from policyc.ir.model import Policy
from policyc.lint.rules.conflicts.property_violated import finding
from policyc.paths import relative
from policyc.record import record
from policyc.report.clean import clean
from policyc.report.json_report import placed
from policyc.report.model import plural
from policyc.report.paint import Line
from policyc.report.text import finding_lines, place, shortened
from policyc.source import Source, Span

FORMATS = ("text", "json", "markdown")
VERSION = 1
_STATUS = ("proved", "violated", "not decided")
_STYLES = {"proved": "help", "violated": "error", "not decided": "warning"}


@record
class Verified:
    """The verdicts on one policy."""

    source: Source
    policy: Policy
    verdicts: tuple[Verdict, ...]


@record
class Results:
    """The verdicts on all policies that have properties. `without`: how many have none; `errors`: findings that kept a policy from
    being looked at."""

    policies: tuple[Verified, ...]
    without: int = 0
    errors: int = 0

    def counts(self) -> Counter[str]:
        """How many properties have each status."""
        return Counter(v.status for p in self.policies for v in p.verdicts)

    @property
    def failed(self) -> bool:
        """Whether anything is not proved."""
        return bool(self.errors) or self.counts()["proved"] < self.counts().total()


def summary(results: Results) -> str:
    """`3 properties of 1 policy: 2 proved, 1 violated`."""
    counts = results.counts()
    total = counts.total()
    said = ", ".join(f"{counts[s]} {s}" for s in _STATUS if counts[s])
    number = len(results.policies)
    line = f"{total} {'property' if total == 1 else 'properties'} of {number} {_policies(number)}"
    line += f": {said}" if said else ""
    notes = [f"{results.without} {_policies(results.without)} without properties"] if results.without else []
    if results.errors:
        notes.append(f"{plural(results.errors, 'error')} in policies not looked at")
    return line + (f" ({', '.join(notes)})" if notes else "")


def _policies(number: int) -> str:
    return "policy" if number == 1 else "policies"


def text(results: Results) -> Iterator[Line]:
    """Each policy's properties in a list, then what is wrong with them, then the summary."""
    for verified in results.policies:
        policy = verified.policy
        yield [(clean(policy.name), "bold"), (f" ({clean(relative(verified.source.path))})", "")]
        for verdict in verified.verdicts:
            prop = verdict.property
            line: Line = [("  ", ""), (f"{verdict.status:<11}", _STYLES[verdict.status]), (f"  {clean(prop.text)}", "")]
            if prop.span is not None and prop.span.source is not verified.source:
                line.append((f"  [{place(prop.span)}]", "dim"))
            if verdict.notes:
                line.append((f"  (holds, but {'; '.join(verdict.notes)})", "warning"))
            yield line
        yield []
        for verdict in verified.verdicts:
            if verdict.status != "proved":
                yield from finding_lines(finding(verdict, policy, _start(verified)))
                yield []
    yield [(summary(results), "error" if results.failed else "help")]


def _start(verified: Verified) -> Span:
    return verified.policy.span or Span(verified.source, 0, 0)


def as_json(results: Results) -> str:
    """One JSON object, ASCII, ending with a line break; docs/verify.md describes it."""
    counts = results.counts()
    data = {
        "format": "policyc-verdicts",
        "version": VERSION,
        "policyc": __version__,
        "summary": {
            "policies": len(results.policies),
            "without_properties": results.without,
            "errors": results.errors,
            **{status.replace(" ", "_"): counts[status] for status in _STATUS},
            "failed": results.failed,
        },
        "policies": [
            {
                "name": verified.policy.name,
                "path": relative(verified.source.path),
                "properties": [_verdict(v, verified.policy) for v in verified.verdicts],
            }
            for verified in results.policies
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"


def _verdict(verdict: Verdict, policy: Policy) -> dict[str, Any]:
    prop = verdict.property
    out: dict[str, Any] = {"property": prop.text, "status": verdict.status}
    if prop.reason is not None:
        out["reason"] = prop.reason
    if prop.span is not None:
        out |= placed(prop.span)
    if verdict.why:
        out["why"] = verdict.why
    if verdict.notes:
        out["notes"] = list(verdict.notes)
    if verdict.witness is not None:
        rule = verdict.witness.outcome.rule
        span = policy.default_span if rule is None else rule.span
        out["counterexample"] = verdict.witness.as_json()
        out["fits_schema"] = verdict.valid
        out["decision"] = {"effect": verdict.witness.outcome.effect, "rule": None if rule is None else rule.id}
        if span is not None:
            out["decision"] |= placed(span)
    return out


def markdown(results: Results) -> str:
    """For a pull request: a table, and below it each counterexample."""
    marks = {"proved": "proved", "violated": "**violated**", "not decided": "**not decided**"}
    lines = [f"**{summary(results)}**", "", "| policy | property | verdict |", "| --- | --- | --- |"]
    for verified in results.policies:
        for verdict in verified.verdicts:
            note = f" ({'; '.join(verdict.notes)})" if verdict.notes else ""
            lines.append(
                f"| {_code(verified.policy.name)} | {_code(verdict.property.text)} | {marks[verdict.status]}{note} |"
            )
    for verified in results.policies:
        for verdict in verified.verdicts:
            if verdict.status == "proved":
                continue
            lines += ["", f"{_code(verdict.property.text)} {marks[verdict.status]}: {_plain(verdict.why)}"]
            if verdict.property.reason is not None:
                lines += ["", f"> {_code(verdict.property.reason)}"]
            if verdict.witness is not None:
                call = json.dumps(shortened(verdict.witness.as_json()), ensure_ascii=True)
                lines += ["", "```json", call, "```"]
    return "\n".join(lines) + "\n"


def _code(said: str) -> str:
    """Text from outside in a table's cell, as code."""
    said = clean(said).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in said.replace("`", " ` ").split() if set(run) == {"`"}), default=0))
    return f"{fence} {said} {fence}" if "`" in said else f"`{said}`"


def _plain(said: str) -> str:
    return clean(said).replace("<", "&lt;")
