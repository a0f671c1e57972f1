from __future__ import annotations

from pathlib import Path

import pytest

from policyc.config import Config
from policyc.diagnostics import Finding, PolicycError
from policyc.ir.facts import NO_FACTS
from policyc.ir.model import Policy
from policyc.paths import PathGlob
from policyc.reference import Call, decide
from policyc.source import Source
from tests.lint.build import TEXT, at, catalog, everything, fact, named, policy, rule, run, slugs, tool

SOURCE = Source("policies/p.policy", TEXT)
OPEN = policy(SOURCE)


def open_default(outcome: object) -> Finding:
    [finding] = [f for f in outcome.findings if f.rule == "open-default"]  # type: ignore[attr-defined]
    return finding


def test_open_default_points_at_the_default_and_its_witness_replays() -> None:
    finding = open_default(run(OPEN, source=SOURCE))
    assert finding.level == "warning"
    assert finding.span.text == "default allow"
    assert finding.witness is not None
    outcome = decide(OPEN, Call(finding.witness["tool"], finding.witness["arguments"]), NO_FACTS)
    assert (outcome.effect, outcome.rule) == ("allow", None)


@pytest.mark.parametrize(
    "quiet",
    [policy(SOURCE, default="deny"), policy(SOURCE, rule(SOURCE, "hide", everything(SOURCE)))],
    ids=["default deny", "hide *"],
)
def test_open_default_is_quiet(quiet: Policy) -> None:
    assert slugs(run(quiet, source=SOURCE)) == []


def test_unknown_tool_names_the_near_one() -> None:
    p = policy(SOURCE, rule(SOURCE, "allow", named(SOURCE, "create_chrage")), default="deny")
    [finding] = run(p, source=SOURCE, known=catalog(tool("create_charge"))).findings
    assert (finding.rule, finding.level, finding.span.text) == ("unknown-tool", "error", "create_chrage")
    assert finding.help == "did you mean `create_charge`?"


def test_unknown_tool_says_it_once_for_a_block_of_several_rules() -> None:
    selector = named(SOURCE, "create_chrage")
    p = policy(SOURCE, rule(SOURCE, "allow", selector), rule(SOURCE, "deny", selector), default="deny")
    assert slugs(run(p, source=SOURCE, known=catalog(tool("x")))) == ["unknown-tool"]


def test_unknown_tool_knows_servers() -> None:
    p = policy(SOURCE, rule(SOURCE, "deny", named(SOURCE, "push", "github")), default="deny")
    [finding] = run(p, source=SOURCE, known=catalog(tool("push", "gitlab"), tool("pull", "github"))).findings
    assert finding.message.startswith("server `github` has no tool `push`")
    assert slugs(run(p, source=SOURCE, known=catalog(tool("push", "github")))) == []


def test_rules_that_need_the_catalog_are_skipped_without_one() -> None:
    p = policy(SOURCE, rule(SOURCE, "allow", named(SOURCE, "create_chrage")), default="deny")
    assert slugs(run(p, source=SOURCE)) == []


def test_a_fact_without_a_catalog_is_an_error_at_the_fact() -> None:
    p = policy(SOURCE, rule(SOURCE, "allow", fact(SOURCE)), default="deny")
    [finding] = run(p, source=SOURCE).findings
    assert (finding.rule, finding.level, finding.span.text) == ("catalog-required", "error", "category:read")
    assert slugs(run(p, source=SOURCE, known=catalog(tool("x")))) == []


def test_findings_are_in_order_and_said_once() -> None:
    late = Finding("wrong-type", "late", at(SOURCE, "hide"))
    early = Finding("wrong-type", "early", at(SOURCE, "policy"))
    outcome = run(OPEN, source=SOURCE, found=(late, early, late))
    assert [f.message for f in outcome.findings if f.rule == "wrong-type"] == ["early", "late"]
    assert [f.span.start for f in outcome.findings] == sorted(f.span.start for f in outcome.findings)


@pytest.mark.parametrize(
    ("config", "level"),
    [
        (Config(levels={"open-default": "error"}), "error"),
        (Config(levels={"open-default": "off"}), None),
        (Config(ignore=("PC5",)), None),
        (Config(select=("unknown-tool",)), None),
        (Config(select=("open-default",)), "warning"),
        (Config(per_path=((PathGlob(str(Path.cwd()), "policies/*"), {"open-default": "info"}),)), "info"),
        (Config(per_path=((PathGlob(str(Path.cwd()), "other/*"), {"open-default": "info"}),)), "warning"),
    ],
)
def test_configuration_sets_levels(config: Config, level: str | None) -> None:
    assert [f.level for f in run(OPEN, source=SOURCE, config=config).findings] == ([level] if level else [])


def test_the_command_line_selects_instead_of_the_configuration_and_ignores_besides() -> None:
    config = Config(select=("unknown-tool",))
    assert slugs(run(OPEN, source=SOURCE, config=config, select=("PC516",))) == ["open-default"]
    assert slugs(run(OPEN, source=SOURCE, ignore=("open-default",))) == []


def test_errors_of_the_reading_cannot_be_turned_off() -> None:
    broken = (Finding("syntax-error", "x", at(SOURCE, "policy")),)
    outcome = run(source=SOURCE, found=broken, ignore=("all",), select=("unknown-tool",))
    assert [(f.rule, f.level) for f in outcome.findings] == [("syntax-error", "error")]
    with pytest.raises(PolicycError, match="stays one"):
        run(OPEN, source=SOURCE, config=Config(levels={"syntax-error": "off"}))


def test_unknown_rules_in_the_configuration_are_said() -> None:
    with pytest.raises(
        PolicycError, match=r"c.toml: `levels`: no rule is called `opn-default`, did you mean `open-default`"
    ):
        run(OPEN, source=SOURCE, config=Config("c.toml", levels={"opn-default": "off"}))
    with pytest.raises(PolicycError, match=r"`per-path.\"x\"`: no rule is called `nope`"):
        run(OPEN, source=SOURCE, config=Config(per_path=((PathGlob(".", "x"), {"nope": "off"}),)))


def test_at_error_level_only_errors_are_looked_for_and_found() -> None:
    assert slugs(run(OPEN, source=SOURCE, at_least="error")) == []
    config = Config(levels={"open-default": "error"})
    assert slugs(run(OPEN, source=SOURCE, config=config, at_least="error")) == ["open-default"]


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.policy", "a/b/c.policy", True),
        ("a/*.policy", "a/b/c.policy", False),
        ("a/**/*.policy", "a/b/c.policy", True),
        ("a/**/*.policy", "a/c.policy", True),
        ("a/**", "a/b/c.policy", True),
        ("b", "a/b/c.policy", True),
        ("a/b", "a/b/c.policy", True),
        ("a/b/", "a/b/c.policy", True),
        ("./a", "a/b/c.policy", True),
        ("/b", "a/b/c.policy", False),
        ("?.policy", "a/c.policy", True),
        ("[a]", "[a]/c.policy", True),
        ("*", "../out.policy", False),
    ],
)
def test_path_globs(pattern: str, path: str, matches: bool, tmp_path: Path) -> None:
    assert PathGlob(str(tmp_path), pattern).matches(str(tmp_path / path)) == matches
