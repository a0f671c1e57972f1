"""The service as a process of the tests' own: started on free ports, its log read as it comes."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from policyc.pipeline import Options, check, compile

PATIENCE = 30
"""Seconds until something that must come counts as not coming."""
for _package in ("aiohttp", "grpc", "prometheus_client", "google.protobuf"):
    pytest.importorskip(_package, reason=f"the decision service needs {_package}: pip install 'policyc[serve]'")

SHOP = """
policy "shop"
default deny

allow find_item
hide  close_shop

on refund {
  require args.currency in ["usd", "eur"]   "refunds are paid in USD or EUR only"
  deny    when args.amount > 20_000         "a refund may not exceed 200.00"
  approve when args.amount > 5_000          by "team-lead"
}

on order {
  allow
  limit 3 per day by user  "three orders a day"
}

on server "files" and read_file {
  deny when not args.path starts_with "/public/"  "only public files"
}

on audit {
  allow when context.roles contains "auditor"
}
"""


def table_of(text: str, folder: Path, revision: int = 0) -> bytes:
    """The table of one policy's text."""
    source = folder / "served.policy"
    source.write_text(text, encoding="utf-8")
    checked = check([str(source)], Options(at_least="error"), "-")
    assert not checked.errors, checked.errors
    return compile(checked, revision=revision)


class Running:
    """A service. `lines`: what it has logged."""

    def __init__(self, table: Path, *options: str) -> None:
        self.table = table
        command = [
            sys.executable,
            "-m",
            "policyc",
            "serve",
            str(table),
            "--http",
            "127.0.0.1:0",
            "--grpc",
            "127.0.0.1:0",
        ]
        self.process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)
        self.lines: list[dict[str, Any]] = []
        self.other: list[str] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        started = self.wait(lambda line: line["event"] == "listening")
        self.http, self.grpc = started["http"], started["grpc"]

    def _read(self) -> None:
        assert self.process.stderr is not None
        for text in self.process.stderr:
            with self._changed:
                try:
                    self.lines.append(json.loads(text))
                except ValueError:
                    self.other.append(text)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait(self, wanted: Callable[[dict[str, Any]], bool], since: int = 0) -> dict[str, Any]:
        """The first line from number `since` on that is wanted."""

        def found() -> dict[str, Any] | None:
            return next((line for line in self.lines[since:] if wanted(line)), None)

        with self._changed:
            if not self._changed.wait_for(lambda: found() or self.process.poll() is not None, PATIENCE) or not found():
                raise AssertionError(f"no such line: {self.lines[since:]} {self.other}")
            line = found()
            assert line is not None
            return line

    def connect(self) -> http.client.HTTPConnection:
        """A connection of its own."""
        return http.client.HTTPConnection(self.http, timeout=PATIENCE)

    def raw(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, body."""
        connection = self.connect()
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def post(self, path: str, content: Any) -> tuple[int, Any]:
        """Status and decoded answer."""
        status, _, body = self.raw("POST", path, json.dumps(content).encode(), {"Content-Type": "application/json"})
        return status, json.loads(body)

    def evaluate(self, request: Any) -> dict[str, Any]:
        """The answer to one evaluation, which must be one."""
        status, answer = self.post("/access/v1/evaluation", request)
        assert status == 200, answer
        assert isinstance(answer, dict)
        return answer

    def metrics(self) -> dict[str, float]:
        """By name with labels."""
        text = self.raw("GET", "/metrics")[2].decode()
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def replace(self, data: bytes) -> None:
        """Put another table in its place, as a deployment does."""
        new = self.table.with_suffix(".new")
        new.write_bytes(data)
        new.replace(self.table)

    def reload(self) -> dict[str, Any]:
        """SIGHUP, and the line that says what became of it."""
        since = len(self.lines)
        self.process.send_signal(signal.SIGHUP)
        return self.wait(lambda line: "reload" in line["event"], since)

    def end(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)


def call(tool: str, arguments: Any, user: str = "ann", **rest: Any) -> dict[str, Any]:
    """An evaluation of a call. `rest`: further context."""
    return {
        "subject": {"type": "identity", "id": user},
        "action": {"name": "tools/call"},
        "resource": {"type": "tool", "id": tool},
        "context": {"arguments": arguments, **rest},
    }


def start(folder: Path, *options: str, text: str = SHOP, revision: int = 0) -> Running:
    """A service for the table of a policy's text."""
    table = folder / "served.table"
    table.write_bytes(table_of(text, folder, revision))
    return Running(table, *options)


def decisions(answers: Sequence[dict[str, Any]]) -> list[bool]:
    """Their decisions, which are true booleans."""
    found = [answer["decision"] for answer in answers]
    assert all(isinstance(decision, bool) for decision in found)
    return found
