"""A gRPC client of `ext_authz`, which sends what Envoy sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import grpc

from policyc.serve.ext_authz_messages import CHECK, CheckRequest, CheckResponse
from tests.serve.running import PATIENCE

HEADERS = {"content-type": "application/json", "x-user": "ann"}
FINE = {"currency": "usd", "amount": 5}


class Client:
    """Asks one service."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self._check = self._channel.unary_unary(
            "/{}/{}".format(*CHECK), CheckRequest.SerializeToString, CheckResponse.FromString
        )
        self._raw = self._channel.unary_unary("/{}/{}".format(*CHECK))

    def ask(
        self, body: bytes = b"", headers: Mapping[str, str | bytes] = HEADERS, method: str = "POST", *,
        size: int | None = None, text: bool = False, extensions: Mapping[str, str] | None = None, raw_headers: bool = False,
    ) -> Any:  # fmt: skip
        """The response to a request with this body. `text`: without `pack_as_bytes`. `raw_headers`: with `encode_raw_headers`."""
        request = CheckRequest()
        http = request.attributes.request.http
        http.method = method.encode()
        http.size = len(body) if size is None else size
        if text:
            http.body = body
        else:
            http.raw_body = body
        for name, value in headers.items():
            data = value if isinstance(value, bytes) else value.encode()
            if raw_headers:
                http.header_map.headers.add(key=name.encode(), raw_value=data)
            else:
                http.headers.add(key=name.encode(), value=data)
        for name, given in (extensions or {}).items():
            request.attributes.context_extensions.add(key=name.encode(), value=given.encode())
        return self._check(request, timeout=PATIENCE)

    def raw(self, data: bytes) -> Any:
        """The response to these bytes."""
        return CheckResponse.FromString(self._raw(data, timeout=PATIENCE))

    def close(self) -> None:
        self._channel.close()


def message(tool: str, arguments: Any, number: Any = 1, **rest: Any) -> dict[str, Any]:
    """A `tools/call`. `number`: its id, None for a notification."""
    made = {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": tool, "arguments": arguments}, **rest}
    return made if number is None else made | {"id": number}


def body_of(*messages: Any) -> bytes:
    """One message, or an array of several."""
    return json.dumps(messages[0] if len(messages) == 1 else messages).encode()


def passed(response: Any) -> bool:
    """Whether Envoy would let it through, the whole response saying so."""
    ok = response.status.code == 0
    assert ok == response.HasField("ok_response") != response.HasField("denied_response")
    return bool(ok)


def denied(response: Any) -> tuple[int, Any]:
    """HTTP status and decoded body of a denial."""
    assert not passed(response)
    assert response.status.code == 7, "PERMISSION_DENIED"
    (option,) = response.denied_response.headers
    assert (option.header.key, option.header.value) == (b"content-type", b"application/json")
    return response.denied_response.status.code, json.loads(response.denied_response.body)
