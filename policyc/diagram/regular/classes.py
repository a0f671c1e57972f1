r"""Character classes as RE2 writes them: `[...]`, `\d \w \s`, `[[:alpha:]]`, and the escapes of single characters."""

from __future__ import annotations

from typing import Final, NamedTuple

from policyc.diagram.regular.alphabet import DIGITS, WORD, Ranges, complement, union

_SPACE: Final[Ranges] = ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20))
PERL: Final[dict[str, Ranges]] = {
    "d": DIGITS, "D": complement(DIGITS), "s": _SPACE, "S": complement(_SPACE), "w": WORD, "W": complement(WORD),
}  # fmt: skip
_UPPER: Final[Ranges] = ((0x41, 0x5A),)
_LOWER: Final[Ranges] = ((0x61, 0x7A),)
_POSIX: Final[dict[str, Ranges]] = {
    "alnum": DIGITS + _UPPER + _LOWER, "alpha": _UPPER + _LOWER, "ascii": ((0, 0x7F),), "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 0x1F), (0x7F, 0x7F)), "digit": DIGITS, "graph": ((0x21, 0x7E),), "lower": _LOWER,
    "print": ((0x20, 0x7E),), "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)), "upper": _UPPER, "word": WORD,
    "xdigit": (*DIGITS, (0x41, 0x46), (0x61, 0x66)),
}  # fmt: skip
_CONTROLS: Final = {"n": 10, "r": 13, "t": 9, "a": 7, "f": 12, "v": 11}


class Bracket(NamedTuple):
    r"""A class as written. `end`: the offset after its `]`; `ranges`: what is listed, before a `^` negates it, or None
    where only RE2's Unicode tables can say (`\pL`); `plain_ascii`: nothing listed is negated or outside ASCII.
    """

    end: int
    negated: bool
    ranges: Ranges | None
    plain_ascii: bool


def bracket(text: str, at: int) -> Bracket:
    """The class that starts with the `[` at an offset."""
    at += 1
    negated = text.startswith("^", at)
    at += negated
    first, known, plain = True, True, True
    ranges: list[tuple[int, int]] = []
    while first or text[at] != "]":
        first = False
        following = text[at + 1 : at + 2]
        if text[at] == "[" and following == ":" and (end := text.find(":]", at + 2)) >= 0:
            name = text[at + 2 : end]
            at = end + 2
            plain &= not name.startswith("^")
            listed = _POSIX[name.removeprefix("^")]
            ranges += complement(listed) if name.startswith("^") else listed
        elif text[at] == "\\" and following in ("p", "P"):
            known = False
            at = text.index("}", at) + 1 if text[at + 2] == "{" else at + 3
        elif text[at] == "\\" and following in PERL:
            plain &= following.islower()
            ranges += PERL[following]
            at += 2
        else:
            low, at = _single(text, at)
            high = low
            if text.startswith("-", at) and not text.startswith("-]", at):
                high, at = _single(text, at + 1)
            plain &= high < 0x80
            ranges.append((low, high))
    return Bracket(at + 1, negated, tuple(ranges) if known else None, plain and known)


def _single(text: str, at: int) -> tuple[int, int]:
    return escape(text, at) if text[at] == "\\" else (ord(text[at]), at + 1)


def escape(text: str, at: int) -> tuple[int, int]:
    r"""The code point of an escaped character (`\n`, `\.`, `\x{10FFFF}`, `\x41`, `\012`), and the offset after it."""
    char = text[at + 1]
    if char in _CONTROLS:
        return _CONTROLS[char], at + 2
    if char == "x":
        if text[at + 2] == "{":
            end = text.index("}", at)
            return int(text[at + 3 : end], 16), end + 1
        return int(text[at + 2 : at + 4], 16), at + 4
    if char in "01234567":
        end = at + 2
        while end < at + 4 and text[end : end + 1] in tuple("01234567"):
            end += 1
        return int(text[at + 1 : end], 8), end
    return ord(char), at + 2


def fold_ascii(ranges: Ranges) -> Ranges:
    """ASCII characters with what Unicode's simple folding makes equal to them.

    Both cases of each letter, and the only two foldings that leave ASCII: U+212A KELVIN SIGN for k, U+017F LONG S for s.
    """
    folded = list(ranges)
    for low, high in ranges:
        for letters, shift in ((_UPPER, 32), (_LOWER, -32)):
            first, last = max(low, letters[0][0]), min(high, letters[0][1])
            if first <= last:
                folded.append((first + shift, last + shift))
    whole = union(folded)
    extra = [p for letter, p in ((0x6B, 0x212A), (0x73, 0x17F)) if any(a <= letter <= b for a, b in whole)]
    return union([*whole, *((p, p) for p in extra)])
