"""Conformance vectors: tables, calls, and what every loader must make of them, judged by the reference.

`python -m tests.conformance.vectors` writes `tests/conformance/vectors/` anew: the policies in `sources/` and some random ones are compiled, calls are
made up at and around their constants, and each call's decision is the reference interpreter's. Another loader reads `index.json` and needs nothing else
(`vectors/README.md`).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from policyc.diagnostics import Findings
from policyc.diagram.analysis import Analysis
from policyc.diagram.build import Budget
from policyc.frontends.load import read_policies
from policyc.ir.facts import NO_FACTS, Facts
from policyc.ir.model import Policy, Rule
from policyc.record import replace
from policyc.reference import Call, Outcome, decide, visible
from policyc.runtime.table import Table
from policyc.source import Source
from policyc.table.encode import compile_table
from tests.property import strategies

HERE = Path(__file__).parent / "vectors"
CALLS = 60
"""Calls drawn for a policy."""
BIG = 2**53


def main() -> None:
    """Write the vectors."""
    for old in (*HERE.glob("*.table"), *HERE.glob("*.json"), *HERE.glob("refused/*")):
        old.unlink()
    for name, data in written().items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(data)


def written() -> dict[str, bytes]:
    """Every file of the vectors by its name."""
    files: dict[str, bytes] = {}
    tables: list[str] = []
    for name, policies, facts, budget in worlds():
        data = compile_table(policies, facts, revision=7, budget=budget)
        files[f"{name}.table"] = data
        files[f"{name}.json"] = _lines(vectors(name, policies, facts, data))
        tables.append(f"{name}.json")
    refused = []
    for name, data, refusal in refusals(files["basics.table"]):
        files[f"refused/{name}.table"] = data
        refused.append({"table": f"refused/{name}.table", "refusal": refusal})
    files["index.json"] = (json.dumps({"tables": tables, "refused": refused}, indent=1) + "\n").encode()
    return files


def worlds() -> Iterator[tuple[str, list[Policy], Facts, Budget]]:
    """Tables to make: name, policies, what the catalog says, and the budget, of which one is so small that rules stay lists."""
    plain = Budget(nodes=5_000, seconds=None)
    for path in sorted((HERE / "sources").iterdir()):
        findings = Findings()
        policies = list(read_policies(Source(path.name, path.read_text(encoding="utf-8")), findings))
        assert policies, (path, findings.items)
        yield path.stem, policies, NO_FACTS, plain
        if path.stem == "basics":
            yield "lists", policies, NO_FACTS, Budget(nodes=0, seconds=None)
    for number in range(6):
        rng = random.Random(1000 + number)
        drawn = [replace(strategies.random_policy(rng), name=f"random {number}.{i}") for i in range(4)]
        yield f"random-{number}", drawn, strategies.random_facts(rng), plain


def vectors(name: str, policies: list[Policy], facts: Facts, data: bytes) -> dict[str, Any]:
    """The calls of one table with what is to be expected, and some lists of tools."""
    rng = random.Random(name)
    calls: list[dict[str, Any]] = []
    lists: list[dict[str, Any]] = []
    for policy in policies:
        known = {rule.id: rule for rule in policy.rules}
        for call in (*_telling(policy, facts), *_drawn(rng, policy)):
            calls.append(_vector(policy, call, decide(policy, call, facts), known))
        names = sorted({c["call"]["tool"] for c in calls} | {"secret_x", "internal_y", "other"})
        for server in (None, *strategies.SERVERS):
            shown = [tool for tool in names if visible(policy, tool, server, facts)]
            lists.append({"policy": policy.name, "server": server, "tools": names, "shown": shown})
    header = Table(data).header
    return {"table": f"{name}.table", "capabilities": header["capabilities"], "calls": calls, "lists": lists}


def _telling(policy: Policy, facts: Facts) -> Iterator[Call]:
    """A call for every outcome that some call has."""
    analysis = Analysis(policy, facts, budget=Budget(seconds=None))
    for tool in analysis.tools:
        for leaf in sorted(analysis.outcomes(tool, valid=False), key=repr):
            found = analysis.find(tool, lambda end, leaf=leaf: end == leaf, valid=False)  # type: ignore[misc]
            if found is not None:
                yield found.call


def _drawn(rng: random.Random, policy: Policy) -> Iterator[Call]:
    """Calls at and around the policy's constants; those that some platforms cannot have are few."""
    left = CALLS
    while left:
        call = strategies.random_call(rng, policy)
        rare = any(True for _ in _needs((call.tool, call.arguments, call.context)))
        if type(call.arguments) is dict and (not rare or rng.random() < 0.1):
            left -= 1
            yield call


def _vector(policy: Policy, call: Call, outcome: Outcome, known: dict[str, Rule]) -> dict[str, Any]:
    rule = outcome.rule
    place = None if rule is None or rule.span is None else f"{rule.span.path}:{rule.span.line}"
    expect: dict[str, Any] = {
        "effect": outcome.effect,
        "rule": None if rule is None else rule.id,
        "reason": None if rule is None else _reason(rule),
        "by": None if rule is None else rule.by,
        "severity": None if rule is None else rule.severity,
        "hidden": outcome.hidden,
        "source": place,
        "limits": [_reserved(policy, r, call) for r in outcome.limits],
    }
    told: dict[str, Any] = {
        "tool": call.tool,
        "arguments": call.arguments,
        "context": call.context,
        "policy": policy.name,
    }
    if call.server is not None:
        told["server"] = call.server
    out: dict[str, Any] = {"call": told, "expect": expect}
    if needs := sorted(set(_needs((call.tool, call.arguments, call.context)))):
        out["needs"] = needs
    return out


def _reason(rule: Rule) -> str | None:
    if rule.effect == "limit" and not rule.reason:
        return "the amount that this limit adds up is missing or not a number"
    return rule.reason


def _reserved(policy: Policy, rule: Rule, call: Call) -> dict[str, Any]:
    """What is to be reserved, or why that is not possible: as docs/table-format.md says it, without the loader's own code."""
    limit = rule.limit
    assert limit is not None
    key = [policy.name, limit.counter, str(limit.window)]
    for name in limit.scope:
        value = call.server if name == "server" else call.context.get(name)
        if name != "global" and (not isinstance(value, str) or not value):
            return {"id": rule.id, "refused": "scope"}
        if name != "global":
            key.append(f"{name}={value}")
    amount: Any = limit.step
    if limit.amount is not None:
        amount = call.arguments if limit.amount.root == "args" else call.context
        for step in limit.amount.steps:
            inside = (
                isinstance(amount, dict) if isinstance(step, str) else isinstance(amount, list) and step < len(amount)
            )
            amount = (amount.get(step) if isinstance(amount, dict) else amount[step]) if inside else None
        if limit.optional and amount is None:
            amount = 0
        if limit.whole:
            amount = int(amount)
    return {
        "id": rule.id, "key": key, "amount": amount, "max": limit.maximum, "window": limit.window, "sliding": limit.sliding,
    }  # fmt: skip


def _needs(value: Any) -> Iterator[str]:
    """What of a call a platform may not have."""
    if isinstance(value, str):
        if any("\ud800" <= c <= "\udfff" for c in value):
            yield "surrogates"
    elif type(value) is int and abs(value) >= BIG:
        yield "integer.big"
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _needs(pair)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _needs(item)


def refusals(data: bytes) -> Iterator[tuple[str, bytes, str]]:
    """Tables that must be refused, made from a good one, each with the check that it fails."""
    first, _, rest = data.partition(b"\n")
    yield "empty", b"", "no table"
    yield "other-format", b'{"format":"other","version":1}\n' + rest, "no table"
    yield "not-json", b"policy p default allow\n" + rest, "no table"
    yield "version-2", first.replace(b'"version":1', b'"version":2') + b"\n" + rest, "version"
    yield "version-text", first.replace(b'"version":1', b'"version":"1"') + b"\n" + rest, "version"
    yield "cut", data[:-40], "digest"
    yield "more", data + b"\n", "digest"
    yield "a-bit-flipped", data[:-2] + bytes([data[-2] ^ 1]) + data[-1:], "digest"
    yield "without-digest", b'{"format":"policyc-table","version":1}\n' + rest, "digest"
    for name, change, refusal in _CHANGES:
        lines = rest.split(b"\n")
        header, index = json.loads(lines[0]), json.loads(lines[1])
        change(header, index, lines)
        lines[0], lines[1] = (json.dumps(x, ensure_ascii=False).encode() for x in (header, index))
        yield name, sealed(lines), refusal


def sealed(lines: Iterable[bytes]) -> bytes:
    """Lines with a first line that has their digest."""
    content = b"\n".join(lines)
    head = {"format": "policyc-table", "version": 1, "sha256": hashlib.sha256(content).hexdigest()}
    return json.dumps(head).encode() + b"\n" + content


_CHANGES: tuple[tuple[str, Any, str], ...] = (
    ("unknown-capability", lambda h, i, x: h["capabilities"].append("time.travel"), "capability"),
    ("too-few-bodies", lambda h, i, x: h.update(bodies=h["bodies"] + 1), "malformed"),
    ("negative-count", lambda h, i, x: h.update(tests=-1), "malformed"),
    ("no-such-body", lambda h, i, x: i["policies"][0].update(call_other=10**6), "malformed"),
    ("negative-body", lambda h, i, x: i["policies"][0].update(call_other=-1), "malformed"),
    ("rules-outside", lambda h, i, x: i["policies"][0].update(rules=[0, 10**6]), "malformed"),
    ("policy-twice", lambda h, i, x: i["policies"].append(i["policies"][0]), "malformed"),
    ("policy-not-in-header", lambda h, i, x: h.update(policies=["another"]), "malformed"),
    ("path-elsewhere", lambda h, i, x: x.__setitem__(2, b'[["elsewhere","x"]]'), "malformed"),
    ("one-line-more", lambda h, i, x: x.append(b""), "malformed"),
)


def _lines(vectors: dict[str, Any]) -> bytes:
    """One call a line, so that a change can be read."""
    calls = ",\n".join(json.dumps(c) for c in vectors.pop("calls"))
    lists = ",\n".join(json.dumps(x) for x in vectors.pop("lists"))
    return f'{json.dumps(vectors)[:-1]},\n"calls": [\n{calls}\n],\n"lists": [\n{lists}\n]}}\n'.encode()


if __name__ == "__main__":
    main()
