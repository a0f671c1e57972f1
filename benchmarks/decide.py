"""Decision time of a loaded table against hand-written Python closures for the same policy, as a ratio of CPU time.

    python -m benchmarks.decide [--tools 20,500,10000] [--rounds 30]

Both decide the same 4,000 calls, interleaved in shuffled order; every decision is checked to agree first. The closures answer yes or
no; the table answers effect, rule, reason and limits.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time

from benchmarks.workload import make
from policyc.ir.facts import NO_FACTS
from policyc.runtime.table import Table
from policyc.table.encode import compile_table


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tools", default="20,500,10000")
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    print(
        "| tools | rules | compile, s | table, KB | load to first decision, ms | closures, us | table, us | table / closures |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for tools in map(int, options.tools.split(",")):
        measure(tools, options.rounds)


def measure(tools: int, rounds: int) -> None:
    """One row."""
    policy, closures, calls = make(tools)
    started = time.process_time()
    data = compile_table([policy], NO_FACTS)
    compiling = time.process_time() - started
    started = time.process_time()
    Table(data).decide(*calls[0])
    loading = time.process_time() - started
    table = Table(data)
    decide = table.decide
    wrong = sum(decide(tool, args).allowed != closures(tool, args) for tool, args in calls)
    if wrong:
        raise SystemExit(f"{wrong} decisions differ")
    gc.collect()
    gc.freeze()
    taken: dict[str, list[float]] = {"closures": [], "table": []}
    for _ in range(rounds):
        order = [("closures", closures), ("table", decide)]
        random.shuffle(order)
        for name, function in order:
            started = time.process_time()
            for tool, args in calls:
                function(tool, args)
            taken[name].append((time.process_time() - started) / len(calls) * 1e6)
    ratio = statistics.median(t / c for t, c in zip(taken["table"], taken["closures"], strict=True))
    print(
        f"| {tools:,} | {len(policy.rules):,} | {compiling:.2f} | {len(data) / 1000:,.0f} | {loading * 1000:.1f} "
        f"| {statistics.median(taken['closures']):.2f} | {statistics.median(taken['table']):.2f} | **{ratio:.2f}** |"
    )


if __name__ == "__main__":
    main()
