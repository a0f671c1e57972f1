from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from policyc.diagnostics import LEVELS, PolicycError
from policyc.lint.registry import MODULES, READING, rules, select

ROOT = Path(__file__).parents[2]


def test_codes_and_slugs_are_unique_and_well_formed() -> None:
    known = list(rules().values())
    assert len(known) == len(MODULES) + len(READING)
    assert len({r.info.code for r in known}) == len(known)
    for rule in known:
        assert re.fullmatch(r"PC\d{3}", rule.info.code)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.info.slug)
        assert rule.info.level in LEVELS
        assert rule.info.summary
        assert not rule.info.summary.endswith(".")
    assert [r.info.code for r in known] == sorted(r.info.code for r in known)


@pytest.mark.parametrize("name", MODULES)
def test_each_rule_module_is_named_after_its_slug_and_checks_something(name: str) -> None:
    slug = name.rpartition(".")[2].replace("_", "-")
    rule = rules()[slug]
    assert (rule.check is None) != (rule.check_project is None)


def test_every_rule_file_is_registered() -> None:
    folder = ROOT / "policyc" / "lint" / "rules"
    files = {".".join(p.relative_to(folder).with_suffix("").parts) for p in folder.rglob("*.py")}
    rules_in_files = {
        name for name in files
        if not name.endswith("__init__") and re.search(r"^RULE\b", (folder / (name.replace(".", "/") + ".py")).read_text(encoding="utf-8"), re.M)
    }  # fmt: skip
    assert rules_in_files == set(MODULES)


def test_every_slug_that_the_readers_report_is_registered() -> None:
    pattern = re.compile(
        r"""(?:\.add|\.warn|\bFinding|\bCatalogWarning|self\.error|\breport)\(\s*"([a-z0-9]+(?:-[a-z0-9]+)+)",""",
        re.DOTALL,
    )
    said = {
        (slug, str(path.relative_to(ROOT)))
        for path in (ROOT / "policyc").rglob("*.py")
        for slug in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert [(slug, path) for slug, path in sorted(said) if slug not in rules()] == []


def test_rule_modules_are_imported_only_when_asked_for() -> None:
    code = "import sys, policyc.lint.registry; print([m for m in sys.modules if m.startswith('policyc.lint.rules.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_select_understands_slugs_codes_prefixes_and_all() -> None:
    assert select(["unknown-tool"], "x") == {"unknown-tool"}
    assert select(["PC201"], "x") == {"unknown-tool"}
    assert "syntax-error" in select(["PC1"], "x")
    assert select(["PC1"], "x").isdisjoint({"unknown-tool"})
    assert select(["all"], "x") == set(rules())


@pytest.mark.parametrize(("word", "near"), [("unkown-tool", "unknown-tool"), ("PC999", None), ("", None)])
def test_select_says_what_is_no_rule(word: str, near: str | None) -> None:
    with pytest.raises(PolicycError, match=f"--select: no rule is called `{word}`") as caught:
        select([word], "--select")
    assert near is None or f"did you mean `{near}`?" in str(caught.value)
