"""Whether a gateway with these keys would load a table, and what it would load."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from policyc.diagnostics import PolicycError
from policyc.record import record
from policyc.runtime.signature import (
    KeyFileError,
    PublicKey,
    opened,
    public_keys,
    read_signature,
    signature_path,
    verify,
)
from policyc.runtime.table import Table
from policyc.table.model import TableError

FORMATS = ("text", "json")
VERSION = 1


@record
class Verification:
    """`why`: what is wrong; None for a table that is signed by `key` and can be used. `signers`: the key ids that the signature names."""

    path: str
    signature: str
    why: str | None
    key: str | None = None
    signers: tuple[str, ...] = ()
    revision: int | None = None
    policies: tuple[str, ...] = ()


def verified(path: str, keys: Sequence[str], signature: str | None = None) -> Verification:
    """Judge a table by the signature beside it, or in the file `signature`. Raises PolicycError for what cannot be read and for keys
    that are none."""
    beside = signature_path(path) if signature is None else signature
    key: PublicKey | None = None
    signers: tuple[str, ...] = ()
    try:
        known = public_keys(keys)
        with open(path, "rb") as file:
            data = file.read()
        envelope = read_signature(beside)
        signers = tuple(keyid for keyid, _ in opened(envelope)[1])
        key = verify(data, envelope, known)
        table = Table(data)
        table.check()
    except KeyFileError as error:
        raise PolicycError(str(error)) from None
    except OSError as error:
        raise PolicycError(f"cannot read `{error.filename}`: {(error.strerror or str(error)).lower()}") from None
    except TableError as error:
        return Verification(path, beside, str(error), None if key is None else key.id, signers)
    return Verification(path, beside, None, key.id, signers, table.header["revision"], table.policies)


def render(found: Verification, fmt: str) -> str:
    """The result as text or JSON, with a line end."""
    if fmt == "json":
        data: dict[str, Any] = {
            "format": "policyc-table-verification",
            "version": VERSION,
            "table": found.path,
            "signature": found.signature,
            "verified": found.why is None,
            "reason": found.why,
            "key": found.key,
            "signers": list(found.signers),
            "revision": found.revision,
            "policies": list(found.policies),
        }
        return json.dumps(data, indent=2) + "\n"
    if found.why is not None:
        return f"{found.path}: not verified: {found.why}\n"
    named = ", ".join(found.policies)
    return f"{found.path}: verified: signed by the key {found.key}, revision {found.revision}, {named}\n"
