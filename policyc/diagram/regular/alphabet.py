"""Sets of code points, and how several of them cut the alphabet into classes that no automaton tells apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from policyc.record import record

Ranges = tuple[tuple[int, int], ...]
"""Code points as sorted, disjoint, non-adjacent, inclusive ranges."""

LAST: Final = 0x10FFFF
ANY: Final[Ranges] = ((0, LAST),)
HIGH: Final[Ranges] = ((0xD800, 0xDBFF),)
LOW: Final[Ranges] = ((0xDC00, 0xDFFF),)
SCALARS: Final[Ranges] = ((0, 0xD7FF), (0xE000, LAST))
DIGITS: Final[Ranges] = ((0x30, 0x39),)
WORD: Final[Ranges] = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))

# Where an example's characters are taken from, best first: a-z 0-9 A-Z -./ other ASCII, space, Latin-1 letters.
_READABLE: Final = ((0x61, 0x7A), (0x30, 0x39), (0x41, 0x5A), (0x2D, 0x2F), (0x21, 0x7E), (0x20, 0x20), (0xC0, 0xFF))


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Any ranges, in any order, as one set."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """Every code point that is not in the set."""
    gaps, at = [], 0
    for low, high in ranges:
        if at < low:
            gaps.append((at, low - 1))
        at = high + 1
    return (*gaps, (at, LAST)) if at <= LAST else tuple(gaps)


@record
class Partition:
    """The alphabet cut into classes ("symbols", numbered from 0).

    Interval i starts at `starts[i]`, ends before the next start and belongs to symbol `symbols[i]`. `members[symbol]`
    is a bit mask of the sets that hold the symbol.
    """

    starts: tuple[int, ...]
    symbols: tuple[int, ...]
    members: tuple[int, ...]

    def symbol(self, point: int) -> int:
        """The symbol of a code point."""
        return self.symbols[bisect_right(self.starts, point) - 1]


def partition(sets: Sequence[Ranges]) -> Partition:
    """The coarsest cut of the alphabet of which every set is a union of symbols."""
    toggles: dict[int, int] = {0: 0}
    for index, ranges in enumerate(sets):
        for low, high in ranges:
            for point in (low, high + 1):
                toggles[point] = toggles.get(point, 0) ^ (1 << index)
    toggles.pop(LAST + 1, None)
    numbers: dict[int, int] = {}
    starts, symbols, inside = [], [], 0
    for point in sorted(toggles):
        inside ^= toggles[point]
        starts.append(point)
        symbols.append(numbers.setdefault(inside, len(numbers)))
    return Partition(tuple(starts), tuple(symbols), tuple(numbers))


def join(parts: Sequence[Partition], domain: Ranges) -> list[tuple[int, tuple[int, ...]]]:
    """The symbols that several partitions distinguish together inside a domain.

    Each is a readable code point that stands for it, and its number in each partition; the most readable first.
    """
    domain_part = partition([domain])
    every = (*parts, domain_part)
    changes: dict[int, list[tuple[int, int]]] = {}
    for index, part in enumerate(every):
        for start, symbol in zip(part.starts, part.symbols, strict=True):
            changes.setdefault(start, []).append((index, symbol))
    current = [0] * len(every)
    points = sorted(changes)
    best: dict[tuple[int, ...], tuple[int, int]] = {}
    for low, after in zip(points, [*points[1:], LAST + 1], strict=True):
        for index, symbol in changes[low]:
            current[index] = symbol
        if not domain_part.members[current[-1]]:
            continue
        key = tuple(current[:-1])
        rank = _readable(low, after - 1)
        if key not in best or rank < best[key]:
            best[key] = rank
    return [(point, key) for (_, point), key in sorted((rank, key) for key, rank in best.items())]


def _readable(low: int, high: int) -> tuple[int, int]:
    """How readable the best code point of an interval is (small is good), and that code point."""
    for tier, (first, last) in enumerate(_READABLE):
        if max(low, first) <= min(high, last):
            return tier, max(low, first)
    for point in range(low, min(high, low + 32) + 1):
        if chr(point).isprintable():
            return len(_READABLE), point
    return len(_READABLE) + 1, 9 if low <= 9 <= high else low
