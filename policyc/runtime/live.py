"""A table that is exchanged while calls are decided: whole tables only, and the old one stays where the new one is bad.

with LiveTable("policy.table", key="policy.pub", watch=2.0) as live:
    decision = live.decide("create_charge", {"amount": 500}, {"grant": "g1"})
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from types import TracebackType
from typing import Any, Final, Literal

from policyc.runtime.decision import Decision
from policyc.runtime.signature import Key, PublicKey, public_keys, read_signature, signature_path, verify
from policyc.runtime.table import Table
from policyc.table.model import TableError

Outcome = Literal["replaced", "unchanged", "refused"]
"""What a reload did."""
_SETTLED: Final = 2.0
"""Seconds after which a file's time of change tells a later change apart, on any file system in use (FAT counts in twos)."""


class RevisionError(TableError):
    """The table is older than one that was in force, or is another one of the same revision."""


class LiveTable:
    """Holds the table in force. `decide` and `visible` may be called by any number of threads; no lock is taken for them.

    A reload reads the file, verifies the signature when there are keys, decodes everything (`Table.check`) and only then exchanges the
    table, by one assignment. A call that has begun ends with the table that it began with.

    **Revisions.** A table with a lower revision than the one in force is refused. So is another table of the same revision, unless the
    revision is 0, which `policyc compile` writes where none was asked for: such tables have no order. `least_revision` is the lowest to
    accept at the start, for a gateway that remembers the revision it had before it was restarted.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        key: Key | Sequence[Key] | None = None,
        signature: str | PathLike[str] | None = None,
        least_revision: int = 0,
        watch: float | None = None,
        on_reload: Callable[[Table, Table], object] | None = None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        """Load the first table. Raises OSError and TableError: without a table there is nothing to decide by.

        `key`: public keys, read now and once; the table must be signed by one of them, in the file `signature` or beside the table.
        `watch`: look every so many seconds whether the file changed, in a thread of its own until `close()`; such a thread does not
        survive a fork, so make the LiveTable in the process that uses it. `on_reload(new, old)` is called after an exchange,
        `on_error(error)` when a table was refused, once for each reason; both by the thread that reloads.
        """
        if watch is not None and not watch > 0:
            raise ValueError("`watch` is a number of seconds above 0")
        self._path = os.fspath(path)
        self._keys: tuple[PublicKey, ...] = () if key is None else public_keys(key)
        self._signature = signature_path(path) if signature is None else os.fspath(signature)
        self._on_reload, self._on_error = on_reload, on_error
        self._reloading = threading.Lock()
        self._stop = threading.Event()
        self.last_error: Exception | None = None
        self._looked = self._look()
        data = self._read()
        self._table = self._made(data)
        self._digest = hashlib.sha256(data).digest()
        if self.revision < least_revision:
            raise RevisionError(f"the table has revision {self.revision}, and {least_revision} is the lowest to accept")
        self._watcher: threading.Thread | None = None
        if watch is not None:
            self._watcher = threading.Thread(target=self._watch, args=(watch,), name="policyc-watch", daemon=True)
            self._watcher.start()

    @property
    def table(self) -> Table:
        """The table in force now. Take it once where several questions must get their answers from the same table."""
        return self._table

    @property
    def revision(self) -> int:
        """The revision of the table in force."""
        return _revision(self._table)

    def decide(
        self,
        tool: str,
        arguments: Any = None,
        context: Any = None,
        *,
        server: str | None = None,
        policy: str | None = None,
    ) -> Decision:
        """As `Table.decide`, with the table in force."""
        return self._table.decide(tool, arguments, context, server=server, policy=policy)

    def visible(self, tools: Iterable[str], *, server: str | None = None, policy: str | None = None) -> list[str]:
        """As `Table.visible`, with the table in force."""
        return self._table.visible(tools, server=server, policy=policy)

    def reload(self) -> Outcome:
        """Read the file again. `refused`: the table in force stays, and `last_error` says why. Raises nothing but what callbacks raise."""
        error: Exception | None = None
        with self._reloading:
            old = new = self._table
            known = self.last_error
            try:
                data = self._read()
                digest = hashlib.sha256(data).digest()
                if digest != self._digest:
                    new = self._made(data)
                    _check_order(new, old)
                    self._table, self._digest = new, digest
            except (OSError, TableError, MemoryError) as failure:
                error = failure
            self.last_error = error
        if error is not None:
            if self._on_error is not None and str(known) != str(error):
                self._on_error(error)
            return "refused"
        if new is old:
            return "unchanged"
        if self._on_reload is not None:
            self._on_reload(new, old)
        return "replaced"

    def close(self) -> None:
        """Stop watching and wait for the thread. The table in force stays and decides."""
        self._stop.set()
        if self._watcher is not None and self._watcher is not threading.current_thread():
            self._watcher.join()

    def __enter__(self) -> LiveTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> bytes:
        with open(self._path, "rb") as file:
            return file.read()

    def _made(self, data: bytes) -> Table:
        if self._keys:
            verify(data, read_signature(self._signature), self._keys)
        table = Table(data)
        table.check()
        return table

    def _watch(self, seconds: float) -> None:
        while not self._stop.wait(seconds):
            looked = self._look()
            if looked is None or looked != self._looked:
                try:
                    self.reload()
                    again = isinstance(
                        self.last_error, (OSError, MemoryError)
                    )  # may go away without a change of the file
                    self._looked = None if again else looked
                except Exception:  # a callback's: it must not end the watching
                    threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))

    def _look(self) -> tuple[object, ...] | None:
        """What tells whether the files changed; None where they are too fresh, or not there, for that to be trusted."""
        try:
            found = [os.stat(name) for name in ((self._path, self._signature) if self._keys else (self._path,))]
        except OSError:
            return None
        now = time.time()
        if any(abs(now - status.st_mtime) < _SETTLED for status in found):
            return None
        return tuple((s.st_mtime_ns, s.st_size, s.st_ino, s.st_dev) for s in found)


def _revision(table: Table) -> int:
    return table.header["revision"]  # type: ignore[no-any-return]


def _check_order(new: Table, old: Table) -> None:
    """Raises RevisionError where the new table must not follow the old one."""
    coming, there = _revision(new), _revision(old)
    if coming < there:
        raise RevisionError(f"the table has revision {coming}, and revision {there} is in force")
    if coming == there != 0:
        raise RevisionError(
            f"the table is another one with the revision {there} that is in force; give it a higher one"
        )
