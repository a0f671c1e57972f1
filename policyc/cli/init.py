"""`policyc init`: a first policy for a catalog."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from policyc.cli.options import ConfigFile, NoConfig, Overrides, choice
from policyc.cli.output import put
from policyc.diagnostics import PolicycError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def init(
    catalog: Annotated[
        list[str] | None,
        typer.Option(
            "--catalog", metavar="FILE", help="The tool catalog; repeat for several files.", show_default=False
        ),
    ] = None,
    overrides: Overrides = None,
    syntax: Annotated[str, typer.Option("--syntax", metavar="SYNTAX", help="dsl, yaml or json.")] = "dsl",
    output_file: Annotated[
        str | None,
        typer.Option(
            "--output-file",
            "-o",
            metavar="FILE",
            help="Write a new file here, not standard output.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where it exists.")] = False,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> int:
    """Write a first policy for a catalog."""
    import os

    from policyc.catalog.load import load_catalog
    from policyc.cli.catalog import configured
    from policyc.features.init import Syntax, write

    choice(syntax, ("dsl", "yaml", "json"), "--syntax")
    paths, corrections = configured(catalog, overrides, config, no_config)
    if not paths:
        raise PolicycError("a policy is made from a catalog, name one with `--catalog`")
    if output_file is not None and os.path.exists(output_file) and not force:
        raise PolicycError(f"`{output_file}` exists, replace it with `--force`")
    put(write(load_catalog(paths, overrides=corrections), cast(Syntax, syntax)), output_file)
    return 0
