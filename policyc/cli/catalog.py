"""`policyc catalog build` and `policyc catalog show`."""

from __future__ import annotations

from typing import Annotated

import typer

from policyc.cli.options import CatalogFiles, ConfigFile, NoConfig, OutputFile, Overrides
from policyc.cli.output import emit, put, say
from policyc.diagnostics import PolicycError, did_you_mean

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)


@app.callback()
def catalog() -> None:
    """Build and read tool catalogs."""


def configured(
    paths: list[str] | None, overrides: str | None, config: str | None, no_config: bool
) -> tuple[list[str], str | None]:
    """The catalog files and the overrides that the command line names, else those of the configuration."""
    from policyc.config import DEFAULT, config_for, load

    found = DEFAULT if no_config else load(config) if config is not None else config_for(None)
    return list(paths or found.catalog), overrides or found.overrides


@app.command()
def build(
    files: Annotated[
        list[str], typer.Argument(metavar="FILES", help="What `tools/list` gave; NAME=FILE names the server.")
    ],
    output_file: OutputFile = None,
    overrides: Overrides = None,
) -> int:
    """Make catalog.json from the tools that MCP servers list."""
    from policyc.catalog.build import write_catalog
    from policyc.catalog.load import load_catalog
    from policyc.report.clean import clean

    made = load_catalog(files, overrides=overrides)
    for warning in made.warnings:
        place = f"{warning.span}: " if warning.span is not None else ""
        say(clean(f"{place}warning: {warning.rule}: {warning.message}"))
    put(write_catalog(made), output_file)
    return 0


@app.command()
def show(
    items: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILES] [TOOL]",
            help="The catalog's files, where `--catalog` does not name them; one tool; all when left out.",
            show_default=False,
        ),
    ] = None,
    catalog: CatalogFiles = None,
    overrides: Overrides = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> int:
    """Show the tools of a catalog with their risk, or one tool with the evidence."""
    from policyc.catalog.load import load_catalog
    from policyc.catalog.show import describe, table_text
    from policyc.report.clean import clean_lines

    files, tool = _files_and_tool(items or [], catalog)
    paths, corrections = configured(files or catalog, overrides, config, no_config)
    if not paths:
        raise PolicycError("there is no catalog, name its file, or one with `--catalog`")
    loaded = load_catalog(paths, overrides=corrections)
    if tool is None:
        emit(clean_lines(table_text(loaded)).rstrip("\n") + "\n")
        return 0
    server, slash, name = tool.partition("/")
    found = loaded.by_name(tool) or [t for t in loaded.by_name(name) if slash and t.server == server]
    if not found:
        near = did_you_mean(tool, [t.name for t in loaded.tools])
        raise PolicycError(f"the catalog has no tool `{tool}`" + (f", did you mean `{near}`?" if near else ""))
    for each in found:
        emit(clean_lines("\n".join(describe(each))).rstrip("\n") + "\n")
    return 0


def _files_and_tool(items: list[str], catalog: list[str] | None) -> tuple[list[str], str | None]:
    """Which of the arguments are files, and which is the tool: with `--catalog` none is a file; a tool comes last."""
    import os

    if catalog:
        files, rest = [], items
    else:
        files = [item for item in items if os.path.isfile(item) or item.endswith(".json")]
        rest = [item for item in items if item not in files]
    if len(rest) > 1:
        raise PolicycError(f"one tool can be shown, found {', '.join(f'`{item}`' for item in rest)}")
    return files, rest[0] if rest else None
