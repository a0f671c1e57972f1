"""Which known name a misspelt one was meant to be, and which names are about the same thing.

Stricter than a did-you-mean over words of a grammar: tools differ by one word (`get_logs`, `get_cost`), and a fix that puts one tool
in the place of another is worse than none. Names are compared word by word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATOR = re.compile(r"[-_. /]+")


@lru_cache(maxsize=16384)
def words(name: str) -> tuple[str, ...]:
    """A name's words in lower case: `createCharge`, `create-charge` and `create_charge` have the same."""
    return tuple(_SEPARATOR.sub("_", _HUMP.sub("_", name)).strip("_").lower().split("_"))


class Names:
    """The known names of one kind."""

    def __init__(self, known: Iterable[str]) -> None:
        self.known = sorted(set(known))
        self._squeezed: dict[str, str] = {}
        self._by_count: dict[int, list[tuple[str, tuple[str, ...]]]] = {}
        self._having: dict[str, list[str]] = {}
        for name in self.known:
            parts = words(name)
            self._squeezed.setdefault("".join(parts), name)
            self._by_count.setdefault(len(parts), []).append((name, parts))
            for word in dict.fromkeys(parts):
                self._having.setdefault(word, []).append(name)

    def same(self, name: str) -> str | None:
        """The known name that differs only in case and in what separates its words."""
        return self._squeezed.get("".join(words(name)))

    def meant(self, name: str) -> str | None:
        """The known name of which this is a misspelling; None where it may be another word."""
        exact = self.same(name)
        if exact is not None:
            return exact
        parts = words(name)
        near = [
            (sum(distances), known)
            for known, theirs in self._by_count.get(len(parts), ())
            if (distances := _apart(parts, theirs)) is not None
        ]
        return min(near)[1] if near else None

    def about_the_same(self, name: str, most: int = 3) -> list[str]:
        """Known names that share a telling word with this one: one that few of them have."""
        telling = Counter[str]()
        few = max(3, len(self.known) // 20)
        for word in set(words(name)):
            having = self._having.get(word, [])
            if len(word) > 3 and len(having) <= few:
                for known in having:
                    telling[known] += 1
        return sorted(telling, key=lambda known: (-telling[known], known))[:most]


def _apart(ours: tuple[str, ...], theirs: tuple[str, ...]) -> list[int] | None:
    """How many keystrokes each word is from its counterpart; None where they are different words."""
    out, left = [], 2
    for a, b in zip(ours, theirs, strict=True):
        if a == b:
            out.append(0)
            continue
        shortest = min(len(a), len(b))
        allowed = min(left, 0 if shortest <= 3 else 1 if shortest <= 5 else 2)
        if abs(len(a) - len(b)) > allowed or len(set(a) ^ set(b)) > 2 * allowed:
            return None
        distance = keystrokes(a, b)
        if distance > allowed:
            return None
        left -= distance
        out.append(distance)
    return out


def keystrokes(a: str, b: str) -> int:
    """The optimal string alignment distance: characters put in, left out, replaced, or two neighbours swapped."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        earlier, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
