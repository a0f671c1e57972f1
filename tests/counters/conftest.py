"""Every store behind one fixture, with a clock that is set by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.counters.build import KINDS, Clock, make
from tests.counters.server import Server

_PREFIXES = (f"test-{number}" for number in count())


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One redis-server for all tests of a process that do not harm it."""
    running = Server(tmp_path_factory.mktemp("redis"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture
def prefix() -> str:
    return next(_PREFIXES)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest) -> str:
    """The server's, which is started only for the stores that need it."""
    return str(request.getfixturevalue("server").url) if "redis" in kind else ""


@pytest.fixture
def store(kind: str, url: str, clock: Clock, prefix: str, runner: asyncio.Runner) -> Iterator[Any]:
    """An empty store."""
    made = make(kind, clock, url, prefix, runner)
    yield made
    if hasattr(made, "close"):
        made.close()
