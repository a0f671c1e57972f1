"""A policy's meaning for one tool as z3 formulas, written from docs/language.md and `policyc/reference.py`.

    space = Space([policy], facts, "pay", named)       all calls to one tool
    meaning = Meaning(space, policy)                    what the policy makes of them
    meaning.decisions()                                 every decision that some call gets, each with the call
    space.call_where([meaning.fires(0)])                a call for which the first rule fires, None, or UNKNOWN

It imports nothing of `policyc.diagram`, which is what it judges. Every model becomes a call, and the caller replays it through the
reference: that is how the encoding itself is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import z3

from policyc.ir.facts import Facts
from policyc.ir.model import (
    AllOf,
    And,
    AnyOf,
    AnyTool,
    Cond,
    Const,
    Except,
    Not,
    OnServer,
    Or,
    Path,
    Policy,
    Rule,
    Selector,
    Test,
    ToolGlob,
    ToolName,
    Truth,
)  # fmt: skip
from policyc.ir.order import precedence
from policyc.reference import Call, Outcome, selects
from tests.property.z3_logic import (
    Bool,
    Kleene,
    both,
    cases,
    either,
    glob_language,
    known,
    maximum,
    minimum,
    negated,
    no,
    plain,
)
from tests.property.z3_schema import asked_by, fits
from tests.property.z3_values import NULL, NUMBER, OBJECT, Asked, Value, unescaped

UNKNOWN = object()
"""z3 gave no answer within its effort."""
OTHER_SERVER = "a server that nobody names"


class Decision(NamedTuple):
    """As a gateway reports it: the rules by their index in precedence order, -1 for the default."""

    effect: str
    rule: int
    limits: tuple[int, ...]


def conditions(rule: Rule) -> Iterator[Cond]:
    yield from (c for c in (rule.when, rule.condition) if c is not None)


def tests_of(cond: Cond) -> Iterator[Test]:
    match cond:
        case Test():
            yield cond
        case Not():
            yield from tests_of(cond.item)
        case And() | Or():
            for item in cond.items:
                yield from tests_of(item)


def asked_of(policy: Policy) -> Iterator[Test]:
    """Every test of a policy, amounts of sum limits included."""
    for rule in policy.rules:
        for cond in conditions(rule):
            yield from tests_of(cond)
        if rule.limit is not None and rule.limit.amount is not None:
            yield Test(rule.limit.amount, "is", "number")


def servers_of(selector: Selector) -> Iterator[str]:
    match selector:
        case OnServer():
            yield selector.server
        case ToolName() | ToolGlob():
            if selector.server is not None:
                yield selector.server
        case AnyOf() | AllOf():
            for item in selector.items:
                yield from servers_of(item)
        case Except():
            yield from servers_of(selector.item)


class Space:
    """All calls to one tool, or to any that is not in `named` (tool None), as far as some policies look at them.

    `schemas`: the servers that have the tool, each with its input schema; only calls that fit one, on a server among them, are in the
    space. None: all calls. `effort`: z3's own count of steps for one question, so that answers do not depend on the machine.
    """

    def __init__(
        self,
        policies: Sequence[Policy],
        facts: Facts,
        tool: str | None,
        named: Iterable[str] = (),
        schemas: dict[str, Any] | None = None,
        effort: int = 500_000,
    ) -> None:
        self.facts, self.tool, self.policies = facts, tool, tuple(policies)
        self.solver = z3.Solver()
        self.solver.set("rlimit", effort)
        sound: list[Bool] = []
        asked: dict[str, Asked] = {"args": [], "context": []}
        for policy in policies:
            for test in asked_of(policy):
                asked[test.path.root].append((test.path.steps, test))
        for schema in (schemas or {}).values():
            asked["args"].extend(asked_by(schema))
        self.roots = {name: Value(name, found, sound) for name, found in asked.items()}
        sound.extend(root.kind == OBJECT for root in self.roots.values())
        mentioned = {s for p in policies for r in p.rules for s in servers_of(r.selector)}
        mentioned |= {s for entries in facts.tools.values() for s, _ in entries} | set(schemas or {})
        self.servers: tuple[str | None, ...] = (None, *sorted(mentioned), OTHER_SERVER)
        self.server = z3.Int("server")
        sound += [self.server >= 0, self.server < len(self.servers)]
        self.name = z3.String("tool")
        if tool is None:
            sound += [self.name != z3.StringVal(n) for n in ("", *named)]
            sound.append(z3.Length(self.name) <= 40)
        if schemas is not None:
            homes = [self.server == i for i, s in enumerate(self.servers) if s is None or s in schemas]
            sound.append(either(homes))
            sound.append(either(fits(self.roots["args"], schema) for schema in schemas.values()))
        for constraint in sound:
            self.solver.add(constraint)

    def call_where(self, formulas: Iterable[Bool]) -> Call | object | None:
        """A call in the space for which the formulas hold; None when there is none, UNKNOWN when z3 cannot say."""
        self.solver.push()
        try:
            for formula in formulas:
                self.solver.add(formula)
            found = self.solver.check()
            if found == z3.unsat:
                return None
            return UNKNOWN if found == z3.unknown else self.call(self.solver.model())
        finally:
            self.solver.pop()

    def call(self, model: z3.ModelRef) -> Call:
        server = self.servers[model.eval(self.server, model_completion=True).as_long()]
        tool = self.tool if self.tool is not None else unescaped(model.eval(self.name, model_completion=True))
        return Call(tool, self.roots["args"].value(model), self.roots["context"].value(model), server)

    def selected(self, selector: Selector) -> Kleene:
        """Whether a selector selects the tool. For a named tool the reference is asked, server by server."""
        if self.tool is not None:
            answers = [selects(selector, Call(self.tool, server=s), self.facts) for s in self.servers]
            if len(set(answers)) == 1:
                return known(answers[0])
            return cases((self.server == i, known(a)) for i, a in enumerate(answers))
        match selector:
            case ToolName():
                return known(Truth.FALSE)  # it is one of those that are named
            case ToolGlob():
                named = plain(z3.InRe(self.name, glob_language(selector.pattern)))
                return named if selector.server is None else minimum((named, self._on(selector.server)))
            case OnServer():
                return self._on(selector.server)
            case AnyTool():
                return known(Truth.TRUE)
            case AnyOf():
                return maximum(self.selected(s) for s in selector.items)
            case AllOf():
                return minimum(self.selected(s) for s in selector.items)
            case Except():
                return negated(self.selected(selector.item))
        return known(Truth.UNDEFINED)  # a fact about a tool that the catalog does not have

    def _on(self, server: str) -> Kleene:
        here = self.server == self.servers.index(server)
        return Kleene(here, both((self.server != 0, no(here))))

    def evaluate(self, cond: Cond) -> Kleene:
        """A condition's truth value."""
        match cond:
            case Const():
                return known(Truth.TRUE if cond.value else Truth.FALSE)
            case Not():
                return negated(self.evaluate(cond.item))
            case And():
                return minimum(self.evaluate(c) for c in cond.items)
            case Or():
                return maximum(self.evaluate(c) for c in cond.items)
            case Test():
                return self.roots[cond.path.root].truth(cond, cond.path.steps)

    def operand(self, path: Path) -> Value:
        found = self.roots[path.root]
        for step in path.steps:
            found = found.keys[step] if isinstance(step, str) else found.items[step or 0]
        return found


def holds(model: z3.ModelRef, formula: Any) -> bool:
    """Whether a formula is true in a model. What z3 evaluates it to may still be an equation of constants (`"" < "a"` becomes
    `not "" == "a"`), so that is simplified once more."""
    return z3.is_true(z3.simplify(model.eval(formula, model_completion=True)))


class Meaning:
    """What one policy makes of the calls of a space. `rules`: in precedence order."""

    def __init__(self, space: Space, policy: Policy) -> None:
        self.space, self.policy = space, policy
        self.rules = precedence(policy)
        self._fires = [self._firing(rule) for rule in self.rules]
        self._decided: list[tuple[Bool, str, int]] | None = None

    def _firing(self, rule: Rule) -> Bool:
        applies = self.space.selected(rule.selector)
        if rule.when is not None and applies.false is not True:
            applies = minimum((applies, self.space.evaluate(rule.when)))
        if rule.effect == "allow":
            return applies.true
        fires = no(applies.false)
        if rule.condition is not None and fires is not False:
            fires = both((fires, no(self.space.evaluate(rule.condition).true)))
        return fires

    def fires(self, rule: int) -> Bool:
        """When a rule fires: an `allow` allows, a `require` denies, a `limit` applies."""
        return self._fires[rule]

    def decided(self) -> list[tuple[Bool, str, int]]:
        """The ways to a decision in the order of the reference, the first that holds being the one: (when, effect, rule)."""
        if self._decided is not None:
            return self._decided
        rules, fires = list(enumerate(self.rules)), self._fires
        out = [(fires[i], "deny", i) for i, r in rules if r.effect == "hide"]
        out += [(fires[i], "deny", i) for i, r in rules if r.effect in ("deny", "require")]
        out += [(both((fires[i], self._unreadable(r))), "deny", i) for i, r in rules if r.effect == "limit"]
        allowing = [(fires[i], i) for i, r in rules if r.effect == "allow"]
        if self.policy.default == "deny":
            out.append((no(either(f for f, _ in allowing)), "deny", -1))
        out += [(fires[i], "approve", i) for i, r in rules if r.effect == "approve"]
        out += [(f, "allow", i) for f, i in allowing]
        out.append((True, "allow", -1))
        self._decided = [way for way in out if way[0] is not False]
        return self._decided

    def _unreadable(self, rule: Rule) -> Bool:
        assert rule.limit is not None
        if rule.limit.amount is None:
            return False
        kind = self.space.operand(rule.limit.amount).kind
        return both((kind != NUMBER, kind > NULL)) if rule.limit.optional else kind != NUMBER

    def reserved(self) -> list[tuple[Bool, int]]:
        """When each limit is reserved, unless the call is denied."""
        return [(self._fires[i], i) for i, r in enumerate(self.rules) if r.effect == "limit"]

    def decided_by(self, place: int) -> Bool:
        """When the way at this place of `decided()` is the one."""
        ways = self.decided()
        return both([*(no(when) for when, _, _ in ways[:place]), ways[place][0]])

    def decisions(self, region: Bool = True) -> tuple[dict[Decision, Call], bool]:
        """Every decision that some call of the region gets, with such a call; and whether z3 answered all of it."""
        found: dict[Decision, Call] = {}
        complete = True
        for place, (_, effect, rule) in enumerate(self.decided()):
            when, limits = self.decided_by(place), [] if effect == "deny" else self.reserved()
            if when is False or region is False:
                continue
            blocked: list[Bool] = [region]
            while True:
                answer, chosen = self._one([when, *blocked], limits)
                if answer is None:
                    break
                if answer is UNKNOWN:
                    complete = False
                    break
                found[Decision(effect, rule, chosen)] = answer
                other = either(no(f) if i in chosen else f for f, i in limits)
                if other is False:
                    break
                blocked.append(other)
        return found, complete

    def _one(self, formulas: list[Bool], limits: list[tuple[Bool, int]]) -> tuple[Any, tuple[int, ...]]:
        solver = self.space.solver
        solver.push()
        try:
            for formula in formulas:
                solver.add(formula)
            found = solver.check()
            if found != z3.sat:
                return (None if found == z3.unsat else UNKNOWN), ()
            model = solver.model()
            chosen = tuple(i for f, i in limits if f is True or (f is not False and holds(model, f)))
            return self.space.call(model), chosen
        finally:
            solver.pop()

    def decision_of(self, outcome: Outcome) -> Decision:
        """An outcome of the reference in the same words."""
        index = {id(r): i for i, r in enumerate(self.rules)}
        rule = -1 if outcome.rule is None else index[id(outcome.rule)]
        return Decision(outcome.effect, rule, tuple(index[id(r)] for r in outcome.limits))
