"""One meaning: the reference, the diagram and the table (through bytes) decide every call alike."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyc.diagram.analysis import Analysis
from policyc.reference import decide
from tests.property import strategies
from tests.property.agreement import Compiled, disagreement

PATIENT = settings(deadline=None, suppress_health_check=list(HealthCheck))


@PATIENT
@given(st.data())
def test_reference_diagram_and_table_agree(data: st.DataObject) -> None:
    policy = data.draw(strategies.policies())
    compiled = Compiled(policy, data.draw(strategies.facts(policy)))
    for _ in range(5):
        call = data.draw(strategies.calls(policy))
        wrong = disagreement(compiled, call)
        assert wrong is None, f"{wrong} for {call}"


def test_they_agree_on_many_generated_calls() -> None:
    """The continuous run's part of `python -m tests.property.agreement --pairs 200000`."""
    rng = random.Random(20)
    for _ in range(250):
        policy, facts = strategies.random_policy(rng), strategies.random_facts(rng)
        compiled = Compiled(policy, facts)
        for _ in range(40):
            call = strategies.random_call(rng, policy)
            wrong = disagreement(compiled, call)
            assert wrong is None, f"{wrong} for {call} under {policy} with {facts}"


def test_every_outcome_of_a_call_is_among_those_the_analysis_lists_and_every_witness_replays() -> None:
    rng = random.Random(30)
    shown = listed = 0
    for _ in range(60):
        policy, facts = strategies.random_policy(rng), strategies.random_facts(rng)
        analysis = Analysis(policy, facts)
        leaves = {tool: analysis.outcomes(tool) for tool in analysis.tools}
        for _ in range(20):
            call = strategies.random_call(rng, policy)
            tool = call.tool if call.tool in leaves else analysis.tools[-1]
            outcome = decide(policy, call, facts)
            assert any(analysis.same(outcome, leaf) for leaf in leaves[tool]), (call, outcome)
        for tool, found in leaves.items():
            for leaf in found:
                listed += 1
                witness = analysis.find(tool, lambda end, leaf=leaf: end == leaf)
                if witness is not None:
                    shown += 1
                    assert analysis.same(decide(policy, witness.call, facts), leaf)
    assert listed > 200 and shown > 0.97 * listed
