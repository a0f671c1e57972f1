"""What a lint rule is told about itself and about the policy it looks at.

A rule is one file in `policyc/lint/rules/<family>/`. It exports `RULE` (a `RuleInfo`) and one of two functions:
`check(ctx: Context)`, called once a policy, or `check_project(project: Project)`, called once for all policies that share
one configuration. Both give findings whose `rule` is `RULE.slug`; levels are the engine's business. The file's name goes
into `policyc.lint.registry.MODULES`, and that is all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from policyc.diagnostics import Level
from policyc.ir.facts import Facts
from policyc.ir.model import AllOf, AnyOf, Except, Policy, Rule, Selector
from policyc.record import field, record
from policyc.source import Source, Span

if TYPE_CHECKING:
    from policyc.catalog.model import Catalog, Tool
    from policyc.config import Config
    from policyc.diagram.analysis import Analysis

Need = Literal["catalog", "analysis"]


@record
class RuleInfo:
    """What the registry knows of a rule.

    `code` is stable (`PC` and three digits), `slug` is its name, `level` its default level, `summary` one sentence.
    `needs`: a rule that needs the catalog is skipped where there is none. `yields_to`: where one of these rules has a
    finding inside the place of a finding of this rule, it says the same thing better, and this one is left out.
    """

    code: str
    slug: str
    level: Level
    summary: str
    needs: tuple[Need, ...] = ()
    yields_to: tuple[str, ...] = ()

    @property
    def stops(self) -> bool:
        """An error of the reading itself: the policy has no meaning, so it can be neither silenced nor turned off."""
        return self.code.startswith("PC1") and self.level == "error"


@record(frozen=False)
class Context:
    """One policy, and all that is known around it."""

    policy: Policy
    source: Source
    catalog: Catalog | None
    facts: Facts
    config: Config
    _analysis: Analysis | None = field(default=None, repr=False)

    @property
    def analysis(self) -> Analysis:
        """The policy's decision diagrams, built when the first rule asks."""
        if self._analysis is None:
            from policyc.diagram.analysis import Analysis

            self._analysis = Analysis(self.policy, self.facts, self.catalog)
        return self._analysis

    def forget(self) -> None:
        """Let the diagrams go: of one policy after the other, not of all of them at once."""
        self._analysis = None

    @property
    def place(self) -> Span:
        """Where to point when a finding is about the policy as a whole: its first line."""
        span = self.policy.span
        if span is None:
            return Span(self.source, 0, 0)
        first = span.text.split("\n", 1)[0].rstrip()
        return Span(span.source, span.start, span.start + len(first))

    def selected(self, selector: Selector) -> list[Tool]:
        """The catalog's tools that the selector certainly selects; none without a catalog."""
        from policyc.ir.model import Truth
        from policyc.reference import Call, selects

        tools: list[Tool] = [] if self.catalog is None else list(self.catalog.tools)
        return [t for t in tools if selects(selector, Call(t.name, server=t.server), self.facts) is Truth.TRUE]

    def selectors(self, *, properties: bool = False) -> Iterator[tuple[Rule, Selector]]:
        """Every written name, glob, server and fact of the policy once, with the first rule that it stands in. `properties`: those of
        its properties as well."""
        seen: set[tuple[Any, Any]] = set()
        for rule in (*self.policy.rules, *(as_rules(self.policy) if properties else ())):
            for part in parts(rule.selector):
                span = part.span
                key = (part, None if span is None else (span.start, span.end))
                if key not in seen:
                    seen.add(key)
                    yield rule, part


@record(frozen=False)
class Project:
    """All policies that were read with one configuration, for rules that look across them."""

    contexts: tuple[Context, ...]
    catalog: Catalog | None
    facts: Facts
    config: Config


def as_rules(policy: Policy) -> Iterator[Rule]:
    """The policy's properties in the shape of rules, for what looks for slips in selectors and conditions of both."""
    for prop in policy.properties:
        if prop.selector is not None:
            yield Rule(prop.text, "deny", prop.selector, prop.when, limit=prop.limit, route=prop.route, span=prop.span)


def parts(selector: Selector) -> Iterator[Selector]:
    """The leaves of a selector."""
    match selector:
        case AnyOf() | AllOf():
            for item in selector.items:
                yield from parts(item)
        case Except():
            yield from parts(selector.item)
        case _:
            yield selector
