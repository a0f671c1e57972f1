"""From files to raw tools: finds the tools in the shapes that `tools/list` results are saved in.

Source of the shapes: the Model Context Protocol's `tools/list` (ListToolsResult) and `initialize` (InitializeResult),
and JSON-RPC 2.0 responses around them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from policyc.catalog.model import CatalogError
from policyc.record import record
from policyc.source import Source, Span

MAX_BYTES: Final = 64 * 1024 * 1024
SUFFIXES: Final = (".json", ".jsonl", ".ndjson")
FORMAT: Final = "policyc-catalog"
"""The value of `format` in a catalog file of our own."""


@record
class Document:
    """One input file, decoded. `server` is the name that the user gave it with `NAME=path`."""

    source: Source
    server: str | None
    values: tuple[Any, ...]  # more than one for JSON lines

    @property
    def stem(self) -> str:
        """The file's name without the suffix: the server's name where nothing better is known."""
        return Path(self.source.path).stem


@record
class Listed:
    """One entry of a tools array with the server it belongs to."""

    server: str
    entry: Any
    index: int


def documents(paths: Sequence[str]) -> Iterator[Document]:
    """Read and decode every file named, and every JSON file directly inside the folders named.

    Raises CatalogError for what is missing, unreadable or not JSON.
    """
    for written in paths:
        server, path = _server_and_path(written)
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix in SUFFIXES and p.is_file())
            if not inside:
                raise CatalogError(f"`{path}` holds no catalog, expected at least one `.json` file in the folder")
            for file in inside:
                yield _document(file, server)
        else:
            yield _document(path, server)


def _server_and_path(written: str) -> tuple[str | None, Path]:
    name, equals, rest = written.partition("=")
    if equals and name and rest and not Path(written).exists():
        return name, Path(rest)
    return None, Path(written)


def _document(path: Path, server: str | None) -> Document:
    text = read_text(path, "a catalog")
    source = Source(str(path), text)
    try:
        return Document(source, server, (_decode(source, text, 0),))
    except CatalogError:
        values = _json_lines(source)
        if values is None:
            raise
        return Document(source, server, values)


def read_text(path: Path, what: str) -> str:
    """The text of a file in UTF-8 (or UTF-16/32 with a byte order mark). `what` is for the message of the CatalogError."""
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise CatalogError(f"`{path}` is too large to be {what}, expected at most {MAX_BYTES // 2**20} MiB")
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise CatalogError(f"`{path}` cannot be read as {what}: {reason}") from None
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise CatalogError(f"{path}:{line}:{column}: the text is not valid {error.encoding.upper()}") from None


def _json_lines(source: Source) -> tuple[Any, ...] | None:
    """The values of JSON lines, or None when the first line alone is no JSON object."""
    lines = [(number, line) for number, line in enumerate(source.text.splitlines(), 1) if line.strip()]
    if len(lines) < 2 or not lines[0][1].lstrip().startswith("{"):
        return None
    values = []
    for number, line in lines:
        try:
            values.append(_decode(source, line, number - 1))
        except CatalogError:
            if not values:
                return None
            raise
    return tuple(values)


def _decode(source: Source, text: str, lines_before: int) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        place = f"{source.path}:{error.lineno + lines_before}:{error.colno}"
        raise CatalogError(f"{place}: this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}") from None
    except RecursionError:
        raise CatalogError(f"{source.path}: this JSON is nested too deep to be a catalog") from None
    except ValueError as error:  # our own two, and integers of more digits than Python converts
        raise CatalogError(
            f"{source.path}: this is not JSON that can be read exactly: {_first_clause(error)}"
        ) from None


def _first_clause(error: ValueError) -> str:
    text = str(error).partition(";")[0].partition(":")[0]
    return text[:1].lower() + text[1:]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"`{name}` is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number `{text[:40]}` is outside the range of a double")
    return value


# --- shapes --------------------------------------------------------------------------------------------------------


def is_built(document: Document) -> bool:
    """Whether the file is a catalog of our own."""
    only = document.values[0] if len(document.values) == 1 else None
    return isinstance(only, dict) and only.get("format") == FORMAT


def listed(document: Document) -> tuple[list[Listed], bool]:
    """Every entry of every tools array in the file, and whether a last page names a next one that is not there.

    Raises CatalogError where the file is none of the known shapes.
    """
    messages = list(document.values)
    if len(messages) == 1 and isinstance(messages[0], list):
        if not _are_pages(messages[0]):
            return _bare(document, messages[0]), False
        messages = messages[0]
    found: list[Listed] = []
    name, pages, more = document.server or document.stem, 0, False
    for message in messages:
        page = _result(document, message)
        if page is None:
            continue
        name = document.server or _server_name(page) or name
        if "tools" not in page:
            continue
        tools = page["tools"]
        if not isinstance(tools, list):
            raise _refusal(document, message, page)
        pages, more = pages + 1, isinstance(page.get("nextCursor"), str) and page["nextCursor"] != ""
        found += [Listed(name, entry, i) for i, entry in enumerate(tools)]
    if not pages:
        raise _refusal(document, messages[0] if messages else None, None)
    return found, more


def _are_pages(items: list[Any]) -> bool:
    """An array of responses rather than of tools: a tool has a name, a page does not."""
    return bool(items) and all(
        isinstance(item, dict) and ("jsonrpc" in item or ("name" not in item and ("tools" in item or "result" in item)))
        for item in items
    )


def _bare(document: Document, items: list[Any]) -> list[Listed]:
    if items and not any(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items):
        raise _refusal(document, items, None)
    name = document.server or document.stem
    return [Listed(name, entry, i) for i, entry in enumerate(items)]


def _result(document: Document, message: Any) -> dict[str, Any] | None:
    """The result that a message holds; None for requests, notifications and other results of a saved conversation."""
    if not isinstance(message, dict):
        raise _refusal(document, message, None)
    if "method" in message and "jsonrpc" in message:
        return None
    error = message.get("error")
    if "jsonrpc" in message and isinstance(error, dict):
        said = str(error.get("message", "no message"))[:200]
        raise CatalogError(f"{document.source.path}: the server answered with an error instead of its tools: {said}")
    result = message.get("result")
    if isinstance(result, dict) and "tools" not in message:
        return result
    if "tools" in message or "serverInfo" in message:
        return message
    if "jsonrpc" in message:
        return None
    raise _refusal(document, message, None)


def _server_name(page: dict[str, Any]) -> str | None:
    info = page.get("serverInfo")
    name = info.get("name") if isinstance(info, dict) else None
    return name if isinstance(name, str) and name.strip() else None


def _refusal(document: Document, message: Any, page: dict[str, Any] | None) -> CatalogError:
    """Say what the file looks like and what was expected."""
    path = document.source.path
    if page is not None and isinstance(page.get("tools"), dict):
        looks = "a policy document, where `tools` is an object" if "default" in page else "an object under `tools`"
        return CatalogError(f"{path}:1:1: this is {looks}, expected a catalog, where `tools` is an array")
    if isinstance(message, dict) and "mcpServers" in message:
        return CatalogError(
            f"{path}:1:1: this is an MCP client configuration, expected the `tools/list` results of its servers"
        )
    kind = "no object or array"
    if isinstance(message, dict | list):
        kind = "an object without `tools`" if isinstance(message, dict) else "an array of other things"
    return CatalogError(
        f"{path}:1:1: this is {kind}, expected a `tools/list` result, a JSON-RPC response with one, or an array of tools"
    )


_NAME_KEY: Final = re.compile(r'"name"\s*:\s*("(?:[^"\\]|\\.)*")')


class Places:
    """About where a file names its tools: the first `"name": …` with that value. Only for showing."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._found: dict[str, tuple[int, int]] = {}
        for match in _NAME_KEY.finditer(source.text):
            try:
                name = json.loads(match[1])
            except ValueError:
                continue
            self._found.setdefault(name, match.span(1))

    def of(self, name: str | None) -> Span:
        """The span of a tool's name, or the file's first character where it is not found."""
        start, end = self._found.get(name or "", (0, 1))
        return Span(self._source, start, min(end, len(self._source.text)))
