"""What must never be let through: values that are not JSON, ill-formed text, tables with malice, policies too large for a diagram."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any

import pytest

from policyc.diagnostics import Findings
from policyc.frontends.load import read_policies
from policyc.ir.facts import NO_FACTS
from policyc.reference import Call, decide
from policyc.runtime.table import BROKEN_REASON, Table
from policyc.source import Source
from policyc.table.encode import compile_table
from policyc.table.model import TableError


def table(text: str | dict[str, Any], path: str = "p.policy") -> Table:
    if isinstance(text, dict):
        text, path = json.dumps(text), "p.json"
    findings = Findings()
    policies = read_policies(Source(path, text), findings)
    assert policies, findings.items
    return Table(compile_table(policies, NO_FACTS))


class Text(str):
    pass


DOCUMENT = {
    "version": "1",
    "default": "allow",
    "tools": {
        "run": {
            "deny_if": [
                {"path": "args.cmd", "op": "regex", "value": "rm"},
                {"path": "args.n.m", "op": "gt", "value": 5},
            ]
        },
        "pay": {"limits": [{"counter": "c", "max": 5, "window": "day", "sum": "args.x", "optional": True}]},
    },
}


@pytest.mark.parametrize(
    "arguments",
    [
        {"cmd": Text("rm -rf /")},
        {"cmd": b"rm"},
        {"cmd": "ls", "n": OrderedDict(m=9)},
        {"cmd": "ls", "n": {"m": float("nan")}},
        {"cmd": "ls", "n": {"m": float("inf")}},
    ],
)
def test_a_test_that_meets_what_is_not_json_denies(arguments: Any) -> None:
    decision = table(DOCUMENT).decide("run", arguments)
    assert (decision.effect, decision.rule) == ("deny", None)
    assert decision.reason is not None and "not JSON" in decision.reason


@pytest.mark.parametrize("arguments", [OrderedDict(cmd="rm"), [], "rm", 5])
def test_arguments_are_a_plain_object_or_nothing(arguments: Any) -> None:
    loaded = table(DOCUMENT)
    with pytest.raises(TypeError):
        loaded.decide("run", arguments)
    with pytest.raises(TypeError):
        loaded.decide("pay", {}).limits[0].reservation(arguments, {"grant": "g"})
    with pytest.raises(TypeError):
        loaded.decide(b"run", {})  # type: ignore[arg-type]


def test_a_lone_surrogate_does_not_switch_a_pattern_off() -> None:
    loaded = table(DOCUMENT)
    assert loaded.decide("run", {"cmd": json.loads('"\\ud800 rm -rf"')}).rule == "run.deny"
    assert loaded.decide("run", {"cmd": "ls"}).allowed


def test_deep_values_do_not_end_a_decision() -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    loaded = table('default deny on t { require not args.n prints "[x]" }')
    assert loaded.decide("t", {"n": deep}).effect == "deny"


@pytest.mark.parametrize(
    "key",
    ["delete_* or drop_*", "*/delete", "Category:destructive", "hints:readOnly", "a AND b", 'SERVER "x"', "delete_*|drop_*",
     "category\uff1aread", "github/delete user", "!x", "not"],
)  # fmt: skip
def test_a_key_that_may_have_been_meant_for_a_selector_is_refused(key: str) -> None:
    if key == "not":
        return
    findings = Findings()
    text = json.dumps({"version": "1", "default": "allow", "tools": {key: {"deny": True}}}, ensure_ascii=False)
    assert read_policies(Source("p.json", text), findings) == []
    assert findings.items[0].rule in ("syntax-error", "invalid-value")


def test_an_odd_name_is_a_name() -> None:
    loaded = table(
        {
            "version": "1",
            "default": "deny",
            "tools": {"Delete user (old)".replace("(", "").replace(")", ""): {}, '"a/b"': {}},
        }
    )
    assert loaded.decide("Delete user old").allowed and loaded.decide("a/b").allowed


def test_a_second_entry_for_a_tool_does_not_open_it() -> None:
    env = {"path": "args.env", "op": "eq", "value": "dev"}
    limit = {"counter": "c", "max": 5, "window": "day"}
    document = {
        "version": "1",
        "default": "deny",
        "tools": {"deploy": {"allow_if": [env]}, 'tool "deploy"': {"limits": [limit]}},
    }
    loaded = table(document)
    assert loaded.decide("deploy", {"env": "dev"}).allowed
    assert not loaded.decide("deploy", {"env": "prod"}).allowed


def test_each_decision_names_its_own_policy() -> None:
    loaded = table(
        'policy "a" default deny policy "b" default allow deny x policy "c" default allow policy "d" default deny deny y'
    )
    assert [loaded.decide("q", policy=n).policy for n in "abcd"] == list("abcd")


def sealed(lines: list[Any]) -> bytes:
    content = b"".join((x if isinstance(x, bytes) else json.dumps(x).encode()) + b"\n" for x in lines)
    head = {"format": "policyc-table", "version": 1, "sha256": hashlib.sha256(content).hexdigest()}
    return json.dumps(head).encode() + b"\n" + content


def parts() -> list[Any]:
    data = compile_table(
        read_policies(Source("p.policy", "default deny on t { deny when args.a > 5 } hide h*"), Findings()), NO_FACTS
    )
    return [json.loads(x) for x in data.split(b"\n")[1:-1]]


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p[0].update(capabilities=[1]),
        lambda p: p[1]["policies"][0].update(rules=[0, 10**12]),
        lambda p: p[1]["policies"][0].update(rules=[-1, 0]),
        lambda p: p[1]["policies"][0]["call"].update(t=-1),
        lambda p: p[1]["policies"][0]["call"].update(t=99),
        lambda p: p[1]["policies"][0].update(call_other=True),
        lambda p: p[1]["policies"].append(p[1]["policies"][0]),
        lambda p: p.__setitem__(0, b"[" * 100_000),
        lambda p: p.__setitem__(2, b"[" * 100_000),
    ],
)
def test_a_sealed_table_with_malice_is_refused(change: Any) -> None:
    lines = parts()
    change(lines)
    with pytest.raises(TableError):
        Table(sealed(lines))


DENY: list[Any] = [["deny", -1, []]]


@pytest.mark.parametrize(
    "body",
    [[DENY, 5], [DENY, 0, ["n", 0, [5], [-1], -1]], [DENY, 0, ["s", 9, [], -1, -1]], [DENY, 0, ["q", 0]], [DENY, 0, ["n", 0, [], [1], -1]],
     [], [DENY], [DENY, None], [None, -1], {}, "x", [DENY, 0, ["t", 0, 7, -1, -1, -1]], [DENY, 0, ["t", 0, -1, -1, -1, -1]], [[], -1],
     [[["maybe", -1, []]], -1], [[["deny", 99, []]], -1], [[["deny", -2, []]], -1], [[["allow", -1, [0]]], -1], [[["allow", -1, [-1]]], -1],
     {"default": "maybe", "rules": [[], [], [], []]}, {"default": "deny", "rules": [[[99, True]], [], [], []]}],
)  # fmt: skip
def test_a_body_that_makes_no_sense_denies_what_needs_it_and_is_found_by_a_check(body: Any) -> None:
    lines = parts()
    number = lines[1]["policies"][0]["call"]["t"]
    lines[3 + lines[0]["tests"] + lines[0]["rules"] + number] = body
    loaded = Table(sealed(lines))
    decided = loaded.decide("t", {"a": 1})
    assert (decided.effect, decided.rule, decided.reason) == ("deny", None, BROKEN_REASON)
    assert loaded.decide("t", {"a": 1}) == decided
    assert [str(fault).split()[0] for fault in loaded.faults] == ["body"]
    with pytest.raises(TableError):
        loaded.check()


def test_too_deep_a_first_line_is_no_table() -> None:
    with pytest.raises(TableError, match="not a policyc decision table"):
        Table(b"[" * 200_000 + b"\n")


@pytest.mark.parametrize(
    "rules",
    [
        " ".join(f"deny when args.a{i} == 1" for i in range(300)),
        " ".join(f'deny when args.a contains "x{i}y"' for i in range(300)),
        " ".join(f"limit {i + 1} per minute as c{i} when args.a{i}? == 1" for i in range(25)),
    ],
)
def test_what_is_too_large_for_a_diagram_is_decided_rule_by_rule(rules: str) -> None:
    text = f"default deny on t {{ {rules} }}"
    (policy,) = read_policies(Source("p.policy", text), Findings())
    loaded = Table(compile_table([policy], NO_FACTS))
    assert "rules" in loaded.header["capabilities"]
    for arguments in (
        {},
        {"a": "x7y"},
        {"a": ["x7y"]},
        {f"a{i}": 0 for i in range(300)},
        {f"a{i}": i % 2 for i in range(300)},
    ):
        outcome, decision = decide(policy, Call("t", arguments)), loaded.decide("t", arguments)
        assert (decision.effect, decision.rule) == (outcome.effect, outcome.rule.id if outcome.rule else None)
        assert [x.id for x in decision.limits] == [r.id for r in outcome.limits]
    assert loaded.decide("t", {"a": float("nan"), "a1": float("nan")}).effect == "deny"
