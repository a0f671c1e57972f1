"""One report in the format that was asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from typing import TextIO

from policyc.diagnostics import PolicycError
from policyc.report.excerpt import WIDTH
from policyc.report.model import FORMATS, Report
from policyc.report.paint import Line, paint


def write(report: Report, style: str, stream: TextIO, *, statistics: bool = False, plain: bool = False) -> None:
    """Write the report to a stream. `style` is one of FORMATS; statistics go with full, concise and json; `plain`: never
    in colour, whatever the environment says.

    Raises PolicycError for another format, or for statistics in a format that has no place for them.
    """
    if style not in FORMATS:
        raise PolicycError(f"no output format `{style}`, there are {', '.join(f'`{f}`' for f in FORMATS)}")
    if statistics and style in ("sarif", "github"):
        raise PolicycError(f"`--statistics` goes with full, concise and json, not with `{style}`")
    if style in ("full", "concise"):
        paint(_lines(report, style, statistics, stream), stream, colour=False if plain else None)
    else:
        stream.write(_renderer(style)(report))


def _lines(report: Report, style: str, statistics: bool, stream: TextIO) -> Iterable[Line]:
    from policyc.report import text

    if statistics:
        return text.statistics(report)
    if style == "concise":
        return text.concise(report)
    limit = WIDTH
    if stream.isatty():
        limit = max(40, min(WIDTH, shutil.get_terminal_size().columns - 8))
    return text.full(report, limit)


def _renderer(style: str) -> Callable[[Report], str]:
    if style == "json":
        from policyc.report.json_report import render
    elif style == "sarif":
        from policyc.report.sarif import render
    else:
        from policyc.report.github import render
    return render
