"""Character classes that depend on Unicode tables: RE2 itself is asked, so its Unicode version is the one used."""

from __future__ import annotations

from array import array
from functools import lru_cache

from policyc.diagram.regular.alphabet import Ranges, union


@lru_cache(maxsize=1)
def _every_scalar() -> str:
    """All 1,112,064 Unicode scalar values in order (4 MB as UTF-8; built once, when first needed)."""
    return array("I", [*range(0xD800), *range(0xE000, 0x110000)]).tobytes().decode("utf-32")


@lru_cache(maxsize=256)
def ask(atom: str) -> Ranges:
    """The scalar values that a valid one-character RE2 pattern matches. One pass over Unicode, 10 to 60 ms.

    A range may run across the surrogates, which no text given to RE2 holds.
    """
    import re2

    def point(index: int) -> int:
        return index if index < 0xD800 else index + 0x800

    found = re2.compile(f"(?:{atom})+").finditer(_every_scalar())
    return union((point(start), point(end - 1)) for start, end in (match.span() for match in found))


@lru_cache(maxsize=64)
def folded(points: frozenset[int]) -> dict[int, Ranges]:
    """What RE2's `(?i)` takes each of some characters for. One pass over Unicode for all of them together."""
    import re2

    written = {point: f"\\x{{{point:x}}}" for point in sorted(points)}
    together = ask(f"(?i:[{''.join(written.values())}])")
    few = "".join(chr(p) for low, high in together for p in range(low, high + 1) if not 0xD800 <= p <= 0xDFFF)
    return {
        point: union((ord(char), ord(char)) for char in re2.findall(f"(?i:{atom})", few))
        for point, atom in written.items()
    }
