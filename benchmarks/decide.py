"""Decision time of a loaded table against hand-written Python closures for the same policy, as a ratio of CPU time.

    python -m benchmarks.decide [--tools 20,500,10000] [--rounds 30]

Both decide the same 4,000 calls, interleaved in shuffled order; every decision is checked to agree first. The closures answer yes or
no; the table answers effect, rule, reason and limits. The median and the 99th percentile are of single calls, timed one by one in a
round of their own, the two clock reads (about 0.05 us) included.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

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
        "| tools | rules | compile, s | table, KB | load to first decision, ms | closures, us | table, us | table / closures "
        "| closures p50, p99, us | table p50, p99, us |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
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
    single = {name: singly(function, calls) for name, function in (("closures", closures), ("table", decide))}
    ratio = statistics.median(t / c for t, c in zip(taken["table"], taken["closures"], strict=True))
    print(
        f"| {tools:,} | {len(policy.rules):,} | {compiling:.2f} | {len(data) / 1000:,.0f} | {loading * 1000:.1f} "
        f"| {statistics.median(taken['closures']):.2f} | {statistics.median(taken['table']):.2f} | **{ratio:.2f}** "
        f"| {single['closures']} | {single['table']} |"
    )


def singly(function: Callable[..., object], calls: list[tuple[str, dict[str, Any]]]) -> str:
    """Median and 99th percentile of single calls in microseconds."""
    clock, times = time.perf_counter_ns, []
    for tool, args in calls:
        started = clock()
        function(tool, args)
        times.append(clock() - started)
    times.sort()
    return f"{times[len(times) // 2] / 1000:.2f}, {times[len(times) * 99 // 100] / 1000:.2f}"


if __name__ == "__main__":
    main()
