"""Paths as all three syntaxes write them: `args.a.b`, `args.list[*].field`, `args["odd key"]`, `len(context.roles)`.

Read by hand, so that documents need no lark. A mark after the path says when a test on it is plainly false instead of
undefined: `?` when the operand is missing or null, `!?` when its type does not fit, `??` in both cases.
"""

from __future__ import annotations

import json
import re

from policyc.ir.model import Root
from policyc.ir.spelling import quote
from policyc.record import record

_BARE_KEY = re.compile(r"[A-Za-z0-9_$-]+")
_KEY_REST = re.compile(r"[^\s.\[\]()?!]*")
_DIGITS = re.compile(r"[0-9]*")
_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_ROOT = re.compile(r"[^\s.\[\]()?!]*")
_SIMPLE = re.compile(r"(args|context)((?:\.[A-Za-z_$][A-Za-z0-9_$-]*)*)(\?\??|!\?)?\Z")
_LENGTH = re.compile(r"\s*len\s*\(\s*")
_INDEX_LIMIT = 1_000_000
_STEPS_LIMIT = 64


class PathError(ValueError):
    """What is wrong with a path, and at which offset of its text (code points from its beginning)."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@record
class ParsedPath:
    """A path that was read. `optional`: marked `?` or `??`. `lenient`: marked `!?` or `??`. `length`: inside `len(…)`."""

    root: Root
    steps: tuple[str | int | None, ...]
    optional: bool = False
    length: bool = False
    lenient: bool = False


def parse_path(text: str) -> ParsedPath:
    """Read one path. Raises PathError for anything else, blanks around it included."""
    simple = _SIMPLE.match(text)
    if simple is not None:
        root: Root = "args" if simple.group(1) == "args" else "context"
        dotted, mark = simple.group(2), simple.group(3)
        steps: tuple[str | int | None, ...] = tuple(dotted[1:].split(".")) if dotted else ()
        _check_size(steps, text)
        return ParsedPath(root, steps, mark in ("?", "??"), False, mark in ("!?", "??"))
    length = _LENGTH.match(text)
    if length is None:
        path, end = _read(text, 0, False)
    else:
        path, end = _read(text, length.end(), True)
        end = _skip_blanks(text, end)
        if not text.startswith(")", end):
            raise PathError("expected `)` after the path in `len(…)`", end)
        end += 1
        if text.startswith(("?", "!?"), end):
            raise PathError("the `?` stands after the path, inside `len(…)`", end)
    if end < len(text):
        raise PathError(_left_over(text, end), end)
    return path


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _read(text: str, at: int, length: bool) -> tuple[ParsedPath, int]:
    root, at = _read_root(text, at)
    steps: list[str | int | None] = []
    step: str | int | None
    while at < len(text):
        if text[at] == ".":
            step, at = _key(text, at + 1)
        elif text[at] == "[":
            step, at = _bracket(text, at + 1)
        else:
            break
        steps.append(step)
    _check_size(tuple(steps), text)
    mark = next((m for m in ("??", "?", "!?") if text.startswith(m, at)), "")
    at += len(mark)
    return ParsedPath(root, tuple(steps), mark in ("?", "??"), length, mark in ("!?", "??")), at


def _read_root(text: str, at: int) -> tuple[Root, int]:
    match = _ROOT.match(text, at)
    word = match.group() if match is not None else ""
    if word == "args":
        return "args", at + 4
    if word == "context":
        return "context", at + 7
    if not word:
        raise PathError("expected a path that begins with `args` or `context`", at)
    if word.lower() in ("arg", "arguments", "argument", "params", "input", "args"):
        raise PathError(f"a path begins with `args` or `context`, not `{word}`; write `args`", at)
    if word.lower() in ("ctx", "context"):
        raise PathError(f"a path begins with `args` or `context`, not `{word}`; write `context`", at)
    raise PathError(f"a path begins with `args` or `context`; write `args.{shown(word)}` for an argument", at)


def _key(text: str, at: int) -> tuple[str, int]:
    match = _BARE_KEY.match(text, at)
    if match is None:
        raise PathError('expected a key after `.`; other characters are written `["odd key"]`', at)
    key = match.group()
    rest = _KEY_REST.match(text, match.end())
    if rest is not None and rest.group():
        whole = quote(key + rest.group())
        raise PathError(
            f"a key with other characters than letters, digits, `_`, `-` and `$` is written `[{whole}]`", at
        )
    if key.isdigit():
        raise PathError(f'a number after `.` could be an index or a key; write `[{int(key[:18])}]` or `["{key}"]`', at)
    return key, match.end()


def _bracket(text: str, at: int) -> tuple[str | int | None, int]:
    step: str | int | None
    if text.startswith('"', at):
        match = _TEXT.match(text, at)
        if match is None:
            raise PathError('this key is not closed; expected `"`', at)
        try:
            step, end = json.loads(match.group()), match.end()
        except ValueError:
            raise PathError("this key is not a JSON string", at) from None
    elif text.startswith("*", at):
        step, end = None, at + 1
    else:
        digits = _DIGITS.match(text, at)
        assert digits is not None
        end = digits.end()
        if end == at:
            raise PathError("expected an index, `*` or a key in double quotes after `[`", at)
        if end - at > 7 or int(digits.group()) > _INDEX_LIMIT:
            raise PathError(f"an index may be at most {_INDEX_LIMIT}", at)
        step = int(digits.group())
    if not text.startswith("]", end):
        raise PathError("expected `]`", end)
    return step, end + 1


def _check_size(steps: tuple[str | int | None, ...], text: str) -> None:
    if len(steps) > _STEPS_LIMIT:
        raise PathError(f"a path may have at most {_STEPS_LIMIT} steps", len(text))


def _left_over(text: str, at: int) -> str:
    if text[at : at + 1].isspace():
        return "a path has no blanks in it"
    return f"expected `.`, `[` or the end of the path, found `{shown(text[at : at + 12])}`"


def shown(text: str) -> str:
    """A text as messages show it: on one line, nothing invisible."""
    return quote(text)[1:-1]
