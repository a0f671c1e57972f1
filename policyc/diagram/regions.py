"""A region of a diagram in words: a few rows of conditions whose union is the region, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policyc.diagram.build import Diagram, Leaf, Node
from policyc.diagram.cell import shape
from policyc.diagram.describe import Key, describe
from policyc.record import field, record

MOST_ROWS = 50
_IN, _OUT = 1, 0


@record
class Region:
    """`rows`: each a conjunction of conditions, in words; no condition at all: every call. `whole` is False where there are more
    rows than MOST_ROWS."""

    rows: tuple[tuple[str, ...], ...]
    whole: bool = True

    @property
    def everything(self) -> bool:
        """Whether the region is every call to the tool."""
        return self.rows == ((),)


def region(diagram: Diagram, wanted: Callable[[Leaf], bool]) -> Region:
    """The region of the calls that reach a wanted leaf."""
    rows: list[tuple[str, ...]] = []
    reduced = _Reduced(wanted)
    for row in reduced.rows(reduced.number(diagram)):
        if len(rows) == MOST_ROWS:
            return Region(tuple(rows), False)
        if row not in rows:
            rows.append(row)
    return Region(tuple(rows))


@record(frozen=False)
class _Reduced:
    """The diagram with its leaves told apart only as inside and outside, every distinction that this makes needless undone."""

    wanted: Callable[[Leaf], bool]
    nodes: list[tuple[Node, dict[int, set[Key]]]] = field(default_factory=list)
    _done: dict[int, int] = field(default_factory=dict)
    _index: dict[object, int] = field(default_factory=dict)

    def number(self, diagram: Diagram) -> int:
        """_IN, _OUT, or 2 and more for a node that leads to both."""
        if isinstance(diagram, Leaf):
            return _IN if self.wanted(diagram) else _OUT
        known = self._done.get(id(diagram))
        if known is None:
            known = self._done[id(diagram)] = self._node(diagram)
        return known

    def _node(self, node: Node) -> int:
        leads: dict[int, set[Key]] = {}
        for cell in node.values():
            key = (cell.truths, shape(cell.kind) if node.split else 0)
            leads.setdefault(self.number(node.children[key]), set()).add(key)
        if len(leads) == 1:
            return next(iter(leads))
        same = (node.var, id(node.cells), frozenset((n, frozenset(keys)) for n, keys in leads.items()))
        if same not in self._index:
            self._index[same] = len(self.nodes) + 2
            self.nodes.append((node, leads))
        return self._index[same]

    def rows(self, number: int) -> Iterator[tuple[str, ...]]:
        """The ways to the inside, those with the fewest conditions first at each node."""
        if number < 2:
            if number == _IN:
                yield ()
            return
        node, leads = self.nodes[number - 2]
        inside = leads.get(_IN, set())
        for child in sorted(leads, key=lambda n: (n != _IN, n)):
            if child == _OUT:
                continue
            # what is inside anyway may be said again: a condition that then tells nothing apart is left out
            needless = child != _IN and _OUT not in leads and len(leads) == (2 if inside else 1)
            first = () if needless else (describe(node, leads[child]),)
            for rest in self.rows(child):
                yield (*first, *rest)
