"""Values, lists and limits in words that are read at night: no exponents where digits do, no `.0`, nothing longer than a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from policyc.ir.spelling import quote

_PLAIN = 1e16


def number_text(value: int | float) -> str:
    """A number as a person writes it: digits where they are exact and few, else the shortest text that reads back as it."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _PLAIN:
        return str(int(value))
    return repr(value)


def value_text(value: Any, most: int = 60) -> str:
    """A JSON value on one line, cut after `most` characters."""
    try:
        text = quote(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "a value nested too deep to print"
    return text if len(text) <= most else text[: most - 1] + "…"


def either(pieces: Sequence[str], last: str = "or") -> str:
    """`a, b or c`."""
    return f"{', '.join(pieces[:-1])} {last} {pieces[-1]}" if len(pieces) > 1 else pieces[0]


def limit_words(
    counter: str,
    maximum: int | float,
    window: str | int,
    sliding: bool,
    scope: Sequence[str],
    adds: str | None,
    step: int,
) -> str:
    """A limit as a sentence's part. `adds`: the amount that is added, in words; None where calls are counted, `step` for each.

    `window` and `scope` as in `policyc.ir.model.Limit`.
    """
    length = window if isinstance(window, str) else "second" if window == 1 else f"{number_text(window)} seconds"
    within = f"{'in any' if sliding else 'per'} {length}"
    apart = [name for name in scope if name != "global"]
    where = f"for each {either(apart, 'and')}" if apart else "over all calls"
    most = number_text(maximum)
    if adds is not None:
        return f"adds {adds} to {quote_name(counter)}, at most {most} {within} {where}"
    if step != 1:
        return f"adds {step} to {quote_name(counter)}, at most {most} {within} {where}"
    return f"at most {most} call{'' if maximum == 1 else 's'} {within} {where}, counter {quote_name(counter)}"


def quote_name(name: str) -> str:
    """A name as it is, quoted where it has blanks or stranger characters."""
    return name if name and all(c.isalnum() or c in "_.-/*?" for c in name) else quote(name)
