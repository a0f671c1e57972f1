"""Where data flows through a tool: does it read private data, bring in untrusted content, send data out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from policyc.catalog.lexicon import Kind, word_set
from policyc.catalog.model import Category, category_rank
from policyc.catalog.schema import Argument
from policyc.catalog.words import find, first_sentence, sentence_words, split_name

_ADDRESS: Final = word_set(
    "url uri urls endpoint webhook_url callback_url to cc bcc recipient recipients email to_email phone phone_number "
    "channel channel_id webhook destination host"
)
_SOURCE: Final = word_set("source src source_path from_path")
_LINK: Final = word_set("url uri urls link href website page_url")
_CODE: Final = word_set("command cmd commands script code javascript js python shell bash expression function program")
_QUERY: Final = word_set("sql statement sql_query statements query cypher")


def flows(
    categories: Iterable[Category], words: tuple[str, ...], description: str, known: dict[str, Argument]
) -> tuple[bool, bool, bool, tuple[str, ...]]:
    """(reads private data, brings in untrusted content, sends data out, the evidence).

    `categories`: everything that the tool may do, its operations included; what any of them lets through counts.
    """
    keys = {"_".join(split_name(name)): f"`{name}`" for name in known}
    about = (*words, *sentence_words(first_sentence(description)))
    link, address = _key(keys, _LINK), _key(keys, _ADDRESS - _inside(keys))
    code, query = _key(keys, _CODE), _key(keys, _QUERY)
    private = untrusted = outward = None
    for category in sorted(set(categories), key=category_rank):
        if category == "read":
            private = _first("private", about) or _first("credential", words)
            untrusted = link or _first("untrusted", about)
            outward = link  # an address that is fetched can carry data in itself
        elif category == "execute":
            private = private or code or query
            untrusted = untrusted or link or code
            outward = outward or code or address
        elif category in ("write", "financial"):
            outward = outward or _first("outward", words) or address
    why = []
    for found, what in (
        (private, "reads private data"),
        (untrusted, "brings in untrusted content"),
        (outward, "can send data out"),
    ):
        if found:
            why.append(f"{what} ({found})")
    return bool(private), bool(untrusted), bool(outward), tuple(why)


def _inside(keys: dict[str, str]) -> frozenset[str]:
    """A destination beside a source is a second place of the same kind (`move_file`), not somebody else's address."""
    return word_set("destination") if keys.keys() & _SOURCE else frozenset()


def _key(keys: dict[str, str], wanted: frozenset[str]) -> str | None:
    return next((keys[k] for k in keys if k in wanted), None)


def _first(kind: Kind, words: tuple[str, ...]) -> str | None:
    return next((phrase for phrase, _ in find(kind, words)), None)
