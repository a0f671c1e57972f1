"""From a diagram to calls: the ways to a leaf, and a call that takes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from policyc.diagram.build import Diagram, Leaf, cells_of
from policyc.diagram.cell import NO_EXAMPLE, Cell, Truths, shape
from policyc.diagram.cells import partition
from policyc.diagram.containers import place
from policyc.diagram.formula import SERVER, TOOL, Probe, Var
from policyc.record import record
from policyc.runtime.values import ARRAY, BOOLEAN, MISSING, MISSING_KIND, NULL, NUMBER, OBJECT, STRING, kind

_PREFERENCE = {STRING: 0, NUMBER: 1, BOOLEAN: 2, OBJECT: 3, NULL: 5, MISSING_KIND: 4}
MOST_WAYS = 400


@record
class Step:
    """One edge on the way from a diagram's root: the variable and a cell of it."""

    var: Var
    cell: Cell


@record
class Example:
    """The parts of a call that a way fixes; `tool` and `server` None where it says nothing of them."""

    arguments: dict[str, Any]
    context: dict[str, Any]
    tool: str | None = None
    server: str | None = None


def leaves(diagram: Diagram) -> set[Leaf]:
    """Every leaf of the diagram."""
    found: set[Leaf] = set()
    seen: set[int] = set()
    stack = [diagram]
    while stack:
        node = stack.pop()
        if isinstance(node, Leaf):
            found.add(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.extend(node.reached())
    return found


def ways(diagram: Diagram, wanted: Callable[[Leaf], bool]) -> Iterator[tuple[Leaf, tuple[Step, ...]]]:
    """Ways from the root to wanted leaves, plain values before null and missing ones; at most MOST_WAYS."""
    leads: dict[int, bool] = {}
    count = 0
    stack: list[tuple[Diagram, tuple[Step, ...]]] = [(diagram, ())]
    while stack and count < MOST_WAYS:
        node, way = stack.pop()
        if isinstance(node, Leaf):
            if wanted(node):
                count += 1
                yield node, way
            continue
        apart = node.var if node.var[0] == "call" or not node.var[1] else None
        for key, cell in reversed(_preferred(node.cells.probes, apart, node.split)):
            child = node.children[key]
            if _leads(child, wanted, leads):
                stack.append((child, (*way, Step(node.var, cell))))


def _leads(node: Diagram, wanted: Callable[[Leaf], bool], memo: dict[int, bool]) -> bool:
    if isinstance(node, Leaf):
        return wanted(node)
    known = memo.get(id(node))
    if known is None:
        memo[id(node)] = False
        known = memo[id(node)] = any(_leads(child, wanted, memo) for child in node.reached())
    return known


@lru_cache(maxsize=65536)
def _preferred(
    probes: tuple[Probe, ...], apart: Var | None, split: bool
) -> tuple[tuple[tuple[Truths, int], Cell], ...]:
    """A cell for each child of a node that looks with these probes, those first that read best. `apart`: the variable, where not every
    value can stand there."""
    natural = {MISSING_KIND} if apart == SERVER else _natural_kinds(probes)  # the shortest call names no server
    out: dict[tuple[Truths, int], Cell] = {}
    cells = cells_of(apart, partition(probes))
    for cell in sorted(cells, key=lambda c: _preference(c, natural)):
        if cell.example is not NO_EXAMPLE:
            out.setdefault((cell.truths, shape(cell.kind) if split else 0), cell)
    return tuple(out.items())


def _natural_kinds(probes: tuple[Probe, ...]) -> set[int]:
    """The kinds of value that probes speak of."""
    found: set[int] = set()
    for probe in probes:
        if probe.quantifier is not None:
            found.add(ARRAY)
        elif not probe.length and probe.op not in ("is", "exists", "prints"):
            found.update(kind(v) for v in (probe.value if isinstance(probe.value, tuple) else (probe.value,)))
    return found


def _preference(cell: Cell, natural: set[int]) -> tuple[bool, int, bool]:
    """A value of the kind that is asked about, then plain values, then a missing one, then null; whole numbers first."""
    plain = not (cell.kind == NUMBER and type(cell.example) is float)
    return cell.kind not in natural, _PREFERENCE.get(cell.kind, 6), not plain


def example(way: tuple[Step, ...]) -> Example | None:
    """The call that a way describes; None where its values cannot stand together (the way is then not a real one, or this
    function could not build it: the caller replays what it gets in any case)."""
    roots: dict[str, Any] = {"args": {}, "context": {}}
    tool: str | None = None
    server: str | None = None
    for step in sorted(way, key=lambda s: len(s.var[1])):
        if step.var in (SERVER, TOOL):
            value = None if step.cell.example is MISSING else step.cell.example
            if value is not None and not isinstance(value, str):
                return None
            if step.var == SERVER:
                server = value
            elif value is None:
                return None
            else:
                tool = value
            continue
        root, steps = step.var
        placed = place(roots[root], steps, step.cell.example)
        if placed is NO_EXAMPLE:
            return None
        roots[root] = placed
    return Example(roots["args"], roots["context"], tool, server)
