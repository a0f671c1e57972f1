"""Envoy's ext_authz, by a gRPC client that sends what Envoy sends."""

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
from policyc.reference import decide
from policyc.table.encode import compile_table
from tests.property.strategies import random_policy
from tests.serve.checking import FINE, HEADERS, Client, body_of, denied, message, passed
from tests.serve.running import Running
from tests.serve.test_authzen import json_calls

REFUSED = (403, -32600)


@pytest.fixture(scope="module")
def client(shop: Running) -> Iterator[Client]:
    made = Client(shop.grpc)
    yield made
    made.close()


def refused(response: Any) -> str:
    """The message of a denial that answers no request: HTTP 403 and a JSON-RPC error without an id."""
    status, body = denied(response)
    assert (status, body["error"]["code"], body["id"]) == (*REFUSED, None)
    return str(body["error"]["message"])


def test_a_call_that_is_allowed_passes(client: Client) -> None:
    assert passed(client.ask(body_of(message("refund", FINE))))


def test_a_denial_is_a_result_that_an_mcp_client_understands(client: Client) -> None:
    status, body = denied(client.ask(body_of(message("refund", {"currency": "usd", "amount": 50_000}, "id-7"))))
    assert status == 200
    assert body == {
        "jsonrpc": "2.0",
        "id": "id-7",
        "result": {"content": [{"type": "text", "text": "a refund may not exceed 200.00"}], "isError": True},
    }


def test_an_approval_is_not_an_allowance(client: Client) -> None:
    _, body = denied(client.ask(body_of(message("refund", {"currency": "usd", "amount": 6000}))))
    assert body["result"]["content"][0]["text"] == "this call needs an approval by team-lead"


def test_a_hidden_tool_does_not_exist(client: Client) -> None:
    status, body = denied(client.ask(body_of(message("close_shop", {}))))
    assert status == 200 and body["error"] == {"code": -32602, "message": "Unknown tool: close_shop"}


def test_limits_hold_for_the_user_of_the_header(client: Client, shop: Running) -> None:
    def order(user: str) -> bool:
        return passed(client.ask(body_of(message("order", {"user": "somebody"})), {**HEADERS, "x-user": user}))

    assert [order("envoy-ann") for _ in range(4)] == [True, True, True, False]
    assert order("envoy-bob")
    without = {"content-type": "application/json"}
    _, body = denied(client.ask(body_of(message("order", {}, _meta={"user": "x"})), without))
    assert "has no user" in body["result"]["content"][0]["text"]


@pytest.mark.parametrize("raw", [False, True])
def test_context_comes_from_headers_and_the_route(client: Client, raw: bool) -> None:
    audit = body_of(message("audit", {"roles": ["auditor"]}))
    assert passed(client.ask(audit, {**HEADERS, "X-Roles": "guest, auditor"}, raw_headers=raw))
    assert not passed(client.ask(audit, {**HEADERS, "x-roles": "guest,auditors"}, raw_headers=raw))
    assert not passed(client.ask(audit, raw_headers=raw))
    read = body_of(message("read_file", {"path": "/etc/passwd"}))
    _, body = denied(client.ask(read, extensions={"server": "files"}, raw_headers=raw))
    assert body["result"]["content"][0]["text"] == "only public files"
    order = body_of(message("order", {}))
    user = {"user": f"route-{raw}"}
    assert [passed(client.ask(order, extensions=user)) for _ in range(4)] == [True, True, True, False], "the route wins"


def test_other_methods(client: Client) -> None:
    def sent(method: str, **rest: Any) -> bool:
        return passed(client.ask(body_of({"jsonrpc": "2.0", "id": 1, "method": method, **rest})))

    assert all(map(sent, ("initialize", "ping", "tools/list", "prompts/get", "tasks/get", "notifications/cancelled")))
    assert not sent("resources/read") and not sent("resources/templates/list"), "denied by an option"
    assert not any(map(sent, ("tools/Call", "tools/call ", "tools/purge", "", "*", "sampling/createMessage")))
    status, body = denied(client.ask(body_of({"jsonrpc": "2.0", "id": 5, "method": "resources/list"})))
    assert (status, body["id"], body["error"]["code"]) == (200, 5, -32600)
    assert passed(client.ask(body_of({"jsonrpc": "2.0", "id": 1, "result": {}}))), "an answer to the server"
    assert passed(client.ask(body_of({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ""}})))


def test_requests_without_a_body(client: Client) -> None:
    assert all(passed(client.ask(method=method, size=0)) for method in ("GET", "DELETE", "HEAD", "OPTIONS"))
    assert passed(client.ask(method="GET", size=-1))
    assert "has no body" in refused(client.ask(body_of(message("find_item", {})), method="GET"))
    assert "has no body" in refused(client.ask(method="DELETE", size=5))
    for method in ("PUT", "PATCH", "post", ""):
        refused(client.ask(body_of(message("find_item", {})), method=method))


# --- arrays ---------------------------------------------------------------------------------------------------------


def test_an_array_passes_when_all_of_it_passes(client: Client) -> None:
    listing = {"jsonrpc": "2.0", "id": 3, "method": "tools/list"}
    assert passed(client.ask(body_of(message("refund", FINE), message("find_item", {}, 2), listing)))
    huge = message("refund", {"currency": "usd", "amount": 50_000}, 2)
    note = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
    status, body = denied(client.ask(body_of(message("refund", FINE), huge, listing, note)))
    assert status == 200 and [answer["id"] for answer in body] == [1, 2, 3]
    texts = [answer["result"]["content"][0]["text"] for answer in body[:2]]
    assert texts == ["another message of the same request is denied", "a refund may not exceed 200.00"]
    assert all(answer["result"]["isError"] for answer in body[:2]) and body[2]["error"]["code"] == -32600


def test_an_array_that_is_denied_counts_nothing(client: Client) -> None:
    headers = {**HEADERS, "x-user": "array-ann"}
    both = body_of(message("order", {}, 1), message("close_shop", {}, 2))
    assert not any(passed(client.ask(both, headers)) for _ in range(5))
    assert passed(client.ask(body_of(*[message("order", {}, i) for i in range(3)]), headers))
    assert not passed(client.ask(body_of(message("order", {})), headers))


def test_arrays_that_are_none(client: Client) -> None:
    refused(client.ask(b"[]"))
    refused(client.ask(b"[[]]"))
    refused(client.ask(body_of(*[message("find_item", {}, i) for i in range(101)])))
    refused(client.ask(body_of(message("find_item", {}), 7)))


# --- bodies that cannot be read, or that others may read differently ------------------------------------------------

PLAIN = body_of(message("find_item", {}))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"1", b"null", b'"tools/call"', b"{}", PLAIN[:-1], PLAIN + b"x", PLAIN.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + PLAIN, b"[" * 200_000, PLAIN.replace(b"{}", b'{"a": NaN}'), PLAIN.replace(b"{}", b'{"a": 1e400}'),
        PLAIN.replace(b"{}", b'{"a": "\xff"}'), PLAIN.replace(b"{}", b'{"a": 1, "a": 2}'), PLAIN.replace(b"{}", b"9" * 5000),
        PLAIN.replace(b'"method"', b'"method": "ping", "method"'), PLAIN.replace(b'"name"', b'"name": "x", "name"'),
        PLAIN.replace(b'"method"', b'"Method": "tools/call", "method"').replace(b'"method": "tools/call"', b'"method": "ping"'),
        PLAIN.replace(b'"method"', b'"METHOD"'), PLAIN.replace(b'"name"', b'"Name"'), PLAIN.replace(b'"arguments"', b'"argument\xc5\xbf"'),
        PLAIN.replace(b'"params"', b'"Params": {}, "params"'), PLAIN.replace(b'"2.0"', b'"1.0"'), PLAIN.replace(b'"jsonrpc": "2.0", ', b""),
        PLAIN.replace(b'"id": 1', b'"id": null'), PLAIN.replace(b'"id": 1', b'"id": 1.5'), PLAIN.replace(b'"id": 1', b'"id": true'),
        PLAIN.replace(b'"id": 1', b'"id": [1]'), PLAIN.replace(b'"tools/call"', b"5"), PLAIN.replace(b'"tools/call"', b'["tools/call"]'),
        PLAIN.replace(b'"find_item"', b"null"), PLAIN.replace(b'"find_item"', b'["find_item"]'), PLAIN.replace(b'"name": "find_item", ', b""),
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}', b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ["find_item"]}',
        b'{"jsonrpc": "2.0", "id": 1, "result": {}, "method": "tools/call"}', b'{"jsonrpc": "2.0", "id": 1, "result": 1, "error": {}}',
    ],
)  # fmt: skip
def test_hostile_bodies(client: Client, body: bytes) -> None:
    assert b"Traceback" not in refused(client.ask(body)).encode()


def test_the_plain_body_passes(client: Client) -> None:
    """What the hostile ones are made of."""
    assert passed(client.ask(PLAIN))
    assert passed(client.ask(PLAIN, size=-1)), "in chunks, of no stated length"
    assert passed(client.ask(PLAIN, {**HEADERS, "content-type": 'Application/JSON; charset="UTF-8"'}))
    assert passed(client.ask(PLAIN, {**HEADERS, "x-envoy-auth-partial-body": "false"}))


@pytest.mark.parametrize("arguments", ["null", "[]", '"x"', "5"])
def test_arguments_that_are_no_object(client: Client, arguments: str) -> None:
    _, body = denied(client.ask(PLAIN.replace(b"{}", arguments.encode())))
    assert body["result"]["isError"] is True


def test_what_envoy_does_not_pass_on_whole(client: Client) -> None:
    assert "max_request_bytes" in refused(client.ask(PLAIN, {**HEADERS, "x-envoy-auth-partial-body": "true"}))
    assert "pack_as_bytes" in refused(client.ask(PLAIN, text=True))
    assert "with_request_body" in refused(client.ask(b"", size=len(PLAIN)))
    assert "as long as" in refused(client.ask(PLAIN, size=len(PLAIN) + 1))


@pytest.mark.parametrize(
    "headers",
    [
        {"content-encoding": "gzip"}, {"content-type": "application/json; charset=utf-7"}, {"content-type": "text/plain"},
        {"content-type": "application/json,text/plain"}, {"content-type": "application/json; charset=utf-8; charset=utf-7"},
        {"x-user": b"\xff"}, {"content-type": ""},
    ],
)  # fmt: skip
def test_headers_by_which_a_server_reads_another_text(client: Client, headers: dict[str, str | bytes]) -> None:
    refused(client.ask(PLAIN, {**HEADERS, **headers}))


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x0a\x05ab", b"\x00" * 1000])
def test_requests_that_are_no_message(client: Client, data: bytes) -> None:
    refused(client.raw(data))


def test_values_are_not_logged(client: Client, shop: Running) -> None:
    since = len(shop.lines)
    secret = "another-secret-value"
    client.ask(body_of(message("refund", {"currency": secret})), {**HEADERS, "x-user": secret})
    client.ask(PLAIN.replace(b"{}", f'{{"{secret}": 1, "{secret}": 2}}'.encode()))
    shop.wait(lambda line: line["event"] == "call", since)
    shop.evaluate(
        {"subject": {"type": "a", "id": "b"}, "action": {"name": "ping"}, "resource": {"type": "c", "id": "d"}}
    )
    assert secret not in json.dumps(shop.lines[since:])


def test_against_the_reference(tmp_path: Path) -> None:
    rng = random.Random(21)
    policies = [replace(random_policy(rng), name=f"p{i}") for i in range(60)]
    table = tmp_path / "random.table"
    table.write_bytes(compile_table(policies, Facts(), budget=Budget(seconds=None)))
    running = Running(
        table, "--no-watch", "--header", "user=x-user", "--header", "now=x-now", "--header", "roles[]=x-roles"
    )
    client = Client(running.grpc)
    effects = []
    try:
        for policy in policies:
            drawn = json_calls(rng, policy)
            for _ in range(15):
                one = next(drawn)
                headers = {"user": "ann", "now": "2026", "roles": "admin,dev"}
                context = {"user": "ann", "now": "2026", "roles": ["admin", "dev"]}
                truth = decide(policy, replace(one, context=context))
                extensions = {"policy": policy.name} | ({} if one.server is None else {"server": one.server})
                sent = {"content-type": "application/json", **{f"x-{name}": value for name, value in headers.items()}}
                response = client.ask(body_of(message(one.tool, one.arguments)), sent, extensions=extensions)
                effects.append(truth.effect)
                if passed(response):
                    assert truth.effect == "allow", (policy, one)
                    continue
                _, body = denied(response)
                assert ("error" in body) == truth.hidden
                if truth.effect == "allow":
                    assert truth.limits, "held up by limits alone"
                elif truth.rule is not None and truth.rule.reason and not truth.hidden:
                    assert body["result"]["content"][0]["text"].startswith(truth.rule.reason)
    finally:
        client.close()
        running.close()
    assert set(effects) == {"allow", "deny", "approve"}
