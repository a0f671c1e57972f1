"""A catalog as plain rows and lines, for whoever prints it. Texts come from servers: make them safe before a terminal."""

from __future__ import annotations

from typing import NamedTuple

from policyc.catalog.model import Catalog, OperationRisk, Tool
from policyc.catalog.schema import Argument, arguments

_DESCRIPTION_LINES = 12


class ShownTool(NamedTuple):
    """One row of `policyc catalog show`."""

    tool: str
    server: str
    category: str
    severity: str
    confidence: str
    evidence: str


def table(catalog: Catalog) -> list[ShownTool]:
    """One row a tool, by server and name; the evidence is one line."""
    return [
        ShownTool(
            t.name, t.server, t.risk.category, t.risk.severity, t.risk.confidence, one_line("; ".join(t.risk.evidence))
        )
        for t in catalog.tools
    ]


def table_text(catalog: Catalog) -> str:
    """The rows in aligned columns under their names, the evidence last and uncut; a newline at the end."""
    rows = [tuple(ShownTool._fields), *map(tuple, table(catalog))]
    widths = [max(len(row[i]) for row in rows) for i in range(len(ShownTool._fields) - 1)]
    lines = ["  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def describe(tool: Tool) -> list[str]:
    """Everything about one tool, line by line."""
    risk = tool.risk
    out = [
        f"{tool.name} on server {tool.server}" + (f" ({one_line(tool.title)})" if tool.title else ""),
        f"  risk: {risk.category}, severity {risk.severity}, confidence {risk.confidence}, {_reversible(risk.reversible)}",
    ]
    flows = [
        text
        for holds, text in (
            (risk.reads_private, "reads private data"),
            (risk.untrusted_content, "brings in untrusted content"),
            (risk.sends_out, "can send data out"),
        )
        if holds
    ]
    if flows:
        out.append(f"  flows: {', '.join(flows)}")
    out.append("  evidence:")
    out += [f"    {one_line(sentence)}" for sentence in risk.evidence]
    if risk.operations:
        out.append("  operations:")
        out += [f"    {_operation(o)}" for o in risk.operations]
    known = arguments(tool.input_schema)
    out.append("  arguments:" if known else "  arguments: none declared")
    out += [f"    {_argument(a)}" for a in known.values()]
    claims = {k: v for k, v in sorted(tool.annotations.items()) if isinstance(v, bool)}
    if claims:
        out.append("  the server claims: " + ", ".join(f"{k} {str(v).lower()}" for k, v in claims.items()))
    lines = [line.strip() for line in tool.description.splitlines() if line.strip()]
    if lines:
        out.append("  description:")
        out += [f"    {line[:200]}" for line in lines[:_DESCRIPTION_LINES]]
        if len(lines) > _DESCRIPTION_LINES:
            out.append(f"    … and {len(lines) - _DESCRIPTION_LINES} more lines")
    out.append(f"  digest: {tool.digest}")
    return out


def _operation(operation: OperationRisk) -> str:
    why = one_line("; ".join(operation.evidence))
    return f"{operation.argument} = {one_line(operation.value)}: {operation.category}, {operation.severity} ({why})"


def _argument(argument: Argument) -> str:
    types = "|".join(sorted(argument.types)) or "any"
    parts = [types, "required" if argument.required else "optional"]
    if argument.enum is not None:
        shown = [one_line(str(v))[:40] for v in argument.enum[:8]]
        parts.append("one of " + ", ".join(shown) + (", …" if len(argument.enum) > 8 else ""))
    return f"{one_line(argument.name)}: {', '.join(parts)}"


def _reversible(value: bool | None) -> str:
    return {True: "reversible", False: "not reversible", None: "maybe not reversible"}[value]


def one_line(text: str) -> str:
    """The text with every run of white space (line breaks too) as one space."""
    return " ".join(text.split())
