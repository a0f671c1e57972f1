"""Which of a tool's arguments carry money, and which carry what it runs: told by their names and types."""

from __future__ import annotations

from typing import Final

from policyc.catalog.lexicon import word_set
from policyc.catalog.model import Tool
from policyc.catalog.schema import Argument, arguments
from policyc.catalog.words import split_name

AMOUNTS: Final = (
    "amount", "amount_cents", "amount_minor", "total", "total_amount", "payment_amount", "charge_amount",
    "refund_amount", "transfer_amount",
)  # fmt: skip
CODE: Final = word_set(
    "command cmd commands script code javascript js python shell bash expression function program source_code cypher"
)
SQL: Final = word_set("sql statement sql_query statements")
_RUN: Final = CODE | SQL | word_set("query queries query_string argv")
_RUN_ENDINGS: Final = ("_command", "_script", "_sql")


def key_of(name: str) -> str:
    """An argument's name as words joined with `_`: `ChargeAmount` is `charge_amount`."""
    return "_".join(split_name(name))


def free_text(argument: Argument) -> bool:
    """Whether any text can be given: a string (or a list of strings) that is not one of listed values."""
    if argument.types and not argument.types & {"string", "array"}:
        return False
    return argument.enum is None


def amount_argument(tool: Tool) -> Argument | None:
    """The argument that says how much money, where it is surely a number; the most telling name first."""
    known = {key_of(a.name): a for a in arguments(tool.input_schema).values()}
    found = (known[name] for name in AMOUNTS if name in known)
    return next((a for a in found if a.types and a.types <= {"integer", "number", "null"}), None)


def run_arguments(tool: Tool) -> tuple[str, ...]:
    """The arguments of a tool that runs things which hold what is run: a command, code or a query, as free text."""
    return tuple(
        a.name
        for a in arguments(tool.input_schema).values()
        if free_text(a) and ((key := key_of(a.name)) in _RUN or key.endswith(_RUN_ENDINGS))
    )
