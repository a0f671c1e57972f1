"""Reads catalogs: files and folders of `tools/list` results, or a `catalog.json` of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from policyc.catalog.build import make_catalog, read_built, tool_digest
from policyc.catalog.model import (
    Catalog,
    CatalogError,
    CatalogWarning,
    Tool,
    category_rank,
    severity_rank,
)  # fmt: skip
from policyc.catalog.overrides import apply_overrides
from policyc.catalog.reading import Document, Listed, Places, documents, is_built, listed
from policyc.catalog.risk import classify
from policyc.source import Span

__all__ = ["CatalogError", "load_catalog"]


def load_catalog(paths: Sequence[str], *, overrides: str | None = None) -> Catalog:
    """Read every file, and every JSON file in the folders, into one catalog.

    A path may be written `NAME=path` to name the server; otherwise its `serverInfo.name` does, else the file's stem.
    `overrides` is the path of a `catalog.overrides.yaml`. Odd tools are kept, or left out with a warning where nothing
    of them can be used. Raises CatalogError, one sentence with the place, for what is no catalog.
    """
    gathered = _Gathered()
    for document in documents(paths):
        if is_built(document):
            _add_built(gathered, document)
        else:
            _add_listed(gathered, document)
    catalog = make_catalog(list(gathered.tools.values()), gathered.warnings)
    return catalog if overrides is None else apply_overrides(catalog, overrides)


class _Gathered:
    """The tools found so far, each once a server."""

    def __init__(self) -> None:
        self.tools: dict[tuple[str, str], Tool] = {}
        self.warnings: list[CatalogWarning] = []

    def warn(self, rule: str, message: str, span: Span | None) -> None:
        self.warnings.append(CatalogWarning(rule, message, span))

    def add(self, tool: Tool) -> None:
        """Keep the tool; of two with one name the more dangerous one, since nobody knows which one is called."""
        key = (tool.server, tool.name)
        earlier = self.tools.get(key)
        if earlier is None:
            self.tools[key] = tool
            return
        if earlier.digest == tool.digest:
            said = f"`{tool.name}` is listed twice by server `{tool.server}`"
        else:
            said = f"`{tool.name}` is listed twice by server `{tool.server}`, and differently: the riskier one is kept"
            self.tools[key] = max(earlier, tool, key=_danger)
        self.warn("duplicate-tool", said, tool.span)


def _danger(tool: Tool) -> tuple[int, int]:
    return severity_rank(tool.risk.severity), category_rank(tool.risk.category)


def _add_built(gathered: _Gathered, document: Document) -> None:
    catalog = read_built(document.source.path, document.values[0])
    if document.server is not None and len(catalog.servers) > 1:
        raise CatalogError(
            f"{document.source.path}: this catalog has {len(catalog.servers)} servers, expected one for the name "
            f"`{document.server}`"
        )
    places = Places(document.source)
    for tool in catalog.tools:
        gathered.add(replace(tool, server=document.server or tool.server, span=places.of(tool.name)))


def _add_listed(gathered: _Gathered, document: Document) -> None:
    entries, more = listed(document)
    places = Places(document.source)
    if more:
        said = "the last page names a next page that is not here, so tools are missing"
        gathered.warn("incomplete-catalog", said, places.of(None))
    for entry in entries:
        tool = _tool(gathered, entry, places)
        if tool is not None:
            gathered.add(tool)


def _tool(gathered: _Gathered, item: Listed, places: Places) -> Tool | None:
    """One entry of a tools array as a tool; None, with a warning, where it has no name."""
    entry = item.entry
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name:
        said = f"entry {item.index} of the tools of server `{item.server}` has no name and is left out"
        gathered.warn("malformed-tool", said, places.of(None))
        return None
    span = places.of(name)
    description = _text(entry, "description")
    annotations = entry.get("annotations")
    schema = entry.get("inputSchema")
    expected = (("description", (str,)), ("annotations", (dict,)), ("inputSchema", (dict, bool)))
    for key, types in expected:
        if entry.get(key) is not None and not isinstance(entry[key], types):
            gathered.warn("malformed-tool", f"`{key}` of `{name}` is no {_WANTED[key]} and is not used", span)
    annotations = annotations if isinstance(annotations, dict) else {}
    schema = schema if isinstance(schema, dict) else None
    title = _text(entry, "title") or _text(annotations, "title") or None
    risk = classify(item.server, name, description, schema, annotations)
    digest = tool_digest(name, description, schema, annotations)
    return Tool(item.server, name, description, schema, annotations, title, digest, risk, span)


_WANTED = {"description": "text", "annotations": "object", "inputSchema": "JSON Schema object"}


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""
