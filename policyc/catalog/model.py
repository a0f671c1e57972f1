"""What the tool knows about tools: plain frozen objects, made by `policyc.catalog.load` and read by everyone else."""

from __future__ import annotations

from typing import Any, Final, Literal

from policyc.diagnostics import PolicycError
from policyc.ir.facts import Facts, ToolFacts
from policyc.ir.model import SEVERITIES, Severity
from policyc.record import field, record
from policyc.source import Span

Category = Literal["read", "write", "execute", "destructive", "financial"]
Confidence = Literal["low", "medium", "high"]
CATEGORIES: Final[tuple[Category, ...]] = ("read", "write", "execute", "financial", "destructive")
"""From the least to the most dangerous: the order in which verdicts are raised."""

_HINT_DEFAULTS: Final = {
    "readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": True,
}  # fmt: skip
"""What a missing annotation means, by the Model Context Protocol's ToolAnnotations."""


class CatalogError(PolicycError):
    """A catalog or an overrides file that cannot be read."""


def category_rank(category: str) -> int:
    """The place of a category in CATEGORIES."""
    return CATEGORIES.index(category)


def severity_rank(severity: str) -> int:
    """The place of a severity, 0 for low."""
    return SEVERITIES.index(severity)


@record
class OperationRisk:
    """The risk of one value of a multi-operation tool's argument, such as `action: delete`."""

    argument: str
    value: str
    category: Category
    severity: Severity
    reversible: bool | None = None
    evidence: tuple[str, ...] = ()


@record
class Risk:
    """The verdict on one tool. `evidence` are sentences that a reviewer can check against the tool's own words.

    `reads_private`, `untrusted_content` and `sends_out`: whether the tool returns private data, brings text into the
    agent's context that strangers can write, and can carry data out.
    """

    category: Category
    severity: Severity
    reversible: bool | None
    confidence: Confidence
    evidence: tuple[str, ...]
    operations: tuple[OperationRisk, ...] = ()
    reads_private: bool = False
    untrusted_content: bool = False
    sends_out: bool = False


@record
class Tool:
    """One tool of one server. `digest` covers its name, description, input schema and annotations.

    `span` is about where the catalog file names it; it takes no part in equality.
    """

    server: str
    name: str
    description: str
    input_schema: dict[str, Any] | None = field(hash=False)
    annotations: dict[str, Any] = field(hash=False)
    title: str | None
    digest: str
    risk: Risk
    span: Span | None = field(default=None, compare=False, repr=False)

    def hint(self, name: str) -> bool:
        """An annotation such as `readOnlyHint`, with the protocol's default where it is missing or no boolean."""
        value = self.annotations.get(name)
        return value if isinstance(value, bool) else _HINT_DEFAULTS[name]

    def facts(self) -> ToolFacts:
        """What selectors can ask of this tool; `destructive` counts only where the tool is not read-only."""
        read_only = self.hint("readOnlyHint")
        held = {
            "readOnly": read_only,
            "destructive": self.hint("destructiveHint") and not read_only,
            "idempotent": self.hint("idempotentHint"),
            "openWorld": self.hint("openWorldHint"),
        }
        return ToolFacts(self.risk.category, self.risk.severity, frozenset(n for n, held_ in held.items() if held_))


@record
class CatalogWarning:
    """Something odd that did not stop the reading. `rule` is the slug under which the linter reports it."""

    rule: str
    message: str
    span: Span | None = None


@record
class Catalog:
    """All known tools, sorted by server and name. `digest` covers every tool and its risk, not the evidence's wording."""

    tools: tuple[Tool, ...]
    digest: str
    warnings: tuple[CatalogWarning, ...] = field(default=(), compare=False)
    _names: dict[str, tuple[Tool, ...]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        names: dict[str, tuple[Tool, ...]] = {}
        for tool in self.tools:
            names[tool.name] = (*names.get(tool.name, ()), tool)
        object.__setattr__(self, "_names", names)

    def by_name(self, name: str) -> tuple[Tool, ...]:
        """The tools of this exact name, one for each server that has it."""
        return self._names.get(name, ())

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of all servers that have a tool, sorted."""
        return tuple(sorted({t.server for t in self.tools}))

    def facts(self) -> Facts:
        """The facts that selectors need, by tool name."""
        found: dict[str, list[tuple[str, ToolFacts]]] = {}
        for tool in self.tools:
            found.setdefault(tool.name, []).append((tool.server, tool.facts()))
        return Facts({name: tuple(entries) for name, entries in found.items()}, self.digest)
