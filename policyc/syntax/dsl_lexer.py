"""The lexer of the DSL's parser: what lark's contextual lexer does, in a loop of its own.

lark's loop counts lines and columns and goes through six Python calls for each token; offsets are all that is needed here,
and a token is most of what parsing costs. lark also makes a lexer for each state of the parser before the first token, of
which a policy meets a few; and it checks for words that overlap, which takes half a minute where `interegular` is installed:
tests of the grammar take its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from lark import Token, UnexpectedCharacters, UnexpectedToken
from lark.lexer import Lexer

_no_token: Callable[..., Exception] = UnexpectedCharacters
_wrong_token: Callable[..., Exception] = UnexpectedToken
_BLANKS = re.compile(r"(?:[ \t\r\n\f\ufeff]+|#[^\n]*)*")


class QuickLexer(Lexer):
    """Given to lark through `_plugins`, its way to replace a component."""

    def __init__(self, conf: Any, states: dict[int, Collection[str]], always_accept: Collection[str] = ()) -> None:
        """`states`: the kinds of tokens that each of the parser's states accepts."""
        self._states, self._always, self._flags = states, frozenset(always_accept), conf.g_regex_flags
        # In lark's order: of the kinds that match at one place, the first is the token.
        kinds = sorted(conf.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
        self._patterns = {t.name: t.pattern.to_regexp() for t in kinds if t.name not in conf.ignore}
        self._of_state: dict[int, re.Pattern[str]] = {}
        self._of_kinds: dict[frozenset[str], re.Pattern[str]] = {}

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
        """The tokens, each of a kind that the parser's state at that moment accepts."""
        text: str = getattr(lexer_state.text, "text", lexer_state.text)
        blanks, compiled, new = _BLANKS.match, self._of_state, str.__new__
        at, size = 0, len(text)
        while True:
            skipped = blanks(text, at)
            at = skipped.end() if skipped is not None else at
            if at >= size:
                return
            regex = compiled.get(parser_state.position) or self._compile(parser_state.position)
            match = regex.match(text, at)
            if match is None:
                raise self._unexpected(text, at, lexer_state, parser_state)
            value = match.group()
            token = new(Token, value)
            token.type = match.lastgroup or ""
            token.value = value
            token.start_pos = at
            at = token.end_pos = match.end()
            token.line = token.column = token.end_line = token.end_column = None
            lexer_state.last_token = token
            yield token

    def _accepted(self, state: int) -> frozenset[str]:
        return self._always.union(self._states[state]).intersection(self._patterns)

    def _compile(self, state: int) -> re.Pattern[str]:
        """The expression of a state's tokens; one for all states that accept the same."""
        kinds = self._accepted(state)
        regex = self._of_kinds.get(kinds)
        if regex is None:
            regex = self._of_kinds[kinds] = self._alternatives(kinds)
        self._of_state[state] = regex
        return regex

    def _alternatives(self, kinds: Collection[str]) -> re.Pattern[str]:
        source = "|".join(f"(?P<{name}>{pattern})" for name, pattern in self._patterns.items() if name in kinds)
        return re.compile(source or r"(?!)", self._flags)

    def _unexpected(self, text: str, at: int, lexer_state: Any, parser_state: Any) -> Exception:
        """The error lark raises: of a token of the language in the wrong place, or of no token at all."""
        accepted = set(self._accepted(parser_state.position))
        before = lexer_state.last_token
        match = self._alternatives(self._patterns).match(text, at)
        if match is None:
            return _no_token(text, at, 1, at + 1, allowed=accepted, token_history=[before] if before else None)
        token = Token(match.lastgroup or "", match.group(), at, 1, at + 1, 1, match.end() + 1, match.end())
        return _wrong_token(token, accepted, state=parser_state, token_history=[before] if before else None)
