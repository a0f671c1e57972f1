"""Who signed a table: Ed25519 signatures in a DSSE envelope, verified before anything else of the table is believed.

The envelope (https://github.com/secure-systems-lab/dsse, version 1) stands in a file of its own beside the table. Its payload is the
table's first line, which has the digest of all other bytes; so whoever knows the signature to be good knows the whole table. Which
key made a signature is found by trying: a `keyid` is a hint and decides nothing. Needs the package `cryptography`, imported only here
and only when there is a key.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from policyc.table.model import TableError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PAYLOAD_TYPE: Final = "application/vnd.policyc.table+json"
SUFFIX: Final = ".sig"
"""What is added to a table's name for its signature's."""
MOST_BYTES: Final = 1 << 20
"""Largest envelope read, and largest key file."""
MOST_SIGNATURES: Final = 100


class KeyFileError(TableError):
    """What was given as a public key is none, or keys cannot be used here."""


class PublicKey:
    """An Ed25519 public key. `id` is the SHA-256 of its SubjectPublicKeyInfo (DER), in hexadecimal digits."""

    __slots__ = ("_key", "id")

    def __init__(self, pem: bytes, name: str = "the key") -> None:
        """Read PEM text (SubjectPublicKeyInfo). Raises KeyFileError."""
        self._key: Ed25519PublicKey = _ed25519(pem, name)
        self.id: str = key_id(self._key)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PublicKey:
        """Read a PEM file. Raises OSError and KeyFileError."""
        with open(path, "rb") as file:
            return cls(file.read(MOST_BYTES), f"`{os.fspath(path)}`")

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature of the message is by this key."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


Key = str | os.PathLike[str] | bytes | PublicKey
"""A public key: the path of a PEM file, its bytes, or one that was read."""


def _ed25519(pem: bytes, name: str) -> Ed25519PublicKey:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise KeyFileError(
            "a key was given, and verifying a signature needs the package `cryptography` (`pip install 'policyc[sign]'`)"
        ) from None
    if b"PRIVATE KEY-----" in pem:
        raise KeyFileError(f"{name} is a private key; verifying takes the public one and nothing else")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileError(f"{name} is not a public key in PEM, as `policyc keygen` writes it") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{name} is a public key of another kind; tables are signed with Ed25519")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """The SHA-256 of the key's SubjectPublicKeyInfo (DER): what `openssl pkey -pubin -outform DER | sha256sum` prints."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def public_keys(key: Key | Sequence[Key]) -> tuple[PublicKey, ...]:
    """The keys, each of which is enough. Raises OSError and KeyFileError; an empty list is an error, not the absence of a demand."""
    given: Iterable[Key] = (key,) if isinstance(key, (str, bytes, os.PathLike, PublicKey)) else key
    keys = tuple(
        k if isinstance(k, PublicKey) else PublicKey(k) if isinstance(k, bytes) else PublicKey.load(k) for k in given
    )
    if not keys:
        raise KeyFileError("the list of keys is empty, so no signature could be verified")
    return keys


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """What is signed: DSSE's pre-authentication encoding of the payload and its type."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def payload_of(table: bytes) -> bytes:
    """The part of a table that is signed: its first line without the line end."""
    return table.partition(b"\n")[0]


def opened(envelope: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    """An envelope's payload and its signatures, each with its `keyid` (empty where there is none). Nothing is verified. Raises TableError."""
    if len(envelope) >= MOST_BYTES:
        raise TableError("the signature's file is far too large for one")
    try:
        found = json.loads(envelope)
        kind, payload = found["payloadType"], _base64(found["payload"])
        signatures = [(s.get("keyid", ""), _base64(s["sig"])) for s in found["signatures"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise TableError("the signature's file is not a DSSE envelope") from None
    if kind != PAYLOAD_TYPE:
        raise TableError("the signature is for something else than a decision table")
    if not 0 < len(signatures) <= MOST_SIGNATURES or not all(isinstance(keyid, str) for keyid, _ in signatures):
        raise TableError(f"the signature's file must have between 1 and {MOST_SIGNATURES} signatures")
    return payload, signatures


def _base64(text: Any) -> bytes:
    """Standard or URL-safe base64, as DSSE has it. Raises ValueError and TypeError."""
    if not isinstance(text, str):
        raise TypeError
    try:
        return b64decode(text.translate({45: 43, 95: 47}), validate=True)
    except Base64Error as error:
        raise ValueError from error


def verify(table: bytes, envelope: bytes, keys: Sequence[PublicKey]) -> PublicKey:
    """The first of the keys that signed the table's first line. Raises TableError where none did.

    The rest of the table is not looked at: `open_table` compares it with the digest in the first line.
    """
    payload, signatures = opened(envelope)
    if payload != payload_of(table):
        raise TableError("the signature is of another table, or the table was changed since it was signed")
    message = pae(payload)
    for key in keys:
        if any(key.verifies(signature, message) for _, signature in signatures):
            return key
    wanted = ", ".join(f"{key.id[:16]}…" for key in keys)
    raise TableError(f"the table is not signed by {'the key' if len(keys) == 1 else 'any of the keys'} {wanted}")


def signature_path(path: str | os.PathLike[str]) -> str:
    """Where the signature of a table stands unless something else is said: beside it."""
    return os.fspath(path) + SUFFIX


def read_signature(path: str | os.PathLike[str]) -> bytes:
    """The bytes of an envelope's file. Raises OSError, and TableError where there is no such file."""
    try:
        with open(path, "rb") as file:
            return file.read(MOST_BYTES)
    except FileNotFoundError:
        raise TableError(f"the table is not signed: there is no `{os.fspath(path)}`") from None


def verify_file(
    path: str | os.PathLike[str],
    table: bytes,
    key: Key | Sequence[Key],
    signature: str | os.PathLike[str] | None = None,
) -> PublicKey:
    """Verify the bytes that were read from `path` by the signature beside it, or in the file `signature`. Raises OSError and TableError."""
    keys = public_keys(key)
    return verify(table, read_signature(signature_path(path) if signature is None else signature), keys)
