"""`policyc verify`: each property of a policy proved, refuted by a call, or left open with the reason."""

from __future__ import annotations

from collections.abc import Iterable

from policyc.catalog.model import Catalog
from policyc.diagram.properties import Prover, Verdict
from policyc.ir.facts import Facts
from policyc.ir.model import Policy, Property

__all__ = ["Verdict", "verify"]


def verify(
    policy: Policy, facts: Facts, catalog: Catalog | None = None, properties: Iterable[Property] | None = None
) -> list[Verdict]:
    """The verdict on each property, in their order; `properties` None: those that the policy itself declares.

    A property that asks the catalog (`category:…`) must not be given without one. Raises nothing else.
    """
    prover = Prover(policy, facts, catalog)
    return [prover.judge(p) for p in (policy.properties if properties is None else properties)]
