"""accidental-shared-counter: one counter's name in limits that agree, and that count what was hardly meant to be one number."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.catalog.roles import AMOUNTS, key_of
from policyc.diagnostics import Finding, Related
from policyc.diagram.analysis import Witness
from policyc.diagram.reach import reach
from policyc.diagram.redundancy import duplicates
from policyc.ir.model import Limit, Rule
from policyc.ir.spelling import path_text
from policyc.lint.context import Context, RuleInfo
from policyc.lint.rules.limits.common import differences

RULE = RuleInfo(
    "PC312",
    "accidental-shared-counter",
    "warning",
    "limits that share a counter as was hardly meant",
    needs=("analysis",),
)


def check(ctx: Context) -> Iterator[Finding]:
    """One finding for each limit that counts a call a second time, sums another thing than the first limit of its counter, or meets a
    counter whose name was made from a rule's id. (Limits that disagree openly are shared-counter-mismatch's.)"""
    rules = ctx.analysis.rules
    by_counter: dict[str, list[int]] = {}
    for i, rule in enumerate(rules):
        if rule.limit is not None:
            by_counter.setdefault(rule.limit.counter, []).append(i)
    shared = {i: ids for ids in by_counter.values() if len(ids) > 1 for i in ids}
    twice = _twice(ctx, shared) if shared else {}
    again = duplicates(ctx.analysis) if shared else {}  # duplicate-rule says it
    for ids in by_counter.values():
        for n, i in enumerate(ids):
            for j in ids[:n]:
                first, second = rules[j].limit, rules[i].limit
                assert first is not None and second is not None
                if differences(first, second) or i in again:
                    continue
                found = _said(ctx, rules[j], first, rules[i], second, twice.get((j, i)))
                if found is not None:
                    yield found
                    break


def _twice(ctx: Context, shared: dict[int, list[int]]) -> dict[tuple[int, int], Witness]:
    """Pairs of limits on one counter that count one call, each with such a call."""
    analysis = ctx.analysis
    found: dict[tuple[int, int], Witness] = {}
    for tool, leaves in reach(analysis).outcomes.items():
        for leaf in leaves:
            several = [i for i in leaf.limits if i in shared]
            pairs = [(j, i) for n, i in enumerate(several) for j in several[:n] if i in shared[j]]
            if all(pair in found for pair in pairs):
                continue
            witness = analysis.find(tool, lambda end, leaf=leaf: end == leaf)  # type: ignore[misc]
            if witness is not None:
                found.update(dict.fromkeys((p for p in pairs if p not in found), witness))
    return found


def _said(ctx: Context, earlier: Rule, first: Limit, rule: Rule, limit: Limit, twice: Witness | None) -> Finding | None:
    if twice is not None:
        message = f"a call may be counted twice in `{limit.counter}`: by `{earlier.id}`, and here again"
        label, note = "counts such a call again", "counted by both limits, so the counter rises by two calls' worth"
        how = "give one of them a counter of its own (`as …`), or let only one of them select the tool"
    elif first.named != limit.named:
        made = earlier if not first.named else rule
        message = f"`{limit.counter}` is the written name of one counter, and the name made for the unnamed one of `{made.id}`"
        label, note = "the same counter", None
        how = "name both counters: a limit without a name is meant to have one of its own"
    elif first.amount is not None and limit.amount is not None and not _alike(first, limit):
        one, other = path_text(limit.amount), path_text(first.amount)
        message = f"counter `{limit.counter}` adds up `{one}` here and `{other}` there, which are hardly one quantity"
        label, note = "the same counter", None
        how = "give it a counter of its own; where both are meant, say why in a suppression"
    else:
        return None
    place = earlier.span if first.span is None else first.span
    return Finding(
        RULE.slug,
        message,
        limit.span or rule.span or ctx.place,
        label=label,
        related=() if place is None else (Related(place, "first used here"),),
        witness=None if twice is None else twice.as_json(),
        witness_note=note,
        help=how,
        route=rule.route or None,
    )


def _alike(a: Limit, b: Limit) -> bool:
    """Whether the amounts may be one quantity: arguments of one name, wherever they stand, or both amounts of money."""
    keys = {key_of(str(x.amount.steps[-1])) for x in (a, b) if x.amount is not None and x.amount.steps}
    return len(keys) == 1 or keys <= set(AMOUNTS)
