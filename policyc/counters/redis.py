"""Counters in Redis or Valkey, shared by all gateways that use one server and one prefix. Needs the extra `redis`.

Redis 5 or later, or Valkey; one server, Sentinel or Cluster, whatever the client speaks to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha1
from typing import Any, Final, TypedDict, Unpack

import redis.asyncio
from redis import exceptions
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from policyc.counters.entries import EMPTY, NOTHING, entries_of, unavailable
from policyc.counters.model import (
    KEEP,
    Admitted,
    OnFailure,
    Reading,
    Receipt,
    Refunded,
    Refused,
    StoreUnavailable,
)
from policyc.counters.script import SCRIPT, Command, Script, refunded, reserved, what_it_reads
from policyc.runtime.decision import Reservation

TIMEOUT: Final = 0.5
"""Seconds after which a store that does not answer counts as down, for clients that `from_url` makes."""
_NAME: Final = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
_DOWN: Final = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ClusterDownError,
    exceptions.ReadOnlyError,
    exceptions.RedisClusterException,
    OSError,
)
"""A server that cannot be reached, or cannot write: here `on_failure` holds."""
_BROKEN: Final = (exceptions.RedisError, ValueError)
"""A server that answers something else (out of memory, a key of another type): the call is refused, whatever is configured."""


def _said(error: Exception) -> str:
    failed = "did not answer" if isinstance(error, _DOWN) else "could not count"
    return f"the counters' store {failed} ({type(error).__name__}: {error})"


class Options(TypedDict, total=False):
    """How counters in Redis are set up.

    `prefix`: of all keys, without braces ("policyc"). `keep`: seconds for which the answer to a call with a `call_id` is kept.
    `on_failure`: "deny" or "allow", for a store that cannot be reached. `clock`: for tests; replaces the server's.
    """

    prefix: str
    keep: int
    on_failure: OnFailure
    clock: Callable[[], float] | None


class _Shared:
    """What both classes are made of."""

    def __init__(self, **options: Unpack[Options]) -> None:
        on_failure = options.get("on_failure", "deny")
        if on_failure not in ("deny", "allow"):
            raise ValueError(f"{on_failure!r} is nothing to do on failure: expected `deny` or `allow`")
        self._script = Script(options.get("prefix", "policyc"), options.get("keep", KEEP), options.get("clock"))
        self._on_failure = on_failure

    def _lost(self, error: Exception) -> Admitted | Refused:
        if isinstance(error, _DOWN):
            return unavailable(self._on_failure, _said(error))
        return Refused("store", _said(error))


class RedisCounters(_Shared):
    """`Counters` in Redis; see `policyc.counters.model`."""

    def __init__(self, client: redis.Redis | redis.RedisCluster, **options: Unpack[Options]) -> None:
        """`client`: one with timeouts, or a hanging server hangs the gateway. Raises ValueError for an option's bad value."""
        super().__init__(**options)
        self._client: Any = client

    @classmethod
    def from_url(cls, url: str, *, timeout: float = TIMEOUT, **options: Unpack[Options]) -> RedisCounters:
        """Counters with a client of their own. `timeout`: seconds to connect, and to wait for an answer; a connection that the
        server has closed is opened again once. Raises ValueError for a URL that is none."""
        retry = Retry(NoBackoff(), 1, supported_errors=(exceptions.ConnectionError,))
        client = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry)
        return cls(client, **options)

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def reserve(self, reservations: Sequence[Reservation], *, call_id: str | None = None) -> Admitted | Refused:
        """As `Counters.reserve`."""
        if not reservations:
            return Admitted(NOTHING)
        entries = entries_of(reservations)
        if isinstance(entries, Refused):
            return entries
        command, call = self._script.reserve(entries, call_id)
        try:
            return reserved(self._run(command), reservations, entries, call)
        except (*_DOWN, *_BROKEN) as error:
            return self._lost(error)

    def refund(self, receipt: Receipt) -> Refunded:
        """As `Counters.refund`."""
        if not receipt.counted:
            return Refunded(0, EMPTY)
        try:
            return refunded(self._run(self._script.refund(receipt)), receipt)
        except (*_DOWN, *_BROKEN) as error:
            return Refunded(0, _said(error))

    def read(self, reservation: Reservation) -> Reading:
        """As `Counters.read`."""
        command = self._script.read(reservation)
        try:
            return what_it_reads(self._run(command), reservation)
        except (*_DOWN, *_BROKEN) as error:
            raise StoreUnavailable(_said(error)) from error

    def reset(self, reservation: Reservation) -> None:
        """As `Counters.reset`."""
        key = self._script.key(reservation)
        try:
            self._client.delete(key)
        except (*_DOWN, *_BROKEN) as error:
            raise StoreUnavailable(_said(error)) from error

    def _run(self, command: Command) -> Any:
        try:
            return self._client.evalsha(_NAME, command.keys, *command.rest)
        except exceptions.NoScriptError:
            return self._client.eval(SCRIPT, command.keys, *command.rest)


class AsyncRedisCounters(_Shared):
    """`AsyncCounters` in Redis; see `policyc.counters.model`."""

    def __init__(self, client: redis.asyncio.Redis | redis.asyncio.RedisCluster, **options: Unpack[Options]) -> None:
        """As `RedisCounters`."""
        super().__init__(**options)
        self._client: Any = client

    @classmethod
    def from_url(cls, url: str, *, timeout: float = TIMEOUT, **options: Unpack[Options]) -> AsyncRedisCounters:
        """As `RedisCounters.from_url`."""
        retry = AsyncRetry(NoBackoff(), 1, supported_errors=(exceptions.ConnectionError,))
        client = redis.asyncio.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry)
        return cls(client, **options)

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._client.aclose()

    async def reserve(self, reservations: Sequence[Reservation], *, call_id: str | None = None) -> Admitted | Refused:
        """As `Counters.reserve`."""
        if not reservations:
            return Admitted(NOTHING)
        entries = entries_of(reservations)
        if isinstance(entries, Refused):
            return entries
        command, call = self._script.reserve(entries, call_id)
        try:
            return reserved(await self._run(command), reservations, entries, call)
        except (*_DOWN, *_BROKEN) as error:
            return self._lost(error)

    async def refund(self, receipt: Receipt) -> Refunded:
        """As `Counters.refund`."""
        if not receipt.counted:
            return Refunded(0, EMPTY)
        try:
            return refunded(await self._run(self._script.refund(receipt)), receipt)
        except (*_DOWN, *_BROKEN) as error:
            return Refunded(0, _said(error))

    async def read(self, reservation: Reservation) -> Reading:
        """As `Counters.read`."""
        command = self._script.read(reservation)
        try:
            return what_it_reads(await self._run(command), reservation)
        except (*_DOWN, *_BROKEN) as error:
            raise StoreUnavailable(_said(error)) from error

    async def reset(self, reservation: Reservation) -> None:
        """As `Counters.reset`."""
        key = self._script.key(reservation)
        try:
            await self._client.delete(key)
        except (*_DOWN, *_BROKEN) as error:
            raise StoreUnavailable(_said(error)) from error

    async def _run(self, command: Command) -> Any:
        try:
            return await self._client.evalsha(_NAME, command.keys, *command.rest)
        except exceptions.NoScriptError:
            return await self._client.eval(SCRIPT, command.keys, *command.rest)
