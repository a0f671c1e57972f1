"""Cutting the numbers at the constants that probes name, integers and numbers with a fraction apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from policyc.diagram.cell import NO_EXAMPLE, Cell, Truths, is_number
from policyc.diagram.formula import Probe
from policyc.record import record
from policyc.runtime.tests import FALSE, TRUE
from policyc.runtime.values import NUMBER


@record
class NumberSlot:
    """The numbers at one bound or between two: the cell of those with a fraction and of the integers (None: no such number)."""

    fraction: Cell | None
    integer: Cell | None


def _number_constants(probe: Probe) -> Iterator[int | float]:
    if probe.length or probe.quantifier is not None or probe.op == "multiple":
        return
    values = probe.value if isinstance(probe.value, tuple) and probe.op in ("in", "not in") else (probe.value,)
    if probe.op == "prints":
        value = _printed_number(probe.value)
        values = () if value is None else (value,)
    for value in values:
        if is_number(value):
            yield value


def _printed_number(text: str) -> int | float | None:
    """The only double whose Go text this may be. Integers beyond 2^53 that round to it print the same: see `number_cells`."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def number_cells(
    probes: tuple[Probe, ...], cell: Callable[[int | float], Cell]
) -> tuple[tuple[int | float, ...], tuple[NumberSlot, ...]]:
    """The bounds, in order, and the slots between and at them: slot 2i+1 is bound i, slot 2i what lies below it."""
    wanted: set[int | float] = set()
    for probe in probes:
        for c in _number_constants(probe):
            wanted.add(c)
            if probe.op == "prints" and abs(c) >= 2**53:
                wanted.update(_rounding_range(c))
        if probe.op == "prints" and probe.value in ("+Inf", "-Inf"):
            edge = 2**1024 - 2**970  # the least integer that rounds to infinity
            wanted.update((edge - 1, edge) if probe.value == "+Inf" else (-edge, 1 - edge))
    bounds = tuple(sorted(wanted))
    slots = []
    for i in range(2 * len(bounds) + 1):
        if i % 2:
            at = bounds[i // 2]
            whole = type(at) is int or float(at).is_integer()
            here = cell(at)
            slots.append(NumberSlot(None if whole else here, here if whole else None))
            continue
        low = bounds[i // 2 - 1] if i else None
        high = bounds[i // 2] if i // 2 < len(bounds) else None
        integer, fraction = _between(low, high)
        slots.append(
            NumberSlot(None if fraction is None else cell(fraction), None if integer is None else cell(integer))
        )
    return bounds, tuple(slots)


def number_multiples(
    probes: tuple[Probe, ...], bounds: tuple[int | float, ...], slots: tuple[NumberSlot, ...]
) -> tuple[Cell, ...]:
    """The cells between the bounds that probes of op `multiple` add to those of the slots. Raises TooLarge."""
    if not any(p.op == "multiple" for p in probes):
        return ()
    from fractions import Fraction  # not loaded where no divisor is asked for

    from policyc.diagram.multiples import divided

    divisors = list(dict.fromkeys((Fraction(1), *(Fraction(p.value) for p in probes if p.op == "multiple"))))
    found: dict[Truths, Cell] = {}
    for i in range(0, len(slots), 2):
        low = bounds[i // 2 - 1] if i else None
        high = bounds[i // 2] if i // 2 < len(bounds) else None
        for chosen, example in divided(divisors, low, high):
            like = slots[i].integer if 0 in chosen else slots[i].fraction
            if like is None:
                continue  # no such number lies between the bounds
            exact = {divisors[place] for place in chosen}
            truths = tuple(
                (TRUE if Fraction(p.value) in exact else FALSE) if p.op == "multiple" else truth
                for p, truth in zip(probes, like.truths, strict=True)
            )
            cell = Cell(NUMBER, truths, example)
            if truths not in found or found[truths].example is NO_EXAMPLE:
                found[truths] = cell
    return tuple(found.values())


def _rounding_range(value: int | float) -> tuple[int, int, int, int]:
    """The least and greatest integers that round to a large double, with their outer neighbours."""
    centre = int(value)
    low = (int(math.nextafter(float(value), -math.inf)) + centre) // 2
    above = math.nextafter(float(value), math.inf)
    high = (centre + (int(above) if math.isfinite(above) else 2**1024)) // 2
    if _double(low) != centre:
        low += 1
    if _double(high) != centre:
        high -= 1
    return low - 1, low, high, high + 1


def _double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _between(low: int | float | None, high: int | float | None) -> tuple[int | None, float | None]:
    """An integer and a number with a fraction strictly between two bounds (None: unbounded, or no such number)."""
    if low is None and high is None:
        return 0, 0.5
    if low is None:
        assert high is not None
        integer = math.ceil(high) - 1
        return (0 if high > 0 else integer), _half(integer - 1, None, high)
    integer = math.floor(low) + 1
    if high is None:
        return integer, _half(integer, low, None)
    middle = integer if integer < high else None
    return middle, _half(math.floor(low), low, high)


def _half(near: int, low: int | float | None, high: int | float | None) -> float | None:
    """A double with a fraction strictly between two bounds, near an integer."""
    close: tuple[float, ...] = (near + 0.5, near + 1.5, near - 0.5) if abs(near) < 2**53 else ()
    for candidate in (*close, 0.5, -0.5):
        if _fits(candidate, low, high):
            return candidate
    start = float(low) if low is not None and abs(low) < 2**53 else None
    end = float(high) if high is not None and abs(high) < 2**53 else None
    if start is not None and end is not None:
        for candidate in (start + (end - start) / 2, math.nextafter(start, math.inf), math.nextafter(end, -math.inf)):
            if _fits(candidate, low, high):
                return candidate
    for edge in (start, end):
        if edge is not None:
            for toward in (math.inf, -math.inf):
                candidate = math.nextafter(edge, toward)
                if _fits(candidate, low, high):
                    return candidate
    return None


def _fits(candidate: float, low: int | float | None, high: int | float | None) -> bool:
    return (
        math.isfinite(candidate)
        and not candidate.is_integer()
        and (low is None or candidate > low)
        and (high is None or candidate < high)
    )
