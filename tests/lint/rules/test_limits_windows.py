"""limit-never-reached against counting: what it says is never reached is not reached by any burst, and what it leaves alone is."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from policyc.diagnostics import Findings
from policyc.frontends.load import read_policies
from policyc.ir.model import WINDOWS, Limit, Path
from policyc.lint.rules.limits.windows import keeps_below, windows_met
from policyc.reference import Call, decide
from policyc.source import Source
from tests.lint.rules.counting import Counters, Time, start_of
from tests.lint.rules.judged import judged
from tests.lint.rules.linting import catalog, tool

WHO = {"grant": "g"}
HALF = Fraction(1, 2)
DAY = 86_400


def most_counted(tighter: Limit, limit: Limit) -> int | float:
    """The most that one window of `limit` counts of what `tighter` lets through: in every window of a whole period, calls come in
    at every half second, as many as there is room for."""
    inner, outer = int(tighter.window), int(limit.window)
    starts: list[Time] = [Fraction(n, 2) for n in range(4 * inner * outer)] if limit.sliding else [
        n * outer for n in range(2 * inner)
    ]  # fmt: skip
    most = 0
    for start in starts:
        counters, counted = Counters(), 0
        for tick in range(2 * outer):
            at = start + tick * HALF
            if limit.sliding:
                at += HALF  # its beginning does not count
            while counters.reserve([(tighter, tighter.step)], WHO, at):
                counted += limit.step
        most = max(most, counted)
    return most


@pytest.mark.parametrize("sliding", [(a, b) for a in (False, True) for b in (False, True)])
def test_windows_of_seconds_meet_as_many_as_counting_says(sliding: tuple[bool, bool]) -> None:
    for inner in range(1, 7):
        for outer in range(1, 9):
            tighter, limit = Limit("a", 1, inner, sliding=sliding[0]), Limit("b", 1, outer, sliding=sliding[1])
            assert windows_met(tighter, limit) == most_counted(tighter, limit), (inner, outer)


def test_a_limit_is_kept_below_exactly_when_no_burst_exceeds_it() -> None:
    rng = random.Random(11)
    said = [0, 0]
    for _ in range(600):
        tighter = Limit(
            "a", rng.randint(1, 7), rng.randint(1, 4), step=rng.choice((1, 1, 2, 3)), sliding=rng.random() < 0.4
        )
        limit = Limit(
            "b", rng.randint(1, 24), rng.randint(1, 6), step=rng.choice((1, 1, 2)), sliding=rng.random() < 0.4
        )
        below = keeps_below(tighter, limit)
        assert below == (most_counted(tighter, limit) <= limit.maximum), (tighter, limit)
        said[below] += 1
    assert min(said) > 100


def windows_from(limit: Limit, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    """The aligned windows that begin in a span of time, by the calendar."""
    out = []
    at = first
    if limit.window == "month":
        at = first.replace(day=1, hour=0, minute=0, second=0)
        while at < last:
            end = (at + timedelta(days=32)).replace(day=1)
            out.append((at, end))
            at = end
        return out
    length = timedelta(seconds=WINDOWS[limit.window] if isinstance(limit.window, str) else limit.window)
    at = datetime.fromtimestamp(int(start_of(limit, int(first.timestamp()))), UTC)
    while at < last:
        out.append((at, at + length))
        at += length
    return out


EXACT = [("day", "week"), ("day", "month"), ("week", "month"), ("month", "month"), ("month", "week"), ("month", "day"),
         ("week", 604_800), (604_800, "week"), (302_400, "week"), ("week", "week"), ("week", "day"), (3 * DAY, "week"),
         ("hour", 90_000), (90_000, "day"), (36 * 3600, 2 * DAY)]  # fmt: skip
BOUNDED = [("month", 30 * DAY), ("month", 61 * DAY), ("month", 90 * DAY), ("month", 90_000), (5 * DAY, "month")]


@pytest.mark.parametrize(("inner", "outer"), EXACT + BOUNDED)
def test_calendar_windows_meet_no_more_than_is_said(inner: str | int, outer: str | int) -> None:
    tighter, limit = Limit("a", 1, inner), Limit("b", 1, outer)
    first, last = datetime(2023, 1, 1, tzinfo=UTC), datetime(2033, 1, 1, tzinfo=UTC)
    inside = windows_from(tighter, first - timedelta(days=70), last + timedelta(days=140))
    most = at = 0
    for start, end in windows_from(limit, first, last):
        while inside[at][1] <= start:
            at += 1
        met = sum(1 for a, _ in inside[at : at + 2000] if a < end)
        most = max(most, met)
    assert most <= windows_met(tighter, limit)
    if (inner, outer) in EXACT:
        assert most == windows_met(tighter, limit)


def test_a_window_of_thirty_days_may_meet_three_months() -> None:
    assert windows_met(Limit("a", 1, "month"), Limit("b", 1, 30 * DAY)) == 3  # the end of January, February, March


def test_scopes_and_what_is_counted_must_fit() -> None:
    tight, wide = Limit("a", 1, 60, scope=("grant",)), Limit("b", 100, 60, scope=("grant", "user"))
    assert keeps_below(tight, wide) and not keeps_below(Limit("a", 1, 60, scope=("user",)), Limit("b", 100, 60))
    assert keeps_below(Limit("a", 1, 60, scope=("global",)), Limit("b", 100, 60, scope=("user",)))
    amount = Path("args", ("amount",))
    assert not keeps_below(tight, Limit("b", 100, 60, amount=amount))
    assert not keeps_below(Limit("a", 1, 60, amount=amount), Limit("b", 100, 60, amount=Path("args", ("total",))))
    assert keeps_below(Limit("a", 5, 60, amount=amount), Limit("b", 5, 60, amount=amount))


# --- whole policies ------------------------------------------------------------------------------------------------

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


# --- one by one ----------------------------------------------------------------------------------------------------


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
