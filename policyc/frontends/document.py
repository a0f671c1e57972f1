"""The policy document (JSON or YAML, one shape) to IR. Its meaning is stated in docs/language.md, "The policy document"."""

from __future__ import annotations

from pathlib import Path

from policyc.diagnostics import Findings
from policyc.frontends.document_rules import Rules
from policyc.frontends.reading import name_from, text_of
from policyc.ir.model import Policy
from policyc.ir.names import assign_ids
from policyc.source import Source
from policyc.syntax.shape import Shape
from policyc.syntax.tree import Map, Node, describe, first_character, to_python

SHAPE = Shape(Path(__file__).with_name("document_shape.json"))


def read(tree: Node, source: Source, findings: Findings) -> Policy | None:
    """The document's policy, or None when it has a fault; every fault that can be found at once is reported."""
    if not isinstance(tree, Map):
        message = f"expected a policy document, a mapping with `version` and `default`, found {describe(tree)}"
        findings.add("wrong-type", message, first_character(tree))
        return None
    problems = Findings()
    if not SHAPE.fits(to_python(tree)):
        from policyc.frontends.document_errors import validate

        validate(tree, problems)
    rules = Rules(problems)
    rules.block(tree, "", None)
    rules.verify(tree.get("verify"))
    faults = [f for f in problems.items if f.rule != "deprecated-spelling"]
    if rules.incomplete and not faults:
        # The check above and the builder disagree about what a document may hold: refuse, never guess.
        problems.add("invalid-value", "a part of this document could not be read", first_character(tree))
        faults = problems.items
    findings.items.extend(problems.items)
    default = tree.get("default")
    word = text_of(default)
    if faults or default is None or word not in ("allow", "deny"):
        return None
    return Policy(
        text_of(tree.get("name")) or name_from(source.path),
        "allow" if word == "allow" else "deny",
        assign_ids(rules.complete()),
        "document",
        text_of(tree.get("description")),
        tree.span,
        default.span,
        tuple(rules.properties),
    )
