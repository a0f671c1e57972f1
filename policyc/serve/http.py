"""The HTTP side: AuthZEN, its metadata, health and metrics.

A denial is an answer (200); an error is one of the request's (4xx) or of this program's (500), and its body is a JSON string, as AuthZEN
has it. Nothing else of an error reaches a client.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from aiohttp import web

from policyc.serve.authzen import BadRequest, evaluations, read_question
from policyc.serve.metrics import CONTENT_TYPE, Metrics
from policyc.serve.service import AUTHZEN, Service
from policyc.strict_json import read_json

EVALUATION: Final = "/access/v1/evaluation"
EVALUATIONS: Final = "/access/v1/evaluations"
METADATA: Final = "/.well-known/authzen-configuration"
REQUEST_ID: Final = "X-Request-ID"
READING: Final = 10.0
"""Seconds in which a body must have come."""
_dumps: Final = partial(json.dumps, separators=(",", ":"))
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pages:
    """What is answered under each path."""

    def __init__(
        self, service: Service, metrics: Metrics, ready: Callable[[], str | None], subject: str, url: str | None
    ) -> None:
        """`ready`: None, or why no traffic should come. `subject`, `url`: as in `Settings`."""
        self._service, self._metrics, self._ready = service, metrics, ready
        self._subject, self._url = subject, url
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._ending = False

    def application(self, most_bytes: int) -> web.Application:
        """All of it. `most_bytes`: the largest body."""

        @web.middleware
        async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._answered(request, handler)

        app = web.Application(client_max_size=most_bytes, middlewares=[answered])
        app.add_routes(
            [
                web.post(EVALUATION, self._evaluation),
                web.post(EVALUATIONS, self._evaluations),
                web.get(METADATA, self._metadata),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics_page),
            ]
        )
        return app

    async def drained(self, seconds: float) -> None:
        """Wait for the requests in flight, and have every connection end with its next answer. aiohttp's own shutdown drops what is
        still to come of a body, so it has to be asked after this."""
        self._ending = True
        if self._in_flight:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), seconds)

    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The response to a request that is in flight until then."""
        self._in_flight += 1
        self._idle.clear()
        try:
            response = await self._response(request, handler)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()
        if self._ending:
            response.force_close()
        return response

    async def _response(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's response, or that of its error; with the request's id."""
        try:
            response = await handler(request)
        except BadRequest as error:
            self._service.unreadable(AUTHZEN)
            response = _error(400, str(error))
        except TimeoutError:
            self._service.unreadable(AUTHZEN)
            response = _error(408, "the body did not come in time")
        except web.HTTPException as error:
            response = _error(error.status, error.reason.lower())
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
        except Exception as error:
            self._service.failed(AUTHZEN, error)
            response = _error(500, "the request could not be processed")
        number = request.headers.get(REQUEST_ID)
        if number is not None and number.isprintable():  # what is not UTF-8 is not, and cannot be sent back
            response.headers[REQUEST_ID] = number
        return response

    async def _evaluation(self, request: web.Request) -> web.Response:
        question = read_question(await _content(request), self._subject)
        return _json(await self._service.ask(question))

    async def _evaluations(self, request: web.Request) -> web.Response:
        return _json(await evaluations(await _content(request), self._subject, self._service.ask))

    async def _metadata(self, request: web.Request) -> web.Response:
        url = self._url or f"http://{request.host}"
        return _json(
            {
                "policy_decision_point": url,
                "access_evaluation_endpoint": url + EVALUATION,
                "access_evaluations_endpoint": url + EVALUATIONS,
            }
        )

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        problem = self._ready()
        return web.Response(text="ok\n") if problem is None else web.Response(status=503, text=f"{problem}\n")

    async def _metrics_page(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), headers={"Content-Type": CONTENT_TYPE})


async def _content(request: web.Request) -> Any:
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() != "utf-8":
        raise BadRequest("the `Content-Type` must be `application/json`, in UTF-8")
    async with asyncio.timeout(READING):
        body = await request.read()
    try:
        return read_json(body)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


def _json(content: Any) -> web.Response:
    return web.json_response(content, dumps=_dumps)


def _error(status: int, message: str) -> web.Response:
    return web.json_response(message, status=status, dumps=_dumps)
