"""Tables and signatures for the tests of what gateways load."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from policyc.diagnostics import Findings
from policyc.frontends.load import read_policies
from policyc.ir.facts import NO_FACTS
from policyc.source import Source
from policyc.table.encode import compile_table


def compiled(text: str, revision: int = 0) -> bytes:
    """The table of policies in the DSL."""
    findings = Findings()
    policies = read_policies(Source("p.policy", text), findings)
    assert policies, findings.items
    return compile_table(policies, NO_FACTS, revision=revision)


def sealed(lines: list[bytes]) -> bytes:
    """A table of these lines (without the first), with the digest that fits."""
    content = b"".join(line + b"\n" for line in lines)
    head = {"format": "policyc-table", "version": 1, "sha256": hashlib.sha256(content).hexdigest()}
    return encoded(head) + b"\n" + content


def encoded(value: Any) -> bytes:
    """A value as a line of a table."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


class Signer:
    """A key pair in a folder, and tables signed with it."""

    def __init__(self, folder: Path, name: str = "key") -> None:
        from policyc.features.signing import new_key, private_key

        made = new_key(None)
        self.public, self.private, self.id = folder / f"{name}.pub", folder / f"{name}.key", made.id
        self.public.write_bytes(made.public)
        self.private.write_bytes(made.private)
        self.key = private_key(str(self.private), None)

    def write(self, path: Path, table: bytes) -> None:
        """Write a table with its signature, each by renaming."""
        from policyc.cli.output import replace_files
        from policyc.features.signing import signed

        replace_files([(f"{path}.sig", signed(table, [self.key])), (str(path), table)])
