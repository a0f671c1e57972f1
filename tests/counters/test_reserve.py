"""What every store does with a call: all limits or none, counts and sums, and answers that say enough."""

from __future__ import annotations

from typing import Any

import pytest

from tests.counters.build import NOON, Clock, admitted, refused, want


def test_up_to_the_maximum_and_not_one_more(store: Any) -> None:
    for _ in range(3):
        admitted(store.reserve([want(3)]))
    answer = refused(store.reserve([want(3)]))
    assert (answer.why, answer.left, answer.room_at) == ("limit", 0, NOON + 60)
    assert answer.limit is not None and answer.limit.reason == "too much of c"
    assert answer.message == "limit `c` allows at most 3 per minute, and has room for 0"
    assert store.read(want(3)).counted == 3


def test_a_call_without_limits(store: Any) -> None:
    receipt = admitted(store.reserve([])).receipt
    assert store.refund(receipt) == (0, "nothing was counted")


def test_all_limits_or_none(store: Any) -> None:
    wide, tight = want(10, "hour", name="wide"), want(2, name="tight")
    for _ in range(2):
        admitted(store.reserve([wide, tight]))
    for order in ([wide, tight], [tight, wide]):
        answer = refused(store.reserve(order))
        assert answer.limit is not None and answer.limit.id == "tight"
    assert store.read(wide).counted == 2
    sliding = want(5, sliding=True, name="slides")
    refused(store.reserve([sliding, wide, tight]))
    assert store.read(sliding).counted == 0
    assert store.read(wide).counted == 2


def test_the_first_limit_that_refuses_is_named(store: Any) -> None:
    admitted(store.reserve([want(1, "hour", name="a"), want(1, "minute", name="b")]))
    answer = refused(store.reserve([want(5, name="x"), want(1, "minute", name="b"), want(1, "hour", name="a")]))
    assert answer.limit is not None and (answer.limit.id, answer.room_at) == ("b", NOON + 60)


def test_one_counter_twice_in_a_call_counts_twice(store: Any, clock: Clock) -> None:
    both = [want(3, name="shared"), want(3, name="shared")]
    admitted(store.reserve(both))
    assert store.read(both[0]).counted == 2
    answer = refused(store.reserve(both))
    assert (answer.left, answer.room_at) == (0, NOON + 60)
    assert store.read(both[0]).counted == 2
    never = [want(1, name="once"), want(1, name="once")]
    assert refused(store.reserve(never)).room_at is None
    slides = [want(1, name="once", sliding=True), want(1, name="once", sliding=True)]
    assert refused(store.reserve(slides)).room_at is None
    assert store.read(slides[0]).counted == 0


def test_scopes_count_apart(store: Any) -> None:
    for grant in ("a", "b"):
        for user in ("x", "y"):
            admitted(store.reserve([want(1, scope=(f"grant={grant}", f"user={user}"))]))
    refused(store.reserve([want(1, scope=("grant=a", "user=x"))]))
    admitted(store.reserve([want(1, scope=("grant=a",))]))


def test_aligned_and_sliding_windows_of_one_name_count_apart(store: Any) -> None:
    admitted(store.reserve([want(1, 60)]))
    admitted(store.reserve([want(1, 60, sliding=True)]))
    refused(store.reserve([want(1, 60)]))
    refused(store.reserve([want(1, 60, sliding=True)]))


@pytest.mark.parametrize("sliding", [False, True])
def test_sums(store: Any, sliding: bool) -> None:
    def spend(amount: float) -> Any:
        return store.reserve([want(100, "day", amount, sliding=sliding)])

    admitted(spend(60))
    answer = refused(spend(41))
    assert answer.left == 40
    admitted(spend(40))
    admitted(spend(0))
    admitted(spend(-30.5))
    assert store.read(want(100, "day", sliding=sliding))[:2] == (69.5, 30.5)
    assert refused(spend(101)).room_at is None, "no window is ever large enough"
    admitted(spend(30.5))
    refused(spend(0.25))


@pytest.mark.parametrize("sliding", [False, True])
def test_integers_are_exact(store: Any, sliding: bool) -> None:
    most = 2**53

    def add(amount: float) -> Any:
        return store.reserve([want(most, "day", amount, sliding=sliding)])

    admitted(add(most - 1))
    admitted(add(1))
    assert store.read(want(most, "day", sliding=sliding)).counted == most
    assert refused(add(1)).why == "uncountable", "2^53 + 1 is no double"
    assert refused(add(2)).why == "limit"
    admitted(add(-1))
    assert store.read(want(most, "day", sliding=sliding)).counted == most - 1


@pytest.mark.parametrize(
    "amount", [2**53 + 1, -(2**53) - 1, 10**400, float(2**54), float("nan"), float("inf"), True, None, "1"]
)
def test_an_amount_that_cannot_be_counted_is_refused(store: Any, amount: Any) -> None:
    answer = refused(store.reserve([want(5, name="other"), want(5, "day", amount)]))
    assert answer.why == "uncountable"
    assert answer.limit is not None and answer.limit.id == "c"
    assert store.read(want(5, name="other")).counted == 0


@pytest.mark.parametrize("sliding", [False, True])
def test_a_sum_that_would_lose_digits_is_refused(store: Any, sliding: bool) -> None:
    def add(amount: float) -> Any:
        return store.reserve([want(10**12, "day", amount, sliding=sliding)])

    admitted(add(-(2**53)))
    assert refused(add(-1)).why == "uncountable"
    assert refused(add(0.25)).why == "uncountable"
    assert store.read(want(10**12, "day", sliding=sliding)).counted == -(2**53)


@pytest.mark.parametrize("window", ["fortnight", 0, -5, True, 1.5, 2**40, ""])
def test_an_unknown_window_is_refused(store: Any, window: Any) -> None:
    assert refused(store.reserve([want(5, window)])).why == "uncountable"
    with pytest.raises(ValueError, match="is no window"):
        store.read(want(5, window))


def test_fractions_round_alike(store: Any) -> None:
    for _ in range(10):
        admitted(store.reserve([want(10, "day", 0.1)]))
    total = 0.0
    for _ in range(10):
        total += 0.1
    assert store.read(want(10, "day")).counted == total != 1


@pytest.mark.parametrize("sliding", [False, True])
def test_reset_forgets(store: Any, sliding: bool) -> None:
    first = admitted(store.reserve([want(1, sliding=sliding)])).receipt
    store.reset(want(1, sliding=sliding))
    admitted(store.reserve([want(1, sliding=sliding)]))
    assert store.refund(first).counters == 0, "what others counted since then stays"
    refused(store.reserve([want(1, sliding=sliding)]))
    store.reset(want(1, name="never used"))
