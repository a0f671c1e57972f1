"""Redis Cluster, of one node: it refuses a script whose keys lie in several slots, as a large one does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import redis.asyncio

from policyc.counters.redis import AsyncRedisCounters, RedisCounters
from tests.counters.build import Blocking, admitted, refused, want
from tests.counters.server import Server


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, "--cluster-enabled", "yes")
    running.client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
    for _ in range(600):
        if b"cluster_state:ok" in running.client.execute_command("CLUSTER", "INFO"):
            break
        time.sleep(0.02)
    yield running
    running.close()


def test_several_limits_of_one_call(cluster: Server, runner: asyncio.Runner) -> None:
    call = [want(3, "month", scope=(f"grant={name}",), name=name) for name in "abcdefgh"]
    with pytest.raises(redis.ResponseError, match="same slot"):
        cluster.client.eval("return 1", 2, "a", "b")
    sync = RedisCounters(redis.RedisCluster.from_url(cluster.url), prefix="one")
    client = redis.asyncio.RedisCluster.from_url(cluster.url)
    awaited = Blocking(AsyncRedisCounters(client, prefix="one"), runner)
    admitted(sync.reserve(call, call_id="k"))
    receipt = admitted(awaited.reserve(call, call_id="l")).receipt
    cluster.client.script_flush()
    admitted(sync.reserve(call))
    refused(awaited.reserve(call))
    assert awaited.refund(receipt).counters == 8
    assert {sync.read(one).counted for one in call} == {2}
    sync.reset(call[0])
    assert awaited.read(call[0]).counted == 0
    sync.close()
    awaited.close()
