"""The call that a command line names: policyc's own shape, or a `tools/call` of the Model Context Protocol.

Shapes of the protocol: https://modelcontextprotocol.io/specification/2025-06-18/server/tools
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyc.diagnostics import PolicycError
from policyc.strict_json import read_json

if TYPE_CHECKING:
    from policyc.reference import Call

_OWN = ("tool", "server", "arguments", "context")
_PARAMS = ("name", "arguments", "_meta")
_REQUEST = ("jsonrpc", "id", "method", "params")


def read_call(text: str) -> Call:
    """The call that `--call` names (a file, `-` for standard input) or is (JSON).

    An object `{"tool": …, "server": …, "arguments": …, "context": …}`, the parameters of `tools/call` (`{"name": …, "arguments": …}`,
    beside them `server` and `context`), or the whole JSON-RPC request. Raises PolicycError for what is no call.
    """
    from policyc.reference import Call

    where, text = ("--call", text) if text.lstrip().startswith("{") else (text, _content(text))
    try:
        call = read_json(text)
    except ValueError as error:
        raise PolicycError(f"`{where}` is not JSON: {error}") from None
    if isinstance(call, dict) and "method" in call:
        call = _request(call, where)
    elif isinstance(call, dict) and "name" in call and "tool" not in call:
        call = _renamed(call, (*_PARAMS, "server", "context"), where)
    if not isinstance(call, dict) or not isinstance(call.get("tool"), str):
        raise PolicycError(f'`{where}` must be an object such as {{"tool": "name", "arguments": {{}}}}')
    _keys(call, _OWN, "a call", where)
    for key, value in call.items():
        wanted: type = dict if key in ("arguments", "context") else str
        if not isinstance(value, wanted):
            raise PolicycError(f"`{where}`: `{key}` must be {'an object' if wanted is dict else 'text'}")
    return Call(call["tool"], call.get("arguments", {}), call.get("context", {}), call.get("server"))


def _content(path: str) -> str:
    import sys

    try:
        if path == "-":
            if sys.stdin is None or sys.stdin.closed:
                raise PolicycError("standard input is closed")
            return sys.stdin.read()
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError:
        raise PolicycError(f"`{path}` is not UTF-8 text") from None
    except OSError as error:
        raise PolicycError(f"cannot read `{path}`: {(error.strerror or str(error)).lower()}") from None


def _request(request: dict[str, Any], where: str) -> dict[str, Any]:
    """The call of a JSON-RPC request."""
    _keys(request, _REQUEST, "a request", where)
    if request["method"] != "tools/call":
        raise PolicycError(f"`{where}`: `method` must be `tools/call`, the one request that calls a tool")
    params = request.get("params")
    if not isinstance(params, dict) or "name" not in params:
        raise PolicycError(f'`{where}`: `params` must be an object such as {{"name": "tool", "arguments": {{}}}}')
    return _renamed(params, _PARAMS, where)


def _renamed(params: dict[str, Any], keys: tuple[str, ...], where: str) -> dict[str, Any]:
    _keys(params, keys, "a call in the protocol's shape", where)
    if not isinstance(params["name"], str):
        raise PolicycError(f"`{where}`: `name` must be text")
    return {"tool": params["name"]} | {k: v for k, v in params.items() if k not in ("name", "_meta")}


def _keys(found: dict[str, Any], known: tuple[str, ...], what: str, where: str) -> None:
    for key in found:
        if key not in known:
            raise PolicycError(
                f"`{where}`: {what} has no key `{key}`, its keys are {', '.join(f'`{k}`' for k in known)}"
            )
