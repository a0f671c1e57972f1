"""`policyc table show`: a compiled table as rows."""

from __future__ import annotations

from typing import Annotated

import typer

from policyc.cli.options import choice
from policyc.cli.output import emit

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)


@app.callback()
def table() -> None:
    """Read compiled decision tables."""


@app.command()
def show(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The file that `policyc compile` wrote.")],
    tool: Annotated[
        str | None,
        typer.Argument(
            metavar="TOOL", help="The tool; left out: tools that the policy does not name.", show_default=False
        ),
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="NAME", help="Which policy of the table.", show_default=False)
    ] = None,
    format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, markdown or csv.")] = "text",
) -> int:
    """Print the rows of one tool: conditions in columns, the outcome last."""
    choice(format, ("text", "markdown", "csv"), "--format")
    from policyc.features.table_rows import render
    from policyc.report.clean import clean_lines

    emit(clean_lines(render(table, tool, format, policy)).rstrip("\n") + "\n")
    return 0
