"""A table read as a table: the rows of one tool, each a way through its nodes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from policyc.diagnostics import PolicycError
from policyc.record import record
from policyc.runtime.table import open_table
from policyc.table.model import TableError

MOST_ROWS = 2000
_KINDS = ("missing", "null", "false", "true", "number", "string", "array", "object")


@record
class Rows:
    """Column names (the paths, then the outcome) and rows of cell texts; an empty cell says that the column does not matter. `named`:
    the tool has rows of its own."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    named: bool = True


def render(path: str, tool: str | None, fmt: str, policy: str | None = None) -> str:
    """The rows of a tool (None: of any tool that the policy does not name) as `text`, `markdown` or `csv`.

    Raises PolicycError for a table that cannot be read, and a tool with more than MOST_ROWS rows.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
        found = rows(data, tool, policy)
    except OSError as error:
        raise PolicycError(f"cannot read `{path}`: {error.strerror}") from None
    except TableError as error:
        raise PolicycError(f"`{path}`: {error}") from None
    text = {"text": as_text, "markdown": as_markdown, "csv": as_csv}[fmt](found)
    if tool is not None and not found.named and fmt != "csv":
        return f"no rule names `{tool}`; this holds for every tool that no rule names\n\n{text}"
    return text


def rows(data: bytes, tool: str | None, policy: str | None = None) -> Rows:
    """The rows of a tool from a table's bytes. Raises TableError and PolicycError."""
    _, policies, pools, bodies, _ = open_table(data)
    names = ", ".join(f"`{p['name']}`" for p in policies)
    if policy is None and len(policies) != 1:
        raise PolicycError(f"the table has {len(policies)} policies ({names}), say which with `--policy`")
    entry = next((p for p in policies if policy is None or p["name"] == policy), None)
    if entry is None:
        raise PolicycError(f"the table has no policy `{policy}`; it has {names}")
    number = entry["call_other"] if tool is None else entry["call"].get(tool, entry["call_other"])
    named = tool in entry["call"]
    body = json.loads(bodies[number])
    if isinstance(body, dict):
        raise PolicycError(
            f"`{tool}` has too many rules for rows, the table holds them as a list; `policyc explain` shows single calls"
        )
    root, *nodes = body
    reader = _Reader(nodes, pools)
    found: list[tuple[dict[str, list[str]], str]] = []
    for way, leaf in reader.walk(root, {}):
        found.append((way, reader.outcome(leaf)))
        if len(found) > MOST_ROWS:
            raise PolicycError(f"`{tool}` has more than {MOST_ROWS:,} rows; `policyc explain` shows single calls")
    columns: dict[str, None] = {}
    for way, _ in found:
        columns.update(dict.fromkeys(way))
    if not columns and len(found) == 1:
        return Rows(("outcome",), ((found[0][1],),), named)
    return Rows(
        (*columns, "outcome"),
        tuple((*(" and ".join(way.get(c, [])) for c in columns), outcome) for way, outcome in found),
        named,
    )


@record(frozen=False)
class _Reader:
    nodes: list[list[Any]]
    pools: dict[str, Any]

    def walk(self, ref: int, way: dict[str, list[str]]) -> Iterator[tuple[dict[str, list[str]], int]]:
        """Every way to a leaf. Recursion is as deep as the diagram has variables."""
        if ref < 0:
            yield way, -1 - ref
            return
        node = self.nodes[ref]
        path = _path(self.pools["paths"][node[1]])
        before = way.get(path, [])
        if before and node[0] in ("n", "s") and before[-1] in _KINDS:
            before = before[:-1]  # the kind goes without saying
        if before and node[0] == "t" and before[-1] == "a string":
            before = before[:-1]
        for condition, child in self._edges(node):
            yield from self.walk(child, {**way, path: [*before, condition]})

    def _edges(self, node: list[Any]) -> list[tuple[str, int]]:
        form = node[0]
        if form == "k" and self.pools["paths"][node[1]][0] == "call":
            return _grouped([("not given", node[2]), ("given", node[7])])
        if form == "s" and self.pools["paths"][node[1]] == ["call", "server"]:
            named = [(_json(text), child) for text, child in node[2]]
            return _grouped([*named, ("any other", node[3]), ("not given", node[4])])
        if form == "n":
            return _grouped([*_intervals(node[2], node[3]), ("not a number", node[4])])
        if form == "s":
            named = [(_json(text), child) for text, child in node[2]]
            rest = "any other string" if named else "a string"
            return _grouped([*named, (rest, node[3]), ("not a string", node[4])])
        if form == "b":
            return _grouped([("false", node[2]), ("true", node[3]), ("not a boolean", node[4])])
        if form == "k":
            return _kinds(node[2:])
        test = self.pools["tests"][node[2]]
        text = _test(test)
        return _grouped([(text, node[5]), (f"not ({text})", node[3]), (_undefined(test, text), node[4])])

    def outcome(self, leaf: int) -> str:
        """An outcome in words."""
        effect, rule, limits, _ = self.pools["leaves"][leaf]
        by = "the default" if rule < 0 else self.pools["rules"][rule][0]
        reserved = "" if not limits else f"; reserves {', '.join(self.pools['rules'][i][0] for i in limits)}"
        return f"{effect} ({by}{reserved})"


def _grouped(edges: list[tuple[str, int | None]]) -> list[tuple[str, int]]:
    """Edges to one child as one row; without those that no JSON value takes."""
    together: dict[int, list[str]] = {}
    for text, child in edges:
        if child is not None:
            together.setdefault(child, []).append(text)
    return [(" or ".join(texts), child) for child, texts in together.items()]


def _kinds(children: list[int | None]) -> list[tuple[str, int]]:
    edges = list(zip(_KINDS, children, strict=True))
    if edges[2][1] == edges[3][1]:
        edges[2:4] = [("boolean", edges[2][1])]
    grouped = _grouped(edges)
    longest = max(grouped, key=lambda e: e[0].count(" or "))
    if longest[0].count(" or ") < 4:
        return grouped
    others = " or ".join(text for text, child in grouped if child != longest[1])
    rest = f"not ({others})" if " or " in others else f"not {others}"
    return [(rest if child == longest[1] else text, child) for text, child in grouped]


def _intervals(bounds: list[Any], children: list[int | None]) -> list[tuple[str, int | None]]:
    """Runs of slots with one child as intervals; slot 2i+1 is bound i, slot 2i what lies below it."""
    out: list[tuple[str, int | None]] = []
    start = 0
    for slot in range(1, len(children) + 1):
        if slot < len(children) and children[slot] == children[start]:
            continue
        out.append((_interval(bounds, start, slot - 1), children[start]))
        start = slot
    return out


def _interval(bounds: list[Any], first: int, last: int) -> str:
    low = None if first == 0 else (bounds[(first - 1) // 2], first % 2 == 1)
    high = None if last == 2 * len(bounds) else (bounds[last // 2], last % 2 == 1)
    if low is None and high is None:
        return "a number"
    if low is None:
        assert high is not None
        return f"{'<=' if high[1] else '<'} {high[0]}"
    if high is None:
        return f"{'>=' if low[1] else '>'} {low[0]}"
    if low[0] == high[0]:
        return f"{low[0]}"
    return f"{'>=' if low[1] else '>'} {low[0]} and {'<=' if high[1] else '<'} {high[0]}"


def _test(test: list[Any]) -> str:
    op, value, _, _, length, quantifier, inner = test
    where = "".join("[*]" if s is None else f"[{s}]" if isinstance(s, int) else f".{s}" for s in inner)
    words = op.replace("_", " ")
    text = f"{words} {value}" if op == "is" else words if op == "exists" else f"{words} {_json(value)}"
    if length:
        text = f"len {text}"
    return text if quantifier is None else f"{quantifier} [*]{where} {text}"


def _undefined(test: list[Any], text: str) -> str:
    """What a value is for which the test is undefined."""
    op, _, _, _, length, quantifier, _ = test
    if quantifier is not None:
        return f"undefined ({text})"
    if length:
        return "without a length"
    if op == "contains":
        return "neither a string nor an array"
    return "not Unicode text" if op == "matches" else "not a string"


def _path(path: list[Any]) -> str:
    root, *steps = path
    if root == "call":
        return str(steps[0])
    return str(root) + "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


def as_text(found: Rows) -> str:
    """Columns padded to their widest cell."""
    table = [found.columns, *found.rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(found.columns))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in table]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(lines) + "\n"


def as_markdown(found: Rows) -> str:
    """A Markdown table."""

    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(c.replace("\\", "\\\\").replace("|", "\\|") for c in cells) + " |"

    return "\n".join([line(found.columns), line(tuple("---" for _ in found.columns)), *map(line, found.rows)]) + "\n"


def as_csv(found: Rows) -> str:
    """Comma-separated values, as RFC 4180 has them with \\n line ends. A cell that a spreadsheet would take for a formula gets a quote before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(found.columns)
    for row in found.rows:
        writer.writerow([f"'{c}" if c[:1] in "=+-@" and c else c for c in row])
    return out.getvalue()
