"""JSON text to a positioned tree. Tolerant: it goes on after a mistake, so that all mistakes are told at once.

What it reads after a mistake is for finding further mistakes only; a text with a syntax error gives no tree. The parser
is a loop over an explicit stack, so no nesting makes it recurse.
"""

from __future__ import annotations

from typing import Literal

from policyc.diagnostics import Edit, Findings, Related
from policyc.source import Source, Span
from policyc.syntax.json_tokens import Lexer, Token
from policyc.syntax.limits import MAX_DEPTH, MAX_NODES, MAX_SYNTAX_ERRORS
from policyc.syntax.pause import paused_collector
from policyc.syntax.tree import Map, Node, Scalar, Seq

State = Literal["first", "item", "colon", "value", "comma"]
"""What a list or mapping waits for: its first item or its end; an item; `:`; a mapping's value; `,` or its end."""


class _Frame:
    """An open list or mapping."""

    __slots__ = ("comma", "entries", "is_map", "items", "key", "keys", "start", "state")

    def __init__(self, is_map: bool, start: int) -> None:
        self.is_map, self.start = is_map, start
        self.state: State = "first"
        self.items: list[Node] = []
        self.entries: list[tuple[Scalar, Node]] = []
        self.keys: dict[str, Span] = {}
        self.key: Scalar | None = None
        self.comma = -1  # offset of the last comma

    @property
    def closer(self) -> str:
        return "}" if self.is_map else "]"

    @property
    def named(self) -> str:
        return "mapping" if self.is_map else "list"


def read(source: Source, findings: Findings) -> Node | None:
    """The tree of a JSON text, or None when it has a syntax error (each of them is reported)."""
    if not source.text.strip():
        findings.add("syntax-error", "the file is empty: expected a JSON document", Span(source, 0, 0))
        return None
    with paused_collector():
        return _Parser(source, findings).run()


class _Parser:
    def __init__(self, source: Source, findings: Findings) -> None:
        self.source, self.findings = source, findings
        self.lexer = Lexer(source, findings)
        self.stack: list[_Frame] = []
        self.root: Node | None = None
        self.nodes = self.duplicates = 0
        self.stop = False

    def run(self) -> Node | None:
        lexer = self.lexer
        token = lexer.next()
        while not self.stop:
            if self.root is not None:
                if token.kind != "end":
                    lexer.error("expected the end of the file after the document", token.start, token.end)
                break
            if token.kind == "end":
                self._ended(token)
                break
            token = lexer.next() if self._feed(token) else token
        if lexer.errors >= MAX_SYNTAX_ERRORS:
            at = Span(self.source, lexer.last_error, lexer.last_error)
            self.findings.add("syntax-error", f"more than {MAX_SYNTAX_ERRORS} errors: the rest is not read", at)
        return None if lexer.errors or self.stop else self.root

    def _feed(self, token: Token) -> bool:
        """Take one token; False when it is to be looked at again in the state that an error led to."""
        frame = self.stack[-1] if self.stack else None
        if frame is None:
            return self._value(token, None)
        state = frame.state
        if state == "comma":
            return self._after_value(frame, token)
        if state == "colon":
            return self._colon(frame, token)
        if state == "first" and token.kind == "punct" and token.value == frame.closer:
            return self._close(token)
        if frame.is_map and state in ("first", "item"):
            return self._key(frame, token)
        return self._value(token, frame)

    # --- values ---------------------------------------------------------------------------------------------------------

    def _value(self, token: Token, frame: _Frame | None) -> bool:
        if token.kind != "punct":
            self._put(Scalar(token.value, Span(self.source, token.start, token.end)), frame)
            return True
        if token.value in ("{", "["):
            self._open(token)
            return True
        return self._no_value(token, frame)

    def _open(self, token: Token) -> None:
        if len(self.stack) >= MAX_DEPTH:
            span = Span(self.source, token.start, token.end)
            self.findings.add("nested-too-deep", f"lists and mappings are nested more than {MAX_DEPTH} deep", span)
            self.stop = True
            return
        self.stack.append(_Frame(token.value == "{", token.start))

    def _no_value(self, token: Token, frame: _Frame | None) -> bool:
        """A comma, colon or closing bracket where a value is expected."""
        found = f"found `{token.value}`"
        if frame is None:
            self.lexer.error(f"expected a JSON document, {found}", token.start, token.end)
            return True
        if token.value in ("]", "}") and not frame.is_map and frame.state == "item":
            self._trailing_comma(frame)
            frame.state = "comma"
            return False
        what = f"a value for the key `{frame.key.value}`" if frame.is_map and frame.key is not None else "a value"
        self.lexer.error(f"expected {what}, {found}", token.start, token.end)
        if token.value == ":":
            return True
        if frame.is_map:
            self._put(Scalar(None, Span(self.source, token.start, token.start)), frame)
        elif token.value == ",":
            return True
        else:
            frame.state = "comma"
        return False

    def _trailing_comma(self, frame: _Frame) -> None:
        span = Span(self.source, frame.comma, frame.comma + 1)
        self.lexer.errors += 1
        self.findings.add(
            "syntax-error", f"JSON has no trailing comma: expected another item, found `{frame.closer}`", span,
            help="remove the comma", edits=[Edit(span, "")],
        )  # fmt: skip

    def _put(self, node: Node, frame: _Frame | None) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.findings.add("file-too-large", f"the file holds more than {MAX_NODES} values", node.span)
            self.stop = True
        if frame is None:
            self.root = node
            return
        frame.state = "comma"
        if not frame.is_map:
            frame.items.append(node)
        elif frame.key is not None:
            frame.entries.append((frame.key, node))
            frame.key = None

    # --- mappings -------------------------------------------------------------------------------------------------------

    def _key(self, frame: _Frame, token: Token) -> bool:
        if token.kind == "punct":
            return self._no_key(frame, token)
        span = Span(self.source, token.start, token.end)
        if token.kind == "string":
            name = str(token.value)
        else:
            name = span.text
            self.lexer.error(f"expected a key in double quotes, found `{name[:30]}`", token.start, token.end)
        first = frame.keys.setdefault(name, span)
        if first is not span:
            self.findings.add(
                "duplicate-key", f"the key `{name}` stands twice in this mapping", span,
                related=[Related(first, "first written here")],
            )  # fmt: skip
            self.duplicates += 1
            self.stop = self.duplicates >= MAX_SYNTAX_ERRORS
        frame.key = Scalar(name, span)
        frame.state = "colon"
        return True

    def _no_key(self, frame: _Frame, token: Token) -> bool:
        if token.value in ("}", "]"):
            if frame.comma >= 0:
                self._trailing_comma(frame)
            frame.state = "comma"
            return False
        self.lexer.error(f"expected a key in double quotes, found `{token.value}`", token.start, token.end)
        if token.value in ("{", "["):  # a value without a key: read it and forget it
            frame.key, frame.state = None, "value"
            return False
        if token.value == ":":
            frame.key, frame.state = None, "value"
        return True

    def _colon(self, frame: _Frame, token: Token) -> bool:
        if token.kind == "punct" and token.value == ":":
            frame.state = "value"
            return True
        assert frame.key is not None
        found = self.source.text[token.start : min(token.end, token.start + 30)]
        self.lexer.error(f"expected `:` after the key `{frame.key.value}`, found `{found}`", token.start, token.end)
        frame.state = "value"
        if token.kind == "punct" and token.value in (",", "}", "]"):
            self._put(Scalar(None, Span(self.source, token.start, token.start)), frame)
        return False

    # --- after a value --------------------------------------------------------------------------------------------------

    def _after_value(self, frame: _Frame, token: Token) -> bool:
        if token.kind == "punct":
            if token.value == ",":
                frame.state, frame.comma = "item", token.start
                return True
            if token.value in ("}", "]"):
                return self._close(token)
            if token.value == ":":
                self.lexer.error(f"expected `,` or `{frame.closer}`, found `:`", token.start, token.end)
                frame.state = "value"
                return True
        found = self.source.text[token.start : min(token.end, token.start + 30)]
        self.lexer.error(f"expected `,` or `{frame.closer}` before `{found}`", token.start, token.end)
        frame.state = "item"
        return False

    def _close(self, token: Token) -> bool:
        frame = self.stack[-1]
        if token.value != frame.closer:
            line = self.source.locate(frame.start)[0]
            self.lexer.error(
                f"expected `{frame.closer}` to close the {frame.named} opened in line {line}, found `{token.value}`",
                token.start, token.end,
            )  # fmt: skip
        # A bracket that closes something further out ends this one too; any other is this one's, mistyped.
        outer = token.value != frame.closer and any(f.closer == token.value for f in self.stack)
        self.stack.pop()
        span = Span(self.source, frame.start, token.end)
        node: Node = Map(tuple(frame.entries), span) if frame.is_map else Seq(tuple(frame.items), span)
        self._put(node, self.stack[-1] if self.stack else None)
        return not outer

    def _ended(self, token: Token) -> None:
        if self.lexer.errors >= MAX_SYNTAX_ERRORS:
            return
        if not self.stack:
            if not self.lexer.errors:
                self.lexer.error("expected a JSON document, found the end of the file", token.start, token.end)
            return
        frame = self.stack[-1]
        line = self.source.locate(frame.start)[0]
        expected = f"`{frame.closer}` to close the {frame.named} opened in line {line}"
        if frame.key is not None:
            what = "`:` after" if frame.state == "colon" else "a value for"
            expected = f"{what} the key `{frame.key.value}`, then {expected}"
        self.lexer.errors += 1
        if token.start == self.lexer.last_error:
            return
        self.findings.add(
            "syntax-error", f"expected {expected}, found the end of the file", Span(self.source, token.start, token.end),
            related=[Related(Span(self.source, frame.start, frame.start + 1), "opened here")],
        )  # fmt: skip
