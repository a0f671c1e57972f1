"""A seeded workload of our own: a policy over N tools, the same policy as hand-composed Python closures, and calls for both."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from policyc.ir.model import And, Cond, Path, Policy, Rule, Test, ToolGlob, ToolName, Truth
from policyc.ir.names import assign_ids

VERBS = ("create", "update", "send", "push", "pay", "read", "list", "delete")
FIELDS: dict[str, tuple[str, ...]] = {
    "amount": ("<=", ">"),
    "currency": ("in",),
    "target.branch": ("like",),
    "path": ("starts_with",),
    "ticket": ("exists",),
}
CURRENCIES = ("usd", "eur", "gbp", "jpy", "chf")
FOLDERS = ("/srv/data/", "/srv/app/", "/tmp/scratch/", "/etc/")
BRANCHES = ("main", "release/*", "*/wip", "team-*")
Args = dict[str, Any]
Decide = Callable[[str, Args], bool]


def _condition(rng: random.Random) -> tuple[str, str, Any]:
    field = rng.choice(list(FIELDS))
    op = rng.choice(FIELDS[field])
    value: Any = {
        "amount": rng.choice((100, 1_000, 50_000)),
        "currency": tuple(sorted(rng.sample(CURRENCIES, 2))),
        "target.branch": rng.choice(BRANCHES),
        "path": rng.choice(FOLDERS),
        "ticket": True,
    }[field]
    return field, op, value


def make(tools: int, seed: int = 1) -> tuple[Policy, Decide, list[tuple[str, Args]]]:
    """A policy over so many tools with about two rules each, its closures, and 4,000 calls."""
    rng = random.Random(seed)
    names = [f"{rng.choice(VERBS)}_thing_{i}" for i in range(tools)]
    rules: list[Rule] = []
    plan: dict[str, tuple[list[Any], list[Any]]] = {}
    for name in names:
        allows = [[_condition(rng) for _ in range(rng.randint(0, 2))] for _ in range(rng.randint(1, 2))]
        denies = [[_condition(rng) for _ in range(rng.randint(1, 2))] for _ in range(rng.randint(0, 1))]
        plan[name] = (denies, allows)
        for effect, groups in (("deny", denies), ("allow", allows)):
            for group in groups:
                rules.append(Rule("", effect, ToolName(name), when=_when(group), reason=f"{effect} by team policy"))  # type: ignore[arg-type]
    guard = ("amount", ">", 400_000)
    rules.append(Rule("", "deny", ToolGlob("pay_*"), when=_when([guard]), reason="over the cap"))
    for name in names:
        if name.startswith("pay_"):
            plan[name][0].append([guard])
    policy = Policy("bench", "deny", assign_ids(rules))
    hot = rng.sample(names, min(50, tools))
    calls = [(rng.choice(hot if rng.random() < 0.5 else names), _arguments(rng)) for _ in range(4_000)]
    return policy, closures(plan), calls


def _when(group: list[tuple[str, str, Any]]) -> Cond | None:
    tests = tuple(
        Test(Path("args", tuple(f.split("."))), op, v, Truth.FALSE, Truth.FALSE)  # type: ignore[arg-type]
        for f, op, v in group
    )
    return None if not tests else tests[0] if len(tests) == 1 else And(tests)


def _arguments(rng: random.Random) -> Args:
    args: Args = {
        "amount": rng.randrange(1, 500_000) if rng.random() < 0.5 else rng.randrange(1, 1_500),
        "currency": rng.choice(CURRENCIES),
        "target": {"branch": rng.choice(("main", "release/2", "team-a/wip", "fix")), "repo": "core"},
        "path": rng.choice(FOLDERS) + "x.json",
        "memo": "weekly report",
    }
    if rng.random() < 0.5:
        args["ticket"] = "T-1"
    return args


def closures(plan: dict[str, tuple[list[Any], list[Any]]]) -> Decide:
    """What a careful author would write by hand: a dictionary of tool to composed predicates."""
    table = {
        name: _tool([_all(g) for g in denies], [_all(g) for g in allows]) for name, (denies, allows) in plan.items()
    }
    get = table.get

    def no(args: Args) -> bool:
        return False

    return lambda tool, args: get(tool, no)(args)


def _tool(denies: list[Any], allows: list[Any]) -> Callable[[Args], bool]:
    allowed = _any(allows)
    if not denies:
        return allowed
    denied = _any(denies)
    return lambda args: not denied(args) and allowed(args)


def _any(predicates: list[Any]) -> Callable[[Args], bool]:
    if len(predicates) == 1:
        return predicates[0]  # type: ignore[no-any-return]
    first, second = predicates
    return lambda args: first(args) or second(args)


def _all(group: list[tuple[str, str, Any]]) -> Callable[[Args], bool]:
    tests = [_one(*c) for c in group]
    if not tests:
        return lambda args: True
    if len(tests) == 1:
        return tests[0]
    first, second = tests
    return lambda args: first(args) and second(args)


def _one(field: str, op: str, value: Any) -> Callable[[Args], bool]:
    if "." in field:
        outer, inner = field.split(".")
        deeper = _one(inner, op, value)
        return lambda args: type(o := args.get(outer)) is dict and deeper(o)
    numbers = frozenset((int, float))
    if op == "<=":
        return lambda args: type(x := args.get(field)) in numbers and x <= value
    if op == ">":
        return lambda args: type(x := args.get(field)) in numbers and x > value
    if op == "in":
        among = frozenset(value)
        return lambda args: type(x := args.get(field)) is str and x in among
    if op == "starts_with":
        return lambda args: type(x := args.get(field)) is str and x.startswith(value)
    if op == "exists":
        return lambda args: field in args
    first, _, last = value.partition("*")
    if not last:
        return lambda args: (
            type(x := args.get(field)) is str and (x == first if "*" not in value else x.startswith(first))
        )
    return lambda args: type(x := args.get(field)) is str and x.startswith(first) and x.endswith(last)
