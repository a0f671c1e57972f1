"""A store that is down, slow or broken: denied and said, or let through and said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policyc.counters.model import Receipt, StoreUnavailable
from policyc.counters.redis import AsyncRedisCounters, RedisCounters
from tests.counters.build import Blocking, admitted, refused, want
from tests.counters.server import Server

LONG = 2_000_000_000
"""Seconds of a window that does not end while a test runs."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may harm."""
    running = Server(tmp_path)
    yield running
    running.thaw()
    running.close()


@pytest.fixture(params=["redis", "async redis"])
def open_store(request: pytest.FixtureRequest, own: Server, runner: asyncio.Runner) -> Iterator[Any]:
    """A function that opens the store with some options."""
    opened: list[Any] = []

    def open_it(**options: Any) -> Any:
        options = {"timeout": 0.2, **options}
        if request.param == "redis":
            made: Any = RedisCounters.from_url(own.url, **options)
        else:
            made = Blocking(AsyncRedisCounters.from_url(own.url, **options), runner)
        opened.append(made)
        return made

    yield open_it
    for made in opened:
        made.close()


@pytest.mark.parametrize("how", ["dead", "frozen"])
def test_down(own: Server, open_store: Any, how: str) -> None:
    denying, allowing = open_store(), open_store(on_failure="allow")
    receipt = admitted(denying.reserve([want(5, LONG)])).receipt
    if how == "dead":
        own.kill()
    else:
        own.freeze()
    answer = refused(denying.reserve([want(5, LONG)]))
    assert (answer.why, answer.limit) == ("store", None)
    assert answer.message.startswith("the counters' store did not answer (")
    passed = allowing.reserve([want(5, LONG)])
    assert passed.uncounted is not None and passed.uncounted.startswith("the counters' store did not answer (")
    assert passed.receipt == Receipt("", None, ())
    assert allowing.refund(passed.receipt).counters == 0
    given = denying.refund(receipt)
    assert given.counters == 0 and given.problem is not None and "did not answer" in given.problem
    for ask in (denying.read, denying.reset):
        with pytest.raises(StoreUnavailable, match="did not answer"):
            ask(want(5, LONG))
    if how == "frozen":
        own.thaw()
    else:
        own.start()
    admitted(denying.reserve([want(5, LONG)]))
    assert allowing.reserve([want(5, LONG)]).uncounted is None


def test_no_limit_needs_no_store(own: Server, open_store: Any) -> None:
    store = open_store()
    own.kill()
    admitted(store.reserve([]))


def test_a_key_of_another_kind_is_refused_whatever_is_configured(own: Server, open_store: Any) -> None:
    store = open_store(on_failure="allow", prefix="p")
    admitted(store.reserve([want(5, LONG)]))
    (key,) = own.client.keys()
    own.client.set(key, "hello")
    answer = refused(store.reserve([want(5, LONG)]))
    assert answer.why == "store" and answer.message.startswith("the counters' store could not count (")


def test_a_full_server_is_refused_whatever_is_configured(own: Server, open_store: Any) -> None:
    """Or whoever fills it could switch the limits off."""
    store = open_store(on_failure="allow")
    own.client.config_set("maxmemory-policy", "noeviction")
    own.client.config_set("maxmemory", "1")
    assert refused(store.reserve([want(5, LONG)])).why == "store"


def test_a_server_that_forgot_the_script(own: Server, open_store: Any) -> None:
    store = open_store()
    admitted(store.reserve([want(2, LONG)]))
    own.client.script_flush()
    admitted(store.reserve([want(2, LONG)]))
    refused(store.reserve([want(2, LONG)]))


def test_the_time_is_the_servers(own: Server, open_store: Any) -> None:
    store = open_store()
    before, _ = own.client.time()
    found = store.read(want(1, "second"))
    after, _ = own.client.time()
    assert before <= found.since <= after


def test_a_restart_without_persistence_forgets_and_refunds_nothing_of_others(own: Server, open_store: Any) -> None:
    store = open_store()
    old = admitted(store.reserve([want(1, LONG)])).receipt
    refused(store.reserve([want(1, LONG)]))
    own.kill()
    own.start()
    assert store.refund(old).counters == 0
    assert store.read(want(1, LONG)).counted == 0
    admitted(store.reserve([want(1, LONG)]))
    assert store.refund(old._replace(id="another")).counters == 0
    refused(store.reserve([want(1, LONG)]))


def test_a_client_that_decodes(own: Server) -> None:
    import redis

    store = RedisCounters(redis.Redis.from_url(own.url, decode_responses=True))
    receipt = admitted(store.reserve([want(1, LONG)], call_id="k")).receipt
    assert refused(store.reserve([want(1, LONG)])).left == 0
    assert store.refund(receipt).counters == 1
    assert store.read(want(1, LONG)).counted == 0
