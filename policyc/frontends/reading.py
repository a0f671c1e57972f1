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


_OTHER_OPERATORS = {
    "=": "eq", "==": "eq", "equals": "eq", "equal": "eq", "is_equal": "eq", "!=": "neq", "<>": "neq", "ne": "neq", "not_eq": "neq",
    "not_equals": "neq", "not_equal": "neq", ">": "gt", "greater": "gt", "greater_than": "gt", "above": "gt", "more_than": "gt",
    ">=": "gte", "ge": "gte", "greater_or_equal": "gte", "greater_than_or_equal": "gte", "at_least": "gte", "min": "gte",
    "<": "lt", "less": "lt", "less_than": "lt", "below": "lt", "fewer_than": "lt", "<=": "lte", "le": "lte",
    "less_or_equal": "lte", "less_than_or_equal": "lte", "at_most": "lte", "max": "lte", "one_of": "in", "any_of": "in",
    "is_one_of": "in", "nin": "not_in", "none_of": "not_in", "matches": "regex", "match": "regex", "pattern": "regex", "=~": "regex",
    "glob": "like", "includes": "contains", "has": "contains", "prefix": "starts_with", "suffix": "ends_with", "present": "exists",
    "defined": "exists", "is_set": "exists", "type": "is", "is_type": "is",
}  # fmt: skip
"""What other languages call the operators of documents."""


def operator_meant(word: str, known: Iterable[str], findings: Findings) -> str | None:
    """The known operator that another word stands for, or that it misspells."""
    names = list(known)
    plain = re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word)).lower()
    other = _OTHER_OPERATORS.get(plain)
    return other if other in names else suggest(word, names, findings)
