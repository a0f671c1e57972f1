"""The service's life: it starts, listens, reloads on SIGHUP, and ends on SIGTERM or SIGINT with what is in flight finished."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import grpc
import grpc.aio
from aiohttp import web

from policyc.counters.memory import AsyncMemoryCounters
from policyc.counters.model import AsyncCounters
from policyc.diagnostics import PolicycError, did_you_mean
from policyc.gateway.enforce import AsyncEnforcer
from policyc.gateway.log import DecisionLog
from policyc.runtime.live import LiveTable
from policyc.serve.ext_authz import Authorizer
from policyc.serve.ext_authz_messages import CHECK, CheckRequest, CheckResponse
from policyc.serve.http import Pages
from policyc.serve.log import ServiceLog
from policyc.serve.methods import Methods
from policyc.serve.metrics import Metrics
from policyc.serve.service import Reloads, Service
from policyc.serve.settings import Address, Settings
from policyc.table.model import TableError

INTERRUPTED: Final = 130
_LAST_WORDS: Final = 0.5
"""Seconds to write what has been answered."""
_ENVELOPE: Final = 1 << 18
"""Bytes that Envoy may send beside the body: headers, addresses, the route."""


def run(table: str, settings: Settings) -> int:
    """Serve until a signal ends it. The exit code: 0 for SIGTERM, 130 for SIGINT. Raises PolicycError for what cannot be started."""
    gc.enable()  # which the command line, for the sake of short runs, has switched off
    try:
        log = ServiceLog(settings.log)
    except OSError as error:
        raise PolicycError(f"cannot write `{settings.log}`: {(error.strerror or str(error)).lower()}") from None
    logging.getLogger().handlers[:] = [log]
    metrics = Metrics()
    reloads = Reloads(metrics, log)
    with _loaded(table, settings, reloads) as live:
        _check_policy(live, settings.policy, table)
        reloads.start(live)
        gc.freeze()
        return asyncio.run(_serve(live, settings, metrics, reloads, log))


def _loaded(table: str, settings: Settings, reloads: Reloads) -> LiveTable:
    try:
        return LiveTable(
            table,
            key=settings.keys or None,
            least_revision=settings.least_revision,
            watch=settings.watch,
            on_reload=reloads.replaced,
            on_error=reloads.refused,
        )
    except TableError as error:
        raise PolicycError(f"`{table}` cannot be served: {error}") from None
    except OSError as error:
        raise PolicycError(
            f"cannot read `{error.filename or table}`: {(error.strerror or str(error)).lower()}"
        ) from None


def _check_policy(live: LiveTable, policy: str | None, table: str) -> None:
    if policy is not None and policy not in live.table.policies:
        near = did_you_mean(policy, live.table.policies)
        raise PolicycError(f"`{table}` has no policy `{policy}`" + (f", did you mean `{near}`?" if near else ""))


async def _serve(live: LiveTable, settings: Settings, metrics: Metrics, reloads: Reloads, log: ServiceLog) -> int:
    async with AsyncExitStack() as stack:
        counters = _counters(settings, stack)
        enforcer = AsyncEnforcer(live, counters, DecisionLog(log.decision))
        methods = Methods(settings.allowed_methods, settings.denied_methods)
        service = Service(live, enforcer, settings.policy, methods, metrics, log)
        signals = _Signals(live, reloads, log)
        pages = Pages(
            service, metrics, lambda: _unready(live, settings.policy, signals), settings.subject, settings.url
        )
        runner = await _http(pages, settings)
        server = None
        try:
            bound = {"http": _bound(runner, settings.http)}
            if settings.grpc is not None:
                server, bound["grpc"] = await _grpc(Authorizer(service, dict(settings.headers)), settings)
            _warn(settings, log)
            signals.install()
            log.event("listening", pid=os.getpid(), **bound)
            code = await signals.ended()
            log.event("ending", grace=settings.grace)
        finally:
            await asyncio.gather(
                _http_ended(runner, pages, settings.grace), *([server.stop(settings.grace)] if server else [])
            )
        log.event("ended")
        return code


def _counters(settings: Settings, stack: AsyncExitStack) -> AsyncCounters:
    if settings.redis is None:
        return AsyncMemoryCounters()
    try:
        from policyc.counters.redis import AsyncRedisCounters
    except ImportError:
        raise PolicycError("`--redis` needs the package redis: pip install 'policyc[redis]'") from None
    try:
        counters = AsyncRedisCounters.from_url(settings.redis, on_failure=settings.on_failure)
    except ValueError as error:
        raise PolicycError(f"`--redis` must be a URL such as `redis://localhost`: {error}") from None
    stack.push_async_callback(counters.aclose)
    return counters


def _unready(live: LiveTable, policy: str | None, signals: _Signals) -> str | None:
    if signals.ending:
        return "ending"
    if policy is not None and policy not in live.table.policies:
        return "the table in force does not have the policy that is served"
    return None


class _Signals:
    """What signals ask for."""

    def __init__(self, live: LiveTable, reloads: Reloads, log: ServiceLog) -> None:
        self._live, self._reloads, self._log = live, reloads, log
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def ending(self) -> bool:
        """Whether the end has begun."""
        return self._code.done()

    def install(self) -> None:
        """Take over the process's signals. Where there are none (Windows), Ctrl-C ends it as it ends any program."""
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):
            loop.add_signal_handler(signal.SIGTERM, self._end, 0)
            loop.add_signal_handler(signal.SIGINT, self._end, INTERRUPTED)
            loop.add_signal_handler(signal.SIGHUP, self._reload)

    async def ended(self) -> int:
        """The exit code, when a signal has asked for the end."""
        return await self._code

    def _end(self, code: int) -> None:
        if not self._code.done():
            self._code.set_result(code)

    def _reload(self) -> None:
        self._log.reopen()
        task = asyncio.create_task(asyncio.to_thread(self._reloads.by_signal, self._live))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _http(pages: Pages, settings: Settings) -> web.AppRunner:
    runner = web.AppRunner(
        pages.application(settings.most_bytes), access_log=None, auto_decompress=False, shutdown_timeout=_LAST_WORDS
    )
    await runner.setup()
    address = settings.http
    site = web.UnixSite(runner, address.path) if address.path else web.TCPSite(runner, address.host, address.port)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise _cannot_listen(address, (error.strerror or str(error)).lower()) from None
    return runner


async def _http_ended(runner: web.AppRunner, pages: Pages, grace: float) -> None:
    for site in list(runner.sites):
        await site.stop()
    await pages.drained(grace)
    await runner.cleanup()


async def _grpc(authorizer: Authorizer, settings: Settings) -> tuple[Any, str]:
    """The server, started, and where it listens."""
    address = settings.grpc
    assert address is not None
    server = grpc.aio.server(
        options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", settings.most_bytes + _ENVELOPE)]
    )

    async def check(request: CheckRequest, _: Any) -> CheckResponse:
        return await authorizer.check(request)

    service, method = CHECK
    handler = grpc.unary_unary_rpc_method_handler(check, _request, CheckResponse.SerializeToString)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    try:
        port = server.add_insecure_port(str(address))
    except RuntimeError:
        raise _cannot_listen(address, "it is in use, or not an address of this machine") from None
    await server.start()
    return server, str(address if address.path else Address(address.host, port))


def _request(data: bytes) -> CheckRequest:
    """A request that is no message is an empty one, which is denied; an error would be let through by `failure_mode_allow`."""
    try:
        return CheckRequest.FromString(data)
    except Exception:
        return CheckRequest()


def _cannot_listen(address: Address, why: str) -> PolicycError:
    return PolicycError(f"cannot listen on `{address}`: {why}")


def _bound(runner: web.AppRunner, address: Address) -> str:
    """Where HTTP listens, with the port that was free."""
    if address.path:
        return str(address)
    found: Any = runner.addresses[0]
    return str(Address(found[0], found[1]))


def _warn(settings: Settings, log: ServiceLog) -> None:
    for address in (settings.http, settings.grpc):
        if address is not None and not address.is_local:
            note = "neither encrypted nor authenticated: let only gateways reach it"
            log.event("open to the network", level="warning", address=str(address), note=note)
