"""Rules that say nothing of their own: without them every call has the same effect, reason, approver and limits.

A rule matters only where it fires and none before it in its group does (denials, allows, approvals: the first that fires is the one that
counts). So the question "what does the policy do there without it" is small: which of the later rules of its group is the
first that fires. It is asked of all JSON, not only of arguments that fit a schema (a gateway may not validate). Liu and Gouda call
such rules downward redundant ("Complete redundancy detection in firewalls", 2005); upward redundant ones are unreachable.
"""

from __future__ import annotations

from policyc.diagram.analysis import OUTSIDE, Analysis
from policyc.diagram.formula import Formula, Predicate, Var, conj, disj, negation, predicates
from policyc.diagram.reach import reach
from policyc.diagram.specialise import Guarded, Tool, ToolProgram, asks_facts
from policyc.ir.model import AllOf, AnyOf, AnyTool, Except, Rule, Selector

DENIALS = ("hide", "deny", "require")
NOBODY: frozenset[int] = frozenset()


def redundancies(analysis: Analysis) -> dict[int, tuple[int, ...]]:
    """Every redundant rule with the rules that do its work, as indexes in precedence order; computed once for an analysis.

    All of them may be deleted together: a rule counts as gone once it is in the answer, and so does one that decides nothing. Of
    rules that are redundant only because of each other the later one is named. Rules are not named while it is undecided.
    """
    known = analysis.cache.get("redundancies")
    if isinstance(known, dict):
        return known
    found = reach(analysis)
    idle = {i for i, r in enumerate(analysis.rules) if not r.implied and i not in found.effective and found.decided(i)}
    out: dict[int, tuple[int, ...]] = {}
    for i in range(len(analysis.rules) - 1, -1, -1):
        if i in found.effective and (others := redundant(analysis, i, frozenset(idle | out.keys()))) is not None:
            out[i] = others
    analysis.cache["redundancies"] = out
    return out


def redundant(analysis: Analysis, rule: int, gone: frozenset[int] = NOBODY) -> tuple[int, ...] | None:
    """The rules that do a rule's work where it is deleted; None where a decision, a reason, an approver or a limit would change, or
    where that is undecided. Rules in `gone` count as deleted already. Empty: it decides no call at all.

    A rule whose place is only taken by what today's catalog says of tools is kept: a tool that is listed tomorrow may need it.
    Limits are never redundant here (each counts), nor is the allow that a tool's own block gives.
    """
    subject, tools = analysis.rules[rule], reach(analysis).tools.get(rule, [])
    if subject.implied or subject.effect == "limit" or not reach(analysis).decided(rule):
        return None
    if subject.effect == "allow" and analysis.policy.default == "allow":
        return None  # the default decides instead, and it has no reason: that is another question
    if not any(_stands_in(analysis, tool, rule, gone) for tool in tools):
        return None
    taken: set[int] = set()
    asked: set[tuple[Guarded, ...]] = set()
    for tool in tools:
        question = _question(analysis, tool, rule, gone)
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


def _stands_in(analysis: Analysis, tool: Tool, rule: int, gone: frozenset[int]) -> bool:
    """Whether a later rule of the group says the same: without one on any tool there is nothing to ask."""
    subject = analysis.rules[rule]
    later = _group(analysis.program(tool), subject)
    return any(g.rule > rule and g.rule not in gone and _same(subject, analysis.rules[g.rule]) for g in later)


def _question(analysis: Analysis, tool: Tool, rule: int, gone: frozenset[int]) -> tuple[Guarded, ...]:
    """What to ask for the first that holds of: where the rule does not matter, then the later rules of its group."""
    program, subject = analysis.program(tool), analysis.rules[rule]
    group = [g for g in _group(program, subject) if g.rule not in gone]
    aside: list[Formula] = [negation(analysis.guard(tool, rule))]
    if subject.effect not in DENIALS:
        aside.extend(g.guard for g in program.denials if g.rule not in gone)
    if subject.effect == "approve" and program.default == "deny":
        aside.append(negation(disj(g.guard for g in program.allows if g.rule not in gone)))
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
    return formula[0], frozenset(map(_unordered, formula[1:]))
