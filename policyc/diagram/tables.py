"""A compiled table as a side of a comparison: its nodes, in the file's own order of tests, as states of the diagram builder.

Everything is read from the file as docs/table-format.md describes it, so a comparison of a policy with its own table also judges the compiler.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyc.catalog.model import Catalog
from policyc.diagram.answers import PLAIN, Answers, Said, Uses, reserved, said_by, uses
from policyc.diagram.build import Known, Leaf
from policyc.diagram.cell import probe_function
from policyc.diagram.formula import TOOL, Formula, Predicate, Probe, Var, conj, disj, predicates, substitute
from policyc.diagram.merge import Rewrite
from policyc.diagram.sides import Decided, Open, program_state
from policyc.diagram.specialise import Guarded, Tool, ToolProgram
from policyc.ir.model import Limit, Path
from policyc.record import field, record
from policyc.reference import Call
from policyc.runtime.file import TableFile
from policyc.runtime.table import Table
from policyc.table.model import TableError

_TRUE = 0b100


@record(eq=False)
class Choice:
    """A node of the table: exactly one of the conditions holds. Made by `Choices`, one object for equal nodes."""

    options: tuple[tuple[Formula, Choice | Leaf], ...]
    asked: tuple[Formula, ...] = field(repr=False)
    home: Choices = field(repr=False)

    def guards(self) -> Iterator[Formula]:
        return iter(self.asked)

    def assign(self, known: Known) -> Choice | Leaf:
        return self.home.restricted(self, known, {})

    def rewritten(self, rewrite: Rewrite) -> Choice | Leaf:
        return self.home.rewritten(self, rewrite, {})


class Choices:
    """Makes choices, and shares them: equal nodes are one object, so that they can be compared by identity."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Choice] = {}

    def choice(self, options: list[tuple[Formula, Choice | Leaf]]) -> Choice | Leaf:
        """The node with these options; options of one child become one, those that never hold are left out."""
        merged: dict[Any, list[Formula]] = {}
        children: dict[Any, Choice | Leaf] = {}
        for condition, child in options:
            if condition is not False:
                key = child if isinstance(child, Leaf) else id(child)
                children[key] = child
                merged.setdefault(key, []).append(condition)
        if len(children) <= 1:  # none at all where no JSON value leads: a loader that gets there denies
            return next(iter(children.values()), Leaf("deny", PLAIN))
        joined = tuple((disj(conditions), children[key]) for key, conditions in merged.items())
        name = tuple((condition, key) for (condition, _), key in zip(joined, merged, strict=True))
        if name not in self._made:
            asked: dict[Formula, None] = dict.fromkeys(condition for condition, _ in joined)
            for _, child in joined:
                if not isinstance(child, Leaf):
                    asked.update(dict.fromkeys(child.asked))
            self._made[name] = Choice(joined, tuple(asked), self)
        return self._made[name]

    def restricted(self, node: Choice | Leaf, known: Known, done: dict[int, Choice | Leaf]) -> Choice | Leaf:
        """What is left of a node once `known` is."""
        if isinstance(node, Leaf):
            return node
        if id(node) not in done:
            left: list[tuple[Formula, Choice | Leaf]] = []
            for condition, child in node.options:
                now = substitute(condition, known)
                if now is not False:
                    left.append((now, self.restricted(child, known, done)))
                if now is True:
                    left = left[-1:]
                    break
            done[id(node)] = self.choice(left)
        return done[id(node)]

    def rewritten(self, node: Choice | Leaf, rewrite: Rewrite, done: dict[int, Choice | Leaf]) -> Choice | Leaf:
        """The node over other variables."""
        if isinstance(node, Leaf):
            return node
        if id(node) not in done:
            options = [(rewrite(condition), self.rewritten(child, rewrite, done)) for condition, child in node.options]
            done[id(node)] = self.choice(options)
        return done[id(node)]


class TableSide:
    """One policy of a table as a side."""

    identified = True

    def __init__(self, data: bytes, policy: str | None = None, catalog: Catalog | None = None) -> None:
        """Raises TableError for bytes that are no table, or that do not have the policy (None: the only one)."""
        self.table, self.catalog = Table(data), catalog
        self._file = file = self.table.file
        policies = file.policies
        names = ", ".join(f"`{p['name']}`" for p in policies)
        if policy is None and len(policies) != 1:
            raise TableError(f"the table has {len(policies)} policies ({names}), and one is wanted")
        entry = next((p for p in policies if policy is None or p["name"] == policy), None)
        if entry is None:
            raise TableError(f"the table has no policy `{policy}`; it has {names}")
        self.name: str = entry["name"]
        self._entry, self._default = entry, entry["default"]
        self.tools = frozenset(entry["call"])
        self._rules = {i: file.rule(i) for i in range(*entry["rules"])}
        self._numbers = {rule[0]: i for i, rule in self._rules.items()}
        self._choices = Choices()

    def counted(self) -> Iterator[tuple[str, Limit]]:
        return ((rule[0], limit) for i, rule in self._rules.items() if (limit := self._limit(i)))

    def uses(self, identified: bool) -> Uses:
        return uses(self.counted())

    def _limit(self, rule: int) -> Limit | None:
        found = self._rules[rule][5]
        if found is None:
            return None
        amount = None if found["sum"] is None else Path(found["sum"][0], tuple(found["sum"][1:]))
        return Limit(
            found["counter"], found["max"], found["window"], amount, found["optional"], found["whole"], found["step"],
            tuple(found["scope"]), found["sliding"],
        )  # fmt: skip

    def state(self, tool: Tool, answers: Answers, counters: dict[str, int]) -> Open | Leaf:
        number = self._entry["call"].get(tool, self._entry["call_other"])
        body = self._file.body(number)
        reading = _Reading(self._file, self._rules, self._choices, self._said, answers, self._limit, counters)
        state = reading.rules(body) if isinstance(body, dict) else reading.nodes(body)
        if not isinstance(tool, str) or isinstance(state, Leaf):
            return state
        return state.assign(_named(tool, state))  # the body of any other tool asks for the name

    def _said(self, rule: int) -> Said:
        if rule < 0:
            return Said()
        _, effect, reason, by, severity, _ = self._rules[rule]
        return said_by(effect, reason, by, severity)

    def _place(self, rule: int) -> str | None:
        place = self._file.place(rule)
        return None if place is None else f"{place[0]}:{place[1]}:{place[2]}"

    def schema(self, tool: Tool, catalog: Catalog | None) -> Formula:
        return True

    def replay(self, call: Call) -> Decided:
        decision = self.table.decide(call.tool, call.arguments, call.context, server=call.server, policy=self.name)
        limits = []
        for one in decision.limits:
            rule = self._numbers[one.id]
            limit = self._limit(rule)
            assert limit is not None
            limits.append((one.id, self._place(rule), one.reason, limit))
        decider = -1 if decision.rule is None else self._numbers[decision.rule]
        place = None if decider < 0 else self._place(decider)
        return Decided(decision.effect, decision.rule, place, self._said(decider), tuple(limits))


def _named(tool: str, state: Open) -> Known:
    """What a tool's name says of the predicates of a state."""
    asked = (p for guard in state.guards() for p in predicates(guard) if p.var == TOOL)
    return {p: p.holds(probe_function(p.probe)(tool)) for p in asked}


@record(frozen=False)
class _Reading:
    """Reads one body."""

    file: TableFile
    told: dict[int, list[Any]]
    choices: Choices
    said: Any
    answers: Answers
    limit: Any
    counters: dict[str, int]

    def nodes(self, body: list[Any]) -> Choice | Leaf:
        leaves, root, *nodes = body
        made: list[Choice | Leaf] = []

        def child(ref: int) -> Choice | Leaf:
            return made[ref] if ref >= 0 else self.leaf(leaves[-1 - ref])

        for node in nodes:
            options = self._options(node)
            made.append(self.choices.choice([(condition, child(ref)) for condition, ref in options if ref is not None]))
        return child(root)

    def leaf(self, leaf: list[Any]) -> Leaf:
        effect, rule, limits = leaf
        return Leaf(effect, self._answer(rule), tuple(sorted(self._reserved(i) for i in limits)))

    def _answer(self, rule: int) -> int:
        return self.answers.number(self.said(rule))

    def _reserved(self, rule: int) -> int:
        limit = self.limit(rule)
        return self.answers.limit(reserved(limit, self.told[rule][2], self.counters))

    def rules(self, body: dict[str, Any]) -> Open | Leaf:
        """A body that is a list of rules."""
        denials, allows, approvals, limits = (
            tuple((rule, self._formula(guard)) for rule, guard in group) for group in body["rules"]
        )

        def said(group: tuple[tuple[int, Formula], ...]) -> tuple[Guarded, ...]:
            return tuple(Guarded(self._answer(rule), guard) for rule, guard in group)

        reserving = sorted((Guarded(self._reserved(rule), g) for rule, g in limits), key=lambda g: g.rule)
        return program_state(
            ToolProgram(said(denials), said(allows), said(approvals), tuple(reserving), body["default"])
        )

    def _formula(self, formula: Any) -> Formula:
        if isinstance(formula, bool):
            return formula
        if formula[0] == "?":
            return Predicate(self._var(formula[1]), self._probe(formula[2]), formula[3])
        parts = map(self._formula, formula[1:])
        return conj(parts) if formula[0] == "&" else disj(parts)

    def _var(self, path: int) -> Var:
        root, *steps = self.file.paths[path]
        return root, tuple(steps)

    def _probe(self, test: int) -> Probe:
        op, value, missing, mistyped, length, quantifier, inner = self.file.test(test)
        return Probe(op, _frozen(value), missing, mistyped, length, quantifier, tuple(inner))

    def _options(self, node: list[Any]) -> list[tuple[Formula, int | None]]:
        """The edges of a node with the condition of each."""
        form, var = node[0], self._var(node[1])

        def is_(kind: str) -> Predicate:
            return Predicate(var, Probe("is", kind), _TRUE)

        def compared(op: str, value: Any) -> Predicate:
            return Predicate(var, Probe(op, value, 0, 0), _TRUE)

        if form == "t":
            probe = self._probe(node[2])
            return [(Predicate(var, probe, 1 << truth), node[3 + truth]) for truth in (0, 1, 2)]
        if form == "b":
            other = Predicate(var, Probe("is", "boolean"), 0b001)
            return [(compared("==", False), node[2]), (compared("==", True), node[3]), (other, node[4])]
        if form == "s":
            texts = tuple(text for text, _ in node[2])
            unnamed = Predicate(var, Probe("in", texts, 0, 0), 0b001) if texts else True
            rest = conj((is_("string"), unnamed))
            other = Predicate(var, Probe("is", "string"), 0b001)
            return [*((compared("==", text), child) for text, child in node[2]), (rest, node[3]), (other, node[4])]
        if form == "n":
            return [
                *_slots(node[2], node[3], compared, is_("number")),
                (Predicate(var, Probe("is", "number"), 0b001), node[4]),
            ]
        missing = Predicate(var, Probe("exists", True), 0b001)
        kinds = [
            missing,
            is_("null"),
            compared("==", False),
            compared("==", True),
            is_("number"),
            is_("string"),
            is_("array"),
        ]
        return list(zip([*kinds, is_("object")], node[2:], strict=True))


def _slots(bounds: list[Any], children: list[int], compared: Any, number: Formula) -> Iterator[tuple[Formula, int]]:
    """The edges of a number node: slot 2i+1 is bound i, slot 2i what lies below it."""
    for i, child in enumerate(children):
        if i % 2:
            yield compared("==", bounds[i // 2]), child
            continue
        above = compared(">", bounds[i // 2 - 1]) if i else number
        below = compared("<", bounds[i // 2]) if i // 2 < len(bounds) else number
        yield conj((above, below)), child


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
