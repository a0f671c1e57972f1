"""Statements, blocks and policies of the DSL: the part of the transformer that puts everything together.

Statements are collected while the parser reduces them, so after a syntax error everything before and after it has still
been checked.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal, cast, get_args

from policyc.diagnostics import Findings, Related, did_you_mean
from policyc.frontends.dsl_properties import PropertyNodes, When
from policyc.frontends.dsl_selectors import narrow, one_of, place
from policyc.frontends.dsl_tokens import DEPTH_LIMIT, Named
from policyc.ir.model import SEVERITIES, AnyTool, Cond, Effect, Limit, Property, Rule, Selector, Severity, ToolName
from policyc.ir.names import selector_text
from policyc.record import field, record, replace
from policyc.source import Source, Span
from policyc.syntax.paths import shown

_SELECTORS = get_args(Selector)


@record
class _By:
    name: Named
    span: Span


@record
class _Id:
    name: Named
    span: Span


@record
class _Severity:
    value: Severity
    span: Span


@record
class _Tail:
    reason: str | None
    id: Named | None
    severity: Severity | None
    span: Span | None


_NO_TAIL = _Tail(None, None, None, None)


@record(frozen=False)
class _Block:
    """An `on SELECTOR { … }` that is being read."""

    selector: Selector
    text: str


@record(frozen=False)
class Draft:
    """A policy that is being read."""

    name: Named | None = None
    description: Named | None = None
    default: Literal["allow", "deny"] | None = None
    default_span: Span | None = None
    rules: list[Rule] = field(default_factory=list)
    ids: dict[str, Span] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    opened: dict[ToolName, int] = field(
        default_factory=dict
    )  # blocks for one exact tool -> index where the first begins
    closed: set[ToolName] = field(default_factory=set)  # those that say themselves what is allowed
    properties: list[Property] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing was read of it; a `verify` block before the first `policy` belongs to a policy of its own."""
        return self.first is None and not self.properties

    @property
    def first(self) -> Span | None:
        """The first thing that was read of it, properties apart."""
        places = [self.default_span, *(r.span for r in self.rules), *(selector.span for selector in self.opened)]
        if self.description is not None:
            places.append(self.description.span)
        return min((p for p in places if p is not None), key=lambda p: p.start, default=None)


class PolicyBuilder(PropertyNodes):
    """The whole transformer. `drafts` is what has been read since `begin`."""

    def begin(self, source: Source, findings: Findings) -> None:
        super().begin(source, findings)
        self.drafts: list[Draft] = [Draft()]
        self.inside: _Block | None = None

    def reopen(self, in_block: bool) -> None:
        """Go on after a syntax error, at the top or inside a block (of which it no longer matters which)."""
        self.loose.clear()
        self.depths.clear()
        if not in_block:
            self.inside = None
        elif self.inside is None:
            self.inside = _Block(AnyTool(), "*")

    # --- policies --------------------------------------------------------------------------------------------------

    def policy(self, children: list[Any]) -> None:
        name: Named = children[1]
        if not name.text:
            self.error("invalid-value", "the name of a policy cannot be empty", name.span)
        for other in self.drafts:
            if other.name is not None and other.name.text == name.text:
                self._twice(f"there are two policies `{shown(name.text)}` in this file", name.span, other.name.span)
        if self.drafts[-1].empty and self.drafts[-1].name is None:
            self.drafts.pop()
        self.drafts.append(Draft(name=name))

    def description(self, children: list[Any]) -> None:
        draft, span = self.drafts[-1], self.at(children[0]).to(self.at(children[1]))
        if draft.description is not None:
            self._twice("a policy has one `description`", span, draft.description.span)
        draft.description = Named(self.text(children[1]), span)

    def default(self, children: list[Any]) -> None:
        draft, span = self.drafts[-1], self.at(children[0]).to(self.at(children[1]))
        if draft.default_span is not None:
            self._twice("a policy has one `default`", span, draft.default_span)
        draft.default = "allow" if children[1] == "allow" else "deny"
        draft.default_span = span

    def _twice(self, message: str, span: Span, first: Span) -> None:
        self.findings.add("duplicate-key", message, span, related=[Related(first, "the first one")])

    # --- blocks ----------------------------------------------------------------------------------------------------

    def block_open(self, children: list[Any]) -> None:
        selector: Selector = children[1]
        if self.depths.get(id(selector), (None, 0))[1] > DEPTH_LIMIT:
            selector = AnyTool(selector.span)  # reported already
        self.depths.clear()
        self.inside = _Block(selector, selector_text(selector))
        draft = self.drafts[-1]
        if isinstance(selector, ToolName):
            draft.opened.setdefault(selector, len(draft.rules))

    def block_close(self, children: list[Any]) -> None:
        self.inside = None

    def verify(self, children: list[Any]) -> None:
        properties = self.drafts[-1].properties
        for child in children:
            if type(child) is Property:
                properties.append(replace(child, route=f"verify[{len(properties)}]"))

    # --- statements ------------------------------------------------------------------------------------------------

    def when(self, children: list[Any]) -> When:
        return When(children[1], self.at(children[0]).to(place(children[1])))

    def by(self, children: list[Any]) -> _By:
        return _By(children[1], self.at(children[0]).to(children[1].span))

    def rule_id(self, children: list[Any]) -> _Id:
        return _Id(children[1], self.at(children[0]).to(children[1].span))

    def severity(self, children: list[Any]) -> _Severity:
        word = str(children[1])
        if word not in SEVERITIES:
            near = did_you_mean(word, SEVERITIES)
            help = f"did you mean `{near}`?" if near else None
            self.error(
                "invalid-value",
                f"`{word}` is not a severity; expected {one_of(SEVERITIES)}",
                self.at(children[1]),
                help,
            )
        return _Severity(cast(Severity, word), self.at(children[0]).to(self.at(children[1])))

    def tail(self, children: list[Any]) -> _Tail:
        if not children:
            return _NO_TAIL
        reason: str | None = None
        name: Named | None = None
        severity: Severity | None = None
        span: Span | None = None
        for child in children:
            if type(child) is _Id:
                name, span = child.name, child.span
            elif type(child) is _Severity:
                severity, span = child.value, child.span
            else:
                reason, span = self.text(child), self.at(child)
        return _Tail(reason, name, severity, span)

    def hide(self, children: list[Any]) -> None:
        self._add("hide", children, children[1])

    def allow(self, children: list[Any]) -> None:
        self._add("allow", children, children[1])

    def deny(self, children: list[Any]) -> None:
        self._add("deny", children, children[1])

    def approve(self, children: list[Any]) -> None:
        self._add("approve", children, children[1])

    def require(self, children: list[Any]) -> None:
        self._add("require", children, children[1], condition=children[3])

    def limit(self, children: list[Any]) -> None:
        self._add("limit", children, children[1], limit=children[3])

    def in_hide(self, children: list[Any]) -> None:
        self._add("hide", children, None)

    def in_allow(self, children: list[Any]) -> None:
        self._add("allow", children, self._own(children))

    def in_deny(self, children: list[Any]) -> None:
        self._add("deny", children, self._own(children))

    def in_approve(self, children: list[Any]) -> None:
        self._add("approve", children, self._own(children))

    def in_require(self, children: list[Any]) -> None:
        self._add("require", children, None, condition=children[1])

    def in_limit(self, children: list[Any]) -> None:
        self._add("limit", children, None, limit=children[1])

    def _own(self, children: list[Any]) -> Selector | None:
        return children[1] if isinstance(children[1], _SELECTORS) else None

    def _add(
        self,
        effect: Effect,
        children: list[Any],
        own: Selector | None,
        condition: Cond | None = None,
        limit: Limit | None = None,
    ) -> None:
        """Make the rule of one statement and note what it means for its block."""
        if self.loose:
            self.settle()
        if self.depths:
            self.depths.clear()
        when: Cond | None = None
        by: str | None = None
        for child in children[-3:-1]:
            if type(child) is When:
                when = child.condition
            elif type(child) is _By:
                by = child.name.text
        tail: _Tail = children[-1]
        last = tail.span or (self.at(children[-2]) if len(children) == 2 else _end(children[-2]))
        draft, block = self.drafts[-1], self.inside
        if block is None:
            selector, where = own or AnyTool(), ""
        else:
            selector, where = narrow(block.selector, own), f"on {block.text}."
            outright = effect == "deny" and when is None and selector is block.selector
            if isinstance(block.selector, ToolName) and (effect == "allow" or outright):
                draft.closed.add(block.selector)
        key = (where, effect)
        number = draft.counts[key]
        draft.counts[key] = number + 1
        draft.rules.append(
            Rule(
                id=self._id(draft, tail.id),
                effect=effect,
                selector=selector,
                when=when,
                condition=condition,
                limit=limit,
                reason=tail.reason,
                by=by,
                severity=tail.severity,
                named=tail.id is not None,
                route=f"{where}{effect}[{number}]",
                span=self.at(children[0]).to(last),
            )
        )

    def _id(self, draft: Draft, name: Named | None) -> str:
        if name is None:
            return ""
        if not name.text:
            self.error("invalid-value", "the id of a rule cannot be empty", name.span)
        first = draft.ids.setdefault(name.text, name.span)
        if first is not name.span:
            self.findings.add(
                "duplicate-rule-id",
                f"the id `{shown(name.text)}` is given to two rules of this policy",
                name.span,
                related=[Related(first, "the first one")],
            )
        return name.text


def _end(child: Any) -> Span:
    span = child.span
    assert isinstance(span, Span)
    return span


def with_implied(draft: Draft) -> list[Rule]:
    """The rules, and for every block over one exact tool that does not say itself what it allows, an `allow` at the
    place where the block begins."""
    starts: dict[int, list[ToolName]] = {}
    for selector, index in draft.opened.items():
        if selector not in draft.closed:
            starts.setdefault(index, []).append(selector)
    if not starts:
        return draft.rules
    out: list[Rule] = []
    for index in range(len(draft.rules) + 1):
        for selector in starts.get(index, ()):
            route = f"on {selector_text(selector)}"
            out.append(Rule("", "allow", selector, implied=True, route=route, span=selector.span))
        if index < len(draft.rules):
            out.append(draft.rules[index])
    return out
