"""The page of each rule is a test: its code blocks say what is found in them.

A block's first line is "```LANGUAGE WORD …". LANGUAGE is `policy`, `yaml` or `json`. Words:

    bad=3,5        the page's rule is found at these lines and at no others
    good           the page's rule is not found, nor any other error or warning
    catalog=NAME   linted with docs/rules/catalogs/NAME.json
    as=WHAT        the block is not a policy but `catalog` or `overrides`; an empty policy is linted with it
    also=SLUG,…    other rules that may find something here too
    file=NAME      the file's name
    part           a file beside that of the next block, not linted alone

A bad block may hold other warnings, but no other error. Blocks without words are not run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from policyc.diagnostics import Finding
from policyc.lint.registry import rules
from policyc.pipeline import Options, check
from policyc.syntax.limits import MAX_BYTES, MAX_DEPTH

PAGES = Path(__file__).parent.parent.parent / "docs" / "rules"
SECTIONS = ("What it does", "Why it matters", "Example", "Instead", "How to fix or silence it")
NAMES = {"policy": "example.policy", "yaml": "example.policy.yaml", "json": "example.policy.json"}
EMPTY = 'policy "empty"\ndefault deny\n'
BLOCK = re.compile(r"^```(\w+)[ \t]*([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

MADE: dict[str, Callable[[], tuple[str, bytes]]] = {
    "file-too-large": lambda: ("big.policy", b"#" * (MAX_BYTES + 1)),
    "nested-too-deep": lambda: ("deep.policy.json", b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)),
    "invalid-encoding": lambda: ("latin.policy", 'policy "caf\u00e9"\ndefault deny\n'.encode("latin-1")),
}
"""Rules whose example does not fit on a page."""


@dataclass(frozen=True)
class Block:
    """One code block that is run."""

    slug: str
    number: int
    language: str
    text: str
    bad: tuple[int, ...] | None
    catalog: str | None
    role: str
    also: frozenset[str]
    file: str | None
    beside: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.slug}-{self.number}"


def blocks(slug: str) -> list[Block]:
    out, parts = [], list[tuple[str, str]]()
    for number, (language, words, text) in enumerate(BLOCK.findall((PAGES / f"{slug}.md").read_text("utf-8")), 1):
        said = dict(word.partition("=")[::2] for word in words.split())
        if not said:
            continue
        assert set(said) <= {"bad", "good", "catalog", "as", "also", "file", "part"}, f"{slug}: {words}"
        assert len({"bad", "good", "part"} & set(said)) == 1, f"{slug}: {words}"
        if "part" in said:
            parts.append((said["file"], text))
            continue
        bad = tuple(int(n) for n in said["bad"].split(",")) if "bad" in said else None
        also = frozenset(filter(None, said.get("also", "").split(",")))
        role, file = said.get("as", "policy"), said.get("file")
        out.append(Block(slug, number, language, text, bad, said.get("catalog"), role, also, file, tuple(parts)))
        parts = []
    assert not parts, f"{slug}: a part without a block"
    return out


WRITTEN = sorted(path.stem for path in PAGES.glob("*.md"))
BLOCKS = [block for slug in WRITTEN for block in blocks(slug)]


def run(block: Block, folder: Path) -> list[Finding]:
    catalog = None if block.catalog is None else str(PAGES / "catalogs" / f"{block.catalog}.json")
    overrides = None
    if block.role == "policy":
        path = folder / (block.file or NAMES[block.language])
        path.write_text(block.text, "utf-8")
    else:
        path = folder / "empty.policy"
        path.write_text(EMPTY, "utf-8")
        other = folder / ("catalog.json" if block.role == "catalog" else "catalog.overrides.yaml")
        other.write_text(block.text, "utf-8")
        catalog, overrides = (str(other), None) if block.role == "catalog" else (catalog, str(other))
    named = () if catalog is None else (catalog,)
    for name, text in block.beside:
        (folder / name).write_text(text, "utf-8")
    paths = [*(str(folder / name) for name, _ in block.beside), str(path)]
    return check(paths, Options(catalog=named, overrides=overrides, isolated=True)).findings


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_block(block: Block, tmp_path: Path) -> None:
    findings = run(block, tmp_path)
    said = [f"{f.span.line}: {f.level} {f.rule}: {f.message}" for f in findings]
    lines = sorted({f.span.line for f in findings if f.rule == block.slug})
    others = {f.rule for f in findings if f.rule != block.slug and f.rule not in block.also}
    if block.bad is None:
        assert not [f for f in findings if f.level != "info" and f.rule not in block.also], said
        assert lines == [], said
    else:
        assert lines == sorted(block.bad), said
        assert not {f.rule for f in findings if f.level == "error"} & others, said


@pytest.mark.parametrize("slug", sorted(MADE))
def test_made(slug: str, tmp_path: Path) -> None:
    name, content = MADE[slug]()
    (tmp_path / name).write_bytes(content)
    assert {f.rule for f in check([str(tmp_path / name)], Options(isolated=True)).findings} == {slug}


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert set(WRITTEN) == set(rules())


@pytest.mark.parametrize("slug", WRITTEN)
def test_page(slug: str) -> None:
    info = rules()[slug].info
    text = (PAGES / f"{slug}.md").read_text("utf-8")
    assert text.startswith(f"# {slug} ({info.code})\n\nDefault level: {info.level}."), "code and level of the registry"
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    wanted = [s for s in SECTIONS if s != "Instead" or slug not in MADE]
    assert [h for h in headings if h in SECTIONS] == wanted
    assert max(map(len, text.splitlines())) <= 120
    if slug not in MADE:
        assert any(b.bad is not None for b in blocks(slug)), "a bad example that is run"
        assert any(b.bad is None for b in blocks(slug)), "a good example that is run"


def test_catalogs_are_all_used() -> None:
    assert {b.catalog for b in BLOCKS if b.catalog} == {p.stem for p in (PAGES / "catalogs").glob("*.json")}
