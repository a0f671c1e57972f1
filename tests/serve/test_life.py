"""The service's life: health, metrics, logs, reloading under load, ending with requests in flight, and what it refuses to start with."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.counters.server import Server, needs_server
from tests.serve.checking import Client, body_of, message, passed
from tests.serve.running import PATIENCE, SHOP, Running, call, start, table_of

FINE = call("refund", {"currency": "usd", "amount": 5})
OTHER = SHOP.replace("20_000", "30_000").replace("200.00", "300.00")
HUGE = call("refund", {"currency": "usd", "amount": 50_000})


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Running]:
    """A service of the test's own, with revision 5."""
    running = start(tmp_path, "--no-watch", revision=5)
    yield running
    running.close()


def test_health_and_readiness(own: Running) -> None:
    assert own.raw("GET", "/healthz")[::2] == (200, b"ok\n")
    assert own.raw("GET", "/readyz")[::2] == (200, b"ok\n")


def test_metrics_count_what_was_decided(own: Running) -> None:
    for request in (FINE, FINE, HUGE, call("refund", {"currency": "usd", "amount": 6000}), *[call("order", {})] * 5):
        own.evaluate(request)
    own.raw("POST", "/access/v1/evaluation", b"x", {"Content-Type": "application/json"})
    counted = own.metrics()

    def decided(effect: str) -> float:
        return counted[f'policyc_decisions_total{{effect="{effect}",policy="shop",protocol="authzen"}}']

    assert (decided("allow"), decided("deny"), decided("approve")) == (5, 3, 1)
    assert counted['policyc_decision_seconds_count{protocol="authzen"}'] == 9
    assert counted['policyc_counter_refusals_total{limit="order.limit",policy="shop",why="limit"}'] == 2
    assert counted['policyc_unreadable_requests_total{protocol="authzen"}'] == 1
    assert counted["policyc_table_revision"] == 5


def test_nothing_that_a_caller_says_becomes_a_label(own: Running) -> None:
    request = call("find_item", {})
    request["resource"]["properties"] = {"policy": "no-such-policy", "server": "some-server"}
    assert own.evaluate(request)["decision"] is False
    own.evaluate(call("some-tool", {}))
    own.evaluate({**FINE, "action": {"name": "some-method"}, "resource": {"type": "mcp_server", "id": "some-id"}})
    text = own.raw("GET", "/metrics")[2].decode()
    assert "some-" not in text and "no-such" not in text


def test_values_are_not_logged(own: Running) -> None:
    secret = "the-secret-value"
    own.evaluate(call("refund", {"currency": secret, "amount": 77_123_456}, user=secret, roles=[secret]))
    own.post("/access/v1/evaluation", {**FINE, "action": {"name": secret}, "resource": {"type": secret, "id": secret}})
    own.raw(
        "POST",
        "/access/v1/evaluation",
        f'{{"{secret}": 1, "{secret}": 2}}'.encode(),
        {"Content-Type": "application/json"},
    )
    line = own.wait(lambda line: line["event"] == "call")
    assert (
        line["tool"] == "refund"
        and line["rule"] == "refund.require"
        and set(line["arguments"]) == {"currency", "amount"}
    )
    own.end()
    assert secret not in json.dumps(own.lines) and "77123456" not in json.dumps(own.lines)


def test_a_log_file_is_opened_anew(tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    table = tmp_path / "t.table"
    table.write_bytes(table_of(SHOP, tmp_path))
    command = [sys.executable, "-m", "policyc", "serve", str(table), "--http", f"unix:{tmp_path}/s", "--log", str(log)]
    process = subprocess.Popen(command)
    try:
        _until(lambda: log.exists() and "listening" in log.read_text())
        log.rename(tmp_path / "serve.log.1")
        process.send_signal(signal.SIGHUP)
        _until(lambda: log.exists() and "reload found nothing new" in log.read_text())
        with socket.socket(socket.AF_UNIX) as plain:
            plain.connect(f"{tmp_path}/s")
            plain.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert plain.recv(100).startswith(b"HTTP/1.0 200")
        process.terminate()
        assert process.wait(PATIENCE) == 0
        assert "ended" in log.read_text()
    finally:
        process.kill()
        process.wait()


def _until(true: Any) -> None:
    waiting = threading.Event()
    for _ in range(PATIENCE * 50):
        if true():
            return
        waiting.wait(0.02)
    raise AssertionError("it did not come")


# --- reloading ------------------------------------------------------------------------------------------------------


def test_a_reload_while_requests_come(own: Running, tmp_path: Path) -> None:
    """Not one fails, and each is answered by the old table or by the new one."""
    tables = [table_of((OTHER, SHOP)[i % 2], tmp_path, 6 + i) for i in range(6)]
    stop, seen, wrong = threading.Event(), set(), []

    def ask() -> None:
        connection = own.connect()
        while not stop.is_set():
            try:
                connection.request(
                    "POST", "/access/v1/evaluation", json.dumps(HUGE), {"Content-Type": "application/json"}
                )
                answer = connection.getresponse()
                body = json.loads(answer.read())
                seen.add((answer.status, body["decision"], body["context"]["reason"]))
            except Exception as error:
                wrong.append(error)
                return

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for i, data in enumerate(tables):
        own.replace(data)
        line = own.reload()
        assert (line["event"], line["revision"]) == ("reloaded", 6 + i)
    stop.set()
    for asker in askers:
        asker.join(PATIENCE)
    assert not wrong
    assert seen == {(200, False, f"a refund may not exceed {most}.00") for most in (200, 300)}
    assert own.metrics()['policyc_table_reloads_total{outcome="replaced"}'] == len(tables)


@pytest.mark.parametrize("bad", ["cut", "older", "garbage", "gone", "other of the same revision"])
def test_a_bad_table_changes_nothing(own: Running, tmp_path: Path, bad: str) -> None:
    new = table_of(OTHER, tmp_path, {"older": 4, "other of the same revision": 5}.get(bad, 6))
    if bad == "gone":
        own.table.unlink()
    else:
        own.replace(new[:-100] if bad == "cut" else b"x" if bad == "garbage" else new)
    for times in (1, 2):  # said at each signal
        line = own.reload()
        assert line["event"] == "reload refused" and line["level"] == "error" and line["reason"]
        assert own.metrics()['policyc_table_reloads_total{outcome="refused"}'] == times
    assert own.evaluate(HUGE)["context"]["reason"] == "a refund may not exceed 200.00"
    assert own.metrics()["policyc_table_last_reload_successful"] == 0
    assert own.raw("GET", "/readyz")[0] == 200, "the table in force still holds"
    own.replace(table_of(OTHER, tmp_path, 7))
    assert own.reload()["event"] == "reloaded"
    assert own.evaluate(HUGE)["context"]["reason"] == "a refund may not exceed 300.00"
    assert own.metrics()["policyc_table_last_reload_successful"] == 1


def test_a_policy_that_a_new_table_lacks(tmp_path: Path) -> None:
    running = start(tmp_path, "--policy", "shop", "--no-watch")
    try:
        running.replace(table_of(OTHER.replace('"shop"', '"store"'), tmp_path, 1))
        running.reload()
        assert running.evaluate(FINE)["decision"] is False
        assert running.raw("GET", "/readyz")[0] == 503
    finally:
        running.close()


def test_which_policy_holds(tmp_path: Path) -> None:
    """The one that is served, whatever a request says; without one, the request must say."""
    both = SHOP + SHOP.replace('"shop"', '"open"').replace("default deny", "default allow")
    request = call("anything", {})
    named = {**request, "resource": {**request["resource"], "properties": {"policy": "open"}}}
    for options, expected in (
        (("--policy", "shop"), (False, False)),
        (("--policy", "open"), (True, True)),
        ((), (False, True)),
    ):
        running = start(tmp_path, "--no-watch", *options, text=both)
        try:
            assert (running.evaluate(request)["decision"], running.evaluate(named)["decision"]) == expected
        finally:
            running.close()


def test_allowing_every_method_allows_no_call(tmp_path: Path) -> None:
    running = start(tmp_path, "--no-watch", "--allow-method", "*", "--deny-method", "resources/*")
    client = Client(running.grpc)
    try:
        other = {"jsonrpc": "2.0", "id": 1, "method": "tools/purge"}
        assert passed(client.ask(body_of(other)))
        assert not passed(client.ask(body_of({**other, "method": "resources/read"})))
        assert not passed(client.ask(body_of(message("close_shop", {}))))
        assert running.evaluate(HUGE)["decision"] is False
    finally:
        client.close()
        running.close()


def test_watching(tmp_path: Path) -> None:
    running = start(tmp_path)
    try:
        running.replace(table_of(OTHER, tmp_path, 1))
        running.wait(lambda line: line["event"] == "reloaded")
        assert running.evaluate(HUGE)["context"]["reason"] == "a refund may not exceed 300.00"
    finally:
        running.close()


# --- the end --------------------------------------------------------------------------------------------------------


def test_the_end_waits_for_what_is_in_flight(own: Running) -> None:
    body = json.dumps(FINE).encode()
    slow = socket.create_connection(_address(own.http))
    slow.sendall(
        b"POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body[:10]
    )
    idle = own.connect()
    idle.request("GET", "/healthz")
    idle.getresponse().read()
    own.process.send_signal(signal.SIGTERM)
    own.wait(lambda line: line["event"] == "ending")
    _until(lambda: not _accepts(own.http))
    assert own.process.poll() is None, "it waits"
    slow.sendall(body[10:])
    answer = http.client.HTTPResponse(slow)
    answer.begin()
    assert answer.status == 200 and json.loads(answer.read())["decision"] is True
    assert own.process.wait(PATIENCE) == 0
    assert own.other == []


def test_the_end_does_not_wait_for_ever(tmp_path: Path) -> None:
    running = start(tmp_path, "--grace", "0.2", "--no-watch")
    slow = socket.create_connection(_address(running.http))
    slow.sendall(
        b"POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    running.evaluate(FINE)
    assert running.end() == 0
    assert running.other == []


def test_control_c(own: Running) -> None:
    own.process.send_signal(signal.SIGINT)
    assert own.process.wait(PATIENCE) == 130
    assert own.other == []


def _address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host, int(port)


def _accepts(text: str) -> bool:
    try:
        socket.create_connection(_address(text)).close()
    except ConnectionRefusedError:
        return False
    return True


# --- counters that are shared ---------------------------------------------------------------------------------------


@needs_server
def test_two_services_share_their_limits(tmp_path: Path) -> None:
    server = Server(tmp_path)
    one, two = (start(tmp_path, "--redis", server.url, "--no-watch") for _ in range(2))
    try:
        answers = [running.evaluate(call("order", {})) for running in (one, two, one, two)]
        assert [answer["decision"] for answer in answers] == [True, True, True, False]
        server.kill()
        down = one.evaluate(call("order", {}, "bob"))
        assert down["decision"] is False and down["context"]["refused"]["why"] == "store"
        assert "redis" not in json.dumps(down).lower(), "what is wrong with the store is for the log"
        assert one.evaluate(FINE)["decision"] is True, "a call without limits needs no store"
        assert one.metrics()['policyc_counter_refusals_total{limit="",policy="shop",why="store"}'] == 1
    finally:
        one.close()
        two.close()
        server.close()


def test_a_store_that_is_down_may_be_configured_to_let_through(tmp_path: Path) -> None:
    running = start(tmp_path, "--redis", "redis://127.0.0.1:1", "--on-store-failure", "allow", "--no-watch")
    try:
        answer = running.evaluate(call("order", {}))
        assert answer["decision"] is True and answer["context"]["uncounted"]
        assert running.metrics()["policyc_uncounted_calls_total"] == 1
    finally:
        running.close()


# --- what it does not start with ------------------------------------------------------------------------------------


def refused(*options: str) -> str:
    """What `policyc serve` says when it does not start: exit code 2 and one sentence."""
    command = [sys.executable, "-m", "policyc", "serve", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2 and done.stdout == "", done
    *log, said = done.stderr.splitlines()
    assert all(line.startswith("{") for line in log), done.stderr
    return said.removeprefix("policyc: ")


def test_what_cannot_be_served(tmp_path: Path, own: Running) -> None:
    table = str(own.table)
    broken = tmp_path / "broken.table"
    broken.write_bytes(own.table.read_bytes()[:-5])
    assert "no such file" in refused(str(tmp_path / "none.table"))
    assert "changed or cut short" in refused(str(broken))
    assert "did you mean `shop`?" in refused(table, "--policy", "shp")
    assert "in use" in refused(table, "--http", own.http)
    assert "in use" in refused(table, "--http", "127.0.0.1:0", "--grpc", own.grpc)
    for bad in ("8080", "localhost", "127.0.0.1:99999", ":80", "unix:"):
        assert "must be `HOST:PORT`" in refused(table, "--http", bad)
    assert "`NAME=HEADER`" in refused(table, "--header", "user")
    assert "twice" in refused(table, "--header", "user=a", "--header", "user[]=b")
    assert "must be a URL" in refused(table, "--http", "127.0.0.1:0", "--redis", "nonsense")
    assert "cannot write" in refused(table, "--log", str(tmp_path / "no" / "such" / "folder"))
    assert "deny" in refused(table, "--on-store-failure", "maybe")
    assert "cannot read" in refused(table, "--key", str(tmp_path / "none.pub"))


def test_signed_tables(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    policyc = [sys.executable, "-m", "policyc"]
    (tmp_path / "shop.policy").write_text(SHOP)
    for command in (
        ["keygen", "ours"],
        ["keygen", "theirs"],
        ["compile", "shop.policy", "-o", "t.table", "--sign", "ours.key", "--no-config"],
    ):
        subprocess.run([*policyc, *command], cwd=tmp_path, check=True, capture_output=True, timeout=PATIENCE)
    table = tmp_path / "t.table"
    assert "sign" in refused(str(table), "--key", str(tmp_path / "theirs.pub"))
    running = Running(table, "--key", str(tmp_path / "ours.pub"), "--no-watch")
    try:
        assert running.evaluate(FINE)["decision"] is True
        running.replace(table_of(OTHER, tmp_path, 1))
        assert running.reload()["event"] == "reload refused", "nobody signed that one"
    finally:
        running.close()


def test_without_the_extra(tmp_path: Path) -> None:
    (tmp_path / "aiohttp.py").write_text("raise ModuleNotFoundError('no', name='aiohttp')")
    done = subprocess.run(
        [sys.executable, "-m", "policyc", "serve", "t.table"],
        capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.getcwd()}"},
    )  # fmt: skip
    assert (
        done.returncode == 2 and done.stderr == "policyc: `policyc serve` needs aiohttp: pip install 'policyc[serve]'\n"
    )
