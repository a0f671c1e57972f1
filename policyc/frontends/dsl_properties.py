"""Properties of the DSL: the transformer's part that builds what stands in a `verify` block."""

from __future__ import annotations

from typing import Any

from policyc.frontends.dsl_limits import LimitNodes
from policyc.frontends.dsl_selectors import SelectorNodes, place
from policyc.ir.model import Cond, Effect, Limit, Property, PropertyKind, Selector
from policyc.record import record, replace
from policyc.source import Span


@record
class When:
    """A `when` with its condition."""

    condition: Cond
    span: Span


@record
class _Because:
    reason: str | None
    span: Span | None


class PropertyNodes(LimitNodes, SelectorNodes):
    """Methods named like the grammar's rules for properties."""

    written: str | None = None
    """The text that is parsed, where it does not stand in the source character by character."""

    def begin(self, source: Any, findings: Any) -> None:
        super().begin(source, findings)
        self.written = None

    def because(self, children: list[Any]) -> _Because:
        return _Because(self.text(children[0]), self.at(children[0])) if children else _Because(None, None)

    def never(self, children: list[Any]) -> Property:
        return self._property("never", children, effect="allow" if children[1] == "allow" else "approve")

    def always(self, children: list[Any]) -> Property:
        return self._property("always", children, effect="deny" if children[1] == "deny" else "approve")

    def surely(self, children: list[Any]) -> Property:
        return self._property("allow", children, effect="allow")

    def limited(self, children: list[Any]) -> Property:
        return self._property("limited", children, limit=children[3])

    def no_wider(self, children: list[Any]) -> Property:
        token = children[3]
        file = self.text(token)
        if not file or "\0" in file:
            self.error("invalid-value", "expected the path of a policy file", self.at(token))
        return self._property("no wider", children, file=file)

    def property_text(self, children: list[Property]) -> Property:
        return children[0]

    # --- bounds ----------------------------------------------------------------------------------------------------

    def most_calls(self, children: list[Any]) -> Limit:
        return self._bound(self.count(children), children)

    def most_sum(self, children: list[Any]) -> Limit:
        limit = self.total(children)
        if limit.optional and limit.amount is not None and limit.amount.span is not None:
            message = "a property speaks of the amounts that are there; leave out the `?`"
            self.error("invalid-path", message, limit.amount.span)
        return self._bound(limit, children)

    def _bound(self, limit: Limit, children: list[Any]) -> Limit:
        """A limit as a bound: without scopes it is about limits of any scope."""
        return limit if self.is_scoped(children) else replace(limit, scope=())

    # --- all of them -----------------------------------------------------------------------------------------------

    def _property(
        self,
        kind: PropertyKind,
        children: list[Any],
        *,
        effect: Effect | None = None,
        limit: Limit | None = None,
        file: str | None = None,
    ) -> Property:
        if self.loose:
            self.settle()
        self.depths.clear()
        selector: Selector | None = None
        when: Cond | None = None
        end = children[-2]  # what stands before the reason
        if file is None:
            at = 1 if kind in ("allow", "limited") else 2
            selector = children[at]
            if type(end) is When:
                when = end.condition
            end_span = end.span if type(end) is When else place(end) if limit is None else limit.span
        else:
            end_span = self.at(end)
        because: _Because = children[-1]
        assert end_span is not None
        span = self.at(children[0]).to(end_span)
        text = self.written if self.written is not None else span.text
        if self.written is not None and because.span is not None:
            text = text[: text.rstrip().rfind('"', 0, -1)]
        return Property(
            kind, effect, selector, when, limit, file, because.reason,
            text=" ".join(text.split()), span=span if because.span is None else span.to(because.span),
        )  # fmt: skip
