"""What can be compared: a policy, with the facts that it was resolved with.

A side gives, for one tool, what decides its calls as a state of the diagram builder whose leaves are numbered answers; and it replays a
call. A compiled table is the other side that there is (`policyc.diagram.tables`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Protocol

from policyc.catalog.model import Catalog
from policyc.diagram.analysis import Analysis
from policyc.diagram.answers import Answers, Reserved, Said, Uses, reserved, said_by, uses
from policyc.diagram.build import Known, Leaf, Residual, State, residual, simplify
from policyc.diagram.formula import Formula, disj
from policyc.diagram.merge import Rewrite
from policyc.diagram.schema.formula import looked_at, schema_formula
from policyc.diagram.specialise import Guarded, Tool, ToolProgram
from policyc.ir.model import Limit, Rule
from policyc.ir.names import selector_text
from policyc.record import record
from policyc.reference import Call, decide


@record
class Decided:
    """What one side makes of one call. `rule` is the id of the rule that decides (None: the default), `place` its `file:line`; `limits` pairs each
    reserved limit with its rule's id, its place and its reason."""

    effect: str
    rule: str | None
    place: str | None
    said: Said
    limits: tuple[tuple[str, str | None, str | None, Limit], ...] = ()


class Open(State, Protocol):
    """What is open on one side."""

    def assign(self, known: Known) -> Open | Leaf:
        """What is open once `known` is."""

    def rewritten(self, rewrite: Rewrite) -> Open | Leaf:
        """The same over other variables."""


class Side(Protocol):
    """One of the two that are compared."""

    @property
    def tools(self) -> frozenset[str]:
        """The tools that have a program of their own."""

    @property
    def catalog(self) -> Catalog | None:
        """The catalog whose schemas its calls should fit."""

    @property
    def identified(self) -> bool:
        """Whether a limit's place is known by its rule's id alone (a table), not by its selector and condition."""

    def counted(self) -> Iterator[tuple[str, Limit]]:
        """Every limit with its rule's id."""

    def uses(self, identified: bool) -> Uses:
        """What is counted in which counter."""

    def state(self, tool: Tool, answers: Answers, counters: dict[str, int]) -> Open | Leaf:
        """What decides calls to a tool. Raises OverBudget where that cannot be said."""

    def schema(self, tool: Tool, catalog: Catalog | None) -> Formula:
        """The formula for "the arguments that this side looks at fit the tool's input schema of this catalog"."""

    def replay(self, call: Call) -> Decided:
        """The side's own decision."""


class PolicySide:
    """A policy as a side."""

    identified = False

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.tools = frozenset(analysis.specialiser.named_tools)
        self.catalog = analysis.catalog
        self._answer: dict[int, int] = {}
        self._limit: dict[int, int] = {}

    def counted(self) -> Iterator[tuple[str, Limit]]:
        return ((r.id, r.limit) for r in self.analysis.rules if r.limit is not None)

    def uses(self, identified: bool) -> Uses:
        if identified:
            return uses(self.counted())
        return uses(
            (repr((selector_text(r.selector), r.when)), r.limit) for r in self.analysis.rules if r.limit is not None
        )

    def state(self, tool: Tool, answers: Answers, counters: dict[str, int]) -> Open | Leaf:
        rules = self.analysis.rules

        def said(guards: Iterable[Guarded]) -> tuple[Guarded, ...]:
            return tuple(Guarded(self._said(answers, g.rule, rules), g.guard) for g in guards)

        program = self.analysis.program(tool)
        limits = sorted(
            (Guarded(self._reserved(answers, g.rule, rules, counters), g.guard) for g in program.limits),
            key=lambda g: g.rule,
        )
        told = ToolProgram(
            said(program.denials), said(program.allows), said(program.approvals), tuple(limits), program.default
        )
        return program_state(told)

    def _said(self, answers: Answers, rule: int, rules: tuple[Rule, ...]) -> int:
        known = self._answer.get(rule)
        if known is None:
            r = rules[rule]
            known = self._answer[rule] = answers.number(said_by(r.effect, r.reason, r.by, r.severity))
        return known

    def _reserved(self, answers: Answers, rule: int, rules: tuple[Rule, ...], counters: dict[str, int]) -> int:
        known = self._limit.get(rule)
        if known is None:
            r = rules[rule]
            assert r.limit is not None
            known = self._limit[rule] = answers.limit(reserved(r.limit, r.reason, counters))
        return known

    def schema(self, tool: Tool, catalog: Catalog | None) -> Formula:
        if not isinstance(tool, str):
            return True
        if catalog is self.catalog:
            return self.analysis.schema(tool)
        return schema_formula(catalog, looked_at(self.analysis.program(tool)), tool)

    def replay(self, call: Call) -> Decided:
        outcome = decide(self.analysis.reaching(call.tool), call, self.analysis.facts)
        rule = outcome.rule
        said = Said() if rule is None else said_by(rule.effect, rule.reason, rule.by, rule.severity)
        limits = tuple((r.id, _place(r), r.reason, r.limit) for r in outcome.limits if r.limit is not None)
        if rule is None:
            return Decided(outcome.effect, None, _default_place(self.analysis), said, limits)
        return Decided(outcome.effect, rule.id, _place(rule), said, limits)


def _place(rule: Rule) -> str | None:
    return None if rule.span is None else str(rule.span)


def _default_place(analysis: Analysis) -> str | None:
    span = analysis.policy.default_span
    return None if span is None else str(span)


def program_state(program: ToolProgram) -> Open | Leaf:
    """A program over numbered answers as a state."""
    return _told(simplify(residual(program)))


@record
class Told:
    """A residual program over answers, where neighbours with one answer are one: which of them fires makes no difference."""

    open: Residual

    def guards(self) -> Iterator[Formula]:
        return self.open.guards()

    def assign(self, known: Known) -> Told | Leaf:
        return _told(self.open.assign(known))

    def rewritten(self, rewrite: Rewrite) -> Told | Leaf:
        def each(items: tuple[Guarded, ...]) -> tuple[Guarded, ...]:
            return tuple(Guarded(g.rule, rewrite(g.guard)) for g in items)

        r = self.open
        return _told(Residual(each(r.denials), each(r.allows), each(r.approvals), each(r.limits), r.default_allow))


def _told(r: Residual | Leaf) -> Told | Leaf:
    while not isinstance(r, Leaf):
        joined = Residual(_joined(r.denials), _joined(r.allows), _joined(r.approvals), r.limits, r.default_allow)
        after = simplify(joined)  # what is joined may be settled
        if after == r:
            return Told(r)
        r = after
    return r


def _joined(items: tuple[Guarded, ...]) -> tuple[Guarded, ...]:
    if all(a.rule != b.rule for a, b in pairwise(items)):
        return items
    out: list[tuple[int, list[Formula]]] = []
    for g in items:
        if out and out[-1][0] == g.rule:
            out[-1][1].append(g.guard)
        else:
            out.append((g.rule, [g.guard]))
    return tuple(Guarded(rule, disj(guards)) for rule, guards in out)


def reservations(decided: Decided, counters: dict[str, int]) -> list[Reserved]:
    """What a decision reserves, for comparing."""
    return [reserved(limit, reason, counters) for _, _, reason, limit in decided.limits]


def names(side: Side) -> set[str]:
    """Every tool name that a side knows of, from its own text or its catalog."""
    listed: Any = () if side.catalog is None else side.catalog.tools
    return set(side.tools) | {t.name for t in listed}
