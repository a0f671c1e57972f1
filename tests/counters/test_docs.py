"""The example of docs/counters.md, and what a gateway imports by following it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pytest

from policyc.runtime.decision import Decision, Limit
from tests.meta.tree import ROOT


def decision(*limits: Limit) -> Decision:
    return Decision("allow", None, None, limits, None, None, False, None, "p")


def limit(scope: tuple[str, ...], reason: str | None = "slowly") -> Limit:
    return Limit("l", "p", "c", 1, "day", True, scope, "args", None, False, False, 1, reason)


def test_the_example() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/counters.md").read_text(encoding="utf-8"), re.DOTALL)
    scope: dict[str, Any] = {}
    exec(code, scope)
    call = scope["call"]

    def fails(arguments: Any) -> str:
        raise ConnectionError

    one = decision(limit(("user",)))
    assert call(one, {}, {}, str).startswith("denied: limit 'l' counts by user")
    with pytest.raises(ConnectionError):
        call(one, {}, {"user": "x"}, fails)
    assert call(one, {}, {"user": "x"}, str) == "{}", "the failed one was given back"
    assert call(one, {}, {"user": "x"}, str) == "denied: slowly"
    assert call(decision(limit((), None)), {}, {}, str) == "{}"
    assert call(decision(limit((), None)), {}, {}, str) == (
        "denied: limit `l` allows at most 1 per day, and has room for 0"
    )


@pytest.mark.parametrize(("module", "also"), [("memory", set()), ("redis", {"redis"})])
def test_what_counters_import(module: str, also: set[str]) -> None:
    code = f"import sys, policyc.counters.{module}; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )  # fmt: skip
    ours = {"policyc", "lark", "pydantic", "rich", "typer", "click", "yaml", "re2", "redis"}
    assert set(done.stdout.split()) & ours == {"policyc"} | also
