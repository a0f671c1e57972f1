"""Compiling policies into the bytes of one decision table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from policyc import __version__
from policyc.diagram.build import Budget, Builder, Leaf, OverBudget
from policyc.diagram.formula import SERVER, Formula, Predicate, Probe, Var
from policyc.diagram.specialise import OTHER_TOOL, Specialiser, Tool, ToolProgram
from policyc.ir.facts import Facts
from policyc.ir.model import Limit, Policy, Rule
from policyc.record import field, record
from policyc.source import Source
from policyc.table.lower import Body, Lowering
from policyc.table.model import FORMAT, VERSION

COMPILE_BUDGET = Budget(nodes=5_000, seconds=None)


def compile_table(
    policies: Sequence[Policy],
    facts: Facts,
    *,
    revision: int = 0,
    sources: Sequence[Source] = (),
    catalog_digest: str | None = None,
    budget: Budget = COMPILE_BUDGET,
) -> bytes:
    """The table of several policies as bytes; the same input gives the same bytes on any machine, so the budget knows no time.

    A tool whose diagram would be over budget gets its rules as a list: correct, not optimised.
    """
    writer = _Writer(budget=budget)
    entries = [writer.policy(policy, facts) for policy in policies]
    tests, rules = [_line(t) for t in writer.tests()], [_line(r) for r in writer.rules()]
    logic = [_line({"policies": entries}), _line(writer.paths()), *tests, *rules, *writer.bodies]
    header = {
        "policyc": __version__,
        "revision": revision,
        "policies": [p.name for p in policies],
        "capabilities": sorted(writer.capabilities),
        "catalog": catalog_digest,
        "sources": [
            {"path": s.path.replace("\\", "/"), "sha256": hashlib.sha256(s.text.encode("utf-8")).hexdigest()}
            for s in sources
        ],
        "logic": hashlib.sha256(b"".join(logic)).hexdigest(),
        "tests": len(tests),
        "rules": len(rules),
        "bodies": len(writer.bodies),
    }
    content = b"".join([_line(header), *logic, *writer.source_map()])
    first = {"format": FORMAT, "version": VERSION, "sha256": hashlib.sha256(content).hexdigest()}
    return _line(first) + content


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8") + b"\n"


@record(frozen=False)
class _Writer:
    budget: Budget
    bodies: list[bytes] = field(default_factory=list)
    capabilities: set[str] = field(default_factory=set)
    _paths: dict[Var, int] = field(default_factory=dict)
    _tests: dict[Probe, int] = field(default_factory=dict)
    _leaves: dict[tuple[str, int, tuple[int, ...]], int] = field(default_factory=dict)
    _rules: list[Rule] = field(default_factory=list)
    _body_index: dict[bytes, int] = field(default_factory=dict)

    def policy(self, policy: Policy, facts: Facts) -> dict[str, Any]:
        """Compile one policy; the index entry that names its bodies."""
        spec = Specialiser(policy, facts)
        base = len(self._rules)
        self._rules.extend(spec.rules)
        builder = Builder(self.budget)

        def leaf(leaf: Leaf) -> int:
            rule = -1 if leaf.rule < 0 else base + leaf.rule
            key = (leaf.effect, rule, tuple(base + i for i in leaf.limits))
            if leaf.effect == "approve":
                self.capabilities.add("approve")
            return self._leaves.setdefault(key, len(self._leaves))

        lowering = Lowering(self._path, self._test, leaf)

        def body(program: ToolProgram) -> int:
            self._leaves = {}
            try:
                return self._body(lowering.body(builder.build(program)))
            except (OverBudget, RecursionError):
                return self._rule_list(program, base)

        tools: list[Tool] = [OTHER_TOOL, *spec.named_tools]
        programs = {t: spec.program(t) for t in tools}
        other_list = list_program(programs[OTHER_TOOL], spec.rules)
        shown: dict[str, int] = {}
        calls: dict[str, int] = {}
        for tool in spec.named_tools:
            program = programs[tool]
            listed = list_program(program, spec.rules)
            if listed.denials or other_list.denials:
                shown[tool] = body(listed)
            calls[tool] = body(program)
        for rule in spec.rules:
            if rule.limit is not None:
                self.capabilities |= limit_capabilities(rule.limit)
        return {
            "name": policy.name,
            "default": policy.default,
            "rules": [base, base + len(spec.rules)],
            "call": calls,
            "call_other": body(programs[OTHER_TOOL]),
            "list": shown,
            "list_other": body(other_list),
        }

    def _body(self, body: Body) -> int:
        if any(n[0] == "n" and any(map(_big, n[2])) for n in body.nodes):
            self.capabilities.add("integer.big")
        return self._line_body(_line([list(self._leaves), body.root, *body.nodes]))

    def _line_body(self, text: bytes) -> int:
        known = self._body_index.get(text)
        if known is None:
            known = self._body_index[text] = len(self.bodies)
            self.bodies.append(text)
        return known

    def _rule_list(self, program: ToolProgram, base: int) -> int:
        """A body that is the program itself: groups of rules with their guards, asked one after the other."""
        self.capabilities.add("rules")
        groups = (program.denials, program.allows, program.approvals, program.limits)
        if program.approvals:
            self.capabilities.add("approve")
        lists = [[[base + g.rule, self._formula(g.guard)] for g in group] for group in groups]
        return self._line_body(_line({"default": program.default, "rules": lists}))

    def _formula(self, formula: Formula) -> Any:
        if isinstance(formula, bool):
            return formula
        if isinstance(formula, Predicate):
            return ["?", self._path(formula.var), self._test(formula.probe), formula.mask]
        return [formula.op, *(self._formula(f) for f in formula.items)]

    def _path(self, var: Var) -> int:
        if var == SERVER:
            self.capabilities.add("server")
        elif var[0] == "context":
            self.capabilities.add("context")
        return self._paths.setdefault(var, len(self._paths))

    def _test(self, probe: Probe) -> int:
        if probe.op == "matches":
            self.capabilities.add("regex")
        if probe.op == "prints":
            self.capabilities.add("prints")
        if probe.quantifier is not None:
            self.capabilities.add("quantifier")
        values = probe.value if isinstance(probe.value, tuple) else (probe.value,)
        if any(_big(v) for v in values):
            self.capabilities.add("integer.big")
        return self._tests.setdefault(probe, len(self._tests))

    def paths(self) -> list[list[Any]]:
        """The paths that nodes refer to by number."""
        return [[root, *steps] for root, steps in self._paths]

    def tests(self) -> Iterator[list[Any]]:
        """The tests that nodes refer to by number."""
        for p in self._tests:
            value = list(p.value) if isinstance(p.value, tuple) else p.value
            yield [p.op, value, p.missing, p.mistyped, p.length, p.quantifier, list(p.inner)]

    def rules(self) -> Iterator[list[Any]]:
        """The rules that leaves refer to by number."""
        for r in self._rules:
            yield [r.id, r.effect, r.reason, r.by, r.severity, None if r.limit is None else limit_json(r.limit)]

    def source_map(self) -> Iterator[bytes]:
        """The files, and where each rule stands: [file, line, column, end line, end column], columns in code points from 1."""
        files: dict[str, int] = {}
        places: list[list[int] | None] = []
        for rule in self._rules:
            if rule.span is None:
                places.append(None)
                continue
            at = files.setdefault(rule.span.path.replace("\\", "/"), len(files))
            places.append([at, rule.span.line, rule.span.column, *rule.span.end_position])
        yield _line({"files": list(files)})
        yield from map(_line, places)


def _big(value: Any) -> bool:
    return type(value) is int and abs(value) >= 2**53


def list_program(program: ToolProgram, rules: Sequence[Rule]) -> ToolProgram:
    """The part of a program that decides whether the tool is shown in tools/list."""
    hides = tuple(g for g in program.denials if rules[g.rule].effect == "hide")
    return ToolProgram(hides, (), (), (), "allow")


def limit_json(limit: Limit) -> dict[str, Any]:
    """A limit as the table writes it (docs/table-format.md)."""
    return {
        "counter": limit.counter,
        "max": limit.maximum,
        "window": limit.window,
        "sliding": limit.sliding,
        "scope": list(limit.scope),
        "sum": None if limit.amount is None else [limit.amount.root, *limit.amount.steps],
        "optional": limit.optional,
        "whole": limit.whole,
        "step": limit.step,
    }


def limit_capabilities(limit: Limit) -> set[str]:
    """What a limit asks of a loader and its counters."""
    asked = {"limit"}
    if limit.amount is not None:
        asked.add("limit.sum")
    if limit.sliding:
        asked.add("limit.sliding")
    if limit.whole:
        asked.add("limit.whole")
    if limit.step != 1:
        asked.add("limit.step")
    return asked
