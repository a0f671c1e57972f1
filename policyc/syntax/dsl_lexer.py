"""The lexer of the DSL's parser: lark's contextual lexer, with a loop of its own.

lark's loop counts lines and columns and goes through six Python calls for each token; offsets are all that is needed here,
and a token is most of what parsing costs. It also leaves out lark's check for words that overlap, which takes half a minute
where `interegular` is installed; tests of the grammar take its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from lark import Token, UnexpectedCharacters, UnexpectedToken
from lark.lexer import ContextualLexer

_no_token: Callable[..., Exception] = UnexpectedCharacters
_wrong_token: Callable[..., Exception] = UnexpectedToken
_BLANKS = re.compile(r"(?:[ \t\r\n\f\ufeff]+|#[^\n]*)*")


class QuickLexer(ContextualLexer):
    """Given to lark through `_plugins`, its way to replace a component."""

    def __init__(self, conf: Any, states: Any, always_accept: Any = ()) -> None:
        conf.skip_validation = True
        super().__init__(conf, states, always_accept)
        self._ignored = frozenset(conf.ignore)
        self._flags = conf.g_regex_flags
        self._compiled: dict[int, re.Pattern[str]] = {}  # by the identity of one of lark's lexers, which live as long

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
        """The tokens, each of a kind that the parser's state at that moment accepts."""
        text: str = getattr(lexer_state.text, "text", lexer_state.text)
        blanks, lexers, compiled, new = _BLANKS.match, self.lexers, self._compiled, str.__new__
        at, size = 0, len(text)
        while True:
            skipped = blanks(text, at)
            at = skipped.end() if skipped is not None else at
            if at >= size:
                return
            lexer = lexers[parser_state.position]
            regex = compiled.get(id(lexer)) or self._compile(lexer)
            match = regex.match(text, at)
            if match is None:
                raise self._unexpected(text, at, lexer, lexer_state, parser_state)
            value = match.group()
            token = new(Token, value)
            token.type = match.lastgroup or ""
            token.value = value
            token.start_pos = at
            at = token.end_pos = match.end()
            token.line = token.column = token.end_line = token.end_column = None
            lexer_state.last_token = token
            yield token

    def _compile(self, lexer: Any) -> re.Pattern[str]:
        """One alternative for each kind of token, those of higher priority first, as lark orders them."""
        kinds = [t for t in lexer.terminals if t.name not in self._ignored]
        source = "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in kinds)
        regex = self._compiled[id(lexer)] = re.compile(source or r"(?!)", self._flags)
        return regex

    def _unexpected(self, text: str, at: int, lexer: Any, lexer_state: Any, parser_state: Any) -> Exception:
        """The error lark raises: of a token of the language in the wrong place, or of no token at all."""
        accepted = {t.name for t in lexer.terminals} - self._ignored
        before = lexer_state.last_token
        root: Any = self.root_lexer
        match = (self._compiled.get(id(root)) or self._compile(root)).match(text, at)
        if match is None:
            return _no_token(text, at, 1, at + 1, allowed=accepted, token_history=[before] if before else None)
        token = Token(match.lastgroup or "", match.group(), at, 1, at + 1, 1, match.end() + 1, match.end())
        return _wrong_token(token, accepted, state=parser_state, token_history=[before] if before else None)
