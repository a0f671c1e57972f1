"""Text from outside made safe for a terminal: what would move the cursor, hide or reorder text is shown as its escape."""

from __future__ import annotations

import unicodedata

TAB = 4

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _unsafe(c: str) -> bool:
    return unicodedata.category(c) in _UNSAFE


def escape(c: str) -> str:
    """One character as JSON would escape it, `\\u{…}` beyond the BMP."""
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(c)
    code = ord(c)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\u{{{code:x}}}")


def clean(text: str) -> str:
    """One line of text with every control, format, unassigned and surrogate character escaped; line breaks too."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(escape(c) if _unsafe(c) else c for c in text)


def clean_lines(text: str) -> str:
    """As `clean`, but line feeds and tabs stay."""
    return "\n".join("\t".join(map(clean, line.split("\t"))) for line in text.split("\n"))


def width(text: str) -> int:
    """How many terminal cells a clean text takes: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_cells(c) for c in text)


def _cells(c: str) -> int:
    if unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1


def expand(line: str) -> tuple[list[str], list[int]]:
    """A source line as what is shown for each of its characters, and the cell at which each begins.

    The second list has one entry more: where the line ends. Tabs go to the next multiple of TAB.
    """
    shown: list[str] = []
    starts = [0]
    for c in line:
        if c == "\t":
            text = " " * (TAB - starts[-1] % TAB)
        else:
            text = escape(c) if _unsafe(c) else c
        shown.append(text)
        starts.append(starts[-1] + width(text))
    return shown, starts
