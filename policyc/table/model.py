"""What writers and loaders of the decision table agree on. The format is specified in docs/table-format.md."""

from __future__ import annotations

from typing import Final

FORMAT: Final = "policyc-table"
VERSION: Final = 1
CAPABILITIES: Final = frozenset(
    (
        "approve", "context", "integer.big", "limit", "limit.sliding", "limit.step", "limit.sum", "limit.whole",
        "prints", "quantifier", "regex", "rules", "server",
    )
)  # fmt: skip
"""What a table may ask of its loader; this package's loader has all of them."""


class TableError(ValueError):
    """The table cannot be used: truncated, changed, of another format or version, or in need of what is not there."""
