"""One rule over one text, with every witness replayed: what the tests of the limits and conflicts families ask."""

from __future__ import annotations

from policyc.catalog.model import Catalog
from policyc.config import DEFAULT
from policyc.diagnostics import Finding, Findings
from policyc.frontends.load import read_policies
from policyc.ir.facts import NO_FACTS
from policyc.lint.context import Context
from policyc.lint.registry import rules
from policyc.reference import Call, Outcome, decide
from policyc.source import Source


def judged(slug: str, text: str, known: Catalog | None = None) -> list[tuple[Finding, Outcome | None]]:
    """The rule's findings in a DSL policy, each with what the reference makes of its witness."""
    source, findings = Source("p.policy", text), Findings()
    policies = read_policies(source, findings)
    assert policies, [f.message for f in findings.items]
    facts = NO_FACTS if known is None else known.facts()
    out: list[tuple[Finding, Outcome | None]] = []
    for policy in policies:
        check = rules()[slug].check
        assert check is not None
        for finding in check(Context(policy, source, known, facts, DEFAULT)):
            w = finding.witness
            outcome = None
            if w is not None:
                outcome = decide(policy, Call(w["tool"], w["arguments"], w.get("context", {}), w.get("server")), facts)
            out.append((finding, outcome))
    return out


def said(slug: str, text: str, known: Catalog | None = None) -> list[str]:
    """The messages alone."""
    return [finding.message for finding, _ in judged(slug, text, known)]
