"""Small readers of tree nodes that the document and Intercept front ends share."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from typing import Final

from policyc.diagnostics import Findings, did_you_mean
from policyc.ir.names import BARE_NAME
from policyc.source import Span
from policyc.syntax.tree import Map, Node, Scalar, inner_span

MAX_GUESSES: Final = 300
"""Findings of a file after which misspelt words get no suggestion any more."""
_SUFFIXES: Final = re.compile(r"(\.policy)?\.(json|ya?ml|policy)\Z", re.IGNORECASE)


def text_of(node: Node | None) -> str | None:
    """The text of a text scalar; None for anything else."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def entries_of(node: Node | None) -> tuple[tuple[Scalar, Node], ...]:
    """The entries of a mapping in the order written, without a key's second appearances; none for anything else."""
    if not isinstance(node, Map):
        return ()
    seen: set[str] = set()
    out = []
    for key, value in node.entries:
        if str(key.value) not in seen:
            seen.add(str(key.value))
            out.append((key, value))
    return tuple(out)


def written_as_is(node: Scalar) -> Span | None:
    """The span whose characters are exactly the scalar's text; None where escapes or folding stand between them."""
    span = inner_span(node)
    return span if span.text == node.value else None


def suggest(word: str, known: Iterable[str], findings: Findings) -> str | None:
    """The known word that a misspelt one may mean; none once a file has so many findings that guessing costs too much."""
    return None if len(findings.items) > MAX_GUESSES or len(word) > 60 else did_you_mean(word, known)


def below(route: str, key: str) -> str:
    """The symbolic place of a key: `tools.create_charge`, `tools["odd name"]`."""
    if not BARE_NAME.match(key) or "." in key:
        return f"{route}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{route}.{key}" if route else key


def name_from(path: str) -> str:
    """A policy's name from its file's: the stem, without `.policy`; `stdin` for standard input."""
    name = os.path.basename(path)
    return _SUFFIXES.sub("", name) or name if path != "-" else "stdin"
