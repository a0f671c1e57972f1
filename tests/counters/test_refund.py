"""Giving back: once, in the same window only, and never what others counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policyc.counters.model import Counted, Receipt
from tests.counters.build import NOON, Clock, admitted, refused, want


@pytest.mark.parametrize("sliding", [False, True])
def test_a_refund_makes_room(store: Any, sliding: bool) -> None:
    both = [want(2, sliding=sliding), want(50, "day", 25, name="sum", sliding=sliding)]
    admitted(store.reserve(both))
    receipt = admitted(store.reserve(both)).receipt
    refused(store.reserve(both))
    assert store.refund(receipt) == (2, None)
    assert [store.read(w).counted for w in both] == [1, 25]
    admitted(store.reserve(both))


@pytest.mark.parametrize("sliding", [False, True])
def test_a_second_refund_changes_nothing(store: Any, sliding: bool) -> None:
    receipts = [admitted(store.reserve([want(5, sliding=sliding)])).receipt for _ in range(3)]
    assert store.refund(receipts[0]).counters == 1
    assert store.refund(receipts[0]) == (0, "it was refunded before")
    assert store.read(want(5, sliding=sliding)).counted == 2


@pytest.mark.parametrize("sliding", [False, True])
def test_a_refund_after_the_window_changes_nothing(store: Any, clock: Clock, sliding: bool) -> None:
    receipt = admitted(store.reserve([want(5, sliding=sliding)])).receipt
    clock.now = NOON + 61
    admitted(store.reserve([want(5, sliding=sliding)]))
    assert store.refund(receipt) == (0, "the window of a counter has ended, or it was reset")
    assert store.read(want(5, sliding=sliding)).counted == 1


def test_each_counter_within_its_own_window(store: Any, clock: Clock) -> None:
    both = [want(5), want(5, "hour", name="long"), want(5, "minute", sliding=True, name="slides")]
    receipt = admitted(store.reserve(both)).receipt
    clock.now = NOON + 60.5
    admitted(store.reserve(both))
    given = store.refund(receipt)
    assert given.counters == 1 and given.problem is not None
    assert [store.read(w).counted for w in both] == [1, 1, 1]


def test_a_sliding_refund_leaves_the_other_grains(store: Any, clock: Clock) -> None:
    receipts = []
    for part in range(4):
        clock.now = NOON + 15 * part
        receipts.append(admitted(store.reserve([want(9, amount=2, sliding=True)])).receipt)
    assert store.refund(receipts[2]).counters == 1
    clock.now = NOON + 62
    assert store.read(want(9, sliding=True)).counted == 4
    clock.now = NOON + 92
    assert store.read(want(9, sliding=True)).counted == 2


@pytest.mark.parametrize("sliding", [False, True])
def test_what_made_room_takes_it_back(store: Any, sliding: bool) -> None:
    """A refund of an amount below zero may leave a counter above its maximum: that is what really happened."""
    admitted(store.reserve([want(10, "day", 10, sliding=sliding)]))
    receipt = admitted(store.reserve([want(10, "day", -5, sliding=sliding)])).receipt
    admitted(store.reserve([want(10, "day", 5, sliding=sliding)]))
    assert store.refund(receipt).counters == 1
    assert store.read(want(10, "day", sliding=sliding))[:2] == (15, 0)
    assert refused(store.reserve([want(10, "day", 0, sliding=sliding)])).left == 0


@pytest.mark.parametrize("sliding", [False, True])
def test_a_receipt_from_before_a_reset_or_a_loss_takes_nothing(store: Any, sliding: bool) -> None:
    old = admitted(store.reserve([want(9, sliding=sliding)])).receipt
    store.reset(want(9, sliding=sliding))
    assert store.refund(old).counters == 0, "into a counter that is not there"
    assert store.read(want(9, sliding=sliding)).counted == 0


def test_a_receipt_survives_as_json(store: Any) -> None:
    receipt = admitted(store.reserve([want(9), want(9, "day", 1.5, name="sum", sliding=True)], call_id="k")).receipt
    receipt_id, call, counted = json.loads(json.dumps(receipt))
    again = Receipt(receipt_id, call, tuple(Counted(*each) for each in counted))
    assert again == receipt
    assert store.refund(again).counters == 2
