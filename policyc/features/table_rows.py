"""The rows of a tool's table: conditions in columns, the outcome last, exactly one row for every call.

Rows are read off the encoded nodes alone. Nodes of one path that follow each other are one step of a row; ways that differ in one
column are merged, from the leaves upwards, and once more among the finished rows. The columns stand in the order in which the
table asks. (Gouda and Liu, "Structured firewall design", 2007, generate rules from a diagram in this way.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyc.diagnostics import PolicycError, did_you_mean
from policyc.features.table_cells import ALL_TRUTHS, Axis, Box, Cell
from policyc.record import field, record
from policyc.runtime.file import TableFile

Edge = tuple[int, int, int, int, int]
"""Child, slots; and of a test its dimension, the truth values with and without those that no value has."""
MOST_ROWS = 2000
MOST_WAYS = 20_000
"""Ways through the nodes before they are merged."""


Leaf = tuple[str, int, tuple[int, ...]]
"""Effect, deciding rule (-1: the default), limits: rules by their numbers in the table."""


@record
class Row:
    """What a call has to be (a path that is not there does not matter), and the leaf that it gets then."""

    cells: dict[str, Cell] = field(compare=False)
    leaf: Leaf


@record
class Rows:
    """The rows of one tool. `axes`: the columns by path, in the order asked."""

    axes: dict[str, Axis]
    rows: tuple[Row, ...]


@record
class RuleList:
    """A body that was too large for rows: groups of (number of the rule, guard) as the table format has them, and the default."""

    default: str
    groups: tuple[list[Any], ...]


class TooManyRows(PolicycError):
    """A tool whose rows nobody would read."""


@record(frozen=False)
class Reading:
    """One policy of a table, for reading."""

    name: str
    tools: dict[str, int]
    other: int
    file: TableFile
    _seen: dict[int, Rows | RuleList | None] = field(default_factory=dict)

    def body(self, tool: str | None) -> Rows | RuleList:
        """The rows of a tool (None: of one that no rule names). Raises TooManyRows."""
        number = self.other if tool is None else self.tools.get(tool, self.other)
        if number not in self._seen:
            try:
                self._seen[number] = self._read(self.file.body(number))
            except TooManyRows:
                self._seen[number] = None
        found = self._seen[number]
        if found is None:
            named = "any other tool" if tool is None else f"`{tool}`"
            raise TooManyRows(f"{named} has more than {MOST_ROWS:,} rows; `policyc explain` shows single calls")
        return found

    def _read(self, body: Any) -> Rows | RuleList:
        if isinstance(body, dict):
            return RuleList(body["default"], tuple(body["rules"]))
        leaves, root, *nodes = body
        reader = _Reader(nodes, [(effect, rule, tuple(limits)) for effect, rule, limits in leaves], self.file)
        rows = reader.merged(reader.rows(root))
        if len(rows) > MOST_ROWS:
            raise TooManyRows
        used = {path for row in rows for path in row.cells}
        rows.sort(key=lambda row: self._rank(row.leaf))
        return Rows({p: a for p, a in reader.axes.items() if p in used}, tuple(rows))

    def rule(self, number: int) -> str:
        """A rule's id."""
        return str(self.file.rule(number)[0])

    def place(self, number: int) -> str | None:
        """Where a rule stands: `file:line:column`."""
        place = self.file.place(number)
        return None if place is None else f"{place[0]}:{place[1]}:{place[2]}"

    def _rank(self, leaf: Leaf) -> tuple[int, int, tuple[int, ...]]:
        """The order in which decisions are taken: denials as the rules are asked, then the default's, approvals, allows."""
        effect, rule, limits = leaf
        return ("deny", "approve", "allow").index(effect), rule if rule >= 0 else self.file.rules, limits


def read_table(data: bytes, policy: str | None = None) -> Reading:
    """One policy of a table's bytes. Raises TableError, and PolicycError where it is not clear which policy is meant."""
    file = TableFile(data)
    policies = file.policies
    names = [p["name"] for p in policies]
    listed = ", ".join(f"`{name}`" for name in names)
    if policy is None and len(policies) != 1:
        raise PolicycError(f"the table has {len(policies)} policies ({listed}), say which with `--policy`")
    entry = next((p for p in policies if policy is None or p["name"] == policy), None)
    if entry is None:
        near = did_you_mean(policy or "", names)
        hint = f"; did you mean `{near}`?" if near else f"; it has {listed}"
        raise PolicycError(f"the table has no policy `{policy}`{hint}")
    return Reading(entry["name"], entry["call"], entry["call_other"], file)


def policies_of(data: bytes) -> list[str]:
    """The names of the policies in a table's bytes. Raises TableError."""
    return [p["name"] for p in TableFile(data).policies]


def path_name(path: list[Any]) -> str:
    """A path of the table as the language writes it; `server` and `tool` for what is not an argument."""
    from policyc.ir.model import Path
    from policyc.ir.spelling import path_text

    root, *steps = path
    return str(steps[0]) if root == "call" else path_text(Path(root, tuple(steps)))


class _Reader:
    """Walks one body. Recursion is as deep as the diagram has tests one after the other."""

    def __init__(self, nodes: list[list[Any]], leaves: list[Leaf], file: TableFile) -> None:
        self._nodes, self._leaves, self._paths = nodes, leaves, file.paths
        self._tests = {node[2]: file.test(node[2]) for node in nodes if node[0] == "t"}
        self._rows: dict[int, list[Row]] = {}
        self._columns: dict[tuple[int, int], int] = {}
        self.axes: dict[str, Axis] = {}
        self._axis: dict[int, Axis] = {}
        for path in self._order():
            self._axis[path] = self.axes[path_name(self._paths[path])] = self._cut(path)

    def _order(self) -> list[int]:
        """The paths in an order in which each comes after those that are asked before it on some way."""
        after: dict[int, dict[int, None]] = {}
        for node in self._nodes:
            below = after.setdefault(node[1], {})
            for child in _children(node):
                if child is not None and child >= 0 and self._nodes[child][1] != node[1]:
                    below[self._nodes[child][1]] = None
        out: list[int] = []
        state: dict[int, bool] = {}

        def visit(path: int) -> None:
            if path not in state:
                state[path] = True
                for lower in after[path]:
                    visit(lower)
                out.append(path)

        for node in self._nodes:
            visit(node[1])
        return out[::-1]

    def _cut(self, path: int) -> Axis:
        bounds: set[int | float] = set()
        constants: dict[str, None] = {}
        tests: dict[int, None] = {}
        for node in self._nodes:
            if node[1] != path:
                continue
            if node[0] == "n":
                bounds.update(node[2])
            elif node[0] == "s":
                constants.update((text, None) for text, _ in node[2])
            elif node[0] == "t":
                tests[node[2]] = None
                if self._tests[node[2]][0] == "lookup":
                    constants.update((text, None) for text, _ in self._tests[node[2]][1])
        self._columns.update({(path, test): i for i, test in enumerate(tests)})
        return Axis(self._paths[path], sorted(bounds), list(constants), [self._tests[t] for t in tests])

    def rows(self, ref: int) -> list[Row]:
        """The rows below a reference, those that differ at its own path alone merged."""
        if ref < 0:
            return [Row({}, self._leaves[-1 - ref])]
        known = self._rows.get(ref)
        if known is not None:
            return known
        axis = self._axis[self._nodes[ref][1]]
        name = path_name(axis.path)
        ways: dict[int, list[Box]] = {}
        self._spread(ref, axis, axis.whole(), ways)
        found: list[Row] = []
        for child, boxes in ways.items():
            cell = axis.union(boxes)
            found.extend(Row({name: cell, **row.cells}, row.leaf) for row in self.rows(child))
            if len(found) > MOST_WAYS:
                raise TooManyRows
        self._rows[ref] = out = self._merge(found, name)
        return out

    def merged(self, rows: list[Row]) -> list[Row]:
        """The rows with those merged that differ in one column, until none do."""
        count = -1
        while count != len(rows):
            count = len(rows)
            for name in self.axes:
                rows = self._merge(rows, name)
        return rows

    def _merge(self, rows: list[Row], name: str) -> list[Row]:
        axis = self.axes[name]
        together: dict[Any, list[Row]] = {}
        for row in rows:
            rest = frozenset((p, c) for p, c in row.cells.items() if p != name)
            together.setdefault((rest, row.leaf, name in row.cells), []).append(row)
        out = []
        for (_, leaf, there), alike in together.items():
            cells = {p: c for p, c in alike[0].cells.items() if p != name}
            if there:
                cell = alike[0].cells[name] if len(alike) == 1 else axis.union(b for r in alike for b in r.cells[name])
                if not axis.is_whole(cell):
                    cells[name] = cell
            out.append(Row(cells, leaf))
        return out

    def _spread(self, ref: int, axis: Axis, box: Box, ways: dict[int, list[Box]]) -> None:
        """Every way on from a reference as long as it asks for the same path."""
        if ref < 0 or self._paths[self._nodes[ref][1]] != axis.path:
            ways.setdefault(ref, []).append(box)
            if len(ways[ref]) > MOST_ROWS:
                raise TooManyRows
            return
        node = self._nodes[ref]
        edges = self._truths(node, axis, box) if node[0] == "t" else _slots(node, axis)
        for child, slots, dimension, mask, shown in edges:
            masks, seen = list(box.masks), list(box.shown)
            masks[0] &= slots
            seen[0] &= slots
            if dimension:
                masks[dimension] &= mask
                seen[dimension] &= shown
            if seen[0] and seen[dimension]:
                self._spread(child, axis, Box(tuple(masks), tuple(seen)), ways)

    def _truths(self, node: list[Any], axis: Axis, box: Box) -> Iterator[Edge]:
        """The edges of a test: slots on which its truth value is one go without it."""
        number = self._columns[node[1], node[2]]
        children = node[3:6]
        alike: dict[int, int] = {}
        for slot in axis.slots(box.masks[0]):
            possible = axis.truths(number, slot)
            alike[possible] = alike.get(possible, 0) | 1 << slot
        for possible, slots in alike.items():
            real = sum(1 << t for t in range(3) if possible >> t & 1 and children[t] is not None)
            for child in dict.fromkeys(children[t] for t in range(3) if real >> t & 1):
                shown = sum(1 << t for t in range(3) if real >> t & 1 and children[t] == child)
                yield child, slots, number + 1, shown | (ALL_TRUTHS & ~real), shown


def _children(node: list[Any]) -> list[int | None]:
    if node[0] == "n":
        return [*node[3], node[4]]
    if node[0] == "s":
        return [*(child for _, child in node[2]), node[3], node[4]]
    return node[3:] if node[0] == "t" else node[2:]


def _slots(node: list[Any], axis: Axis) -> Iterator[Edge]:
    """The edges of a node that tells slots apart."""
    form = node[0]
    kinds = [1, 2, 4, 8, axis.all_numbers, axis.all_strings, 1 << axis.arrays, 2 << axis.arrays]
    pairs: list[tuple[int | None, int]] = []
    if form == "k":
        pairs = list(zip(node[2:], kinds, strict=True))
    elif form == "b":
        pairs = [(node[2], 4), (node[3], 8), (node[4], axis.domain & ~12)]
    elif form == "n":
        at = [2 * axis.bounds.index(b) + 1 for b in node[2]]  # the bounds' places among the axis's slots for numbers
        ends = [0, *(e for i in at for e in (i, i + 1)), 2 * len(axis.bounds) + 1]
        first = axis.numbers
        pairs = [
            (c, axis.mask(first + low, first + high)) for c, low, high in zip(node[3], ends, ends[1:], strict=False)
        ]
        pairs.append((node[4], axis.domain & ~axis.all_numbers))
    else:
        named = [(child, 1 << (axis.strings + axis.constants.index(text))) for text, child in node[2]]
        rest = axis.all_strings & ~sum(slot for _, slot in named)
        pairs = [*named, (node[3], rest), (node[4], axis.domain & ~axis.all_strings)]
    together: dict[int, int] = {}
    for child, slots in pairs:
        if child is not None:
            together[child] = together.get(child, 0) | slots
    for child, slots in together.items():
        yield child, slots, 0, 0, 0
