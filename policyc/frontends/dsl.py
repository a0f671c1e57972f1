"""The DSL's front end: a text to policies."""

from __future__ import annotations

import threading

from policyc.diagnostics import Findings
from policyc.frontends.dsl_rules import Draft, PolicyBuilder, with_implied
from policyc.frontends.reading import name_from
from policyc.ir.model import Policy, Property
from policyc.ir.names import assign_ids
from policyc.source import Source, Span
from policyc.syntax.dsl import Parser
from policyc.syntax.paths import shown
from policyc.syntax.pause import paused_collector


class _Local(threading.local):
    """One parser a thread, made when its first text is read."""

    made: tuple[PolicyBuilder, Parser] | None = None


_local = _Local()


def parser() -> tuple[PolicyBuilder, Parser]:
    """This thread's parser and its builder."""
    if _local.made is None:
        builder = PolicyBuilder()
        _local.made = (builder, Parser(builder))
    return _local.made


def read(source: Source, findings: Findings) -> list[Policy]:
    """The policies of a DSL text. Adds a finding for every mistake, in the order of the text; with any mistake the result
    is empty. Raises nothing."""
    builder, parse = parser()
    before = len(findings.items)
    parse.parse(source, findings)
    drafts = builder.drafts
    if len(findings.items) == before:
        for draft in drafts:
            _check_default(draft, source, findings)
    builder.begin(Source("", ""), Findings())  # keep nothing of the text
    if len(findings.items) > before:
        findings.items[before:] = sorted(findings.items[before:], key=lambda f: f.span.start)
        return []
    with paused_collector():
        return [_policy(draft, source) for draft in drafts]


def _check_default(draft: Draft, source: Source, findings: Findings) -> None:
    if draft.default is not None:
        return
    span = draft.name.span if draft.name is not None else Span(source, 0, min(1, len(source.text)))
    which = f"the policy `{shown(draft.name.text)}`" if draft.name is not None else "the policy"
    findings.add(
        "missing-default",
        f"{which} does not say what happens to a call that no rule allows",
        span,
        help="write `default deny` (or `default allow`) after the policy's name",
    )


def _policy(draft: Draft, source: Source) -> Policy:
    assert draft.default is not None
    return Policy(
        name=draft.name.text if draft.name is not None else name_from(source.path),
        default=draft.default,
        rules=assign_ids(with_implied(draft)),
        dialect="dsl",
        description=draft.description.text if draft.description is not None else None,
        span=draft.name.span if draft.name is not None else draft.default_span,
        default_span=draft.default_span,
        properties=tuple(draft.properties),
    )


def read_properties(source: Source, findings: Findings) -> tuple[Property, ...]:
    """The properties of a text that holds `verify` blocks and nothing else. Adds a finding for every mistake; with any mistake
    the result is empty. Raises nothing."""
    builder, parse = parser()
    before = len(findings.items)
    parse.parse(source, findings)
    drafts = builder.drafts
    builder.begin(Source("", ""), Findings())  # keep nothing of the text
    for draft in drafts:
        other = draft.name.span if draft.name is not None else draft.first
        if other is not None and len(findings.items) == before:
            findings.add("syntax-error", "a file of properties holds `verify { … }` blocks and nothing else", other)
    if len(findings.items) > before:
        findings.items[before:] = sorted(findings.items[before:], key=lambda f: f.span.start)
        return ()
    return tuple(p for draft in drafts for p in draft.properties)
