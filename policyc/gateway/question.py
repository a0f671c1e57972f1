"""What a person is shown who is asked whether a held call may go ahead."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, Final

from policyc.gateway.verdict import Verdict

LONGEST: Final = 500
"""Characters of one value that are shown."""
MOST: Final = 40
"""Most arguments of a call that a person can be asked about."""
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that show as nothing, although Unicode calls them printable."""
ANSWER: Final = "approve"
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {ANSWER: {"type": "boolean", "title": "Approve this call"}},
    "required": [ANSWER],
}
"""Of the answer, in the part of JSON Schema that MCP has for elicitation."""


def question(verdict: Verdict, redact: Collection[str] = ()) -> str:
    """Who must approve, the tool, its arguments, and the reason. `redact`: `args.NAME`, whose values are not shown. Raises ValueError
    for a call with more arguments than can be shown.

    The agent chose the arguments, so they cannot break out of their lines: every value is JSON, with what cannot be seen escaped.
    """
    call, by = verdict.call, verdict.decision.by if verdict.decision else None
    if len(call.arguments) > MOST:  # nobody should approve what is not shown
        raise ValueError(f"the call has {len(call.arguments)} arguments, and at most {MOST} can be shown")
    lines = [
        f"Approval needed{f' by {by}' if by else ''}: {verdict.reason}",
        f"Tool: {_plain(call.tool)}{f' on {_plain(call.server)}' if call.server else ''}",
        "Arguments:" if call.arguments else "No arguments",
    ]
    arguments: dict[str, Any] = call.arguments
    for name in arguments:
        shown = "(not shown)" if f"args.{name}" in redact else _plain(arguments[name])
        lines.append(f"  {_plain(name)}: {shown}")
    return "\n".join(lines)


def accepted(content: Any) -> bool:
    """Whether an answer that follows SCHEMA says yes."""
    return isinstance(content, dict) and content.get(ANSWER) is True


def _plain(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    text = "".join(c if c.isprintable() and not _BLANK.match(c) else json.dumps(c)[1:-1] for c in text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST} more characters)"
