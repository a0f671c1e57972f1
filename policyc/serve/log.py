"""The service's log: one JSON object a line, decisions and what happens to the service alike, on standard error or in a file.

Decisions are written by `policyc.gateway.log`, without values of arguments; lines of libraries lose their parameters, which may hold
some, and errors are told by type and place.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final

_OWN: Final = "policyc"


class ServiceLog(logging.Handler):
    """Writes lines. Safe to share among threads. As a handler of `logging` it takes what libraries say."""

    def __init__(self, path: str | None) -> None:
        """`path`: a file to append to; None for standard error. Raises OSError for a file that cannot be opened."""
        super().__init__(logging.WARNING)
        self._path = path
        self._writing = Lock()
        self._file = self._opened()

    def decision(self, line: dict[str, Any]) -> None:
        """Write a line as it is. Raises OSError."""
        self._write(line)

    def event(self, event: str, *, level: str = "info", **rest: Any) -> None:
        """Write what happened to the service. Never raises: a full disk must not stop it from denying."""
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        try:
            self._write({"time": now, "event": event, "level": level, **rest})
        except OSError:
            self.handleError(logging.makeLogRecord({}))

    def failure(self, error: BaseException) -> None:
        """Write an error of this program: its type, and where it was raised."""
        self.event("failure", level="error", **_place(error))

    def emit(self, record: logging.LogRecord) -> None:
        """A library's line. Its parameters are left out."""
        text = record.getMessage() if record.name.startswith(f"{_OWN}.") and not record.exc_info else str(record.msg)
        error = record.exc_info[1] if record.exc_info else None
        rest = {} if error is None else _place(error)
        self.event("log", level=record.levelname.lower(), logger=record.name, message=text, **rest)

    def reopen(self) -> None:
        """Go on in a new file of the same name, where the old one was moved away. The old one stays where there can be no new one."""
        if self._path is None:
            return
        try:
            new = self._opened()
        except OSError as error:
            self.event("the log could not be opened anew", level="error", reason=error.strerror)
            return
        with self._writing:
            old, self._file = self._file, new
        os.close(old)

    def handleError(self, record: logging.LogRecord) -> None:
        """A line that cannot be written is lost; decisions that cannot be logged are denied elsewhere."""

    def _opened(self) -> int:
        if self._path is None:
            return sys.stderr.fileno()
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    def _write(self, line: dict[str, Any]) -> None:
        data = json.dumps(line, default=repr).encode() + b"\n"
        with self._writing:
            while data:
                data = data[os.write(self._file, data) :]


def _place(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return {
        "error": type(error).__name__,
        "at": [f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }
