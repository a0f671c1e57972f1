"""Records behave as frozen, slotted dataclasses do."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import pytest

from policyc.record import field, record


@record
class Point:
    """Two numbers and a note that takes no part in equality."""

    kind: ClassVar[str] = "point"

    x: int
    y: int = 0
    note: str | None = field(default=None, compare=False, repr=False)
    tags: list[str] = field(default_factory=list, compare=False)

    def norm(self) -> int:
        return abs(self.x) + abs(self.y)


@record
class Other:
    x: int
    y: int = 0


@record
class Derived:
    text: str
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", len(self.text))


@record(frozen=False)
class Counter:
    n: int = 0


@record(eq=False)
class Node:
    n: int = 0


def test_construction_defaults_and_methods() -> None:
    p = Point(1, note="n")
    assert (p.x, p.y, p.note, p.tags, p.norm(), Point.kind) == (1, 0, "n", [], 1, "point")
    assert Point(1).tags is not Point(1).tags
    assert repr(p) == "Point(x=1, y=0, tags=[])"
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point(1, z=2)  # type: ignore[call-arg]


def test_equality_and_hash_leave_out_what_is_not_compared() -> None:
    assert Point(1, note="a") == Point(1, note="b")
    assert hash(Point(1, note="a")) == hash(Point(1, note="b"))
    assert Point(1) != Point(2)
    assert Point(1) != Other(1) and Other(1) != (1, 0)
    assert len({Point(1), Point(1), Point(2)}) == 2
    assert Node(1) != Node(1)
    assert Counter(1) == Counter(1)
    with pytest.raises(TypeError):
        hash(Counter(1))


def test_frozen_and_slotted() -> None:
    p = Point(1)
    with pytest.raises(AttributeError):
        p.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del p.x
    with pytest.raises(AttributeError):
        p.new = 1  # type: ignore[attr-defined]
    c = Counter()
    c.n += 1
    assert c.n == 1
    with pytest.raises(AttributeError):
        c.new = 1  # type: ignore[attr-defined]


def test_replace_and_post_init_and_matching() -> None:
    assert replace(Point(1, 2, "n"), x=5) == Point(5, 2)
    assert replace(Point(1, 2, "n"), x=5).note == "n"
    assert Derived("abc").size == 3
    assert replace(Derived("abc"), text="x").size == 1
    match Point(3, 4):
        case Point(x, y):
            assert (x, y) == (3, 4)
        case _:
            pytest.fail("no match")
