"""`policyc lint`: read, resolve, analyse; findings."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Annotated, cast

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
from policyc.cli.output import broken_pipe, emit, put, replace_file, say
from policyc.diagnostics import Finding, Level, PolicycError

if TYPE_CHECKING:
    from policyc.pipeline import Options

app = typer.Typer(rich_markup_mode=None, add_completion=False)
NO_INPUT = 3
MOST_ROUNDS = 10


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
    fix: Annotated[bool, typer.Option("--fix", help="Make the edits that cannot change what a policy means.")] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="Make the others as well; with --fix or --diff.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the edits instead of making them; 1 if any.")] = False,
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
    if (fix or diff) and "-" in named:
        raise PolicycError("`--fix` and `--diff` edit files, not standard input")
    if unsafe_fixes and not (fix or diff):
        raise PolicycError("`--unsafe-fixes` goes with `--fix` or `--diff`")
    if fix and not diff:
        mended = make_fixes(named, options, unsafe_fixes)
        if mended:
            say(f"policyc: {mended} finding{'s' if mended != 1 else ''} fixed")
    checked = check(named, options, stdin_name(named, stdin_filename))
    if diff:
        return show_fixes(checked.findings, unsafe_fixes)
    if not checked.files:
        say(
            f"policyc: no policy in {', '.join(f'`{p}`' for p in named)}; policies are named *.policy or *.policy.{{json,yaml,yml}}"
        )
        return NO_INPUT
    report = Report(
        tuple(checked.findings), tuple(checked.suppressed), checked.files, checked.fail_level, checked.uncatalogued
    )
    write_report(report, output_format, output_file, statistics)
    return 1 if report.failed and output_format != "sarif" else 0


def make_fixes(paths: list[str], options: Options, unsafe: bool) -> int:
    """Edit the files until nothing more can be fixed (an edit may bring another to light); how many findings were mended."""
    from policyc.features.fix import fixes
    from policyc.pipeline import check

    mended = 0
    for _ in range(MOST_ROUNDS):
        found = fixes(check(paths, options).findings, unsafe=unsafe)
        if not found:
            break
        for source, (text, count) in found.items():
            with open(source.path, "rb") as file:
                mark = b"\xef\xbb\xbf" if file.read(3) == b"\xef\xbb\xbf" else b""
            replace_file(source.path, mark + text.encode("utf-8"))
            mended += count
    return mended


def show_fixes(findings: list[Finding], unsafe: bool) -> int:
    """Write the edits as a unified diff; 1 if there are any."""
    from policyc.features.fix import difference, fixes
    from policyc.report.clean import clean_lines

    found = fixes(findings, unsafe=unsafe)
    for source in sorted(found, key=lambda s: s.path):
        emit(clean_lines(difference(source, found[source][0])))
    return 1 if found else 0


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
