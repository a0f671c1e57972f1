"""Cold `policyc lint` of one small policy against `python -c "import lark, pydantic, typer"`: CPU and wall time as ratios.

    python -m benchmarks.cold_lint [FILE] [--rounds 15]
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

SMALL = '{"version":"1","default":"deny","tools":{"create_api_key":{"limits":[{"counter":"create_api_key_rate","window":"minute","max":30,"scope":"grant"}]}}}'


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = options.file
        if file is None:
            file = os.path.join(folder, "small.policy.json")
            with open(file, "w") as out:
                out.write(SMALL)
        commands = {
            "imports": [sys.executable, "-c", "import lark, pydantic, typer"],
            "lint": [sys.executable, "-m", "policyc", "lint", os.path.abspath(file)],
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(options.rounds + 1):
            for name, command in commands.items():
                taken[name].append(once(command))
    for kind, at in (("CPU", 0), ("wall", 1)):
        base, lint = (statistics.median(t[at] for t in taken[n][1:]) for n in ("imports", "lint"))
        ratio = statistics.median(b[at] / a[at] for a, b in zip(taken["imports"][1:], taken["lint"][1:], strict=True))
        print(f"{kind}: imports {base * 1000:.0f} ms, lint {lint * 1000:.0f} ms, ratio {ratio:.2f}")


def once(command: list[str]) -> tuple[float, float]:
    """CPU and wall seconds of one process."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


if __name__ == "__main__":
    main()
