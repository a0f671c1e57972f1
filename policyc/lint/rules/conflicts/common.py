"""What the conflict rules share: names of rules for messages, and the conditions that are always or never true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyc.diagnostics import Related
from policyc.diagram.analysis import Analysis, Witness
from policyc.diagram.formula import Formula, at_least, at_most, conj, negation
from policyc.diagram.reach import covering, judgeable, needed, reach
from policyc.diagram.specialise import OTHER_TOOL, Tool, selected_at_least
from policyc.ir.model import And, Cond, Const, Not, Or, Rule, Test
from policyc.ir.names import selector_text
from policyc.lint.context import Context
from policyc.record import record

SLIPS = ("unknown-argument", "argument-type-mismatch", "value-not-in-enum")
"""Rules about tests that cannot mean what they say; what such a test does to other rules is not worth saying as well."""
MOST_OPERANDS = 30
"""Operands of one `and` or `or` that are judged one by one; of more, only the whole."""
MOST_TOOLS = 40
"""Tools looked at for one rule; a rule over more is judged on those (and on any other tool)."""


def named(rules: Iterable[Rule]) -> str:
    """Rules by their ids, at most three of them; the allow that a block gives by standing there is called the block."""
    ids = [f"the block for `{selector_text(r.selector)}`" if r.implied else f"`{r.id}`" for r in rules]
    if len(ids) > 3:
        return f"{', '.join(ids[:3])} and {len(ids) - 3} more"
    return ids[0] if len(ids) == 1 else f"{', '.join(ids[:-1])} and {ids[-1]}"


def related(rules: Iterable[Rule], label: str) -> tuple[Related, ...]:
    """The rules' places, for those that have one."""
    return tuple(Related(r.span, label) for r in rules if r.span is not None)[:6]


def tools_of(ctx: Context, rule: int) -> list[Tool]:
    """The tools that a rule reaches and that can be judged, any other tool first, at most MOST_TOOLS."""
    analysis, selector = ctx.analysis, ctx.analysis.rules[rule].selector
    out: list[Tool] = []
    for tool in reach(analysis).tools.get(rule, []):
        if len(out) == MOST_TOOLS:
            break
        if judgeable(analysis, tool) and analysis.possible(tool, selected_at_least(selector, tool, 1, analysis.facts)):
            out.append(tool)
    return out


def covered(ctx: Context, rule: int) -> tuple[list[Tool], dict[int, set[str]]]:
    """The tools on which a rule fires, and what decides the calls that it fires on (`covering`): empty where there are none, or that
    is undecided."""
    analysis = ctx.analysis
    tools = [t for t in tools_of(ctx, rule) if analysis.possible(t, analysis.guard(t, rule))]
    return tools, (covering(analysis, rule, tools) if tools else None) or {}


def coverers(ctx: Context, rule: int, tools: list[Tool], covers: Iterable[int]) -> list[Rule]:
    """Those of the deciding rules that it takes to cover a rule; the default, -1, is none."""
    return [ctx.analysis.rules[j] for j in needed(ctx.analysis, rule, tools, sorted(j for j in covers if j >= 0))]


def example(ctx: Context, rule: int, tools: list[Tool]) -> Witness | None:
    """A call that a rule fires on, whatever decides it."""
    analysis = ctx.analysis
    return next((w for t in tools if (w := analysis.find(t, lambda leaf: True, analysis.guard(t, rule)))), None)


def decider(rule: Rule | None) -> str:
    """Who decided, for a note."""
    return "the default" if rule is None else f"`{rule.id}`"


@record
class Verdict:
    """A condition of a rule that is always or never true. `by_schema`: only for arguments that fit the tool's schema."""

    rule: Rule
    cond: Cond
    always: bool
    whole: bool
    by_schema: bool


def verdicts(ctx: Context) -> list[Verdict]:
    """Every condition that is always or never true, the outermost only; computed once a policy."""
    known = ctx.analysis.cache.get("verdicts")
    if isinstance(known, list):
        return known
    found = [v for i, rule in enumerate(ctx.analysis.rules) for v in _rule_verdicts(ctx, i, rule)]
    ctx.analysis.cache["verdicts"] = found
    return found


def _rule_verdicts(ctx: Context, index: int, rule: Rule) -> Iterator[Verdict]:
    tools = tools_of(ctx, index)
    truth = 2 if rule.effect == "allow" else 1
    if not tools and index in reach(ctx.analysis).tools:
        return  # on no tool that can be judged
    if not tools:  # the guard is false by itself for every tool
        tools = [OTHER_TOOL]
    for cond, positive in ((rule.when, True), (rule.condition, False)):
        if cond is None or isinstance(cond, Const):
            continue
        agreed: dict[int, tuple[Cond, bool, bool]] | None = None
        # a requirement matters where the rule's `when` holds
        context = True if positive or rule.when is None else at_least(rule.when, truth)
        for tool in tools:
            if not ctx.analysis.possible(tool, context):
                continue
            judged = _judge(ctx.analysis, tool, cond, truth, positive, context)
            here = {id(c): (c, always, schema) for c, always, schema in judged}
            if agreed is None:
                agreed = here
            else:
                agreed = {
                    k: (c, a, s or here[k][2]) for k, (c, a, s) in agreed.items() if k in here and here[k][1] == a
                }
            if not agreed:
                break
        for inner, always, by_schema in (agreed or {}).values():
            yield Verdict(rule, inner, always, inner is cond, by_schema)


def _judge(
    analysis: Analysis, tool: Tool, cond: Cond, truth: int, positive: bool, context: Formula
) -> Iterator[tuple[Cond, bool, bool]]:
    """Conditions with (always, by schema), outermost first found. `positive`: the rule fires when `cond` is at least `truth`;
    otherwise when its negation is."""
    formula = at_least(cond, truth) if positive else at_most(cond, 2 - truth)
    for value, asked in ((False, formula), (True, negation(formula))):
        region = conj((context, asked))
        if not analysis.possible(tool, region):
            yield cond, value is positive, analysis.possible(tool, region, valid=False)
            return
    match cond:
        case Not():
            yield from _judge(analysis, tool, cond.item, truth, not positive, context)
        case And() | Or() if len(cond.items) <= MOST_OPERANDS:
            together = isinstance(cond, And) == positive
            for item in cond.items:
                yield from _judge(analysis, tool, item, truth, positive, context)
                part = at_least(item, truth) if positive else at_most(item, 2 - truth)
                context = conj((context, part if together else negation(part)))


def text_of(cond: Cond) -> str:
    """The condition as written, when it is short and in one line."""
    if cond.span is None:
        return "this condition" if not isinstance(cond, Test) else "this test"
    text = " ".join(cond.span.text.split())
    return f"`{text}`" if len(text) <= 60 else ("this test" if isinstance(cond, Test) else "this condition")
