"""What a YAML scalar means: the core schema of YAML 1.2, and nothing that YAML 1.1 adds to it.

Source: https://yaml.org/spec/1.2.2/ chapter 10.3.2. `yes`, `on`, `12:30:00`, `1_000` and `2024-01-01` are text.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Final

from policyc.syntax.limits import MAX_DIGITS

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL: Final = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE: Final = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z")
OLD_BOOLEANS: Final = {
    "yes": True, "on": True, "y": True, "no": False, "off": False, "n": False,
}  # fmt: skip
"""Words that YAML 1.1 read as booleans, in lower case; text in YAML 1.2."""


class ScalarError(ValueError):
    """A scalar that the core schema reads as something a policy cannot hold; the message says what."""


def resolve(text: str) -> bool | int | float | str | None:
    """The value of a plain scalar. Raises ScalarError for infinity, not-a-number and numbers too long or too large."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if text[0] not in "0123456789+-.":
        return text
    if _NOT_FINITE.match(text):
        raise ScalarError(f"`{text}` is not a finite number; quote it if text is meant")
    if len(text) > MAX_DIGITS and (_FLOAT.match(text) or _HEXADECIMAL.match(text) or _OCTAL.match(text)):
        raise ScalarError(f"this number has {len(text)} characters, more than {MAX_DIGITS}")
    if _INTEGER.match(text):
        return int(text)
    if _OCTAL.match(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.match(text):
        return int(text[2:], 16)
    if _FLOAT.match(text):
        number = float(text)
        if not isfinite(number):
            raise ScalarError("this number is too large: no finite number is written like that")
        return number
    return text


_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "null": (type(None),), "bool": (bool,), "int": (int,), "float": (int, float), "str": (str,),
}  # fmt: skip
CORE: Final = "tag:yaml.org,2002:"


def resolve_tagged(tag: str, text: str) -> bool | int | float | str | None:
    """The value of a scalar with an explicit core tag (`!!str 5`).

    Raises ScalarError when the text is not of that type, and KeyError for a tag outside the core schema.
    """
    name = tag.removeprefix(CORE) if tag.startswith(CORE) else ""
    wanted = _TYPES[name]
    if name == "str":
        return text
    value = resolve(text)
    if type(value) not in wanted:
        raise ScalarError(f"`{text[:40]}` is not a `!!{name}`")
    return value
