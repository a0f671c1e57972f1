"""`policyc explain`: why this decision, rule by rule."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from policyc.cli.options import CatalogFiles, ConfigFile, NoConfig, Overrides
from policyc.cli.output import emit
from policyc.diagnostics import PolicycError

app = typer.Typer(rich_markup_mode=None, add_completion=False)
READING = ("PC1",)
"""A policy that can be read can be explained, whatever else the linter says of it."""
KEYS = ("tool", "server", "arguments", "context")


@app.command()
def explain(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The policy.")],
    call: Annotated[
        str, typer.Option("--call", metavar="CALL", help="The call: a JSON file, - for standard input, or JSON itself.")
    ],
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="NAME", help="Which policy of the file.", show_default=False)
    ] = None,
    catalog: CatalogFiles = None,
    overrides: Overrides = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> int:
    """Say how a call is decided, and which rules decide it."""
    from policyc import pipeline
    from policyc.cli.one import checked_policy
    from policyc.features.explain import render
    from policyc.reference import Call

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
    decided = Call(asked["tool"], asked.get("arguments", {}), asked.get("context", {}), asked.get("server"))
    emit("\n".join(render(program.policy, decided, checked.facts)) + "\n")
    return 0


def read_call(text: str) -> dict[str, Any]:
    """The call that `--call` names or is. Raises PolicycError for what is no call."""
    import sys

    where = "--call"
    if not text.lstrip().startswith("{"):
        where = text
        try:
            if text == "-":
                text = sys.stdin.read()
            else:
                with open(text, encoding="utf-8") as file:
                    text = file.read()
        except UnicodeDecodeError:
            raise PolicycError(f"`{where}` is not UTF-8 text") from None
        except OSError as error:
            raise PolicycError(f"cannot read `{where}`: {(error.strerror or str(error)).lower()}") from None
    try:
        call = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise PolicycError(f"`{where}` is not JSON: {str(error).lower()}") from None
    if not isinstance(call, dict) or not isinstance(call.get("tool"), str):
        raise PolicycError(f'`{where}` must be an object such as {{"tool": "name", "arguments": {{}}}}')
    for key, value in call.items():
        if key not in KEYS:
            raise PolicycError(
                f"`{where}`: a call has no key `{key}`, its keys are {', '.join(f'`{k}`' for k in KEYS)}"
            )
        wanted: type = dict if key in ("arguments", "context") else str
        if not isinstance(value, wanted):
            raise PolicycError(f"`{where}`: `{key}` must be {'an object' if wanted is dict else 'text'}")
    return call


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
