"""Lines as styled pieces, and how they reach a stream: plain, or through rich where it is a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

Piece = tuple[str, str]
"""A text without line breaks, already clean, and the name of its style (a key of STYLES; empty for none)."""
Line = list[Piece]

STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
    "bold": "bold",
    "frame": "blue",
    "help": "bold green",
    "related": "bold blue",
    "dim": "dim",
}


def colour_wanted(stream: TextIO) -> bool:
    """NO_COLOR, then FORCE_COLOR, then whether the stream is a terminal. Source: no-color.org, force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def plain(lines: Iterable[Line]) -> str:
    """The lines as text, without colour and without spaces at their ends."""
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)


def paint(lines: Iterable[Line], stream: TextIO, *, colour: bool | None = None) -> None:
    """Write the lines to a stream, in colour where it is wanted (`colour` None: ask `colour_wanted`). Never wraps."""
    if not (colour_wanted(stream) if colour is None else colour):
        stream.write(plain(lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, force_terminal=True, highlight=False, markup=False, emoji=False, no_color=False)
    for line in lines:
        text = Text.assemble(*((piece, STYLES.get(style, "")) for piece, style in line))
        console.print(text, soft_wrap=True)
