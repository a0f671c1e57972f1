"""A tool's input schema as a formula over the arguments that a policy looks at."""

from __future__ import annotations

from typing import Any

from policyc.catalog.model import Catalog
from policyc.diagram.formula import SERVER, Formula, Junction, Predicate, Probe, Var, conj, disj, predicates
from policyc.diagram.schema.bounds import UNKNOWN, Bounds
from policyc.diagram.schema.look import Look, look_of
from policyc.diagram.specialise import Tool, ToolProgram
from policyc.record import record

Seen = tuple[Any, ...]
"""What of a predicate says where it looks."""


@record(eq=False)
class LookedAt:
    """What questions about one tool look at: its arguments, and whether the server is asked for. `seen`: where the
    program looks, to tell what a question looks at besides."""

    look: Look
    server: bool
    seen: frozenset[Seen] = frozenset()

    def beyond(self, formula: Formula) -> frozenset[Seen]:
        """Where a formula looks besides."""
        return frozenset(seen for p in predicates(formula) if (seen := _seen(p)) not in self.seen)

    def with_(self, formula: Formula) -> LookedAt:
        """What this and a formula look at."""
        asked = predicates(formula)
        look = self.look.copy()
        look.add_all(p for p in asked if p.var[0] == "args")
        return LookedAt(look, self.server or any(p.var == SERVER for p in asked))


def looked_at(program: ToolProgram) -> LookedAt:
    """What the rules that reach a tool look at."""
    groups = (program.denials, program.allows, program.approvals, program.limits)
    asked = dict.fromkeys(p for group in groups for guarded in group for p in predicates(guarded.guard))
    return LookedAt(look_of(asked), any(p.var == SERVER for p in asked), frozenset(map(_seen, asked)))


def _seen(p: Predicate) -> Seen:
    """What of a predicate says where it looks."""
    probe = p.probe
    if probe.op in ("at", "fits"):
        return p.var, probe
    return p.var, probe.length, probe.quantifier, probe.inner, probe.op == "contains"


def schema_formula(catalog: Catalog | None, asked: LookedAt, tool: Tool) -> Formula:
    """The formula for "what is looked at fits the tool's schema, and the server is one that has the tool"; True where nothing is known.
    It holds for at least every valid call."""
    entries = () if catalog is None or not isinstance(tool, str) else catalog.by_name(tool)
    if not entries:
        return True
    if not asked.server:
        return disj(dict.fromkeys(schema_bounds(entry.input_schema, asked.look).may for entry in entries))
    return disj(
        conj((Predicate(SERVER, Probe("in", (e.server,), 2, 0), 0b100), schema_bounds(e.input_schema, asked.look).may))
        for e in entries
    )


def parted(schema: Formula, asked: Formula) -> tuple[Formula, Formula]:
    """A schema's formula as two without a variable in common, which together say the same: what bears on a formula, and the rest.
    A value inside of another bears on it, so arguments are told apart by their first key only."""
    near = {_first(p.var) for p in predicates(asked)}
    if not isinstance(schema, Junction) or schema.op != "&":
        return schema, True
    items = [(item, {_first(p.var) for p in predicates(item)}) for item in schema.items]
    if any(("args",) in keys for keys in (near, *(keys for _, keys in items))):
        return schema, True
    far = items
    while any(not near.isdisjoint(keys) for _, keys in far):
        near.update(*(keys for _, keys in far if not near.isdisjoint(keys)))
        far = [(item, keys) for item, keys in far if near.isdisjoint(keys)]
    return conj(item for item, keys in items if not near.isdisjoint(keys)), conj(item for item, _ in far)


def _first(var: Var) -> tuple[object, ...]:
    return (var[0], *var[1][:1])


def schema_bounds(schema: Any, look: Look) -> Bounds:
    """What an input schema says of the arguments looked at."""
    if schema is None or (not look.keys and not look.asked):
        return UNKNOWN
    from policyc.diagram.schema.place import Place  # not loaded where no policy looks at arguments
    from policyc.diagram.schema.translator import Translator

    try:
        return Translator(schema).bounds(schema, Place("args", (), look))
    except RecursionError:  # nested too deep
        return UNKNOWN
