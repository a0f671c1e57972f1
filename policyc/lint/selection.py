"""What lint rules ask of the catalog, answered fast: which tools a selector selects, and what a tool's schema says of a path.

Selecting asks every leaf of a selector once and combines sets, so that thousands of tools and hundreds of rules stay cheap.
Every tool of the catalog is on a known server and has known facts, so there is no undefined here.
"""

from __future__ import annotations

from policyc.catalog.model import Catalog, Tool
from policyc.catalog.schema import ArgumentInfo, NotThere, Steps, Unknown, lookup
from policyc.ir.model import AllOf, AnyOf, AnyTool, Except, Fact, OnServer, Selector, ToolGlob, ToolName
from policyc.runtime.patterns import glob_match

Indexes = frozenset[int]
Found = ArgumentInfo | Unknown | NotThere
NONE: Indexes = frozenset()


class Selection:
    """One catalog's tools by their indexes, with answers remembered."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.tools: tuple[Tool, ...] = catalog.tools
        self.everything: Indexes = frozenset(range(len(self.tools)))
        self._facts = [tool.facts() for tool in self.tools]
        self._by_name: dict[str, set[int]] = {}
        self._by_server: dict[str, set[int]] = {}
        for i, tool in enumerate(self.tools):
            self._by_name.setdefault(tool.name, set()).add(i)
            self._by_server.setdefault(tool.server, set()).add(i)
        self._known: dict[Selector, Indexes] = {}
        self._lookups: dict[tuple[int, Steps], Found] = {}

    @property
    def servers(self) -> tuple[str, ...]:
        """The servers' names, sorted."""
        return tuple(sorted(self._by_server))

    def names(self, server: str | None = None) -> list[str]:
        """The tools' names, of one server or of all, sorted, each once."""
        if server is None:
            return sorted(self._by_name)
        return sorted({self.tools[i].name for i in self._by_server.get(server, ())})

    def homes(self, name: str) -> list[str]:
        """The servers that have a tool of exactly this name, sorted."""
        return sorted({self.tools[i].server for i in self._by_name.get(name, ())})

    def selected(self, selector: Selector) -> list[Tool]:
        """The tools that the selector selects, in the catalog's order."""
        return [self.tools[i] for i in sorted(self.indexes(selector))]

    def indexes(self, selector: Selector) -> Indexes:
        """The same as indexes into `tools`."""
        known = self._known.get(selector)
        if known is None:
            known = self._known[selector] = self._select(selector)
        return known

    def _select(self, selector: Selector) -> Indexes:
        match selector:
            case ToolName():
                return self._on(selector.server, frozenset(self._by_name.get(selector.name, ())))
            case ToolGlob():
                matches = glob_match(selector.pattern)
                return self._on(
                    selector.server, frozenset(i for n, at in self._by_name.items() if matches(n) for i in at)
                )
            case OnServer():
                return frozenset(self._by_server.get(selector.server, ()))
            case Fact():
                return frozenset(i for i, f in enumerate(self._facts) if f.holds(selector.kind, selector.value))
            case AnyTool():
                return self.everything
            case AnyOf():
                return NONE.union(*map(self.indexes, selector.items))
            case AllOf():
                return self.everything.intersection(*map(self.indexes, selector.items))
            case Except():
                return self.everything - self.indexes(selector.item)

    def _on(self, server: str | None, indexes: Indexes) -> Indexes:
        return indexes if server is None else indexes & self._by_server.get(server, set())

    def argument(self, index: int, steps: Steps) -> Found:
        """What the input schema of the tool at an index says of a path into its arguments."""
        key = (index, steps)
        known = self._lookups.get(key)
        if known is None:
            known = self._lookups[key] = lookup(self.tools[index].input_schema, steps)
        return known


_latest: list[Selection] = []


def selection(catalog: Catalog) -> Selection:
    """The catalog's Selection; that of the catalog asked for last is kept."""
    if not _latest or _latest[0].catalog is not catalog:
        _latest[:] = [Selection(catalog)]
    return _latest[0]
