"""Options that several verbs share, and what is common to reading them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from policyc.diagnostics import PolicycError, did_you_mean

Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATHS", help="Files, folders to search, or - for standard input.", show_default=False),
]
CatalogFiles = Annotated[
    list[str] | None,
    typer.Option("--catalog", metavar="FILE", help="The tool catalog; repeat for several files.", show_default=False),
]
Overrides = Annotated[
    str | None,
    typer.Option("--overrides", metavar="FILE", help="Corrections of the catalog's risk classes.", show_default=False),
]
ConfigFile = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Use this configuration file, not the nearest.", show_default=False),
]
NoConfig = Annotated[bool, typer.Option("--no-config", help="Use no configuration file.")]
OutputFile = Annotated[
    str | None,
    typer.Option(
        "--output-file", "-o", metavar="FILE", help="Write here instead of standard output.", show_default=False
    ),
]
StdinFilename = Annotated[
    str | None,
    typer.Option("--stdin-filename", metavar="NAME", help="What standard input is called.", show_default=False),
]


def words(values: Iterable[str] | None) -> tuple[str, ...]:
    """The words of a repeatable option whose value may be a list with commas."""
    return tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())


def choice(value: str, known: Sequence[str], option: str) -> str:
    """The value, where it is one of the known ones. Raises PolicycError otherwise."""
    if value in known:
        return value
    near = did_you_mean(value, known)
    listed = ", ".join(f"`{k}`" for k in known)
    raise PolicycError(
        f"`{option}` must be one of {listed}, not `{value}`" + (f"; did you mean `{near}`?" if near else "")
    )


def stdin_name(paths: Sequence[str], name: str | None) -> str:
    """What standard input is called. Raises PolicycError where it has a name and is not read, or cannot be read."""
    if "-" not in paths:
        if name is not None:
            raise PolicycError("`--stdin-filename` names standard input, which is read where a path is `-`")
    elif sys.stdin is None or sys.stdin.closed:
        raise PolicycError("standard input is closed")
    return name or "-"
