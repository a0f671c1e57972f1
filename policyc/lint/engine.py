"""The lint engine: runs the rules, gives every finding its level, applies suppressions, puts all in one order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from policyc.diagnostics import LEVELS, Finding, Level
from policyc.ir.model import Fact, Policy, Property
from policyc.lint.context import Context, Project, RuleInfo, parts
from policyc.lint.registry import Registered, info, rules
from policyc.lint.suppress import Suppressed, Suppressions
from policyc.record import field, record
from policyc.source import Source, Span


@record(frozen=False)
class Outcome:
    """What linting found: findings with their levels, in order, and those that a suppression silenced. `skipped`: rules were left out
    because there is no catalog."""

    findings: list[Finding] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)
    skipped: bool = False


LevelOf = Callable[[RuleInfo, str], Level]
"""The level of a rule in the file at a path."""


def lint(
    project: Project,
    found: Iterable[Finding],
    suppressions: dict[Source, Suppressions],
    level_of: LevelOf,
    *,
    at_least: Level = "info",
) -> Outcome:
    """Run every rule over a project.

    `found` are the findings of the front ends. Rules whose level is below `at_least` in every file are not run.
    """
    wanted = _wanted(project, level_of, at_least)
    ran = {r.info.slug for r in wanted if project.catalog is not None or "catalog" not in r.info.needs}
    findings = list(found)
    findings.extend(_run(project, ran, level_of))
    catalog_required(project, findings)
    findings = without_echoes(findings)
    for suppression in suppressions.values():
        findings.extend(suppression.findings.items)
    by_source: dict[Source, list[Finding]] = {source: [] for source in suppressions}
    for finding in findings:
        by_source.setdefault(finding.span.source, []).append(finding)
    out = Outcome(skipped=len(ran) < len(wanted))
    read = {context.source for context in project.contexts}
    for source, group in by_source.items():
        kept, silenced = suppressions.get(source, Suppressions()).apply(
            group, _looked_for(ran, source, level_of) if source in read else frozenset()
        )
        out.findings.extend(kept)
        out.suppressed.extend(silenced)
    return _levelled(out, level_of, at_least)


def _wanted(project: Project, level_of: LevelOf, at_least: Level) -> list[Registered]:
    """The rules that are on somewhere and loud enough."""
    paths = {context.source.path for context in project.contexts}
    floor = LEVELS.index(at_least)
    return [
        rule
        for rule in rules().values()
        if any(LEVELS.index(level_of(rule.info, path)) >= max(floor, 1) for path in paths)
    ]


def _looked_for(ran: set[str], source: Source, level_of: LevelOf) -> frozenset[str]:
    return frozenset(slug for slug in ran if level_of(info(slug), source.path) != "off")


def _run(project: Project, ran: set[str], level_of: LevelOf) -> Iterable[Finding]:
    wanted = [rule for slug, rule in rules().items() if slug in ran]
    for context in project.contexts:
        for rule in wanted:
            if rule.check is not None and level_of(rule.info, context.source.path) != "off":
                yield from rule.check(context)
        context.forget()
    for rule in wanted:
        if rule.check_project is not None:
            yield from rule.check_project(project)


def catalog_required(project: Project, findings: list[Finding]) -> None:
    """Without a catalog, an error for every selector that asks it."""
    if project.catalog is not None:
        return
    for context in project.contexts:
        for rule, part in context.selectors():
            if isinstance(part, Fact):
                findings.append(asks_catalog(part, part.span or rule.span or context.place, rule.route))
        for prop in context.policy.properties:
            findings.extend(property_asks_catalog(prop))


def property_asks_catalog(prop: Property) -> Iterator[Finding]:
    """What `catalog_required` says of a property's selector."""
    for part in parts(prop.selector) if prop.selector is not None else ():
        span = part.span or prop.span
        if isinstance(part, Fact) and span is not None:
            yield asks_catalog(part, span, prop.route)


SLIPS = ("unknown-tool", "unknown-server", "unknown-argument", "argument-type-mismatch", "value-not-in-enum")
"""Rules about names and tests that cannot mean what they say; a property with such a slip would hold of nothing."""


def property_slips(properties: Iterable[Property], project: Project) -> Iterator[Finding]:
    """What the rules of SLIPS, those that are errors, find in properties that stand in no policy."""
    if project.catalog is None:
        return
    for prop in properties:
        if prop.span is not None:
            policy = Policy("", "deny", (), properties=(prop,))
            context = Context(policy, prop.span.source, project.catalog, project.facts, project.config)
            for rule in (rules()[slug] for slug in SLIPS):
                if rule.check is not None and rule.info.level == "error":
                    yield from rule.check(context)


def asks_catalog(part: Fact, span: Span, route: str) -> Finding:
    """A selector that asks the catalog where there is none."""
    return Finding(
        "catalog-required",
        f"`{part.kind}:{part.value}` asks the tool catalog, and there is none",
        span,
        help="name one with `--catalog catalog.json` or `catalog = …` in policyc.toml; `policyc catalog build` makes it",
        route=route or None,
    )


def without_echoes(findings: list[Finding]) -> list[Finding]:
    """The findings without those that another rule says better of the same place, or of a place that they blame
    (`RuleInfo.yields_to`): a slip in one rule must not make others look dead."""
    said: dict[tuple[str, Source], list[tuple[int, int]]] = {}
    for finding in findings:
        span = finding.span
        said.setdefault((finding.rule, span.source), []).append((span.start, span.end))
    for places in said.values():
        places.sort()

    def within(slug: str, outer: Span) -> bool:
        places = said.get((slug, outer.source), [])
        for at in range(bisect_left(places, (outer.start, 0)), len(places)):
            if places[at][0] > outer.end:
                break
            if places[at][1] <= outer.end:
                return True
        return False

    def echoes(finding: Finding) -> bool:
        places = [finding.span, *(related.span for related in finding.related)]
        return any(within(slug, outer) for slug in info(finding.rule).yields_to for outer in places)

    return [finding for finding in findings if not echoes(finding)]


def _levelled(out: Outcome, level_of: LevelOf, at_least: Level) -> Outcome:
    floor = max(1, LEVELS.index(at_least))

    def with_level(finding: Finding) -> Finding:
        return replace(finding, level=level_of(info(finding.rule), finding.span.path))

    levelled = [with_level(f) for f in out.findings]
    silenced = [replace(s, finding=with_level(s.finding)) for s in out.suppressed]
    return Outcome(
        in_order(f for f in levelled if LEVELS.index(f.level or "off") >= floor),
        sorted((s for s in silenced if s.finding.level != "off"), key=lambda s: order(s.finding)),
        out.skipped,
    )


def order(finding: Finding) -> tuple[str, int, int, str, str]:
    """File, position, code: the order of every report."""
    span = finding.span
    return (span.path, span.start, span.end, info(finding.rule).code, finding.message)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in the order of reports, each said once."""
    out: list[Finding] = []
    for finding in sorted(findings, key=order):
        if not out or order(out[-1]) != order(finding):
            out.append(finding)
    return out
