"""One cell of the set of JSON values: where it lies, what the probes make of it, and a value in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from policyc.diagram.formula import Formula, Junction, Probe, Var
from policyc.record import record
from policyc.runtime.tests import FALSE, TRUE, test_function
from policyc.runtime.values import ARRAY, NUMBER, OBJECT, follow, kind

Truths = tuple[int, ...]
Judge = Callable[[Any], Truths]
"""What all probes of a partition make of one value."""


class _NoExample:
    def __repr__(self) -> str:
        return "NO_EXAMPLE"


NO_EXAMPLE: Final = _NoExample()


@record
class Cell:
    """A cell: its values' kind, every probe's truth value there, and one value in it (NO_EXAMPLE if none could be built)."""

    kind: int
    truths: Truths
    example: Any


def shape(kind: int) -> int:
    """The kind of a container, 0 for all that is none: what variables below a value depend on."""
    return kind if kind in (ARRAY, OBJECT) else 0


@cache
def probe_function(probe: Probe) -> Callable[[Any], int]:
    """The function that judges an operand for a probe."""
    if probe.op in _INTERNAL:
        return _INTERNAL[probe.op](probe)
    return test_function(
        probe.op, probe.value, probe.missing, probe.mistyped, probe.length, probe.quantifier, probe.inner
    )


def _at(probe: Probe) -> Callable[[Any], int]:
    steps, inner = probe.value
    judge = probe_function(inner)
    return lambda value: judge(follow(value, steps))


def _multiple(probe: Probe) -> Callable[[Any], int]:
    from fractions import Fraction  # only where a divisor is asked for

    unit = Fraction(probe.value)
    return lambda value: TRUE if kind(value) == NUMBER and (Fraction(value) / unit).denominator == 1 else FALSE


def _fits(probe: Probe) -> Callable[[Any], int]:
    formula, first = probe.value
    over = all if probe.quantifier == "every" else any

    def judge(value: Any) -> int:
        if type(value) is not list:
            return FALSE
        return TRUE if over(fits(formula, element) for element in value[first:]) else FALSE

    return judge


_INTERNAL: Final[dict[str, Callable[[Probe], Callable[[Any], int]]]] = {"at": _at, "multiple": _multiple, "fits": _fits}


def fits(formula: Formula, value: Any) -> bool:
    """Whether a formula holds where every variable's steps are taken from one value."""
    return holds(formula, lambda var: follow(value, var[1]))


def holds(formula: Formula, read: Callable[[Var], Any]) -> bool:
    """Whether a formula holds, given the value (or MISSING) of each variable."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, Junction):
        return (all if formula.op == "&" else any)(holds(item, read) for item in formula.items)
    return formula.holds(probe_function(formula.probe)(read(formula.var)))


def is_number(value: Any) -> bool:
    """Whether a constant is a JSON number; booleans are not."""
    return type(value) is int or type(value) is float
