"""`policyc lint`: read, resolve, analyse; findings."""

from __future__ import annotations

import io
import sys
from typing import Annotated, cast

import typer

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
    words,
)  # fmt: skip
from policyc.cli.output import broken_pipe, put, say
from policyc.diagnostics import Level, PolicycError

app = typer.Typer(rich_markup_mode=None, add_completion=False)
NO_INPUT = 3


@app.command()
def lint(
    paths: Paths = None,
    catalog: CatalogFiles = None,
    overrides: Overrides = None,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="RULES", help="Run only these: slugs, codes, PC2, all.", show_default=False),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore", metavar="RULES", help="Do not run these, besides those configured.", show_default=False
        ),
    ] = None,
    fail_level: Annotated[
        str | None,
        typer.Option(
            "--fail-level",
            metavar="LEVEL",
            help="Exit with 1 from error, warning (default) or info on.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[
        str, typer.Option("--output-format", metavar="FORMAT", help="full, concise, json, sarif or github.")
    ] = "full",
    output_file: OutputFile = None,
    statistics: Annotated[bool, typer.Option("--statistics", help="Count the findings of each rule instead.")] = False,
    stdin_filename: StdinFilename = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> int:
    """Find what is wrong, risky or dead in policies."""
    from policyc.pipeline import Options, check
    from policyc.report.model import FORMATS, Report

    choice(output_format, FORMATS, "--output-format")
    if statistics and output_format in ("sarif", "github"):
        raise PolicycError(f"`--statistics` goes with full, concise and json, not with `{output_format}`")
    if fail_level is not None:
        choice(fail_level, ("error", "warning", "info"), "--fail-level")
    if config is not None and no_config:
        raise PolicycError("`--config` and `--no-config` exclude each other")
    named = paths or ["."]
    options = Options(
        catalog=tuple(catalog or ()),
        overrides=overrides,
        select=words(select),
        ignore=words(ignore),
        fail_level=cast("Level | None", fail_level),
        config=config,
        isolated=no_config,
    )
    checked = check(named, options, stdin_name(named, stdin_filename))
    if not checked.files:
        say(
            f"policyc: no policy in {', '.join(f'`{p}`' for p in named)}; policies are named *.policy or *.policy.{{json,yaml,yml}}"
        )
        return NO_INPUT
    report = Report(tuple(checked.findings), tuple(checked.suppressed), checked.files, checked.fail_level)
    write_report(report, output_format, output_file, statistics)
    return 1 if report.failed and output_format != "sarif" else 0


def write_report(report: object, style: str, path: str | None, statistics: bool = False) -> None:
    """Write a report to a file, or to standard output where `path` is None."""
    from policyc.report.model import Report
    from policyc.report.render import write

    assert isinstance(report, Report)
    if path is not None and path != "-":
        buffer = io.StringIO()
        write(report, style, buffer, statistics=statistics, plain=True)
        put(buffer.getvalue(), path)
        return
    try:
        write(report, style, sys.stdout, statistics=statistics)
        sys.stdout.flush()
    except BrokenPipeError:
        broken_pipe()
