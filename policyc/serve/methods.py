"""Which methods of the Model Context Protocol go through without the table, which speaks of tools alone.

The known ones are those that the AuthZEN working group's binding for MCP maps (COAZ-MCP, draft 1); as there, a method that nobody
knows is denied, so that what a later protocol adds does not go past the policy.
Source: https://github.com/openid/authzen, profiles/authzen-coaz-mcp-binding-1_0.md
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

CALL: Final = "tools/call"
LIST: Final = "tools/list"
KNOWN: Final = (
    "initialize", "ping", "notifications/*", "tools/list", "resources/list", "resources/templates/list", "resources/read",
    "resources/subscribe", "resources/unsubscribe", "prompts/list", "prompts/get", "completion/complete",
    "logging/setLevel", "tasks/get", "tasks/result", "tasks/cancel", "tasks/list",
)  # fmt: skip


class Methods:
    """What passes: the known methods and those allowed, without those denied. Patterns are globs (`resources/*`)."""

    def __init__(self, allowed: Sequence[str] = (), denied: Sequence[str] = ()) -> None:
        """`tools/call` is not asked for here: the table decides it, whatever is allowed."""
        self._allowed, self._denied = (*KNOWN, *allowed), tuple(denied)

    def refusal(self, method: str) -> str | None:
        """Why a method other than `tools/call` does not pass, None when it does."""
        if any(fnmatchcase(method, glob) for glob in self._denied):
            return "this method is not allowed here"
        if any(fnmatchcase(method, glob) for glob in self._allowed):
            return None
        return "this method is not known here"
