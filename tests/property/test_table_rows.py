"""The rows of `table show` partition all calls: exactly one row holds for a call, and its outcome is the table's decision."""

from __future__ import annotations

import random
from typing import Any

from policyc.diagram.build import residual, variable_order
from policyc.diagram.specialise import OTHER_TOOL, Specialiser
from policyc.features.table_cells import Axis, Cell
from policyc.features.table_rows import Reading, Row, Rows, TooManyRows, path_name, read_table
from policyc.features.table_words import cell_text
from policyc.ir.facts import Facts
from policyc.ir.model import Policy
from policyc.reference import Call
from policyc.runtime.table import Table
from policyc.runtime.values import ARRAY, MISSING, NUMBER, STRING, follow, kind
from policyc.table.encode import compile_table
from tests.property import strategies


def slot_of(axis: Axis, value: Any) -> int:
    """The slot of a value, found the plain way."""
    k = kind(value)
    if k == STRING:
        if value in axis.constants:
            return axis.strings + axis.constants.index(value)
        return axis.others + any("\ud800" <= c <= "\udfff" for c in value)
    if k == NUMBER:
        below = sum(b < value for b in axis.bounds)
        return axis.numbers + 2 * below + (value in axis.bounds)
    if value is MISSING or value is None:
        return 0 if value is MISSING else 1
    return (3 if value else 2) if isinstance(value, bool) else axis.arrays + (k != ARRAY)


def in_cell(axis: Axis, cell: Cell, value: Any) -> bool:
    slot, truths = slot_of(axis, value), [judge(value) for judge in axis.judges]
    return any(
        box.masks[0] >> slot & 1 and all(m >> t & 1 for m, t in zip(box.masks[1:], truths, strict=True)) for box in cell
    )


def value_at(axis: Axis, call: Call) -> Any:
    root, *steps = axis.path
    if root == "call":
        return call.tool if steps == ["tool"] else MISSING if call.server is None else call.server
    return follow(call.arguments if root == "args" else call.context, tuple(steps))


def holding(rows: Rows, call: Call) -> list[Row]:
    return [
        row
        for row in rows.rows
        if all(in_cell(rows.axes[name], cell, value_at(rows.axes[name], call)) for name, cell in row.cells.items())
    ]


def disagreement(reading: Reading, rows: Rows, table: Table, call: Call) -> str | None:
    found = holding(rows, call)
    if len(found) != 1:
        return f"{len(found)} rows hold"
    effect, rule, limits = found[0].leaf
    said = (effect, None if rule < 0 else reading.rule(rule), tuple(map(reading.rule, limits)))
    decision = table.decide(call.tool, call.arguments, call.context, server=call.server)
    decided = (decision.effect, decision.rule, tuple(x.id for x in decision.limits))
    return None if said == decided else f"the row says {said}, the table {decided}"


def compiled(policy: Policy, facts: Facts) -> tuple[Reading, Table]:
    data = compile_table([policy], facts)
    return read_table(data), Table(data)


def test_exactly_one_row_holds_for_a_call_and_its_outcome_is_the_tables() -> None:
    rng = random.Random(40)
    checked = 0
    for _ in range(250):
        policy, facts = strategies.random_policy(rng), strategies.random_facts(rng)
        reading, table = compiled(policy, facts)
        for _ in range(40):
            call = strategies.random_call(rng, policy)
            if type(call.arguments) is not dict:
                continue
            try:
                rows = reading.body(call.tool)
            except TooManyRows:
                continue
            assert isinstance(rows, Rows)
            wrong = disagreement(reading, rows, table, call)
            assert wrong is None, f"{wrong} for {call} under {policy} with {facts}"
            checked += 1
    assert checked > 8000


def test_no_two_rows_could_be_one_and_every_cell_has_words() -> None:
    rng = random.Random(41)
    for _ in range(150):
        policy, facts = strategies.random_policy(rng), strategies.random_facts(rng)
        reading, _ = compiled(policy, facts)
        spec = Specialiser(policy, facts)
        for tool in [*reading.tools, None]:
            try:
                rows = reading.body(tool)
            except TooManyRows:
                continue
            assert isinstance(rows, Rows)
            program = residual(spec.program(tool if tool in spec.named_tools else OTHER_TOOL))
            order = [path_name([root, *steps]) for root, steps in variable_order(program.guards())]
            assert list(rows.axes) == [name for name in order if name in rows.axes], "columns in the order asked"
            for name, axis in rows.axes.items():
                rest = [(r.leaf, frozenset((p, c) for p, c in r.cells.items() if p != name)) for r in rows.rows]
                assert len(rest) == len(set(rest)), f"two rows differ in {name} alone"
                assert name == path_name(axis.path)
                for row in rows.rows:
                    if name in row.cells:
                        assert cell_text(axis, row.cells[name]) not in ("", "anything")
