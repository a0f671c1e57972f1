"""Questions about a policy, answered from diagrams, each answer with a call that replays.

    analysis = Analysis(policy, facts, catalog)
    analysis.find("create_charge", lambda leaf: leaf.effect == "allow" and not leaf.limits)

A question is asked of one tool, and may be narrowed to a region by a formula (`given`), such as "this rule's guard fires" or "the
arguments fit the tool's schema". A region is a guard in front of the program, so one construction answers everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator
from functools import partial
from itertools import chain, count
from typing import Any

from policyc.catalog.model import Catalog
from policyc.diagram.build import DEFAULT_BUDGET, Budget, Builder, Diagram, Leaf, OverBudget
from policyc.diagram.cell import holds
from policyc.diagram.formula import SERVER, TOOL, Formula, Predicate, Probe, Var, conj, negation, predicates
from policyc.diagram.merge import merged
from policyc.diagram.schema.formula import LookedAt, Seen, looked_at, parted, schema_formula
from policyc.diagram.search import Example, example, leaves, ways
from policyc.diagram.specialise import OTHER_TOOL, Guarded, Specialiser, Tool, ToolProgram
from policyc.ir.facts import Facts
from policyc.ir.model import Policy, Rule
from policyc.record import record, replace
from policyc.reference import Call, Outcome, decide
from policyc.runtime.patterns import glob_match
from policyc.runtime.values import MISSING, follow

OUTSIDE = Leaf("deny", -2)
"""The leaf of calls outside the region asked about."""
MOST_NAMES = 100
"""Most tool names kept out of the cells of "any other tool"; with more, an example may be one of them and is then not shown."""


@record
class Witness:
    """A call and what the reference interpreter makes of it."""

    call: Call
    outcome: Outcome

    def as_json(self) -> dict[str, Any]:
        """The call as the JSON object that `policyc explain --call` reads."""
        return call_json(self.call)


def call_json(call: Call) -> dict[str, Any]:
    """A call as the JSON object that `policyc explain --call` reads."""
    out: dict[str, Any] = {"tool": call.tool, "arguments": call.arguments}
    if call.server is not None:
        out["server"] = call.server
    if call.context:
        out["context"] = call.context
    return out


class Analysis:
    """The diagrams of one policy, built when first asked for. `undecided`: tools whose diagram is over budget, with the reason;
    `guesses`: why some combinations of tests could not be told apart from impossible ones. `cache`: for what is computed once."""

    def __init__(
        self, policy: Policy, facts: Facts, catalog: Catalog | None = None, budget: Budget = DEFAULT_BUDGET
    ) -> None:
        self.policy = policy
        self.facts = facts
        self.catalog = catalog
        self.specialiser = Specialiser(policy, facts)
        self.rules: tuple[Rule, ...] = self.specialiser.rules
        self.undecided: dict[str, str] = {}
        self.cache: dict[str, object] = {}
        self._builder = Builder(budget)
        self._programs: dict[Tool, ToolProgram] = {}
        self._diagrams: dict[tuple[Tool, Formula], Diagram | None] = {}
        self._spent: dict[Tool, float] = {}
        self._schemas: dict[Tool, Formula] = {}
        self._looked_at: dict[Tool, LookedAt] = {}
        self._wider: tuple[Tool, frozenset[Seen], Formula] = (OTHER_TOOL, frozenset(), True)
        self._policies: dict[Tool, Policy] = {}
        self._guards: dict[Tool, dict[int, Formula]] = {}
        self._possible: dict[Formula, bool] = {}

    @property
    def tools(self) -> tuple[Tool, ...]:
        """Every tool that the policy or the catalog names, and OTHER_TOOL last."""
        names = set(self.specialiser.named_tools)
        if self.catalog is not None:
            names.update(t.name for t in self.catalog.tools)
        return (*sorted(names), OTHER_TOOL)

    @property
    def guesses(self) -> list[str]:
        """What the automata left open, in sentences; answers are then on the safe side."""
        return list(self._builder.undecided)

    def program(self, tool: Tool) -> ToolProgram:
        """The rules that reach a tool, with their guards."""
        known = self._programs.get(tool)
        if known is None:
            known = self._programs[tool] = self.specialiser.program(tool)
        return known

    def guard(self, tool: Tool, rule: int) -> Formula:
        """When a rule fires on a tool: the rule by its index in `rules`. For a sum limit: when it applies."""
        known = self._guards.get(tool)
        if known is None:
            program = self.program(tool)
            # a sum limit stands among the denials as well, for amounts that cannot be read: the limit itself comes last
            groups = (program.denials, program.allows, program.approvals, program.limits)
            known = self._guards[tool] = {g.rule: g.guard for group in groups for g in group}
        return known.get(rule, False)

    def schema(self, tool: Tool, given: Formula = True) -> Formula:
        """The formula for "the arguments that the policy and `given` look at fit the tool's input schema"; True without one."""
        asked = self._looked_at.get(tool)
        if asked is None:
            asked = self._looked_at[tool] = looked_at(self.program(tool))
        if given is not True:
            more = asked.beyond(given)
            if more and isinstance(tool, str):
                if self._wider[:2] != (tool, more):  # questions about one tool come one after the other
                    self._wider = (tool, more, schema_formula(self.catalog, asked.with_(given), tool))
                return self._wider[2]
        known = self._schemas.get(tool)
        if known is None:
            known = schema_formula(self.catalog, asked, tool) if isinstance(tool, str) else self._unnamed()
            self._schemas[tool] = known
        return known

    def _region(self, tool: Tool, given: Formula, valid: bool) -> Formula:
        return conj((given, self.schema(tool, given))) if valid else given

    def _unnamed(self) -> Formula:
        """The formula for "the tool's name is none that has a diagram of its own", as far as the globs ask for names."""
        globs = {
            p.probe.value
            for group in (self.program(OTHER_TOOL).denials, self.program(OTHER_TOOL).allows,
                          self.program(OTHER_TOOL).approvals, self.program(OTHER_TOOL).limits)
            for g in group for p in predicates(g.guard) if p.var == TOOL
        }  # fmt: skip
        named = tuple(n for n in self.specialiser.named_tools if any(glob_match(g)(n) for g in globs))
        if not globs or len(named) > MOST_NAMES:
            return True
        return Predicate(TOOL, Probe("in", ("", *named), 0, 0), 0b001)

    def diagram(self, tool: Tool, given: Formula = True) -> Diagram | None:
        """The tool's diagram with everything outside `given` led to OUTSIDE; None when it is over budget."""
        key = (tool, given)
        if key not in self._diagrams:
            self._diagrams[key] = self._build(tool, self.program(tool), given)
        return self._diagrams[key]

    def _build(self, tool: Tool, program: ToolProgram, given: Formula) -> Diagram | None:
        outside = Guarded(OUTSIDE.rule, negation(given))
        narrowed = ToolProgram(
            (outside, *program.denials), program.allows, program.approvals, program.limits, program.default
        )
        return self._built(tool, narrowed)

    def _built(self, tool: Tool, program: ToolProgram) -> Diagram | None:
        """A diagram within the budget, which holds for all questions about one tool together; None, with the reason noted, beyond it."""
        most, spent = self._builder.budget.seconds, self._spent.get(tool, 0.0)
        started = time.thread_time()
        try:
            if most is not None and spent > most:
                raise OverBudget(f"more than {most:g} s")
            return self._builder.build(merged(program))
        except OverBudget as reason:
            self.undecided.setdefault(str(tool), str(reason))
            return None
        finally:
            self._spent[tool] = spent + time.thread_time() - started

    def outcomes(self, tool: Tool, given: Formula = True, *, valid: bool = True) -> set[Leaf]:
        """The leaves that calls in the region may reach; a superset where variables depend on each other. Empty when over budget.

        `valid`: only calls whose arguments fit the tool's schema.
        """
        diagram = self.diagram(tool, self._region(tool, given, valid))
        return set() if diagram is None else leaves(diagram) - {OUTSIDE}

    def decided(self, tool: Tool, given: Formula = True, *, valid: bool = True) -> bool:
        """Whether the region's diagram could be built within the budget."""
        return self.diagram(tool, self._region(tool, given, valid)) is not None

    def find(
        self,
        tool: Tool,
        wanted: Callable[[Leaf], bool],
        given: Formula = True,
        *,
        valid: bool = True,
        whole: bool = True,
    ) -> Witness | None:
        """A call to the tool, in the region, whose outcome is wanted. It has been replayed through the reference. `valid`: only a call
        that the tool's schema is not known to forbid; `whole`: with the arguments that the policy does not look at."""
        return next(self.witnesses(tool, wanted, given, valid=valid, whole=whole), None)

    def witnesses(
        self,
        tool: Tool,
        wanted: Callable[[Leaf], bool],
        given: Formula = True,
        *,
        valid: bool = True,
        whole: bool = True,
    ) -> Iterator[Witness]:
        """Calls as `find` gives one, from different ways through the diagram."""
        diagram = self.diagram(tool, self._region(tool, given, valid))
        if diagram is None:
            return
        for leaf, way in ways(diagram, lambda leaf: leaf != OUTSIDE and wanted(leaf)):
            built = example(way)
            if built is None:
                continue
            for call in self._calls(tool, built, valid and whole):
                outcome = decide(self.reaching(tool), call, self.facts)
                if self.same(outcome, leaf) and holds(given, partial(value_of, call)):
                    yield Witness(call, outcome)
                    break

    def possible(self, tool: Tool, formula: Formula, *, valid: bool = True) -> bool:
        """Whether some call to the tool may make the formula true; True where that is not decided."""
        if not valid or isinstance(formula, bool):
            return self._somehow(tool, self._region(tool, formula, valid))
        near, far = parted(self.schema(tool, formula), formula)
        return self._somehow(tool, far) and self._somehow(tool, conj((formula, near)))

    def _somehow(self, tool: Tool, formula: Formula) -> bool:
        """Whether a formula is ever true, over all JSON."""
        if isinstance(formula, bool):
            return formula
        known = self._possible.get(formula)  # the same question is asked of many tools
        if known is None:
            probe = self._built(tool, ToolProgram((Guarded(OUTSIDE.rule, negation(formula)),), (), (), (), "allow"))
            if probe is None:
                return True
            known = self._possible[formula] = leaves(probe) != {OUTSIDE}
        return known

    def first(self, tool: Tool, guards: Iterable[Guarded]) -> set[int] | None:
        """Which of some guards is the first that holds, over all calls to the tool: their rules, -1 where none does. A superset where
        variables depend on each other; None when over budget."""
        diagram = self._built(tool, ToolProgram(tuple(guards), (), (), (), "allow"))
        return None if diagram is None else {leaf.rule for leaf in leaves(diagram)}

    def reaching(self, tool: Tool) -> Policy:
        """The policy with only those rules that can reach a tool: the others select it for no call, and a replay need not ask them."""
        known = self._policies.get(tool)
        if known is None:
            program = self.program(tool)
            reaching = {g.rule for g in (*program.denials, *program.allows, *program.approvals, *program.limits)}
            kept = tuple(self.rules[i] for i in sorted(reaching))
            known = self._policies[tool] = replace(self.policy, rules=kept)
        return known

    def same(self, outcome: Outcome, leaf: Leaf) -> bool:
        """Whether an outcome of the reference is the one that a leaf states."""
        rule = None if leaf.rule < 0 else self.rules[leaf.rule]
        return (
            outcome.effect == leaf.effect
            and outcome.rule is rule
            and list(map(id, outcome.limits)) == [id(self.rules[i]) for i in leaf.limits]
        )

    def _calls(self, tool: Tool, built: Example, filling: bool) -> Iterator[Call]:
        """The example as calls to try; `filling`: with what else the schema asks for."""
        if isinstance(tool, str):
            name = tool
        else:
            name = built.tool if built.tool is not None else self.unknown_name()
            if name in self.specialiser.named_tools:
                return
        if not filling:
            yield Call(name, built.arguments, built.context, built.server)
            return
        from policyc.diagram.schema.fill import filled  # only where a call is shown

        for arguments in filled(self.catalog, tool, built.arguments, built.server):
            yield Call(name, arguments, built.context, built.server)

    def unknown_name(self) -> str:
        """A tool name that neither the policy nor the catalog has."""
        return unused(set(map(str, self.tools)))


def unused(taken: Container[str]) -> str:
    """A name for some other tool than those."""
    names = chain(("some_other_tool",), (f"some_other_tool_{i}" for i in count(2)))
    return next(name for name in names if name not in taken)


def value_of(call: Call, var: Var) -> Any:
    """What a variable is in a call; MISSING where it is not there."""
    if var == SERVER:
        return MISSING if call.server is None else call.server
    if var == TOOL:
        return call.tool
    return follow(call.arguments if var[0] == "args" else call.context, var[1])
