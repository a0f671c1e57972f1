"""Hostile tables: what is done to them, and what must hold of the loader all the same.

Every table is refused with a TableError, or decides as its lines say (tests.runtime.interpreter), a body that makes no sense denying.
Run as a program for a long run: `python -m tests.runtime.fuzz --cases 100000 --seed 1`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

from policyc.diagram.build import Budget
from policyc.runtime.decision import Decision, MissingScope
from policyc.runtime.table import BROKEN_REASON, Table
from policyc.table.encode import COMPILE_BUDGET, compile_table
from policyc.table.model import TableError
from tests.property import strategies
from tests.runtime.build import compiled, encoded, sealed
from tests.runtime.interpreter import Lines

DEEP = "@deep@"
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 7, 2**31, 2**64, -(10**30), 1.5, 1e308, float("nan"), float("inf"), "", "x", "args", "allow", "?", "&",
    "matches", "(", "\ud800", DEEP, [], {}, [[]], [0], [-1], [None], ["args", "a"], {"policy": 0}, ["?", 0, 0, 7], [["x", 0]],
)  # fmt: skip
"""What is put in the place of something else."""
ALL_KINDS = compiled(
    """policy "one" default deny
on pay {
  require args.currency in ["usd", "eur"]
  deny when args.amount > 500 or args.note? matches "(?i)secret"  "no"
  approve when args.amount > 100 or args.flag == true by "finance"
  deny when some args.items[*].price > 9 or not args.x prints "[1]" or len(args.name) > 40
  limit sum args.amount <= 1_000 per day by grant, user as spend
  limit 30 per 90 seconds sliding by server
}
allow ping when context.role == "admin" and args.host like "*.example.com"
hide internal_*, files/delete
policy "two" default allow deny server "prod"  approve tool "*_all" """,
    3,
)
LISTED = compile_table(
    [strategies.random_policy(Random(5), 6)], strategies.random_facts(Random(5)), budget=Budget(nodes=0, seconds=None)
)


class Disagreement(AssertionError):
    """A hostile table got something out of the loader that it must not."""


def seeds(rng: Random) -> Iterator[bytes]:
    """Tables to begin with: all kinds of nodes, lists of rules, and random ones."""
    while True:
        yield ALL_KINDS
        yield LISTED
        policy, facts = strategies.random_policy(rng), strategies.random_facts(rng)
        yield compile_table([policy], facts)
        yield compile_table([policy], facts, budget=rng.choice((COMPILE_BUDGET, Budget(nodes=0, seconds=None))))


# --- what is done to a table -----------------------------------------------------------------------------------------


def lines_of(data: bytes) -> list[bytes]:
    """The lines that the digest covers."""
    return data.split(b"\n")[1:-1]


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to everything inside of a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*here, key)
        yield from places(item, (*here, key))


def line(value: Any) -> bytes:
    """A line, in which the mark for something deep is made so."""
    return encoded(value).replace(encoded(DEEP), b"[" * 3_000 + b"]" * 3_000)


def put(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    """The value with something else at the end of a way."""
    if not way:
        return new
    changed = value.copy()
    changed[way[0]] = put(value[way[0]], way[1:], new)
    return changed


def changed(rng: Random, value: Any) -> Any:
    """One change somewhere in a JSON value: something odd, gone, twice, exchanged, a number beside it, or a part of elsewhere."""
    ways = list(places(value))
    if not ways:
        return rng.choice(ODD)
    way = rng.choice(ways)
    parent, key = at(value, way[:-1]), way[-1]
    there = parent[key]
    action = rng.randrange(6)
    if action == 0:
        return put(value, way, rng.choice(ODD))
    if action == 1:
        return put(value, way, at(value, rng.choice(ways)))
    if action == 2 and type(there) is int:
        return put(
            value, way, rng.choice((there + 1, there - 1, -there, -1 - there, there * 1000, float(there), there == 1))
        )
    if isinstance(parent, dict):
        if action == 3:
            return put(value, way[:-1], {k: v for k, v in parent.items() if k != key})
        return put(value, way[:-1], {**parent, rng.choice(("x", *parent)): there})
    items = list(parent)
    if action == 3:
        del items[key]
    elif action == 4:
        items.insert(key, there)
    else:
        other = rng.randrange(len(items))
        items[key], items[other] = items[other], there
    return put(value, way[:-1], items)


def at(value: Any, way: tuple[Any, ...]) -> Any:
    """What stands at the end of a way."""
    for key in way:
        value = value[key]
    return value


def hostile(rng: Random, data: bytes) -> bytes:
    """A table with one to three changes; mostly with the digest that fits."""
    lines = lines_of(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        number, action = rng.randrange(len(lines)), rng.randrange(12)
        if action < 7:
            lines[number] = mutated(rng, lines[number])
        elif action == 7:
            del lines[number]
            if not lines:
                return sealed([b""])
        elif action == 8:
            lines.insert(rng.randrange(len(lines) + 1), lines[number])
        elif action == 9:
            other = rng.randrange(len(lines))
            lines[number], lines[other] = lines[other], lines[number]
        elif action == 10:
            lines[number] = lines[number][: rng.randrange(len(lines[number]) + 1)]
        elif lines[number]:
            where = rng.randrange(len(lines[number]))
            flipped = lines[number][where] ^ 1 << rng.randrange(8)
            lines[number] = lines[number][:where] + bytes([flipped]) + lines[number][where + 1 :]
    return sealed(lines)


def mutated(rng: Random, text: bytes) -> bytes:
    """A line with a change to what it says."""
    try:
        return line(changed(rng, json.loads(text)))
    except (ValueError, RecursionError):  # an earlier change made it so
        return text[:-1]


# --- what must hold --------------------------------------------------------------------------------------------------


def judge(data: bytes, rng: Random, calls: int = 12) -> str:
    """`refused`, `broken` (loaded, and a body denies) or `decides`. Raises Disagreement, and whatever the loader lets out."""
    try:
        table = Table(data)
    except TableError:
        return "refused"
    try:
        table.check()
        whole = True
    except TableError:
        table, whole = Table(data), False
    lines = Lines(data)
    for policy in table.policies:
        tools = [*lines.policies[policy]["call"], "nobody", "delete_all", "internal_x", "pay"]
        for _ in range(calls):
            tool, server = rng.choice(tools), rng.choice((None, "files", "prod", "a", ""))
            args, context = arguments(rng, lines), arguments(rng, lines)
            decision = table.decide(tool, args, context, server=server, policy=policy)
            compare(lines, decision, (policy, tool, args, context, server), whole)
            reserve(decision, args, context)
            shown = table.visible([tool], server=server, policy=policy) == [tool]
            if shown and not lines.visible(policy, tool, server):
                raise Disagreement(f"{tool} is shown")
    if whole and table.faults:
        raise Disagreement("a table that was checked has faults")
    return "decides" if whole else "broken"


def compare(lines: Lines, decision: Any, call: tuple[Any, ...], whole: bool) -> None:
    """A denial that says that the body makes no sense, or what the lines say."""
    if type(decision) is not Decision:
        raise Disagreement(f"{decision!r} is no decision")
    if decision.reason == BROKEN_REASON and decision.effect == "deny":
        if whole:
            raise Disagreement("a body that was checked denies as broken")
        return
    found = decision.effect, decision.rule, tuple(limit.id for limit in decision.limits)
    expected = lines.decide(*call)
    if found != expected:
        raise Disagreement(f"{call!r}: the loader says {found!r}, the lines say {expected!r}")


def reserve(decision: Decision, args: Any, context: Any) -> None:
    """What a counter service would be asked for: numbers and text, or a refusal that is documented."""
    for limit in decision.limits:
        try:
            asked = limit.reservation(args, context)
        except (MissingScope, ValueError):
            continue
        if not all(type(part) is str for part in asked.key) or type(asked.amount) not in (int, float):
            raise Disagreement(f"{asked!r} is no reservation")


def arguments(rng: Random, lines: Lines) -> dict[str, Any]:
    """An object with values at the table's paths, at and around its constants."""
    made: dict[str, Any] = {}
    constants = [*lines.constants(), 100, 500, "usd", True, "admin"]
    for path in lines.paths:
        if rng.random() < 0.75 and len(path) > 1 and all(isinstance(step, str) for step in path[1:3]):
            value: Any = rng.choice(
                (*constants, strategies.random_json(rng), None, 501, 1e9, [{"price": 10}], float("nan"))
            )
            value = rng.choice(value) if isinstance(value, list) and value and rng.random() < 0.4 else value
            made[path[1]] = {path[2]: value} if len(path) > 2 else value
    return made


def run(cases: int, seed: int) -> tuple[Counter[str], float]:
    """Judge so many tables; the outcomes, and the longest time that one of them took, in seconds."""
    rng, found, slowest = Random(seed), Counter[str](), 0.0
    tables = seeds(rng)
    for case in range(cases):
        if case % 20 == 0:
            data = next(tables)
        bad, start = hostile(rng, data), time.process_time()
        try:
            found[judge(bad, rng)] += 1
        except Exception as error:
            error.add_note(f"case {case} of seed {seed}: {bad!r}")
            raise
        slowest = max(slowest, time.process_time() - start)
    return found, slowest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found, slowest = run(given.cases, given.seed)
    outcomes = ", ".join(f"{number} {name}" for name, number in found.most_common())
    print(f"{given.cases} hostile tables: {outcomes}; the slowest took {slowest * 1000:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
