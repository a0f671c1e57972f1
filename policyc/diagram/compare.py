"""Semantic comparison: every region of calls where two policies answer differently, each with a call that shows it.

Per tool, the product of both sides is one diagram: its states are pairs of what is open on either side, and a pair of equal states is done
(Fisler et al., "Verification and Change-Impact Analysis of Access-Control Policies", ICSE 2005, do it with decision diagrams over atoms; the cells here
make numbers, strings and arrays exact as well). Answers are compared as a caller sees them (`policyc.diagram.answers`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Literal

from policyc.diagram.alike import Alike
from policyc.diagram.analysis import Analysis, unused
from policyc.diagram.answers import Answers, Reserved, match, tighter
from policyc.diagram.build import (
    DEFAULT_BUDGET,
    Budget,
    Builder,
    Diagram,
    Known,
    Leaf,
    OverBudget,
    variable_order,
)
from policyc.diagram.formula import TOOL, Formula, Predicate, Probe, disj, negation, predicates, substitute
from policyc.diagram.merge import merging
from policyc.diagram.regions import Region, region
from policyc.diagram.schema.fill import filled
from policyc.diagram.search import example, leaves, ways
from policyc.diagram.sides import Decided, Open, PolicySide, Side, names, reservations
from policyc.diagram.specialise import OTHER_TOOL, Tool
from policyc.record import field, record, replace
from policyc.reference import Call
from policyc.runtime.patterns import glob_match

Kind = Literal[
    "newly allowed", "newly denied", "newly held for approval", "no longer held", "limit changed", "approver changed",
    "reason changed", "newly hidden", "no longer hidden",
]  # fmt: skip
KINDS: tuple[Kind, ...] = (
    "newly allowed", "no longer held", "newly held for approval", "newly denied", "limit changed", "approver changed",
    "newly hidden", "no longer hidden", "reason changed",
)  # fmt: skip
"""In the order of a report: what lets more through comes first."""
_PERMITS = {"deny": 0, "approve": 1, "allow": 2}
SAME = Leaf("deny", -2)
"""The leaf of calls with the same answer on both sides."""


@record
class Change:
    """One region of calls to one tool whose answers differ in one way.

    `widening`: the new answer lets more through, or nobody can say that it does not. `valid`: some of the calls may fit the tool's input schema.
    `old` and `new` are the decisions on the witness, which was replayed on both sides.
    """

    tool: Tool
    kind: Kind
    widening: bool
    region: Region
    witness: Call
    old: Decided
    new: Decided
    valid: bool = True


@record
class Comparison:
    """Everything that differs. `undecided`: tools for which that could not be said, with the reason. `counters`: of both sides,
    the same number for counters that were taken for the same."""

    changes: tuple[Change, ...]
    undecided: dict[str, str]
    counters: tuple[dict[str, int], dict[str, int]] = ({}, {})

    @property
    def equivalent(self) -> bool:
        """Whether every call surely gets the same answer."""
        return not self.changes and not self.undecided

    @property
    def widening(self) -> bool:
        """Whether the new side lets something through that the old one did not, or might."""
        return bool(self.undecided) or any(c.widening for c in self.changes)


def compare(old: Analysis | Side, new: Analysis | Side, budget: Budget = DEFAULT_BUDGET) -> Comparison:
    """Compare two policies, or tables, on every call there is."""
    return _Comparing(_side(old), _side(new), budget).run()


def _side(given: Analysis | Side) -> Side:
    return PolicySide(given) if isinstance(given, Analysis) else given


@record(frozen=False)
class _Differences:
    """Numbers pairs of leaves."""

    pairs: list[tuple[Leaf, Leaf]] = field(default_factory=list)
    _known: dict[tuple[Leaf, Leaf], Leaf] = field(default_factory=dict)

    def leaf(self, old: Leaf, new: Leaf) -> Leaf:
        if old == new:
            return SAME
        known = self._known.get((old, new))
        if known is None:
            known = self._known[(old, new)] = Leaf("deny", len(self.pairs))
            self.pairs.append((old, new))
        return known


@record
class _Pair:
    """What is open on both sides. `outside`: where nobody asks."""

    old: Open | Leaf
    new: Open | Leaf
    outside: Formula
    differences: _Differences = field(compare=False, repr=False)

    def guards(self) -> Iterator[Formula]:
        if not isinstance(self.outside, bool):
            yield self.outside
        for side in (self.old, self.new):
            if not isinstance(side, Leaf):
                yield from side.guards()

    def assign(self, known: Known) -> _Pair | Leaf:
        outside = substitute(self.outside, known)
        if outside is True:
            return SAME
        old, new = (side if isinstance(side, Leaf) else side.assign(known) for side in (self.old, self.new))
        return _paired(old, new, outside, self.differences)


def _paired(old: Open | Leaf, new: Open | Leaf, outside: Formula, differences: _Differences) -> _Pair | Leaf:
    if outside is True or old == new:
        return SAME
    if isinstance(old, Leaf) and isinstance(new, Leaf) and outside is False:
        return differences.leaf(old, new)
    return _Pair(old, new, outside, differences)


@record
class _Sort:
    """What makes differences one change. `detail`: what differs."""

    kind: Kind
    widening: bool
    detail: tuple[object, ...]


class _Comparing:
    """One comparison under way."""

    def __init__(self, old: Side, new: Side, budget: Budget) -> None:
        self.old, self.new, self.budget = old, new, budget
        self.answers = Answers()
        identified = old.identified or new.identified
        self.old_counters, self.new_counters = match(old.uses(identified), new.uses(identified))
        self.counted_before = frozenset(self.old_counters.values())
        self.named = old.tools | new.tools
        self.known = names(old) | names(new)
        self.catalog = old.catalog if new.catalog is None else new.catalog  # what calls will have to fit
        self.undecided: dict[str, str] = {}
        self.alike: Callable[[Tool], bool] = lambda tool: False
        if isinstance(old, PolicySide) and isinstance(new, PolicySide):
            self.alike = Alike(old, new, self.old_counters, self.new_counters)

    def run(self) -> Comparison:
        everything: list[Tool] = [*sorted(self.named), OTHER_TOOL]
        tools = [tool for tool in everything if not self.alike(tool)]
        changes = [change for tool in tools for change in self._tool(tool)]
        changes.sort(key=lambda c: KINDS.index(c.kind))
        return Comparison(tuple(changes), self.undecided, (self.old_counters, self.new_counters))

    def _tool(self, tool: Tool) -> list[Change]:
        try:
            old = self.old.state(tool, self.answers, self.old_counters)
            new = self.new.state(tool, self.answers, self.new_counters)
            if old == new:
                return []
            return list(self._changes(tool, old, new))
        except OverBudget as reason:
            self.undecided[str(tool)] = str(reason)
            return []

    def _changes(self, tool: Tool, old: Open | Leaf, new: Open | Leaf) -> Iterator[Change]:
        differences = _Differences()
        outside = self._named(old, new) if tool is OTHER_TOOL else False
        everywhere = self._diagram(old, new, outside, differences)
        if leaves(everywhere) == {SAME}:
            return
        misfit = disj((outside, *(negation(side.schema(tool, self.catalog)) for side in (self.old, self.new))))
        valid = everywhere if misfit == outside else self._diagram(old, new, misfit, differences)
        may_fit = {leaf.rule for leaf in leaves(valid) - {SAME}}
        grouped: dict[_Sort, list[int]] = {}
        for leaf in sorted(leaves(everywhere) - {SAME}, key=lambda leaf: leaf.rule):
            grouped.setdefault(self._group(*differences.pairs[leaf.rule]), []).append(leaf.rule)
        for sort, numbers in grouped.items():
            found = self._witness(tool, valid, numbers, differences, fill=True)
            found = found or self._witness(tool, everywhere, numbers, differences, fill=False)
            if found is None:
                self.undecided[str(tool)] = "there may be a difference, but no call that shows it could be built"
                continue
            shown = region(everywhere, _among(numbers))
            yield Change(tool, sort.kind, sort.widening, shown, *found, not may_fit.isdisjoint(numbers))

    def _diagram(self, old: Open | Leaf, new: Open | Leaf, outside: Formula, differences: _Differences) -> Diagram:
        start = _paired(old, new, outside, differences)
        if isinstance(start, Leaf):
            return start
        rewrite = merging(start.guards())
        if rewrite is not None:
            old, new = (side if isinstance(side, Leaf) else side.rewritten(rewrite) for side in (old, new))
            start = _paired(old, new, rewrite(outside), differences)
        return Builder(self.budget).grow(start, {} if isinstance(start, Leaf) else variable_order(start.guards()))

    def _named(self, *states: Open | Leaf) -> Formula:
        """The formula for "the tool has a program of its own", as far as the globs ask for names."""
        globs = {
            p.probe.value
            for state in states
            if not isinstance(state, Leaf)
            for guard in state.guards()
            for p in predicates(guard)
            if p.var == TOOL and p.probe.op == "like"
        }
        matchers = [glob_match(g) for g in globs]
        taken = tuple(sorted(n for n in self.named if any(m(n) for m in matchers)))
        return Predicate(TOOL, Probe("in", taken, 0, 0), 0b100) if taken else False

    def _group(self, old: Leaf, new: Leaf) -> _Sort:
        """Differences of one sort are one change."""
        before, after = self.answers.what(old.rule), self.answers.what(new.rule)
        had, has = ([self.answers.reserved[i] for i in leaf.limits] for leaf in (old, new))
        loosened = "deny" not in (old.effect, new.effect) and not tighter(has, had, self.counted_before)
        asks_another = old.effect == new.effect == "approve" and before.by not in (None, after.by)
        widening = _PERMITS[new.effect] > _PERMITS[old.effect] or loosened or asks_another
        said = (old.effect, old.rule, new.rule)
        if old.effect != new.effect:
            return _Sort(_transition(old.effect, new.effect), widening, said)
        if before.hidden != after.hidden:
            return _Sort("newly hidden" if after.hidden else "no longer hidden", widening, said)
        removed, added = _without(had, has), _without(has, had)
        if before.by != after.by:
            return _Sort("approver changed", widening, (*said, removed, added))
        if _unexplained(removed) != _unexplained(added):
            return _Sort("limit changed", widening, (removed, added, old.rule == new.rule))
        return _Sort("reason changed", widening, (*said, removed, added))

    def _witness(
        self, tool: Tool, diagram: Diagram, numbers: list[int], differences: _Differences, *, fill: bool
    ) -> tuple[Call, Decided, Decided] | None:
        """A call in the region that both sides, asked again, answer as the diagram says."""
        for leaf, way in ways(diagram, _among(numbers)):
            built = example(way)
            if built is None:
                continue
            name = tool if isinstance(tool, str) else built.tool or unused(self.known)
            if not isinstance(tool, str) and name in self.named:
                continue
            filling = filled(self.catalog, tool, built.arguments, built.server) if fill else (built.arguments,)
            for arguments in filling:
                call = Call(name, arguments, built.context, built.server)
                old, new = self.old.replay(call), self.new.replay(call)
                if (self._leaf(old, self.old_counters), self._leaf(new, self.new_counters)) == differences.pairs[
                    leaf.rule
                ]:
                    return call, old, new
        return None

    def _leaf(self, decided: Decided, counters: dict[str, int]) -> Leaf:
        limits = sorted(self.answers.limit(r) for r in reservations(decided, counters))
        return Leaf(decided.effect, self.answers.number(decided.said), tuple(limits))  # type: ignore[arg-type]


def _among(numbers: list[int]) -> Callable[[Leaf], bool]:
    return lambda leaf: leaf != SAME and leaf.rule in numbers


def _transition(old: str, new: str) -> Kind:
    if new == "deny":
        return "newly denied"
    if new == "approve":
        return "newly held for approval"
    return "no longer held" if old == "approve" else "newly allowed"


def _without(some: list[Reserved], others: list[Reserved]) -> tuple[Reserved, ...]:
    """The reservations that the others lack, counted."""
    left = list(others)
    out = []
    for r in some:
        if r in left:
            left.remove(r)
        else:
            out.append(r)
    return tuple(out)


def _unexplained(reserved: tuple[Reserved, ...]) -> Counter[Reserved]:
    """Reservations without their reasons."""
    return Counter(replace(r, reason=None) for r in reserved)
