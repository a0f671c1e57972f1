"""JSON read the one way that every reader reads it: what two readers could take differently is an error.

A policy decides on the values that it sees, and the server behind it must see the same. So a key that is there twice (the first, the
last?), NaN and infinity, a number beyond a double, and bytes that are not UTF-8 are refused (RFC 8259, sections 4, 6 and 8.1).
"""

from __future__ import annotations

import json
import math
from typing import Any


def read_json(data: bytes | str) -> Any:
    """The value. Raises ValueError with what is wrong, which tells no more of the content than a key or a number."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("bytes that are not UTF-8") from None
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_float, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("nested too deep to read") from None
    except ValueError as error:
        said = str(error)
        if "integer string conversion" in said:
            raise ValueError("an integer with more digits than can be read") from None
        raise ValueError(said[:1].lower() + said[1:]) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"`{key}` is there twice")
            seen.add(key)
    return out


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text if len(text) < 40 else 'a number'} is beyond the numbers that JSON readers have")
    return value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
