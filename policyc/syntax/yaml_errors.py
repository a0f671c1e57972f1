"""What the YAML parser's errors mean, in our words, with the parser's own text after them."""

from __future__ import annotations

import re
from typing import Final

from yaml.error import MarkedYAMLError, YAMLError

from policyc.diagnostics import Findings, Related
from policyc.source import Source, Span

_PROBLEMS: Final[tuple[tuple[str, str, str | None], ...]] = (
    ("mapping values are not allowed", "a `: ` does not fit here", "quote a text that holds a colon, or check the indentation"),
    ("could not find expected ':'", "expected `:` after this key", "a key is followed by `:` and a space"),
    ("found unexpected end of stream", "the quoted text is not closed before the end of the file", None),
    ("found unexpected document indicator", "the quoted text is not closed before the end of the document", None),
    ("did not find expected ',' or ']'", "expected `,` or `]` in this list", None),
    ("did not find expected ',' or '}'", "expected `,` or `}` in this mapping", None),
    ("expected ',' or ']'", "expected `,` or `]` in this list", None),
    ("expected ',' or '}'", "expected `,` or `}` in this mapping", None),
    ("did not find expected key", "expected a key here", "check the indentation against the lines above"),
    ("did not find expected '-'", "expected another `- ` item here", "check the indentation against the lines above"),
    ("expected <block end>", "expected another entry here", "check the indentation against the lines above"),
    ("did not find expected node content", "expected a value here", None),
    ("expected the node content", "expected a value here", None),
    ("block sequence entries are not allowed", "a `- ` does not fit here", "put the list on a line of its own"),
    ("mapping keys are not allowed", "a `? ` does not fit here", None),
    ("found undefined tag handle", "tags are not used in policies", None),
    ("found incompatible YAML document", "only YAML 1.1 and 1.2 are read", None),
    ("escape", "this is not an escape of YAML", "a backslash itself is written `\\\\`, or use single quotes"),
    ("found a tab character", "a tab cannot indent YAML", "indent with spaces"),
)  # fmt: skip
_UNPRINTABLE: Final = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
_UNPRINTABLE_ASCII: Final = "[^\t\n\r\x20-\x7e]"  # for most policies; the long class takes `re` 3 ms to compile


def unreadable(source: Source, findings: Findings) -> bool:
    """Report the first character that YAML does not allow at all (controls, surrogates, a stray byte-order mark)."""
    match = re.search(_UNPRINTABLE_ASCII if source.text.isascii() else _UNPRINTABLE, source.text)
    if match is None:
        return False
    code = ord(match[0])
    span = Span(source, match.start(), match.end())
    help = "write it as an escape inside double quotes" if code < 0xD800 else None
    findings.add("syntax-error", f"the character U+{code:04X} is not allowed in YAML", span, help=help)
    return True


def report(error: YAMLError, source: Source, findings: Findings) -> None:
    """Turn the parser's error into one located finding. The parser cannot resume, so there is never a second."""
    if not isinstance(error, MarkedYAMLError) or error.problem is None:
        findings.add("syntax-error", f"not valid YAML: {_one_line(str(error))}", Span(source, 0, 0))
        return
    mark = error.problem_mark or error.context_mark
    at = min(mark.index if mark is not None else 0, len(source.text))
    span = Span(source, at, min(at + 1, len(source.text)))
    problem = _one_line(error.problem)
    sentence, help = _words(problem, source.text[at : at + 1])
    related = []
    opened = error.context_mark
    if opened is not None and opened.index != at and error.context:
        start = min(opened.index, len(source.text))
        related.append(Related(Span(source, start, min(start + 1, len(source.text))), _one_line(error.context)))
    message = f"{sentence} (the YAML parser says: {problem})" if sentence else f"not valid YAML: {problem}"
    findings.add("syntax-error", message, span, help=help, related=related)


def _words(problem: str, character: str) -> tuple[str | None, str | None]:
    if "cannot start any token" in problem:
        if character == "\t":
            return "a tab cannot indent YAML", "indent with spaces"
        return f"a plain text cannot begin with `{character}`", "put the text in quotes"
    return next(((said, help) for text, said, help in _PROBLEMS if text in problem), (None, None))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
