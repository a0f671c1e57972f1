"""AuthZEN's Authorization API 1.0: its shapes, as the working group's certification scenario has them, and the mapping to calls.

https://openid.net/specs/authorization-api-1_0.html
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policyc.diagram.build import Budget
from policyc.ir.facts import Facts
from policyc.record import replace
from policyc.reference import Call, decide, visible
from policyc.strict_json import read_json
from policyc.table.encode import compile_table
from tests.property.strategies import random_call, random_policy
from tests.serve.running import Running, call, decisions

FINE = call("refund", {"currency": "usd", "amount": 5})
HUGE = call("refund", {"currency": "usd", "amount": 50_000})
JSON = {"Content-Type": "application/json"}
ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"


def test_what_is_allowed(shop: Running) -> None:
    answer = shop.evaluate(FINE)
    assert answer["decision"] is True
    assert answer["context"]["effect"] == "allow" and answer["context"]["rule"] == "refund.allow"


def test_what_is_denied_says_why(shop: Running) -> None:
    answer = shop.evaluate(HUGE)
    assert answer["decision"] is False
    assert answer["context"]["reason"] == "a refund may not exceed 200.00"
    assert answer["context"]["source"].endswith("served.policy:10")


def test_what_needs_an_approval_is_not_allowed(shop: Running) -> None:
    answer = shop.evaluate(call("refund", {"currency": "usd", "amount": 6000}))
    assert answer["decision"] is False
    assert answer["context"]["effect"] == "approve"
    assert answer["context"]["approval"] == {"needed": True, "by": "team-lead"}


def test_a_hidden_tool_is_told_apart_for_the_gateway(shop: Running) -> None:
    assert shop.evaluate(call("close_shop", {}))["context"]["hidden"] is True
    assert "hidden" not in shop.evaluate(call("open_shop", {}))["context"]


def test_limits_are_counted_for_the_subject(shop: Running) -> None:
    ann = [shop.evaluate(call("order", {}, "limits-ann")) for _ in range(4)]
    assert decisions(ann) == [True, True, True, False]
    assert ann[0]["context"]["limits"][0]["maximum"] == 3
    assert ann[3]["context"]["reason"] == "three orders a day"
    assert ann[3]["context"]["refused"]["left"] == 0
    assert shop.evaluate(call("order", {}, "limits-bob"))["decision"] is True


def test_a_call_with_its_id_is_counted_once(shop: Running) -> None:
    request = call("order", {}, "retry-ann")
    request["action"]["properties"] = {"call_id": "c1"}
    answers = [shop.evaluate(request) for _ in range(6)]
    assert decisions(answers) == [True] * 6
    assert "repeated" not in answers[0]["context"] and answers[1]["context"]["repeated"] is True


def test_context_comes_from_context_and_subject(shop: Running) -> None:
    assert shop.evaluate(call("audit", {}, roles=["auditor"]))["decision"] is True
    assert shop.evaluate(call("audit", {}))["decision"] is False
    request = call("audit", {}, roles=["guest"])
    request["subject"]["properties"] = {"roles": ["auditor"]}
    assert shop.evaluate(request)["decision"] is True, "what is said of the subject wins"
    claimed = call("order", {}, "subject-ann")
    claimed["context"]["user"] = "somebody else"
    claimed["subject"]["properties"] = {"user": "somebody else"}
    for _ in range(3):
        shop.evaluate(claimed)
    assert shop.evaluate(call("order", {}, "subject-ann"))["decision"] is False, "the subject's id is its own"


def test_the_server_is_a_property_of_the_resource(shop: Running) -> None:
    request = call("read_file", {"path": "/etc/passwd"})
    request["resource"]["properties"] = {"server": "files"}
    assert shop.evaluate(request)["context"]["reason"] == "only public files"
    request["resource"]["properties"] = {"server": "other"}
    assert "reason" in shop.evaluate(request)["context"]
    assert shop.evaluate(request)["context"].get("rule") is None


def test_arguments_are_demanded(shop: Running) -> None:
    """A condition on an argument that was not sent would be decided as one on an argument that is not there."""
    without = call("find_item", {})
    del without["context"]
    answer = shop.evaluate(without)
    assert answer["decision"] is False and "arguments" in answer["context"]["reason"]
    by_action = {**without, "action": {"name": "tools/call", "properties": {"arguments": {}}}}
    assert shop.evaluate(by_action)["decision"] is True
    twice = {**by_action, "context": {"arguments": {}}}
    assert shop.evaluate(twice)["decision"] is False
    for odd in ([], "x", 1):
        assert shop.evaluate(call("find_item", odd))["decision"] is False


def test_other_questions(shop: Running) -> None:
    def asked(method: str, kind: str = "mcp_server", name: str = "s") -> bool:
        request = {**FINE, "action": {"name": method}, "resource": {"type": kind, "id": name}}
        return bool(shop.evaluate(request)["decision"])

    assert asked("tools/list", "tool", "find_item") and not asked("tools/list", "tool", "close_shop")
    nowhere = {"type": "tool", "id": "find_item", "properties": {"policy": "none"}}
    assert not shop.evaluate({**FINE, "action": {"name": "tools/list"}, "resource": nowhere})["decision"]
    assert asked("initialize") and asked("tools/list") and asked("prompts/get", "prompt")
    assert not asked("resources/read", "resource"), "denied by an option"
    assert not asked("tools/call"), "of a tool alone"
    assert not asked("can_read", "document") and not asked("can_read", "tool", "find_item")
    assert not asked("tools/purge")


# --- shapes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path, value",
    [
        *[(path, None) for path in ("subject", "action", "resource", "subject.type", "subject.id", "action.name", "resource.type", "resource.id")],
        ("subject", "alice"), ("action.name", 123), ("subject.id", None), ("resource.properties", []), ("context", "x"),
        ("resource.properties", {"server": 1}), ("action.properties", {"call_id": 5}), ("subject.properties", 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("endpoint", [ONE, MANY])
def test_what_is_missing_or_of_another_type_is_a_bad_request(
    shop: Running, endpoint: str, path: str, value: Any
) -> None:
    request = json.loads(json.dumps(FINE))
    *parents, last = path.split(".")
    into = request
    for name in parents:
        into = into[name]
    if value is None:
        del into[last]
    else:
        into[last] = value
    status, message = shop.post(endpoint, request)
    assert status == 400 and last in message and isinstance(message, str)


def test_unknown_fields_are_ignored(shop: Running) -> None:
    assert shop.evaluate({**FINE, "foo": "bar", "future": {"nested": True}})["decision"] is True


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"{", b"[]", b"null", b"1", b"\xff\xfe{\x00}\x00", json.dumps(FINE).encode("utf-16"), b"\xef\xbb\xbf{}",
        b'{"a": 1, "a": 2}', b'{"a": NaN}', b'{"a": 1e999}', b'{"a": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"a":' * 50_000,
        b'{"subject": {"type": "user", "id": "\xff"}}', b"\x00" * 10,
    ],
)  # fmt: skip
@pytest.mark.parametrize("endpoint", [ONE, MANY])
def test_hostile_bodies(shop: Running, endpoint: str, body: bytes) -> None:
    status, headers, answer = shop.raw("POST", endpoint, body, JSON)
    assert status == 400
    message = json.loads(answer)
    assert isinstance(message, str) and "Traceback" not in message and "\n" not in message
    assert headers["content-type"].startswith("application/json")


def test_bodies_that_are_too_long(shop: Running) -> None:
    request = call("find_item", {"text": "x" * (1 << 20)})
    assert shop.post(ONE, request)[0] == 413
    assert shop.evaluate(call("find_item", {"text": "x" * (1 << 19)}))["decision"] is True


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=utf-16", "application/xml", ""])
def test_other_content_types(shop: Running, kind: str) -> None:
    assert shop.raw("POST", ONE, json.dumps(FINE).encode(), {"Content-Type": kind})[0] == 400


def test_encoded_bodies_are_not_decoded(shop: Running) -> None:
    import gzip

    body = gzip.compress(json.dumps(FINE).encode())
    assert shop.raw("POST", ONE, body, {**JSON, "Content-Encoding": "gzip"})[0] == 400


def test_the_request_id_comes_back(shop: Running) -> None:
    body = json.dumps(FINE).encode()
    sent = "bfe9-äöü".encode()
    back = shop.raw("POST", ONE, body, {**JSON, "X-Request-ID": sent})[1]["x-request-id"]  # type: ignore[dict-item]
    assert back.encode("latin-1") == sent
    assert shop.raw("POST", ONE, b"x", {**JSON, "X-Request-ID": "r2"})[1]["x-request-id"] == "r2"
    assert shop.raw("GET", "/nothing", None, {"X-Request-ID": "r3"})[1]["x-request-id"] == "r3"
    assert "x-request-id" not in shop.raw("POST", ONE, body, JSON)[1]
    status, headers, _ = shop.raw("POST", ONE, body, {**JSON, "X-Request-ID": b"\xff\xfe"})  # type: ignore[dict-item]
    assert status == 200 and "x-request-id" not in headers


def test_other_paths_and_methods(shop: Running) -> None:
    assert shop.raw("GET", "/nothing")[0] == 404
    status, headers, body = shop.raw("GET", ONE)
    assert (status, headers["allow"]) == (405, "POST") and isinstance(json.loads(body), str)


def test_metadata(shop: Running) -> None:
    status, headers, body = shop.raw("GET", "/.well-known/authzen-configuration")
    base = f"http://{shop.http}"
    assert status == 200 and headers["content-type"].startswith("application/json")
    assert json.loads(body) == {
        "policy_decision_point": base,
        "access_evaluation_endpoint": base + ONE,
        "access_evaluations_endpoint": base + MANY,
    }


# --- batches --------------------------------------------------------------------------------------------------------


def test_a_batch_in_its_order_with_defaults(shop: Running) -> None:
    request = {
        "subject": FINE["subject"],
        "action": FINE["action"],
        "context": FINE["context"],
        "evaluations": [
            {"resource": {"type": "tool", "id": "refund"}},
            {"resource": {"type": "tool", "id": "refund"}, "context": HUGE["context"]},
            {"resource": {"type": "tool", "id": "find_item"}},
            {},
            {"subject": "x", "resource": {"type": "tool", "id": "refund"}},
            7,
        ],
    }
    status, answer = shop.post(MANY, request)
    assert status == 200 and set(answer) == {"evaluations"}
    assert decisions(answer["evaluations"]) == [True, False, True, False, False, False]
    assert answer["evaluations"][3]["context"]["error"]["status"] == 400


def test_an_entity_replaces_the_default_but_for_its_required_parts(shop: Running) -> None:
    request = {
        **FINE,
        "resource": {"type": "tool", "properties": {"server": "other"}},
        "context": {"arguments": {"path": "/etc"}},
        "evaluations": [
            {"resource": {"id": "read_file"}},
            {"resource": {"id": "read_file", "properties": {"server": "files"}}},
        ],
    }
    first, second = shop.post(MANY, request)[1]["evaluations"]
    assert first["context"]["rule"], "the default's server is gone with the default: it may be any, `files` too"
    assert second["context"]["reason"] == "only public files"


@pytest.mark.parametrize(
    "semantic, expected",
    [
        ("execute_all", [False, True, False]),
        ("deny_on_first_deny", [False]),
        ("permit_on_first_permit", [False, True]),
        (None, [False, True, False]),
    ],
)
def test_semantics(shop: Running, semantic: str | None, expected: list[bool]) -> None:
    request: dict[str, Any] = {"evaluations": [HUGE, FINE, HUGE]}
    if semantic is not None:
        request["options"] = {"evaluations_semantic": semantic}
    assert decisions(shop.post(MANY, request)[1]["evaluations"]) == expected


def test_what_is_not_evaluated_is_not_counted(shop: Running) -> None:
    orders = [call("order", {}, "batch-ann")] * 3
    request = {"options": {"evaluations_semantic": "permit_on_first_permit"}, "evaluations": orders}
    assert len(shop.post(MANY, request)[1]["evaluations"]) == 1
    assert decisions(shop.post(MANY, {"evaluations": orders})[1]["evaluations"]) == [True, True, False]


def test_without_evaluations_it_is_a_single_one(shop: Running) -> None:
    assert shop.post(MANY, FINE)[1]["decision"] is True
    assert shop.post(MANY, {**HUGE, "evaluations": []})[1]["decision"] is False


@pytest.mark.parametrize(
    "change",
    [{"evaluations": {}}, {"options": []}, {"options": {"evaluations_semantic": "any"}}, {"options": {"evaluations_semantic": []}}, {"evaluations": [FINE] * 1001}],
)  # fmt: skip
def test_what_is_wrong_with_the_whole_batch(shop: Running, change: dict[str, Any]) -> None:
    assert shop.post(MANY, {"evaluations": [FINE], **change})[0] == 400


# --- against the reference ------------------------------------------------------------------------------------------

POLICIES, CALLS = 80, 40


def json_calls(rng: random.Random, policy: Any) -> Iterator[Call]:
    """Calls that JSON can carry."""
    while True:
        drawn = random_call(rng, policy)
        if type(drawn.arguments) is not dict or type(drawn.context) is not dict:
            continue
        try:
            text = json.dumps([drawn.arguments, drawn.context], allow_nan=False)
        except (TypeError, ValueError):
            continue
        arguments, context = read_json(text)
        context.pop("arguments", None)
        yield Call(drawn.tool, arguments, {**context, "caller": "ann"}, drawn.server)


def test_against_the_reference(tmp_path: Path) -> None:
    rng = random.Random(20)
    policies = [replace(random_policy(rng), name=f"p{i}") for i in range(POLICIES)]
    table = tmp_path / "random.table"
    table.write_bytes(compile_table(policies, Facts(), budget=Budget(seconds=None)))
    running = Running(table, "--subject", "caller", "--no-watch")
    effects, limited = set(), 0
    try:
        for policy in policies:
            drawn = json_calls(rng, policy)
            asked = [next(drawn) for _ in range(CALLS)]
            answers = running.post(MANY, {"evaluations": [_request(c, policy.name) for c in asked]})[1]["evaluations"]
            shown = running.post(MANY, {"evaluations": [_request(c, policy.name, "tools/list") for c in asked]})[1][
                "evaluations"
            ]
            for one, answer, listed in zip(asked, answers, shown, strict=True):
                truth, said = decide(policy, one), answer["context"]
                held_up = "refused" in said or "counts by" in said.get("reason", "")
                expected = "deny" if truth.effect == "allow" and held_up else truth.effect
                assert answer["decision"] is (expected == "allow"), (policy, one, answer)
                assert said["effect"] == expected and said.get("hidden", False) == truth.hidden
                assert said.get("rule") == (truth.rule.id if truth.rule else None)
                assert [limit["id"] for limit in said.get("limits", [])] == [rule.id for rule in truth.limits]
                assert not held_up or truth.limits, "held up by limits alone"
                assert listed["decision"] is visible(policy, one.tool, one.server)
                effects.add(said["effect"])
                limited += held_up
    finally:
        running.close()
    assert effects == {"allow", "deny", "approve"} and limited, "the draw must meet everything"


def _request(one: Call, policy: str, method: str = "tools/call") -> dict[str, Any]:
    context = {name: value for name, value in (one.context or {}).items() if name != "caller"}
    server = {} if one.server is None else {"server": one.server}
    return {
        "subject": {"type": "identity", "id": "ann"},
        "action": {"name": method},
        "resource": {"type": "tool", "id": one.tool, "properties": {"policy": policy, **server}},
        "context": {**context, "arguments": one.arguments},
    }
