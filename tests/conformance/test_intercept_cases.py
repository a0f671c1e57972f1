"""The Intercept proxy's own test cases, restated as data, run through our front end and the reference interpreter.

Every case is accounted for: checked here or in tests/counters, or left out for a reason that is written down here and counted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policyc import reference
from policyc.diagnostics import Findings, PolicycError
from policyc.frontends import load
from policyc.frontends.intercept import read as read_intercept
from policyc.frontends.intercept_model import parse_rate_limit
from policyc.ir.facts import NO_FACTS
from policyc.ir.model import WINDOWS, Policy
from policyc.runtime.listing import without_hidden
from policyc.runtime.table import Table
from policyc.source import Source
from policyc.syntax import yaml_reader
from policyc.table.encode import compile_table

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "intercept_cases"
ELSEWHERE = "tests/counters/test_peer_cases.py checks it in every store"
BODIES = "a body that is not JSON never becomes a message that could be filtered"


def cases() -> list[dict[str, Any]]:
    found = []
    for name in ("config", "engine", "counters", "handler"):
        path = DATA / f"{name}.json"
        if not path.exists():
            return []
        for key, group in json.loads(path.read_text(encoding="utf-8")).items():
            if key.endswith("cases"):
                found += [{**case, "file": name} for case in group]
    return found


CASES = cases()
pytestmark = pytest.mark.skipif(not CASES, reason="the shared test data is not here")


def left_out(case: dict[str, Any]) -> str | None:
    """Why a case is not checked here, or None."""
    if case["kind"] in ("counter_sequence", "concurrency"):
        return ELSEWHERE
    if case["kind"] == "filter_tools_list" and "body" not in case:
        return BODIES
    return None


def compiled(text: str) -> tuple[Policy, Findings]:
    """The policy as our front end reads it, errors or not, and its findings."""
    findings = Findings()
    source = Source("case.yaml", text)
    tree = yaml_reader.read(source, findings)
    assert tree is not None
    policy = read_intercept(tree, source, findings)
    assert policy is not None
    return policy, findings


def errors(findings: Findings) -> list[str]:
    return [f.message for f in findings.items if f.rule not in load.WARNING_RULES]


def plain(text: str) -> str:
    """A sentence without the marks around names."""
    return text.replace("`", "").replace('"', "")


SAME_WORDS = {"invalid regex": "not valid RE2", "rule must have a name": "a rule must have a name"}


def says(findings: Findings, phrase: str) -> bool:
    wanted = plain(SAME_WORDS.get(phrase, phrase))
    return any(wanted in plain(message) for message in errors(findings))


def ident(case: dict[str, Any]) -> str:
    return f"{case['file']}:{case['id']}"


@pytest.mark.parametrize("case", [c for c in CASES if left_out(c) is None], ids=ident)
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    CHECKS[case["kind"]](case, tmp_path)


@pytest.mark.parametrize("case", [c for c in CASES if left_out(c) == BODIES], ids=ident)
def test_left_out(case: dict[str, Any]) -> None:
    pytest.skip(BODIES)


def test_none_is_lost() -> None:
    reasons = [left_out(case) for case in CASES]
    assert len(CASES) == 179
    assert (reasons.count(None), reasons.count(ELSEWHERE), reasons.count(BODIES)) == (154, 24, 1)


# --- config.json -------------------------------------------------------------------------------------------------------


def check_load(case: dict[str, Any], tmp_path: Path) -> None:
    expect = case["expect"]
    if case["policy"] is None:
        with pytest.raises(PolicycError):
            load.open_source(str(tmp_path / case["file"]), Findings())
        return
    path = tmp_path / "case.yaml"
    path.write_text(case["policy"], encoding="utf-8")
    findings = Findings()
    source = load.open_source(str(path), findings)
    assert source is not None
    policies = load.read_policies(source, findings)
    assert bool(policies) == (expect["load"] == "ok")
    if policies:
        for fact in expect.get("after_defaults", ()):
            check_fact(fact["path"], fact["equals"], case["policy"], policies[0])


def check_fact(path: str, value: Any, text: str, policy: Policy) -> None:
    """One of that proxy's facts about a loaded policy, as our IR states it."""
    if path in ("version", "tools.#"):
        tree = yaml_reader.read(Source("x.yaml", text), Findings())
        assert tree is not None
        document = yaml_reader_python(tree)
        assert (document["version"] if path == "version" else len(document["tools"])) == value
        return
    if path == "description":
        assert policy.description == value
        return
    if path == "default":
        assert policy.default == value
        return
    _, tool, _, index, *rest = path.split(".")
    route = f"tools.{tool}.rules" if tool != "*" else 'tools["*"].rules'
    own = [r for r in policy.rules if r.route.startswith(route)]
    if index == "#":
        assert len({r.route for r in own}) == value
        return
    rules = [r for r in own if r.route == f"{route}[{index}]"]
    assert rules
    match rest:
        case ["name"]:
            assert rules[0].id == value
        case ["action"]:
            assert {r.effect for r in rules} <= ({"deny"} if value == "deny" else {"require", "limit"})
        case ["on_deny"]:
            assert {r.reason for r in rules} == {value}
        case ["conditions", "#"]:
            assert len(rules) == value == 1
        case ["conditions", "0", "path"]:
            check_condition_path(rules[0], value)
        case ["conditions", "0", "op"]:
            assert rules[0].limit is not None or (
                rules[0].condition is not None and value == "lte" and rules[0].condition.op == "<="
            )  # type: ignore[union-attr]
        case ["conditions", "0", "value"]:
            assert rules[0].limit is not None and rules[0].limit.maximum == value
        case ["state", "counter"]:
            assert rules[0].limit is not None and rules[0].limit.counter.endswith("." + value)
        case ["state", "window"]:
            assert rules[0].limit is not None and rules[0].limit.window == value
        case ["state", "increment"]:
            assert rules[0].limit is not None and rules[0].limit.step == value
        case ["state", "increment_from"]:
            assert rules[0].limit is not None and rules[0].limit.amount is not None
            assert "args." + ".".join(map(str, rules[0].limit.amount.steps)) == value
        case ["rate_limit"]:
            assert value == "" and rules[0].limit is not None
        case _:
            raise AssertionError(path)


def check_condition_path(rule: Any, value: str) -> None:
    if value.startswith("state."):
        assert rule.limit is not None and f"state.{rule.limit.counter}" == value
    else:
        assert ".".join((rule.condition.path.root, *rule.condition.path.steps)) == value


def yaml_reader_python(tree: Any) -> Any:
    from policyc.syntax.tree import to_python

    return to_python(tree)


def check_validate(case: dict[str, Any], tmp_path: Path) -> None:
    expect = case["expect"]
    _, findings = compiled(case["policy"])
    assert bool(errors(findings)) != expect["valid"]
    for phrase in expect.get("errors_contain", ()):
        assert says(findings, phrase), (phrase, errors(findings))
    derived = case.get("derived_from_validate_go")
    if derived:
        assert len(errors(findings)) == derived["error_count"]


def check_rate_limit(case: dict[str, Any], tmp_path: Path) -> None:
    expect = case["expect"]
    if expect["ok"]:
        assert parse_rate_limit(case["rate_limit"]) == (expect["count"], expect["window"])
    policy, findings = compiled(
        f"version: '1'\ntools:\n  t:\n    rules:\n    - {{name: r, rate_limit: '{case['rate_limit']}'}}\n"
    )
    if not expect["ok"]:
        assert isinstance(parse_rate_limit(case["rate_limit"])[0], str), "a rule and a sentence, no count"
    if case["rate_limit"]:  # in a policy an empty one means none
        assert bool(errors(findings)) != expect["ok"]
    if expect["ok"]:
        (rule,) = [r for r in policy.rules if r.limit is not None]
        assert rule.limit is not None
        assert (rule.limit.maximum, rule.limit.window) == (expect["count"], expect["window"])


# --- engine.json -------------------------------------------------------------------------------------------------------


def check_operator(case: dict[str, Any], tmp_path: Path) -> None:
    value = json.dumps(case["expected"])
    text = f"version: '1'\ntools:\n  t:\n    rules:\n    - name: r\n      conditions: [{{path: args.x, op: {case['op']}, value: {value}}}]\n"
    policy, findings = compiled(text)
    assert not errors(findings)
    outcome = reference.decide(policy, reference.Call("t", {"x": case["actual"]}))
    assert (outcome.effect == "allow") == case["want"]


def context_of(case: dict[str, Any]) -> dict[str, Any]:
    return {} if case.get("state") is None else {"state": case["state"]}


def check_decision(case: dict[str, Any], tmp_path: Path) -> None:
    policy, findings = compiled(case["policy"])
    assert all("no matching state block" in message for message in errors(findings))  # the cases' own note says so
    call = reference.Call(case["call"]["name"], case["call"]["arguments"] or {}, context_of(case))
    outcome = reference.decide(policy, call)
    expect = case["expect"]
    assert (outcome.effect == "allow") == expect["allowed"]
    if expect.get("rule") == "(default deny)":
        assert outcome.rule is None
    elif "rule" in expect:
        assert outcome.rule is not None and outcome.rule.id == expect["rule"]
    if "message" in expect:
        assert outcome.rule is not None and outcome.rule.reason == expect["message"]


def check_hidden_set(case: dict[str, Any], tmp_path: Path) -> None:
    policy, _ = compiled(case["policy"])
    hidden = case["expect"]["hidden"] or []
    for tool in (*hidden, "tool_c"):
        assert reference.visible(policy, tool) == (tool not in hidden)
    assert sum(rule.effect == "hide" for rule in policy.rules) == len(hidden)


def check_filter(case: dict[str, Any], tmp_path: Path) -> None:
    policy, _ = compiled(f"version: '1'\nhide: {json.dumps(case['hidden'])}\ntools: {{}}\n")
    body, expect = case["body"], case["expect"]
    filtered = without_hidden(body, Table(compile_table([policy], NO_FACTS)))
    if expect.get("unchanged"):
        assert filtered is body
        return
    assert [tool["name"] for tool in filtered["result"]["tools"]] == expect["tools"]
    assert filtered["result"].get("nextCursor") == expect.get("nextCursor")
    assert filtered["id"] == body["id"]
    assert all(reference.visible(policy, tool) for tool in expect["tools"])


# --- counters.json, handler.json ---------------------------------------------------------------------------------------


def check_window(case: dict[str, Any], tmp_path: Path) -> None:
    text = f"version: '1'\ntools:\n  t:\n    rules:\n    - name: r\n      conditions: [{{path: state.t.c, op: lt, value: 5}}]\n      state: {{counter: c, window: '{case['window']}'}}\n"
    policy, findings = compiled(text)
    seconds = case["expect"]["seconds"]
    assert bool(errors(findings)) == (seconds == 0)
    if seconds:
        (rule,) = [r for r in policy.rules if r.limit is not None]
        assert rule.limit is not None and isinstance(rule.limit.window, str)
        assert WINDOWS[rule.limit.window] == seconds


PREFIX = "[INTERCEPT POLICY DENIED] "


def check_handler(case: dict[str, Any], tmp_path: Path) -> None:
    policy, findings = compiled(case["policy"])
    assert not errors(findings)
    arguments = case["call"]["arguments"] or {}
    outcome = reference.decide(policy, reference.Call(case["call"]["name"], arguments))
    expect = case["expect"]
    given = expect.get("given", {})
    full = given.get("reserve_result") == "denied" or given.get("second_reserve") == "denied"
    assert (outcome.effect == "allow") == (expect["forwarded"] or full)
    text = expect.get("denied_text", "").removeprefix(PREFIX)
    if full:
        assert outcome.limits[-1].reason == text or not text
    elif (
        text == "Internal policy error"
    ):  # that proxy's word for an amount that cannot be read; ours is the limit's reason
        assert outcome.rule is not None and outcome.rule.effect == "limit"
    elif outcome.rule is None and outcome.effect == "deny":  # the default denied: its words are the gateway's
        assert "is not permitted by policy" in text
    elif text:
        assert outcome.rule is not None and outcome.rule.reason == text
    limits = [rule.limit for rule in outcome.limits if rule.limit is not None]
    if "reservations" in expect:
        assert [limit.counter for limit in limits] == [r["key"] for r in expect["reservations"]]
    for limit, reserved in zip(limits, expect.get("reservations", ()), strict=False):
        if "limit" in reserved:
            assert limit.maximum == reserved["limit"]
        if "amount" in reserved:
            amount = limit.step if limit.amount is None else arguments[limit.amount.steps[0]]
            assert amount == reserved["amount"]
    if expect.get("rollbacks"):
        assert [r["key"] for r in expect["rollbacks"]] == [limit.counter for limit in limits][
            : len(expect["rollbacks"])
        ]
    assert bool(limits) or not expect.get("rollback_hook")


CHECKS = {
    "load": check_load, "validate": check_validate, "validate_condition": check_validate, "validate_state": check_validate,
    "parse_rate_limit": check_rate_limit, "operator": check_operator, "decision": check_decision,
    "hidden_set": check_hidden_set, "filter_tools_list": check_filter, "window_duration": check_window,
    "handler": check_handler,
}  # fmt: skip
