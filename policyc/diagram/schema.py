"""A tool's input schema as a formula over the arguments that a policy looks at, and plausible values for those it does not.

The formula allows at least what the schema allows: a keyword that cannot be carried over narrows nothing.
"""

from __future__ import annotations

from typing import Any

from policyc.catalog.model import Catalog
from policyc.catalog.schema import Argument, ArgumentInfo, NotThere, Unknown, arguments, lookup
from policyc.diagram.formula import SERVER, Formula, Predicate, Probe, Var, at_least, conj, disj, predicate, predicates
from policyc.diagram.specialise import Tool, ToolProgram
from policyc.ir.model import Cond, Not, Or, Path, Test, Truth
from policyc.runtime.patterns import PatternError, regex_search

_FALSE = Truth.FALSE
_NOT_THE_SAME_IN_RE2 = ("\\s", "\\S", "\\p", "\\P", "\\u", "\\c", "\\k", "(?", "\\/")


def schema_formula(catalog: Catalog | None, program: ToolProgram, tool: Tool) -> Formula:
    """The formula for "what the program looks at fits the tool's schema, and the server is one that has the tool"; True where nothing
    is known."""
    entries = () if catalog is None or not isinstance(tool, str) else catalog.by_name(tool)
    if not entries:
        return True
    looked_at: dict[Var, None] = {}
    for group in (program.denials, program.allows, program.approvals, program.limits):
        for guarded in group:
            looked_at.update((p.var, None) for p in predicates(guarded.guard) if p.var[0] == "args" or p.var == SERVER)
    homes = Predicate(SERVER, Probe("in", tuple(sorted(e.server for e in entries)), 2, 0), 0b100)
    return conj(homes if var == SERVER else argument_formula(catalog, tool, var) for var in looked_at)


def argument_formula(catalog: Catalog | None, tool: Tool, var: Var) -> Formula:
    """The formula for "what stands at this place of the arguments fits the tool's schema"; True where nothing is known."""
    entries = () if catalog is None or not isinstance(tool, str) else catalog.by_name(tool)
    return disj(_fits(entry.input_schema, var) for entry in entries) if entries else True


def _fits(schema: Any, var: Var) -> Formula:
    found = lookup(schema, var[1])
    path = Path("args", var[1])
    there = predicate(Test(path, "exists", True), 0b100)
    absent = predicate(Test(path, "exists", True), 0b011)
    if isinstance(found, Unknown):
        return True
    if isinstance(found, NotThere):
        return absent if found.closed else True
    parts = [at_least(c, 2) for c in argument_conditions(found.argument, path)]
    inside = lookup(schema, (*var[1], None))
    if isinstance(inside, ArgumentInfo) and found.argument.types == {"array"}:
        parts.extend(at_least(c, 2) for c in _element_conditions(inside.argument, Path("args", (*var[1], None))))
    valid = conj((there, *parts))
    return disj((absent, valid)) if found.can_be_missing else valid


def argument_conditions(argument: Argument, path: Path) -> list[Cond]:
    """What every value of an argument that is there fulfils."""
    out: list[Cond] = []
    if argument.types:
        kinds = sorted(argument.types | ({"null"} if argument.nullable else set()))
        if "number" in kinds and "integer" in kinds:
            kinds.remove("integer")
        out.append(Or(tuple(Test(path, "is", t) for t in kinds)))
    if argument.enum is not None and all(v is None or isinstance(v, bool | int | float | str) for v in argument.enum):
        scalars = tuple(v for v in argument.enum if v is not None)
        either: list[Cond] = [Test(path, "is", "null")] if None in argument.enum or argument.nullable else []
        if scalars:
            either.append(Test(path, "in", scalars, _FALSE, _FALSE))
        out.append(Or(tuple(either)))
    bounds = (
        (">=", argument.minimum), ("<=", argument.maximum),
        (">", argument.exclusive_minimum), ("<", argument.exclusive_maximum),
    )  # fmt: skip
    for op, bound in bounds:
        if bound is not None:
            out.append(_unless("number", path, Test(path, op, bound, _FALSE, _FALSE)))  # type: ignore[arg-type]
    sizes = (
        ("string", argument.min_length, argument.max_length),
        ("array", argument.min_items, argument.max_items),
    )
    for kind, least, most in sizes:
        if least:
            out.append(_unless(kind, path, Test(path, ">=", least, _FALSE, _FALSE, length=True)))
        if most is not None:
            out.append(_unless(kind, path, Test(path, "<=", most, _FALSE, _FALSE, length=True)))
    if argument.pattern is not None and portable(argument.pattern):
        out.append(_unless("string", path, Test(path, "matches", argument.pattern, _FALSE, _FALSE)))
    return out


def _unless(kind: str, path: Path, test: Cond) -> Cond:
    """A keyword binds values of its own type only."""
    return Or((Not(Test(path, "is", kind)), test))


def _element_conditions(element: Argument, path: Path) -> list[Cond]:
    out: list[Cond] = []
    if len(element.types) == 1 and not element.nullable:
        out.append(Test(path, "is", next(iter(element.types)), quantifier="every"))
    if element.enum and all(isinstance(v, bool | int | float | str) for v in element.enum):
        out.append(Test(path, "in", tuple(element.enum), _FALSE, _FALSE, quantifier="every"))
    return out


def portable(pattern: str) -> bool:
    """Whether a schema's pattern surely means the same in RE2."""
    if any(mark in pattern for mark in _NOT_THE_SAME_IN_RE2):
        return False
    try:
        regex_search(pattern)
    except PatternError:
        return False
    return True


def fill_required(catalog: Catalog | None, tool: Tool, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments with plausible values for the schema's required ones that are not there."""
    entries = () if catalog is None or not isinstance(tool, str) else catalog.by_name(tool)
    if not entries:
        return given
    out = dict(given)
    for name, argument in arguments(entries[0].input_schema).items():
        if argument.required and name not in out:
            out[name] = plausible(argument)
    return out


def plausible(argument: Argument, depth: int = 0) -> Any:
    """A value that the argument may have, as readable as can be."""
    if argument.enum:
        return argument.enum[0]
    types = argument.types
    if "string" in types or not types:
        text = "example"
        if argument.min_length and len(text) < argument.min_length:
            text = text + "x" * (argument.min_length - len(text))
        return text if argument.max_length is None else text[: argument.max_length]
    if "integer" in types or "number" in types:
        least = argument.minimum if argument.minimum is not None else argument.exclusive_minimum
        value = 1 if least is None or least < 1 else int(least) + 1
        most = argument.maximum
        return value if most is None or value <= most else most
    if "boolean" in types:
        return False
    if "array" in types:
        return []
    if "object" in types and depth < 4:
        inside = arguments({"type": "object", "properties": argument.properties})
        return {n: plausible(a, depth + 1) for n, a in inside.items() if a.required}
    return None if argument.nullable else {}
