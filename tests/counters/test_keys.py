"""No text in a policy's name, a counter's name or a scope's value can reach another counter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from policyc.counters.entries import call_name, counter_name, entry_of, raw
from policyc.counters.redis import RedisCounters
from policyc.runtime.decision import Limit, Reservation
from tests.counters.build import admitted, limit, refused, want

NASTY = st.text(alphabet=st.sampled_from("ab:,/{}*\0 =|12\\\"'\n\ud83d\ude00😀"), max_size=6)
"""Separators of all sorts, digits for lengths, and a surrogate pair beside the character that it would be."""
KEY = st.lists(NASTY, min_size=1, max_size=4).map(tuple)
WINDOWS = st.sampled_from(["minute", "hour", 60, 6])


def reservation(key: tuple[str, ...], window: str | int, sliding: bool) -> Reservation:
    return Reservation(key, 1, 5, window, sliding, limit("c", 5, window, sliding=sliding))


ANY = st.builds(reservation, KEY, WINDOWS, st.booleans())


@st.composite
def cut_twice(draw: st.DrawFn) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Two keys of the same pieces with the same separator, cut into parts at different places."""
    pieces = draw(st.lists(NASTY, min_size=2, max_size=5))
    between = draw(st.sampled_from(["", ",", ":", "/", "|", "\0", " ", '","', ",1:", ",0:", "=", "\n"]))
    keys = []
    for _ in range(2):
        parts = [pieces[0]]
        for piece in pieces[1:]:
            if draw(st.booleans()):
                parts.append(piece)
            else:
                parts[-1] += between + piece
        keys.append(tuple(parts))
    return keys[0], keys[1]


@given(cut_twice())
def test_a_separator_in_a_part_is_no_cut(keys: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    names = [counter_name(reservation(key, "minute", False)) for key in keys]
    assert (names[0] == names[1]) == (keys[0] == keys[1])


@given(ANY, ANY)
def test_two_counters_have_two_names(one: Reservation, other: Reservation) -> None:
    same = (one.key, one.window, one.sliding) == (other.key, other.window, other.sliding)
    assert (raw(counter_name(one)) == raw(counter_name(other))) == same


@given(NASTY, st.lists(ANY, min_size=1, max_size=3), NASTY, st.lists(ANY, min_size=1, max_size=3))
def test_two_calls_have_two_records(id1: str, first: list[Reservation], id2: str, second: list[Reservation]) -> None:
    entries = [[entry_of(r) for r in call] for call in (first, second)]
    same = id1 == id2 and entries[0] == entries[1]
    assert (call_name(id1, entries[0]) == call_name(id2, entries[1])) == same


def scoped(policy: str, counter: str, scope: tuple[str, ...], context: dict[str, Any]) -> Reservation:
    of = Limit("l", policy, counter, 1, "minute", False, scope, "args", None, False, False, 1, None)
    return of.reservation({}, context, context.get("server"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("p", "c", ("grant",), {"grant": "a|user=b"}), ("p", "c", ("grant", "user"), {"grant": "a", "user": "b"})),
        (("p", "c", ("grant",), {"grant": "a,6:user=b"}), ("p", "c", ("grant", "user"), {"grant": "a", "user": "b"})),
        (("p", "c", ("grant",), {"grant": "a,user=b"}), ("p", "c", ("grant", "user"), {"grant": "a", "user": "b"})),
        (("p", "c", ("user",), {"user": "a"}), ("p", "c", ("grant",), {"grant": "a"})),
        (("p:c", "d", (), {}), ("p", "c:d", (), {})),
        (("p", "c,6:minute", (), {}), ("p,1:c", "minute", (), {})),
        (("p", "c", ("grant",), {"grant": "x" * 999}), ("p", "c", ("grant",), {"grant": "x" * 998 + "y"})),
        (("p", "c", ("grant",), {"grant": "\ud83d\ude00"}), ("p", "c", ("grant",), {"grant": "😀"})),
        (("p", "c", ("grant",), {"grant": "a}{b"}), ("p", "c", ("grant",), {"grant": "a"})),
    ],
)
def test_a_full_counter_is_not_reached_from_another(store: Any, one: Any, other: Any) -> None:
    admitted(store.reserve([scoped(*one)]))
    refused(store.reserve([scoped(*one)]))
    admitted(store.reserve([scoped(*other)]))
    refused(store.reserve([scoped(*other)]))


def test_all_keys_share_one_slot_of_a_cluster_and_expire(server: Any) -> None:
    server.client.flushall()
    store = RedisCounters(server.client, prefix="shop")
    receipt = admitted(store.reserve([want(5, scope=("grant=}{x",)), want(5, sliding=True)], call_id="k")).receipt
    store.refund(receipt)
    admitted(store.reserve([want(5, "month")], call_id="k"))
    keys = server.client.keys()
    kinds = sorted(key.decode().split(":")[1] for key in keys)
    assert kinds == ["call", "count", "count", "count", "refund"]
    assert {key_slot(b"shop")} == {key_slot(key) for key in keys}
    for key in keys:
        assert 0 < server.client.ttl(key) <= (32 + 31) * 86400, key


def test_prefixes_count_apart(server: Any) -> None:
    one, other = (RedisCounters(server.client, prefix=p) for p in ("apart", "apart2"))
    admitted(one.reserve([want(1, 2_000_000_000)]))
    admitted(other.reserve([want(1, 2_000_000_000)]))
    refused(one.reserve([want(1, 2_000_000_000)]))


@pytest.mark.parametrize("options", [{"prefix": ""}, {"prefix": "{a}"}, {"keep": 0}, {"on_failure": "maybe"}])
def test_bad_options_are_said(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        RedisCounters.from_url("redis://localhost", **options)
