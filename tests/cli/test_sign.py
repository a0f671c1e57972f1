"""`policyc keygen`, `policyc compile --sign` and `policyc table verify`, as processes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the package cryptography, which is not installed")

from policyc.runtime import Table
from tests.cli.conftest import CLEAN, OPEN, Project

SECRET = {"POLICYC_KEY_PASSPHRASE": "correct horse"}


@pytest.fixture
def signing(project: Project) -> Project:
    project.write("a.policy", CLEAN)
    project.run("keygen", "ci", code=0)
    return project


def sign(project: Project, *more: str, code: int = 0) -> None:
    project.run("compile", "a.policy", "-o", "t", "--sign", "ci.key", "--revision", "4", *more, code=code)


def content(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in project.folder.iterdir() if path.is_file()}


def test_keygen_writes_two_files_that_other_programs_read(signing: Project) -> None:
    private, public = signing.folder / "ci.key", signing.folder / "ci.pub"
    assert private.stat().st_mode & 0o777 == 0o600
    assert private.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert public.read_text().startswith("-----BEGIN PUBLIC KEY-----")
    made = signing.run("keygen", "two", code=0)
    try:
        der = subprocess.run(
            ["openssl", "pkey", "-pubin", "-in", "two.pub", "-outform", "DER"],
            cwd=signing.folder, capture_output=True, check=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not here, or does not know Ed25519")
    from hashlib import sha256

    assert f"key id {sha256(der).hexdigest()}\n" in made.out


@pytest.mark.parametrize("there", ["ci.key", "ci.pub"])
def test_keygen_overwrites_nothing_and_leaves_nothing(project: Project, there: str) -> None:
    project.write(there, "mine")
    done = project.run("keygen", "ci", code=2)
    assert f"`{there}` is there already" in done.err
    assert content(project) == {there: b"mine"}
    assert "cannot write" in project.run("keygen", "no/such/folder/x", code=2).err


def test_a_signed_table_verifies_and_loads(signing: Project) -> None:
    sign(signing)
    done = signing.run("table", "verify", "t", "--key", "ci.pub", code=0)
    assert done.out.startswith("t: verified: signed by the key ")
    assert done.out.endswith(", revision 4, clean\n")
    data = signing.run("table", "verify", "t", "--key", "ci.pub", "--output-format", "json", code=0).json
    assert (data["format"], data["verified"], data["reason"]) == ("policyc-table-verification", True, None)
    assert data["signers"] == [data["key"]] and data["revision"] == 4
    loaded = Table.load(signing.folder / "t", key=signing.folder / "ci.pub")
    assert loaded.decide("list_customers", {}, {"grant": "g"}).allowed


def test_signing_is_reproducible(signing: Project) -> None:
    sign(signing)
    before = content(signing)
    sign(signing)
    assert content(signing) == before


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda f: (f / "t.sig").unlink(), "there is no `t.sig`"),
        (lambda f: (f / "t").write_bytes((f / "t").read_bytes() + b"\n"), "does not have the digest"),
        (lambda f: (f / "t").write_bytes((f / "t").read_bytes()[:-1]), "does not have the digest"),
        (lambda f: (f / "t").write_bytes((f / "t").read_bytes()[3:]), "of another table"),
        (lambda f: (f / "t.sig").write_text("{}"), "not a DSSE envelope"),
        (lambda f: os.replace(f / "two.pub", f / "ci.pub"), "not signed by the key"),
    ],
)  # fmt: skip
def test_what_does_not_verify_is_said_with_exit_1(signing: Project, spoil: object, why: str) -> None:
    signing.run("keygen", "two", code=0)
    sign(signing)
    assert callable(spoil)
    spoil(signing.folder)
    done = signing.run("table", "verify", "t", "--key", "ci.pub", code=1)
    assert done.out.startswith("t: not verified: ") and why in done.out
    data = signing.run("table", "verify", "t", "--key", "ci.pub", "--output-format", "json", code=1).json
    assert data["verified"] is False and why in data["reason"] and data["policies"] == []


def test_a_table_that_is_signed_and_makes_no_sense_does_not_verify(signing: Project) -> None:
    from policyc.features.signing import private_key, signed
    from tests.runtime.build import sealed

    sign(signing)
    table, lines = signing.folder / "t", (signing.folder / "t").read_bytes().split(b"\n")[1:-1]
    lines[3] = b"[0]"
    table.write_bytes(sealed(lines))
    key = private_key(str(signing.folder / "ci.key"), None)
    (signing.folder / "t.sig").write_bytes(signed(table.read_bytes(), [key]))
    done = signing.run("table", "verify", "t", "--key", "ci.pub", code=1)
    assert "body 0 of the table does not fit the format" in done.out


def test_what_cannot_be_asked_is_exit_2(signing: Project) -> None:
    sign(signing)
    assert "missing option '--key'" in signing.run("table", "verify", "t", code=2).err
    assert "cannot read `none`" in signing.run("table", "verify", "none", "--key", "ci.pub", code=2).err
    assert "cannot read `none`" in signing.run("table", "verify", "t", "--key", "none", code=2).err
    assert "is a private key" in signing.run("table", "verify", "t", "--key", "ci.key", code=2).err
    assert "not a public key" in signing.run("table", "verify", "t", "--key", "a.policy", code=2).err
    done = signing.run("table", "verify", "t", "--key", "ci.pub", "--output-format", "yaml", code=2)
    assert "`--output-format` must be one of" in done.err


def test_keys_change_one_after_the_other(signing: Project) -> None:
    signing.run("keygen", "two", code=0)
    sign(signing, "--sign", "two.key")
    for key in ("ci.pub", "two.pub"):
        signing.run("table", "verify", "t", "--key", key, code=0)
    sign(signing)
    signing.run("table", "verify", "t", "--key", "two.pub", code=1)
    signing.run("table", "verify", "t", "--key", "two.pub", "--key", "ci.pub", code=0)


def test_an_encrypted_key(project: Project) -> None:
    project.write("a.policy", CLEAN)
    assert "encrypted with the passphrase" in project.run("keygen", "ci", env=SECRET, code=0).out
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in content(project)["ci.key"]
    command = ("compile", "a.policy", "-o", "t", "--revision", "1", "--sign", "ci.key")
    assert "give its passphrase in the environment variable" in project.run(*command, code=2).err
    assert "cannot be opened" in project.run(*command, env={"POLICYC_KEY_PASSPHRASE": "x"}, code=2).err
    assert not (project.folder / "t").exists()
    project.run(*command, env=SECRET, code=0)
    project.run("table", "verify", "t", "--key", "ci.pub", code=0)


def test_keys_that_cannot_sign_are_said_before_anything_is_compiled(signing: Project) -> None:
    signing.write("broken.policy", "default")
    for key, words in [
        ("ci.pub", "not a private key but a public one"),
        ("none", "cannot read `none`"),
        ("a.policy", "not a private key;"),
    ]:
        done = signing.run("compile", "broken.policy", "-o", "t", "--sign", key, code=2)
        assert words in done.err
    before = content(signing)
    assert "`ci.key` is the key" in signing.run("compile", "a.policy", "-o", "ci.key", "--sign", "ci.key", code=2).err
    assert content(signing) == before


def test_table_and_signature_are_both_written_or_none(signing: Project) -> None:
    (signing.folder / "t").mkdir()
    assert "cannot write `t`" in signing.run("compile", "a.policy", "-o", "t", "--sign", "ci.key", code=2).err
    assert sorted(p.name for p in signing.folder.iterdir()) == ["a.policy", "ci.key", "ci.pub", "t"]
    (signing.folder / "t").rmdir()
    sign(signing)
    before = content(signing)
    os.rename(signing.folder / "t", signing.folder / "kept")
    (signing.folder / "t").mkdir()
    signing.write("a.policy", OPEN)
    signing.run("compile", "a.policy", "-o", "t", "--sign", "ci.key", code=2)
    assert content(signing)["t.sig"] == before["t.sig"], "the old signature is put back"
    assert not [p for p in signing.folder.iterdir() if p.name.startswith(".")]
    (signing.folder / "t").rmdir()
    (signing.folder / "t.sig").unlink()
    (signing.folder / "t.sig").mkdir()
    signing.run("compile", "a.policy", "-o", "t", "--sign", "ci.key", code=2)
    assert not (signing.folder / "t").exists()


def test_an_old_signature_and_a_table_without_a_revision_are_pointed_out(signing: Project) -> None:
    sign(signing)
    assert signing.run("compile", "a.policy", "-o", "t", "--revision", "4", code=0).err == "", (
        "the signature still fits"
    )
    signing.write("a.policy", OPEN)
    done = signing.run("compile", "a.policy", "-o", "t", "--revision", "5", code=0)
    assert "`t.sig` is the signature of an older table" in done.err
    assert "without a revision" in signing.run("compile", "a.policy", "-o", "t", "--sign", "ci.key", code=0).err


def test_check_asks_for_the_signature_too(signing: Project) -> None:
    check = ("compile", "a.policy", "-o", "t", "--check", "--sign", "ci.key")
    sign(signing)
    signing.run(*check, code=0)
    signing.run("keygen", "two", code=0)
    assert "its signature is not by the key" in signing.run(*check, "--sign", "two.key", code=1).err
    envelope = json.loads(content(signing)["t.sig"])
    sign(signing, "--revision", "5")
    signing.write("t.sig", envelope)
    assert "its signature is of another table" in signing.run(*check, code=1).err
    (signing.folder / "t.sig").unlink()
    assert "the table is not signed" in signing.run(*check, code=1).err
    assert "t.sig" not in content(signing), "a check writes nothing"


def test_a_signed_table_is_not_written_to_a_device(signing: Project) -> None:
    if not Path("/dev/null").exists():
        pytest.skip("there is no /dev/null")
    done = signing.run("compile", "a.policy", "-o", "/dev/null", "--sign", "ci.key", code=2)
    assert "not a regular file" in done.err
