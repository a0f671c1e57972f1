"""Random small policies that the z3 oracle can encode exactly, their mutations, and tools with random schemas.

Constants keep apart what JSON keeps apart: between two numbers there are others of each kind, between two strings there are others.
"""

from __future__ import annotations

from random import Random
from typing import Any

from policyc.catalog.model import Catalog, Risk, Tool
from policyc.ir.facts import Facts, ToolFacts
from policyc.ir.model import (
    AllOf,
    And,
    AnyOf,
    AnyTool,
    Cond,
    Const,
    Effect,
    Except,
    Fact,
    Limit,
    Not,
    OnServer,
    Op,
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
from policyc.ir.names import assign_ids
from policyc.record import replace
from tests.property.strategies import Steps

TOOLS = ("pay", "get_user", "drop_user")
SERVERS = ("bank", "crm")
NUMBERS = (0, 1, 1, 5, 10, 10, 100, -1, 0.5, 2.5)
WORDS = ("eur", "gbp", "usd", "usd", "5", "true")
TEXTS = ("a", "ab", "abc", "b", "main", "release/1", "x.y", "")
REGEXES = (
    "^a",
    "b$",
    "^ab?c*$",
    "a|b",
    "^(usd|eur)$",
    "[0-9]+",
    "^[a-z]{1,2}$",
    "^[^a]*$",
    "a.b",
    "^release/",
    "x+y",
    "^$",
)
LIKES = ("release/*", "*", "a*c", "?b*", "ab", "*b*")
PRINTED = ("5", "0.5", "true", "<nil>", "usd", "10")
U, F = Truth.UNDEFINED, Truth.FALSE
MODES = ((U, U), (U, U), (F, U), (F, F), (F, F), (U, F))

SCALARS: dict[tuple[str, Steps], str] = {
    ("args", ("amount",)): "number",
    ("args", ("currency",)): "word",
    ("args", ("flag",)): "boolean",
    ("args", ("user", "name")): "word",
    ("args", ("user", "age")): "number",
    ("args", ("user",)): "object",
    ("context", ("role",)): "word",
}
ARRAYS: dict[tuple[str, Steps], str] = {
    ("args", ("items", None)): "word",
    ("args", ("items", None, "id")): "number",
    ("args", ("items",)): "array",
    ("args", ("items", None, "tags")): "array",
    ("args", ("items", None, "tags", None)): "word",
    ("args", ("rows", None, None)): "number",
    ("args", ("rows", None)): "array",
}
INDEXED: dict[tuple[str, Steps], str] = {
    ("args", ("items", 0)): "word",
    ("args", ("items", 1)): "number",
    ("args", ("rows", None, 0)): "number",
}
"""Together with ARRAYS: paths that depend on each other, for which the analysis answers on the safe side."""
PATTERNED: dict[tuple[str, Steps], str] = {("args", ("note",)): "text", ("context", ("branch",)): "text"}
Paths = list[tuple[tuple[str, Steps], str]]


def random_paths(rng: Random) -> Paths:
    """What one policy looks at: one to four paths, now and then arrays or patterns."""
    pool = list(SCALARS.items())
    roll = rng.random()
    if roll < 0.25:
        pool += list(ARRAYS.items()) * 2
        if roll < 0.05:
            pool += list(INDEXED.items()) * 3
    elif roll < 0.4:
        pool += list(PATTERNED.items()) * 4
    return [rng.choice(pool) for _ in range(rng.randint(1, 4))]


def random_policy(rng: Random, paths: Paths | None = None) -> Policy:
    """Two to six rules over up to three tools."""
    paths = random_paths(rng) if paths is None else paths
    tools = rng.sample(TOOLS, rng.choice((1, 1, 2, 3)))
    selectors = [_selector(rng, tools) for _ in range(rng.randint(1, 3))]
    rules: list[Rule] = []
    implied: set[Selector] = set()
    for _ in range(rng.randint(2, 6)):
        selector = rng.choice(selectors)
        if isinstance(selector, ToolName) and selector not in implied and rng.random() < 0.4:
            implied.add(selector)
            rules.append(Rule("", "allow", selector, implied=True))
        rules.append(random_rule(rng, selector, paths))
    return Policy("p", "deny" if rng.random() < 0.6 else "allow", assign_ids(rules))


def random_rule(rng: Random, selector: Selector, paths: Paths) -> Rule:
    effects: tuple[Effect, ...] = (
        "deny",
        "deny",
        "deny",
        "require",
        "require",
        "approve",
        "approve",
        "allow",
        "allow",
        "limit",
        "limit",
    )
    effect: Effect = "hide" if rng.random() < 0.04 else rng.choice(effects)
    often = 0.85 if effect in ("deny", "approve", "allow") else 0.3
    return Rule(
        "",
        effect,
        selector,
        when=random_condition(rng, paths) if effect != "hide" and rng.random() < often else None,
        condition=random_condition(rng, paths) if effect == "require" else None,
        limit=_limit(rng, paths) if effect == "limit" else None,
        reason=rng.choice(("no", "ask")) if rng.random() < 0.3 else None,
        by="finance" if effect == "approve" and rng.random() < 0.3 else None,
    )


def _selector(rng: Random, tools: list[str]) -> Selector:
    roll = rng.random()
    if roll < 0.6:
        return ToolName(rng.choice(tools), rng.choice(SERVERS) if rng.random() < 0.1 else None)
    if roll < 0.7:
        return ToolGlob(rng.choice(("*_user", "pay*", "?et_*")), rng.choice(SERVERS) if rng.random() < 0.1 else None)
    if roll < 0.82:
        return AnyTool()
    if roll < 0.86:
        return OnServer(rng.choice(SERVERS))
    if roll < 0.9:
        return Fact("category", rng.choice(("read", "write")))
    if roll < 0.94:
        return Except(_selector(rng, tools))
    items = (_selector(rng, tools), _selector(rng, tools))
    return AnyOf(items) if roll < 0.97 else AllOf(items)


def random_condition(rng: Random, paths: Paths, depth: int = 2) -> Cond:
    roll = rng.random()
    if depth == 0 or roll < 0.6:
        return random_test(rng, *rng.choice(paths))
    if roll < 0.62:
        return Const(rng.random() < 0.5)
    if roll < 0.72:
        return Not(random_condition(rng, paths, depth - 1))
    items = tuple(random_condition(rng, paths, depth - 1) for _ in range(rng.randint(2, 3)))
    return And(items) if roll < 0.87 else Or(items)


def random_test(rng: Random, path: tuple[str, Steps], natural: str) -> Test:
    """A test on a path, of its natural type most of the time."""
    if rng.random() < (0.3 if None in path[1] else 0.12):
        natural = rng.choice(("number", "word", "boolean", "object", "array"))
    op, value, length = _question(rng, natural)
    missing, mistyped = rng.choice(MODES)
    each = rng.choice(("every", "some")) if None in path[1] else None
    return Test(Path(*path), op, value, missing, mistyped, length, each)  # type: ignore[arg-type]


def _question(rng: Random, natural: str) -> tuple[Op, Any, bool]:
    if rng.random() < 0.12:
        if rng.random() < 0.4:
            return "exists", True, False
        return "is", rng.choice(("string", "number", "integer", "boolean", "array", "object", "null")), False
    orders: tuple[Op, ...] = ("<", "<=", ">", ">=")
    equals: tuple[Op, ...] = ("==", "!=")
    members: tuple[Op, ...] = ("in", "not in")
    if natural == "number":
        roll = rng.random()
        if roll < 0.75:
            return rng.choice(orders + equals), rng.choice(NUMBERS), False
        return rng.choice(members), tuple(rng.sample(sorted(set(NUMBERS)), 2)), False
    if natural == "word":
        roll = rng.random()
        if roll < 0.1:
            return "prints", rng.choice(PRINTED), False
        if roll < 0.55:
            return rng.choice(members), tuple(rng.sample(sorted(set(WORDS)), rng.randint(1, 3))), False
        if roll < 0.6:
            return rng.choice(members), (rng.choice(WORDS), rng.choice(NUMBERS), True), False
        return rng.choice(equals if roll < 0.85 else orders), rng.choice(WORDS), False
    if natural == "boolean":
        return rng.choice(equals), rng.random() < 0.5, False
    if natural == "text":
        roll = rng.random()
        if roll < 0.3:
            return "matches", rng.choice(REGEXES), False
        if roll < 0.5:
            return "like", rng.choice(LIKES), False
        if roll < 0.8:
            return rng.choice(("starts_with", "ends_with", "contains")), rng.choice(TEXTS), False
        if roll < 0.9:
            return rng.choice(orders), rng.choice((0, 1, 3)), True
        return rng.choice(equals), rng.choice(TEXTS), False
    if natural == "array" and rng.random() < 0.5:
        return "contains", rng.choice((*WORDS, *NUMBERS, True)), False
    return rng.choice(orders + equals), rng.choice((0, 1, 2, 2.5)), True


def _limit(rng: Random, paths: Paths) -> Limit:
    total = rng.random() < 0.4
    simple = [p for p, _ in paths if None not in p[1]] or [("args", ("amount",))]
    named = rng.random() < 0.5
    return Limit(
        rng.choice(("c1", "c2")) if named else "",
        rng.choice((1, 30, 100)),
        rng.choice(("minute", "day", 90)),
        amount=Path(*rng.choice(simple)) if total else None,  # type: ignore[arg-type]
        optional=total and rng.random() < 0.4,
        named=named,
    )


def random_facts(rng: Random) -> Facts:
    """Facts about some of the tools, at times about one tool on two servers."""
    known: dict[str, tuple[tuple[str, ToolFacts], ...]] = {}
    for tool in TOOLS:
        homes = [s for s in SERVERS if rng.random() < 0.35]
        if homes:
            known[tool] = tuple((s, ToolFacts(rng.choice(("read", "write")), "low")) for s in homes)
    return Facts(known)


# --- catalogs --------------------------------------------------------------------------------------------------------


def random_schema(rng: Random) -> dict[str, Any]:
    """An input schema without nesting: every path is bound by itself."""
    properties: dict[str, Any] = {}
    for name in ("amount", "currency", "flag", "note", "items"):
        if rng.random() < 0.75:
            properties[name] = _argument_schema(rng, name)
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    schema["required"] = [n for n in properties if rng.random() < 0.5]
    if rng.random() < 0.5:
        schema["additionalProperties"] = False
    return schema


def _argument_schema(rng: Random, name: str) -> dict[str, Any]:
    if rng.random() < 0.08:
        return {}
    if name == "amount":
        out: dict[str, Any] = {"type": rng.choice(("integer", "number", ["integer", "null"]))}
        if rng.random() < 0.6:
            out[rng.choice(("minimum", "exclusiveMinimum"))] = rng.choice((0, 1, 5))
        if rng.random() < 0.6:
            out[rng.choice(("maximum", "exclusiveMaximum"))] = rng.choice((7, 10, 100))
        return out
    if name == "flag":
        return rng.choice(({"type": "boolean"}, {"const": True}, {"type": ["boolean", "null"]}))
    if name == "items":
        out = {
            "type": "array",
            "items": rng.choice(({"type": "string"}, {"type": "number"}, {"enum": ["eur", "usd", 5]})),
        }
        if rng.random() < 0.5:
            out[rng.choice(("minItems", "maxItems"))] = rng.choice((1, 2))
        return out
    if rng.random() < 0.5:
        return {"enum": rng.sample(["eur", "gbp", "usd", "a", "abc", None, 5], rng.randint(1, 4))}
    out = {"type": "string"}
    if name == "note" and rng.random() < 0.5:
        out[rng.choice(("minLength", "maxLength"))] = rng.choice((1, 2, 3))
    return out


def catalog_of(tools: dict[tuple[str, str], dict[str, Any] | None]) -> Catalog:
    """A catalog of tools by (server, name), with their schemas."""
    risk = Risk("write", "medium", None, "low", ())
    made = [Tool(s, n, "", schema, {}, None, f"{s}/{n}", risk) for (s, n), schema in sorted(tools.items())]
    return Catalog(tuple(made), "digest")


# --- mutations -------------------------------------------------------------------------------------------------------


def mutated(rng: Random, policy: Policy, paths: Paths) -> Policy:
    """A copy with one small change, which may or may not change the meaning."""
    rules = list(policy.rules)
    if not rules:
        return policy
    at = rng.randrange(len(rules))
    rule = rules[at]
    match rng.randrange(8):
        case 0:
            del rules[at]
        case 1:
            rng.shuffle(rules)
        case 2:
            rules.insert(at, random_rule(rng, rule.selector, paths))
        case 3 if rule.limit is not None:
            change = rng.choice(({"counter": "renamed", "named": True}, {"maximum": 7}, {"window": "hour"}))
            rules[at] = replace(rule, limit=replace(rule.limit, **change))
        case 4:
            return replace(policy, default="allow" if policy.default == "deny" else "deny")
        case 5:
            rules[at] = replace(rule, reason="another reason")
        case 6 if rule.when is not None:
            rules[at] = replace(rule, when=Not(Not(rule.when)))
        case _ if rule.when is not None:
            rules[at] = replace(rule, when=_nudged(rng, rule.when, paths))
        case _ if rule.condition is not None:
            rules[at] = replace(rule, condition=_nudged(rng, rule.condition, paths))
        case _:
            return policy
    return replace(policy, rules=assign_ids([replace(r, id="" if not r.named else r.id) for r in rules]))


def _nudged(rng: Random, cond: Cond, paths: Paths) -> Cond:
    """The condition with one test changed: another bound, another operator, another mode."""
    match cond:
        case Not():
            return Not(_nudged(rng, cond.item, paths))
        case And() | Or():
            at = rng.randrange(len(cond.items))
            items = tuple(_nudged(rng, c, paths) if i == at else c for i, c in enumerate(cond.items))
            return And(items) if isinstance(cond, And) else Or(items)
        case Test():
            if cond.op in ("<", "<=", ">", ">=") and isinstance(cond.value, int):
                return replace(cond, value=cond.value + rng.choice((-1, 1)))
            if rng.random() < 0.5:
                return replace(cond, missing=F if cond.missing is U else U)
            return random_test(rng, *rng.choice(paths))
    return random_test(rng, *rng.choice(paths))
