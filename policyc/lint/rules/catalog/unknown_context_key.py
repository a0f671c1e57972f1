"""unknown-context-key: a part of the context that is one keystroke from one that gateways have."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagnostics import Finding
from policyc.ir.model import Path, Policy, Rule
from policyc.ir.spelling import path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.catalog.common import rename, tests_of
from policyc.lint.rules.catalog.nearness import keystrokes
from policyc.source import Span

RULE = RuleInfo(
    "PC220", "unknown-context-key", "warning", "a context key that looks like a misspelling of one that gateways have"
)
KNOWN = ("grant", "session", "agent", "user", "roles", "now")
"""What docs/language.md says that gateways know. Others may be there too, so a key that resembles none of them is left alone."""


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each place with a near-miss; a gateway's own keys are nobody's mistake."""
    seen: set[tuple[int, int]] = set()
    for rule, path in _paths(ctx.policy):
        key = path.steps[0] if path.root == "context" and path.steps else None
        near = _meant(key) if isinstance(key, str) else None
        span = path.span or rule.span or ctx.place
        if near is None or (span.start, span.end) in seen:
            continue
        seen.add((span.start, span.end))
        yield Finding(
            RULE.slug,
            f"gateways know nothing called `{path_text(path, 1)}`, unless yours is special",
            span,
            label="not in the context",
            help=f"did you mean `context.{near}`?",
            route=rule.route or None,
            edits=rename(_key_span(path.span, str(key)), str(key), near),
        )


def _paths(policy: Policy) -> Iterator[tuple[Rule, Path]]:
    for rule in policy.rules:
        for cond in (rule.when, rule.condition):
            for test in tests_of(cond) if cond is not None else ():
                yield rule, test.path
        if rule.limit is not None and rule.limit.amount is not None:
            yield rule, rule.limit.amount


def _key_span(span: Span | None, key: str) -> Span | None:
    """The place of the key after `context.`, which may hold the same letters."""
    at = -1 if span is None else span.text.find(f"context.{key}")
    if span is None or at < 0:
        return None
    start = span.start + at + len("context.")
    return Span(span.source, start, start + len(key))


def _meant(key: str) -> str | None:
    """The known key of which this is a misspelling: another case, one keystroke, two in a long one; in a short one, two
    letters swapped (`no`, `new` and `not` are words of their own)."""
    if key in KNOWN:
        return None
    for known in KNOWN:
        if key.lower() == known:
            return known
        apart = keystrokes(key.lower(), known) if abs(len(key) - len(known)) <= 2 else 9
        if len(known) > 3 and apart <= (2 if len(known) > 6 else 1):
            return known
        if len(known) == 3 and apart == 1 and sorted(key.lower()) == sorted(known):
            return known
    return None
