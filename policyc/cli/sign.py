"""What `policyc compile` does about signatures: read the keys, write the table and its signature together, check a committed one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from policyc.cli.output import replace_file, replace_files, say
from policyc.diagnostics import PolicycError
from policyc.runtime.signature import SUFFIX, opened, payload_of, read_signature
from policyc.table.model import TableError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def private_keys(paths: Sequence[str] | None, output: str) -> list[Ed25519PrivateKey]:
    """The keys to sign with, read before anything is compiled. Raises PolicycError, for a key that `output` would overwrite too."""
    if not paths:
        return []
    written = [os.path.realpath(name) for name in (output, output + SUFFIX)]
    if overwritten := next((path for path in paths if os.path.realpath(path) in written), None):
        raise PolicycError(f"`{overwritten}` is the key; the table needs a file of its own")
    from policyc.features.signing import passphrase, private_key

    return [private_key(path, passphrase()) for path in paths]


def write_table(path: str, table: bytes, keys: Sequence[Ed25519PrivateKey], revision: int) -> None:
    """Write the table, and with keys its signature too: both or none. Raises PolicycError."""
    beside = path + SUFFIX
    if not keys:
        replace_file(path, table)
        if os.path.isfile(beside) and not _covers(beside, table):
            say(f"policyc: `{beside}` is the signature of an older table, and this one is not signed; use `--sign`")
        return
    from policyc.features.signing import signed

    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise PolicycError(
            f"`{path}` is not a regular file, and a signed table needs one, with its signature beside it"
        )
    replace_files([(beside, signed(table, keys)), (path, table)])
    if revision == 0:
        say(
            f"policyc: `{path}` is signed without a revision, so any table signed before can take its place; use `--revision`"
        )


def signature_stands(path: str, table: bytes, keys: Sequence[Ed25519PrivateKey]) -> int:
    """Whether a committed table's signature has one by each of the keys: 0, or 1 when it has been said why not."""
    if not keys:
        return 0
    from policyc.features.signing import signed

    try:
        payload, there = opened(read_signature(path + SUFFIX))
        expected = opened(signed(table, keys))[1]
        missing = [keyid for keyid, signature in expected if signature not in [s for _, s in there]]
        if payload == payload_of(table) and not missing:
            return 0
        why = f"is not by the key {missing[0][:16]}…" if payload == payload_of(table) else "is of another table"
        say(f"policyc: `{path}` is current, but its signature {why}; run `policyc compile` again")
    except TableError as error:
        say(f"policyc: `{path}` is current, but {error}; run `policyc compile` again")
    return 1


def _covers(path: str, table: bytes) -> bool:
    try:
        return opened(read_signature(path))[0] == payload_of(table)
    except (OSError, TableError):
        return False
