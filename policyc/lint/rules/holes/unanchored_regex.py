"""unanchored-regex: a pattern that lists what is allowed, and is only looked for somewhere in the value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache

from policyc.diagnostics import Edit, Finding
from policyc.diagram.errors import TooLarge, Unsupported
from policyc.ir.model import Test
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.holes.common import letting_through

RULE = RuleInfo(
    "PC505", "unanchored-regex", "warning", "a pattern that allows more than it spells out, as it is not anchored"
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each `matches` whose truth lets a call pass and whose pattern is open at an end by an oversight."""
    seen: set[tuple[int, int] | int] = set()
    for rule in ctx.policy.rules:
        for test in letting_through(rule):
            span = test.value_span or test.span or rule.span or ctx.place
            if test.op != "matches" or (span.start, span.end) in seen:
                continue
            seen.add((span.start, span.end))
            judged = _judge(str(test.value))
            if judged is None:
                continue
            ends, example, whole = judged
            yield Finding(
                RULE.slug,
                f"the pattern `{test.value}` is not anchored at {ends}, so `{_shown(example)}` passes too",
                span,
                label="found anywhere in the value" if ends == "either end" else f"not anchored at {ends}",
                help=f"write `{whole}` for the whole value, or `.*` where anything may stand",
                route=rule.route or None,
                edits=_edits(test, whole),
            )


@lru_cache(maxsize=4096)
def _judge(pattern: str) -> tuple[str, str, str] | None:
    """Which end is open, a text that slips through, and the anchored pattern; None where all is well or cannot be said."""
    from policyc.lint.rules.holes.pattern_edges import (  # automata: only for a pattern
        anchored,
        open_ends,
        slips_through,
    )

    try:
        start, end = open_ends(pattern)
        if not start and not end:
            return None
        whole = anchored(pattern)
        example = slips_through(pattern, whole)
    except (Unsupported, TooLarge):
        return None
    if example is None:
        return None
    return ("either end" if start and end else "its start" if start else "its end"), example, whole


def _shown(text: str) -> str:
    shown = json.dumps(text, ensure_ascii=False)[1:-1]
    return shown if len(shown) <= 40 else shown[:40] + "…"


def _edits(test: Test, whole: str) -> tuple[Edit, ...]:
    """The pattern written anew: raw where it was raw, else as a JSON string, which YAML reads too."""
    span = test.value_span
    if span is None or "\n" in span.text:
        return ()
    raw = span.text.startswith('r"') and '"' not in whole
    return (Edit(span, f'r"{whole}"' if raw else json.dumps(whole, ensure_ascii=False), safe=False),)
