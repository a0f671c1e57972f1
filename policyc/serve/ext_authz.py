"""Envoy's external authorization over gRPC: MCP over HTTP, decided by the body of the request.

The context of a call comes from headers that a filter before this one has verified and from the route's `context_extensions`, never from
the body. A request that cannot be read whole and in one way only is denied.
Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/external_auth.proto
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from policyc.gateway.verdict import Call, Verdict
from policyc.record import record
from policyc.serve.ext_authz_messages import OVERWRITE, CheckRequest, CheckResponse
from policyc.serve.mcp import NOT_ALLOWED, Denial, Message, Unreadable, denied_body, read_messages
from policyc.serve.methods import CALL
from policyc.serve.service import EXT_AUTHZ, Service, told

PARTIAL: Final = "x-envoy-auth-partial-body"
"""Envoy's own header: whether the body was cut (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter)."""
_PLAIN: Final = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.ASCII | re.IGNORECASE)
"""Another charset would have the server read another text than this one."""
_WITHOUT_BODY: Final = ("GET", "DELETE", "HEAD", "OPTIONS")
_OK, _PERMISSION_DENIED = 0, 7


@record
class Caller:
    """Who calls, as headers and the route say."""

    context: dict[str, Any]
    server: str | None
    policy: str | None


class Authorizer:
    """Answers Check."""

    def __init__(self, service: Service, headers: Mapping[str, str]) -> None:
        """`headers`: from which header (in lower case) each value of the context comes; `server` and `policy` are the call's own, and a
        name that ends in `[]` is a list that the header separates by commas."""
        self._service = service
        self._headers = dict(headers)

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Envoy's answer. Never raises: an error would be let through where Envoy is told `failure_mode_allow`."""
        try:
            return await self._checked(request)
        except Unreadable as error:
            self._service.unreadable(EXT_AUTHZ)
            return _denied(str(error))
        except Exception as error:
            self._service.failed(EXT_AUTHZ, error)
            return _denied("this request could not be decided")

    async def _checked(self, request: CheckRequest) -> CheckResponse:
        http = request.attributes.request.http
        headers = _headers(http)
        method = _text(http.method, "the HTTP method")
        if method in _WITHOUT_BODY:
            if http.raw_body or http.body or http.size > 0:
                raise Unreadable(f"a {method} has no body")
            return _allowed()
        if method != "POST":
            raise Unreadable("MCP over HTTP uses GET, POST and DELETE")
        messages, batch = read_messages(_body(http, headers))
        caller = self._caller(headers, request.attributes.context_extensions)
        denials = await self._denials(messages, caller)
        if not any(denials):
            return _allowed()
        text = denied_body(messages, denials, batch)
        if text is None:
            return _denied(next(denial.reason for denial in denials if denial))
        return _response(200, text)

    def _caller(self, headers: Mapping[str, bytes], extensions: Any) -> Caller:
        context: dict[str, Any] = {}
        for name, header in self._headers.items():
            if header in headers:
                text = _text(headers[header], f"the header `{header}`")
                listed = name.endswith("[]")
                context[name.removesuffix("[]")] = [item.strip() for item in text.split(",")] if listed else text
        for pair in extensions:
            context[_text(pair.key, "a context extension")] = _text(pair.value, "a context extension")
        server, policy = context.pop("server", None), context.pop("policy", None)
        return Caller(context, server, policy)

    async def _denials(self, messages: list[Message], caller: Caller) -> list[Denial | None]:
        """What is denied, and why. Where something is, what calls before it have reserved is given back."""
        denials: list[Denial | None] = []
        allowed: list[Verdict] = []
        for message in messages:
            denial = None
            if message.method == CALL:
                call = Call(message.tool, message.arguments, dict(caller.context), caller.server, caller.policy)
                verdict = await self._service.decide(call, EXT_AUTHZ)
                if verdict.allowed:
                    allowed.append(verdict)
                else:
                    denial = Denial(told(verdict), verdict.hidden)
            elif message.method is not None:
                refusal = self._service.method(message.method, EXT_AUTHZ)
                denial = Denial(refusal) if refusal else None
            denials.append(denial)
        if any(denials):
            for verdict in allowed:
                await self._service.refund(verdict)
        return denials


def _headers(http: Any) -> dict[str, bytes]:
    """By name in lower case; several of one name joined, as Envoy joins them. From `header_map` where Envoy sends raw headers."""
    found: dict[str, bytes] = {}
    pairs = [(pair.key, pair.value) for pair in http.headers]
    pairs += [(header.key, header.raw_value or header.value) for header in http.header_map.headers]
    for key, value in pairs:
        name = _text(key, "the name of a header").lower()
        found[name] = found[name] + b"," + value if name in found else value
    return found


def _body(http: Any, headers: Mapping[str, bytes]) -> bytes:
    """The whole body, which is JSON. Raises Unreadable."""
    if headers.get(PARTIAL, b"false") != b"false":
        raise Unreadable("the body is longer than Envoy passes on for decisions (`max_request_bytes`)")
    if http.body:
        raise Unreadable(
            "the body came as text, in which Envoy replaces bytes: set `pack_as_bytes` in its `with_request_body`"
        )
    body: bytes = http.raw_body
    if not body:
        raise Unreadable("there is no body; Envoy passes it on where `with_request_body` is set")
    if http.size > 0 and http.size != len(body):
        raise Unreadable("the body is not as long as its header says")
    if "content-encoding" in headers:
        raise Unreadable("the body is encoded")
    if not _PLAIN.fullmatch(headers.get("content-type", b"").decode("latin-1").strip()):
        raise Unreadable("the body must be `application/json`, in UTF-8")
    return body


def _text(value: bytes, what: str) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable(f"{what} is not UTF-8 text") from None


def _allowed() -> CheckResponse:
    response = CheckResponse()
    response.status.code = _OK
    response.ok_response.SetInParent()
    return response


def _denied(reason: str) -> CheckResponse:
    """The denial of what has no id that could be answered: an HTTP error, with a JSON-RPC error in its body."""
    return _response(403, json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": NOT_ALLOWED, "message": reason}}))


def _response(code: int, body: str) -> CheckResponse:
    response = CheckResponse()
    response.status.code = _PERMISSION_DENIED
    response.denied_response.status.code = code
    response.denied_response.body = body
    option = response.denied_response.headers.add(append_action=OVERWRITE)
    option.header.key, option.header.value = b"content-type", b"application/json"
    return response
