from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest

from tests.cli.conftest import BROKEN, CLEAN, DOCUMENT, OPEN, TOOLS, Project


def rules(data: Any) -> list[str]:
    return [f["rule"] for f in data["findings"]]


def test_clean_is_0(project: Project) -> None:
    project.write("a.policy", CLEAN)
    done = project.run("lint", code=0)
    assert done.out == f"no findings in 1 file{BARE}\n"
    assert done.err == ""


BARE = "; there is no catalog, so the checks against one were skipped"


def test_what_is_not_checked_for_want_of_a_catalog_is_said_to_people(project: Project) -> None:
    project.write("tools.json", TOOLS)
    project.write("a.policy", CLEAN)
    for style in (["--output-format", "concise"], ["--statistics"]):
        assert project.run("lint", *style, code=0).out == f"no findings in 1 file{BARE}\n"
    for style in ("json", "sarif", "github"):
        assert "skipped" not in project.run("lint", "--output-format", style, code=0).out
    assert project.run("lint", "--catalog", "tools.json", code=0).out.endswith("\n1 info in 1 file\n")
    assert project.run("lint", "--select", "open-default", code=0).out == "no findings in 1 file\n"
    assert project.run("lint", "--select", "open-default,unknown-tool", code=0).out.endswith(f"{BARE}\n")
    project.write("b/policyc.toml", "")
    project.write("b/b.policy", CLEAN.replace('"a"', '"b"'))
    project.write("policyc.toml", 'catalog = "tools.json"\n')
    assert project.run("lint", code=0).out.endswith(
        " in 2 files; 1 of them has no catalog, so the checks against one were skipped\n"
    )


def test_a_warning_fails_and_the_fail_level_moves_that(project: Project) -> None:
    project.write("a.policy", OPEN)
    done = project.run("lint", "a.policy", code=1)
    assert "warning[PC516 open-default]" in done.out
    assert " --> a.policy:2:1\n" in done.out
    project.run("lint", "--fail-level", "error", code=0)
    project.run("lint", "--fail-level", "warning", code=1)


def test_nothing_to_check_is_3(project: Project) -> None:
    project.write("readme.txt", "hello")
    done = project.run("lint", code=3)
    assert "no policy in `.`" in done.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["missing.policy"], "there is no file or folder `missing.policy`"),
        (["--output-format", "ful"], "did you mean `full`?"),
        (["--fail-level", "fatal"], "must be one of `error`, `warning`, `info`"),
        (["--select", "opn-default"], "did you mean `open-default`?"),
        (["--ignore", "nope"], "--ignore: no rule is called `nope`"),
        (["--config", "nope.toml"], "cannot read nope.toml"),
        (["--config", "a.toml", "--no-config"], "exclude each other"),
        (["--catalog", "nope.json"], "nope.json"),
        (["--overrides", "x.yaml"], "`--overrides` corrects a catalog"),
        (["--stdin-filename", "x.policy"], "where a path is `-`"),
        (["--statistics", "--output-format", "sarif"], "`--statistics` goes with"),
        (["--frob"], "there is no option `--frob`"),
        (["-o", "no/such/folder/x"], "cannot write `no/such/folder/x`"),
    ],
)
def test_usage_is_2(project: Project, args: list[str], words: str) -> None:
    project.write("a.policy", CLEAN)
    done = project.run("lint", *args, code=2)
    assert words in done.err
    assert done.err.count("\n") <= 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["lnt"], "there is no verb `lnt`, did you mean `lint`?"),
        (["lint", "--selct", "x"], "there is no option `--selct`, did you mean `--select`?"),
        (["--vrsion"], "there is no option `--vrsion`, did you mean `--version`?"),
        (["catalog", "biuld"], "did you mean `build`?"),
    ],
)
def test_misspelt_words_are_recognised(project: Project, args: list[str], words: str) -> None:
    assert words in project.run(*args, code=2).err


def test_one_broken_file_does_not_hide_the_others(project: Project) -> None:
    project.write("a.policy", BROKEN)
    project.write("b.policy", OPEN)
    project.write("c.policy.json", b"\xff\xfe\x00")
    data = project.run("lint", "--output-format", "json", code=1).json
    by_path = {f["path"]: f["rule"] for f in data["findings"]}
    assert set(by_path) == {"a.policy", "b.policy", "c.policy.json"}
    assert by_path["b.policy"] == "open-default"
    assert data["summary"]["files"] == 3


def test_folders_are_searched_but_not_hidden_or_vendored_ones(project: Project) -> None:
    for name in (
        "x/a.policy",
        "x/y/b.policy.yaml",
        "c.policy.json",
        ".git/d.policy",
        "node_modules/m/e.policy",
        "f.json",
    ):
        project.write(name, "not a policy at all {{{")
    os.symlink(project.folder / "x", project.folder / "x" / "y" / "loop")
    data = project.run("lint", "--output-format", "json", code=1).json
    assert {f["path"] for f in data["findings"]} == {"x/a.policy", "x/y/b.policy.yaml", "c.policy.json"}
    assert data["summary"]["files"] == 3
    hidden = project.run("lint", ".git/d.policy", "--output-format", "json", code=1).json
    assert hidden["summary"]["files"] == 1


def test_a_file_named_twice_is_read_once(project: Project) -> None:
    project.write("x/a.policy", OPEN)
    data = project.run("lint", "x/a.policy", "x", "./x/a.policy", "--output-format", "json", code=1).json
    assert data["summary"] | {"rules": None} == data["summary"] | {"files": 1, "warning": 1, "rules": None}


@pytest.mark.parametrize(
    ("name", "text"), [("a.policy", OPEN), ("a.policy.json", json.dumps({**DOCUMENT, "default": "allow"}))]
)
def test_standard_input(project: Project, name: str, text: str) -> None:
    done = project.run("lint", "-", "--stdin-filename", name, "--output-format", "concise", stdin=text, code=1)
    assert re.match(rf"{re.escape(name)}:\d+:\d+: warning\[PC516\] open-default: ", done.out)


def test_standard_input_that_is_not_text(project: Project) -> None:
    done = project.run("lint", "-", stdin=b"\xff\xfe\xfa", code=1)
    assert "invalid-encoding" in done.out


def test_policies_with_the_same_name_in_two_files(project: Project) -> None:
    project.write("a.policy", CLEAN)
    project.write("b.policy", CLEAN)
    data = project.run("lint", "--output-format", "json", code=1).json
    [finding] = data["findings"]
    assert (finding["rule"], finding["path"]) == ("duplicate-policy-name", "b.policy")
    assert finding["related"][0]["path"] == "a.policy"


def test_selectors_that_ask_the_catalog(project: Project) -> None:
    project.write("a.policy", 'policy "a"\ndefault deny\nallow category:read\n')
    project.write("tools.json", TOOLS)
    [finding] = project.run("lint", "--output-format", "json", "a.policy", code=1).json["findings"]
    assert (finding["rule"], finding["start"]["line"], finding["start"]["column"]) == ("catalog-required", 3, 7)
    assert "catalog-required" not in project.run("lint", "a.policy", "--catalog", "tools.json").out


def test_the_catalog_finds_unknown_tools(project: Project) -> None:
    project.write("a.policy", 'policy "a"\ndefault deny\nallow create_chrage when args.amount < 5\n')
    project.write("tools.json", TOOLS)
    args = ("a.policy", "--catalog", "tools.json", "--select", "unknown-tool", "--output-format", "json")
    [finding] = project.run("lint", *args, code=1).json["findings"]
    assert finding["help"] == "did you mean `create_charge`?"
    assert finding["start"] == {"line": 3, "column": 7, "offset": finding["start"]["offset"]}
    assert finding["end"]["column"] == 7 + len("create_chrage")


def test_select_and_ignore(project: Project) -> None:
    project.write("a.policy", OPEN)
    project.run("lint", "--ignore", "unknown-tool,open-default", code=0)
    project.run("lint", "--select", "PC2,PC3", code=0)
    project.run("lint", "--select", "PC5", "--select", "PC2", code=1)


def test_suppressions_are_counted_and_reported(project: Project) -> None:
    project.write("a.policy", OPEN.replace("allow\n", "allow  # policyc: ignore[open-default] because it is a demo\n"))
    assert project.run("lint", code=0).out == f"no findings in 1 file (1 suppressed){BARE}\n"
    data = project.run("lint", "--output-format", "json", code=0).json
    assert data["suppressed"][0]["suppression"]["reason"] == "it is a demo"
    log = project.run("lint", "--output-format", "sarif", code=0).json
    assert log["runs"][0]["results"][0]["suppressions"][0]["justification"] == "it is a demo"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.policy.json", json.dumps({"x-policyc-ignore": {"open-default": "because it is a demo"}, "version": "1", "default": "allow", "tools": {}})),
        ("a.policy.yaml", 'version: "1"\ndefault: allow  # policyc: ignore[open-default] because it is a demo\ntools: {}\n'),
        ("b.policy.yaml", 'x-policyc-ignore: {open-default: because it is a demo}\nversion: "1"\ndefault: allow\ntools: {}\n'),
    ],
)  # fmt: skip
def test_suppressions_in_documents(project: Project, name: str, text: str) -> None:
    project.write(name, text)
    assert "(1 suppressed)" in project.run("lint", code=0).out


def test_a_suppression_without_a_reason_fails(project: Project) -> None:
    project.write("a.policy", CLEAN + "# policyc: ignore[open-default]\n")
    assert "error[PC120 suppression-without-reason]" in project.run("lint", code=1).out


def test_sarif_exits_0_whatever_was_found_but_not_for_2_and_3(project: Project) -> None:
    project.write("x/a.policy", BROKEN)
    log = project.run("lint", "--output-format", "sarif", code=0).json
    assert log["runs"][0]["results"]
    project.run("lint", "nope", "--output-format", "sarif", code=2)
    (project.folder / "y").mkdir()
    project.run("lint", "y", "--output-format", "sarif", code=3)


def test_output_file(project: Project) -> None:
    project.write("a.policy", OPEN)
    done = project.run("lint", "-o", "report.txt", env={"FORCE_COLOR": "1"}, code=1)
    assert done.out == ""
    assert (project.folder / "report.txt").read_text(encoding="utf-8").startswith("warning[PC516 open-default]")
    assert [p.name for p in project.folder.iterdir() if p.name.startswith(".")] == []


def test_statistics(project: Project) -> None:
    project.write("a.policy", OPEN)
    assert project.run("lint", "--statistics", code=1).out.startswith("1  warning[PC516] open-default\n")


def test_colour_follows_the_environment(project: Project) -> None:
    project.write("a.policy", OPEN)
    assert "\x1b" not in project.run("lint").out
    assert "\x1b[" in project.run("lint", env={"FORCE_COLOR": "1"}).out
    assert "\x1b" not in project.run("lint", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out


def test_github_annotations(project: Project) -> None:
    project.write("a.policy", OPEN)
    out = project.run("lint", "--output-format", "github", code=1).out
    assert out.startswith(
        "::warning file=a.policy,line=2,col=1,endLine=2,endColumn=14,title=PC516 open-default::the default"
    )


def test_the_same_input_gives_the_same_report_whatever_the_order(project: Project) -> None:
    project.write("a.policy", OPEN)
    project.write("b.policy", BROKEN)
    one = project.run("lint", "a.policy", "b.policy", "--output-format", "json").out
    other = project.run("lint", "b.policy", "a.policy", "--output-format", "json", env={"PYTHONHASHSEED": "7"}).out
    assert one == other


def test_a_finding_that_another_one_says_better_is_left_out(project: Project) -> None:
    """An argument that does not exist makes its test always undefined; only the misspelling is told."""
    schema = {"type": "object", "properties": {"amount": {"type": "number"}}, "additionalProperties": False}
    project.write("p.policy", "default deny\non pay { approve when args.ammount > 5 limit 1 per day }\n")
    project.write("c.json", json.dumps([{"name": "pay", "inputSchema": schema}]))
    done = project.run("lint", "p.policy", "--catalog", "c.json", "--output-format", "json", code=1)
    assert [f["rule"] for f in json.loads(done.out)["findings"] if f["level"] != "info"] == ["unknown-argument"]
