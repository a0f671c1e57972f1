"""Decide calls with a compiled table: all that a gateway needs of policyc is `policyc.runtime`."""

from pathlib import Path

from policyc.runtime.table import Table

table = Table.load(Path(__file__).with_name("support.table"))

for tool, arguments in [
    ("refund_order", {"order": "A-17", "amount": 2_500, "currency": "eur"}),
    ("refund_order", {"order": "A-18", "amount": 90_000, "currency": "eur"}),
]:
    decision = table.decide(tool, arguments, {"user": "dana"})
    print(f"{decision.effect:<5}  {tool} {arguments}")
    print(f"       by rule {decision.rule} ({decision.source}): {decision.reason or 'no reason given'}")
    for limit in decision.limits:
        print(f"       counts towards {limit.counter}: at most {limit.maximum} per {limit.window}")
