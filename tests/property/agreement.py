"""Reference, diagram and table (diagrams, and rule lists) on the same calls: they must agree on everything that they answer.

Run as a program for a long run: `python -m tests.property.agreement --pairs 200000 --seed 1`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from typing import Any

from policyc.diagram.build import Budget, Builder, Diagram, Leaf
from policyc.diagram.cell import Cell, probe_function
from policyc.diagram.cells import Partition
from policyc.diagram.formula import SERVER, TOOL, Var
from policyc.diagram.specialise import OTHER_TOOL, Specialiser
from policyc.ir.facts import Facts
from policyc.ir.model import Policy
from policyc.reference import Call, Outcome, decide, visible
from policyc.runtime.table import Table
from policyc.runtime.values import MISSING, follow, kind
from policyc.table.encode import compile_table
from tests.property import strategies


class Compiled:
    """One policy as its diagrams and as a table that went through bytes."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        self.policy, self.facts = policy, facts
        self.spec = Specialiser(policy, facts)
        builder = Builder(Budget(seconds=None))
        self.diagrams = {t: builder.build(self.spec.program(t)) for t in (OTHER_TOOL, *self.spec.named_tools)}
        self.table = Table(compile_table([policy], facts))
        self.listed = Table(compile_table([policy], facts, budget=Budget(nodes=0, seconds=None)))

    def by_diagram(self, call: Call) -> Leaf:
        node: Diagram = self.diagrams.get(call.tool, self.diagrams[OTHER_TOOL])
        while not isinstance(node, Leaf):
            node = node.child(cell_of(node.cells, value_of(node.var, call)))
        return node


def value_of(var: Var, call: Call) -> Any:
    if var == SERVER:
        return MISSING if call.server is None else call.server
    if var == TOOL:
        return call.tool
    root = call.arguments if var[0] == "args" else call.context
    return follow(root if isinstance(root, dict) else {}, var[1])


def cell_of(cells: Partition, value: Any) -> Cell:
    """The cell that holds a value: found by the probes, and it must be one that the partition lists."""
    truths = tuple(probe_function(p)(value) for p in cells.probes)
    for cell in cells.cells():
        if cell.truths == truths and cell.kind == kind(value):
            return cell
    raise AssertionError(f"no cell for {value!r} with {truths} under {cells.probes}")


def disagreement(compiled: Compiled, call: Call) -> str | None:
    """What is answered differently for one call, in words; None when nothing is."""
    policy, rules = compiled.policy, compiled.spec.rules
    for given in (call.arguments, call.context):
        if given is not None and type(given) is not dict:
            return None  # not a call: the table raises TypeError
    truth: Outcome = decide(policy, call, compiled.facts)
    leaf = compiled.by_diagram(call)
    said = (truth.effect, truth.rule.id if truth.rule else None, tuple(r.id for r in truth.limits))
    by_leaf = (leaf.effect, rules[leaf.rule].id if leaf.rule >= 0 else None, tuple(rules[i].id for i in leaf.limits))
    if said != by_leaf:
        return f"reference {said}, diagram {by_leaf}"
    for name, table in (("table", compiled.table), ("table of rule lists", compiled.listed)):
        d = table.decide(call.tool, call.arguments, call.context, server=call.server)
        by_table = (d.effect, d.rule, tuple(x.id for x in d.limits))
        if said != by_table or d.hidden != truth.hidden:
            return f"reference {said}, {name} {by_table}"
        shown = bool(table.visible([call.tool], server=call.server))
        if shown != visible(policy, call.tool, call.server, compiled.facts):
            return f"visibility: {name} {shown}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=200_000)
    parser.add_argument("--calls", type=int, default=20, help="calls a policy")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, done, policies, started = random.Random(options.seed), 0, 0, time.time()
    while done < options.pairs:
        policy, facts = strategies.random_policy(rng), strategies.random_facts(rng)
        compiled = Compiled(policy, facts)
        policies += 1
        for _ in range(options.calls):
            call = strategies.random_call(rng, policy)
            wrong = disagreement(compiled, call)
            if wrong is not None:
                print(f"policy {policies}: {wrong}\n{call}\n{policy}\n{facts}")
                return 1
            done += 1
    print(f"{done:,} pairs of {policies:,} policies agree ({time.time() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
