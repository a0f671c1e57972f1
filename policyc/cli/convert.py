"""`policyc convert`: the same policy in another syntax."""

from __future__ import annotations

from typing import Annotated

import typer

from policyc.cli.options import OutputFile, choice
from policyc.cli.output import put, say
from policyc.source import Source, Span

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
    lost = len(comments(program.source))
    if lost:
        say(f"policyc: {lost} comment{'s are' if lost != 1 else ' is'} not carried over, nor any suppression in them")
    return 0


def comments(source: Source) -> list[Span]:
    """The places of a source's comments."""
    from policyc.frontends.load import syntax_of

    syntax = syntax_of(source)
    if syntax == "dsl":
        from policyc.syntax.dsl_comments import comments as of_dsl

        return [span for *_, span in of_dsl(source)]
    if syntax == "yaml":
        from policyc.syntax.yaml_reader import comments as of_yaml

        return [span for *_, span in of_yaml(source)]
    return []
