"""How selectors and rules are called: the canonical text of a selector, and ids for rules that the author gave none.

Both are independent of the syntax that a policy was written in, so that the same policy in the DSL and as a document
compiles to the same table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from policyc.ir.model import AllOf, AnyOf, AnyTool, Except, Fact, OnServer, Rule, Selector, ToolGlob, ToolName
from policyc.ir.spelling import quote

KEYWORDS = frozenset(
    [
        "policy",
        "description",
        "default",
        "on",
        "server",
        "tool",
        "hide",
        "allow",
        "deny",
        "require",
        "approve",
        "limit",
        "when",
        "by",
        "as",
        "id",
        "severity",
        "per",
        "sum",
        "whole",
        "step",
        "sliding",
        "every",
        "some",
        "len",
        "exists",
        "is",
        "in",
        "not",
        "and",
        "or",
        "true",
        "false",
        "matches",
        "like",
        "starts_with",
        "ends_with",
        "contains",
        "prints",
        "verify",
        "glob",
    ]
)
PROPERTY_WORDS = frozenset({"never", "always", "limited", "no", "wider", "than", "to"})
"""Words of a `verify` block that are names everywhere else."""
BARE_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")
_BARE_GLOB = re.compile(r"[A-Za-z0-9_.*?-]+\Z")


def name_text(name: str) -> str:
    """A name as the DSL writes it: bare where it can be, a JSON string otherwise."""
    return name if BARE_NAME.match(name) and name not in KEYWORDS else quote(name)


def selector_text(selector: Selector) -> str:
    """The selector in the DSL's syntax, one spelling for one selector."""
    return _text(selector, 0)


def _text(selector: Selector, level: int) -> str:
    match selector:
        case ToolName():
            own = name_text(selector.name)
            return own if selector.server is None else f"{name_text(selector.server)}/{own}"
        case ToolGlob():
            own = selector.pattern if _BARE_GLOB.match(selector.pattern) else f"glob {quote(selector.pattern)}"
            return own if selector.server is None else f"{name_text(selector.server)}/{own}"
        case OnServer():
            return f"server {quote(selector.server)}"
        case Fact():
            return f"{selector.kind}:{selector.value}"
        case AnyTool():
            return "*"
        case AnyOf():
            text = ", ".join(_text(s, 1) for s in selector.items)
            return f"({text})" if level > 0 else text
        case AllOf():
            text = " and ".join(_text(s, 2) for s in selector.items)
            return f"({text})" if level > 1 else text
        case Except():
            return f"not {_text(selector.item, 3)}"


def assign_ids(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Give each rule whose id is empty the id `SELECTOR.EFFECT`, with `.2`, `.3` … for the next of the same kind.

    A limit without a counter of its own (`named` false) counts under its rule's id.
    """
    rules = list(rules)
    taken = {r.id for r in rules if r.id}
    seen: Counter[tuple[Selector, str]] = Counter()
    out = []
    for rule in rules:
        if not rule.id:
            key = (rule.selector, rule.effect)
            base = f"{selector_text(rule.selector)}.{rule.effect}"
            while True:
                seen[key] += 1
                name = base if seen[key] == 1 else f"{base}.{seen[key]}"
                if name not in taken:
                    break
            taken.add(name)
            rule = replace(rule, id=name)
        if rule.limit is not None and not rule.limit.named:
            rule = replace(rule, limit=replace(rule.limit, counter=rule.id))
        out.append(rule)
    return tuple(out)
