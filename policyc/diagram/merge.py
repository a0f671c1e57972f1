"""Variables that cannot be looked at one by one become one variable.

An index and `every` on one array, two indexes, or the number of keys and one of the keys depend on each other in ways that a diagram
of separate variables does not know. Their container is then cut as a whole: `args.list[0].id` becomes the probe "at 0, id" of
`args.list`. A container that is too large to be cut that way keeps its variables; answers are then on the safe side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from policyc.diagram.cells import partition
from policyc.diagram.errors import TooLarge
from policyc.diagram.formula import Formula, Predicate, Probe, Var, conj, disj, predicates
from policyc.diagram.specialise import Guarded, ToolProgram

Rewrite = Callable[[Formula], Formula]


def merged(program: ToolProgram) -> ToolProgram:
    """The program over variables that are independent of each other, as far as containers can be cut."""
    groups = (program.denials, program.allows, program.approvals, program.limits)
    rewrite = merging(guarded.guard for group in groups for guarded in group)
    if rewrite is None:
        return program
    denials, allows, approvals, limits = (tuple(Guarded(g.rule, rewrite(g.guard)) for g in group) for group in groups)
    return ToolProgram(denials, allows, approvals, limits, program.default)


def merging(guards: Iterable[Formula]) -> Rewrite | None:
    """What puts formulas that are asked together over independent variables; None where they are so already."""
    every = [p for guard in guards for p in predicates(guard)]
    if not any(p.probe.length or any(isinstance(step, int) for step in p.var[1]) for p in every):
        return None  # most: neither indexes nor sizes
    asked: dict[Var, dict[Probe, None]] = {}
    for p in every:
        asked.setdefault(p.var, {})[p.probe] = None
    into = _containers(asked)
    return (lambda formula: _rewritten(formula, into)) if into else None


def _containers(asked: dict[Var, dict[Probe, None]]) -> dict[Var, Var]:
    """By variable, the container that takes it in."""
    below: dict[Var, list[Var]] = {}
    for root, steps in asked:
        for n in range(len(steps)):
            below.setdefault((root, steps[:n]), []).append((root, steps))
    into: dict[Var, Var] = {}
    for container in sorted(below, key=lambda v: (len(v[1]), repr(v))):
        if container in into:
            continue
        inside = [v for v in _dependent(container, below[container], asked.get(container, {})) if v not in into]
        probes = dict.fromkeys(asked.get(container, {}))
        probes.update((moved(container, v, p), None) for v in inside for p in asked[v])
        if inside and _can_be_cut(frozenset(probes)):
            into.update((v, container) for v in inside)
    return into


def _dependent(container: Var, below: list[Var], own: Iterable[Probe]) -> list[Var]:
    """The variables below a container whose values depend on each other or on what is asked of the container."""
    if container[0] == "call":
        return []
    depth = len(container[1])
    steps = {v[1][depth] for v in below}
    indexes = [v for v in below if isinstance(v[1][depth], int)]
    looks_inside = any(p.length or p.quantifier is not None or p.op == "contains" for p in own)
    if any(p.length and p.quantifier is None for p in own):
        return below
    return indexes if indexes and (len(steps) > 1 or looks_inside) else []


@lru_cache(maxsize=65536)
def _can_be_cut(probes: frozenset[Probe]) -> bool:
    try:
        return partition(tuple(sorted(probes, key=repr))).undecided is None
    except TooLarge:
        return False


def moved(container: Var, var: Var, probe: Probe) -> Probe:
    """A probe of a variable as a probe of the container that it is in."""
    steps = var[1][len(container[1]) :]
    return Probe("at", (steps, probe)) if steps else probe


def unmoved(var: Var, probe: Probe) -> tuple[Var, Probe]:
    """The variable and the probe that were written, for showing."""
    if probe.op != "at":
        return var, probe
    steps, inner = probe.value
    return (var[0], (*var[1], *steps)), inner


def _rewritten(formula: Formula, into: dict[Var, Var]) -> Formula:
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, Predicate):
        container = into.get(formula.var)
        return (
            formula
            if container is None
            else Predicate(container, moved(container, formula.var, formula.probe), formula.mask)
        )
    items = [_rewritten(item, into) for item in formula.items]
    return conj(items) if formula.op == "&" else disj(items)
