"""Numbers and limits in words that are read at night: no exponents where digits do, no `.0`."""

from __future__ import annotations

_LONGEST = 1e16


def number_text(value: int | float) -> str:
    """A number as a person writes it: digits where they are exact and few, else the shortest text that reads back as it."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _LONGEST:
        return str(int(value))
    return repr(value)
