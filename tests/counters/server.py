"""A redis-server of the tests' own: a free port, a temporary folder, and a hand on its life."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis

SERVER = shutil.which("redis-server") or shutil.which("valkey-server")
needs_server = pytest.mark.skipif(
    SERVER is None, reason="no redis-server or valkey-server here: apt-get install redis-server"
)


class Server:
    """Started on construction. `options`: of redis-server, as on its command line."""

    def __init__(self, folder: Path, *options: str) -> None:
        if SERVER is None:
            pytest.skip("no redis-server or valkey-server here: apt-get install redis-server")
        self.port = 65535
        while self.port > 55535:  # a cluster's nodes talk on a port 10,000 higher
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        self._command = [
            SERVER, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options,
        ]  # fmt: skip
        self.url = f"redis://127.0.0.1:{self.port}"
        self.client = redis.Redis.from_url(self.url, socket_timeout=10)
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                assert self._process.poll() is None, "redis-server ended"
                time.sleep(0.02)
        raise AssertionError("redis-server does not answer")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.client.close()
        self.kill()
