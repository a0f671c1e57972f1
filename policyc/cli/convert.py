"""`policyc convert`: the same policy in another syntax."""

from __future__ import annotations

from typing import Annotated

import typer

from policyc.cli.options import OutputFile, choice
from policyc.cli.output import put

app = typer.Typer(rich_markup_mode=None, add_completion=False)
SYNTAXES = ("dsl", "yaml", "json")


@app.command()
def convert(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The policy, in any of the syntaxes; - for standard input.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="SYNTAX", help="dsl, yaml or json.")],
    output_file: OutputFile = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="NAME", help="Which policy of the file.", show_default=False)
    ] = None,
) -> int:
    """Write a policy in another syntax, its meaning unchanged."""
    from policyc.cli.one import parsed_policy

    choice(to, SYNTAXES, "--to")
    program = parsed_policy(file, policy)
    if program is None:
        return 1
    from policyc.features.convert import to_dsl, to_json, to_yaml

    writer = {"dsl": to_dsl, "yaml": to_yaml, "json": to_json}[to]
    put(writer(program.policy), output_file)
    return 0
