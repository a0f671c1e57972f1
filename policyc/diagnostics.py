"""Findings as plain data. What they look like on a screen is `policyc.report`'s business."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from policyc.record import field, record
from policyc.source import Span

Level = Literal["error", "warning", "info", "off"]
LEVELS: tuple[Level, ...] = ("off", "info", "warning", "error")


@record
class Related:
    """A second place that a finding speaks of, with the words to show beside it."""

    span: Span
    label: str


@record
class Edit:
    """Replace the text of a span. `safe` edits cannot change what a policy means by surprise."""

    span: Span
    text: str
    safe: bool = True


@record
class Finding:
    """One thing to tell the user.

    `rule` is the slug of a rule in the registry. `message` is one sentence in lower case, no full stop, names in
    backticks. `witness` is a call (`{"tool": …, "arguments": …, …}`) that shows the finding when it is replayed.
    `route` is the symbolic place, such as `tools.create_charge.limits[0]`.
    """

    rule: str
    message: str
    span: Span
    help: str | None = None
    label: str | None = None
    related: tuple[Related, ...] = ()
    witness: dict[str, Any] | None = None
    witness_note: str | None = None
    route: str | None = None
    edits: tuple[Edit, ...] = ()
    level: Level | None = None  # set by the engine from the registry and the configuration


class PolicycError(Exception):
    """A usage, configuration or input/output problem: exit code 2, one sentence, no traceback."""


@record(frozen=False)
class Findings:
    """Collects findings while a file is read; reading goes on after the first one."""

    items: list[Finding] = field(default_factory=list)

    def add(
        self,
        rule: str,
        message: str,
        span: Span,
        *,
        help: str | None = None,
        label: str | None = None,
        related: Iterable[Related] = (),
        route: str | None = None,
        edits: Iterable[Edit] = (),
    ) -> None:
        self.items.append(
            Finding(
                rule, message, span, help=help, label=label, related=tuple(related), route=route, edits=tuple(edits)
            )
        )


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to a misspelt one, or None when nothing is near. Deterministic."""
    from difflib import get_close_matches

    pool = sorted(set(known))
    lowered: dict[str, str] = {}
    for name in pool:
        lowered.setdefault(name.lower().replace("-", "_"), name)
    exact = lowered.get(word.lower().replace("-", "_"))
    if exact is not None:
        return exact
    near = get_close_matches(word, pool, n=1, cutoff=0.72)
    return near[0] if near else None
