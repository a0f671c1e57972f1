"""What a gateway imports: loads a decision table and decides calls. Standard library only (RE2 when a table has patterns, `cryptography`
when there is a key). docs/runtime.md is the guide.

Names are imported when they are first used, so that whoever needs one module of this package does not pay for the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policyc.runtime.decision import Decision, Limit, MissingScope, Reservation
    from policyc.runtime.listing import without_hidden
    from policyc.runtime.live import LiveTable, RevisionError
    from policyc.runtime.signature import PublicKey
    from policyc.runtime.table import Table
    from policyc.table.model import TableError

_PLACES = {
    "Decision": "runtime.decision",
    "Limit": "runtime.decision",
    "LiveTable": "runtime.live",
    "MissingScope": "runtime.decision",
    "PublicKey": "runtime.signature",
    "Reservation": "runtime.decision",
    "RevisionError": "runtime.live",
    "Table": "runtime.table",
    "TableError": "table.model",
    "without_hidden": "runtime.listing",
}
__all__ = [
    "Decision",
    "Limit",
    "LiveTable",
    "MissingScope",
    "PublicKey",
    "Reservation",
    "RevisionError",
    "Table",
    "TableError",
    "without_hidden",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"policyc.{_PLACES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted((*globals(), *__all__))
