"""The example's gateway as a process of its own, before a real git server, and what its tests say to it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult

from tests.meta.tree import ROOT
from tests.runtime.build import compiled

SCRIPT = ROOT / "examples" / "gateways" / "fastmcp" / "gateway.py"
ERAS = ("auto", "legacy")
"""How a client connects: without a session, as from 2026-07-28, and with one."""
POLICY = """
policy "git"
default deny
hide git_reset, git_check*
allow git_status
on git_log { limit 3 per day sliding as reading "read often enough" }
on git_show { require args.revision != "HEAD~9" "that one is not for you" }
on git_create_branch {
  approve when args.branch_name starts_with "release-" by "release-team" "releases are branched by people"
  limit 50 per day sliding as branches
}
"""
Answer = ElicitResult[Any] | Callable[[], Any]


class World:
    """A repository, a table and a log in one folder."""

    def __init__(self, folder: Path) -> None:
        self.repository, self.table, self.log = folder / "repository", folder / "git.table", folder / "log.jsonl"
        self.repository.mkdir()
        for line in ("init -q -b main", "commit -q --allow-empty -m one", "commit -q --allow-empty -m two"):
            who = ["-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false"]
            subprocess.run(["git", *who, *line.split()], cwd=self.repository, check=True)
        self.policy(POLICY, 1)

    def policy(self, text: str, revision: int) -> None:
        """Put another table in the place of the one in force."""
        new = self.table.with_suffix(".new")
        new.write_bytes(compiled(text, revision))
        os.replace(new, self.table)

    def command(self, *options: str) -> list[str]:
        return [sys.executable, str(SCRIPT), str(self.table), str(self.repository), "--log", str(self.log), *options]

    def lines(self, event: str, tool: str | None = None) -> list[dict[str, Any]]:
        """Lines of the decision log."""
        read = map(json.loads, self.log.read_text(encoding="utf-8").splitlines())
        return [line for line in read if line["event"] == event and tool in (None, line.get("tool"))]

    def branches(self) -> list[str]:
        """What really happened."""
        done = subprocess.run(
            ["git", "branch", "--format=%(refname:short)"], cwd=self.repository, check=True, capture_output=True
        )
        return sorted(done.stdout.decode().split())


def environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": str(ROOT), "FASTMCP_CHECK_FOR_UPDATES": "off"}


class Server:
    """A gateway over streamable HTTP."""

    def __init__(self, world: World, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self._errors = world.log.with_suffix(f".{self.port}")
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                world.command("--http", str(self.port), *options), env=environment(), stdout=errors, stderr=errors
            )

    def wait(self) -> Server:
        """Until it answers."""
        for _ in range(1200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                assert self.process.poll() is None, self._errors.read_text()
                time.sleep(0.05)
        raise AssertionError("the gateway does not answer")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


class Agent:
    """A client, and the person beside it who answers questions."""

    def __init__(self, where: Any, era: str = "auto", answer: Answer | None = None) -> None:
        self.asked: list[str] = []
        self.answer = answer

        async def handler(message: str, *rest: Any) -> Any:
            self.asked.append(message)
            answer = self.answer
            return await answer() if callable(answer) else answer

        self.client = Client(where, mode=era, elicitation_handler=handler if answer else None)  # type: ignore[arg-type]

    async def __aenter__(self) -> Agent:
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.client.__aexit__(*error)

    async def tools(self) -> list[str]:
        return [tool.name for tool in await self.client.list_tools()]

    async def call(self, tool: str, **arguments: Any) -> tuple[bool, str]:
        """Whether the result is an error, and its text."""
        result = await self.client.call_tool_mcp(tool, arguments)
        return bool(result.is_error), "".join(getattr(part, "text", "") for part in result.content)


YES = ElicitResult(action="accept", content={"approve": True})
UNTICKED = ElicitResult(action="accept", content={"approve": False})
NO: ElicitResult[Any] = ElicitResult(action="decline")
GONE: ElicitResult[Any] = ElicitResult(action="cancel")


async def until(holds: Callable[[], Any]) -> None:
    """Wait until something asynchronous has come about."""
    for _ in range(600):
        if await holds():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it has not come about")
