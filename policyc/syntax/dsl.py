"""Parsing DSL text: lark does the work while the text is right; where it is wrong, everything wrong is reported.

The recovery here serves diagnostics only. A text with an error yields no policy, so nothing that was guessed after an
error can ever decide a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lark import UnexpectedInput

from policyc.diagnostics import Findings
from policyc.ir.model import Property, Selector
from policyc.source import Source
from policyc.syntax.dsl_tables import load_parser
from policyc.syntax.pause import paused_collector

if TYPE_CHECKING:
    from policyc.syntax.dsl_messages import Problem
    from policyc.syntax.dsl_recovery import Recovery


class Builder(Protocol):
    """What lark calls while it reduces (a method for each rule of the grammar), and what recovery has to tell it."""

    base: int

    def begin(self, source: Source, findings: Findings) -> None: ...

    def reopen(self, in_block: bool) -> None: ...


class Parser:
    """A parser that calls one builder. Not for two threads at once."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self._lark = load_parser(builder)

    def parse(self, source: Source, findings: Findings) -> None:
        """Read a whole file into the builder. Adds a finding for every mistake; raises nothing."""
        builder, text = self.builder, source.text
        builder.begin(source, findings)
        with paused_collector():
            recovery: Recovery | None = None
            at, start = 0, "start"
            while True:
                builder.base = at
                try:
                    self._lark.parse(text[at:] if at else text, start=start)
                    return
                except UnexpectedInput as error:
                    if recovery is None:
                        from policyc.syntax.dsl_recovery import Recovery

                        recovery = Recovery(source, findings)
                    following = recovery.after(error)
                if following is None:
                    return
                at, start = following
                builder.reopen(start == "block_rest")

    def parse_selector(self, text: str) -> Selector | None:
        """Read a text that is one selector and nothing else, with the builder as it is set. None when the text is
        something else; that is not reported."""
        try:
            selector: Selector = self._lark.parse(text, start="selector_text")  # type: ignore[assignment]
        except UnexpectedInput:
            return None
        return selector

    def parse_property(self, source: Source) -> Property | Problem:
        """Read a text that is one property and nothing else, with the builder as it is set; or what is wrong with it."""
        try:
            made: Property = self._lark.parse(source.text, start="property_text")  # type: ignore[assignment]
        except UnexpectedInput as error:
            from policyc.syntax.dsl_recovery import Recovery

            return Recovery(source, Findings()).problem(error)
        return made
