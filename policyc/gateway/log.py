"""The decision log: one JSON object a line for each decision, to a file, a stream or a function. docs/gateways.md has the fields."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from os import PathLike
from threading import Lock
from typing import Any, Final, Literal, TextIO

from policyc.counters.entries import number
from policyc.gateway.verdict import Verdict
from policyc.runtime.decision import Limit

LONGEST: Final = 200
"""Characters of a name that the agent chose (a tool's, an argument's) that are written."""
MOST: Final = 64
"""Arguments of a call that are written one by one."""

Sink = str | PathLike[str] | TextIO | Callable[[dict[str, Any]], object]


class DecisionLog:
    """Writes what was decided. Safe to share among threads; in a file, lines of several processes stay whole.

    Values of arguments and of the context are never written in clear, unless `clear` names them: `hash` writes a keyed hash, by which
    equal values can be told without knowing them, `redact` their kind alone.
    """

    def __init__(
        self,
        to: Sink,
        *,
        values: Literal["hash", "redact"] = "hash",
        key: bytes | None = None,
        clear: Collection[str] = (),
        on_failure: Literal["deny", "allow"] = "deny",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`to`: a file to append to, a text stream, or a function that is given each line's object. `key`: of the hashes, a random one
        for each process when left out. `clear`: what may be written, as `args.NAME` and `context.NAME`. `on_failure`: what becomes of a
        call whose line cannot be written. `clock`: seconds since 1970. Raises OSError for a file that cannot be opened, ValueError for an
        option's bad value."""
        if values not in ("hash", "redact") or on_failure not in ("deny", "allow"):
            raise ValueError("expected `hash` or `redact` for `values`, and `deny` or `allow` for `on_failure`")
        unknown = [name for name in clear if not name.startswith(("args.", "context."))]
        if unknown:
            raise ValueError(f"`{unknown[0]}` is nothing to write in clear: expected `args.NAME` or `context.NAME`")
        self.on_failure: Final = on_failure
        self._hash = values == "hash"
        self._key = secrets.token_bytes(32) if key is None else key
        self._clear = frozenset(clear)
        self._clock = clock
        self._lock = Lock()
        self._file: int | None = None
        if isinstance(to, (str, PathLike)):
            self._file = os.open(to, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            self._put: Callable[[dict[str, Any]], object] = self._to_file
        elif callable(to):
            self._put = to
        else:
            self._stream = to
            self._put = self._to_stream

    def decision(self, event: str, verdict: Verdict, seconds: float) -> None:
        """Write what was decided. `event`: `call`, `approval` or `refund`. Raises what the sink raises."""
        call, decision = verdict.call, verdict.decision
        reserved = verdict.receipt.counted if verdict.receipt else ()
        refused, approval = verdict.refused, verdict.approval
        self._write(
            event,
            seconds,
            call=verdict.number,
            id=None if call.id is None else self._value("id", call.id),
            tool=_short(call.tool),
            server=call.server,
            policy=decision.policy if decision else call.policy,
            revision=verdict.revision,
            effect=verdict.effect,
            rule=decision.rule if decision else None,
            source=decision.source if decision else None,
            reason=verdict.reason or (decision.reason if decision else None),
            hidden=verdict.hidden,
            exists=call.exists,
            reserved=[
                {"limit": limit.id, "amount": self._amount(limit, number(counted.amount))}
                for limit, counted in zip(decision.limits if decision else (), reserved, strict=False)
            ],
            refused=None
            if refused is None
            else {
                "limit": refused.limit.id if refused.limit else None,
                "why": refused.why,
                "left": None if refused.left is None else self._amount(refused.limit, refused.left),
                "room_at": refused.room_at,
            },
            repeated=verdict.repeated,
            approval=None
            if approval is None
            else {"outcome": approval.outcome, "by": approval.by, "needed": decision.by if decision else None},
            arguments=self._object("args", call.arguments),
            context=self._object("context", call.context),
            problem=verdict.problem or verdict.uncounted,
        )

    def listing(self, shown: int, hidden: list[str], policy: str | None, revision: int | None, seconds: float) -> None:
        """Write what tools/list was cut down to. Raises what the sink raises."""
        self._write("list", seconds, policy=policy, revision=revision, shown=shown, hidden=hidden)

    def close(self) -> None:
        """Close the file; streams and functions belong to whoever gave them."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, event: str, seconds: float, **rest: Any) -> None:
        when = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self._put({"time": when, "event": event, **rest, "ms": round(seconds * 1000, 3)})

    def _to_file(self, line: dict[str, Any]) -> None:
        if self._file is None:
            raise ValueError("the decision log is closed")
        data = _text(line).encode() + b"\n"
        with self._lock:
            while data:
                data = data[os.write(self._file, data) :]

    def _to_stream(self, line: dict[str, Any]) -> None:
        text = _text(line)
        with self._lock:
            self._stream.write(text + "\n")
            self._stream.flush()

    def _amount(self, limit: Limit | None, amount: int | float) -> Any:
        """What a limit counted, or has left: of a sum it tells an argument's value, and is written as that is."""
        if limit is None or limit.amount is None:
            return amount
        first = limit.amount[0] if limit.amount else ""
        return self._value(f"{limit.root}.{first}", amount)

    def _object(self, root: str, values: Any) -> dict[str, Any] | None:
        if not isinstance(values, dict):
            return None
        said = {_short(name): self._value(f"{root}.{name}", values[name]) for name in list(values)[:MOST]}
        if len(values) > MOST:
            said["…"] = f"{len(values) - MOST} more"
        return said

    def _value(self, name: str, value: Any) -> Any:
        if name in self._clear:
            return value
        if not self._hash:
            return f"<{type(value).__name__}>"
        try:
            data = json.dumps(value, sort_keys=True, default=repr).encode()
        except (TypeError, ValueError, RecursionError):  # keys of several types, a cycle, too deep
            return f"<{type(value).__name__}>"
        return "hmac:" + hmac.new(self._key, data, "sha256").hexdigest()[:16]


def _short(name: Any) -> str:
    text = name if isinstance(name, str) else repr(name)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _text(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=True, default=repr)
