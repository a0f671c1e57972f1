"""Canonical JSON text and digests over it.

The form is RFC 8785 (JSON Canonicalization Scheme): no white space, keys sorted by UTF-16 code units, strings with the
shortest escapes, doubles as ECMAScript prints them. It departs from the RFC in two places where the RFC refuses or
rounds: an integer is written exactly at any size, and a lone surrogate is written as its `\\udXXX` escape.
"""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def canonical(value: Any) -> str:
    """The canonical text of a decoded JSON value (finite numbers only)."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return string_text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, dict):
        keys = sorted(value, key=None if all(map(str.isascii, value)) else _utf16)
        return "{" + ",".join(f"{string_text(k)}:{canonical(value[k])}" for k in keys) + "}"
    return "[" + ",".join(map(canonical, value)) + "]"


def string_text(value: str) -> str:
    """A JSON string that can always be encoded as UTF-8."""
    text = encode_basestring(value)
    return text if text.isascii() else escape_surrogates(text)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def escape_surrogates(text: str) -> str:
    """JSON text with its lone surrogates written as escapes, so that it can be written to a file."""
    return _SURROGATE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


def digest(value: Any) -> str:
    """`sha256:` and the hexadecimal SHA-256 of the value's canonical text in UTF-8."""
    return "sha256:" + hashlib.sha256(canonical(value).encode()).hexdigest()


def _double(value: float) -> str:
    """ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20); Python's repr gives the same shortest digits."""
    if value == 0:
        return "0"
    sign, numbers, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    digits = "".join(map(str, numbers))
    point = len(digits) + exponent  # the decimal point stands after this many digits
    if 0 < point <= 21:
        text = digits.ljust(point, "0") if len(digits) <= point else f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        power = point - 1
        text = f"{digits[0]}{'.' if len(digits) > 1 else ''}{digits[1:]}e{'+' if power > 0 else '-'}{abs(power)}"
    return "-" + text if sign else text
