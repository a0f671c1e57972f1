"""The two files of our own that people commit, as pydantic models: `catalog.json` and `catalog.overrides.yaml`.

Their JSON Schemas come from here. Imported only where such a file is read: pydantic is slow to load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from policyc.catalog.model import CatalogError

_Category = Literal["read", "write", "execute", "destructive", "financial"]
_Severity = Literal["low", "medium", "high", "critical"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class OperationDocument(_Strict):
    argument: str
    value: str
    category: _Category
    severity: _Severity
    reversible: bool | None
    evidence: list[str]


class RiskDocument(_Strict):
    category: _Category
    severity: _Severity
    reversible: bool | None
    confidence: Literal["low", "medium", "high"]
    evidence: list[str]
    operations: list[OperationDocument] = []
    reads_private: bool
    untrusted_content: bool
    sends_out: bool


class ToolDocument(_Strict):
    name: str
    title: str | None = None
    description: str
    input_schema: dict[str, Any] | None = Field(alias="inputSchema")
    annotations: dict[str, Any]
    digest: str
    risk: RiskDocument


class ServerDocument(_Strict):
    name: str
    tools: list[ToolDocument]


class CatalogDocument(_Strict):
    """`catalog.json`, as `policyc catalog build` writes it."""

    format: Literal["policyc-catalog"]
    version: Literal[1]
    digest: str
    servers: list[ServerDocument]


class OverrideDocument(_Strict):
    """One correction of the classifier."""

    tool: str = Field(min_length=1, description="a tool's exact name, or a glob with `*` and `?`")
    server: str | None = Field(default=None, description="only on this server (exact, or a glob)")
    operation: str | None = Field(default=None, description="only this value of a multi-operation tool")
    category: _Category | None = None
    severity: _Severity | None = None
    reversible: bool | None = None
    reason: str = Field(min_length=1, description="why the classifier is wrong here")

    @model_validator(mode="after")
    def _changes_something(self) -> OverrideDocument:
        if self.category is None and self.severity is None and self.reversible is None:
            raise ValueError("expected at least one of `category`, `severity` and `reversible`")
        return self


class OverridesDocument(_Strict):
    """`catalog.overrides.yaml`."""

    overrides: list[OverrideDocument]


_Model = TypeVar("_Model", bound=BaseModel)
Route = tuple[int | str, ...]


def parse(model: type[_Model], value: Any, place: Callable[[Route], str], what: str) -> _Model:
    """Validate a decoded document; the first problem becomes one CatalogError. `place` turns a route into `file:line:column`."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CatalogError(f"{place(first['loc'])}: {_route(first['loc']) or what}: {problem(first)}") from None


def _route(loc: Route) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).lstrip(".")


def problem(error: Any) -> str:
    """A validation error of pydantic in our words."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return "this key is missing"
    if kind == "extra_forbidden":
        return "this key is not known here"
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return f"expected {str(context['expected']).replace(chr(39), '`')}"
    text = str(error["msg"])
    return text[:1].lower() + text[1:]
