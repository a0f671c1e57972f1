"""Every kind of mistake in a DSL text, with the words it is told in.

`golden/dsl_errors.txt` holds cases: a title, a text, and under `--` the findings that it must give, each as
`line:column "the characters marked" rule: message (help)`. Run with POLICYC_UPDATE=1 to write what is found now, and read
the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from policyc.diagnostics import Findings
from policyc.frontends.dsl import read
from policyc.source import Source

GOLDEN = Path(__file__).parent / "golden" / "dsl_errors.txt"
_TITLE = "== "


def _cases() -> list[tuple[str, str, list[str]]]:
    cases = []
    for block in GOLDEN.read_text(encoding="utf-8").split(f"\n{_TITLE}"):
        title, _, rest = block.removeprefix(_TITLE).partition("\n")
        text, _, expected = f"\n{rest}".partition("\n--\n")
        cases.append((title, text[1:] + "\n" if text else "", [line for line in expected.split("\n") if line]))
    return cases


def told(text: str) -> list[str]:
    """The findings about a text, one line each."""
    findings = Findings()
    policies = read(Source("t.policy", text), findings)
    assert bool(policies) != bool(findings.items)
    return [
        f'{f.span.line}:{f.span.column} "{_short(f.span.text)}" {f.rule}: {f.message}'
        + (f" ({f.help})" if f.help else "")
        for f in findings.items
    ]


def _short(text: str) -> str:
    line = text.split("\n")[0]
    return line if len(line) <= 30 else line[:30] + "…"


@pytest.mark.parametrize(("title", "text", "expected"), _cases(), ids=[case[0] for case in _cases()])
def test_every_mistake_is_told_in_the_words_of_the_language(title: str, text: str, expected: list[str]) -> None:
    assert told(text) == expected


def test_update() -> None:
    if not os.environ.get("POLICYC_UPDATE"):
        pytest.skip("set POLICYC_UPDATE=1 to write the golden file")
    blocks = [f"{_TITLE}{title}\n{text}--\n" + "\n".join(told(text)) for title, text, _ in _cases()]
    GOLDEN.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "slip", ["deny x when args.a = 5", "deny x when args.a ==", "alow x", 'deny x "a', "deny x id"]
)
def test_one_mistake_does_not_hide_another(slip: str) -> None:
    lines = ["default deny"]
    for i in range(40):
        lines += (
            [f"allow t{i}", slip]
            if i % 2
            else [f"on t{i} {{", "  limit 5 per minute", f"  {slip.replace(' x', '')}", "}"]
        )
    findings = Findings()
    assert read(Source("t.policy", "\n".join(lines)), findings) == []
    wrong = {n for n, line in enumerate(lines, 1) if slip.replace(" x", "") == line.strip() or line == slip}
    assert {f.span.line for f in findings.items} == wrong


def test_findings_stand_in_the_order_of_the_text() -> None:
    findings = Findings()
    read(Source("t.policy", "default deny\ndeny x when args..a == 1\nalow y\ndeny z when args.b is str\n"), findings)
    assert [f.span.line for f in findings.items] == [2, 3, 4]


def test_findings_of_others_are_left_alone() -> None:
    findings = Findings()
    read(Source("a.policy", "alow"), findings)
    read(Source("b.policy", "default deny"), findings)
    assert [f.span.path for f in findings.items] == ["a.policy"]
