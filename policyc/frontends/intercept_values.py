"""How the Intercept proxy's YAML library types a scalar, and how Go prints a value.

That proxy reads policies with gopkg.in/yaml.v3, which keeps some of YAML 1.1: `010` is 8, `1_000` is 1000, `0b11` is 3 and
a date is a timestamp. Our own reader gives YAML 1.2, so plain scalars are typed again here from their text.
Source: the documentation of gopkg.in/yaml.v3, and of Go's strconv and fmt.
"""

from __future__ import annotations

import re
from math import copysign
from typing import Final

from policyc.runtime.values import go_text
from policyc.syntax.tree import Map, Node, Scalar, Seq

GoValue = bool | int | float | str | list["GoValue"] | dict[str, "GoValue"] | None
EXACT: Final = 2**53
"""From here on a float64, which that proxy compares numbers as, cannot hold every integer."""

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))\Z")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_TIMESTAMP: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?\Z", re.DOTALL)


def raw_text(node: Scalar) -> str:
    """The text that stands in the file for a plain scalar, the decoded text of a quoted one."""
    if isinstance(node.value, str):
        return node.value
    return node.span.text


def go_string(node: Node | None) -> str | None:
    """A field of Go type string: the text of any scalar, empty for null. None: a list or mapping, which does not fit."""
    if node is None:
        return ""
    if not isinstance(node, Scalar):
        return None
    return "" if node.plain and raw_text(node) in _NULL else raw_text(node)


def go_int(node: Node | None) -> int | None:
    """A field of Go type int: 0 for null, fractions dropped. None: the value does not fit."""
    value = go_value(node) if node is not None else None
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    whole = int(value)
    return whole if -(2**63) <= whole < 2**63 else None


def is_timestamp(node: Node) -> bool:
    """Whether that library reads the scalar as a point in time, which no argument ever equals."""
    return isinstance(node, Scalar) and node.plain and _TIMESTAMP.match(raw_text(node)) is not None


def go_value(node: Node) -> GoValue:
    """A field of any type, as that library types it. Recursive: the reader bounds the depth."""
    match node:
        case Seq():
            return [go_value(item) for item in node.items]
        case Map():
            return {str(key.value): go_value(value) for key, value in node.entries}
    return _plain(raw_text(node)) if node.plain else node.value


def _plain(text: str) -> GoValue:
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if text[0] == ".":
        return float(text) if _FLOAT.match(text) else text
    if text[0] not in "+-0123456789":
        return text
    digits = text.replace("_", "")
    match = _INTEGER.match(digits)
    if match is not None and len(digits) < 100:
        sign, hexadecimal, binary, octal, decimal = match.groups()
        for part, base in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)):
            if part is not None:
                number = int(part, base)
                return -number if sign == "-" else number
    if _FLOAT.match(digits):
        return float(digits)
    signed_octal = re.match(r"-0o([0-7]+)\Z", digits)
    return -int(signed_octal[1], 8) if signed_octal else text


def is_number(value: GoValue) -> bool:
    """Whether that proxy compares the constant as a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def go_print(value: GoValue) -> str:
    """What Go's `%v` prints for a value that came from YAML: integers in full, unlike numbers from JSON."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value == 0:
        return "-0" if copysign(1, value) < 0 else "0"
    if isinstance(value, list):
        return "[" + " ".join(map(go_print, value)) + "]"
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-8", "surrogatepass"))
        return "map[" + " ".join(f"{key}:{go_print(value[key])}" for key in keys) + "]"
    return go_text(value)
