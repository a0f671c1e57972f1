"""Suppressions: what the author has looked at and accepted, with the reason.

`# policyc: ignore[slug, slug] because …` silences findings that begin on its own line or, where the comment stands alone,
on the first line below it that is not such a comment. In documents, `"x-policyc-ignore": {"slug": "because …"}` silences
findings inside the object that holds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from policyc.diagnostics import Finding, Findings
from policyc.lint.registry import no_such_rule, rules
from policyc.record import field, record
from policyc.source import Source, Span

# Compiled, and kept, by `re` when a source first speaks to policyc; most never do.
MARK = r"(?s)#?\s*policyc\s*:\s*(?P<rest>.*)"
IGNORE = r"(?s)ignore\s*\[(?P<slugs>[^\]]*)\]\s*(?P<reason>.*)"
BECAUSE = r"(?s)because\b[\s:,]*(?P<why>.*)"
FORM = "write `# policyc: ignore[rule] because …`"

Comment = tuple[int, int, str, Span]
"""1-based line, 1-based column, text from the `#` on, span."""


@record(frozen=False, eq=False)
class Suppression:
    """One accepted rule at one place: a line, or a range of offsets. `span` is where it is written."""

    slug: str
    reason: str
    span: Span
    line: int | None = None
    inside: tuple[int, int] | None = None
    used: bool = False

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is of this rule and at this place."""
        if finding.rule != self.slug or finding.span.source is not self.span.source:
            return False
        if self.inside is not None:
            return self.inside[0] <= finding.span.start and finding.span.end <= self.inside[1]
        return finding.span.line == self.line


@record
class Suppressed:
    """A finding that was silenced, the reason given, and where."""

    finding: Finding
    reason: str
    span: Span


@record(frozen=False)
class Suppressions:
    """All suppressions of one source. `findings` are about the suppressions themselves."""

    items: list[Suppression] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)

    def add_comments(self, source: Source, comments: Iterable[Comment]) -> None:
        """Read the comments that speak to policyc."""
        marked = [(line, column, m["rest"].strip(), span) for line, column, text, span in comments
                  if (m := re.match(MARK, text.strip()))]  # fmt: skip
        alone = {line for line, column, _, _ in marked if not source.line(line)[: column - 1].strip()}
        for line, _, rest, span in marked:
            target = line
            while target in alone:
                target += 1
            for slug, reason in self._parse(rest, span):
                self.items.append(Suppression(slug, reason, span, line=target))

    def add_object(self, inside: Span, entries: Iterable[tuple[str, object, Span]]) -> None:
        """Read the entries (slug, reason, span) of the `x-policyc-ignore` of the object at `inside`."""
        for slug, reason, span in entries:
            text = reason.strip() if isinstance(reason, str) else ""
            because = re.match(BECAUSE, text)
            text = because["why"].strip() if because else text
            if self._known(slug, span):
                if text:
                    self.items.append(Suppression(slug, text, span, inside=(inside.start, inside.end)))
                else:
                    self._no_reason(slug, span, f'write `"{slug}": "because …"`')

    def _parse(self, rest: str, span: Span) -> Iterator[tuple[str, str]]:
        match = re.fullmatch(IGNORE, rest)
        slugs = [_slug(s.strip()) for s in match["slugs"].split(",") if s.strip()] if match else []
        if match is None or not slugs:
            message = "a comment that begins with `policyc:` must be a suppression, and this one is not"
            self.findings.add("invalid-suppression", message, span, help=FORM)
            return
        because = re.fullmatch(BECAUSE, match["reason"])
        reason = because["why"].strip() if because else ""
        known = [s for s in slugs if self._known(s, span)]
        if known and not reason:
            self._no_reason(", ".join(known), span, f"write `# policyc: ignore[{', '.join(known)}] because …`")
        elif known:
            yield from ((slug, reason) for slug in known)

    def _known(self, slug: str, span: Span) -> bool:
        rule = rules().get(slug)
        if rule is None:
            self.findings.add("invalid-suppression", no_such_rule(slug), span, help="`policyc rule` lists the rules")
        elif rule.info.stops:
            message = f"`{slug}` is an error of the reading and cannot be silenced"
            self.findings.add("invalid-suppression", message, span)
        return rule is not None and not rule.info.stops

    def _no_reason(self, slugs: str, span: Span, help: str) -> None:
        message = f"the suppression of `{slugs}` gives no reason, so it silences nothing"
        self.findings.add("suppression-without-reason", message, span, help=help)

    def apply(self, findings: Iterable[Finding], ran: frozenset[str]) -> tuple[list[Finding], list[Suppressed]]:
        """The findings that remain and those silenced.

        `ran`: the rules that were looked for; a suppression of another rule is not called unused.
        """
        kept: list[Finding] = []
        silenced: list[Suppressed] = []
        for finding in findings:
            by = [s for s in self.items if s.covers(finding)]
            for s in by:
                s.used = True
            if by:
                silenced.append(Suppressed(finding, by[0].reason, by[0].span))
            else:
                kept.append(finding)
        kept.extend(self._unused(ran))
        return kept, silenced

    def _unused(self, ran: frozenset[str]) -> Iterator[Finding]:
        for s in self.items:
            if not s.used and s.slug in ran:
                where = "inside this object" if s.inside is not None else f"on line {s.line}"
                message = f"nothing to silence: there is no `{s.slug}` {where}"
                yield Finding("unused-suppression", message, s.span, help="remove the suppression")


def _slug(word: str) -> str:
    """The slug of a rule that is named by its code; any other word as it is."""
    return next((slug for slug, rule in rules().items() if rule.info.code == word), word)
