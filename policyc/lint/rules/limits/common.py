"""What the limit rules share: risky tools that some path allows, grouped by the rule that allows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from policyc.catalog.model import Tool
from policyc.diagnostics import Finding
from policyc.diagram.analysis import Witness
from policyc.diagram.build import Leaf
from policyc.diagram.reach import reach
from policyc.ir.model import WINDOWS, Limit, Rule
from policyc.lint.context import Context
from policyc.record import field, record

MOST_TOOLS = 40


@record(frozen=False)
class Group:
    """Tools that one rule (None: the default) lets through in some way, with a call that shows it for the first."""

    rule: Rule | None
    tools: list[Tool] = field(default_factory=list)
    witness: Witness | None = None


def let_through(ctx: Context, risky: Callable[[Tool], bool], wanted: Callable[[Leaf], bool]) -> list[Group]:
    """The catalog's risky tools for which some valid call ends in a wanted leaf, grouped by the deciding rule."""
    assert ctx.catalog is not None
    analysis = ctx.analysis
    found = reach(analysis)
    groups: dict[int, Group] = {}
    seen: set[tuple[int, str]] = set()
    for tool in ctx.catalog.tools:
        if not risky(tool) or tool.name not in found.outcomes:
            continue
        for leaf in sorted(found.outcomes[tool.name], key=lambda leaf: (leaf.rule, leaf.effect, leaf.limits)):
            if not wanted(leaf) or (leaf.rule, tool.name) in seen:
                continue
            witness = analysis.find(tool.name, lambda end, leaf=leaf: end == leaf)  # type: ignore[misc]
            if witness is None:
                continue
            seen.add((leaf.rule, tool.name))
            rule = None if leaf.rule < 0 else analysis.rules[leaf.rule]
            group = groups.setdefault(leaf.rule, Group(rule, witness=witness))
            group.tools.append(tool)
    return [groups[k] for k in sorted(groups)]


def listed(names: Iterable[str]) -> str:
    """Names for a message, at most four of them."""
    unique = sorted(set(names))
    shown = ", ".join(f"`{n}`" for n in unique[:4])
    return shown if len(unique) <= 4 else f"{shown} and {len(unique) - 4} more"


def seconds(window: str | int) -> int:
    """The length of a window in seconds (a month: 30 days)."""
    return WINDOWS[window] if isinstance(window, str) else window


def written(limit: Limit) -> str:
    """The limit in the DSL's words."""
    span = f"per {limit.window}" if isinstance(limit.window, str) else f"per {limit.window} seconds"
    sliding = " sliding" if limit.sliding else ""
    scope = f" by {', '.join(limit.scope)}"
    if limit.amount is None:
        return f"`{limit.maximum} {span}{sliding}{scope}`"
    path = ".".join(str(s) for s in (limit.amount.root, *limit.amount.steps))
    return f"`sum {path} <= {limit.maximum} {span}{sliding}{scope}`"


def finding(ctx: Context, slug: str, group: Group, message: str, label: str, note: str, help: str) -> Finding:
    """The finding about a group, at the rule that lets its tools through."""
    first = group.tools[0]
    span = ctx.policy.default_span if group.rule is None else group.rule.span
    return Finding(
        slug,
        message,
        span or ctx.place,
        label=label,
        witness=None if group.witness is None else group.witness.as_json(),
        witness_note=f"{note}; `{first.name}` is {first.risk.category}: {'; '.join(first.risk.evidence[:2])}",
        help=help,
        route=None if group.rule is None else group.rule.route or None,
    )


def allowed_by(group: Group, what: str, plural: str) -> str:
    """ "`x` (write) is allowed WHAT", or "RULE allows 3 PLURAL WHAT: …" for several tools."""
    names = {t.name for t in group.tools}
    who = "the default" if group.rule is None else f"`{group.rule.id}`"
    if len(names) > 1:
        return f"{who} allows {len(names)} {plural} {what}: {listed(names)}"
    by = "" if group.rule is not None and group.rule.implied else f" by {who}"
    return f"`{group.tools[0].name}` ({group.tools[0].risk.category}) is allowed {what}{by}"
