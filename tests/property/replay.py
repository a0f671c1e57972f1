"""Every witness of the analysis, and random calls, through the reference: each must get the answer that the diagram states.

Run as a program for a long run: `python -m tests.property.replay --calls 1000000 --seed 1`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

from policyc.diagram.analysis import Analysis
from policyc.diagram.build import DEFAULT_BUDGET, Diagram, Leaf
from policyc.diagram.specialise import OTHER_TOOL, Tool
from policyc.record import replace
from policyc.reference import Call, decide
from tests.property import strategies
from tests.property.agreement import cell_of, value_of


def located(analysis: Analysis, tool: Tool, call: Call) -> Leaf | None:
    """The leaf of the tool's diagram that a call leads to; None where there is no diagram."""
    node: Diagram | None = analysis.diagram(tool)
    while node is not None and not isinstance(node, Leaf):
        node = node.child(cell_of(node.cells, value_of(node.var, call)))
    return node


def replay(rng: random.Random, calls: int, tally: Counter[str]) -> None:
    """One random policy: a witness of each leaf of each tool, then random calls. Raises AssertionError."""
    policy, facts = strategies.random_policy(rng), strategies.random_facts(rng)
    analysis = Analysis(policy, facts, budget=replace(DEFAULT_BUDGET, seconds=None))
    named = set(analysis.specialiser.named_tools)
    tally["policies"] += 1
    for tool in analysis.tools:
        for leaf in analysis.outcomes(tool, valid=tool is OTHER_TOOL):
            tally["leaves"] += 1
            witness = analysis.find(tool, lambda end, leaf=leaf: end == leaf, valid=tool is OTHER_TOOL)  # type: ignore[misc]
            if witness is None:
                continue
            tally["witnesses"] += 1
            asked = decide(policy, witness.call, facts)
            assert analysis.same(asked, leaf), (policy, facts, leaf, witness, asked)
            assert located(analysis, tool, witness.call) == leaf, (policy, facts, leaf, witness)
            assert (witness.call.tool == tool) if isinstance(tool, str) else (witness.call.tool not in named), witness
    for _ in range(calls):
        call = strategies.random_call(rng, policy)
        if any(given is not None and type(given) is not dict for given in (call.arguments, call.context)):
            continue  # not a call
        leaf_of_call = located(analysis, call.tool if call.tool in named else OTHER_TOOL, call)
        if leaf_of_call is None:
            tally["calls without a diagram"] += 1
            continue
        asked = decide(policy, call, facts)
        assert analysis.same(asked, leaf_of_call), (policy, facts, call, leaf_of_call, asked)
        tally["calls"] += 1


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--each", type=int, default=30, help="calls a policy")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally, started, n = Counter[str](), time.time(), 0
    while tally["calls"] < options.calls:
        try:
            replay(random.Random(f"{options.seed}/{n}"), options.each, tally)
        except AssertionError as wrong:
            print(f"policy {n} of seed {options.seed}: {wrong}")
            return 1
        n += 1
    print(", ".join(f"{count:,} {what}" for what, count in sorted(tally.items())), f"({time.time() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
