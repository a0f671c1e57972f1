"""`catalog.json`: the committed form of a catalog. The same tools give the same bytes, whatever order they came in."""

from __future__ import annotations

import json
from typing import Any

from policyc.catalog.canonical import digest, escape_surrogates
from policyc.catalog.model import Catalog, CatalogError, CatalogWarning, OperationRisk, Risk, Tool
from policyc.catalog.reading import FORMAT

VERSION = 1


def tool_digest(name: str, description: str, input_schema: Any, annotations: dict[str, Any]) -> str:
    """The digest of what a server says about a tool: a change under an unchanged name shows here."""
    return digest({"annotations": annotations, "description": description, "inputSchema": input_schema, "name": name})


def make_catalog(tools: list[Tool], warnings: list[CatalogWarning] | tuple[CatalogWarning, ...] = ()) -> Catalog:
    """Sort the tools and compute the catalog's digest, over every tool's server, digest and risk without its wording."""
    ordered = tuple(sorted(tools, key=lambda t: (t.server, t.name)))
    return Catalog(ordered, digest([_digested(t) for t in ordered]), tuple(warnings))


def _digested(tool: Tool) -> list[Any]:
    risk = risk_json(tool.risk)
    del risk["evidence"], risk["confidence"]
    for operation in risk.get("operations", ()):
        operation.pop("evidence", None)
    return [tool.server, tool.name, tool.digest, risk]


def write_catalog(catalog: Catalog) -> str:
    """The text of `catalog.json`: two spaces, keys sorted, servers and tools sorted, a newline at the end."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "digest": catalog.digest,
        "servers": [
            {"name": server, "tools": [tool_json(t) for t in catalog.tools if t.server == server]}
            for server in catalog.servers
        ],
    }
    return escape_surrogates(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)) + "\n"


def tool_json(tool: Tool) -> dict[str, Any]:
    """A tool as `catalog.json` writes it."""
    out: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "annotations": tool.annotations,
        "digest": tool.digest,
        "risk": risk_json(tool.risk),
    }
    if tool.title is not None:
        out["title"] = tool.title
    return out


def risk_json(risk: Risk) -> dict[str, Any]:
    """A risk as `catalog.json` writes it."""
    out: dict[str, Any] = {
        "category": risk.category,
        "severity": risk.severity,
        "reversible": risk.reversible,
        "confidence": risk.confidence,
        "evidence": list(risk.evidence),
        "reads_private": risk.reads_private,
        "untrusted_content": risk.untrusted_content,
        "sends_out": risk.sends_out,
    }
    if risk.operations:
        out["operations"] = [
            {
                "argument": o.argument,
                "value": o.value,
                "category": o.category,
                "severity": o.severity,
                "reversible": o.reversible,
                "evidence": list(o.evidence),
            }
            for o in risk.operations
        ]
    return out


def read_built(path: str, document: Any) -> Catalog:
    """A decoded `catalog.json` back as a catalog. `path` is for the messages of the CatalogError.

    The digests are checked: a file edited by hand, or merged badly, is refused, since a policy would be judged by it.
    """
    from policyc.catalog.document import CatalogDocument, parse

    parsed = parse(CatalogDocument, document, lambda _: path, "catalog")
    tools = []
    seen: set[tuple[str, str]] = set()
    for server in parsed.servers:
        for entry in server.tools:
            if (server.name, entry.name) in seen:
                raise CatalogError(f"{path}: the tool `{entry.name}` of server `{server.name}` stands here twice")
            seen.add((server.name, entry.name))
            found = tool_digest(entry.name, entry.description, entry.input_schema, entry.annotations)
            if found != entry.digest:
                raise CatalogError(
                    f"{path}: the digest of `{entry.name}` does not fit what stands here, build the catalog again"
                )
            fields = entry.risk.model_dump()
            fields["evidence"] = tuple(fields["evidence"])
            fields["operations"] = tuple(
                OperationRisk(**{**o, "evidence": tuple(o["evidence"])}) for o in fields["operations"]
            )
            tools.append(
                Tool(
                    server.name,
                    entry.name,
                    entry.description,
                    entry.input_schema,
                    entry.annotations,
                    entry.title,
                    entry.digest,
                    Risk(**fields),
                )
            )
    catalog = make_catalog(tools)
    if catalog.digest != parsed.digest:
        raise CatalogError(
            f"{path}: the catalog's digest does not fit its tools and risks: build it again, and correct risks in an "
            "overrides file"
        )
    return catalog
