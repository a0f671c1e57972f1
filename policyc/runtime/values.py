"""JSON values as a gateway sees them: their kinds, and how a path is followed.

Arguments are what `json.loads` gives: plain dict, list, str, int, float, bool and None. Anything else (NaN and infinity,
subclasses, other objects) has the kind OTHER, and a call is denied when a test meets such a value.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

MISSING_KIND: Final = 0
NULL: Final = 1
BOOLEAN: Final = 2
NUMBER: Final = 3
STRING: Final = 4
ARRAY: Final = 5
OBJECT: Final = 6
OTHER: Final = 7
KIND_NAMES: Final = ("missing", "null", "boolean", "number", "string", "array", "object", "other")


class _Missing:
    """The value of a path that leads nowhere."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
_KINDS: Final[dict[type, int]] = {
    _Missing: MISSING_KIND,
    type(None): NULL,
    bool: BOOLEAN,
    int: NUMBER,
    float: NUMBER,
    str: STRING,
    list: ARRAY,
    dict: OBJECT,
}


def kind(value: Any) -> int:
    """The kind of a value, one of the constants above."""
    k = _KINDS.get(type(value), OTHER)
    return OTHER if k == NUMBER and type(value) is float and not isfinite(value) else k


def follow(value: Any, steps: tuple[str | int, ...]) -> Any:
    """The value at the end of a path without `[*]`, or MISSING; a value that is not JSON ends the path where it stands."""
    for step in steps:
        if type(value) is dict and type(step) is str:
            value = value.get(step, MISSING)
        elif type(value) is list and type(step) is int and step < len(value):
            value = value[step]
        else:
            return value if kind(value) == OTHER else MISSING
        if value is MISSING:
            return MISSING
    return value


def go_text(value: Any) -> str:
    """What Go's `fmt.Sprintf("%v")` prints for a decoded JSON value (numbers are float64 there; -0 prints as 0).

    Raises ValueError for what is not JSON, also deep inside. Source: Go's `fmt` and `strconv` documentation; the exponent form
    starts at 10^6 and below 10^-4, as `%v` of a shortest float64 does.
    """
    if value is None:
        return "<nil>"
    if value is True or value is False:
        return "true" if value else "false"
    if type(value) is str:
        return value
    if kind(value) == NUMBER:
        return _go_float(value)
    if type(value) is list:
        return "[" + " ".join(map(go_text, value)) + "]"
    if type(value) is dict:
        keys = sorted(value, key=lambda k: k.encode("utf-8", "surrogatepass"))
        return "map[" + " ".join(f"{k}:{go_text(value[k])}" for k in keys) + "]"
    raise ValueError(f"{value!r:.40} is not JSON")


def _go_float(value: int | float) -> str:
    try:
        x = float(value)
    except OverflowError:
        return "+Inf" if value > 0 else "-Inf"
    if x == 0:
        return "0"
    mantissa, _, exponent = f"{x!r}".partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)  # decimal point position counted from the first digit of whole+fraction
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0") or "0"
    exp10 = point - 1
    if exp10 < -4 or exp10 >= 6:
        tail = "." + digits[1:] if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{tail}e{'-' if exp10 < 0 else '+'}{abs(exp10):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if len(digits) <= point:
        return sign + digits + "0" * (point - len(digits))
    return f"{sign}{digits[:point]}.{digits[point:]}"
