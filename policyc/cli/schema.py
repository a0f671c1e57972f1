"""`policyc schema`: the JSON Schemas of policy documents, of the configuration and of a decision table's lines."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from policyc.cli.options import OutputFile, choice
from policyc.cli.output import put

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def schema(
    of: Annotated[str, typer.Argument(metavar="WHAT", help="document, config or table.")] = "document",
    output_file: OutputFile = None,
) -> int:
    """Print a JSON Schema: of policies, the configuration, or tables."""
    choice(of, ("document", "config", "table"), "schema")
    if of == "config":
        from policyc.config_model import json_schema
    elif of == "table":
        from policyc.table.schema import json_schema
    else:
        from policyc.frontends.document_model import json_schema
    put(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n", output_file)
    return 0
