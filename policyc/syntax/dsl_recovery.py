"""After a syntax error: what to say about it, and where to read on."""

from __future__ import annotations

from lark import Token, UnexpectedInput, UnexpectedToken

from policyc.diagnostics import Findings
from policyc.source import Source, Span
from policyc.syntax.dsl_messages import Problem, Trouble, describe
from policyc.syntax.dsl_scan import TOP_WORDS, Place, next_statement


class Recovery:
    """The way through one text with errors."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self.source = source
        self.findings = findings
        self.at = 0  # where the parser was started last
        self.place = Place()

    def after(self, error: UnexpectedInput) -> tuple[int, str] | None:
        """Report an error, and say where to read on: the offset, and what of the grammar begins there. None: nowhere."""
        text = self.source.text
        problem = self.problem(error)
        span = Span(self.source, problem.start, max(problem.end, min(problem.start + 1, len(text))))
        self.findings.add("syntax-error", problem.message, span, help=problem.help)
        began = self.place.statement
        following = next_statement(text, problem.at, self.place)
        if following == self.at and following == began:  # nothing was read: this word cannot stand here
            following = next_statement(text, following + 1, self.place)
        if following >= len(text):
            return None
        if self.place.braces and any(text.startswith(word, following) for word in TOP_WORDS):
            self.place.close()  # the block was not closed; that has been said
        self.at = following
        return following, ("verify_rest" if self.place.verifies else "block_rest" if self.place.braces else "start")

    def problem(self, error: UnexpectedInput) -> Problem:
        """What to say about an error."""
        return describe(self._trouble(error))

    def _trouble(self, error: UnexpectedInput) -> Trouble:
        text = self.source.text
        token: Token | None = error.token if isinstance(error, UnexpectedToken) else None
        ended = token is not None and token.type == "$END"
        at = max(self.at, len(text.rstrip()) if ended else self.at + (error.pos_in_stream or 0))
        self.place.advance(text, self.at, at)
        parser = getattr(error, "interactive_parser", None)
        before = _before(error, parser.lexer_thread.state.last_token if parser is not None else None)
        return Trouble(
            text=text,
            at=at,
            ended=ended,
            word=str(token) if token is not None and not ended else "",
            type=token.type if token is not None else "",
            accepted=frozenset(parser.accepts()) if parser is not None else frozenset(),
            before=str(before) if before is not None else "",
            before_at=self.at + (before.start_pos or 0) if before is not None else self.at,
            place=self.place,
        )


def _before(error: UnexpectedInput, last: Token | None) -> Token | None:
    """The last token that fitted. lark notes it in the error; the lexer's own may already be the one that did not fit."""
    history = getattr(error, "token_history", None)
    if history:
        return history[-1] if isinstance(history[-1], Token) else None
    if isinstance(error, UnexpectedToken) and last is error.token:
        return None
    return last
