"""Building the reduced, ordered, multi-way decision diagram of one tool's program.

The firewall decision diagram of Gouda and Liu ("Structured firewall design", 2007) with cells in place of integer intervals: the
variables stand in one order; at each node the variable's cells are grouped by what they make of the predicates still open, each group's
program is simplified and built in turn, and equal programs are built once. Leaves are outcomes with everything a gateway reports.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Literal, Protocol

from policyc.diagram.cell import Cell, Truths, shape
from policyc.diagram.cells import Partition, partition
from policyc.diagram.errors import TooLarge
from policyc.diagram.formula import SERVER, TOOL, Formula, Predicate, Probe, Var, disj, predicates, substitute
from policyc.diagram.specialise import Guarded, ToolProgram
from policyc.diagram.strings import is_pattern
from policyc.record import field, record
from policyc.runtime.values import ARRAY, MISSING_KIND, OBJECT, STRING


@record
class Leaf:
    """An outcome: `rule` and `limits` are indexes in precedence order, -1 for the default."""

    effect: Literal["deny", "approve", "allow"]
    rule: int
    limits: tuple[int, ...] = ()


@record(eq=False)
class Node:
    """Looks at `var`; `children` has the child for each combination of the probes' truth values that some value has (and of
    being an array or object, where `split` says that variables below this one depend on it)."""

    var: Var
    cells: Partition
    children: dict[tuple[Truths, int], Diagram]
    split: bool = False

    def values(self) -> Iterable[Cell]:
        """The cells that the variable can be in."""
        return cells_of(self.var, self.cells)

    def reached(self) -> Iterable[Diagram]:
        """The children that some value leads to."""
        if self.var[0] != "call" and self.var[1]:
            return self.children.values()
        return [self.child(cell) for cell in self.values()]

    def child(self, cell: Cell) -> Diagram:
        """Where a cell leads."""
        return self.children[(cell.truths, shape(cell.kind) if self.split else 0)]


def cells_of(var: Var | None, cells: Partition) -> Iterable[Cell]:
    """The cells that a variable can be in: a tool's name is a string, a server's too if it is there, and arguments and context as a
    whole are objects. None: one that can be in all."""
    listed = cells.cells()
    if var == TOOL:
        return [c for c in listed if c.kind == STRING]
    if var == SERVER:
        return [c for c in listed if c.kind == STRING or c.kind == MISSING_KIND]
    return listed if var is None or var[1] else [c for c in listed if c.kind == OBJECT]


Diagram = Node | Leaf
Known = Mapping[Predicate, bool]
"""What a cell says of predicates: whether one holds there."""


class State(Protocol):
    """What is still open at a node: a hashable value, equal to another where the diagrams below are."""

    def guards(self) -> Iterable[Formula]:
        """The formulas that are still open, those that are asked first in front."""

    def assign(self, known: Known) -> State | Leaf:
        """What is open once `known` is; a Leaf when nothing is."""


class OverBudget(Exception):
    """The diagram would need more than the budget allows; the message says of what."""


@record
class Budget:
    """`nodes`: most nodes of one tool's diagram; `seconds`: most processor time spent on it (None: no limit)."""

    nodes: int = 50_000
    seconds: float | None = 10.0


DEFAULT_BUDGET = Budget()
MOST_VARIABLES = 60
MOST_PATTERNS = 24
"""Patterns on one value that are told apart together; of more, one after the other."""
MOST_DEPTH = 120
"""Longest way through a diagram; building and lowering are recursive in it."""


@record
class Residual:
    """What of a program is still open. Built only by `simplify`, so that equal programs are equal values."""

    denials: tuple[Guarded, ...]
    allows: tuple[Guarded, ...]
    approvals: tuple[Guarded, ...]
    limits: tuple[Guarded, ...]
    default_allow: bool

    def guards(self) -> Iterator[Formula]:
        for group in (self.denials, self.allows, self.approvals, self.limits):
            for g in group:
                yield g.guard

    def assign(self, known: Known) -> Residual | Leaf:
        return simplify(self, known)


NOTHING_KNOWN: Known = {}


def _first(items: tuple[Guarded, ...], known: Known) -> tuple[Guarded, ...]:
    """What is left once `known` is, without those that cannot fire, and without those after one that surely does."""
    out = []
    for g in items:
        guard = substitute(g.guard, known)
        if guard is not False:
            out.append(g if guard is g.guard else Guarded(g.rule, guard))
            if guard is True:
                break
    return tuple(out)


def simplify(r: Residual, known: Known = NOTHING_KNOWN) -> Residual | Leaf:
    """What is left once `known` is, without what cannot change the outcome any more; a Leaf when nothing is open."""
    denials = _first(r.denials, known)
    if denials and denials[0].guard is True:
        return Leaf("deny", denials[0].rule)
    if denials and denials[-1].guard is True:
        return Residual(denials, (), (), (), False)
    allows = _first(r.allows, known)
    if not allows and not r.default_allow:
        return Residual(denials, (), (), (), False) if denials else Leaf("deny", -1)
    approvals = _first(r.approvals, known)
    default_allow = r.default_allow
    if approvals and approvals[0].guard is True and (default_allow or allows[-1].guard is True):
        allows, default_allow = (), True  # held in any case: which allow holds is no longer reported
    elif approvals and approvals[0].guard is True:
        allows = (Guarded(-1, disj(g.guard for g in allows)),)
    limits = tuple(Guarded(g.rule, guard) for g in r.limits if (guard := substitute(g.guard, known)) is not False)
    if denials or any(g.guard is not True for g in limits):
        return Residual(denials, allows, approvals, limits, default_allow)
    kept = tuple(g.rule for g in limits)
    if allows and allows[0].guard is not True:
        return Residual((), allows, approvals, limits, default_allow)
    if not approvals:
        return Leaf("allow", allows[0].rule if allows else -1, kept)
    if approvals[0].guard is True:
        return Leaf("approve", approvals[0].rule, kept)
    return Residual((), allows, approvals, limits, default_allow)


def residual(program: ToolProgram) -> Residual:
    return Residual(program.denials, program.allows, program.approvals, program.limits, program.default == "allow")


def variable_order(guards: Iterable[Formula]) -> dict[Var, int]:
    """Server and tool name first, then arguments and context: parents before children, cheap tests and early rules first."""
    first: dict[Var, int] = {}
    dear: set[Var] = set()
    for i, guard in enumerate(guards):
        for p in predicates(guard):
            first.setdefault(p.var, i)
            if p.probe.op == "matches" or p.probe.quantifier is not None:
                dear.add(p.var)
    ranked = sorted(first, key=lambda v: (v != SERVER, v != TOOL, v in dear, first[v], v[0], len(v[1]), repr(v[1])))
    order: dict[Var, int] = {}
    for var in ranked:
        for n in range(len(var[1])):  # a child waits for those of its parents that are variables themselves
            parent = (var[0], var[1][:n])
            if parent in first:
                order.setdefault(parent, len(order))
        order.setdefault(var, len(order))
    return order


@record(frozen=False)
class Builder:
    """Builds diagrams and shares them: programs with equal residuals get one node. `undecided`: reasons met on the way."""

    budget: Budget = DEFAULT_BUDGET
    undecided: list[str] = field(default_factory=list)
    _memo: dict[State, Diagram] = field(default_factory=dict)
    _count: int = 0
    _deadline: float | None = None

    def build(self, program: ToolProgram) -> Diagram:
        """The diagram of a program. Raises OverBudget."""
        start = residual(program)
        return self.grow(simplify(start), variable_order(start.guards()))

    def grow(self, start: State | Leaf, order: dict[Var, int]) -> Diagram:
        """The diagram of what is open at the start, its variables in a given order. Raises OverBudget."""
        if len(order) > MOST_VARIABLES:
            raise OverBudget(f"more than {MOST_VARIABLES} arguments looked at together")
        self._count = 0
        self._deadline = None if self.budget.seconds is None else time.thread_time() + self.budget.seconds
        try:
            return self._node(start, order, 0)
        except RecursionError:
            raise OverBudget("conditions nested too deep") from None

    def _node(self, state: State | Leaf, order: dict[Var, int], depth: int) -> Diagram:
        if isinstance(state, Leaf):
            return state
        known = self._memo.get(state)
        if known is not None:
            return known
        self._count += 1
        if depth > MOST_DEPTH:
            raise OverBudget(f"more than {MOST_DEPTH} tests one after the other")
        if self._count > self.budget.nodes:
            raise OverBudget(f"more than {self.budget.nodes:,} diagram nodes")
        if self._deadline is not None and time.thread_time() > self._deadline:
            raise OverBudget(f"more than {self.budget.seconds:g} s")
        var, asked, below = _next_variable(state, order)
        cells = self._partition(tuple(dict.fromkeys(p.probe for p in asked)))
        probes = {p: i for i, p in enumerate(cells.probes)}
        here = [(p, probes[p.probe]) for p in asked if p.probe in probes]
        children: dict[tuple[Truths, int], Diagram] = {}
        alike: dict[tuple[int | None, ...], Diagram] = {}
        for key in cells.keys(bool(below)):
            truths, form = key
            said = {p: p.mask >> truths[i] & 1 == 1 for p, i in here}
            for p, container in below:
                if form != container:  # what is not an object has no keys, what is not an array has no elements
                    said[p] = p.holds(_missing_truth(p.probe))
            name = (*said.values(), form if below else None)
            child = alike.get(name)
            if child is None:
                child = alike[name] = self._node(state.assign(said), order, depth + 1)
            children[key] = child
        distinct = {id(c) if isinstance(c, Node) else c for c in children.values()}
        node: Diagram = next(iter(children.values())) if len(distinct) == 1 else Node(var, cells, children, bool(below))
        self._memo[state] = node
        return node

    def _partition(self, asked: tuple[Probe, ...]) -> Partition:
        """The cells of the probes; where too many cannot be told apart, of the first of them alone (the rest come later)."""
        patterns = sum(is_pattern(p) for p in asked)
        why = f"more than {MOST_PATTERNS} patterns on one value"
        for n in (len(asked), 1) if patterns <= MOST_PATTERNS else (1,):
            try:
                cells = partition(asked[:n])
            except TooLarge as reason:
                why = str(reason)
                continue
            if cells.undecided is not None:
                self._note(cells.undecided)
            if n < len(asked):
                self._note(why)
            return cells
        raise OverBudget(why)

    def _note(self, why: str) -> None:
        if why not in self.undecided:
            self.undecided.append(why)


def _next_variable(
    state: State, order: dict[Var, int]
) -> tuple[Var, tuple[Predicate, ...], list[tuple[Predicate, int]]]:
    """The first variable still open, what is asked of it, and what is asked below it, with the kind of container that it must be for that."""
    open_: dict[Var, dict[Predicate, None]] = {}
    for guard in state.guards():
        for p in predicates(guard):
            found = open_.get(p.var)
            if found is None:
                open_[p.var] = {p: None}
            else:
                found[p] = None
    var = min(open_, key=order.__getitem__)
    root, steps = var
    depth = len(steps)
    below = [
        (p, OBJECT if isinstance(v[1][depth], str) else ARRAY)
        for v, asked in open_.items()
        if len(v[1]) > depth and v[0] == root and v[1][:depth] == steps
        for p in asked
    ]
    return var, tuple(open_[var]), below


@cache
def _missing_truth(probe: Probe) -> int:
    return partition((probe,)).missing.truths[0]
