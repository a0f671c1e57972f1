"""Sets of JSON values as a table's nodes tell them apart, so that rows can be merged and stay exact.

Along one path a body looks at kinds, number bounds, string constants and tests. That cuts the values into finitely many **slots**
(missing, each bound, what lies between two bounds, each constant, any other string …), and each test divides some slots further by
its truth value. A **box** is a product: some slots, and for each test some truth values; a **cell** is a union of boxes. All are
bit masks. Merging two boxes is the consensus of boxes known from the minimisation of two-level logic (Quine 1955), here with
many-valued variables (Rudell and Sangiovanni-Vincentelli, "Multiple-valued minimization for PLA optimization", 1987).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from policyc.record import field, record
from policyc.runtime.nodes import test_of
from policyc.runtime.values import MISSING

ALL_TRUTHS: Final = 0b111
_SINGLES: Final = (MISSING, None, False, True)
_LONE: Final = "\ud800"


@record
class Box:
    """`masks[0]`: slots; `masks[i]`: truth values of test i-1. A truth value that no value of the box has may be in a mask or not; `shown`
    has the same masks without those, for reading."""

    masks: tuple[int, ...]
    shown: tuple[int, ...] = field(compare=False)

    def grown(self, dimension: int, more: int, shown: int) -> Box:
        """The box with more slots or truth values in one dimension."""
        masks, seen = list(self.masks), list(self.shown)
        masks[dimension] |= more
        seen[dimension] |= shown
        return Box(tuple(masks), tuple(seen))

    def within(self, other: Box) -> bool:
        """Whether every value of this box is in the other one."""
        return all(a | b == b for a, b in zip(self.masks, other.masks, strict=True))


Cell = tuple[Box, ...]


@record(frozen=False)
class Axis:
    """How the nodes of one body cut the values of one path. Slots, from bit 0: missing, null, false, true; 2n+1 for n number bounds; the
    constants, any other Unicode text, any other text with a lone surrogate; arrays; objects."""

    path: list[Any]
    bounds: list[int | float]
    constants: list[str]
    tests: list[list[Any]]
    judges: list[Callable[[Any], int]] = field(init=False)

    def __post_init__(self) -> None:
        self.judges = [test_of(t) for t in self.tests]

    @property
    def numbers(self) -> int:
        """The first bit of the numbers."""
        return 4

    @property
    def strings(self) -> int:
        """The first bit of the strings."""
        return self.numbers + 2 * len(self.bounds) + 1

    @property
    def others(self) -> int:
        """The bit of any other Unicode text; the one after it is any other text with a lone surrogate."""
        return self.strings + len(self.constants)

    @property
    def arrays(self) -> int:
        """The bit of the arrays; the one after it is the objects."""
        return self.others + 2

    def mask(self, first: int, end: int) -> int:
        """The bits from `first` up to `end`, which is not among them."""
        return (1 << end) - (1 << first)

    @property
    def all_numbers(self) -> int:
        return self.mask(self.numbers, self.strings)

    @property
    def all_strings(self) -> int:
        return self.mask(self.strings, self.arrays)

    @property
    def domain(self) -> int:
        """The slots that the path can be in: a tool's name is a string, a server's too if it is there, arguments as a whole are an object."""
        if self.path[0] == "call":
            return self.all_strings | (1 if self.path[1] == "server" else 0)
        return self.mask(0, self.arrays + 2) if len(self.path) > 1 else 1 << (self.arrays + 1)

    def whole(self) -> Box:
        """Every value."""
        masks = (self.domain, *(ALL_TRUTHS for _ in self.tests))
        return Box(masks, masks)

    def slots(self, among: int) -> Iterator[int]:
        """The bits of a mask, from the lowest."""
        while among:
            low = among & -among
            yield low.bit_length() - 1
            among ^= low

    def truths(self, number: int, slot: int) -> int:
        """The truth values that test `number` has among the values of a slot."""
        if slot < 4:
            return 1 << self.judges[number](_SINGLES[slot])
        if self.numbers < slot < self.strings and (slot - self.numbers) % 2:
            return 1 << self.judges[number](self.bounds[(slot - self.numbers) // 2])
        if self.strings <= slot < self.others:
            return 1 << self.judges[number](self.constants[slot - self.strings])
        if not self.applies(number) >> slot & 1:
            return 1 << self.judges[number](self._sample(slot))
        op, _, _, _, length, quantifier, _ = self.tests[number]
        if op == "matches" and quantifier is None and not length and slot >= self.others:
            return 0b101 if slot == self.others else 0b010
        known = op in ("exists", "is") or (quantifier is None and (op != "prints" or slot < self.arrays))
        return 0b101 if known else ALL_TRUTHS

    def applies(self, number: int) -> int:
        """The slots of the kinds for which the truth value of test `number` depends on more than the kind."""
        op, value, _, _, length, quantifier, _ = self.tests[number]
        arrays, objects = 1 << self.arrays, 2 << self.arrays
        if quantifier is not None:
            return arrays
        if length:
            return self.all_strings | arrays | objects
        if op == "prints":
            return self.all_numbers | self.all_strings | arrays | objects
        if op in ("exists", "lookup"):
            return 0
        if op == "is":
            return self.all_numbers if value == "integer" else 0
        kinds = {type(v) for v in (value if isinstance(value, list) else [value])}
        text = self.all_strings if str in kinds else 0
        if op == "contains":
            return text | arrays
        return text | (self.all_numbers if kinds & {int, float} else 0)

    def _sample(self, slot: int) -> Any:
        """A value of the slot's kind; of a number or a string, one that no test and no constant names."""
        if slot < self.strings:
            return 0.5
        if slot <= self.others:
            return "x" * (1 + max(map(len, self.constants), default=0))
        return {self.others + 1: _LONE, self.arrays: []}.get(slot, {})

    def is_whole(self, cell: Cell) -> bool:
        """Whether every value is in the cell."""
        return any(self.whole().within(box) for box in cell)

    def union(self, boxes: Iterable[Box]) -> Cell:
        """The boxes as few and as wide as merging makes them."""
        found = list(dict.fromkeys(boxes))
        changed = True
        while changed:
            changed = False
            for i, box in enumerate(found):
                for other in found:
                    wider = None if other is box else self._widened(box, other)
                    if wider is not None:
                        found[i] = box = wider
                        changed = True
            found = [b for i, b in enumerate(found) if not any(_drops(b, i, o, j) for j, o in enumerate(found))]
        return tuple(sorted(found, key=lambda b: b.masks))

    def _widened(self, box: Box, other: Box) -> Box | None:
        """The box grown in one dimension by values that the other one has anyway; None where it cannot grow."""
        apart = [i for i, (a, b) in enumerate(zip(box.masks, other.masks, strict=True)) if a | b != b]
        if len(apart) != 1:
            return None
        (i,) = apart
        more, shown = other.masks[i], other.shown[i]
        if (
            i == 0 and box.masks[1:] != other.masks[1:]
        ):  # slots of which the box's tests say nothing make it harder to read
            for number, mask in enumerate(box.masks[1:]):
                more &= -1 if mask == ALL_TRUTHS else self.applies(number)
            shown = more
        if box.masks[i] | more == box.masks[i]:
            return None
        return box.grown(i, more, shown)


def _drops(box: Box, place: int, other: Box, at: int) -> bool:
    return place != at and box.within(other) and (not other.within(box) or at < place)
