"""The body of an MCP request over HTTP: one JSON-RPC message, or an array of them, as calls to decide and as answers to a denial.

A message is read more strictly than servers read it, so that none of them finds a call where this finds none: a key that differs from
one of the protocol's in its case alone is refused, because some readers take it for the same (Go's `encoding/json` does).
Sources: https://www.jsonrpc.org/specification, https://modelcontextprotocol.io/specification/2025-06-18/server/tools
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from policyc.record import record
from policyc.serve.methods import CALL
from policyc.strict_json import read_json

MOST: Final = 100
"""Messages in one array."""
INVALID_PARAMS: Final = -32602
NOT_ALLOWED: Final = -32600
_NOT_TRIED: Final = "another message of the same request is denied"
_MESSAGE: Final = ("jsonrpc", "id", "method", "params", "result", "error")
_PARAMS: Final = ("name", "arguments", "_meta", "task")


class Unreadable(ValueError):
    """The body is no JSON-RPC message: whatever it is, it is denied."""


@record
class Message:
    """One JSON-RPC message. `method`: None for the answer to a request of the server's. `id`: None for a notification. `tool`,
    `arguments`: of a `tools/call`."""

    method: str | None
    id: str | int | None = None
    tool: str = ""
    arguments: Any = None


@record
class Denial:
    """Why a message is denied. `hidden`: say it as for a tool that does not exist."""

    reason: str
    hidden: bool = False


def read_messages(body: bytes) -> tuple[list[Message], bool]:
    """The messages of a body, and whether they stand in an array. Raises Unreadable."""
    try:
        content = read_json(body)
    except ValueError as error:
        raise Unreadable(f"the body is not JSON that all readers read alike: {error}") from None
    if not isinstance(content, list):
        return [_message(content)], False
    if not 0 < len(content) <= MOST:
        raise Unreadable(f"an array has 1 to {MOST} messages")
    return [_message(item) for item in content], True


def _message(content: Any) -> Message:
    if not isinstance(content, dict):
        raise Unreadable("the body is not a JSON-RPC message")
    _exact(content, _MESSAGE)
    if content.get("jsonrpc") != "2.0":
        raise Unreadable('a JSON-RPC message has `"jsonrpc": "2.0"`')
    number = content.get("id")
    if "id" in content and type(number) not in (str, int):
        raise Unreadable("the `id` of a message is text or an integer")
    if "method" not in content:
        if ("result" in content) == ("error" in content):
            raise Unreadable("a message has a `method`, a `result` or an `error`")
        return Message(None, number)
    method = content["method"]
    if not isinstance(method, str):
        raise Unreadable("the `method` of a message is text")
    if "result" in content or "error" in content:
        raise Unreadable("a message with a `method` has neither `result` nor `error`")
    if method != CALL:
        return Message(method, number)
    params = content.get("params")
    if not isinstance(params, dict):
        raise Unreadable(f"the `params` of `{CALL}` are an object")
    _exact(params, _PARAMS)
    if not isinstance(params.get("name"), str):
        raise Unreadable(f"the `name` in the `params` of `{CALL}` is text")
    return Message(method, number, params["name"], params.get("arguments", {}))


def _exact(content: dict[str, Any], known: Sequence[str]) -> None:
    for key in content:
        if key not in known and key.casefold() in known:
            raise Unreadable(f"`{key.casefold()}` is written in another way, which some readers take for the same")


def denied_body(messages: Sequence[Message], denials: Sequence[Denial | None], batch: bool) -> str | None:
    """What the client is answered when some of its messages are denied: a result or an error for each request. None where there is
    none to answer (notifications, and answers to the server)."""
    answers = [
        _answer(message, denial)
        for message, denial in zip(messages, denials, strict=True)
        if message.id is not None and message.method is not None
    ]
    if not answers:
        return None
    return json.dumps(answers if batch else answers[0])


def _answer(message: Message, denial: Denial | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": message.id}
    if denial is not None and denial.hidden:
        return answer | {"error": {"code": INVALID_PARAMS, "message": f"Unknown tool: {message.tool}"}}
    reason = _NOT_TRIED if denial is None else denial.reason
    if message.method == CALL:
        return answer | {"result": {"content": [{"type": "text", "text": reason}], "isError": True}}
    return answer | {"error": {"code": NOT_ALLOWED, "message": reason}}
