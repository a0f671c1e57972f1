"""`policyc verify`: prove the declared properties, or show a call that breaks one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from policyc.cli.lint import NO_INPUT
from policyc.cli.options import (
    CatalogFiles,
    ConfigFile,
    NoConfig,
    OutputFile,
    Overrides,
    Paths,
    StdinFilename,
    choice,
    stdin_name,
)
from policyc.cli.output import broken_pipe, put, say
from policyc.diagnostics import Finding, Findings, PolicycError, did_you_mean

if TYPE_CHECKING:
    from policyc.ir.model import Property
    from policyc.pipeline import Checked, Group, Program
    from policyc.report.verdicts import Results, Verified

app = typer.Typer(rich_markup_mode=None, add_completion=False)
READING = ("PC1", "unknown-tool", "unknown-server", "unknown-argument", "argument-type-mismatch", "value-not-in-enum")
"""Only a policy that can be read can be verified, and a misspelt name proves nothing; what else the linter says is not asked here."""


@app.command()
def verify(
    paths: Paths = None,
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--properties",
            metavar="FILE",
            help="Properties for every policy: a file of `verify` blocks; repeat for several.",
            show_default=False,
        ),
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="NAME", help="Only the policy of this name.", show_default=False)
    ] = None,
    catalog: CatalogFiles = None,
    overrides: Overrides = None,
    output_format: Annotated[
        str, typer.Option("--output-format", metavar="FORMAT", help="text, json or markdown.")
    ] = "text",
    output_file: OutputFile = None,
    stdin_filename: StdinFilename = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> int:
    """Prove declared properties, or show a call that breaks one."""
    from policyc import pipeline
    from policyc.cli.one import show_errors
    from policyc.report.verdicts import FORMATS, Results

    choice(output_format, FORMATS, "--output-format")
    if config is not None and no_config:
        raise PolicycError("`--config` and `--no-config` exclude each other")
    named = paths or ["."]
    options = pipeline.Options(
        catalog=tuple(catalog or ()), overrides=overrides, select=READING, config=config, isolated=no_config,
        at_least="error",
    )  # fmt: skip
    errors = Findings()
    extra = [prop for file in properties or () for prop in read_file(file, errors)]
    checked = pipeline.check(named, options, stdin_name(named, stdin_filename))
    if not checked.files:
        say(f"policyc: no policy in {', '.join(f'`{p}`' for p in named)}")
        return NO_INPUT
    groups = wanted(checked, policy)
    errors.items += [f for group, _ in groups for f in slips(extra, group)]
    found = list(dict.fromkeys(checked.errors + errors.items))
    results: list[Verified] = []
    bare = 0
    refused = {f.span.source for f in checked.errors}
    for group, programs in groups if not errors.items else ():
        for program in programs:
            if program.source in refused:
                continue
            if not (program.policy.properties or extra):
                bare += 1
                continue
            results.append(judged(group, program, extra))
    if not results and not show_errors(found):
        say("policyc: no property to verify; declare some in a `verify { … }` block or name a file with `--properties`")
        return NO_INPUT
    if results:
        show_errors(found)
        write(Results(tuple(results), bare, len(found)), output_format, output_file)
    return 1 if found or Results(tuple(results)).failed else 0


def read_file(path: str, findings: Findings) -> tuple[Property, ...]:
    """The properties of a file. Adds a finding for every mistake in it. Raises PolicycError where it cannot be opened."""
    from policyc.frontends.dsl import read_properties
    from policyc.frontends.load import open_source
    from policyc.paths import relative

    before = len(findings.items)
    source = open_source(relative(path), findings)
    found = () if source is None else read_properties(source, findings)
    if not found and len(findings.items) == before:
        raise PolicycError(f"`{path}` declares no property; expected `verify {{ … }}` with at least one")
    return found


def slips(properties: list[Property], group: Group) -> list[Finding]:
    """Errors for properties of files: those that ask a catalog where there is none, and names that the catalog does not have."""
    from policyc.lint.context import Project
    from policyc.lint.engine import property_asks_catalog, property_slips

    if group.catalog is None:
        return [finding for prop in properties for finding in property_asks_catalog(prop)]
    return list(property_slips(properties, Project((), group.catalog, group.facts, group.config)))


def wanted(checked: Checked, name: str | None) -> list[tuple[Group, list[Program]]]:
    """The policies to verify, by configuration. Raises PolicycError where none has the name (with
    an error in a file, it may stand there)."""
    groups = [(g, [p for p in g.programs if name is None or p.policy.name == name]) for g in checked.groups]
    if name is not None and not checked.errors and not any(programs for _, programs in groups):
        near = did_you_mean(name, [p.policy.name for p in checked.programs])
        raise PolicycError(f"there is no policy `{name}`" + (f", did you mean `{near}`?" if near else ""))
    return [(group, programs) for group, programs in groups if programs]


def judged(group: Group, program: Program, extra: list[Property]) -> Verified:
    """The verdicts on one policy: its own properties, then those of the files."""
    from policyc.features.verify import verify as prove
    from policyc.report.verdicts import Verified

    properties = (*program.policy.properties, *extra)
    return Verified(
        program.source, program.policy, tuple(prove(program.policy, group.facts, group.catalog, properties))
    )


def write(results: Results, style: str, path: str | None) -> None:
    """Write the results to a file, or to standard output where `path` is None."""
    from policyc.report import verdicts
    from policyc.report.paint import paint, plain

    if style != "text":
        put(verdicts.as_json(results) if style == "json" else verdicts.markdown(results), path)
    elif path is not None and path != "-":
        put(plain(verdicts.text(results)), path)
    else:
        try:
            paint(verdicts.text(results), sys.stdout)
            sys.stdout.flush()
        except BrokenPipeError:
            broken_pipe()
