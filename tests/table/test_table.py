"""The table as bytes: reproducible, and refused when it is not what it says."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from policyc.ir.facts import NO_FACTS
from policyc.ir.model import AnyTool, Limit, Or, Policy, Rule, Test, ToolGlob, ToolName
from policyc.ir.model import Path as IrPath
from policyc.ir.names import assign_ids
from policyc.runtime.decision import MissingScope
from policyc.runtime.table import Table
from policyc.table.encode import compile_table
from policyc.table.model import TableError

AMOUNT = IrPath("args", ("amount",))
POLICY = Policy(
    "pay",
    "deny",
    assign_ids(
        [
            Rule("", "allow", ToolName("charge"), implied=True),
            Rule("", "deny", ToolName("charge"), when=Test(AMOUNT, ">", 500), reason="over the cap"),
            Rule("", "approve", ToolName("charge"), when=Test(AMOUNT, ">", 100), by="finance"),
            Rule(
                "",
                "limit",
                ToolName("charge"),
                limit=Limit("spend", 1000, "day", amount=AMOUNT, scope=("grant", "user")),
            ),
            Rule("", "deny", ToolName("charge"), when=Or((Test(IrPath("args", ("note",)), "matches", "(?i)secret"),))),
            Rule("", "hide", ToolGlob("internal_*")),
            Rule("", "limit", AnyTool(), limit=Limit("all", 60, "minute")),
        ]
    ),
)


def table() -> bytes:
    return compile_table([POLICY], NO_FACTS, revision=3)


def test_decides_with_all_that_a_gateway_reports() -> None:
    loaded = Table(table())
    held = loaded.decide("charge", {"amount": 200, "note": "lunch"}, {"grant": "g"})
    assert (held.effect, held.rule, held.by, held.policy) == ("approve", "charge.approve", "finance", "pay")
    assert [limit.counter for limit in held.limits] == ["spend", "all"]
    denied = loaded.decide("charge", {"amount": 501, "note": ""})
    assert (denied.effect, denied.rule, denied.reason, denied.allowed) == ("deny", "charge.deny", "over the cap", False)
    assert loaded.decide("charge", {"note": ""}).rule == "charge.deny"
    unreadable = loaded.decide("charge", {"amount": 50, "note": "\ud800"})
    assert unreadable.rule == "charge.deny.2", "a pattern cannot be asked of text with a lone surrogate"
    assert loaded.decide("internal_x", {}).hidden
    assert loaded.visible(["charge", "internal_x", "other"]) == ["charge", "other"]
    assert loaded.decide("other").rule is None


def test_reservations_have_amounts_and_scope_values() -> None:
    loaded = Table(table())
    allowed = loaded.decide("charge", {"amount": 70.5, "note": ""})
    first, second = (x.reservation({"amount": 70.5}, {"grant": "g", "user": "u"}) for x in allowed.limits)
    assert (first.key, first.amount, first.maximum) == (("pay", "spend", "day", "grant=g", "user=u"), 70.5, 1000)
    assert (second.key, second.amount, second.window) == (("pay", "all", "minute", "grant=g"), 1, "minute")
    with pytest.raises(MissingScope):
        allowed.limits[0].reservation({"amount": 1}, {"grant": "g"})
    with pytest.raises(ValueError, match="not a number"):
        allowed.limits[0].reservation({"amount": "1"}, {"grant": "g", "user": "u"})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), True, "7", None, [], {}, b"7"])
def test_what_is_no_number_is_denied(value: object) -> None:
    assert Table(table()).decide("charge", {"amount": value, "note": ""}).effect == "deny"


def test_several_policies_share_a_table_and_are_asked_by_name() -> None:
    open_policy = Policy("open", "allow", ())
    loaded = Table(compile_table([POLICY, open_policy], NO_FACTS))
    assert loaded.decide("x", {}, policy="open").allowed
    assert not loaded.decide("x", {}, policy="pay").allowed
    for name in (None, "nobody"):
        with pytest.raises(KeyError):
            loaded.decide("x", {}, policy=name)
        with pytest.raises(KeyError):
            loaded.visible(["x"], policy=name)


def test_every_changed_byte_is_refused() -> None:
    data = table()
    for at in range(0, len(data), 7):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(TableError):
            Table(changed)
    for cut in (0, 1, 50, len(data) // 2, len(data) - 1):
        with pytest.raises(TableError):
            Table(data[:cut])


def resealed(data: bytes, line: int, change: dict[str, object] | list[object]) -> bytes:
    """The table with a line changed and its digest made right again, as someone with malice would."""
    first, *lines = data.split(b"\n")
    lines[line] = json.dumps({**json.loads(lines[line]), **change} if isinstance(change, dict) else change).encode()
    content = b"\n".join(lines)
    head = {**json.loads(first), "sha256": hashlib.sha256(content).hexdigest()}
    return json.dumps(head).encode() + b"\n" + content


@pytest.mark.parametrize(
    ("line", "change", "reason"),
    [
        (0, {"capabilities": ["time.travel"]}, "needs time.travel"),
        (0, {"bodies": 10**9}, "more or fewer lines"),
        (0, {"bodies": "x"}, "header does not fit the format"),
        (0, {"rules": -1}, "header does not fit the format"),
        (0, {"policies": ["another"]}, "index does not fit"),
        (1, {"policies": None}, "index does not fit"),
        (2, [["elsewhere", "x"]], "index does not fit"),
    ],
)
def test_a_sealed_table_that_cannot_be_honoured_is_refused(
    line: int, change: dict[str, object] | list[object], reason: str
) -> None:
    with pytest.raises(TableError, match=reason):
        Table(resealed(table(), line, change))


def test_a_table_of_another_version_is_refused() -> None:
    first, _, rest = table().partition(b"\n")
    with pytest.raises(TableError, match="format version 2"):
        Table(json.dumps({**json.loads(first), "version": 2}).encode() + b"\n" + rest)


def test_same_bytes_in_processes_with_different_hash_seeds() -> None:
    script = (
        "import sys, random, hashlib\n"
        "from policyc.table.encode import compile_table\n"
        "from tests.property.strategies import random_policy, random_facts\n"
        "r = random.Random(3)\n"
        "h = hashlib.sha256()\n"
        "for _ in range(60): h.update(compile_table([random_policy(r)], random_facts(r)))\n"
        "print(h.hexdigest())\n"
    )
    root = Path(__file__).parents[2]
    seen = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(seen) == 1


def test_the_runtime_imports_nothing_heavy() -> None:
    script = "import sys, policyc.runtime.table; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    heavy = {"lark", "pydantic", "rich", "typer", "click", "yaml", "re2"}
    assert not heavy & set(loaded.stdout.split())
