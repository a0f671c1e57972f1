"""The second dialect of a tool entry (`rate_limit`, `action`, `reason`), which some tool pages show.

It is read and reported; the help shows the documented spelling, and where one edit makes it, the edit.
"""

from __future__ import annotations

import json
from typing import Any, Final

from policyc.diagnostics import Edit, Findings
from policyc.frontends.reading import below, text_of
from policyc.ir.model import Effect, Limit, Rule, Selector
from policyc.source import Span
from policyc.syntax.tree import Map, Node, Scalar

_EFFECTS: Final[dict[str, Effect]] = {"deny": "deny", "allow": "allow", "require_approval": "approve"}


KEYS: Final = ("action", "rate_limit", "reason")


class OldKeys:
    """The second dialect's keys of one tool entry.

    `reason` explains the action, or the limit where there is no action that needs a reason.
    """

    def __init__(self, selector: Selector, entry: Map, route: str, findings: Findings) -> None:
        self.selector, self.entry, self.route, self.findings = selector, entry, route, findings
        self.reason = text_of(entry.get("reason"))
        self.effect = _EFFECTS.get(text_of(entry.get("action")) or "")
        self.explains_action = self.effect in ("deny", "approve")
        self.incomplete = False

    def read(self, name: Scalar, value: Node) -> list[Rule]:
        """The rules that one of KEYS stands for; `incomplete` is set when it cannot be read."""
        if name.value == "action":
            return self._action(name, value)
        if name.value == "rate_limit":
            return self._rate_limit(name, value)
        _report_reason(self.entry, name, self.explains_action, self.route, self.findings)
        return []

    def _action(self, name: Scalar, value: Node) -> list[Rule]:
        if self.effect is None:
            self.incomplete = True
            return []
        _report_action(self.entry, name, value, self.effect, self.reason, self.route, self.findings)
        said = self.reason if self.explains_action else None
        at = below(self.route, "action")
        return [Rule("", self.effect, self.selector, reason=said, route=at, span=name.span.to(value.span))]

    def _rate_limit(self, name: Scalar, value: Node) -> list[Rule]:
        limit = _limit(value)
        if limit is None:
            self.incomplete = True
            return []
        said = None if self.explains_action else self.reason
        _report_limit(self.entry, name, value, limit, said, self.route, self.findings)
        at = below(self.route, "rate_limit")
        return [Rule("", "limit", self.selector, limit=limit, reason=said, route=at, span=name.span.to(value.span))]


def _limit(node: Node | None) -> Limit | None:
    if not isinstance(node, Map):
        return None
    maximum, window = _number(node.get("max")), _number(node.get("window"))
    window_name = text_of(node.get("window"))
    if maximum is None or (window is None and window_name is None):
        return None
    if isinstance(maximum, float):
        if not maximum.is_integer():
            return None
        maximum = int(maximum)
    if isinstance(window, float):
        return None
    return Limit("", maximum, window_name or window or 0, scope=("session",), named=False, span=node.span)


def _number(node: Node | None) -> int | float | None:
    value: Any = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _report_action(
    entry: Map, name: Scalar, value: Node, effect: Effect, reason: str | None, route: str, findings: Findings
) -> None:
    simple = reason is None or effect == "allow"
    spelt = f"{_key(name, effect)}: true" if simple else f"{_key(name, effect)}: {_flow({'reason': reason})}"
    span = name.span.to(value.span)
    edits = [Edit(span, spelt)] if simple and entry.get(effect) is None else []
    findings.add(
        "deprecated-spelling", f"`action` is not in the documented schema, which has `{effect}`", span,
        help=f"write `{spelt}`", route=below(route, "action"), edits=edits,
    )  # fmt: skip


def _report_limit(
    entry: Map, name: Scalar, value: Node, limit: Limit, reason: str | None, route: str, findings: Findings
) -> None:
    spec: dict[str, Any] = {"max": limit.maximum, "window": limit.window, "scope": "session"}
    if reason is not None:
        spec["on_deny"] = reason
    spelt = f"{_key(name, 'limits')}: {_flow([spec])}"
    span = name.span.to(value.span)
    edits = [Edit(span, spelt)] if reason is None and entry.get("limits") is None else []
    findings.add(
        "deprecated-spelling", "`rate_limit` is not in the documented schema, which has `limits`", span,
        help=f"write `{spelt}`", route=below(route, "rate_limit"), edits=edits,
    )  # fmt: skip


def _report_reason(entry: Map, name: Scalar, explains_action: bool, route: str, findings: Findings) -> None:
    if explains_action or entry.get("rate_limit") is not None:
        owner = "the action" if explains_action else "the limit"
        help = f"write it inside {owner}: `reason` beside an effect, `on_deny` beside a limit or condition"
    else:
        help = "nothing here shows it: an effect has `reason`, a limit or condition has `on_deny`"
    span: Span = name.span
    message = "`reason` of a whole tool entry is not in the documented schema"
    findings.add("deprecated-spelling", message, span, help=help, route=below(route, "reason"))


def _key(name: Scalar, key: str) -> str:
    return key if name.plain else f'"{key}"'


def _flow(value: Any) -> str:
    """JSON, which YAML's flow style reads as well."""
    return json.dumps(value, ensure_ascii=False)
