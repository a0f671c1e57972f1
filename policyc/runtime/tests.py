"""One test as a function from an operand to a truth value, used by the table's loader and by the diagram's domains.

Truth values are plain integers here: 0 false, 1 undefined, 2 true. A fourth answer, NOT_JSON, is for operands that JSON does not
have; whoever asked then denies the call.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from policyc.runtime.patterns import glob_match, regex_search
from policyc.runtime.values import (
    ARRAY,
    BOOLEAN,
    MISSING,
    MISSING_KIND,
    NULL,
    NUMBER,
    OBJECT,
    OTHER,
    STRING,
    follow,
    go_text,
    kind,
)  # fmt: skip

FALSE: Final = 0
UNDEFINED: Final = 1
TRUE: Final = 2
NOT_JSON: Final = 3
Operand = Callable[[Any], int]

_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_TYPE_KINDS: Final = {
    "string": STRING, "number": NUMBER, "boolean": BOOLEAN, "array": ARRAY, "object": OBJECT, "null": NULL,
}  # fmt: skip


def operand_test(op: str, value: Any, missing: int, mistyped: int, length: bool = False) -> Operand:
    """The function that judges one operand (a JSON value or MISSING) for a test without `every`/`some`."""
    if op == "exists":
        return lambda v: FALSE if v is MISSING else NOT_JSON if kind(v) == OTHER else TRUE
    if op == "is":
        return _is_type(value)
    if op == "prints":
        return _prints(value, missing)
    if op == "lookup":
        return _lookup(dict(value), missing)
    judge = _length(op, value) if length else _JUDGES[op](op, value)

    def test(v: Any) -> int:
        k = kind(v)
        if k <= NULL:  # missing or null
            return missing
        if k == OTHER:
            return NOT_JSON
        result = judge(v, k)
        if result is None:
            return mistyped
        return UNDEFINED if result is ILL_FORMED else TRUE if result else FALSE

    return test


def test_function(
    op: str,
    value: Any,
    missing: int,
    mistyped: int,
    length: bool = False,
    quantifier: str | None = None,
    inner: tuple[str | int | None, ...] = (),
) -> Operand:
    """As `operand_test`; with a quantifier the operand is the array, and `inner` the steps after its `[*]`."""
    test = operand_test(op, value, missing, mistyped, length)
    if quantifier is None:
        return test
    never_undefined = op in ("exists", "is")
    none, wrong = (FALSE, FALSE) if never_undefined else (missing, mistyped)
    return _quantified(test, quantifier == "every", none, wrong, inner)


def _quantified(test: Operand, every: bool, none: int, wrong: int, inner: tuple[str | int | None, ...]) -> Operand:
    if None in inner:
        cut = inner.index(None)
        steps, test = inner[:cut], _quantified(test, every, none, wrong, inner[cut + 1 :])
    else:
        steps = inner
    plain: tuple[str | int, ...] = tuple(s for s in steps if s is not None)

    def over(v: Any) -> int:
        if type(v) is not list:
            return none if v is MISSING or v is None else NOT_JSON if kind(v) == OTHER else wrong
        try:
            results = [test(follow(e, plain) if plain else e) for e in v]
        except RecursionError:  # nested too deep to be looked at, so the call is denied
            return NOT_JSON
        if NOT_JSON in results:
            return NOT_JSON
        return min(results, default=TRUE) if every else max(results, default=FALSE)

    return over


def _is_type(name: str) -> Operand:
    if name == "integer":
        return _is_integer
    wanted = _TYPE_KINDS[name]
    return lambda v: _is(kind(v), wanted)


def _is_integer(v: Any) -> int:
    number = _is(kind(v), NUMBER)
    return FALSE if number == TRUE and type(v) is float and not v.is_integer() else number


def _is(found: int, wanted: int) -> int:
    return TRUE if found == wanted else NOT_JSON if found == OTHER else FALSE


def _prints(value: str, missing: int) -> Operand:
    def test(v: Any) -> int:
        k = kind(v)
        if k == MISSING_KIND:
            return missing
        if k == OTHER:
            return NOT_JSON
        try:
            return TRUE if go_text(v) == value else FALSE
        except RecursionError:  # nested too deep to print
            return UNDEFINED
        except AttributeError:  # a key that is no string
            return NOT_JSON

    return test


def _lookup(table: dict[str, int], missing: int) -> Operand:
    """What the catalog says of each server, for a tool that several may have: a truth value by name, undefined for other names."""

    def test(v: Any) -> int:
        k = kind(v)
        if k <= NULL:
            return missing
        return table.get(v, UNDEFINED) if k == STRING else NOT_JSON if k == OTHER else UNDEFINED

    return test


class _IllFormed:
    """The operand is a string that is not Unicode text, which has no place in any regular language."""


ILL_FORMED: Final = _IllFormed()
# A judge gets an operand that is neither missing nor null, and its kind; None means that the type does not fit.
Judge = Callable[[Any, int], "bool | _IllFormed | None"]


def _compare(op: str, value: Any) -> Judge:
    compare, wanted = _ORDER[op], kind(value)
    return lambda v, k: compare(v, value) if k == wanted else None


def _member(op: str, value: tuple[Any, ...]) -> Judge:
    groups: dict[int, frozenset[Any]] = {
        k: frozenset(x for x in value if kind(x) == k) for k in {kind(x) for x in value}
    }
    wanted = op == "in"
    return lambda v, k: (v in groups[k]) == wanted if k in groups else None


def _pattern(op: str, value: str) -> Judge:
    if op == "like":
        match = glob_match(value)
        return lambda v, k: match(v) if k == STRING else None
    search = regex_search(value)

    def matches(v: Any, k: int) -> bool | _IllFormed | None:
        if k != STRING:
            return None
        try:
            return search(v)
        except UnicodeEncodeError:
            return ILL_FORMED

    return matches


def _affix(op: str, value: str) -> Judge:
    if op == "starts_with":
        return lambda v, k: v.startswith(value) if k == STRING else None
    return lambda v, k: v.endswith(value) if k == STRING else None


def _contains(_op: str, value: Any) -> Judge:
    wanted = kind(value)

    def contains(v: Any, k: int) -> bool | None:
        if k == ARRAY:
            return any(kind(e) == wanted and e == value for e in v)
        return value in v if k == STRING and wanted == STRING else None

    return contains


def _length(op: str, value: Any) -> Judge:
    judge = _JUDGES[op](op, value)
    return lambda v, k: judge(len(v), NUMBER) if k in (STRING, ARRAY, OBJECT) else None


_JUDGES: Final[dict[str, Callable[[str, Any], Judge]]] = {
    **dict.fromkeys(_ORDER, _compare),
    "in": _member, "not in": _member, "matches": _pattern, "like": _pattern,
    "starts_with": _affix, "ends_with": _affix, "contains": _contains,
}  # fmt: skip
