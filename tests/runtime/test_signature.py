"""Loading with a key: what is not signed by it is refused, before anything else of the table is believed."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography", reason="signatures need the package cryptography, which is not installed")

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from policyc.features.signing import signed
from policyc.runtime import PublicKey, Table, TableError
from policyc.runtime.signature import KeyFileError, opened, pae
from tests.meta.tree import ROOT
from tests.runtime.build import Signer, compiled

TABLE = compiled('policy "a" default deny on pay { deny when args.n > 5 }', 3)
OTHER = compiled('policy "a" default allow', 3)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path)


@pytest.fixture
def table(tmp_path: Path, signer: Signer) -> Path:
    signer.write(tmp_path / "t", TABLE)
    return tmp_path / "t"


def refused(path: Path, key: Any, **more: Any) -> str:
    with pytest.raises(TableError) as error:
        Table.load(path, key=key, **more)
    return str(error.value)


def test_what_is_signed_is_what_dsse_says() -> None:
    """The specification's own example (protocol.md)."""
    assert pae(b"hello world", "http://example.com/HelloWorld") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_a_signed_table_loads_with_its_key_however_it_is_given(table: Path, signer: Signer) -> None:
    pem = signer.public.read_bytes()
    for key in (signer.public, str(signer.public), pem, PublicKey(pem), [signer.public], (pem,)):
        assert Table.load(table, key=key).decide("pay", {"n": 1}).allowed


def test_no_signature_another_key_another_table(table: Path, signer: Signer, tmp_path: Path) -> None:
    stranger = Signer(tmp_path, "stranger")
    assert refused(table, stranger.public) == f"the table is not signed by the key {stranger.id[:16]}…"
    table.write_bytes(OTHER)
    assert refused(table, signer.public).startswith("the signature is of another table")
    (tmp_path / "t.sig").unlink()
    assert refused(table, signer.public) == f"the table is not signed: there is no `{table}.sig`"


def test_every_changed_byte_of_table_and_signature_is_refused(table: Path, signer: Signer, tmp_path: Path) -> None:
    key = PublicKey.load(signer.public)
    envelope = (tmp_path / "t.sig").read_bytes()
    decoded = json.loads(envelope)
    for at in range(len(TABLE)):
        table.write_bytes(TABLE[:at] + bytes([TABLE[at] ^ 1]) + TABLE[at + 1 :])
        refused(table, key)
    table.write_bytes(TABLE)
    same = 0
    for at in range(len(envelope)):
        (tmp_path / "t.sig").write_bytes(envelope[:at] + bytes([envelope[at] ^ 1]) + envelope[at + 1 :])
        try:
            Table.load(table, key=key)
        except TableError:
            continue
        changed = json.loads((tmp_path / "t.sig").read_bytes())
        same += 1
        assert changed["payload"] == decoded["payload"]
        assert base64.b64decode(changed["signatures"][0]["sig"]) == base64.b64decode(decoded["signatures"][0]["sig"])
    assert same <= 64 + 5, "only the key id, which is a hint, and the name of its field"


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e.update(payloadType="application/vnd.in-toto+json"),
        lambda e: e.update(signatures=[]),
        lambda e: e.update(signatures=e["signatures"] * 101),
        lambda e: e.update(signatures="x"),
        lambda e: e.update(signatures=[5]),
        lambda e: e.update(payload=7),
        lambda e: e.update(payload="é"),
        lambda e: e.pop("payload"),
        lambda e: e["signatures"][0].update(sig=""),
        lambda e: e["signatures"][0].update(sig="AA=="),
        lambda e: e["signatures"][0].update(sig=None),
        lambda e: e["signatures"][0].update(keyid=[]),
        lambda e: e["signatures"][0].pop("sig"),
    ],
)
def test_an_envelope_of_another_shape_is_refused(table: Path, signer: Signer, change: Any) -> None:
    path = table.with_name("t.sig")
    envelope = json.loads(path.read_bytes())
    change(envelope)
    path.write_text(json.dumps(envelope))
    refused(table, signer.public)


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"[" * 100_000, b"\xff", b" " * (1 << 20), b'{"payload":1e999}'])
def test_what_is_no_envelope_is_refused(table: Path, signer: Signer, text: bytes) -> None:
    table.with_name("t.sig").write_bytes(text)
    refused(table, signer.public)


def test_a_signature_of_another_kind_of_thing_does_not_count(table: Path, signer: Signer) -> None:
    """The payload's type is part of what is signed."""
    path = table.with_name("t.sig")
    envelope = json.loads(path.read_bytes())
    payload = base64.b64decode(envelope["payload"])
    for message in (payload, pae(payload, "text/plain")):
        envelope["signatures"] = [{"sig": base64.b64encode(signer.key.sign(message)).decode()}]
        path.write_text(json.dumps(envelope))
        refused(table, signer.public)


def test_any_of_several_keys_and_any_of_several_signatures_is_enough(
    table: Path, signer: Signer, tmp_path: Path
) -> None:
    new, stranger = Signer(tmp_path, "new"), Signer(tmp_path, "stranger")
    assert Table.load(table, key=[new.public, signer.public])
    table.with_name("t.sig").write_bytes(signed(TABLE, [stranger.key, new.key]))
    assert Table.load(table, key=[signer.public, new.public])
    assert "any of the keys" in refused(table, [signer.public, Signer(tmp_path, "x").public])


def test_the_key_id_is_a_hint_only(table: Path, signer: Signer) -> None:
    path = table.with_name("t.sig")
    envelope = json.loads(path.read_bytes())
    envelope["signatures"].insert(0, {"sig": "AAAA", "keyid": signer.id})
    envelope["signatures"][1]["keyid"] = "0" * 64
    path.write_text(json.dumps(envelope))
    assert Table.load(table, key=signer.public)
    del envelope["signatures"][1]["keyid"]
    envelope["payload"] = envelope["payload"].replace("+", "-").replace("/", "_")
    path.write_text(json.dumps(envelope))
    assert Table.load(table, key=signer.public)


def test_what_is_no_public_key_of_ours_is_said(table: Path, signer: Signer, tmp_path: Path) -> None:
    curve = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for key, words in [
        (signer.private, "is a private key"),
        (curve, "another kind"),
        (b"", "not a public key in PEM"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "not a public key in PEM"),
        ([], "list of keys is empty"),
    ]:
        with pytest.raises(KeyFileError, match=words):
            Table.load(table, key=key)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        Table.load(table, key=tmp_path / "nothing")


def test_a_signature_elsewhere(table: Path, signer: Signer, tmp_path: Path) -> None:
    table.with_name("t.sig").rename(tmp_path / "elsewhere")
    assert Table.load(table, key=signer.public, signature=tmp_path / "elsewhere")
    refused(table, signer.public)


def test_without_cryptography_a_key_is_refused_and_no_key_needs_nothing(table: Path, signer: Signer) -> None:
    script = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from policyc.runtime import Table, TableError\n"
        "Table.load(sys.argv[1])\n"
        "try: Table.load(sys.argv[1], key=sys.argv[2])\n"
        "except TableError as error: print(error)\n"
    )
    command = [sys.executable, "-c", script, str(table), str(signer.public)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert "needs the package `cryptography`" in done.stdout


def test_another_implementation_of_dsse_reads_and_verifies_our_envelopes(table: Path, signer: Signer) -> None:
    dsse = pytest.importorskip("securesystemslib.dsse", reason="securesystemslib is not installed")
    from securesystemslib.signer import SSlibKey

    data = json.loads(table.with_name("t.sig").read_bytes())
    envelope = dsse.Envelope.from_dict(data)
    key = SSlibKey.from_crypto(signer.key.public_key(), keyid=signer.id)
    assert list(envelope.verify([key], 1)) == [signer.id]
    assert envelope.payload == opened(table.with_name("t.sig").read_bytes())[0]
