"""Random policies, calls and catalog facts, for Hypothesis and for long runs.

One generator serves both: every function below takes a `random.Random`. A long run hands it `random.Random(seed)`
(fast: tens of thousands of pairs a second); the Hypothesis strategies hand it a Random whose draws Hypothesis records and
shrinks. Pools of names, paths and constants are small on purpose, so that rules overlap.

    policies()            a Policy; every effect, selector, operator and mode of the IR
    calls(policy)         a reference.Call near the boundaries of the policy's own constants
    facts(policy)         Facts about some of the tools
    random_policy(rng), random_call(rng, policy), random_facts(rng)    the same without Hypothesis
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

from policyc.ir.facts import CATEGORIES, HINTS, Facts, ToolFacts
from policyc.ir.model import (
    JSON_TYPES,
    SCOPES,
    SEVERITIES,
    WINDOWS,
    AllOf,
    And,
    AnyOf,
    AnyTool,
    Cond,
    Const,
    Effect,
    Except,
    Fact,
    FactKind,
    Limit,
    Not,
    OnServer,
    Op,
    Or,
    Path,
    Policy,
    Property,
    Rule,
    Scalar,
    Selector,
    Test,
    ToolGlob,
    ToolName,
    Truth,
)  # fmt: skip
from policyc.ir.names import assign_ids
from policyc.reference import Call

TOOLS = ("pay", "pay_all", "get_user", "delete_user", "Deploy", "odd name", "a/b", "not")
GLOBS = ("pay*", "*_user", "g?t_*", "*e*", "odd *", "*")
SERVERS = ("bank", "odd server")
UNKNOWN_TOOLS = ("refund", "PAY", "", "pay\n", "get_useR", "p\ud800")
Steps = tuple[str | int | None, ...]
PATHS: tuple[tuple[str, Steps], ...] = (
    ("args", ("amount",)), ("args", ("amount",)), ("args", ("currency",)), ("args", ("currency",)), ("args", ("note",)),
    ("args", ("user", "name")), ("args", ("user",)), ("args", ("items", 0)), ("args", ("items", 1, "id")),
    ("args", ("odd key",)), ("args", ("weird.\"key\\",)), ("args", ("0",)), ("args", ()),
    ("context", ("user",)), ("context", ("roles",)), ("context", ("now",)),
)  # fmt: skip
EACH_PATHS: tuple[tuple[str, Steps], ...] = (
    ("args", ("items", None)), ("args", ("items", None, "id")), ("args", ("rows", None, "tags", None)),
    ("args", ("rows", 0, None)), ("context", ("roles", None)), ("args", ("items", None, None)),
)  # fmt: skip
NUMBERS: tuple[int | float, ...] = (
    0, 1, 5, 10, 10, 50_000, -1, 0.5, 10.0, 2.25, 2**53, 2**53 + 1, 1e16, 10**30, 1e300, -2.5e-7,
)  # fmt: skip
STRINGS = (
    "usd",
    "eur",
    "",
    "USD",
    "ab",
    "abc",
    "é",
    "e\u0301",
    "\U0001f600",
    "a\nb",
    "5",
    "10",
    "true",
    "release/1",
    '"q"\\',
)
LIKES = ("release/*", "*", "a*c", "?b*", "usd", "", "*\n*", "é?", "*us*d*")
REGEXES = (
    "^usd$", "us", "(?i)usd", "^(usd|eur)$", "[a-c]+", "^[^0-9]*$", r"^\d{1,3}$", r"\bab\b", "a.b", "^$", "(?s)a.b",
    "^release/[0-9]+$", r"\.", "é", "(a|b)*c", "^.{2,3}$", "(?m)^b$",
)  # fmt: skip
PRINTED = ("5", "0.5", "true", "<nil>", "usd", "1e+06", "[a b]", "", "10")
SAMPLES = (
    "usd",
    "xusd",
    "Usd",
    "aab",
    "a\nb",
    "ab",
    "abcc",
    "7",
    "123",
    "1234",
    "release/12",
    "a.b",
    "é",
    "ab cd",
    "\n",
)


# --- policies ------------------------------------------------------------------------------------------------------


def random_policy(rng: Random, max_rules: int = 8) -> Policy:
    """A policy of up to `max_rules` rules with assigned ids, as a front end could produce it."""
    rules: list[Rule] = []
    implied: set[Selector] = set()
    selectors = [random_selector(rng) for _ in range(rng.randint(1, 4))]
    for i in range(rng.randint(0, max_rules)):
        selector = rng.choice(selectors)
        if isinstance(selector, ToolName) and selector not in implied and rng.random() < 0.3:
            implied.add(selector)
            rules.append(Rule("", "allow", selector, implied=True))
        rules.append(_random_rule(rng, selector, i))
    return Policy(
        name=rng.choice(("p", "stripe-support", "odd name")),
        default="deny" if rng.random() < 0.6 else "allow",
        rules=assign_ids(rules),
        description=None if rng.random() < 0.8 else rng.choice(STRINGS),
    )


def _random_rule(rng: Random, selector: Selector, number: int) -> Rule:
    effects: tuple[Effect, ...] = (
        "deny",
        "deny",
        "require",
        "require",
        "approve",
        "allow",
        "allow",
        "limit",
        "limit",
        "hide",
    )
    effect = rng.choice(effects)
    named = rng.random() < 0.15
    conditional = effect != "hide" and rng.random() < (0.75 if effect in ("deny", "approve", "allow") else 0.25)
    return Rule(
        id=f"r{number}" if named else "",
        effect=effect,
        selector=selector,
        when=random_condition(rng) if conditional else None,
        condition=random_condition(rng) if effect == "require" else None,
        limit=_random_limit(rng) if effect == "limit" else None,
        reason=rng.choice(("not allowed", 'say "no"', "über\n", "")) if rng.random() < 0.3 else None,
        by=rng.choice(("finance", "the boss", "when")) if effect == "approve" and rng.random() < 0.5 else None,
        severity=rng.choice(SEVERITIES) if rng.random() < 0.15 else None,
        named=named,
    )


def random_selector(rng: Random, depth: int = 2) -> Selector:
    roll = rng.random()
    server = rng.choice(SERVERS) if rng.random() < 0.15 else None
    if roll < 0.45:
        return ToolName(rng.choice(TOOLS), server)
    if roll < 0.6:
        pattern = rng.choice(GLOBS)
        return AnyTool() if pattern == "*" and server is None else ToolGlob(pattern, server)
    if roll < 0.66:
        return OnServer(rng.choice(SERVERS))
    if roll < 0.76:
        kinds: tuple[FactKind, ...] = ("category", "severity", "hint")
        kind = rng.choice(kinds)
        pool = {"category": CATEGORIES, "severity": SEVERITIES, "hint": HINTS}[kind]
        return Fact(kind, rng.choice(pool))
    if roll < 0.86 or depth == 0:
        return AnyTool()
    if roll < 0.9:
        return Except(random_selector(rng, depth - 1))
    items = tuple(random_selector(rng, depth - 1) for _ in range(rng.randint(2, 3)))
    return AnyOf(items) if roll < 0.96 else AllOf(items)


def random_condition(rng: Random, depth: int = 2) -> Cond:
    roll = rng.random()
    if depth == 0 or roll < 0.65:
        return random_test(rng)
    if roll < 0.68:
        return Const(rng.random() < 0.5)
    if roll < 0.76:
        return Not(random_condition(rng, depth - 1))
    items = tuple(random_condition(rng, depth - 1) for _ in range(rng.randint(2, 3)))
    return And(items) if roll < 0.88 else Or(items)


_OPS: tuple[Op, ...] = (
    "==", "==", "!=", "<", "<=", ">", ">=", "in", "in", "not in", "matches", "like", "starts_with", "ends_with",
    "contains", "exists", "is", "prints",
)  # fmt: skip


def random_test(rng: Random) -> Test:
    each = rng.random() < 0.2
    root, steps = rng.choice(EACH_PATHS if each else PATHS)
    length = rng.random() < 0.08
    op = rng.choice(_OPS[:7]) if length else rng.choice(_OPS)
    missing, mistyped = rng.choice(_MODES)
    if op == "prints" and each:
        mistyped = Truth.FALSE  # the only mode that imported policies have, and documents can write
    return Test(
        Path(root, steps),  # type: ignore[arg-type]
        op,
        _random_value(rng, op, length),
        missing=missing,
        mistyped=mistyped,
        length=length,
        quantifier=rng.choice(("every", "some")) if each else None,
    )


_U, _F = Truth.UNDEFINED, Truth.FALSE
_MODES = ((_U, _U), (_U, _U), (_U, _U), (_F, _U), (_F, _U), (_F, _F), (_F, _F), (_F, _F), (_U, _F))


def _random_scalar(rng: Random) -> Scalar:
    roll = rng.random()
    if roll < 0.5:
        return rng.choice(NUMBERS)
    return rng.choice(STRINGS) if roll < 0.9 else rng.random() < 0.5


def _random_value(rng: Random, op: Op, length: bool) -> Scalar | tuple[Scalar, ...]:
    if length:
        return rng.choice((0, 1, 2, 2.5, 3))
    match op:
        case "in" | "not in":
            pool: tuple[Scalar, ...] = rng.choice((STRINGS, NUMBERS, STRINGS[:4] + NUMBERS[:4] + (True, False)))
            return tuple(dict.fromkeys(rng.choice(pool) for _ in range(rng.randint(1, 4))))
        case "<" | "<=" | ">" | ">=":
            return rng.choice(NUMBERS) if rng.random() < 0.7 else rng.choice(STRINGS)
        case "matches":
            return rng.choice(REGEXES)
        case "like":
            return rng.choice(LIKES)
        case "starts_with" | "ends_with":
            return rng.choice(STRINGS)
        case "exists":
            return True
        case "is":
            return rng.choice(JSON_TYPES)
        case "prints":
            return rng.choice(PRINTED)
    return _random_scalar(rng)


def _random_limit(rng: Random) -> Limit:
    named = rng.random() < 0.5
    total = rng.random() < 0.5
    paths = [p for p in PATHS if p[1]]
    return Limit(
        counter=rng.choice(("c1", "c2", "odd counter")) if named else "",
        maximum=rng.choice((1, 30, 100_000, 2.5 if total else 7)),
        window=rng.choice(tuple(WINDOWS)) if rng.random() < 0.7 else rng.choice((90, 3600)),
        amount=Path(*rng.choice(paths)) if total else None,  # type: ignore[arg-type]
        optional=total and rng.random() < 0.4,
        whole=total and rng.random() < 0.2,
        step=1 if total or rng.random() < 0.8 else 5,
        scope=tuple(rng.sample(SCOPES, rng.choice((1, 1, 2)))),
        sliding=rng.random() < 0.2,
        named=named,
    )


# --- calls ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Profile:
    """What a policy asks about: its tools, and for each path the constants it is compared with."""

    policy: Policy
    tools: list[str] = field(default_factory=list)
    tests: dict[tuple[str, Steps], list[Test]] = field(default_factory=dict)


_last: list[_Profile] = []


def _profile(policy: Policy) -> _Profile:
    if not _last or _last[0].policy is not policy:
        made = _Profile(policy)
        for rule in policy.rules:
            made.tools.extend(_tools(rule.selector))
            for cond in (rule.when, rule.condition):
                for test in _tests(cond) if cond is not None else ():
                    made.tests.setdefault((test.path.root, test.path.steps), []).append(test)
            if rule.limit is not None and rule.limit.amount is not None:
                probe = Test(rule.limit.amount, "<=", rule.limit.maximum)
                made.tests.setdefault((probe.path.root, probe.path.steps), []).append(probe)
        _last[:] = [made]
    return _last[0]


def _tools(selector: Selector) -> Iterator[str]:
    match selector:
        case ToolName():
            yield selector.name
        case ToolGlob():
            yield selector.pattern.replace("*", "").replace("?", "e")
            yield selector.pattern.replace("*", "xy").replace("?", "e")
        case AnyOf() | AllOf():
            for item in selector.items:
                yield from _tools(item)
        case Except():
            yield from _tools(selector.item)


def _tests(cond: Cond) -> Iterator[Test]:
    match cond:
        case Test():
            yield cond
        case Not():
            yield from _tests(cond.item)
        case And() | Or():
            for item in cond.items:
                yield from _tests(item)


def random_call(rng: Random, policy: Policy) -> Call:
    """A call about the policy's own tools and paths, with operands at and around its constants."""
    profile = _profile(policy)
    if profile.tools and rng.random() < 0.75:
        tool = rng.choice(profile.tools)
    else:
        tool = rng.choice(TOOLS + UNKNOWN_TOOLS)
    roots: dict[str, Any] = {"args": {}, "context": {}}
    for (root, steps), tests in profile.tests.items():
        if steps and rng.random() < 0.88:
            key = steps[0]
            roots[root][key] = _put(rng, roots[root].get(key), steps[1:], tests)
    if rng.random() < 0.1:
        roots["args"]["extra"] = random_json(rng)
    if rng.random() < 0.02:
        roots["args"] = rng.choice((None, [], "x"))
    server = None if rng.random() < 0.4 else rng.choice((*SERVERS, "other"))
    return Call(tool, roots["args"], roots["context"], server)


def _put(rng: Random, into: Any, steps: Steps, tests: list[Test]) -> Any:
    """`into` with an operand for one of the tests at the end of the steps; sometimes with something in the way."""
    if not steps:
        return _operand(rng, rng.choice(tests))
    if rng.random() < 0.04:
        return random_json(rng)
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        found = into if isinstance(into, dict) else {}
        found[step] = _put(rng, found.get(step), rest, tests)
        return found
    items = into if isinstance(into, list) else []
    wanted = rng.randint(0, 3) if step is None else step + (rng.random() < 0.9)
    items.extend([None] * (wanted - len(items)))
    chosen = range(len(items)) if step is None else range(step, min(step + 1, len(items)))
    for i in chosen:
        if rng.random() < 0.9:
            items[i] = _put(rng, items[i], rest, tests)
    return items


def _operand(rng: Random, test: Test) -> Any:
    if rng.random() < 0.15:
        return rng.choice((None, None, random_json(rng)))
    if test.length:
        base = test.value[0] if isinstance(test.value, tuple) else test.value
        size = max(0, int(base) + rng.choice((-1, 0, 0, 1)))
        return rng.choice(("é" * size, [0] * size, {str(i): i for i in range(size)}, "\U0001f600" * size))
    value = rng.choice(test.value) if isinstance(test.value, tuple) and test.value else test.value
    match test.op:
        case "is" | "exists":
            return random_json(rng)
        case "prints":
            twin = {
                "5": 5,
                "0.5": 0.5,
                "true": True,
                "<nil>": None,
                "1e+06": 1_000_000,
                "[a b]": ["a", "b"],
                "10": 10.0,
            }
            return rng.choice((value, twin.get(str(value), value), f"{value} "))
        case "matches":
            return rng.choice(SAMPLES + STRINGS)
        case "like":
            filled = str(value).replace("*", rng.choice(("", "z", "\n", "us")))
            return _near(rng, filled.replace("?", rng.choice(("q", "\U0001f600", ""))))
        case "contains" if rng.random() < 0.5:
            return [random_json(rng, 0) for _ in range(rng.randint(0, 2))] + [_near(rng, value)] * rng.randint(0, 1)
    return _near(rng, value)


def _near(rng: Random, value: Any) -> Any:
    """The value itself, or one on either side of it, or its twin of another type."""
    if isinstance(value, bool):
        return rng.choice((value, value, not value, int(value), str(value).lower()))
    if isinstance(value, str):
        return rng.choice((
            value, value, value, value + "x", "x" + value, value[:-1], value.swapcase(), value + "\n", "", [value],
            value + "\ud800", value + "\u0301", value + " ", value * 2, rng.choice(STRINGS),
        ))  # fmt: skip
    near: list[Any] = [value, value, value, value - 1, value + 1, -value, str(value), True, [value], 10**40, -(10**40)]
    if isinstance(value, float) or abs(value) < 2**1000:
        near += [
            float(value),
            value - 0.5,
            value + 0.5,
            math.nextafter(value, math.inf),
            math.nextafter(value, -math.inf),
        ]
        near.append(int(value))
    return rng.choice([v for v in near if not isinstance(v, float) or math.isfinite(v)])


def random_json(rng: Random, depth: int = 2) -> Any:
    """Any JSON value, small."""
    roll = rng.random()
    if depth > 0 and roll < 0.12:
        return [random_json(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    if depth > 0 and roll < 0.24:
        return {
            rng.choice(("id", "name", "odd key", "0")): random_json(rng, depth - 1) for _ in range(rng.randint(0, 2))
        }
    return rng.choice(
        (
            None,
            True,
            False,
            0,
            1,
            -0.0,
            1.5,
            10,
            1.0,
            "",
            "usd",
            "a\nb",
            "\ud800",
            rng.choice(NUMBERS),
            rng.choice(STRINGS),
        )
    )


def random_facts(rng: Random) -> Facts:
    """Facts about some of the tools; now and then two servers that disagree about one."""
    tools: dict[str, tuple[tuple[str, ToolFacts], ...]] = {}
    for tool in TOOLS:
        servers = [s for s in SERVERS if rng.random() < 0.5]
        if servers:
            tools[tool] = tuple(
                (s, ToolFacts(rng.choice(CATEGORIES), rng.choice(SEVERITIES), frozenset(h for h in HINTS if rng.random() < 0.4)))
                for s in servers
            )  # fmt: skip
    return Facts(tools)


# --- Hypothesis ----------------------------------------------------------------------------------------------------

_randoms = st.randoms(use_true_random=False)


def policies(max_rules: int = 6) -> st.SearchStrategy[Policy]:
    return _randoms.map(lambda rng: random_policy(rng, max_rules))


def calls(policy: Policy) -> st.SearchStrategy[Call]:
    return _randoms.map(lambda rng: random_call(rng, policy))


def facts(policy: Policy) -> st.SearchStrategy[Facts]:
    """Facts for the tools that policies speak of (`policy` is taken so that the pools may come to depend on it)."""
    return _randoms.map(random_facts)


# --- properties ----------------------------------------------------------------------------------------------------


def random_property(rng: Random, policy: Policy) -> Property:
    """A property of any kind but `no wider`, often over a selector or a condition of the policy."""
    written = [r for r in policy.rules if r.effect != "hide"]
    selector, when = random_selector(rng), None
    if written and rng.random() < 0.6:
        selector = rng.choice(written).selector
    if rng.random() < 0.6:
        when = random_condition(rng, 1)
        if written and rng.random() < 0.5:
            rule = rng.choice(written)
            when = rule.when or rule.condition
    kind, effect = rng.choice(
        (("never", "allow"), ("never", "approve"), ("always", "deny"), ("always", "approve"), ("allow", "allow"), ("limited", None))
    )  # fmt: skip
    limit = None
    if kind == "limited":
        own = [r.limit for r in policy.rules if r.limit is not None]
        base = rng.choice(own) if own else Limit("", 5, "minute")
        scope = () if rng.random() < 0.5 else tuple(rng.sample(SCOPES, rng.choice((1, 2, 3))))
        window = base.window if rng.random() < 0.5 else rng.choice(("minute", "hour", "day", 90, 3600))
        maximum = max(1, int(base.maximum)) * rng.choice((1, 1, 2, 60))
        limit = Limit("", maximum, window, base.amount, scope=scope, named=False)
    return Property(kind, effect, selector, when, limit)  # type: ignore[arg-type]
