"""Making Ed25519 keys and signing tables with them. The envelope is described where it is verified, `policyc.runtime.signature`."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from policyc.diagnostics import PolicycError
from policyc.record import record
from policyc.runtime.signature import PAYLOAD_TYPE, key_id, pae, payload_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PASSPHRASE = "POLICYC_KEY_PASSPHRASE"
"""The environment variable with the passphrase of private keys; a new key is encrypted where it is set."""


@record
class NewKey:
    """A key pair in PEM: PKCS#8 and SubjectPublicKeyInfo. `id`: of the public key."""

    private: bytes
    public: bytes
    id: str


def new_key(passphrase: str | None) -> NewKey:
    """A new pair; the private key is encrypted where there is a passphrase. Raises PolicycError without `cryptography`."""
    _needed()
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    lock: form.KeySerializationEncryption = (
        form.BestAvailableEncryption(passphrase.encode("utf-8", "surrogateescape"))
        if passphrase
        else form.NoEncryption()
    )
    return NewKey(
        key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock),
        key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo),
        key_id(key.public_key()),
    )


def private_key(path: str, passphrase: str | None) -> Ed25519PrivateKey:
    """Read a private key in PEM. Raises PolicycError."""
    _needed()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        with open(path, "rb") as file:
            pem = file.read(1 << 20)
    except OSError as error:
        raise PolicycError(f"cannot read `{path}`: {(error.strerror or str(error)).lower()}") from None
    locked = b"ENCRYPTED PRIVATE KEY-----" in pem
    if locked and not passphrase:
        raise PolicycError(f"`{path}` is encrypted; give its passphrase in the environment variable `{PASSPHRASE}`")
    try:
        key = load_pem_private_key(
            pem, passphrase.encode("utf-8", "surrogateescape") if locked and passphrase else None
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if locked:
            raise PolicycError(f"`{path}` cannot be opened with the passphrase in `{PASSPHRASE}`") from None
        kind = " but a public one" if b"PUBLIC KEY-----" in pem else ""
        raise PolicycError(
            f"`{path}` is not a private key{kind}; expected Ed25519 in PEM, as `policyc keygen` writes it"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise PolicycError(f"`{path}` is a private key of another kind; tables are signed with Ed25519")
    return key


def signed(table: bytes, keys: Sequence[Ed25519PrivateKey]) -> bytes:
    """The envelope for a table, with a signature by each key; the same bytes for the same table and keys."""
    payload = payload_of(table)
    made: dict[str, Any] = {"payloadType": PAYLOAD_TYPE, "payload": _text(payload), "signatures": []}
    for key in keys:
        made["signatures"].append({"keyid": key_id(key.public_key()), "sig": _text(key.sign(pae(payload)))})
    return json.dumps(made, separators=(",", ":")).encode() + b"\n"


def passphrase() -> str | None:
    """The passphrase for private keys, where the environment has one."""
    return os.environ.get(PASSPHRASE) or None


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _needed() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise PolicycError("signing needs the package `cryptography` (`pip install 'policyc[sign]'`)") from None
