"""Taking hidden tools out of what an MCP server answers to `tools/list`."""

from __future__ import annotations

from typing import Any

from policyc.runtime.table import Table


def without_hidden(message: Any, table: Table, *, server: str | None = None, policy: str | None = None) -> Any:
    """A decoded `tools/list` answer without the tools that the policy hides: a JSON-RPC response, a batch of them, or the bare result.

    Everything else in it stays, a `nextCursor` too; an error response, or anything that lists no tools, is returned as it is. An entry
    without a name that is text is left out: nobody could say that it may be shown. Raises KeyError as `Table.decide` does.
    """
    if isinstance(message, list):
        return [without_hidden(one, table, server=server, policy=policy) for one in message]
    if isinstance(message, dict) and isinstance(message.get("result"), dict):
        result = without_hidden(message["result"], table, server=server, policy=policy)
        return message if result is message["result"] else {**message, "result": result}
    tools = message.get("tools") if isinstance(message, dict) else None
    if not isinstance(tools, list):
        return message
    named = [tool for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]
    shown = set(table.visible((tool["name"] for tool in named), server=server, policy=policy))
    kept = [tool for tool in named if tool["name"] in shown]
    return message if kept == tools else {**message, "tools": kept}
