"""A table's bytes as the lines that they are; what stands in a line is decoded when it is asked for. The format is docs/table-format.md."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from policyc.runtime.wellformed import (
    check_limit,
    check_path,
    check_policy,
    check_rule,
    check_test,
    count,
    listed,
    text,
)
from policyc.table.model import CAPABILITIES, FORMAT, VERSION, TableError

MALFORMED: Final = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError)
"""What code runs into that trusts a table's content to fit the format."""
_FIRST_LINE: Final = 1000
"""Longest first line, in bytes."""


class TableFile:
    """A table whose digest holds and whose capabilities this loader has.

    `header`: line 2. `policies`: the index. `paths`: the pool. Tests, rules, bodies and places are decoded one by one, and looked at before
    they are given; whoever asks meets one of MALFORMED where they do not fit the format.
    """

    def __init__(self, data: bytes) -> None:
        """Raises TableError for bytes that are not a whole, unchanged table that this loader can honour."""
        lines = _lines(data)
        try:
            self.header: dict[str, Any] = json.loads(lines[0])
            tests, rules, bodies = (count(self.header[name]) for name in ("tests", "rules", "bodies"))
            count(self.header["revision"])
            lacking = sorted({str(c) for c in self.header["capabilities"]} - CAPABILITIES)
        except MALFORMED:
            raise TableError("the table's header does not fit the format") from None
        if lacking:
            raise TableError(f"the table needs {', '.join(lacking)}, which this loader does not have")
        if len(lines) != 3 + tests + 2 * rules + bodies + 2 or lines[-1]:
            raise TableError("the table has more or fewer lines than its header says")
        try:
            self.policies: list[dict[str, Any]] = listed(json.loads(lines[1])["policies"])
            self.paths: list[list[Any]] = listed(json.loads(lines[2]))
            for path in self.paths:
                check_path(path)
            for entry in self.policies:
                check_policy(entry, rules, bodies)
            if [text(p["name"]) for p in self.policies] != self.header["policies"] or not self.policies:
                raise ValueError("the header names other policies than the index")
            if len({p["name"] for p in self.policies}) != len(self.policies):
                raise ValueError("two policies of one name")
        except MALFORMED as error:
            raise TableError(f"the table's index does not fit the format ({error!r:.200})") from None
        at = 3 + tests
        self._tests, self._rules = lines[3:at], lines[at : at + rules]
        at += rules
        self._bodies, self._files, self._places = (
            lines[at : at + bodies],
            lines[at + bodies],
            lines[at + bodies + 1 : -1],
        )

    @property
    def bodies(self) -> int:
        """How many bodies there are."""
        return len(self._bodies)

    @property
    def rules(self) -> int:
        """How many rules there are."""
        return len(self._rules)

    @property
    def tests(self) -> int:
        """How many tests there are."""
        return len(self._tests)

    def test(self, number: int) -> list[Any]:
        """[op, value, missing, mistyped, length, quantifier, inner]."""
        found = listed(json.loads(self._tests[count(number)]))
        check_test(found)
        return found

    def rule(self, number: int) -> list[Any]:
        """[id, effect, reason, by, severity, limit]."""
        found = listed(json.loads(self._rules[count(number)]))
        check_rule(found)
        if found[5] is not None:
            check_limit(found[5])
        return found

    def body(self, number: int) -> Any:
        """[leaves, root, node, …], or the object of a list of rules."""
        return json.loads(self._bodies[count(number)])

    def place(self, number: int) -> tuple[str, int, int, int, int] | None:
        """Where a rule stands: file, line, column, end line, end column."""
        spot = json.loads(self._places[count(number)])
        if spot is None:
            return None
        file, line, column, end_line, end_column = map(count, spot)
        return text(listed(json.loads(self._files)["files"])[file]), line, column, end_line, end_column


def _lines(data: bytes) -> list[bytes]:
    """What follows the first line, whose digest it has."""
    first, newline, content = data.partition(b"\n")
    try:
        head = json.loads(first) if newline and len(first) < _FIRST_LINE else None
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise TableError("this is not a policyc decision table")
    if type(head.get("version")) is not int or head["version"] != VERSION:
        raise TableError(f"the table has format version {head.get('version')!r}; this loader knows version {VERSION}")
    if head.get("sha256") != hashlib.sha256(content).hexdigest():
        raise TableError("the table was changed or cut short: its content does not have the digest that it states")
    return content.split(b"\n")
