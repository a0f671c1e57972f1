"""Two-valued formulas over predicates of single variables: what is left of Kleene's logic once a rule's effect is known.

A rule fires when its guard's truth value is at least UNDEFINED (restrictive effects) or TRUE (allow). Kleene's `and`, `or`, `not` are
min, max and reversal, and a threshold commutes with min and max, so "the guard is at least t" is a monotone two-valued
formula over predicates "this test's truth value is in this set". That step is exact, and everything after it is two-valued.

A formula is True, False, a Predicate, or a Junction of at least two distinct formulas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from policyc.ir.model import And, Cond, Const, Not, Or, Test
from policyc.record import field, record

Var = tuple[str, tuple[Any, ...]]
"""What a diagram node looks at: ("args" | "context", keys and indexes), ("call", ("server",)) or ("call", ("tool",))."""

SERVER: Var = ("call", ("server",))
TOOL: Var = ("call", ("tool",))


@record
class Probe:
    """A test as a function of its variable's value alone. Fields as in `policyc.ir.model.Test`; `inner`: the steps after
    the first `[*]`. Op `lookup` is internal: a string operand's truth value is found in `value`, pairs (string, truth).

    Three more ops are the analysis' own and never reach a table or the reference: `multiple` (a number that `value` divides); `fits`
    (with a quantifier: elements, from index n on, for which a formula over variables ("item", steps) holds; `value` is (formula, n));
    `at` (what another probe makes of what stands at some steps; `value` is (steps, probe)).
    """

    op: str
    value: Any
    missing: int = 1
    mistyped: int = 1
    length: bool = False
    quantifier: str | None = None
    inner: tuple[str | int | None, ...] = ()
    booleans: tuple[int, ...] = field(init=False, repr=False)  # where `value` has booleans: Python's True equals 1
    digest: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        object.__setattr__(self, "booleans", tuple(i for i, v in enumerate(values) if isinstance(v, bool)))
        object.__setattr__(self, "digest", hash((self.op, self.value, self.missing, self.mistyped, self.inner)))

    def __hash__(self) -> int:
        return self.digest  # formulas are looked up all the time, and most of a hash is its probes'


@record
class Predicate:
    """The probe's truth value is in `mask` (bit 0 FALSE, bit 1 UNDEFINED, bit 2 TRUE)."""

    var: Var
    probe: Probe
    mask: int
    digest: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hash((self.var, self.probe.digest, self.mask)))

    def __hash__(self) -> int:
        return self.digest

    def holds(self, truth: int) -> bool:
        return bool(self.mask >> truth & 1)


class Junction:
    """And (`op` "&") or or ("|") of formulas. Its hash is computed once and its predicates are listed once: it is looked up and asked
    for them all the time."""

    __slots__ = ("_asked", "digest", "items", "op")

    def __init__(self, op: str, items: tuple[Formula, ...]) -> None:
        self.op = op
        self.items = items
        self.digest = hash((op, items))
        self._asked: dict[Predicate, None] | None = None

    def __hash__(self) -> int:
        return self.digest

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is Junction
            and self.digest == other.digest
            and self.op == other.op
            and self.items == other.items
        )

    def __repr__(self) -> str:
        return f"({f' {self.op} '.join(map(repr, self.items))})"

    @property
    def asked(self) -> dict[Predicate, None]:
        """Every predicate in it once, in the order written."""
        known = self._asked
        if known is None:
            known = self._asked = {}
            for item in self.items:
                if type(item) is Junction:
                    known.update(item.asked)
                elif type(item) is Predicate:
                    known[item] = None
        return known


Formula = bool | Predicate | Junction

_AT_LEAST = (0b111, 0b110, 0b100)
_AT_MOST = (0b001, 0b011, 0b111)


def conj(items: Iterable[Formula]) -> Formula:
    """And, simplified."""
    return _join("&", items, False)


def disj(items: Iterable[Formula]) -> Formula:
    """Or, simplified."""
    return _join("|", items, True)


def _join(op: str, items: Iterable[Formula], absorbing: bool) -> Formula:
    parts: list[Predicate | Junction] = []
    for item in items:
        if item is absorbing:
            return absorbing
        if type(item) is not bool:
            parts.append(item)
    if len(parts) < 2:
        return parts[0] if parts else not absorbing
    kept: dict[Formula, None] = {}
    for part in parts:
        if type(part) is Junction and part.op == op:
            kept.update(dict.fromkeys(part.items))
        else:
            kept[part] = None
    return Junction(op, tuple(kept)) if len(kept) > 1 else parts[0]


def at_least(cond: Cond, truth: int) -> Formula:
    """The formula for "the condition's truth value is at least `truth`" (1 or 2)."""
    match cond:
        case Const():
            return cond.value
        case Not():
            return at_most(cond.item, 2 - truth)
        case And():
            return conj(at_least(c, truth) for c in cond.items)
        case Or():
            return disj(at_least(c, truth) for c in cond.items)
        case Test():
            return predicate(cond, _AT_LEAST[truth])


def at_most(cond: Cond, truth: int) -> Formula:
    """The formula for "the condition's truth value is at most `truth`" (0 or 1)."""
    match cond:
        case Const():
            return not cond.value
        case Not():
            return at_least(cond.item, 2 - truth)
        case And():
            return disj(at_most(c, truth) for c in cond.items)
        case Or():
            return conj(at_most(c, truth) for c in cond.items)
        case Test():
            return predicate(cond, _AT_MOST[truth])


def predicate(test: Test, mask: int) -> Predicate:
    """An IR test, cut into the variable it looks at and what it asks of the value there."""
    steps = test.path.steps
    cut = steps.index(None) if None in steps else len(steps)
    probe = Probe(
        test.op, test.value, int(test.missing), int(test.mistyped), test.length, test.quantifier, steps[cut + 1 :]
    )
    return Predicate((test.path.root, steps[:cut]), probe, mask)


def predicates(formula: Formula) -> Iterable[Predicate]:
    """Every predicate in a formula once, in the order written."""
    if type(formula) is Junction:
        return formula.asked
    return (formula,) if type(formula) is Predicate else ()


def substitute(formula: Formula, values: Mapping[Predicate, bool]) -> Formula:
    """The formula with predicates replaced by their values."""
    if type(formula) is Junction:
        if values.keys().isdisjoint(formula.asked):
            return formula
        items = [substitute(item, values) for item in formula.items]
        return conj(items) if formula.op == "&" else disj(items)
    if type(formula) is Predicate:
        return values.get(formula, formula)
    return formula


def negation(formula: Formula) -> Formula:
    """The formula for "not so"."""
    if type(formula) is Junction:
        items = (negation(item) for item in formula.items)
        return disj(items) if formula.op == "&" else conj(items)
    if type(formula) is Predicate:
        return Predicate(formula.var, formula.probe, 0b111 & ~formula.mask)
    return not formula
