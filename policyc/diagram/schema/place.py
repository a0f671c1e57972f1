"""Where a schema stands: a variable, and what is looked at of its value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policyc.diagram.schema.look import Look
from policyc.record import record

ANNOTATIONS: Final = frozenset(
    ("title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$schema", "$comment",
     "$defs", "definitions", "$id", "nullable")
)  # fmt: skip
"""Keywords that say nothing of a value."""


@record(eq=False)
class Place:
    """`root`: "args", the arguments of a call, or "item", one value of its own."""

    root: str
    steps: tuple[str | int, ...]
    look: Look

    def child(self, step: str | int, look: Look) -> Place:
        """The place one step on."""
        return Place(self.root, (*self.steps, step), look)

    def named(self) -> Iterator[tuple[str, Place]]:
        """The keys looked at."""
        yield from ((k, self.child(k, v)) for k, v in self.look.keys.items() if isinstance(k, str))

    def numbered(self) -> Iterator[tuple[int, Place]]:
        """The indexes looked at."""
        yield from ((k, self.child(k, v)) for k, v in self.look.keys.items() if isinstance(k, int))


def trivial(schema: Any) -> bool:
    """Whether a schema plainly allows everything."""
    return schema is True or (isinstance(schema, dict) and all(k in ANNOTATIONS for k in schema))


def is_schema(value: Any) -> bool:
    """Whether a value may stand where a schema is expected."""
    return isinstance(value, (dict, bool))


def schemas(value: Any) -> bool:
    """Whether a value is a list of schemas that is not empty."""
    return isinstance(value, list) and bool(value) and all(map(is_schema, value))


def natural(value: Any) -> int | None:
    """A size: a number without a fraction, 0 or more; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value in (float("inf"),):
        return None
    return int(value) if value >= 0 and value == int(value) else None
