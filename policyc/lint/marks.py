"""Finds the suppressions in a source, in whichever syntax it is written."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Findings
from policyc.frontends.load import syntax_of
from policyc.lint.suppress import Suppressions
from policyc.source import Source
from policyc.syntax.tree import Map, Node, Scalar, Seq

KEY = "x-policyc-ignore"


def suppressions_of(source: Source) -> Suppressions:
    """The suppressions of a source that was read without an error. Sources that never say `policyc` are not read again."""
    out = Suppressions()
    if "policyc" not in source.text:
        return out
    syntax = syntax_of(source)
    if syntax == "dsl":
        from policyc.syntax.dsl_comments import comments

        out.add_comments(source, comments(source))
        return out
    if syntax == "yaml":
        from policyc.syntax.yaml_reader import comments as yaml_comments

        out.add_comments(source, yaml_comments(source))
    tree = _tree(source, syntax)
    if tree is not None:
        for holder in _maps(tree):
            entries = holder.get(KEY)
            if isinstance(entries, Map):
                items = [(str(k.value), v.value if isinstance(v, Scalar) else None, k.span) for k, v in entries.entries]
                out.add_object(holder.span, items)
    return out


def _tree(source: Source, syntax: str) -> Node | None:
    if KEY not in source.text:
        return None
    if syntax == "json":
        from policyc.syntax.json_reader import read
    else:
        from policyc.syntax.yaml_reader import read
    return read(source, Findings())


def _maps(node: Node) -> Iterator[Map]:
    pending, seen = [node], set()
    while pending:
        here = pending.pop()
        if id(here) in seen:  # a YAML alias
            continue
        seen.add(id(here))
        if isinstance(here, Map):
            yield here
            pending.extend(value for _, value in here.entries)
        elif isinstance(here, Seq):
            pending.extend(here.items)
