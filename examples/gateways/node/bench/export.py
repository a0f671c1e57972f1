"""The workload of `benchmarks/` for another language: `python examples/gateways/node/bench/export.py FOLDER`, from the root.

Writes for each number of tools N.table, and N.json: per tool its denials and allows (groups of `[field, operator, value]` of which one group must hold), the
calls, and whether each is allowed; and load.table, the table of `python -m benchmarks.load`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from benchmarks import scale, workload
from policyc.diagnostics import Findings
from policyc.frontends.load import read_policies
from policyc.ir.facts import NO_FACTS
from policyc.ir.model import And, Policy, Test, ToolName
from policyc.source import Source
from policyc.table.encode import compile_table

SIZES = (20, 500, 10_000)


def plan(policy: Policy) -> dict[str, dict[str, list[Any]]]:
    """Each tool's groups, read off the rules; the rule that holds for several tools stands with each of them."""
    names = dict.fromkeys(rule.selector.name for rule in policy.rules if isinstance(rule.selector, ToolName))
    tools: dict[str, dict[str, list[Any]]] = {name: {"deny": [], "allow": []} for name in names}
    for rule in policy.rules:
        tests = () if rule.when is None else rule.when.items if isinstance(rule.when, And) else (rule.when,)
        group = [[".".join(map(str, t.path.steps)), t.op, t.value] for t in tests if isinstance(t, Test)]
        named = (
            [rule.selector.name] if isinstance(rule.selector, ToolName) else [n for n in names if n.startswith("pay_")]
        )
        for name in named:
            tools[name][rule.effect].append(group)
    return tools


def main(folder: Path) -> None:
    """Write the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        policy, closures, calls = workload.make(size)
        (folder / f"{size}.table").write_bytes(compile_table([policy], NO_FACTS))
        told = {"plan": plan(policy), "calls": calls, "allowed": [closures(*call) for call in calls]}
        (folder / f"{size}.json").write_text(json.dumps(told))
    policies = read_policies(Source("big.policy", scale.policy_text(10_000)), Findings())
    (folder / "load.table").write_bytes(compile_table(policies, NO_FACTS))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
