"""`policyc explain`: why this decision, rule by rule."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from policyc.cli.options import CatalogFiles, ConfigFile, NoConfig, Overrides, choice
from policyc.cli.output import emit
from policyc.diagnostics import PolicycError

app = typer.Typer(rich_markup_mode=None, add_completion=False)
READING = ("PC1",)
"""A policy that can be read can be explained, whatever else the linter says of it."""


@app.command()
def explain(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The policy, or a compiled table.")],
    call: Annotated[
        str,
        typer.Option(
            "--call",
            metavar="CALL",
            help="The call: a JSON file, - for standard input, or JSON itself; a `tools/call` request too.",
        ),
    ],
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="NAME", help="Which policy of the file.", show_default=False)
    ] = None,
    output_format: Annotated[str, typer.Option("--output-format", metavar="FORMAT", help="text or json.")] = "text",
    catalog: CatalogFiles = None,
    overrides: Overrides = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> int:
    """Say how a call is decided, and what else would decide it."""
    from policyc import pipeline
    from policyc.cli.calls import read_call
    from policyc.cli.one import checked_policy
    from policyc.features import explain_table, explain_text

    choice(output_format, ("text", "json"), "--output-format")
    if file == "-" == call:
        raise PolicycError("standard input is the policy or the call, not both")
    if file != "-" and explain_table.is_table(file):
        if catalog or overrides:
            raise PolicycError(f"`{file}` is a table, which has what its catalog says in it; leave `--catalog` out")
        found = explain_table.explain_table(file, read_call(call), policy)
        _print(output_format, explain_table.as_data(found), explain_table.as_text(found))
        return 0
    asked = read_call(call)
    options = pipeline.Options(
        catalog=tuple(catalog or ()),
        overrides=overrides,
        select=READING,
        config=config,
        isolated=no_config,
        at_least="error",
    )
    program, checked = checked_policy(file, policy, options)
    if program is None:
        return 1
    from policyc.features.explain import explain as explained

    told = explained(program.policy, asked, checked.facts)
    _print(output_format, explain_text.as_data(told), explain_text.as_text(told))
    return 0


def _print(output_format: str, data: dict[str, Any], lines: list[str]) -> None:
    from policyc.report.clean import clean

    emit(json.dumps(data, indent=2) + "\n" if output_format == "json" else "\n".join(map(clean, lines)) + "\n")
