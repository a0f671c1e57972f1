"""Lint, compile and diff at sizes that nobody writes by hand: `python -m benchmarks.scale`.

Every step is the real command line in a process of its own, so times have the start-up in them and memory is the process's peak. The
generated policies are of one shape at every size, which makes the growth's exponent meaningful: log(time ratio) / log(rule ratio).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SIZES = (500, 10_000, 100_000)
IN_ONE_FILE = 10_000
"""Tools in one policy and file; more are several policies (a file of more than 10 MB is not read)."""
ON_ONE_TOOL = (10, 100, 1_000)
VERBS = ("create", "update", "send", "push", "read", "list", "delete")
FOLDERS = ("srv/data/", "srv/app/", "scratch/", "etc/")


def policy_text(tools: int, seed: int = 1) -> str:
    """A DSL policy of about two rules a tool: requirements, denials, approvals and limits on six arguments, with wide rules below."""
    rng = random.Random(seed)
    blocks = [f'policy "scale-{seed}"\ndefault deny\n\nallow read_*, list_*\n']
    for i in range(tools):
        verb = rng.choice(VERBS)
        lines = [rng.choice(RULES)(rng) for _ in range(rng.choice((1, 2, 3)))]
        blocks.append(f"on {verb}_thing_{seed}_{i} {{\n" + "".join(f"  {line}\n" for line in lines) + "}\n")
    blocks.append('on * { limit 600 per minute by grant }\ndeny delete_* "nothing is deleted"\n')
    return "\n".join(blocks)


RULES: tuple[Callable[[random.Random], str], ...] = (
    lambda rng: f'deny when args.amount > {rng.choice((100, 1_000, 50_000))} "over the cap"',
    lambda rng: f"require args.amount >= {rng.randrange(10)}",
    lambda rng: f"require args.currency in {json.dumps(rng.sample(['usd', 'eur', 'gbp', 'jpy'], 2))}",
    lambda rng: f'deny when args.branch in ["main"] or args.branch like "release/{rng.randrange(10)}*"',
    lambda rng: f'require args.path starts_with "{rng.choice(FOLDERS)}"',
    lambda rng: f'approve when args.amount > {rng.randrange(10, 5_000)} by "finance"',
    lambda rng: f'require args.name matches r"^[a-z{rng.choice("_-.")}]+$"',
    lambda rng: f"limit {rng.randrange(1, 60)} per minute by grant",
)


def catalog_text(policy: str) -> str:
    """A catalog of the policy's tools."""
    schema = {
        "type": "object",
        "properties": {
            "amount": {"type": "integer", "minimum": 0},
            "currency": {"type": "string"},
            "branch": {"type": "string"},
            "path": {"type": "string"},
            "name": {"type": "string"},
        },
        "required": ["amount", "currency"],
    }
    names = [line.split()[1] for line in policy.splitlines() if line.startswith("on ") and "thing" in line]
    tools = [
        {"name": n, "description": f"{n.split('_')[0].capitalize()} a thing.", "inputSchema": schema} for n in names
    ]
    return json.dumps({"serverInfo": {"name": "things", "version": "1"}, "tools": tools})


def one_tool(rules: int, seed: int = 1) -> str:
    """One tool with many rules over six paths: random intervals, sets and patterns, all different."""
    rng = random.Random(seed)
    lines = []
    for i in range(rules):
        path = f"args.p{rng.randrange(6)}"
        low = rng.randrange(10**6)
        test = rng.choice(
            (
                f"{path} >= {low} and {path} <= {low + rng.randrange(1, 10**4)}",
                f"{path} in {json.dumps([f'v{rng.randrange(10**4)}' for _ in range(3)])}",
                f'{path} like "{rng.choice("abcdef")}{rng.randrange(100)}*"',
                f'{path} matches r"^[a-f]{{{rng.randrange(1, 5)}}}{rng.randrange(100)}"',
            )
        )
        other = f"args.p{rng.randrange(6)}"
        effect = rng.choice(("deny", "deny", "approve"))
        lines.append(f'  {effect} when {test} and {other} != {rng.randrange(1000)} "reason {i % 7}"')
    return 'policy "one"\ndefault deny\non transfer {\n' + "\n".join(lines) + "\n}\n"


def run(*words: str, codes: tuple[int, ...] = (0, 1)) -> tuple[float, float, str]:
    """CPU seconds, peak megabytes and standard output of one command."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([sys.executable, "-m", "policyc", *words], stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    if code not in codes:
        raise SystemExit(f"policyc {' '.join(words)} ended with {code}: {texts[1][-500:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, texts[0]


def growth(small: float, large: float, rules: float) -> str:
    return f"{math.log(large / small) / math.log(rules):.2f}"


def sizes(folder: Path, counts: tuple[int, ...]) -> None:
    """Lint and compile at growing sizes."""
    print("| tools | rules | lint, s | lint, MB | compile, s | compile, MB | growth of both together |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    before: tuple[int, float] | None = None
    for count in counts:
        parts = [policy_text(min(count, IN_ONE_FILE), seed) for seed in range(1, 1 + max(1, count // IN_ONE_FILE))]
        text = "".join(parts)
        policy, catalog = folder / str(count), folder / f"{count}.json"
        policy.mkdir()
        for i, part in enumerate(parts):
            (policy / f"{i}.policy").write_text(part)
        catalog.write_text(catalog_text(text))
        rules = sum(line.startswith("  ") for line in text.splitlines()) + 3
        options = ("--no-config", "--catalog", str(catalog))
        lint, lint_mb, _ = run("lint", str(policy), *options, "--output-format", "concise", "--output-file", os.devnull)
        compile_, compile_mb, _ = run(
            "compile", str(policy), *options, "-o", str(folder / f"{count}.table"), codes=(0,)
        )
        exponent = "" if before is None else growth(before[1], lint + compile_, rules / before[0])
        before = (rules, lint + compile_)
        print(
            f"| {count:,} | {rules:,} | {lint:.1f} | {lint_mb:.0f} | {compile_:.1f} | {compile_mb:.0f} | {exponent} |",
            flush=True,
        )


def on_one_tool(folder: Path, counts: tuple[int, ...]) -> None:
    """Lint and compile many rules on one tool."""
    print("\n| rules on one tool | lint, s | decided | compile, s | table, KB |\n| ---: | ---: | --- | ---: | ---: |")
    for count in counts:
        policy = folder / f"one{count}.policy"
        policy.write_text(one_tool(count))
        lint, _, out = run("lint", str(policy), "--no-config", "--output-format", "concise")
        table = folder / f"one{count}.table"
        compile_, _, _ = run("compile", str(policy), "--no-config", "-o", str(table))
        decided = "given up, and said so" if "analysis-not-decided" in out else "yes"
        print(f"| {count:,} | {lint:.1f} | {decided} | {compile_:.1f} | {table.stat().st_size // 1024:,} |", flush=True)


def one_rule_diff(tools: int, rounds: int = 3) -> None:
    """The comparison of two policies that differ in one rule, after both are read."""
    from policyc.diagnostics import Findings
    from policyc.diagram.analysis import Analysis
    from policyc.diagram.compare import compare
    from policyc.frontends.load import read_policies
    from policyc.ir.facts import NO_FACTS
    from policyc.source import Source

    text = policy_text(tools)
    at = text.index("> 50000", len(text) // 2)
    changed = text[:at] + "> 60000" + text[at + len("> 50000") :]
    times = []
    for _ in range(rounds):
        old, new = (next(iter(read_policies(Source("x.policy", t), Findings()))) for t in (text, changed))
        started = time.process_time()
        found = compare(Analysis(old, NO_FACTS), Analysis(new, NO_FACTS))
        times.append(time.process_time() - started)
        assert len({c.tool for c in found.changes}) == 1 and not found.undecided
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\none rule of {len(old.rules):,} changed: {statistics.median(times):.2f} s after load, {peak:.0f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--one-tool", type=int, nargs="*", default=list(ON_ONE_TOOL))
    parser.add_argument("--diff-tools", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        sizes(Path(name), tuple(options.tools))
        on_one_tool(Path(name), tuple(options.one_tool))
    if options.diff_tools:
        one_rule_diff(options.diff_tools)
    return 0


if __name__ == "__main__":
    sys.exit(main())
