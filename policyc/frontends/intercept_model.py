"""An Intercept policy as that proxy decodes it: its types, its defaults, and `rate_limit` written out as what it stands for.

What does not fit a type is reported here; what fits but is not valid is `policyc.frontends.intercept_check`'s business.
"""

from __future__ import annotations

import re
from typing import Final

from policyc.diagnostics import Edit, Findings
from policyc.frontends.intercept_values import GoValue, go_int, go_string, go_value
from policyc.frontends.reading import below, entries_of, suggest
from policyc.record import field, record
from policyc.source import Span
from policyc.syntax.tree import Map, Node, Scalar, Seq, describe, first_character

WINDOWS: Final = ("minute", "hour", "day")
_KEYS: Final = {
    "policy": ("version", "description", "default", "hide", "tools"),
    "tool": ("rules",),
    "rule": ("name", "action", "rate_limit", "conditions", "on_deny", "state"),
    "condition": ("path", "op", "value"),
    "state block": ("counter", "window", "increment", "increment_from"),
}
_COUNT: Final = re.compile(r"[+-]?[0-9]+\Z")


@record(frozen=False)
class Part:
    """A mapping of the policy: where it is, its symbolic place, and where each of its keys' values is."""

    node: Node
    route: str
    keys: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)

    def at(self, key: str) -> Span:
        """The place of a key's value; where there is none, of the key, or of the beginning of the mapping."""
        found = self.keys.get(key)
        if found is None:
            return first_character(self.node)
        span = found[1].span if isinstance(found[1], Scalar) else first_character(found[1])
        return found[0].span if span.start == span.end else span


@record(frozen=False)
class Condition:
    part: Part
    path: str
    op: str
    value: GoValue
    value_node: Node | None


@record(frozen=False)
class State:
    part: Part
    counter: str
    window: str
    increment: int
    increment_from: str


@record(frozen=False)
class InterceptRule:
    part: Part
    name: str
    action: str
    rate_limit: str  # only where it could not be written out
    conditions: list[Condition]
    on_deny: str
    state: State | None
    shorthand: tuple[int, str] | None = None  # the count and window of a `rate_limit` that was written out


@record(frozen=False)
class Tool:
    name: str
    key: Scalar
    part: Part
    rules: list[InterceptRule]

    @property
    def scope(self) -> str:
        """The first part of its counters' names."""
        return "_global" if self.name == "*" else self.name


@record(frozen=False)
class Config:
    part: Part
    version: str
    description: str
    default: str
    hide: list[tuple[str, Node]]
    tools: list[Tool]


def parse_rate_limit(text: str) -> tuple[int, str] | tuple[str, str]:
    """`5/hour` as count and window. Otherwise the rule to report it under and the sentence."""
    count, slash, window = text.partition("/")
    if not slash:
        return "invalid-limit", f"`rate_limit` must be in the format `N/window`, such as `5/hour`, got `{text[:40]}`"
    number = int(count) if _COUNT.match(count) and len(count) <= 20 else 0
    if not 0 < number < 2**63:
        return "invalid-limit", f"`rate_limit` count must be a positive integer, got `{count[:40]}`"
    if window not in WINDOWS:
        return "invalid-window", f"`rate_limit` window must be `minute`, `hour` or `day`, got `{window[:40]}`"
    return number, window


class Decoder:
    """Decodes one file."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def config(self, node: Map) -> Config:
        """The whole policy with that proxy's defaults."""
        part = self._part(node, "policy", "")
        hide = [
            (self._string(item, f"hide[{i}]"), item) for i, item in enumerate(self._list(part, "hide"))
        ]  # fmt: skip
        tools_node = part.keys["tools"][1] if "tools" in part.keys else None
        tools = []
        if isinstance(tools_node, Map):
            for key, value in entries_of(tools_node):
                tools.append(self._tool(key, value))
        elif tools_node is not None and not _is_null(tools_node):
            self._wrong("a mapping of tool names", tools_node, "tools")
        default = self._text(part, "default") or "allow"
        return Config(part, self._text(part, "version"), self._text(part, "description"), default, hide, tools)

    def _tool(self, key: Scalar, node: Node) -> Tool:
        name = str(key.value)
        part = self._part(node, "tool", below("tools", name))
        tool = Tool(name, key, part, [])
        for i, item in enumerate(self._list(part, "rules")):
            tool.rules.append(self._rule(item, f"{part.route}.rules[{i}]", tool.scope))
        return tool

    def _rule(self, node: Node, route: str, scope: str) -> InterceptRule:
        part = self._part(node, "rule", route)
        conditions = [
            self._condition(item, f"{route}.conditions[{i}]") for i, item in enumerate(self._list(part, "conditions"))
        ]
        state_node = part.keys["state"][1] if "state" in part.keys else None
        state = None if state_node is None or _is_null(state_node) else self._state(state_node, f"{route}.state")
        rule = InterceptRule(
            part, self._text(part, "name"), self._text(part, "action"), self._text(part, "rate_limit"), conditions,
            self._text(part, "on_deny"), state,
        )  # fmt: skip
        self._write_out(rule, scope)
        rule.action = rule.action or "evaluate"
        return rule

    def _write_out(self, rule: InterceptRule, scope: str) -> None:
        """`rate_limit: 5/hour` stands for a counter of its own and a condition on it, unless it clashes with others."""
        if not rule.rate_limit or rule.conditions or rule.state is not None or rule.action == "deny":
            return
        count, window = parse_rate_limit(rule.rate_limit)
        if isinstance(count, str):
            return
        counter = f"_rate_{window}"
        key, value = rule.part.keys["rate_limit"]
        part = Part(value, f"{rule.part.route}.rate_limit", {"counter": (key, value), "window": (key, value)})
        rule.conditions = [Condition(part, f"state.{scope}.{counter}", "lte", count, value)]
        rule.state = State(part, counter, window, 1, "")
        rule.shorthand = (count, window)
        rule.action, rule.rate_limit = "evaluate", ""

    def _condition(self, node: Node, route: str) -> Condition:
        part = self._part(node, "condition", route)
        value = part.keys["value"][1] if "value" in part.keys else None
        typed = None if value is None else go_value(value)
        return Condition(part, self._text(part, "path"), self._text(part, "op"), typed, value)

    def _state(self, node: Node, route: str) -> State:
        part = self._part(node, "state block", route)
        increment = go_int(part.keys["increment"][1]) if "increment" in part.keys else 0
        if increment is None:
            found = part.keys["increment"][1]
            self._wrong("a whole number for `increment`", found, route)
        return State(
            part, self._text(part, "counter"), self._text(part, "window"), increment or 1,
            self._text(part, "increment_from"),
        )  # fmt: skip

    # --- types ----------------------------------------------------------------------------------------------------------

    def _part(self, node: Node, noun: str, route: str) -> Part:
        """A mapping's keys; unknown ones are reported, because that proxy passes over them in silence."""
        part = Part(node, route)
        if not isinstance(node, Map):
            if not _is_null(node):
                self._wrong(f"a mapping (a {noun})", node, route)
            return part
        known = _KEYS[noun]
        for key, value in entries_of(node):
            name = str(key.value)
            if name in known:
                part.keys[name] = (key, value)
            elif not name.startswith("x-"):
                self._ignored(key, name, noun, known, route)
        return part

    def _ignored(self, key: Scalar, name: str, noun: str, known: tuple[str, ...], route: str) -> None:
        near = suggest(name, known, self.findings)
        help = f"did you mean `{near}`?" if near else f"known keys: {', '.join(f'`{k}`' for k in known)}"
        message = f"Intercept ignores the key `{name}` in a {noun}"
        if near == "default":
            message += ", so tools that are not listed are allowed"
        edits = [Edit(key.span, near, safe=False)] if near else []
        self.findings.add("intercept-ignored-key", message, key.span, help=help, route=route or None, edits=edits)

    def _list(self, part: Part, key: str) -> tuple[Node, ...]:
        if key not in part.keys or _is_null(part.keys[key][1]):
            return ()
        node = part.keys[key][1]
        if isinstance(node, Seq):
            return node.items
        self._wrong(f"a list for `{key}`", node, below(part.route, key))
        return ()

    def _text(self, part: Part, key: str) -> str:
        return self._string(part.keys[key][1], below(part.route, key)) if key in part.keys else ""

    def _string(self, node: Node, route: str) -> str:
        text = go_string(node)
        if text is None:
            self._wrong("a text", node, route)
        return text or ""

    def _wrong(self, wanted: str, node: Node, route: str) -> None:
        span = node.span if isinstance(node, Scalar) else first_character(node)
        self.findings.add("wrong-type", f"expected {wanted}, found {describe(node)}", span, route=route or None)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and go_string(node) == ""
