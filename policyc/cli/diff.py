"""`policyc diff`: what changes for callers between two policies, folders, tables or git revisions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from policyc.cli.options import CatalogFiles, ConfigFile, NoConfig, OutputFile, Overrides, choice
from policyc.cli.output import broken_pipe, put, say
from policyc.diagnostics import PolicycError

if TYPE_CHECKING:
    from policyc.diagram.policies import Compared
    from policyc.features.diff import Loaded
    from policyc.pipeline import Options

app = typer.Typer(rich_markup_mode=None, add_completion=False)
NO_INPUT = 3
FORMATS = ("text", "json", "markdown")


@app.command()
def diff(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="OLD NEW | PATHS",
            help="Two policies, folders or compiled tables; with --base what is compared with a revision.",
            show_default=False,
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="REV", help="The old side is this git revision.", show_default=False),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head", metavar="REV", help="With --base: the new side is this one, not the files.", show_default=False
        ),
    ] = None,
    deny_widening: Annotated[
        bool, typer.Option("--deny-widening", help="Exit with 1 where more is let through, or might be.")
    ] = False,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="NAME", help="Only this policy.", show_default=False)
    ] = None,
    catalog: CatalogFiles = None,
    overrides: Overrides = None,
    output_format: Annotated[
        str, typer.Option("--output-format", metavar="FORMAT", help="text, json or markdown.")
    ] = "text",
    output_file: OutputFile = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> int:
    """Say which calls two policies decide differently."""
    from policyc.pipeline import Options

    choice(output_format, FORMATS, "--output-format")
    if config is not None and no_config:
        raise PolicycError("`--config` and `--no-config` exclude each other")
    options = Options(catalog=tuple(catalog or ()), overrides=overrides, config=config, isolated=no_config)
    old, new = _sides(paths or [], base, head, options)
    from policyc.cli.one import show_errors

    if show_errors([*old.errors, *new.errors]):
        return 1
    from policyc.diagram.policies import compare_policies
    from policyc.features.diff import check_names

    if not old.policies and not new.policies:
        say(
            f"policyc: no policy in {old.name} or {new.name}; policies are named *.policy or *.policy.{{json,yaml,yml}}"
        )
        return NO_INPUT
    check_names(old, new, policy)
    compared = compare_policies(old.policies, new.policies)
    _write(compared, old.name, new.name, output_format, output_file)
    return 1 if deny_widening and any(one.comparison.widening for one in compared) else 0


def _sides(paths: list[str], base: str | None, head: str | None, options: Options) -> tuple[Loaded, Loaded]:
    """Both sides as they were read."""
    import os

    from policyc.features.diff import read_paths, read_revision

    if base is None:
        if head is not None:
            raise PolicycError("`--head` goes with `--base`")
        if len(paths) != 2:
            raise PolicycError("expected OLD and NEW, or `--base REV`")
        if paths == ["-", "-"]:
            raise PolicycError("standard input can be one side only")
        old, new = paths
        return read_paths([old], options, old), read_paths([new], options, new)
    from policyc.features.git_tree import top_folder

    top, named = top_folder(), paths or ["."]
    old_side = read_revision(base, named, options, top)
    if head is not None:
        new_side = read_revision(head, named, options, top, whole=True)
        missing = [path for path in named if path not in {*old_side.found, *new_side.found}]
    else:
        there = [path for path in named if os.path.lexists(path)]
        new_side = read_paths(there, options, "the working tree")
        missing = [path for path in named if path not in {*old_side.found, *there}]
    if missing:
        raise PolicycError(f"there is no file or folder `{missing[0]}` on either side")
    return old_side, new_side


def _write(compared: Sequence[Compared], old: str, new: str, style: str, path: str | None) -> None:
    if style == "json":
        from policyc.report.diff_json import render

        put(render(compared, old, new), path)
        return
    if style == "markdown":
        from policyc.report.diff_markdown import render as markdown

        put(markdown(compared, old, new), path)
        return
    from policyc.report.diff_text import report
    from policyc.report.paint import paint, plain

    if path is not None and path != "-":
        put(plain(report(compared)), path)
        return
    try:
        paint(report(compared), sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        broken_pipe()
