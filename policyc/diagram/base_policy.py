"""`no wider than FILE`: the policy that another one is compared with, and what the comparison says."""

from __future__ import annotations

import os
from collections.abc import Iterator

from policyc.diagnostics import Findings, PolicycError
from policyc.diagram.analysis import Analysis
from policyc.diagram.compare import Change, compare
from policyc.frontends.load import WARNING_RULES, open_source, read_policies
from policyc.ir.model import AllOf, AnyOf, Except, Fact, Policy, Property, Selector


def widening(analysis: Analysis, prop: Property) -> tuple[Change | None, str | None]:
    """A region of calls that the policy lets further than the one in the property's file does; or why it is not decided whether
    there is one; or neither. The file is read anew."""
    try:
        base = base_policy(prop, analysis.policy.name)
    except PolicycError as reason:
        return None, str(reason)
    asks = next((f for rule in base.rules for f in _facts(rule.selector)), None)
    if asks is not None and analysis.catalog is None:
        return None, f"`{prop.file}` asks the tool catalog (`{asks.kind}:{asks.value}`), and there is none"
    comparison = compare(Analysis(base, analysis.facts, analysis.catalog), analysis)
    wider = sorted((c for c in comparison.changes if c.widening), key=lambda c: not c.valid)
    if wider:
        return wider[0], None
    for tool, why in comparison.undecided.items():
        return None, f"`{tool}`: {why}"
    return None, None


def base_policy(prop: Property, name: str) -> Policy:
    """The policy in the property's file: the only one there, or the one of this name. The path is relative to the file in
    which the property stands. Raises PolicycError with the reason where there is none."""
    assert prop.file is not None
    where = prop.span.source.path if prop.span is not None else ""
    findings = Findings()
    source = open_source(os.path.join(os.path.dirname(where), prop.file), findings)
    policies = [] if source is None else read_policies(source, findings)
    errors = [f for f in findings.items if f.rule not in WARNING_RULES]
    if errors:
        raise PolicycError(f"`{prop.file}` has an error: {errors[0].message} ({errors[0].span})")
    named = [p for p in policies if p.name == name] or policies
    if len(named) != 1:
        raise PolicycError(f"`{prop.file}` has {len(named)} policies, and none of them is called `{name}`")
    return named[0]


def _facts(selector: Selector) -> Iterator[Fact]:
    match selector:
        case Fact():
            yield selector
        case AnyOf() | AllOf():
            for item in selector.items:
                yield from _facts(item)
        case Except():
            yield from _facts(selector.item)
