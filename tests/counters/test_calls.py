"""Idempotency: a retried call is counted once, gets one answer, and opens no way around a limit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.counters.build import NOON, Clock, admitted, refused, want


def test_a_retry_is_not_counted_again(store: Any) -> None:
    first = admitted(store.reserve([want(2)], call_id="k"))
    second = admitted(store.reserve([want(2)], call_id="k"))
    assert (first.repeated, second.repeated) == (False, True)
    assert first.receipt == second.receipt
    assert store.read(want(2)).counted == 1
    admitted(store.reserve([want(2)], call_id="l"))
    refused(store.reserve([want(2)], call_id="m"))
    admitted(store.reserve([want(2)], call_id="k"))


@pytest.mark.parametrize("sliding", [False, True])
def test_a_refusal_stands_until_it_said_there_is_room(store: Any, clock: Clock, sliding: bool) -> None:
    receipt = admitted(store.reserve([want(1, sliding=sliding)])).receipt
    first = refused(store.reserve([want(1, sliding=sliding)], call_id="k"))
    store.refund(receipt)
    second = refused(store.reserve([want(1, sliding=sliding)], call_id="k"))
    assert second == first._replace(repeated=True)
    assert first.room_at is not None
    clock.now = first.room_at
    assert not admitted(store.reserve([want(1, sliding=sliding)], call_id="k")).repeated


def test_an_answer_is_kept_for_the_stated_time(store: Any, clock: Clock) -> None:
    call = [want(9, "month")]
    admitted(store.reserve(call, call_id="k"))
    clock.now = NOON + 3599
    assert admitted(store.reserve(call, call_id="k")).repeated
    clock.now = NOON + 3600
    late = admitted(store.reserve(call, call_id="k"))
    assert not late.repeated
    assert store.read(call[0]).counted == 2


@pytest.mark.parametrize(
    "other",
    [
        [want(9, amount=2)],
        [want(9), want(9, name="d")],
        [want(9, scope=("grant=b",))],
        [want(9, "hour")],
        [want(9, sliding=True)],
    ],
)
def test_an_id_used_for_another_call_is_counted(store: Any, other: list[Any]) -> None:
    admitted(store.reserve([want(9)], call_id="k"))
    assert not admitted(store.reserve(other, call_id="k")).repeated
    assert [store.read(w).counted for w in other][-1] >= 1


def test_a_maximum_that_changed_between_retries_is_the_same_call(store: Any) -> None:
    admitted(store.reserve([want(9)], call_id="k"))
    assert admitted(store.reserve([want(1)], call_id="k")).repeated


def test_a_refunded_call_is_counted_anew(store: Any) -> None:
    first = admitted(store.reserve([want(2)], call_id="k"))
    assert store.refund(first.receipt).counters == 1
    second = admitted(store.reserve([want(2)], call_id="k"))
    assert not second.repeated
    assert store.refund(first.receipt) == (0, "it was refunded before")
    assert store.read(want(2)).counted == 1
    assert store.refund(second.receipt).counters == 1


def test_what_another_attempt_may_have_used_is_not_refunded(store: Any) -> None:
    receipt = admitted(store.reserve([want(2)], call_id="k")).receipt
    admitted(store.reserve([want(2)], call_id="k"))
    given = store.refund(receipt)
    assert given == (0, "the call was retried, and another attempt may have gone through")
    assert store.read(want(2)).counted == 1


def test_no_refund_when_it_is_not_known_whether_it_was_retried(store: Any, clock: Clock) -> None:
    receipt = admitted(store.reserve([want(9, "month")], call_id="k")).receipt
    clock.now = NOON + 3600
    assert store.refund(receipt).counters == 0
    admitted(store.reserve([want(9, "month")], call_id="k"))
    assert store.refund(receipt).counters == 0, "the record is another attempt's"
    assert store.read(want(9, "month")).counted == 2


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_retries_at_once(store: Any) -> None:
    """Forty calls, each sent by four threads at once: each is counted once, and its attempts get one answer."""
    call = [want(25), want(1000, "hour", 3, name="sum", sliding=True)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: store.reserve(call, call_id=str(n // 4)), range(160)))
    for attempts in zip(*[iter(answers)] * 4, strict=True):
        assert len({a._replace(repeated=False) for a in attempts}) == 1
        assert sorted(a.repeated for a in attempts) == [False, True, True, True]
    assert [store.read(w).counted for w in call] == [25, 75]
    assert sum(not hasattr(a, "why") for a in answers) == 100
