"""One rule over one text: what the tests of the catalog and holes families ask again and again."""

from __future__ import annotations

from typing import Any

from policyc.catalog.model import Catalog, Risk, Tool
from policyc.config import DEFAULT
from policyc.diagnostics import Finding, Findings
from policyc.frontends.load import read_policies
from policyc.ir.facts import NO_FACTS
from policyc.lint.context import Context
from policyc.lint.registry import rules
from policyc.reference import Call, decide
from policyc.source import Source


def tool(
    name: str,
    properties: dict[str, Any] | None = None,
    *,
    required: tuple[str, ...] = (),
    server: str = "shop",
    category: Any = "write",
    closed: bool = False,
    schema: dict[str, Any] | None = None,
) -> Tool:
    """A tool; without `properties` and `schema` it has no input schema."""
    if schema is None and properties is not None:
        schema = {"type": "object", "properties": properties, "required": list(required)}
        if closed:
            schema["additionalProperties"] = False
    return Tool(server, name, "", schema, {}, None, "0", Risk(category, "low", None, "low", ()))


def catalog(*tools: Tool) -> Catalog:
    return Catalog(tuple(sorted(tools, key=lambda t: (t.server, t.name))), "digest")


def found(slug: str, text: str, known: Catalog | None = None, path: str = "p.policy") -> list[Finding]:
    """What one rule finds in one text; every witness is replayed through the reference and must not be denied."""
    source, findings = Source(path, text), Findings()
    policies = read_policies(source, findings)
    assert policies, [f.message for f in findings.items]
    facts = NO_FACTS if known is None else known.facts()
    out: list[Finding] = []
    for policy in policies:
        check = rules()[slug].check
        assert check is not None
        for finding in check(Context(policy, source, known, facts, DEFAULT)):
            assert finding.rule == slug
            assert finding.message[0] not in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" and not finding.message.endswith(".")
            if finding.witness is not None:
                w = finding.witness
                call = Call(w["tool"], w["arguments"], w.get("context", {}), w.get("server"))
                assert decide(policy, call, facts).effect != "deny", w
            out.append(finding)
    return out


def marked(findings: list[Finding]) -> list[str]:
    """The texts that the findings point at."""
    return [f.span.text for f in findings]


def fixed(text: str, findings: list[Finding]) -> str:
    """The text with every edit of the findings made; each must be one that is asked for."""
    edits = [e for f in findings for e in f.edits]
    assert all(not e.safe for e in edits)
    for edit in sorted(edits, key=lambda e: -e.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text
