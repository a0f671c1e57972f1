"""What a cold `policyc lint` of one small policy costs, beside `python -c "import lark, pydantic, typer"`.

    python -m benchmarks.cold_lint [FILE …] [--rounds 25]

Without a file: the same small policy as JSON, as YAML and in the DSL. The commands take turns in every round, so that other
work on the machine falls on all of them alike; of CPU and wall time it prints the medians, the ratio (the median of the
rounds' ratios), and the ratio of the fastest runs. It measures the policyc that this Python has installed, from an empty
folder, so that a checkout does not stand in for it; the DSL's prebuilt tables are in the wheel only.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

BASE = "imports"
SMALL = {
    "small.policy.json": '{"version":"1","default":"deny","tools":{"create_api_key":{"limits":'
    '[{"counter":"create_api_key_rate","window":"minute","max":30,"scope":"grant"}]}}}\n',
    "small.policy.yaml": 'version: "1"\ndefault: deny\ntools:\n  create_api_key:\n    limits:\n'
    "      - {counter: create_api_key_rate, window: minute, max: 30, scope: grant}\n",
    "small.policy": "default deny\n\non create_api_key { limit 30 per minute by grant as create_api_key_rate }\n",
}
WHAT = """
import os, policyc
from policyc.syntax import dsl_tables
print(f"policyc of {os.path.dirname(policyc.__file__)}, DSL tables", "prebuilt" if dsl_tables.prebuilt() else "NOT prebuilt")
"""
Times = tuple[float, float]
"""CPU and wall seconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    files = [os.path.abspath(file) for file in options.files]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if not files:
            files = list(SMALL)
            for name, text in SMALL.items():
                with open(name, "w", encoding="utf-8") as file:
                    file.write(text)
        commands = {BASE: [sys.executable, "-c", "import lark, pydantic, typer"]}
        commands |= {os.path.basename(f): [sys.executable, "-m", "policyc", "lint", f] for f in files}
        print(subprocess.run([sys.executable, "-c", WHAT], capture_output=True, text=True, check=True).stdout, end="")
        show(measure(commands, options.rounds))
        os.chdir(os.path.dirname(folder))


def measure(commands: dict[str, list[str]], rounds: int) -> dict[str, list[Times]]:
    """The times of each command, one a round; the first round, which fills the disk's cache, is left out."""
    taken: dict[str, list[Times]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            taken[name].append(once(command))
    return {name: times[1:] for name, times in taken.items()}


def once(command: list[str]) -> Times:
    """One run of a command. Raises SystemExit where it neither succeeds nor has findings."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit code {run.returncode}: {run.stderr.decode(errors='replace')}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def show(taken: dict[str, list[Times]]) -> None:
    """One line a command and kind of time."""
    pad = max(map(len, taken))
    for kind, at in (("CPU", 0), ("wall", 1)):
        base = [times[at] for times in taken[BASE]]
        for name, all_times in taken.items():
            own = [times[at] for times in all_times]
            ratio = statistics.median(mine / theirs for mine, theirs in zip(own, base, strict=True))
            fastest = min(own) / min(base)
            line = f"{kind:4}  {name:{pad}}  {statistics.median(own) * 1000:4.0f} ms"
            print(line if name == BASE else f"{line}  ratio {ratio:.2f}  fastest {fastest:.2f}")


if __name__ == "__main__":
    main()
