"""Rules that say nothing of their own: without them every call has the same effect, reason, approver and limits.

A rule matters only where it fires and none before it in its group does (denials, allows, approvals: the first that fires is the one that
counts). So the question "what does the policy do there without it" is small: which of the later rules of its group is the
first that fires. It is asked of all JSON, not only of arguments that fit a schema (a gateway may not validate). Liu and Gouda call
such rules downward redundant ("Complete redundancy detection in firewalls", 2005); upward redundant ones are unreachable.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Set
from operator import itemgetter

from policyc.diagram.analysis import OUTSIDE, Analysis
from policyc.diagram.formula import Formula, Predicate, Var, conj, disj, negation, predicates
from policyc.diagram.reach import reach
from policyc.diagram.specialise import OTHER_TOOL, Guarded, Tool, ToolProgram, asks_facts
from policyc.ir.model import AllOf, AnyOf, AnyTool, Except, Rule, Selector, ToolName
from policyc.ir.order import Width, width
from policyc.record import record, replace
from policyc.reference import Call, Outcome, decide

DENIALS = ("hide", "deny", "require")
MOST_TRIED = 5
"""Tools on which a call is tried before the question is asked."""
NONE: frozenset[int] = frozenset()
Leaves = Callable[[int], bool]
"""Whether another rule is deleted as well."""


def redundancies(analysis: Analysis) -> dict[int, tuple[int, ...]]:
    """Every redundant rule with the rules that do its work, as indexes in precedence order; computed once for an analysis.

    Each of them may be deleted alone, and all may be deleted together. Of rules that are redundant only because of each other the
    later one is named.
    """
    known = analysis.cache.get("redundancies")
    if isinstance(known, dict):
        return known
    out: dict[int, tuple[int, ...]] = {}
    for i in range(len(analysis.rules) - 1, -1, -1):
        if i in reach(analysis).effective and (others := redundant(analysis, i, out.keys())) is not None:
            out[i] = others
    analysis.cache["redundancies"] = out
    return out


def redundant(analysis: Analysis, rule: int, gone: Set[int] = NONE) -> tuple[int, ...] | None:
    """The rules that do a rule's work where it is deleted from the text, alone or together with those in `gone` and with all that decide
    nothing; None where a decision, a reason, an approver, a severity or a limit would change, or where that is undecided.

    No rule's place is taken only by what today's catalog says of tools (a tool that is listed tomorrow may need it). Limits are never
    redundant here: each counts.
    """
    subject, tools = analysis.rules[rule], reach(analysis).tools.get(rule, [])
    if subject.effect == "limit" or not reach(analysis).decided(rule) or not _deletable(analysis, subject):
        return None
    idle = _idle(analysis)

    def leaves(other: int) -> bool:
        return other in gone or other in idle

    if not any(_stands_in(analysis, tool, rule, leaves) for tool in tools) or not _keeps_order(analysis, rule, leaves):
        return None
    if any(_missed(analysis, tool, rule) for tool in tools[:MOST_TRIED]):
        return None
    taken = _taken(analysis, tools, rule, lambda _: False)
    if taken is None or not any(map(leaves, taken)):
        return taken
    return _taken(analysis, tools, rule, leaves)


def _missed(analysis: Analysis, tool: Tool, rule: int) -> bool:
    """Whether a call at hand is told otherwise without the rule: cheaper than the question, and nearly always enough for a no. Tried are
    a call that the rule decides, and its tested arguments in a call that no rule of the group speaks of."""
    decided = analysis.find(tool, lambda leaf: leaf.rule == rule, whole=False)
    if decided is None:
        return False
    policy = analysis.reaching(tool)
    rest = replace(policy, rules=tuple(r for r in policy.rules if r is not analysis.rules[rule]))
    calls, calm = [decided.call], _calm(analysis, tool, analysis.rules[rule].effect)
    if calm is not None:
        tested = {p.var[1][0] for p in predicates(analysis.guard(tool, rule)) if p.var[0] == "args" and p.var[1]}
        given = {k: v for k, v in decided.call.arguments.items() if k in tested}
        calls.append(
            replace(
                decided.call, arguments={**calm.arguments, **given}, context={**calm.context, **decided.call.context}
            )
        )
    return any(
        _told(decide(policy, call, analysis.facts)) != _told(decide(rest, call, analysis.facts)) for call in calls
    )


def _calm(analysis: Analysis, tool: Tool, effect: str) -> Call | None:
    """A call on which no rule of the effect's group fires; found once for a tool."""
    known = analysis.cache.setdefault("calm", {})
    assert isinstance(known, dict)
    key = (tool, effect == "allow")
    if key not in known:
        left = (lambda leaf: leaf.rule == -1) if effect == "allow" else (lambda leaf: leaf.effect == "allow")
        found = analysis.find(tool, left, whole=False)
        known[key] = None if found is None else found.call
    call = known[key]
    return call if isinstance(call, Call) else None


def _told(outcome: Outcome) -> tuple[object, ...]:
    """All that a caller is told."""
    rule = outcome.rule
    said = None if rule is None else (rule.reason, rule.by, rule.severity)
    return outcome.effect, said, outcome.hidden, [limit.id for limit in outcome.limits]


def _deletable(analysis: Analysis, rule: Rule) -> bool:
    """Whether deleting the rule's text deletes just the rule: not an allow that a block gives by standing there, nor one without which
    its block would give that. An allow under `default allow` is left alone: what the default says is another question."""
    if rule.effect != "allow":
        return True
    if rule.implied or analysis.policy.default == "allow":
        return False
    return not isinstance(rule.selector, ToolName) or rule.route.startswith(("allow[", "rules["))


def _taken(analysis: Analysis, tools: list[Tool], rule: int, leaves: Leaves) -> tuple[int, ...] | None:
    """What decides where the rule decided; None where that is told otherwise, or is undecided."""
    subject = analysis.rules[rule]
    taken: set[int] = set()
    asked: set[tuple[Guarded, ...]] = set()
    for tool in tools:
        question = _question(analysis, tool, rule, leaves)
        if question in asked:
            continue
        asked.add(question)
        first = analysis.first(tool, question)
        if first is None:
            return None
        taken |= first - {OUTSIDE.rule}
        if any(j < 0 or not _same(subject, analysis.rules[j]) for j in taken):
            return None
    return tuple(sorted(taken))


def _idle(analysis: Analysis) -> set[int]:
    """The rules that decide nothing, and not only because of which tools the catalog lists today."""
    known, found = analysis.cache.get("idle"), reach(analysis)
    if not isinstance(known, set):
        known = {
            i
            for i, r in enumerate(analysis.rules)
            if not r.implied and i not in found.effective and (r.effect != "allow" or covered_as_written(analysis, i))
        }
        analysis.cache["idle"] = known
    return known


def covered_as_written(analysis: Analysis, rule: int) -> bool:
    """Whether other allows hold wherever an allow does on tools that are not known yet, whatever a catalog will say of them."""
    selector = analysis.rules[rule].selector
    if asks_facts(selector):
        allows = (r.selector for i, r in enumerate(analysis.rules) if r.effect == "allow" and i != rule)
        return any(contains(other, selector) for other in allows)
    reached = OTHER_TOOL in reach(analysis).tools.get(rule, ())
    return not reached or not analysis.possible(OTHER_TOOL, alone_allowed(analysis, OTHER_TOOL, rule))


def alone_allowed(analysis: Analysis, tool: Tool, rule: int) -> Formula:
    """The formula for "of all allows, only this one holds"."""
    allows = analysis.program(tool).allows
    return conj((analysis.guard(tool, rule), *(negation(g.guard) for g in allows if g.rule != rule)))


def _stands_in(analysis: Analysis, tool: Tool, rule: int, leaves: Leaves) -> bool:
    """Whether a later rule of the group says the same: without one on any tool there is nothing to ask."""
    subject = analysis.rules[rule]
    return any(
        g.rule > rule and not leaves(g.rule) and _same(subject, analysis.rules[g.rule])
        for g in _group(analysis.program(tool), subject)
    )


def _keeps_order(analysis: Analysis, rule: int, leaves: Leaves) -> bool:
    """Whether the blocks keep their order. Blocks of one width stand in the order of their first rules, so without its first rule a block
    may come after another one, whose reasons are then the ones shown."""
    known = analysis.cache.get("written")
    if not isinstance(known, _Written):
        known = analysis.cache["written"] = _written(analysis)
    selector = analysis.rules[rule].selector
    block = known.blocks[selector]
    left = next((at for at, i in block if i != rule and not leaves(i)), None)
    if left is None:
        return True
    others = known.firsts[width(selector)]
    between = others[
        bisect_right(others, block[0][0], key=itemgetter(0)) : bisect_left(others, left, key=itemgetter(0))
    ]
    return all(_apart(selector, other) for _, other in between)


def _apart(selector: Selector, other: Selector) -> bool:
    """Whether no call meets both, for certain and at a look."""
    return isinstance(selector, ToolName) and isinstance(other, ToolName) and selector.name != other.name


@record
class _Written:
    """Where rules are written: by selector the places of its rules with their indexes, by width the blocks' first places."""

    blocks: dict[Selector, list[tuple[int, int]]]
    firsts: dict[Width, list[tuple[int, Selector]]]


def _written(analysis: Analysis) -> _Written:
    index = {id(rule): i for i, rule in enumerate(analysis.rules)}
    blocks: dict[Selector, list[tuple[int, int]]] = {}
    firsts: dict[Width, list[tuple[int, Selector]]] = {}
    for at, rule in enumerate(analysis.policy.rules):
        block = blocks.setdefault(rule.selector, [])
        if not block:
            firsts.setdefault(width(rule.selector), []).append((at, rule.selector))
        block.append((at, index[id(rule)]))
    return _Written(blocks, firsts)


def _question(analysis: Analysis, tool: Tool, rule: int, leaves: Leaves) -> tuple[Guarded, ...]:
    """What to ask for the first that holds of: where the rule does not matter, then the later rules of its group."""
    program, subject = analysis.program(tool), analysis.rules[rule]
    group = [g for g in _group(program, subject) if g.rule == rule or not leaves(g.rule)]
    aside: list[Formula] = [negation(analysis.guard(tool, rule))]
    if subject.effect not in DENIALS:
        aside.extend(g.guard for g in program.denials)
    if subject.effect == "approve" and program.default == "deny":
        aside.append(negation(disj(g.guard for g in program.allows)))
    own = next((n for n, g in enumerate(group) if g.rule == rule), len(group))
    aside.extend(g.guard for g in group[:own])
    return (*(Guarded(OUTSIDE.rule, f) for f in aside), *group[own + 1 :])


def _group(program: ToolProgram, rule: Rule) -> tuple[Guarded, ...]:
    """The rules among which the first that fires counts."""
    return {"allow": program.allows, "approve": program.approvals}.get(rule.effect, program.denials)


def _same(rule: Rule, other: Rule) -> bool:
    """Whether a caller is told the same by both, and both speak of the same tools whatever a catalog says."""
    if (rule.effect in DENIALS) != (other.effect in DENIALS) or (rule.effect == "hide") != (other.effect == "hide"):
        return False
    if (rule.reason, rule.by, rule.severity) != (other.reason, other.by, other.severity) or other.effect == "limit":
        return False
    if not (asks_facts(rule.selector) or asks_facts(other.selector)):
        return True
    return contains(other.selector, rule.selector)


def contains(outer: Selector, inner: Selector) -> bool:
    """Whether one selector plainly selects all that the other does, whatever a catalog says; False where that takes more than a look."""
    if outer == inner or isinstance(outer, AnyTool):
        return True
    if isinstance(inner, AnyOf):
        return all(contains(outer, item) for item in inner.items)
    if isinstance(outer, AnyOf) and any(contains(item, inner) for item in outer.items):
        return True
    if isinstance(outer, AllOf):
        return all(contains(item, inner) for item in outer.items)
    return isinstance(inner, AllOf) and any(contains(outer, item) for item in inner.items)


# --- the same rule twice -------------------------------------------------------------------------------------------


def duplicates(analysis: Analysis) -> dict[int, int]:
    """Every rule that says what an earlier one says (the same selector, effect, reason, approver, limit, and a condition of the same
    meaning), with the earlier one, as indexes in precedence order; computed once for an analysis."""
    known = analysis.cache.get("duplicates")
    if isinstance(known, dict):
        return known
    out: dict[int, int] = {}
    groups: dict[tuple[object, ...], list[int]] = {}
    for i, rule in enumerate(analysis.rules):
        if not rule.implied and i in reach(analysis).tools:
            groups.setdefault(_statement(rule), []).append(i)
    for group in groups.values():
        if len(group) > 1:
            out.update(_twice(analysis, group))
    analysis.cache["duplicates"] = out
    return out


def _twice(analysis: Analysis, group: list[int]) -> dict[int, int]:
    tool, effective = reach(analysis).tools[group[0]][0], reach(analysis).effective
    out: dict[int, int] = {}
    written: dict[object, int] = {}
    alike: dict[frozenset[Var], list[int]] = {}
    for i in group:
        guard = analysis.guard(tool, i)
        first = written.setdefault(_unordered(guard), i)
        if first != i:
            out[i] = first
            continue
        before = alike.setdefault(frozenset(p.var for p in predicates(guard)), [])
        if i not in effective or analysis.rules[i].limit is not None:  # the second of two never decides
            equal = (j for j in before if _equivalent(analysis, tool, guard, analysis.guard(tool, j)))
            if (j := next(equal, None)) is not None:
                out[i] = j
                continue
        before.append(i)
    return out


def _equivalent(analysis: Analysis, tool: Tool, one: Formula, other: Formula) -> bool:
    """Whether two formulas hold of the same calls, of all JSON."""
    return not any(
        analysis.possible(tool, conj((a, negation(b))), valid=False) for a, b in ((one, other), (other, one))
    )


def _statement(rule: Rule) -> tuple[object, ...]:
    """What a rule says besides its condition. A counter's name counts where the author wrote it."""
    limit = rule.limit
    counted = None if limit is None else (
        limit.counter if limit.named else None, limit.maximum, limit.window, limit.amount, limit.optional, limit.whole,
        limit.step, frozenset(limit.scope), limit.sliding,
    )  # fmt: skip
    return rule.effect, _any_order(rule.selector), rule.reason, rule.by, rule.severity, counted


def _any_order(selector: Selector) -> object:
    match selector:
        case AnyOf() | AllOf():
            return type(selector), frozenset(map(_any_order, selector.items))
        case Except():
            return Except, _any_order(selector.item)
    return selector


def _unordered(formula: Formula) -> object:
    if isinstance(formula, bool | Predicate):
        return formula
    return formula.op, frozenset(map(_unordered, formula.items))
