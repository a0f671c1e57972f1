"""`catalog.overrides.yaml`: corrections of the classifier, by tool or glob, each with its reason. An override always wins."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from re import compile as compile_pattern
from re import escape
from typing import Any

from policyc.catalog.build import make_catalog
from policyc.catalog.model import Catalog, CatalogError, CatalogWarning, Category, OperationRisk, Risk, Tool
from policyc.catalog.reading import read_text
from policyc.ir.model import Severity
from policyc.record import record
from policyc.source import Source, Span


@record
class Override:
    """One correction, with where it stands."""

    tool: str
    server: str | None
    operation: str | None
    category: Category | None
    severity: Severity | None
    reversible: bool | None
    reason: str
    span: Span

    def selects(self, tool: Tool) -> bool:
        """Whether the correction is about this tool (and, with `operation`, whether the tool has that value)."""
        if not _matches(self.tool, tool.name) or (self.server is not None and not _matches(self.server, tool.server)):
            return False
        return self.operation is None or any(o.value == self.operation for o in tool.risk.operations)


def _matches(pattern: str, text: str) -> bool:
    """The policy language's globs: `*` and `?` only; everything else is literal, case included."""
    parts = "".join(".*" if c == "*" else "." if c == "?" else escape(c) for c in pattern)
    return compile_pattern(f"(?s:{parts})\\Z").match(text) is not None


def apply_overrides(catalog: Catalog, path: str) -> Catalog:
    """The catalog with the corrections of the file, in the order written, so that a later one wins over an earlier.

    A correction that selects no tool becomes a `stale-override` warning. Raises CatalogError for a file that cannot be
    read or understood.
    """
    overrides = read_overrides(path)
    tools, used = [], set()
    for tool in catalog.tools:
        for index, override in enumerate(overrides):
            if override.selects(tool):
                used.add(index)
                tool = replace(tool, risk=_corrected(tool.risk, override))
        tools.append(tool)
    stale = [
        CatalogWarning("stale-override", f"this override of {_described(o)} matches no tool of the catalog", o.span)
        for index, o in enumerate(overrides)
        if index not in used
    ]
    return make_catalog(tools, [*catalog.warnings, *stale])


def _described(override: Override) -> str:
    text = f"`{override.tool}`"
    if override.operation is not None:
        text += f" operation `{override.operation}`"
    return text if override.server is None else f"{text} on server `{override.server}`"


def _corrected(risk: Risk, override: Override) -> Risk:
    if override.operation is not None:
        operations = tuple(
            _corrected_operation(o, override) if o.value == override.operation else o for o in risk.operations
        )
        return replace(risk, operations=operations)
    return replace(
        risk,
        category=override.category or risk.category,
        severity=override.severity or risk.severity,
        reversible=risk.reversible if override.reversible is None else override.reversible,
        confidence="high",
        evidence=(*risk.evidence, _evidence(risk, override)),
    )


def _corrected_operation(risk: OperationRisk, override: Override) -> OperationRisk:
    return replace(
        risk,
        category=override.category or risk.category,
        severity=override.severity or risk.severity,
        reversible=risk.reversible if override.reversible is None else override.reversible,
        evidence=(*risk.evidence, _evidence(risk, override)),
    )


def _evidence(risk: Risk | OperationRisk, override: Override) -> str:
    changes = []
    for name in ("category", "severity", "reversible"):
        new, old = getattr(override, name), getattr(risk, name)
        if new is not None:
            changes.append(f"{name} {_word(new)}" + ("" if new == old else f" (was {_word(old)})"))
    return f"override: {', '.join(changes)}: {' '.join(override.reason.split())}"


def _word(value: Any) -> str:
    return {True: "yes", False: "no", None: "unknown"}.get(value, value) if not isinstance(value, str) else value


# --- reading the file ----------------------------------------------------------------------------------------------


def read_overrides(path: str) -> tuple[Override, ...]:
    """The corrections of a file, with spans. Raises CatalogError."""
    import yaml

    from policyc.catalog.document import OverridesDocument, parse

    source = Source(path, read_text(Path(path), "an overrides file"))
    try:
        root = yaml.compose(source.text, Loader=yaml.SafeLoader)
        document = {"overrides": []} if root is None else _plain(root, source, set())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
        said = getattr(error, "problem", None) or "it cannot be read"
        raise CatalogError(f"{place}: this is not YAML: {said}") from None
    except RecursionError:
        raise CatalogError(f"{path}: this YAML is nested too deep to be an overrides file") from None
    if not isinstance(document, dict):
        raise CatalogError(f"{path}:1:1: expected a mapping with the key `overrides`")
    parsed = parse(OverridesDocument, document, partial(_place, root, path), "overrides")
    spans = _item_spans(root, source)
    return tuple(Override(**entry.model_dump(), span=span) for entry, span in zip(parsed.overrides, spans, strict=True))


def _plain(node: Any, source: Source, seen: set[int]) -> Any:
    """A node as plain data: YAML 1.2's booleans and nulls only, everything else a string; no aliases, no duplicate keys."""
    import yaml

    place = f"{source.path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
    if id(node) in seen:
        raise CatalogError(f"{place}: YAML aliases are not read here, write the value out")
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, source, seen) for child in node.value]
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _plain(key_node, source, seen)
            if not isinstance(key, str) or key in out:
                line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
                said = f"the key `{key}` stands here twice" if isinstance(key, str) else "expected a plain word as key"
                raise CatalogError(f"{source.path}:{line}:{column}: {said}")
            out[key] = _plain(value_node, source, seen)
        return out
    if node.style is None:  # plain, not quoted
        constants = {"true": True, "false": False, "null": None, "~": None, "": None}
        return constants.get(node.value, node.value)
    return node.value


def _place(root: Any, path: str, route: tuple[int | str, ...]) -> str:
    """Where the value at the end of a route stands, or the nearest value around it."""
    import yaml

    if root is None:
        return f"{path}:1:1"

    node = root
    for step in route:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), node)
    return f"{path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _item_spans(root: Any, source: Source) -> list[Span]:
    if root is None:
        return []
    items: list[Any] = next((value.value for key, value in root.value if key.value == "overrides"), [])
    return [Span(source, item.start_mark.index, item.end_mark.index) for item in items]
