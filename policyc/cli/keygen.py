"""`policyc keygen`: a new key pair for signing tables."""

from __future__ import annotations

from typing import Annotated

import typer

from policyc.cli.output import create_files, emit

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def keygen(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The files are NAME.key (private) and NAME.pub (public).")
    ] = "policyc",
) -> int:
    """Make an Ed25519 key pair for signing tables. Nothing that is there is overwritten.

    The private key is encrypted where the environment variable POLICYC_KEY_PASSPHRASE is set.
    """
    from policyc.features.signing import new_key, passphrase
    from policyc.report.clean import clean

    locked = passphrase()
    made = new_key(locked)
    private, public = f"{name}.key", f"{name}.pub"
    create_files([(private, made.private, 0o600), (public, made.public, 0o644)])
    how = "encrypted with the passphrase" if locked else "not encrypted"
    emit(
        f"{clean(private)}: private key, {how}; sign with it: `policyc compile --sign`\n"
        f"{clean(public)}: public key, for gateways and `policyc table verify`\n"
        f"key id {made.id}\n"
    )
    return 0
