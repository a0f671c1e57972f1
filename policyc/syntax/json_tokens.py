"""The JSON reader's tokens: one regular expression for what is right, and a careful second look at what is not.

Source of the format: RFC 8259.
"""

from __future__ import annotations

import json
import re
from typing import Final, Literal, NamedTuple

from policyc.diagnostics import Edit, Findings
from policyc.source import Source, Span
from policyc.syntax.limits import MAX_DIGITS, MAX_SYNTAX_ERRORS

Kind = Literal["punct", "string", "number", "word", "end"]


class Token(NamedTuple):
    """One token. `value`: decoded text or number; for `punct` the character; `end` is the end of the text."""

    kind: Kind
    value: bool | int | float | str | None
    start: int
    end: int


TOKEN: Final = re.compile(
    r"""[ \t\n\r]*+(?:
      ([{}\[\],:])
     |"([^"\\\x00-\x1f\ud800-\udfff]*+)"
     |(-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][+-]?[0-9]++)?)(?![0-9A-Za-z_.+-])
     |(true|false|null)(?![0-9A-Za-z_])
    )""",
    re.VERBOSE,
)
"""Groups: punctuation, a string without escapes, a number (fraction, exponent), a literal."""

_SPACE: Final = re.compile(r"[ \t\n\r]*+")
# Only for what that leaves out, so these are compiled (and kept, by `re`) when they are first asked.
_STRING_RUN: Final = r"""(?:[^"\\\x00-\x1f\ud800-\udfff]|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4})+"""
_LOW_SURROGATE: Final = r"\\u([dD][c-fC-F][0-9a-fA-F]{2})"
_UNICODE_ESCAPE: Final = r"u([0-9a-fA-F]{4})"
_SINGLE: Final = r"'((?:[^'\\\n]|\\.)*)'?"
_COMMENT: Final = r"(?://|\#)[^\n]*|/\*(?s:(?!\*/).)*(\*/)?"
_NUMBERISH: Final = r"[+-]?\.?[0-9][0-9A-Za-z_.+-]*"
_WORD: Final = r"[+-]?[^\W\d][\w$.-]*"
_NOISE: Final = r"""[^\s{}\[\],:"'/#+\-.=\w]++"""
_NON_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity", "+Infinity", "-NaN", "nan", "inf", "-inf"})
_LITERALS: Final[dict[str, bool | None]] = {
    "True": True, "TRUE": True, "False": False, "FALSE": False,
    "None": None, "undefined": None, "nil": None, "Null": None, "NULL": None,
}  # fmt: skip


class Lexer:
    """Tokens of one source, from left to right; what is not JSON is reported and read as what was meant."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self.source, self.text, self.findings = source, source.text, findings
        self.at = 0
        self.errors = 0
        self.last_error = -1

    def error(self, message: str, start: int, end: int, *, help: str | None = None, edit: str | None = None) -> None:
        """Report a syntax error; a second one at the same character is an echo of the first and is dropped."""
        self.errors += 1
        if start == self.last_error:
            return
        self.last_error = start
        span = Span(self.source, start, max(end, start))
        edits = () if edit is None else (Edit(span, edit),)
        self.findings.add("syntax-error", message, span, help=help, edits=edits)

    def next(self) -> Token:
        """The next token; the end of the text once there are too many errors to go on."""
        while self.errors < MAX_SYNTAX_ERRORS:
            match = TOKEN.match(self.text, self.at)
            token = self._odd() if match is None else self._good(match)
            if token is not None:
                return token
        return Token("end", None, len(self.text), len(self.text))

    def _good(self, match: re.Match[str]) -> Token:
        self.at = end = match.end()
        group = match.lastindex
        if group == 1:
            return Token("punct", match[1], end - 1, end)
        if group == 2:
            return Token("string", match[2], match.start(2) - 1, end)
        if group == 6:
            return Token("word", _WORDS[match[6]], match.start(6), end)
        return Token("number", self._number(match[3], match.start(3)), match.start(3), end)

    def _number(self, text: str, start: int) -> int | float:
        if len(text) > MAX_DIGITS:
            self._invalid(f"this number has {len(text)} characters, more than {MAX_DIGITS}", start, len(text))
            return 0
        if not any(c in text for c in ".eE"):
            return int(text)
        number = float(text)
        if number in (float("inf"), float("-inf")):
            self._invalid("this number is too large: no finite number is written like that", start, len(text))
            return 0
        return number

    def _invalid(self, message: str, start: int, length: int) -> None:
        self.errors += 1
        self.findings.add("invalid-value", message, Span(self.source, start, start + length))

    # --- what the fast expression does not take ---------------------------------------------------------------------

    def _odd(self) -> Token | None:
        """A token that the fast expression leaves out; None for what is skipped."""
        space = _SPACE.match(self.text, self.at)
        assert space is not None
        start = self.at = space.end()
        if start >= len(self.text):
            return Token("end", None, start, start)
        c = self.text[start]
        if c == '"':
            return self._string(start)
        if c == "'":
            return self._single_quoted(start)
        if c in "/#" and self._comment(start):
            return None
        number = re.compile(_NUMBERISH).match(self.text, start)
        if number is not None:
            return self._odd_number(number)
        word = re.compile(_WORD).match(self.text, start)
        if word is not None:
            return self._odd_word(word)
        self.at = start + 1
        if c == "=":
            self.error("expected `:` between a key and its value, found `=`", start, start + 1, edit=":")
            return Token("punct", ":", start, start + 1)
        self.error(f"`{_shown(c)}` means nothing in JSON", start, start + 1)
        self._skip_noise()
        return None

    def _skip_noise(self) -> None:
        """Skip a run of characters that mean nothing: one report for the run."""
        noise = re.compile(_NOISE).match(self.text, self.at)
        if noise is not None:
            self.at = noise.end()

    def _comment(self, start: int) -> bool:
        match = re.compile(_COMMENT).match(self.text, start)
        if match is None:
            return False
        self.at = match.end()
        self.error(
            "JSON has no comments", start, match.end(), help="remove it, or write the policy as YAML or in the DSL",
            edit="",
        )  # fmt: skip
        return True

    def _odd_number(self, match: re.Match[str]) -> Token:
        text, start, self.at = match[0], match.start(), match.end()
        body = text.lstrip("+-")
        if text.startswith("+"):
            said = "a number has no `+` before it in JSON"
        elif body.lower().startswith(("0x", "0o", "0b")):
            said = "JSON numbers are decimal"
        elif body.startswith("."):
            said = "expected a digit before the decimal point"
        elif "_" in body:
            said = "JSON numbers have no `_` between digits"
        elif body.startswith("0") and body[1:2].isdigit():
            said = "a number has no leading zeros in JSON"
        elif re.search(r"\.(?![0-9])", body):
            said = "expected a digit after the decimal point"
        elif re.search(r"[eE][+-]?(?![0-9+-])", body):
            said = "expected a digit after the exponent's `e`"
        else:
            said = f"`{_shown(text)}` is not a number"
        self.error(said, start, self.at)
        return Token("number", 0, start, self.at)

    def _odd_word(self, match: re.Match[str]) -> Token:
        text, start, self.at = match[0], match.start(), match.end()
        if text in _NON_FINITE:
            self.error(f"`{text}` is not JSON: numbers are finite", start, self.at)
            return Token("number", 0, start, self.at)
        if text in _LITERALS:
            value = _LITERALS[text]
            spelt = "null" if value is None else str(value).lower()
            self.error(f"expected `{spelt}`, found `{text}`", start, self.at, edit=spelt)
            return Token("word", value, start, self.at)
        self.error(
            f"expected a value or a text in double quotes, found `{_shown(text)}`", start, self.at,
            help=f'write `"{_shown(text)}"`', edit=f'"{text}"',
        )  # fmt: skip
        return Token("string", text, start, self.at)

    def _single_quoted(self, start: int) -> Token:
        match = re.compile(_SINGLE).match(self.text, start)
        assert match is not None
        self.at = match.end()
        simple = match[0].endswith("'") and not set(match[1]) & set('"\\') and match[1].isprintable()
        self.error(
            "JSON text stands in double quotes, found a single quote", start, self.at,
            help="write the text in double quotes", edit=f'"{match[1]}"' if simple else None,
        )  # fmt: skip
        return Token("string", match[1], start, self.at)

    def _string(self, start: int) -> Token:
        """A string with escapes, or a broken one; never past the end of its line."""
        parts: list[str] = []
        at, text, next_run = start + 1, self.text, re.compile(_STRING_RUN).match
        while self.errors < MAX_SYNTAX_ERRORS:
            run = next_run(text, at)
            if run is not None:
                parts.append(json.loads(f'"{run[0]}"') if "\\" in run[0] else run[0])
                at = run.end()
            c = text[at : at + 1]
            if c == '"':
                at += 1
                break
            if c == "\\":
                piece, at = self._escape(at)
                parts.append(piece)
            elif c in ("", "\n", "\r"):
                self.error('expected `"` to close this text before the end of the line', start, at)
                break
            else:
                self._raw_character(c, at)
                at += 1
        self.at = at
        return Token("string", "".join(parts), start, at)

    def _raw_character(self, c: str, at: int) -> None:
        if "\ud800" <= c <= "\udfff":
            self.error("a lone surrogate is not a character", at, at + 1)
            return
        named = "a tab (write `\\t`)" if c == "\t" else f"the control character U+{ord(c):04X}"
        self.error(f"a text cannot hold {named} as it stands", at, at + 1)

    def _escape(self, at: int) -> tuple[str, int]:
        match = re.compile(_UNICODE_ESCAPE).match(self.text, at + 1)
        if match is None:
            c = self.text[at + 1 : at + 2]
            if c == "u":
                self.error("expected four hexadecimal digits after `\\u`", at, at + 2)
                return "", at + 2
            if c in ("", "\n", "\r"):
                return "", at + 1
            self.error(
                f"`\\{_shown(c)}` is not an escape of JSON", at, at + 2, help="a backslash itself is written `\\\\`"
            )
            return c, at + 2
        code = int(match[1], 16)  # a surrogate: all other escapes are part of a run
        low = re.compile(_LOW_SURROGATE).match(self.text, match.end())
        if code < 0xDC00 and low is not None:
            return chr(0x10000 + ((code - 0xD800) << 10) + (int(low[1], 16) - 0xDC00)), low.end()
        self.error(f"`\\u{match[1]}` is half of a surrogate pair and not a character by itself", at, match.end())
        return "", match.end()


_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}


def _shown(text: str) -> str:
    """Text for a message: cut short, and what cannot be seen as its code point."""
    text = text if len(text) <= 30 else text[:29] + "…"
    return "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in text)
