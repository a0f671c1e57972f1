"""The analysis against z3 on random policies: which decisions are possible, which regions are empty, which policies differ.

Run as a program for a long run: `python -m tests.property.z3_agreement --policies 20000 --seed 1`.

Where z3 gives no answer in its time the question counts as unknown, never as agreement. Where paths depend on each other in a way
that the analysis does not know (see ARCHITECTURE.md, "Known limits") it may list more than there is, never less; such surplus is
counted by itself, and is a disagreement in every other policy.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from jsonschema import Draft202012Validator

from policyc.diagram.analysis import Analysis
from policyc.diagram.compare import compare
from policyc.diagram.formula import Formula, conj, negation
from policyc.diagram.specialise import OTHER_TOOL, Tool
from policyc.features.convert import to_dsl
from policyc.ir.facts import Facts
from policyc.ir.model import Policy, Test
from policyc.record import replace
from policyc.reference import Call, decide
from tests.property import z3_strategies as generate
from tests.property.firing import fired
from tests.property.z3_comparison import Pair, differing, limit_told, told
from tests.property.z3_logic import Bool, both, no
from tests.property.z3_oracle import UNKNOWN, Decision, Meaning, Space, asked_of

Region = list[tuple[int, bool]]
"""Calls for which rules, by index, fire (True) or do not."""


class Disagreement(AssertionError):
    """The analysis and z3, or z3 and the reference, say different things."""


MOST_ELEMENT_TESTS = 6
"""Of more tests on the elements of one array the analysis does not look at all combinations."""


def entangled(given: Iterable[Test]) -> bool:
    """Whether some tests look at parts of one value that the diagram takes for independent: two indexes of an array, an index and the
    array's elements or length, keys of an object and its size; or at the elements of one array in too many ways."""
    tests = list(given)
    inside = Counter(t.path.steps[: t.path.steps.index(None)] for t in tests if None in t.path.steps)
    if any(count > MOST_ELEMENT_TESTS for count in inside.values()):
        return True
    seen: dict[tuple[Any, ...], set[Any]] = {}
    for test in tests:
        steps = test.path.steps
        for i, step in enumerate(steps):
            place = (test.path.root, *(0 if not isinstance(s, str) else s for s in steps[:i]))
            seen.setdefault(place, set()).add("key" if isinstance(step, str) else "each" if step is None else step)
        place = (test.path.root, *(0 if not isinstance(s, str) else s for s in steps))
        if test.length or test.op == "contains":
            seen.setdefault(place, set()).add("size" if test.length else "each")
    for asked in seen.values():
        indexes = {a for a in asked if type(a) is int}
        if len(indexes) > 1 or (indexes and asked & {"each", "size"}) or {"key", "size"} <= asked:
            return True
    return False


class Case:
    """One policy, its analysis, and one tool in z3; counts what it checks."""

    def __init__(
        self, policy: Policy, facts: Facts, analysis: Analysis, tool: Tool, tally: Counter[str], schemas: Any = None
    ) -> None:
        self.policy, self.facts, self.analysis, self.tool, self.tally = policy, facts, analysis, tool, tally
        self.schemas = schemas
        self.valid = schemas is not None or tool is OTHER_TOOL
        """For any other tool the schema says only that the name is none of those that have a diagram."""
        named = analysis.specialiser.named_tools
        self.space = Space([policy], facts, tool if isinstance(tool, str) else None, named, schemas)
        self.meaning = Meaning(self.space, policy)
        self.loose = entangled(asked_of(policy))

    def wrong(self, what: str, call: Call | None = None) -> Disagreement:
        parts = [
            what,
            f"tool: {self.tool!r}",
            f"call: {call}",
            f"schemas: {self.schemas}",
            to_dsl(self.policy),
            f"{self.facts}",
        ]
        return Disagreement("\n".join(parts))

    def excess(self, what: str) -> None:
        """The analysis has something that z3 rules out."""
        if not (self.loose or self.analysis.guesses or self.analysis.undecided):
            raise self.wrong(what)
        self.tally["surplus where paths depend on each other"] += 1

    # --- which decisions

    def outcomes(self, region: Region | None = None) -> None:
        """The leaves that the analysis lists, in a region, are the decisions that z3 finds; every call of either side replays."""
        region = region or []
        given = self.formula(region)
        if isinstance(given, bool) and not given:
            return
        claimed = self.analysis.outcomes(self.tool, given, valid=self.valid)
        found, complete = self.meaning.decisions(self.bool(region))
        self.tally["decisions"] += len(found)
        for decision, call in found.items():
            self.replay(call, region)
            if self.meaning.decision_of(decide(self.policy, call, self.facts)) != decision:
                raise self.wrong(f"z3's call does not get {decision}", call)
        leaves = {Decision(leaf.effect, leaf.rule, leaf.limits): leaf for leaf in claimed}
        for decision, call in found.items():
            if decision not in leaves:
                raise self.wrong(f"not listed by the analysis: {decision} in {region}", call)
        for decision, leaf in leaves.items():
            witness = self.analysis.find(self.tool, lambda end, leaf=leaf: end == leaf, given, valid=self.valid)  # type: ignore[misc]
            if witness is not None and not self.replay(witness.call, region, witness=True):
                continue
            if witness is not None:
                if self.meaning.decision_of(decide(self.policy, witness.call, self.facts)) != decision:
                    raise self.wrong(f"the witness does not get {decision}", witness.call)
                self.tally["witnesses"] += 1
            if decision in found:
                if witness is None:
                    if not self.loose and not self.analysis.guesses:
                        raise self.wrong(f"no witness of {decision} in {region}", found[decision])
                    self.tally["no witness where paths depend on each other"] += 1
            elif witness is not None and complete:
                raise self.wrong(f"z3 says there is none, the analysis has one: {decision}", witness.call)
            elif complete:
                self.excess(f"listed by the analysis and impossible: {decision} in {region}")
        self.tally["sets of decisions"] += complete
        self.tally["unknown"] += not complete

    def replay(self, call: Call, region: Region, witness: bool = False) -> bool:
        """A call is where it should be: in the region, of the tool, valid under the schema. `witness`: it is the analysis's. False for
        one that is not in its region, where that is no wonder."""
        for rule, fires in region:
            if fired(self.meaning.rules[rule], call, self.facts) != fires:
                if not (witness and self.loose):
                    raise self.wrong(f"the call is not in {region}", call)
                self.tally["witnesses outside their region where paths depend on each other"] += 1
                return False
        if isinstance(self.tool, str) != (call.tool in self.analysis.specialiser.named_tools or call.tool == self.tool):
            raise self.wrong("the call is not of the tool", call)
        for schema in (self.schemas or {}).values():
            reaching = [r for i, r in enumerate(self.meaning.rules) if self.meaning.fires(i) is not False]
            asked = asked_of(replace(self.policy, rules=tuple(reaching)))
            looked_at = {t.path.steps[0] for t in asked if t.path.root == "args" and t.path.steps}
            errors = list(Draft202012Validator(schema).iter_errors(call.arguments))
            if any(not e.absolute_path or e.absolute_path[0] in looked_at for e in errors):
                raise self.wrong(f"the call does not fit the schema: {errors[0].message}", call)
            if errors:
                self.tally["witnesses filled in with what the schema forbids"] += 1
        return True

    # --- which regions

    def formula(self, region: Region) -> Formula:
        guards = ((self.analysis.guard(self.tool, i), fires) for i, fires in region)
        return conj(g if fires else negation(g) for g, fires in guards)

    def bool(self, region: Region) -> Bool:
        return both(self.meaning.fires(i) if fires else no(self.meaning.fires(i)) for i, fires in region)

    def possible(self, region: Region) -> None:
        """Whether some call is in a region: overlap, containment, cover."""
        claimed = self.analysis.possible(self.tool, self.formula(region), valid=self.valid)
        call = self.space.call_where([self.bool(region)])
        if call is UNKNOWN:
            self.tally["unknown"] += 1
            return
        self.tally["regions"] += 1
        if isinstance(call, Call):
            self.tally["regions with calls"] += 1
            self.replay(call, region)
            if not claimed:
                raise self.wrong(f"the analysis says that no call is in {region}", call)
        elif claimed:
            self.excess(f"the analysis says that some call may be in {region}")

    def regions(self, rng: random.Random, most: int) -> list[Region]:
        """Rules alone, in pairs, and one without all others of its kind."""
        rules = [i for i in range(len(self.meaning.rules)) if self.analysis.guard(self.tool, i) is not False]
        if not rules:
            return []
        out: list[Region] = []
        for _ in range(most):
            i, j = rng.choice(rules), rng.choice(rules)
            others: Region = [(k, False) for k in rules if k != i]
            pair: Region = [(i, rng.random() < 0.7), (j, rng.random() < 0.5)]
            out.append(rng.choice((pair, pair, [(i, rng.random() < 0.5)], [(i, True), *others])))
        return out


def check_policy(rng: random.Random, tally: Counter[str]) -> None:
    """All questions about one random policy."""
    paths = generate.random_paths(rng)
    policy, facts = generate.random_policy(rng, paths), generate.random_facts(rng)
    analysis = Analysis(policy, facts)
    tally["policies"] += 1
    for tool in analysis.tools:
        tally["tools"] += 1
        case = Case(policy, facts, analysis, tool, tally)
        case.outcomes()
        regions = case.regions(rng, 3)
        for region in regions:
            case.possible(region)
        if regions and rng.random() < 0.3:
            case.outcomes(regions[0])


def check_with_schema(rng: random.Random, tally: Counter[str]) -> None:
    """The same questions about valid calls to a tool of a catalog."""
    pool = [*generate.SCALARS.items(), *generate.ARRAYS.items(), *generate.PATTERNED.items()]
    pool = [(p, kind) for p, kind in pool if "user" not in p[1] and "rows" not in p[1] and p[1][-1] != "id"]
    paths = [rng.choice(pool) for _ in range(rng.randint(1, 3))]
    policy, schema = generate.random_policy(rng, paths), generate.random_schema(rng)
    catalog = generate.catalog_of({("bank", "pay"): schema})
    facts = catalog.facts()
    analysis = Analysis(policy, facts, catalog)
    tally["policies with a schema"] += 1
    case = Case(policy, facts, analysis, "pay", tally, {"bank": schema})
    case.outcomes()
    for region in case.regions(rng, 3):
        case.possible(region)


KINDS = {
    ("deny", "allow"): "newly allowed", ("approve", "allow"): "no longer held", ("deny", "approve"): "newly held for approval",
    ("allow", "approve"): "newly held for approval", ("allow", "deny"): "newly denied", ("approve", "deny"): "newly denied",
}  # fmt: skip


def check_comparison(rng: random.Random, tally: Counter[str]) -> None:
    """A policy and a copy with some small changes: whether they differ, for which tools, and how."""
    paths = generate.random_paths(rng)
    old, facts = generate.random_policy(rng, paths), generate.random_facts(rng)
    new = old
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        new = generate.mutated(rng, new, paths)
    sides = Analysis(old, facts), Analysis(new, facts)
    claimed = compare(*sides)
    named = frozenset(sides[0].specialiser.named_tools) | frozenset(sides[1].specialiser.named_tools)
    tools: list[Tool] = [*sorted(named), OTHER_TOOL]
    pairs = {t: Pair(old, new, facts, t if isinstance(t, str) else None, named) for t in tools}
    loose = entangled([*asked_of(old), *asked_of(new)])
    tally["comparisons"] += 1

    def wrong(what: str) -> Disagreement:
        return Disagreement(f"{what}\n{to_dsl(old)}\n{to_dsl(new)}\n{facts}\n{claimed}")

    for change in claimed.changes:
        before, after = (decide(policy, change.witness, facts) for policy in (old, new))
        if (before.effect, after.effect) != (change.old.effect, change.new.effect):
            raise wrong(f"the witness does not replay: {change.witness}")
        if isinstance(change.tool, str) != (change.witness.tool in named):
            raise wrong(f"the witness is of another tool: {change.witness}")
        limits = [sorted(repr(limit_told(r, {})[1:]) for r in o.limits) for o in (before, after)]
        same = told(before.effect, before.rule) == told(after.effect, after.rule) and limits[0] == limits[1]
        if same and change.kind != "limit changed":
            raise wrong(f"the witness shows no difference: {change.witness}")
    differ, always, sometimes = differing(pairs, old, new)
    if differ is None:
        tally["unknown"] += 1
        return
    tally["comparisons that differ" if differ else "comparisons that are equivalent"] += 1
    shown = {c.tool for c in claimed.changes}
    said = {t for t in tools if str(t) in claimed.undecided}
    tally["comparisons left undecided"] += bool(said)
    if said and not loose and all(None not in t.path.steps for t in [*asked_of(old), *asked_of(new)]):
        raise wrong(f"not decided, though no path depends on another: {claimed.undecided}")
    if differ and claimed.equivalent:
        raise wrong(f"z3 says that they differ on {always or sometimes}")
    if not always <= shown | said:
        raise wrong(f"no change shown for {always - shown}")
    if not shown <= sometimes:
        raise wrong(f"z3 says that nothing differs for {shown - sometimes}")
    if not differ and not claimed.equivalent and not said:
        tally["changes that another matching of counters would explain"] += 1
    for tool in tools:
        if tool in said:
            continue
        found = {k: pairs[tool].transition(*k) for k in KINDS}
        listed = {c.kind for c in claimed.changes if c.tool == tool} & set(KINDS.values())
        unknown = {k for k, call in found.items() if call is UNKNOWN}
        happens = {KINDS[k] for k, call in found.items() if isinstance(call, Call)}
        if not unknown and happens != listed:
            raise wrong(f"{tool}: z3 says {sorted(happens)}, the comparison {sorted(listed)}")
        tally["kinds of change"] += len(happens)
        tally["unknown"] += len(unknown)


CHECKS = (check_policy, check_with_schema, check_comparison)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--policies", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=1, help="disagreements to show before stopping")
    options = parser.parse_args()
    tally: Counter[str] = Counter()
    started, shown = time.time(), 0
    for n in range(options.policies):
        if time.time() - started > options.seconds:
            break
        rng = random.Random(f"{options.seed}/{n}")  # so that one policy can be run again by itself
        for check in (check_policy, CHECKS[1 + n % 2]):
            try:
                check(rng, tally)
            except Disagreement as wrong:
                print(f"policy {n} of seed {options.seed}, {check.__name__}: {wrong}\n", flush=True)
                shown += 1
                if shown == options.most:
                    return 1
    for what, count in sorted(tally.items()):
        print(f"{count:>10,} {what}")
    print(f"{shown} disagreements ({time.time() - started:.0f} s)")
    return shown > 0


if __name__ == "__main__":
    sys.exit(main())
