"""What the rules about holes share: tests with their sense, and what leaving an argument out does to a guard."""

from __future__ import annotations

from collections.abc import Iterator

from policyc.diagram.formula import Formula, Var, predicates, substitute
from policyc.ir.model import And, Cond, Const, Not, Or, Rule, Test


def senses(cond: Cond, positive: bool = True) -> Iterator[tuple[Test, bool]]:
    """Every test of a condition, with whether its truth makes the condition true rather than false."""
    match cond:
        case Test():
            yield cond, positive
        case Not():
            yield from senses(cond.item, not positive)
        case And() | Or():
            for item in cond.items:
                yield from senses(item, positive)
        case Const():
            return


def letting_through(rule: Rule) -> Iterator[Test]:
    """The tests whose truth helps a call to pass: what a `require` or an `allow` asks, and exceptions to what restricts."""
    for cond, passes in ((rule.when, rule.effect == "allow"), (rule.condition, True)):
        if cond is not None:
            yield from (test for test, sense in senses(cond) if sense == passes)


def var_of(test: Test) -> Var:
    """The variable that a test looks at: its path up to the first `[*]`."""
    steps = test.path.steps
    return (test.path.root, steps[: steps.index(None)] if None in steps else steps)


def without(guard: Formula, var: Var) -> Formula:
    """The guard for calls that leave the variable out."""
    return substitute(
        guard,
        {
            p: p.holds(0 if p.probe.op in ("exists", "is") else p.probe.missing)
            for p in predicates(guard)
            if p.var == var
        },
    )


def at_best(guard: Formula, var: Var) -> Formula:
    """The guard for calls with the most telling value there, as far as each test is concerned alone."""
    return substitute(guard, {p: True for p in predicates(guard) if p.var == var})


def asks(guard: Formula, var: Var) -> bool:
    """Whether the guard looks at the variable."""
    return any(p.var == var for p in predicates(guard))
