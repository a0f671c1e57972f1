"""From a table's bytes to the first decision, beside other encodings of the same content: `python -m benchmarks.load`.

CPU milliseconds, medians of interleaved rounds, on the table of 10,000 tools and about 20,000 rules. The others only decode: what they
would still have to link comes on top. Encodings whose library is not installed are left out.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.scale import policy_text
from policyc.diagnostics import Findings
from policyc.frontends.load import read_policies
from policyc.ir.facts import NO_FACTS
from policyc.runtime.table import Table
from policyc.source import Source
from policyc.table.encode import compile_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    policies = read_policies(Source("big.policy", policy_text(options.tools)), Findings())
    data = compile_table(policies, NO_FACTS)
    tool = next(iter(Table(data).file.policies[0]["call"]))
    content = [json.loads(line) for line in data.splitlines()]
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "JSON lines, decoded when needed (ours), with the first decision": (
            len(data),
            lambda: Table(data).decide(tool, {"amount": 5, "currency": "usd"}, {"grant": "g"}),
        )
    }
    whole = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    ways["one JSON document, json"] = (len(whole), lambda: json.loads(whole))
    for name, label in (("orjson", "one JSON document, orjson"), ("msgpack", "msgpack"), ("cbor2", "CBOR, cbor2")):
        try:
            module: Any = importlib.import_module(name)
        except ImportError:
            print(f"{name} is not installed")
            continue
        packed = whole if name == "orjson" else (module.packb if name == "msgpack" else module.dumps)(content)
        decode = module.unpackb if name == "msgpack" else module.loads
        ways[label] = (len(packed), lambda decode=decode, packed=packed: decode(packed))  # type: ignore[misc]
    gc.collect()
    gc.freeze()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        order = list(ways.items())
        random.shuffle(order)
        for name, (_, load) in order:
            started = time.process_time()
            load()
            taken[name].append((time.process_time() - started) * 1000)
    print("| encoding | KB | CPU, ms |\n| --- | ---: | ---: |")
    for name, (size, _) in ways.items():
        print(f"| {name} | {size // 1000:,} | {statistics.median(taken[name]):.1f} |")


if __name__ == "__main__":
    main()
