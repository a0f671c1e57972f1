"""`policyc table show` and `policyc table verify`: a compiled table as rows, and who signed it."""

from __future__ import annotations

from typing import Annotated

import typer

from policyc.cli.options import choice
from policyc.cli.output import emit
from policyc.diagnostics import PolicycError

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)


@app.callback()
def table() -> None:
    """Read compiled decision tables."""


@app.command()
def show(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The file that `policyc compile` wrote.")],
    tool: Annotated[
        str | None, typer.Argument(metavar="TOOL", help="The tool; left out: the list of tools.", show_default=False)
    ] = None,
    other: Annotated[bool, typer.Option("--other", help="Show what holds for every tool that no rule names.")] = False,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="NAME", help="Which policy of the table.", show_default=False)
    ] = None,
    output_format: Annotated[
        str, typer.Option("--output-format", metavar="FORMAT", help="text, markdown, csv or json.")
    ] = "text",
) -> int:
    """Print the rows of one tool: conditions in columns, the outcome last. Exactly one row holds for each call."""
    from policyc.features.table_text import FORMATS, render
    from policyc.report.clean import clean_lines

    choice(output_format, FORMATS, "--output-format")
    if tool is not None and other:
        raise PolicycError("`--other` shows what holds for tools that no rule names, so it takes no TOOL")
    emit(clean_lines(render(table, tool, output_format, policy, other)).rstrip("\n") + "\n")
    return 0


@app.command()
def verify(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The file that `policyc compile --sign` wrote.")],
    key: Annotated[
        list[str],
        typer.Option("--key", metavar="PUB", help="A public key; repeat for several, any one of which is enough."),
    ],
    signature: Annotated[
        str | None,
        typer.Option(
            "--signature", metavar="FILE", help="The signature; left out: TABLE with `.sig` added.", show_default=False
        ),
    ] = None,
    output_format: Annotated[str, typer.Option("--output-format", metavar="FORMAT", help="text or json.")] = "text",
) -> int:
    """Say whether a gateway with these keys would load the table: exit 0 if it is signed by one of them and whole, else 1."""
    from policyc.features.table_verify import FORMATS, render, verified
    from policyc.report.clean import clean_lines

    choice(output_format, FORMATS, "--output-format")
    found = verified(table, key, signature)
    emit(clean_lines(render(found, output_format)))
    return 0 if found.why is None else 1
