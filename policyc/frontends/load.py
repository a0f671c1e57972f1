"""From a path to policies: bytes to text with the user's first mistakes told, then the front end that the text asks for."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from typing import Final

from policyc.diagnostics import Finding, Findings, PolicycError
from policyc.ir.model import Policy
from policyc.source import Source, Span
from policyc.syntax.limits import MAX_BYTES
from policyc.syntax.pause import paused_collector
from policyc.syntax.tree import Map, Node

WARNING_RULES: Final = frozenset(
    {
        "deprecated-spelling", "intercept-ignored-key", "intercept-string-equality", "intercept-limit-ignored",
        "intercept-negative-increment", "intercept-unscoped-counter",
    }
)  # fmt: skip
"""Findings of the front ends that do not keep a policy from compiling; every other one does."""

_BOMS: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_YAML_LINE: Final = r"""(?:---(?:\s|\Z)|%YAML\s|-\s|(?:"[^"\n]*"|'[^'\n]*'|[^\s#"':{}\[\],][^\s:]*)\s*:(?:\s|\Z))"""


def open_source(path: str, findings: Findings, max_bytes: int = MAX_BYTES) -> Source | None:
    """Read a file (`-`: standard input) as UTF-8 text; None, with a finding, for what is not text or too large.

    Raises PolicycError for what cannot be opened. `max_bytes`: a larger file is refused without being read whole.
    """
    data = _read_bytes(path, max_bytes)
    if len(data) > max_bytes:
        empty = Source(path, "")
        message = f"the file is larger than {_size(max_bytes)}, the most that is read"
        findings.add("file-too-large", message, Span(empty, 0, 0))
        return None
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    wide = _wide_encoding(data)
    if wide is not None:
        message = f"the file is {wide} text: policies are read as UTF-8"
        findings.add("invalid-encoding", message, Span(Source(path, ""), 0, 0), help="save the file as UTF-8")
        return None
    try:
        return Source(path, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        source = Source(path, data.decode("utf-8", "replace"))
        at = len(data[: error.start].decode("utf-8"))
        byte = data[error.start]
        help = "save the file as UTF-8"
        if byte >= 0xA0:
            help += f" (in Latin-1 this byte is `{chr(byte)}`)"
        message = f"the byte 0x{byte:02X} is not UTF-8 text"
        findings.add("invalid-encoding", message, Span(source, at, at + 1), help=help)
        return None


def _read_bytes(path: str, max_bytes: int) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read(max_bytes + 1)
    try:
        if os.path.isdir(path):
            raise PolicycError(f"`{path}` is a directory, not a file")
        with open(path, "rb") as file:
            return file.read(max_bytes + 1)
    except FileNotFoundError:
        raise PolicycError(f"`{path}` does not exist") from None
    except PermissionError:
        raise PolicycError(f"`{path}` cannot be read: permission denied") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PolicycError(f"`{path}` cannot be read: {reason.lower()}") from None


def _wide_encoding(data: bytes) -> str | None:
    """The name of a 16- or 32-bit encoding that the bytes are plainly in."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    head = data[:64]
    if len(head) >= 4 and (not any(head[0::2]) or not any(head[1::2])):
        return "UTF-32" if not any(head[1:4]) or not any(head[0:3]) else "UTF-16"
    return None


def _size(count: int) -> str:
    return f"{count // (1024 * 1024)} MiB" if count >= 1024 * 1024 else f"{count} bytes"


# --- dispatch ----------------------------------------------------------------------------------------------------------


def read_policies(source: Source, findings: Findings) -> list[Policy]:
    """The policies of a text; none when anything in it is an error: a policy with an error compiles to nothing."""
    problems = Findings()
    with paused_collector():
        policies = _read(source, problems)
    found = _tidy(problems.items)
    findings.items.extend(found)
    return [] if any(f.rule not in WARNING_RULES for f in found) else policies


def _read(source: Source, findings: Findings) -> list[Policy]:
    kind = syntax_of(source)
    if kind == "dsl":
        from policyc.frontends import dsl

        return dsl.read(source, findings)
    if kind == "json":
        from policyc.syntax import json_reader

        tree = json_reader.read(source, findings)
    else:
        from policyc.syntax import yaml_reader

        tree = yaml_reader.read(source, findings)
    if tree is None:
        return []
    if kind == "yaml" and is_intercept(tree):
        from policyc.frontends import intercept

        policy = intercept.read(tree, source, findings)
    else:
        from policyc.frontends import document

        policy = document.read(tree, source, findings)
    return [] if policy is None else [policy]


def syntax_of(source: Source) -> str:
    """`dsl`, `json` or `yaml`: by the file's name, or by its first line where the name does not say."""
    name = source.path.lower()
    if name.endswith(".policy"):
        return "dsl"
    if name.endswith(".json"):
        return "json"
    if name.endswith((".yaml", ".yml")):
        return "yaml"
    for line in source.text.split("\n"):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text[0] in "{[":
            return "json"
        return "yaml" if re.match(_YAML_LINE, text) else "dsl"
    return "dsl"


def is_intercept(tree: Node) -> bool:
    """Whether a YAML document is an Intercept policy: some tool has `rules`."""
    tools = tree.get("tools") if isinstance(tree, Map) else None
    return isinstance(tools, Map) and any(isinstance(v, Map) and v.get("rules") is not None for _, v in tools.entries)


def _one_line(text: str) -> str:
    """A sentence on one line: what it quotes from the file may hold anything."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\\n" if c == "\n" else f"\\u{ord(c):04x}" for c in text)


def _tidy(items: list[Finding]) -> list[Finding]:
    """In the order of the text, and each once: what stands behind an alias is read as often as it is used."""
    seen: set[tuple[str, str, int, int]] = set()
    out = []
    for finding in sorted(items, key=lambda f: f.span.start):
        key = (finding.rule, finding.message, finding.span.start, finding.span.end)
        if key not in seen:
            seen.add(key)
            out.append(
                replace(finding, message=_one_line(finding.message), help=finding.help and _one_line(finding.help))
            )
    return out
