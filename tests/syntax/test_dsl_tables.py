"""The grammar, its tables, and that both give the same parser."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from policyc.diagnostics import Findings
from policyc.frontends.dsl import read
from policyc.frontends.dsl_rules import PolicyBuilder
from policyc.ir.names import KEYWORDS, PROPERTY_WORDS
from policyc.source import Source
from policyc.syntax import dsl_tables
from policyc.syntax.dsl import Parser

ROOT = Path(__file__).parents[2]
TEXT = 'default deny\nallow get_*\non pay { deny when not args.amount <= 5 "no" limit sum args.amount? <= 5 per day }\n'


def test_the_words_that_names_leave_out_are_the_keywords() -> None:
    grammar = dsl_tables.grammar_text()
    name = re.search(r"^NAME: /\(\?!\(\?:([a-z_|]+)\)", grammar, re.MULTILINE)
    assert name is not None and set(name.group(1).split("|")) == KEYWORDS
    words = set(re.findall(r"^[A-Z_]+\.2: /([a-z_]+)\(\?!", grammar, re.MULTILINE))
    operators = re.search(r"^OP\.2: .*\(\?:([a-z_|]+)\)", grammar, re.MULTILINE)
    assert operators is not None
    assert words | set(operators.group(1).split("|")) == KEYWORDS | PROPERTY_WORDS
    assert not KEYWORDS & PROPERTY_WORDS


@pytest.mark.parametrize("word", sorted(PROPERTY_WORDS))
def test_a_word_of_properties_is_a_name_everywhere_else_and_inside_them(word: str) -> None:
    text = f"""policy {word} default deny allow {word} hide {word}-x, {word}/{word}
    on {word} {{ approve when args.{word} == 1 by {word} id {word} limit 1 per day as {word} }}
    verify {{ never allow {word} always deny {word}, {word} when args.{word} > 1 limited {word} to 3 per day }}"""
    findings = Findings()
    (policy,) = read(Source("a.policy", text), findings)
    assert policy.name == word and len(policy.properties) == 3 and not findings.items


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_no_keyword_is_a_bare_name_and_every_one_can_be_quoted(word: str) -> None:
    for text, good in (
        (f"default deny allow {word}", False),
        (f'default deny allow "{word}", {word}_x, x{word}', True),
    ):
        findings = Findings()
        assert bool(read(Source("a.policy", text), findings)) == good == (not findings.items)


def _rules(monkeypatch: pytest.MonkeyPatch, tables: Path) -> str:
    monkeypatch.setattr(dsl_tables, "_TABLES", tables)
    builder, findings = PolicyBuilder(), Findings()
    Parser(builder).parse(Source("a.policy", TEXT), findings)
    assert not findings.items
    return repr(builder.drafts[0].rules)


def test_tables_give_the_same_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _rules(monkeypatch, tmp_path / "absent")
    tables = tmp_path / "policy.tables"
    tables.write_bytes(dsl_tables.build_tables(dsl_tables.grammar_text()))

    def refuse(*_: object) -> None:
        raise AssertionError("the grammar was used")

    with monkeypatch.context() as patch:
        patch.setattr(dsl_tables, "build_parser", refuse)
        assert _rules(monkeypatch, tables) == plain


@pytest.mark.parametrize("damage", [b"", b"policyc-dsl 0\n", b"half", b"empty"])
def test_stale_or_damaged_tables_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes) -> None:
    tables, grammar = tmp_path / "policy.tables", dsl_tables.grammar_text()
    good = dsl_tables.build_tables(grammar)
    first = dsl_tables.digest(grammar).encode() + b"\n"
    tables.write_bytes(
        {b"half": good[: len(good) // 2], b"empty": first}.get(damage, damage + good.partition(b"\n")[2])
    )
    assert _rules(monkeypatch, tables) == _rules(monkeypatch, tmp_path / "absent")


def test_tables_of_another_grammar_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = dsl_tables.grammar_text().replace("PER.2: /per", "PER.2: /each")
    tables = tmp_path / "policy.tables"
    tables.write_bytes(dsl_tables.build_tables(other))
    assert _rules(monkeypatch, tables) == _rules(monkeypatch, tmp_path / "absent")


def test_the_wheel_carries_grammar_and_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hatchling", reason="the build backend is not installed")
    if not (ROOT / "README.md").exists():
        pytest.skip("the project's metadata names a README.md, which is not there yet")
    from hatchling.build import build_wheel

    monkeypatch.chdir(ROOT)
    with zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path))) as wheel:
        grammar = wheel.read("policyc/syntax/policy.lark").decode()
        tables = wheel.read("policyc/syntax/policy.tables")
    assert grammar == (ROOT / "grammar" / "policy.lark").read_text(encoding="utf-8")
    assert tables.startswith(dsl_tables.digest(grammar).encode() + b"\n")
