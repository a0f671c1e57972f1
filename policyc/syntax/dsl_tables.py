"""The DSL's parser: lark LALR, from tables made when the wheel is built, or from the grammar itself.

`policy.tables` beside this module is a line with a digest and then what `Lark.save` writes. That is a pickle; it is read
from this package's own folder only, as the package's code is. The digest is over the grammar's text and lark's version: a
source checkout without tables, or with tables of another grammar or another lark, builds them in memory.

    python -m policyc.syntax.dsl_tables FILE      write the tables (what hatch_build.py does)
"""

from __future__ import annotations

import io
import pickle
import sys
import zlib
from pathlib import Path
from typing import BinaryIO

import lark
from lark import Lark

from policyc.syntax.dsl_lexer import QuickLexer

PLUGINS = {"ContextualLexer": QuickLexer}
STARTS = ("start", "block_rest", "verify_rest", "selector_text", "property_text")
_HERE = Path(__file__).parent
_PLACES = (_HERE / "policy.lark", _HERE.parents[1] / "grammar" / "policy.lark")
_TABLES = _HERE / "policy.tables"


def grammar_text() -> str:
    """The grammar, from the wheel or from a source checkout. Raises FileNotFoundError when it is in neither."""
    for place in _PLACES:
        try:
            return place.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
    raise FileNotFoundError(f"the grammar is missing: {_PLACES[0]}")


def digest(grammar: str) -> str:
    """What the tables depend on: grammar and lark version, as a short text."""
    return f"policyc-dsl 1 lark={lark.__version__} grammar={zlib.crc32(grammar.encode()):08x}-{len(grammar)}"


def build_parser(grammar: str, transformer: object | None = None) -> Lark:
    """A parser made from the grammar's text (about a second)."""
    return Lark(
        grammar,
        parser="lalr",
        start=list(STARTS),
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=transformer,
        _plugins=PLUGINS,
    )


def build_tables(grammar: str) -> bytes:
    """The contents of `policy.tables`."""
    out = io.BytesIO()
    out.write(digest(grammar).encode() + b"\n")
    build_parser(grammar).save(out, exclude_options=("_plugins", "transformer"))
    return out.getvalue()


def prebuilt() -> bool:
    """Whether there are tables of this grammar and this lark, so that no parser is built from the grammar."""
    try:
        with _TABLES.open("rb") as file:
            return _are_current(file, grammar_text())
    except OSError:
        return False


def _are_current(file: BinaryIO, grammar: str) -> bool:
    """Reads the first line; the tables follow."""
    return file.readline().decode("utf-8", "replace").rstrip("\n") == digest(grammar)


def load_parser(transformer: object) -> Lark:
    """A parser that calls the transformer as it reduces: from the tables when they are current, else from the grammar."""
    grammar = grammar_text()
    try:
        with _TABLES.open("rb") as file:
            if _are_current(file, grammar):
                data = pickle.load(file)
                return Lark.__new__(Lark)._load(data, transformer=transformer, _plugins=PLUGINS)
    except (OSError, EOFError, pickle.UnpicklingError, AttributeError, ImportError, IndexError, KeyError, ValueError):
        pass  # a damaged file: the grammar is beside it
    return build_parser(grammar, transformer)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(build_tables(grammar_text()))
