"""One cell of the set of JSON values: where it lies, what the probes make of it, and a value in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from policyc.diagram.formula import Probe
from policyc.record import record
from policyc.runtime.tests import test_function

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


@cache
def probe_function(probe: Probe) -> Callable[[Any], int]:
    """The function that judges an operand for a probe."""
    return test_function(
        probe.op, probe.value, probe.missing, probe.mistyped, probe.length, probe.quantifier, probe.inner
    )


def is_number(value: Any) -> bool:
    """Whether a constant is a JSON number; booleans are not."""
    return type(value) is int or type(value) is float
