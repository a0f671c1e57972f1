"""What `policyc serve` is told, checked."""

from __future__ import annotations

import re
from typing import Final

from policyc.counters.model import OnFailure
from policyc.diagnostics import PolicycError
from policyc.record import record

_TCP: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]/]+)):(?P<port>[0-9]{1,5})")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@record
class Address:
    """Where to listen: a host and a port (0: any that is free), or the path of a Unix socket."""

    host: str
    port: int
    path: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.path is not None or self.host in _LOOPBACK

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@record
class Settings:
    """Everything but the table's path. `headers`: from which header (in lower case) a value of the context comes. `subject`: the
    context's key for the subject's id. `watch`: seconds between looks at the table's file, None for never. `grace`: seconds that
    requests in flight have at the end. `most_bytes`: largest body. `url`: under which clients know the HTTP side. `least_revision`: the lowest
    revision of a table to begin with."""

    http: Address
    grpc: Address | None = None
    keys: tuple[str, ...] = ()
    policy: str | None = None
    redis: str | None = None
    on_failure: OnFailure = "deny"
    watch: float | None = 2.0
    log: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    subject: str = "user"
    allowed_methods: tuple[str, ...] = ()
    denied_methods: tuple[str, ...] = ()
    most_bytes: int = 1 << 20
    grace: float = 10.0
    url: str | None = None
    least_revision: int = 0


def read_address(text: str, option: str) -> Address:
    """`HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`. Raises PolicycError."""
    if text.startswith("unix:") and len(text) > len("unix:"):
        return Address("", 0, text.removeprefix("unix:"))
    found = _TCP.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise PolicycError(f"`{option}` must be `HOST:PORT` or `unix:PATH`, not `{text}`")
    return Address(found["six"] or found["host"], int(found["port"]))


def read_headers(given: list[str]) -> tuple[tuple[str, str], ...]:
    """Of `NAME=HEADER`, each. Raises PolicycError."""
    pairs: dict[str, str] = {}
    for text in given:
        name, _, header = text.partition("=")
        if not name.removesuffix("[]") or not _HEADER.fullmatch(header):
            raise PolicycError(f"`--header` must be `NAME=HEADER`, such as `user=x-user`, not `{text}`")
        if name.removesuffix("[]") in {known.removesuffix("[]") for known in pairs}:
            raise PolicycError(f"`--header` names `{name}` twice, and a value has one header")
        if name in ("server[]", "policy[]"):
            raise PolicycError(f"`--header` takes `{name.removesuffix('[]')}` as one name, not as a list")
        pairs[name] = header.lower()
    return tuple(pairs.items())
