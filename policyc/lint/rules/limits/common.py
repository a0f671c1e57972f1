"""What the limit rules share: risky tools that some path allows, grouped by the rule that allows them; limits in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from policyc.catalog.model import Catalog, Tool
from policyc.diagnostics import Finding
from policyc.diagram.analysis import Witness
from policyc.diagram.build import Leaf
from policyc.diagram.formula import SERVER, Formula, Predicate, Probe, conj, predicate
from policyc.diagram.reach import reach
from policyc.ir.model import Limit, Path, Rule, Test
from policyc.ir.spelling import path_text
from policyc.lint.context import Context
from policyc.record import field, record

MOST_TOOLS = 40


@record(frozen=False)
class Group:
    """Tools that one rule (None: the default) lets through in some way, with a call that shows it for the first."""

    rule: Rule | None
    tools: list[Tool] = field(default_factory=list)
    witness: Witness | None = None


Narrow = Callable[[Tool, Formula], Formula]


def let_through(
    ctx: Context,
    risky: Callable[[str], bool],
    wanted: Callable[[Leaf], bool],
    narrow: Narrow = lambda _, region: region,
) -> list[Group]:
    """The catalog's tools of a risky category for which some valid call ends in a wanted leaf, grouped by the deciding rule.

    Of a tool with several operations only calls to the risky ones count. `narrow` may narrow a tool's region further; False
    spares the tool.
    """
    assert ctx.catalog is not None
    analysis = ctx.analysis
    found = reach(analysis)
    groups: dict[int, Group] = {}
    for tool in ctx.catalog.tools:
        if not risky(tool.risk.category):
            continue
        ends = sorted(
            filter(wanted, found.outcomes.get(tool.name, ())), key=lambda leaf: (leaf.rule, leaf.effect, leaf.limits)
        )
        region = narrow(tool, region_of(ctx.catalog, tool, risky)) if ends else False
        if region is False:
            continue
        seen: set[int] = set()
        for leaf in ends:
            if leaf.rule in seen:
                continue
            witness = analysis.find(tool.name, lambda end, leaf=leaf: end == leaf, region)  # type: ignore[misc]
            if witness is None:
                continue
            seen.add(leaf.rule)
            rule = None if leaf.rule < 0 else analysis.rules[leaf.rule]
            group = groups.setdefault(leaf.rule, Group(rule, witness=witness))
            group.tools.append(tool)
    return [groups[k] for k in sorted(groups)]


def region_of(catalog: Catalog, tool: Tool, risky: Callable[[str], bool]) -> Formula:
    """The calls that are to this tool, not to one of its name on another server, and that choose a risky operation of it. An
    operation that the catalog does not know is taken for a risky one; a tool without any is taken whole."""
    parts: list[Formula] = []
    if len(catalog.by_name(tool.name)) > 1:
        parts.append(Predicate(SERVER, Probe("in", (tool.server,), 2, 0), 0b100))
    operations = tool.risk.operations
    dangerous = {o.value for o in operations if risky(o.category)}
    harmless = tuple(o.value for o in operations if o.value not in dangerous)
    if dangerous and harmless:
        path = Path("args", (operations[0].argument,))
        parts.append(predicate(Test(path, "in", harmless), 0b011))
    return conj(parts)


def differences(a: Limit, b: Limit) -> list[str]:
    """What two limits on one counter do not agree about, for a message."""
    out = []
    if (a.window, a.sliding) != (b.window, b.sliding):
        out.append("the window")
    if a.maximum != b.maximum:
        out.append("the maximum")
    if set(a.scope) != set(b.scope):
        out.append("the scope")
    if (a.amount is None) != (b.amount is None):
        out.append("what is counted")
    return out


def negative_call(ctx: Context, index: int) -> Witness | None:
    """A valid call that passes, counted by this sum limit with an amount below zero. Looked for once."""
    known: dict[int, Witness | None] = ctx.analysis.cache.setdefault("negative amounts", {})  # type: ignore[assignment]
    if index not in known:
        known[index] = _negative_call(ctx, index)
    return known[index]


def _negative_call(ctx: Context, index: int) -> Witness | None:
    analysis, limit = ctx.analysis, ctx.analysis.rules[index].limit
    assert limit is not None and limit.amount is not None
    negative = predicate(Test(limit.amount, "<", 0), 0b100)
    for tool in reach(analysis).tools.get(index, [])[:MOST_TOOLS]:
        witness = analysis.find(tool, lambda leaf: index in leaf.limits, negative)
        if witness is not None:
            return witness
    return None


def listed(names: Iterable[str]) -> str:
    """Names for a message, at most four of them."""
    unique = sorted(set(names))
    shown = ", ".join(f"`{n}`" for n in unique[:4])
    return shown if len(unique) <= 4 else f"{shown} and {len(unique) - 4} more"


def written(limit: Limit) -> str:
    """The limit in the DSL's words."""
    span = f"per {limit.window}" if isinstance(limit.window, str) else f"per {limit.window} seconds"
    sliding = " sliding" if limit.sliding else ""
    scope = f" by {', '.join(limit.scope)}"
    if limit.amount is None:
        step = f" step {limit.step:_}" if limit.step != 1 else ""
        return f"`{limit.maximum:_}{step} {span}{sliding}{scope}`"
    path = path_text(limit.amount) + ("?" if limit.optional else "")
    return f"`sum {'whole ' if limit.whole else ''}{path} <= {limit.maximum:_} {span}{sliding}{scope}`"


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
    return f"`{group.tools[0].name}` ({group.tools[0].risk.category}) is allowed {what}{by}{_operation(group)}"


def _operation(group: Group) -> str:
    """The operation that the witness chooses, of a tool that has several."""
    operations = group.tools[0].risk.operations
    if not operations or group.witness is None:
        return ""
    chosen = group.witness.call.arguments.get(operations[0].argument)
    named = any(o.value == chosen for o in operations)
    return f", as with `{operations[0].argument}` `{chosen}`" if named else ""


def bounds(probe: Probe) -> Iterator[int | float]:
    """The numbers that a test compares a value itself with: not its length, and not its elements."""
    if probe.length or probe.quantifier is not None:
        return
    for value in probe.value if isinstance(probe.value, tuple) else (probe.value,):
        if type(value) in (int, float):
            yield value
