"""One service for all tests that leave it as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serve.running import Running, start

HEADERS = ("--header", "user=x-user", "--header", "roles[]=x-roles", "--deny-method", "resources/*")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serves SHOP."""
    running = start(tmp_path_factory.mktemp("shop"), *HEADERS)
    yield running
    running.close()
    assert running.other == [], "nothing but JSON lines on standard error"
