"""`policyc table show`: the rows of a tool, the rules where the table holds a list of them, or which tools there are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from policyc.diagnostics import PolicycError, did_you_mean
from policyc.features.table_rows import Leaf, Reading, Rows, RuleList, TooManyRows, path_name, policies_of, read_table
from policyc.features.table_words import cell_text, guard_text
from policyc.table.model import TableError

FORMATS = ("text", "markdown", "csv", "json")
VERSION = 1
"""Of the JSON; it grows when a reader could be broken. docs/output.md describes it."""
ANY_OTHER = "(any other tool)"
Grid = list[tuple[str, ...]]
_GROUPS = ("deny when", "allow when", "approve when", "reserve when")


def render(path: str, tool: str | None, fmt: str, policy: str | None = None, other: bool = False) -> str:
    """A tool's table in one of FORMATS; `other`: that of any tool which no rule names; neither: the list of tools.

    Raises PolicycError for a table that cannot be read, and a tool with more than MOST_ROWS rows.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
        if tool is None and not other:
            return _listing([read_table(data, name) for name in ([policy] if policy else policies_of(data))], fmt)
        return _one(read_table(data, policy), tool, fmt)
    except OSError as error:
        raise PolicycError(f"cannot read `{path}`: {(error.strerror or str(error)).lower()}") from None
    except TableError as error:
        raise PolicycError(f"`{path}`: {error}") from None


def _one(reading: Reading, tool: str | None, fmt: str) -> str:
    body = reading.body(tool)
    named = tool in reading.tools
    if fmt == "json":
        if isinstance(body, RuleList):
            own = _rules(reading, body)
        else:
            own = {"columns": list(body.axes), "rows": list(_rows(reading, body))}
        head = {
            "format": "policyc-table-rows",
            "version": VERSION,
            "policy": reading.name,
            "tool": tool,
            "named": named,
        }
        return json.dumps(head | own, indent=2) + "\n"
    notes = [] if named or tool is None else [_covered(reading, tool)]
    if isinstance(body, RuleList):
        notes.append(
            "too many rules for rows: the table holds them as a list; the first denial that holds denies, then the first "
            "allow and the first approval that hold are taken, and every limit that holds is reserved"
        )
    text = _written(grid(reading, body), fmt)
    return text if fmt == "csv" or not notes else "\n".join(notes) + "\n\n" + text


def _covered(reading: Reading, tool: str) -> str:
    near = did_you_mean(tool, reading.tools)
    meant = f" (did you mean `{near}`?)" if near is not None else ""
    return f"the table does not name `{tool}`{meant}: the rows of `{ANY_OTHER}` hold for it"


def grid(reading: Reading, body: Rows | RuleList) -> Grid:
    """The column names, then the rows, as texts; an empty cell says that the column does not matter."""
    if isinstance(body, RuleList):
        rules = _rules(reading, body)
        listed = [(str(r["order"]), f"{r['group']} {r['when']}", r["rule"]) for r in rules["rules"]]
        return [("order", "condition", "rule"), *listed, ("", f"otherwise {rules['default']}", "the default")]
    out: Grid = [(*body.axes, "outcome")]
    for row in body.rows:
        cells = (cell_text(a, row.cells[n]) if n in row.cells else "" for n, a in body.axes.items())
        out.append((*cells, _outcome(reading, row.leaf)))
    return out


def _outcome(reading: Reading, leaf: Leaf) -> str:
    effect, rule, limits = leaf
    by = "the default" if rule < 0 else reading.rule(rule)
    reserved = "" if not limits else f"; reserves {', '.join(map(reading.rule, limits))}"
    return f"{effect} ({by}{reserved})"


def _rows(reading: Reading, body: Rows) -> Iterator[dict[str, Any]]:
    for row in body.rows:
        effect, rule, limits = row.leaf
        yield {
            "when": {name: cell_text(axis, row.cells[name]) for name, axis in body.axes.items() if name in row.cells},
            "effect": effect,
            "rule": None if rule < 0 else reading.rule(rule),
            "reason": None if rule < 0 else reading.file.rule(rule)[2],
            "source": None if rule < 0 else reading.place(rule),
            "limits": [reading.rule(i) for i in limits],
        }


def _rules(reading: Reading, body: RuleList) -> dict[str, Any]:
    names = [path_name(p) for p in reading.file.paths]
    found: list[dict[str, Any]] = []
    for group, rules in zip(_GROUPS, body.groups, strict=True):
        for rule, guard in rules:
            found.append(
                {
                    "order": len(found) + 1,
                    "group": group,
                    "when": guard_text(guard, names, reading.file.test),
                    "rule": reading.rule(rule),
                    "source": reading.place(rule),
                }
            )
    return {"rules": found, "default": body.default}


def _listing(readings: Sequence[Reading], fmt: str) -> str:
    """The tools of some policies, each with how many rows it has."""
    found = [
        {"policy": reading.name, "tool": tool, **_size(reading, tool)}
        for reading in readings
        for tool in [*sorted(reading.tools), None]
    ]
    if fmt == "json":
        return json.dumps({"format": "policyc-table-tools", "version": VERSION, "tools": found}, indent=2) + "\n"
    lines: Grid = [("policy", "tool", "rows", "outcomes")]
    for entry in found:
        size = f"{entry['rules']} rules" if entry["rules"] else str(entry["rows"] or "too many")
        lines.append((entry["policy"], entry["tool"] or ANY_OTHER, size, ", ".join(entry["outcomes"])))
    hint = "" if fmt == "csv" else "\nname a tool for its rows, or `--other` for those of any other tool\n"
    return _written(lines, fmt) + hint


def _size(reading: Reading, tool: str | None) -> dict[str, Any]:
    try:
        body = reading.body(tool)
    except TooManyRows:
        return {"rows": None, "rules": None, "outcomes": []}
    if isinstance(body, RuleList):
        return {"rows": None, "rules": sum(map(len, body.groups)), "outcomes": []}
    effects = {row.leaf[0] for row in body.rows}
    return {
        "rows": len(body.rows),
        "rules": None,
        "outcomes": [e for e in ("allow", "approve", "deny") if e in effects],
    }


def _written(lines: Grid, fmt: str) -> str:
    return {"text": _as_text, "markdown": _as_markdown, "csv": _as_csv}[fmt](lines)


def _as_text(lines: Grid) -> str:
    """Columns padded to their widest cell."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    table = [lines[0], ["-" * w for w in widths], *lines[1:]]
    padded = ("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in table)
    return "\n".join(padded) + "\n"


def _as_markdown(lines: Grid) -> str:
    """A Markdown table."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(c.replace("\\", "\\\\").replace("|", "\\|").replace("<", "\\<") for c in cells) + " |"

    return "\n".join([line(lines[0]), line(["---"] * len(lines[0])), *map(line, lines[1:])]) + "\n"


def _as_csv(lines: Grid) -> str:
    """Comma-separated values, as RFC 4180 has them with \\n line ends. A cell that a spreadsheet would take for a formula gets a quote before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for number, line in enumerate(lines):
        writer.writerow([f"'{c}" if number and c[:1] in "=+-@" and c else c for c in line])
    return out.getvalue()
