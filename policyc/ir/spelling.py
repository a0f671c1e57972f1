"""How paths and texts are spelt: one way, wherever policyc writes them (the DSL, documents, messages)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from policyc.ir.model import Path
from policyc.source import Span

MARKS = {(1, 1): "", (0, 1): "?", (0, 0): "??", (1, 0): "!?"}
"""How the DSL writes what a test makes of an operand that is missing or null, and of one with the wrong type (truth values)."""
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_$-]+\Z")
# Characters that JSON allows in a string as they are but that hide, reorder or break text, or cannot be written as UTF-8.
_HIDDEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff]")


def quote(text: str) -> str:
    """A JSON string of the text; what would be invisible, or is not Unicode text, is written as an escape."""
    return _HIDDEN.sub(lambda m: f"\\u{ord(m.group()):04x}", json.dumps(text, ensure_ascii=False))


def path_text(path: Path, count: int | None = None) -> str:
    """The path, or its first `count` steps, without a mark."""
    out: list[str] = [path.root]
    for step in path.steps if count is None else path.steps[:count]:
        if step is None:
            out.append("[*]")
        elif isinstance(step, int):
            out.append(f"[{step}]")
        elif _PLAIN_KEY.match(step) and not step.isdigit():
            out.append(f".{step}")
        else:
            out.append(f"[{quote(step)}]")
    return "".join(out)


def mark_of(path: Path) -> Span | None:
    """The `?` after the path, where a policy in the DSL has one."""
    span = path.span
    if span is None:
        return None
    if span.text.endswith("?"):
        return Span(span.source, span.end - 1, span.end)
    follows = Span(span.source, span.end, span.end + 1)
    return follows if follows.text == "?" else None


def comparison_text(
    path: str,
    op: str,
    value: Any,
    spell: Callable[[Any], str],
    *,
    mark: str = "",
    length: bool = False,
    quantifier: str | None = None,
) -> str:
    """A test of the path (as text) in the DSL's words. `spell` writes the constant. `exists` and `is` take no mark;
    they and `prints` look at no length."""
    each = f"{quantifier} " if quantifier else ""
    if op == "exists":
        return f"{each}exists {path}"
    if op == "is":
        return f"{each}{path} is {value}"
    operand = f"len({path}{mark})" if length and op != "prints" else path + mark
    return f"{each}{operand} {op} {spell(value)}"
