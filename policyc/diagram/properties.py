"""Whether a policy fulfils a property: proved for every call, or refuted by one. docs/verify.md says what each kind means.

A property is a region (its selector and condition as one guard in front of the program) and the outcomes that must not be
reached in it. What the region's diagram cannot reach is proved; what it reaches is a violation only once a call has been
replayed through the reference, which is asked about the property too. Between the two, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from policyc.catalog.model import Catalog
from policyc.diagram.analysis import OUTSIDE, Analysis, Witness
from policyc.diagram.base_policy import widening
from policyc.diagram.bounds import Counted, counters, keeps_to
from policyc.diagram.build import Leaf
from policyc.diagram.formula import SERVER, TOOL, Formula, Predicate, Probe, at_least, conj, disj, negation, predicates
from policyc.diagram.search import leaves
from policyc.diagram.sides import Decided
from policyc.diagram.specialise import OTHER_TOOL, Tool, collect_names, selected_at_least
from policyc.ir.facts import Facts
from policyc.ir.model import AnyTool, Limit, Policy, Property, Selector, Test, ToolName, Truth
from policyc.record import field, record, replace
from policyc.reference import Call, decide, evaluate, selects
from policyc.runtime.patterns import glob_match

Status = Literal["proved", "violated", "not decided"]
Wanted = Callable[[Leaf], bool]
MOST_EXCLUDED = 500
"""Most tool names kept out of what is asked of any other tool; beyond it an example may be one of them, and is not shown."""
MOST_NAMED = 3
LONGEST_NAME = 60
"""Limits named in a sentence, and how much of a name that was made from a long selector."""
_RESTRICTIVE, _SURE = 1, 2
_DONE = {"allow": "allowed", "approve": "held for approval", "deny": "denied"}


@record
class Verdict:
    """What was found of one property.

    `why`: for a violation what the counterexample shows, else why it is not decided. `valid`: the counterexample's
    arguments fit the tool's schema, as far as that is read. `notes`: what should be known of a property that holds.
    """

    property: Property
    status: Status
    why: str = ""
    witness: Witness | None = None
    valid: bool = True
    notes: tuple[str, ...] = ()


@record(frozen=False)
class _Search:
    """What has been found so far, over the tools. `reached`: outcomes in the region (a superset)."""

    refuted: Verdict | None = None  # by a call that does not fit its schema: one that does is looked for
    open: list[str] = field(default_factory=list)
    reached: set[Leaf] = field(default_factory=set)


class Prover:
    """Judges properties of one policy. It has diagrams of its own, so that what is asked here takes no budget from lint rules."""

    def __init__(self, policy: Policy, facts: Facts, catalog: Catalog | None = None) -> None:
        self.policy, self.facts, self.catalog = policy, facts, catalog
        self.analysis = Analysis(policy, facts, catalog)

    def judge(self, prop: Property) -> Verdict:
        """The verdict on one property. Raises nothing: what goes wrong is a reason for not deciding."""
        if prop.kind == "no wider":
            return self._no_wider(prop)
        if prop.kind == "limited":
            return self._limited(prop)
        if prop.kind == "allow":
            return self._surely_allowed(prop)
        if prop.kind == "never":
            return self._never(prop, _with(prop.effect))
        if prop.effect == "deny":
            return self._never(prop, lambda leaf: leaf.effect != "deny")
        verdict = self._never(prop, _with("allow"))
        return self._some_approved(prop) if verdict.status == "proved" else verdict

    # --- kinds -----------------------------------------------------------------------------------------------------

    def _never(self, prop: Property, bad: Wanted) -> Verdict:
        """No call of the region, read restrictively, has a bad outcome."""
        found = _Search()
        for tool in self._tools(prop):
            region = self._region(prop, tool, _RESTRICTIVE)
            refuted = self._refute(prop, tool, region, bad, found)
            if refuted is not None:
                return refuted
        return self._concluded(prop, found)

    def _surely_allowed(self, prop: Property) -> Verdict:
        """Every call of the sure region that fits its schema is allowed."""
        found = _Search()
        for tool in self._tools(prop):
            region = self._valid(tool, self._region(prop, tool, _SURE))
            refuted = self._refute(prop, tool, region, lambda leaf: leaf.effect != "allow", found)
            if refuted is not None:
                return refuted
        return self._concluded(prop, found)

    def _some_approved(self, prop: Property) -> Verdict:
        """Of the calls in the sure region that fit their schema, if there are any, one is held."""
        found, denied = _Search(), None
        for tool in self._tools(prop):
            region = self._valid(tool, self._region(prop, tool, _SURE))
            reached = self._reached(tool, region, found)
            for effect in ("approve", "deny"):
                if not any(leaf.effect == effect for leaf in reached) or (effect == "deny" and denied is not None):
                    continue
                witness = self._witness(prop, tool, region, _with(effect), _SURE)
                if witness is None:
                    found.open.append(_no_call(tool))
                elif effect == "approve":
                    return Verdict(prop, "proved", notes=tuple(self._notes(prop, found)))
                else:
                    denied = witness
        if denied is None or found.open:
            return self._concluded(prop, found)
        why = "every call that it speaks of is denied, this one too, so none is ever held"
        return Verdict(prop, "violated", why, denied)

    def _limited(self, prop: Property) -> Verdict:
        """For each tool there is one counter that every call of the region that is not denied adds to, and that keeps them to the
        bound by itself."""
        bound = prop.limit
        assert bound is not None
        found = _Search()
        for tool in self._tools(prop):
            region = self._region(prop, tool, _RESTRICTIVE)
            passing = [leaf for leaf in self._reached(tool, region, found) if leaf.effect != "deny"]
            if not passing:
                continue
            reserved = sorted({i for leaf in passing for i in leaf.limits})
            limits = [(i, limit) for i in reserved if (limit := self.analysis.rules[i].limit) is not None]
            negative = bound.amount is not None and self._negative(tool, region, bound)
            counted = counters(limits)
            suitable = [
                c.rules for c in counted if keeps_to(c, bound, negative) and not self._refilled(tool, region, c)
            ]
            if any(all(rules.intersection(leaf.limits) for leaf in passing) for rules in suitable):
                continue
            refuted = self._uncounted(prop, tool, region, suitable, found)
            if refuted is not None:
                taken_back = any(keeps_to(c, bound, negative=False) and c.rules not in suitable for c in counted)
                return replace(refuted, why=f"{refuted.why}, {_unbounded(tool, refuted, suitable, taken_back)}")
        return self._concluded(prop, found)

    def _uncounted(
        self, prop: Property, tool: Tool, region: Formula, suitable: list[frozenset[int]], found: _Search
    ) -> Verdict | None:
        """A call that no suitable limit counts; where each is counted by some, for every one of them a call that it does not count.
        None, with the reason noted, where such calls could not be made."""
        every = frozenset[int]().union(*suitable)
        one = self._uncounted_by(prop, tool, region, every)
        if one is None:
            each = [self._uncounted_by(prop, tool, region, rules) for rules in suitable]
            one = each[0] if each and None not in each else None
        if one is None:
            found.open.append(_no_call(tool))
        return one

    def _uncounted_by(self, prop: Property, tool: Tool, region: Formula, rules: frozenset[int]) -> Verdict | None:
        """A call that is not denied and reserves none of the limits."""
        found = _Search()
        refuted = self._refute(
            prop, tool, region, lambda leaf: leaf.effect != "deny" and not rules.intersection(leaf.limits), found
        )
        return refuted or found.refuted

    def _negative(self, tool: Tool, region: Formula, bound: Limit) -> bool:
        """Whether a call that is not denied may add an amount below 0."""
        assert bound.amount is not None
        below = conj((region, at_least(Test(bound.amount, "<", 0), _SURE)))
        diagram = self.analysis.diagram(tool, below)
        return diagram is None or any(leaf.effect != "deny" for leaf in leaves(diagram))

    def _refilled(self, tool: Tool, region: Formula, counted: Counted) -> bool:
        """Whether an amount below 0 of which the property does not speak may make room in the counter: by another tool, another
        limit that adds to it, or another call."""
        first, analysis = counted.limits[0], self.analysis
        for i, rule in enumerate(analysis.rules):
            limit = rule.limit
            if limit is None or limit.amount is None or limit.counter != first.counter:
                continue
            below = at_least(Test(limit.amount, "<", 0), _SURE)
            for where in analysis.tools:
                own = where == tool and i in counted.rules and limit.amount == first.amount
                asked = conj((analysis.guard(where, i), below, negation(region) if own else True))
                if asked is False:
                    continue
                diagram = analysis.diagram(where, asked)
                if diagram is None or any(leaf.effect != "deny" and i in leaf.limits for leaf in leaves(diagram)):
                    return True
        return False

    def _no_wider(self, prop: Property) -> Verdict:
        change, open_reason = widening(self.analysis, prop)
        if change is not None:
            witness = Witness(change.witness, decide(self.policy, change.witness, self.facts))
            why = f"{_shows(witness)}; by `{prop.file}` {_other(change.old)}"
            return Verdict(prop, "violated", why, witness, valid=change.valid)
        return Verdict(prop, "proved") if open_reason is None else Verdict(prop, "not decided", open_reason)

    # --- regions ---------------------------------------------------------------------------------------------------

    def _tools(self, prop: Property) -> Iterator[Tool]:
        """Every tool that the policy, the catalog or the property names, and any other tool."""
        yield from sorted(self._named(prop))
        yield OTHER_TOOL

    def _named(self, prop: Property) -> set[str]:
        names = {tool for tool in self.analysis.tools if isinstance(tool, str)} | set(self.facts.tools)
        collect_names(_selector(prop), names)
        return names

    def _region(self, prop: Property, tool: Tool, truth: int) -> Formula:
        """The calls to a tool of which the property speaks with at least this truth (`speaks_of`)."""
        selected = selected_at_least(_selector(prop), tool, truth, self.facts)
        homes = _homes(tool, self.facts) if isinstance(tool, str) else frozenset()
        if homes and truth < _SURE:
            sure = selected_at_least(_selector(prop), tool, _SURE, self.facts)
            home = Predicate(SERVER, Probe("in", tuple(sorted(homes)), _SURE, 0), 0b100)
            selected = selected if selected == sure else conj((selected, disj((home, sure))))
        parts = [selected]
        if prop.when is not None:
            parts.append(at_least(prop.when, truth))
        region = conj(parts)
        if isinstance(tool, str) or region is False:
            return region
        program = self.analysis.program(tool)
        guards = (
            g.guard for group in (program.denials, program.allows, program.approvals, program.limits) for g in group
        )
        globs = {p.probe.value for guard in (region, *guards) for p in predicates(guard) if p.var == TOOL}
        matches = [glob_match(pattern) for pattern in globs]
        named = tuple(sorted(n for n in self._named(prop) if any(m(n) for m in matches)))
        if not named or len(named) > MOST_EXCLUDED:
            return region
        return conj((Predicate(TOOL, Probe("in", named, 0, 0), 0b001), region))

    def _valid(self, tool: Tool, region: Formula) -> Formula:
        """The part of a region whose arguments fit the tool's schema, those too that only the property looks at."""
        if region is False:
            return False
        return conj((self.analysis.schema(tool, region), region))

    def _reached(self, tool: Tool, region: Formula, found: _Search) -> set[Leaf]:
        """The outcomes of a region, noted in `found`; none, with the reason noted, where it is over budget."""
        if region is False:
            return set()
        diagram = self.analysis.diagram(tool, region)
        if diagram is None:
            found.open.append(f"`{tool}`: {self.analysis.undecided.get(str(tool), 'more than the budget')}")
            return set()
        reached = leaves(diagram) - {OUTSIDE}
        found.reached |= reached
        return reached

    # --- counterexamples -------------------------------------------------------------------------------------------

    def _refute(self, prop: Property, tool: Tool, region: Formula, bad: Wanted, found: _Search) -> Verdict | None:
        """The verdict where a call of the region that fits its schema has a bad outcome; what else is found is noted."""
        if not any(bad(leaf) for leaf in self._reached(tool, region, found)):
            return None
        truth = _SURE if prop.kind == "allow" else _RESTRICTIVE
        witness = self._witness(prop, tool, self._valid(tool, region), bad, truth)
        if witness is not None:
            return Verdict(prop, "violated", _shows(witness), witness)
        if found.refuted is None:
            witness = self._witness(prop, tool, region, bad, truth, valid=False)
            if witness is None:
                found.open.append(_no_call(tool))
            else:
                found.refuted = Verdict(prop, "violated", _shows(witness), witness, valid=False)
        return None

    def _witness(
        self, prop: Property, tool: Tool, region: Formula, wanted: Wanted, truth: int, *, valid: bool = True
    ) -> Witness | None:
        """A call of the region with a wanted outcome, judged by the reference alone: the whole policy, and whether the property
        speaks of it with at least this truth."""
        for found in self.analysis.witnesses(tool, wanted, region, valid=valid):
            call = found.call
            outcome = decide(self.policy, call, self.facts)
            if outcome.effect == found.outcome.effect and speaks_of(prop, call, self.facts) >= truth:
                return Witness(call, outcome)
        return None

    def _concluded(self, prop: Property, found: _Search) -> Verdict:
        """The verdict when no tool refuted the property by a call that fits its schema."""
        if found.refuted is not None:
            return found.refuted
        if found.open:
            more = f", and {len(found.open) - 1} more" if len(found.open) > 1 else ""
            return Verdict(prop, "not decided", found.open[0] + more)
        return Verdict(prop, "proved", notes=tuple(self._notes(prop, found)))

    def _notes(self, prop: Property, found: _Search) -> Iterator[str]:
        selector = _selector(prop)
        if self.catalog is not None and not isinstance(selector, AnyTool):
            calls = (Call(t.name, server=t.server) for t in self.catalog.tools)
            if not any(selects(selector, call, self.facts) is Truth.TRUE for call in calls):
                yield "selects none of the catalog's tools"
                return
        if not found.reached:
            yield "no call is one that it speaks of"
        elif (
            self.catalog is None
            and isinstance(selector, ToolName)
            and selector.name not in self.analysis.specialiser.named_tools
        ):
            yield "no rule names this tool, and no catalog says whether it exists"


def speaks_of(prop: Property, call: Call, facts: Facts) -> Truth:
    """How sure it is that a property speaks of a call, by the reference.

    A tool that the catalog has, called on a server that does not have it, is spoken of only where the selector surely selects it:
    whoever allows a known tool by its name is not asked what category it might have elsewhere.
    """
    selected = selects(_selector(prop), call, facts)
    homes = _homes(call.tool, facts)
    if selected is Truth.UNDEFINED and homes and call.server is not None and call.server not in homes:
        return Truth.FALSE
    return selected if prop.when is None else min(selected, evaluate(prop.when, call))


def _homes(tool: str, facts: Facts) -> frozenset[str]:
    """The servers that have a tool, by the catalog."""
    return frozenset(server for server, _ in facts.tools.get(tool, ()))


def _selector(prop: Property) -> Selector:
    assert prop.selector is not None
    return prop.selector


def _with(effect: str | None) -> Wanted:
    return lambda leaf: leaf.effect == effect


def _unbounded(tool: Tool, refuted: Verdict, suitable: list[frozenset[int]], taken_back: bool) -> str:
    assert refuted.witness is not None
    if not refuted.witness.outcome.limits:
        return "and no limit counts it"
    if suitable:
        return f"and no one counter counts all calls to `{tool}`"
    if taken_back:
        return "where amounts below 0 make room for more"
    return "and none of these limits keeps to it"


def _no_call(tool: Tool) -> str:
    return f"no call to `{tool}` could be made that takes a way the analysis left open"


def _shows(witness: Witness) -> str:
    outcome = witness.outcome
    limits = [rule.id for rule in outcome.limits]
    return f"this call is {_decided(outcome.effect, None if outcome.rule is None else outcome.rule.id, limits)}"


def _other(decided: Decided) -> str:
    return f"it is {_decided(decided.effect, decided.rule, [limit[0] for limit in decided.limits])}"


def _decided(effect: str, rule: str | None, limits: list[str]) -> str:
    by = "the default" if rule is None else _name(rule)
    more = f" and {len(limits) - MOST_NAMED} more" if len(limits) > MOST_NAMED else ""
    counted = f" and counted by {', '.join(map(_name, limits[:MOST_NAMED]))}{more}" if limits else ""
    return f"{_DONE[effect]} by {by}{counted}"


def _name(rule: str) -> str:
    return f"`{rule}`" if len(rule) <= LONGEST_NAME else f"`{rule[: LONGEST_NAME - 1]}…`"
