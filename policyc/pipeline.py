"""The only wiring: files, configuration and catalog in; checked policies and findings out.

A file with an error gives no policy and never hides what is found in another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from policyc.config import DEFAULT, Config, config_for, load
from policyc.diagnostics import LEVELS, Finding, Findings, Level, PolicycError, Related
from policyc.discovery import STDIN, discover
from policyc.ir.facts import NO_FACTS, Facts
from policyc.ir.model import Policy
from policyc.paths import relative
from policyc.record import field, record
from policyc.source import Source, Span
from policyc.syntax.pause import paused_collector

if TYPE_CHECKING:
    from policyc.catalog.model import Catalog
    from policyc.lint.engine import LevelOf
    from policyc.lint.suppress import Suppressed


@record
class Options:
    """What the command line says beyond the paths; empty fields leave the word to the configuration files.

    `config`: this file instead of the nearest one. `isolated`: no configuration file at all.
    """

    catalog: tuple[str, ...] = ()
    overrides: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_level: Level | None = None
    config: str | None = None
    isolated: bool = False
    at_least: Level = "info"


DEFAULT_OPTIONS = Options()


@record
class Program:
    """One policy and the file that it was read from."""

    source: Source
    policy: Policy


@record(frozen=False)
class Group:
    """The files that one configuration counts for, with its catalog. `files`: how many there are, those that cannot be read included."""

    config: Config
    catalog: Catalog | None = None
    facts: Facts = NO_FACTS
    sources: list[Source] = field(default_factory=list)
    programs: list[Program] = field(default_factory=list)
    files: int = 0


@record(frozen=False)
class Checked:
    """Everything that was read and found. `files` counts the inputs; findings carry their levels and are in order. `uncatalogued`: how
    many of the files were not checked by the rules that need a catalog, because they have none."""

    groups: tuple[Group, ...]
    findings: list[Finding]
    suppressed: list[Suppressed]
    files: int
    fail_level: Level
    uncatalogued: int = 0

    @property
    def programs(self) -> list[Program]:
        """All policies that were read without an error."""
        return [program for group in self.groups for program in group.programs]

    @property
    def sources(self) -> list[Source]:
        return [source for group in self.groups for source in group.sources]

    @property
    def errors(self) -> list[Finding]:
        return [f for f in self.findings if f.level == "error"]

    @property
    def catalog(self) -> Catalog | None:
        """The one catalog. Raises PolicycError where the files have several."""
        return self._one().catalog

    @property
    def facts(self) -> Facts:
        """The facts of the one catalog. Raises PolicycError where the files have several catalogs."""
        return self._one().facts

    def _one(self) -> Group:
        digests = {group.facts.digest for group in self.groups}
        if len(digests) > 1:
            raise PolicycError(
                "the policies have different catalogs by their configuration, compile them apart or name one with `--catalog`"
            )
        return self.groups[0]


def check(
    paths: Sequence[str],
    options: Options = DEFAULT_OPTIONS,
    stdin: str = STDIN,
    nearest: Callable[[str], Config] = config_for,
) -> Checked:
    """Read, resolve and lint.

    `paths` are files and folders; `-` is standard input, which findings call `stdin`. `nearest` gives a path's configuration where the
    options name none. Raises PolicycError for a path that does not exist and for a bad configuration or catalog.
    """
    from policyc.lint.engine import in_order
    from policyc.lint.levels import Levels

    config_of = _configs(options, nearest)
    found = discover(paths, lambda path: config_of(path).excludes(path))
    groups: dict[int, tuple[Group, Findings]] = {}
    with paused_collector():
        for path in found:
            config = config_of(stdin if path == STDIN else path)
            group, findings = groups.setdefault(id(config), (Group(config), Findings()))
            _read(path, group, findings, stdin)
        lowest = min((g.config.fail_level for g, _ in groups.values()), key=LEVELS.index, default=DEFAULT.fail_level)
        out = Checked(tuple(g for g, _ in groups.values()), [], [], len(found), options.fail_level or lowest)
        for group, findings in groups.values():
            _load_catalog(group, options, findings)
            _lint(group, findings, Levels.of(group.config, options.select, options.ignore), options.at_least, out)
    out.findings = in_order(out.findings)
    return out


def _configs(options: Options, nearest: Callable[[str], Config]) -> Callable[[str], Config]:
    """The configuration of a path: the one named, none, or the nearest."""
    if options.config is not None:
        named = load(options.config)
        return lambda path: named
    if options.isolated:
        return lambda path: DEFAULT
    return nearest


def _read(path: str, group: Group, findings: Findings, stdin: str) -> None:
    """Read one file into the group."""
    from policyc.frontends.load import open_source, read_policies

    group.files += 1
    before = len(findings.items)
    source = open_source(path if path == STDIN else relative(path), findings)
    if path == STDIN:  # by its name the syntax is known, and the reports say where
        for named in [source, *(f.span.source for f in findings.items[before:])]:
            if named is not None:
                named.path = stdin
    if source is None:
        return
    group.sources.append(source)
    group.programs.extend(Program(source, policy) for policy in read_policies(source, findings))


def _load_catalog(group: Group, options: Options, findings: Findings) -> None:
    """The catalog that the command line names, else the one of the configuration, with its warnings as findings."""
    paths = options.catalog or group.config.catalog
    if not paths:
        if options.overrides is not None:
            raise PolicycError("`--overrides` corrects a catalog, and there is none; name one with `--catalog`")
        return
    from policyc.catalog.load import load_catalog

    group.catalog = load_catalog(list(paths), overrides=options.overrides or group.config.overrides)
    group.facts = group.catalog.facts()
    for warning in group.catalog.warnings:
        findings.add(warning.rule, warning.message, warning.span or Span(Source(paths[0], ""), 0, 0))


def _lint(group: Group, findings: Findings, level_of: LevelOf, at_least: Level, out: Checked) -> None:
    """Lint one group and add what is found."""
    from policyc.lint.context import Context, Project
    from policyc.lint.engine import lint
    from policyc.lint.marks import suppressions_of

    _duplicate_names(group.programs, findings)
    contexts = tuple(Context(p.policy, p.source, group.catalog, group.facts, group.config) for p in group.programs)
    suppressions = {source: suppressions_of(source) for source in dict.fromkeys(p.source for p in group.programs)}
    outcome = lint(
        Project(contexts, group.catalog, group.facts, group.config),
        findings.items,
        suppressions,
        level_of,
        at_least=at_least,
    )
    out.findings.extend(outcome.findings)
    out.suppressed.extend(outcome.suppressed)
    out.uncatalogued += group.files if outcome.skipped else 0


def _duplicate_names(programs: list[Program], findings: Findings) -> None:
    first: dict[str, Program] = {}
    for program in programs:
        name = program.policy.name
        known = first.setdefault(name, program)
        if known is not program:
            findings.add(
                "duplicate-policy-name",
                f"there is another policy `{name}`; a gateway picks a policy by its name",
                program.policy.span or Span(program.source, 0, 0),
                related=[Related(known.policy.span or Span(known.source, 0, 0), "the first one")],
                help="give each policy a name of its own",
            )


def parse(path: str) -> tuple[list[Program], list[Finding]]:
    """Read one file, without lint, catalog or configuration; findings carry their default levels."""
    from policyc.lint.engine import in_order
    from policyc.lint.registry import info

    group, findings = Group(DEFAULT), Findings()
    with paused_collector():
        _read(path, group, findings, STDIN)
    return group.programs, in_order(replace(f, level=info(f.rule).level) for f in findings.items)


def compile(checked: Checked, revision: int = 0) -> bytes:
    """The decision table of all policies, the same bytes in whatever order they were named.

    Raises PolicycError where there is an error, where policies have different catalogs or the same name, and where a
    policy is too large to compile within the budget.
    """
    from policyc.diagram.build import OverBudget
    from policyc.table.encode import compile_table

    if checked.errors:
        raise PolicycError("a policy with an error compiles to nothing")
    programs = sorted(checked.programs, key=lambda p: p.policy.name)
    for one, other in pairwise(programs):
        if one.policy.name == other.policy.name:
            raise PolicycError(
                f"{one.source.path} and {other.source.path} both have a policy `{one.policy.name}`, one table needs two names"
            )
    facts = checked.facts
    sources = sorted(checked.sources, key=lambda s: s.path)
    try:
        return compile_table(
            [p.policy for p in programs], facts, revision=revision, sources=sources, catalog_digest=facts.digest
        )
    except OverBudget as error:
        raise PolicycError(f"cannot compile: {error}") from None
