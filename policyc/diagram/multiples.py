"""Numbers told apart by what divides them (JSON Schema's `multipleOf`), exactly, by arithmetic on fractions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from typing import Final

from policyc.diagram.cell import NO_EXAMPLE
from policyc.diagram.errors import TooLarge

Number = int | float
MOST_DIVISORS: Final = 6


def divided(
    divisors: list[Fraction], low: Number | None, high: Number | None
) -> Iterator[tuple[frozenset[int], Number | object]]:
    """The sets of divisors (by their places in the list, all greater than 0) that are exactly those of some JSON number strictly between
    two bounds (None: unbounded), each with such a number: near zero, and an integer written as one. NO_EXAMPLE where none was found
    although there may be one. Raises TooLarge.

    Give 1 as a divisor to tell integers apart.
    """
    if len(divisors) > MOST_DIVISORS:
        raise TooLarge(f"more than {MOST_DIVISORS} divisors of one number")
    everything = range(len(divisors))
    for size in range(1, len(divisors) + 1):
        for chosen in combinations(everything, size):
            others = [divisors[i] for i in everything if i not in chosen]
            unit = _least_common_multiple([divisors[i] for i in chosen])
            found = _multiple(unit, others, low, high)
            if found is not None:
                yield frozenset(chosen), found
    found = _of_none(divisors, low, high)
    if found is not None:
        yield frozenset(), found


def _least_common_multiple(numbers: list[Fraction]) -> Fraction:
    """Of fractions in lowest terms: that of the numerators over the greatest common divisor of the denominators."""
    return Fraction(math.lcm(*(n.numerator for n in numbers)), math.gcd(*(n.denominator for n in numbers)))


def _multiple(
    unit: Fraction, others: list[Fraction], low: Number | None, high: Number | None
) -> Number | object | None:
    """A multiple of `unit`, of none of the others; None where there is none.

    n times the unit is a multiple of another divisor when n is one of q, the denominator of unit / divisor. Among 2^k consecutive
    integers one is a multiple of none of k numbers that are 2 or more, so that a short search is complete (Jacobsthal's function).
    """
    if any((unit / other).denominator == 1 for other in others):
        return None
    least = None if low is None else math.floor(Fraction(low) / unit) + 1
    most = None if high is None else math.ceil(Fraction(high) / unit) - 1
    if least is not None and most is not None and least > most:
        return None
    for n in _nearest_zero(least, most, 2 ** len(others) + 1):
        value = n * unit
        if all((value / other).denominator > 1 for other in others):
            return _written(value)
    return None


def _nearest_zero(least: int | None, most: int | None, count: int) -> Iterator[int]:
    """`count` consecutive integers between two bounds, beginning near zero; positive ones where there is a choice."""
    if least is not None and least > 0:
        start, step = least, 1
    elif most is None or most >= count:
        start, step = 0, 1
    else:
        start, step = most, -1
    for n in range(start, start + step * count, step):
        if (least is None or n >= least) and (most is None or n <= most):
            yield n


def _written(value: Fraction) -> Number | object:
    """As JSON would write it: an integer, or the double that it is; NO_EXAMPLE where no double is."""
    if value.denominator == 1:
        return value.numerator
    double = float(value) if abs(value) < 2**53 else math.inf
    return double if math.isfinite(double) and Fraction(double) == value else NO_EXAMPLE


def _of_none(divisors: list[Fraction], low: Number | None, high: Number | None) -> Number | object | None:
    """A number with a fraction that no divisor divides: one with a finer power of two below the line than all of them."""
    start = 1 + max((d.denominator.bit_length() - 1 for d in divisors), default=0)
    for bits in (*range(start, start + 64), *range(start + 64, 1080, 40)):
        unit = Fraction(1, 2**bits)
        for n in _nearest_zero(
            None if low is None else math.floor(Fraction(low) / unit) + 1,
            None if high is None else math.ceil(Fraction(high) / unit) - 1,
            3,
        ):
            if n % 2 and _written(n * unit) is not NO_EXAMPLE:
                return _written(n * unit)
    return NO_EXAMPLE
