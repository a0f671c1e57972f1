"""A semantic diff for people: for each policy its changes by kind, each with its region, a call that shows it, and both decisions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from policyc.diagram.analysis import call_json
from policyc.diagram.policies import Compared, Joint, joint
from policyc.diagram.regions import Region
from policyc.report.clean import clean
from policyc.report.diff_words import (
    MORE,
    NOT_COUNTED,
    count_text,
    decision_text,
    limit_texts,
    title,
    tool_text,
    tools_text,
)
from policyc.report.paint import Line
from policyc.report.text import shortened

WIDTH = 110
MOST_ROWS = 8
MOST_CALL = 1000
_LABEL = 6
_PARTS = re.compile(r"""(?: (?:and|or) |^)?(?:"(?:[^"\\]|\\.)*"|(?! (?:and|or) |, )[^"]|")*(?:, |(?= (?:and|or) )|$)""")
"""A text cut where it may be broken; what stands in quotes is one piece."""


def report(compared: Sequence[Compared]) -> Iterator[Line]:
    """The whole report."""
    for one in compared:
        yield from _policy(one)
    if any(one.comparison.equivalent for one in compared):
        yield [(f"note: {NOT_COUNTED}", "dim")]
    if len(compared) > 1:
        yield [(f"{len(compared)} policies: {count_text(compared)}", "bold")]


def _policy(compared: Compared) -> Iterator[Line]:
    widening = compared.comparison.widening
    yield [(title(compared, lambda name: f"`{clean(name)}`"), "warning" if widening else "bold")]
    yield []
    for kind, some in by_kind(compared):
        yield [(f"{kind} ({sum(len(one.tools) for one in some)})", "bold")]
        for one in some:
            yield [
                ("  ", ""),
                (tools_text(one), "info"),
                *([("  ", ""), (MORE, "warning")] if one.change.widening else []),
            ]
            yield from ([("    ", ""), *line] for line in block(one, compared))
            yield []
    yield from undecided(compared)


def undecided(compared: Compared) -> Iterator[Line]:
    """What could not be compared."""
    if compared.comparison.undecided:
        yield [("undecided, counted as letting more through", "warning")]
        for tool, reason in compared.comparison.undecided.items():
            yield [("  ", ""), (tool_text(tool), "info"), (f": {clean(reason)}", "")]
        yield []


def by_kind(compared: Compared) -> Iterator[tuple[str, list[Joint]]]:
    """The changes in the order of a report, those that let more through first within a kind."""
    for kind, some in groupby(joint(compared.comparison.changes), lambda one: one.change.kind):
        yield kind, sorted(some, key=lambda one: not one.change.widening)


def block(one: Joint, compared: Compared) -> Iterator[Line]:
    """One change: when it occurs, a call, what was decided of it and what is decided now."""
    change = one.change
    yield from _region(change.region)
    if not change.valid:
        yield from _labelled("note", ["only calls that the tool's schema forbids"])
    rules = {(c.old.rule, c.old.place, c.new.rule, c.new.place) for c in one.changes}
    if len(rules) > 1:
        yield from _labelled("note", [f"shown for {tool_text(change.tool)}; the rules of the other tools say the same"])
    text = json_line(call := call_json(change.witness))
    yield from _labelled("call", [text if len(text) <= MOST_CALL else json_line(shortened(call))])
    if len(text) > MOST_CALL:
        yield from _labelled("note", ["the call is cut for reading; the JSON report has it whole"])
    yield from _labelled("old", [decision_text(change.old, compared.status == "new")])
    yield from _labelled("new", [decision_text(change.new, compared.status == "gone")])
    for text in limit_texts(one, compared):
        yield from _labelled("limit", [text])


def _region(region: Region) -> Iterator[Line]:
    """The calls that the change is about: rows of conditions, of which one holds."""
    if region.everything:
        yield from _labelled("when", ["every call"])
        return
    for number, row in enumerate(region.rows[:MOST_ROWS]):
        lines = list(_conditions(row))
        yield from _labelled("when" if number == 0 else "  or", lines)
    left = len(region.rows) - MOST_ROWS
    if left > 0 or not region.whole:
        counted = f"{left} more" if region.whole else f"more than {left} more" if left > 0 else "more"
        yield from _labelled("  or", [f"… {counted}; the JSON report has {'them' if region.whole else 'most of them'}"])


def _conditions(row: Sequence[str]) -> Iterator[str]:
    """A conjunction on as many lines as it needs."""
    line = ""
    for number, condition in enumerate(map(clean, row)):
        text = f"({condition})" if len(row) > 1 and " or " in condition else condition
        text = text if number == 0 else f"and {text}"
        if line and len(line) + 1 + len(text) > WIDTH:
            yield from wrapped(line)
            line = text
        else:
            line = f"{line} {text}" if line else text
    yield from wrapped(line)


def wrapped(text: str) -> Iterator[str]:
    """A long text on several lines, broken only before `and` and `or` and after commas, outside of quotes; later lines are indented."""
    line = ""
    for part in _PARTS.findall(text):
        if line and len(line) + len(part) > WIDTH:
            yield line.rstrip()
            line = f"  {part.lstrip()}"
        else:
            line += part
    yield line


def _labelled(label: str, lines: Iterable[str]) -> Iterator[Line]:
    """Lines behind a label; later ones below the first."""
    for number, line in enumerate(lines):
        yield [(label.ljust(_LABEL) if number == 0 else " " * _LABEL, "dim"), (line, "")]


def json_line(value: Any) -> str:
    """A JSON value on one line; what would be invisible or move a cursor is escaped as JSON does it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return "".join(c if clean(c) == c else json.dumps(c)[1:-1] for c in text)
