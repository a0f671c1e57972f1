"""From a diagram to the table's nodes: each multi-way node becomes the few small tests that a loader runs.

A lowered node is a tuple; its children are references: 0 and above another node of the same body, below 0 a leaf (-1 - leaf number).
None is a child that no JSON value leads to. The forms are specified in docs/table-format.md:

    ("k", path, missing, null, false, true, number, string, array, object)            by kind of value
    ("b", path, false, true, else)                                                      booleans
    ("n", path, (bound, …), (child, …), else)                                           numbers: 2k+1 children for k bounds
    ("s", path, ((constant, child), …), rest, else)                                     strings
    ("t", path, test, false, undefined, true)                                           one test, by its truth value
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from policyc.diagram.build import Diagram, Leaf, Node
from policyc.diagram.cell import Cell, Truths
from policyc.diagram.formula import Probe, Var
from policyc.diagram.numbers import NumberSlot
from policyc.record import field, record
from policyc.runtime.values import STRING

Lowered = tuple[Any, ...]
Ref = int
_COST = {"starts_with": 0, "ends_with": 0, "like": 1, "contains": 1, "<": 1, "<=": 1, ">": 1, ">=": 1, "matches": 3}


@record(frozen=False)
class Body:
    """The nodes of one tool's table, children before parents; `root` is a reference."""

    nodes: list[Lowered]
    root: Ref


@record(frozen=False)
class Lowering:
    """Lowers diagrams into bodies. `path`, `test` and `leaf` number what all bodies share."""

    path: Callable[[Var], int]
    test: Callable[[Probe], int]
    leaf: Callable[[Leaf], int]
    _nodes: list[Lowered] = field(default_factory=list)
    _index: dict[Lowered, Ref] = field(default_factory=dict)
    _done: dict[int, Ref] = field(default_factory=dict)

    def body(self, diagram: Diagram) -> Body:
        """Lower one diagram."""
        self._nodes, self._index, self._done = [], {}, {}
        root = self._ref(diagram)
        return Body(self._nodes, root)

    def _ref(self, diagram: Diagram) -> Ref:
        if isinstance(diagram, Leaf):
            return -1 - self.leaf(diagram)
        known = self._done.get(id(diagram))
        if known is None:
            known = self._done[id(diagram)] = self._node(diagram)
        return known

    def _emit(self, node: Lowered) -> Ref:
        known = self._index.get(node)
        if known is None:
            known = self._index[node] = len(self._nodes)
            self._nodes.append(node)
        return known

    def _node(self, node: Node) -> Ref:
        """A chain of typed tests where all other kinds of value lead to one child, a switch on the kind otherwise."""
        cells, path = node.cells, self.path(node.var)

        def go(cell: Cell) -> Ref:
            return self._ref(node.child(cell))

        missing, null, false, true = go(cells.missing), go(cells.null), go(cells.false), go(cells.true)
        arrays = [(c.truths, go(c)) for c in cells.arrays]
        objects = [(c.truths, go(c)) for c in cells.objects]
        plain = {missing, null, *(r for _, r in arrays), *(r for _, r in objects)}
        if len(plain) == 1:
            fallback = self._strings(node, path, missing)
            if any(go(c) != missing for s in cells.slots for c in (s.integer, s.fraction) if c is not None):
                fallback = self._numbers(node, path, fallback)
            return fallback if false == true == missing else self._emit(("b", path, false, true, fallback))
        number = self._numbers(node, path, None)
        string = self._strings(node, path, None)
        array = self._container(path, cells.probes, arrays)
        obj = self._container(path, cells.probes, objects)
        children = (missing, null, false, true, number, string, array, obj)
        return children[0] if len(set(children)) == 1 else self._emit(("k", path, *children))

    def _container(self, path: int, probes: tuple[Probe, ...], cells: list[tuple[Truths, Ref]]) -> Ref:
        root = self._tests(path, probes, _telling(cells), cells, [], None)
        assert root is not None  # there is always an empty array and an empty object
        return root

    # --- numbers

    def _numbers(self, node: Node, path: int, fallback: Ref | None) -> Ref:
        """`fallback`: where what is no number goes; None where the value is known to be one."""
        slots = node.cells.slots
        if all(
            s.integer is None or s.fraction is None or node.child(s.integer) == node.child(s.fraction) for s in slots
        ):
            return self._interval(node, path, slots, fallback, lambda s: s.integer or s.fraction)
        whole = self._interval(node, path, slots, fallback, lambda s: s.integer)
        fraction = self._interval(node, path, slots, fallback, lambda s: s.fraction)
        if whole == fraction:
            return whole
        test = self._emit(("t", path, self.test(_IS_INTEGER), fraction, fraction, whole))
        return test if fallback is None else self._emit(("n", path, (), (test,), fallback))

    def _interval(
        self,
        node: Node,
        path: int,
        slots: tuple[NumberSlot, ...],
        fallback: Ref | None,
        pick: Callable[[NumberSlot], Cell | None],
    ) -> Ref:
        """One node for the numbers that `pick` picks; slots without any take a neighbour's child."""
        refs: list[Ref | None] = [None if (c := pick(s)) is None else self._ref(node.child(c)) for s in slots]
        known = [r for r in refs if r is not None]
        last = known[0]
        filled = []
        for ref in refs:
            last = last if ref is None else ref
            filled.append(last)
        bounds, children = [], [filled[0]]
        for i, bound in enumerate(node.cells.bounds):
            at, above = filled[2 * i + 1], filled[2 * i + 2]
            if at == children[-1] and above == at:
                continue
            bounds.append(bound)
            children += [at, above]
        if not bounds and fallback in (None, children[0]):
            return children[0]
        return self._emit(("n", path, tuple(bounds), tuple(children), fallback))

    # --- strings

    def _strings(self, node: Node, path: int, fallback: Ref | None) -> Ref:
        """`fallback`: where what is no string goes; None where the value is known to be one."""
        strings, probes = node.cells.strings, node.cells.probes

        def at(truths: Truths) -> Ref:
            return self._ref(node.child(Cell(STRING, truths, None)))

        rest = [(t, at(t)) for t, _ in strings.rest]
        surrogates = [(t, at(t)) for t, _ in strings.surrogates]
        first_rest = rest or surrogates
        constants = []
        for text, truths in strings.constants:
            alike = {r for t, r in first_rest if all(t[i] == truths[i] for i in strings.patterns)}
            ref = at(truths)
            if alike != {ref}:
                constants.append((text, ref))
        leads = {r for _, r in rest} | {r for _, r in surrogates}
        own = all(
            probes[i].op in ("starts_with", "ends_with", "like", "matches") and not probes[i].length
            for i in strings.patterns
        )
        checks_type = own and not constants and all(r == fallback for _, r in surrogates)
        tree = self._tests(path, probes, strings.patterns, rest, surrogates, fallback if checks_type else None)
        assert tree is not None  # the strings that tests name are never all there are
        if not constants and (fallback is None or (len(leads) == 1 and tree == fallback)):
            return tree
        if checks_type and len(leads) > 1:
            return tree
        return self._emit(("s", path, tuple(constants), tree, fallback))

    def _tests(
        self,
        path: int,
        probes: tuple[Probe, ...],
        candidates: tuple[int, ...],
        cells: list[tuple[Truths, Ref]],
        surrogates: list[tuple[Truths, Ref]],
        otherwise: Ref | None,
    ) -> Ref | None:
        """A tree of tests that tells cells apart by the probes in `candidates`. Strings with a lone surrogate leave at the first
        regular expression, as undefined. `otherwise`: where a test is undefined for values of another kind (None: there are none)."""
        leads = {r for _, r in cells} | {r for _, r in surrogates}
        if len(leads) <= 1:
            return next(iter(leads), None)
        best: tuple[tuple[int, int, int], int] | None = None
        for i in candidates:
            sides = _sides(i, cells)
            if len(sides) < 2 and not (surrogates and probes[i].op == "matches" and cells):
                continue
            spread = sum(len({r for _, r in side}) for side in sides.values())
            cost = 2 if probes[i].quantifier or probes[i].length else _COST.get(probes[i].op, 2)
            rank = (spread, cost, i)
            if best is None or rank < best[0]:
                best = (rank, i)
        if best is None:  # only surrogates left to tell apart
            best = ((0, 0, 0), next(i for i in candidates if len(_sides(i, surrogates)) > 1))
        i = best[1]
        left = tuple(c for c in candidates if c != i)
        sides = _sides(i, cells)
        odd: dict[int, list[tuple[Truths, Ref]]] = {} if probes[i].op == "matches" else _sides(i, surrogates)
        refs: list[Ref | None] = []
        for truth in (0, 1, 2):
            side, odd_side = sides.get(truth, []), odd.get(truth, [])
            if truth == 1 and probes[i].op == "matches" and not probes[i].quantifier and surrogates:
                odd_side = surrogates
            child = self._tests(path, probes, left, side, odd_side, otherwise) if side or odd_side else None
            refs.append(otherwise if child is None and truth == 1 else child)
        probe = probes[i]
        if probe.quantifier is None:
            probe = Probe(probe.op, probe.value, 1, 1, probe.length)
        return self._emit(("t", path, self.test(probe), *refs))


_IS_INTEGER = Probe("is", "integer")


def _sides(i: int, cells: list[tuple[Truths, Ref]]) -> dict[int, list[tuple[Truths, Ref]]]:
    out: dict[int, list[tuple[Truths, Ref]]] = {}
    for truths, ref in cells:
        out.setdefault(truths[i], []).append((truths, ref))
    return out


def _telling(cells: list[tuple[Truths, Ref]]) -> tuple[int, ...]:
    """The probes whose truth values differ among cells."""
    if not cells:
        return ()
    return tuple(i for i in range(len(cells[0][0])) if len({t[i] for t, _ in cells}) > 1)
