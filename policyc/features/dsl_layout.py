"""How the statements of a policy are arranged in DSL text: which stand in a block, which at the top, and their columns."""

from __future__ import annotations

from policyc.features.write_dsl import (
    condition_lines,
    header_lines,
    limit_text,
    property_lines,
    selector_text,
)
from policyc.ir.model import Policy, Rule, Selector, ToolName
from policyc.ir.names import name_text
from policyc.ir.spelling import quote
from policyc.record import field, record

WIDTH = 120
"""Where lines are broken, if they can be."""
_INDENT = 2


@record(frozen=False)
class _Group:
    """Statements that stand together: at the top (`selector` None) or in one block."""

    selector: Selector | None
    rules: list[Rule] = field(default_factory=list)


def policy_text(policy: Policy) -> str:
    """The whole policy."""
    out = [*header_lines(policy), ""]
    before: _Group | None = None
    for group in _arranged(policy):
        lines = _group_lines(group)
        if before is not None and not (_short(before) and _short(group)):
            out.append("")
        out += lines
        before = group
    if policy.properties:
        out += ["", "verify {"]
        for prop in policy.properties:
            out += [" " * _INDENT + line for line in property_lines(prop, WIDTH - _INDENT)]
        out.append("}")
    return "\n".join(out).rstrip("\n") + "\n"


# --- blocks or not -------------------------------------------------------------------------------------------------


def _arranged(policy: Policy) -> list[_Group]:
    """The rules in their order, in groups. A block over one exact tool allows that tool unless it says itself what it
    allows, so such a block is written only where exactly that is meant."""
    implied = {rule.selector: i for i, rule in reversed(list(enumerate(policy.rules))) if rule.implied}
    by_selector: dict[Selector, list[Rule]] = {}
    for rule in policy.rules:
        by_selector.setdefault(rule.selector, []).append(rule)
    groups: list[_Group] = []
    for i, rule in enumerate(policy.rules):
        selector = rule.selector
        block = _in_block(rule, i, implied.get(selector), by_selector[selector])
        wanted = selector if block else None
        if not groups or groups[-1].selector != wanted:
            groups.append(_Group(wanted))
        if not (rule.implied and implied[selector] == i):
            groups[-1].rules.append(rule)
    return _simplified(groups)


def _in_block(rule: Rule, index: int, implied: int | None, same: list[Rule]) -> bool:
    if not isinstance(rule.selector, ToolName):
        return True
    if implied is not None:
        return index == implied or (index > implied and not _closes(rule))
    return len(same) > 1 and any(map(_closes, same))


def _closes(rule: Rule) -> bool:
    """Whether this rule in a block over one exact tool keeps the block from allowing the tool."""
    return rule.effect == "allow" or (rule.effect == "deny" and rule.when is None)


def _simplified(groups: list[_Group]) -> list[_Group]:
    """A block with one statement that reads as well at the top goes there."""
    out: list[_Group] = []
    for group in groups:
        alone = group.selector is not None and not isinstance(group.selector, ToolName) and len(group.rules) == 1
        if alone and group.rules[0].effect not in ("limit", "require"):
            group = _Group(None, group.rules)
        if out and out[-1].selector is None and group.selector is None:
            out[-1].rules += group.rules
        else:
            out.append(group)
    return out


# --- lines ---------------------------------------------------------------------------------------------------------


def _short(group: _Group) -> bool:
    """A block that stands on one line."""
    return group.selector is not None and len(_group_lines(group)) == 1


def _group_lines(group: _Group) -> list[str]:
    if group.selector is None:
        return _statements(group.rules, 0, True)
    head = f"on {selector_text(group.selector)}"
    if not group.rules:
        return [f"{head} {{}}"]
    inner = _statements(group.rules, _INDENT, False)
    if len(group.rules) == 1 and len(inner) == 1:
        line = f"{head} {{ {inner[0].strip()} }}"
        if len(line) <= WIDTH:
            return [line]
    return [f"{head} {{", *inner, "}"]


def _statements(rules: list[Rule], indent: int, top: bool) -> list[str]:
    """Statements with their effects, and what follows them, in columns."""
    pad = max(len(rule.effect) for rule in rules) + 1
    bodies = [_body(rule, top, WIDTH - indent - pad) for rule in rules]
    tails = [_tail(rule) for rule in rules]
    heads = [indent + pad + len(body[0]) for body in bodies]
    fitting = [
        head
        for head, body, tail in zip(heads, bodies, tails, strict=True)
        if tail and len(body) == 1 and head + 2 + len(tail) <= WIDTH
    ]
    column = max(fitting, default=0) + 2
    lines: list[str] = []
    for rule, body, tail in zip(rules, bodies, tails, strict=True):
        first = " " * indent + (rule.effect.ljust(pad) + body[0]).rstrip()
        rest = [" " * (indent + 4) + line for line in body[1:]]
        if tail and not rest and len(first) + 2 + len(tail) <= WIDTH:
            first = first.ljust(column if column + len(tail) <= WIDTH else len(first) + 2) + tail
        elif tail:
            rest.append(" " * (indent + 4) + tail)
        lines += [first, *rest]
    return lines


def _body(rule: Rule, top: bool, width: int) -> list[str]:
    """What stands between the effect and its tail, on one line or more."""
    subject = selector_text(rule.selector) if top else ""
    parts: list[str] = [subject] if subject else []
    if rule.effect in ("require", "limit"):
        lead = f"{subject}: " if subject else ""
        if rule.condition is not None:
            parts = condition_lines(rule.condition, width - len(lead))
        elif rule.limit is not None:
            parts = [limit_text(rule.limit)]
        parts[0] = lead + parts[0]
    if rule.when is not None:
        lines = condition_lines(rule.when, width - 5)
        lines[0] = f"when {lines[0]}"
        joined = f"{parts[-1]} {lines[0]}" if parts else lines[0]
        if not parts or (len(parts) == 1 and len(lines) == 1 and len(joined) <= width):
            parts = [joined, *lines[1:]]
        else:
            parts += lines
    return parts or [""]


def _tail(rule: Rule) -> str:
    parts = []
    if rule.by is not None:
        parts.append(f"by {quote(rule.by)}")
    if rule.reason is not None:
        parts.append(quote(rule.reason))
    if rule.named:
        parts.append(f"id {name_text(rule.id)}")
    if rule.severity is not None:
        parts.append(f"severity {rule.severity}")
    return " ".join(parts)
