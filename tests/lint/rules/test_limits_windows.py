"""limit-never-reached against histories of calls: what it says is never reached refuses no call of any of them."""

from __future__ import annotations

import random
from fractions import Fraction

from policyc.diagnostics import Findings
from policyc.frontends.load import read_policies
from policyc.reference import Call, decide
from policyc.source import Source
from tests.lint.rules.counting import Counters
from tests.lint.rules.judged import judged
from tests.lint.rules.linting import catalog, tool

HALF = Fraction(1, 2)

LIMITS = (
    "{n} per {w} seconds",
    "{n} per {w} seconds sliding",
    "sum args.n <= {n} per {w} seconds",
    "{n} step 2 per {w} seconds",
)


def random_policy(rng: random.Random) -> str:
    def limit() -> str:
        text = rng.choice(LIMITS).format(n=rng.randint(1, 9), w=rng.randint(1, 6))
        text += rng.choice(("", "", " by user", " by grant, user"))
        text += rng.choice(("", "", "", " as shared"))
        return f"limit {text}" + rng.choice(("", "", "", " when args.k == 1", " when args.k? == 1", " when args.n > 1"))

    body = " ".join(limit() for _ in range(rng.randint(1, 3)))
    guard = rng.choice(("", "require args.n >= 0", "deny when args.n? < 0", "require args.k == 1"))
    wide = f"on * {{ {limit()} }}" if rng.random() < 0.6 else ""
    return f"default deny on pay {{ {guard} {body} }} on other {{ {limit()} }} {wide}"


def test_what_is_said_to_be_never_reached_never_refuses_a_call() -> None:
    rng = random.Random(5)
    claims = 0
    for _ in range(500):
        text = random_policy(rng)
        found = judged("limit-never-reached", text)
        if not found:
            continue
        (policy,) = read_policies(Source("p.policy", text), Findings())
        never = {f.span.start for f, _ in found}
        claims += len(never)
        for _ in range(4):
            run(policy, never, rng, text)
    assert claims > 60


def run(policy: object, never: set[int], rng: random.Random, text: str) -> None:
    """A history of calls, each decided by the reference; a limit of `never` has room whenever it is asked."""
    counters, at, hurry = Counters(), Fraction(0), rng.choice((1, 3, 8))
    for _ in range(60):
        at += HALF * (rng.randrange(3) if rng.randrange(hurry) == 0 else 0)
        arguments = {
            k: v
            for k, v in (("n", rng.choice((-3, 0, 1, 2, 4, "x"))), ("k", rng.choice((1, 2, None))))
            if rng.random() < 0.9
        }
        who = {"grant": "g", "user": rng.choice("uv")}
        outcome = decide(policy, Call(rng.choice(("pay", "pay", "other")), arguments, who))  # type: ignore[arg-type]
        limits = []
        for rule in outcome.limits:
            assert rule.limit is not None and rule.span is not None
            amount = rule.limit.step if rule.limit.amount is None else arguments["n"]
            limits.append((rule.limit, amount))
            others = [
                (x.limit, x.limit.step if x.limit.amount is None else arguments["n"])
                for x in outcome.limits
                if x is not rule and x.limit
            ]
            if rule.span.start in never and all(counters.room(x, who, at, n) for x, n in others):
                assert counters.room(rule.limit, who, at, amount), text
        counters.reserve(limits, who, at)


def test_of_two_equal_limits_one_is_too_many() -> None:
    text = "default deny on pay { limit 5 per hour as a limit 5 per hour as b }"
    ((finding, _),) = judged("limit-never-reached", text)
    assert finding.span.text == "limit 5 per hour as b"
    assert (
        finding.message
        == "`5 per hour by grant` is never reached: `5 per hour by grant` lets at most 5 through in that time"
    )


def test_a_counter_that_other_limits_count_too_is_left_alone() -> None:
    reached = "default deny on pay { limit 2 per hour limit 3 per hour as both } on other { limit 3 per hour as both }"
    assert judged("limit-never-reached", reached) == []
    assert len(judged("limit-never-reached", reached.replace("as both }", "as own }", 1))) == 1
    shared = "default deny on pay { limit 2 per hour as both limit 3 per hour } on other { limit 2 per hour as both }"
    assert judged("limit-never-reached", shared) == []


def test_a_gateway_may_let_through_what_the_schema_forbids() -> None:
    """So a limit that counts all valid calls, and not all others, keeps nothing out of reach."""
    known = catalog(tool("pay", {"n": {"type": "integer", "minimum": 1}}, required=("n",)))
    text = "default deny on pay { limit 2 per hour when args.n >= 1 limit 5 per hour }"
    assert judged("limit-never-reached", text, known) == []
    sums = "default deny on pay { limit sum args.n <= 2 per hour limit sum args.n <= 500 per hour }"
    assert judged("limit-never-reached", sums, known) == []
    assert len(judged("limit-never-reached", sums.replace("{", "{ require args.n >= 0"), known)) == 1
