"""`policyc verify` as a process: verdicts, formats, exit codes; and what lint and compile make of properties."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import BROKEN, CLEAN, TOOLS, Project

GOLDEN = Path(__file__).parent / "golden"

GOOD = """\
policy "good"
default deny
on create_charge {
  approve when args.amount > 1_000
  limit   30 per minute by grant
}
verify {
  always approve create_charge when args.amount > 1_000
  limited create_charge to 1_800 per hour by grant
}
"""
BAD = """\
policy "bad"
default deny
on create_charge {
  approve when args.amount? > 1_000
  limit   30 per minute by grant
}
verify {
  never allow create_charge when args.amount > 1_000   "a person looks at every large charge"
  always deny delete_*
  limited create_charge to 1_000 per hour
  never allow charge_*
  no wider than "missing.policy"
}
"""
PROPERTIES = "# for all\nverify {\n  never allow category:destructive\n}\n"


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("tools.json", TOOLS)
    project.run("catalog", "build", "tools.json", "-o", "catalog.json", code=0)
    return project


def test_everything_is_proved(project: Project) -> None:
    project.write("good.policy", GOOD)
    done = project.run("verify", "good.policy", code=0)
    assert done.err == "" and done.out.count("\n  proved ") == 2
    assert done.out.endswith("\n2 properties of 1 policy: 2 proved\n")


@pytest.mark.parametrize(("style", "ending"), [("text", "txt"), ("json", "json"), ("markdown", "md")])
def test_golden(shop: Project, style: str, ending: str) -> None:
    shop.write("bad.policy", BAD)
    shop.write("good.policy", GOOD)
    shop.write("safety", PROPERTIES)
    args = ("verify", ".", "--properties", "safety", "--catalog", "catalog.json", "--output-format", style)
    done = shop.run(*args, code=1)
    assert done.err == ""
    golden = GOLDEN / f"verify.{ending}"
    if not golden.exists():
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(done.out, encoding="utf-8")
        pytest.fail(f"{golden.name} was written, look at it")
    assert done.out == golden.read_text(encoding="utf-8")
    shop.run(*args, "-o", "out", code=1)
    assert (shop.folder / "out").read_text(encoding="utf-8") == done.out


def test_every_counterexample_is_decided_as_it_says(shop: Project) -> None:
    shop.write("bad.policy", BAD)
    report = shop.run("verify", "bad.policy", "--catalog", "catalog.json", "--output-format", "json", code=1).json
    (policy,) = report["policies"]
    shown = [p for p in policy["properties"] if "counterexample" in p]
    assert len(shown) == 2 and report["summary"]["failed"]
    for prop in shown:
        explained = shop.run(
            "explain", "bad.policy", "--catalog", "catalog.json", "--call", json.dumps(prop["counterexample"])
        )
        assert f"decision  {prop['decision']['effect']}" in explained.out
        assert f" by {prop['decision']['rule']} " in explained.out


def test_properties_of_a_file_are_asked_of_every_policy(shop: Project) -> None:
    shop.write("a.policy", CLEAN)
    shop.write("b.policy", 'policy "b"\ndefault allow\n')
    shop.write("p/safety", PROPERTIES)
    done = shop.run("verify", "--properties", "p/safety", "--catalog", "catalog.json", code=1)
    assert "clean (a.policy)\n  proved       never allow category:destructive  [p/safety:3:3]" in done.out
    assert "b (b.policy)\n  violated     never allow category:destructive  [p/safety:3:3]" in done.out
    shop.run("verify", "a.policy", "--properties", "p/safety", "--catalog", "catalog.json", code=0)
    shop.run("verify", "--policy", "clean", "--properties", "p/safety", "--catalog", "catalog.json", code=0)


def test_no_wider_is_relative_to_the_file_it_stands_in(project: Project) -> None:
    project.write("sub/base.policy", CLEAN)
    project.write("here.policy", CLEAN.replace("30", "31"))
    project.write("sub/safety", 'verify { no wider than "base.policy" }')
    done = project.run("verify", "here.policy", "--properties", "sub/safety", code=1)
    assert "counted by `list_customers.limit`; by `base.policy` it is allowed" in done.out
    project.write("here.policy", CLEAN + 'verify { no wider than "sub/base.policy" }')
    project.run("verify", str(project.folder / "here.policy"), code=0)
    project.run("verify", "-", stdin=CLEAN + 'verify { no wider than "sub/base.policy" }', code=0)


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["empty"], 3, "no policy in `empty`"),
        (["clean.policy"], 3, "no property to verify"),
        (["clean.policy", "--properties", "nope"], 2, "`nope` does not exist"),
        (["clean.policy", "--properties", "blank"], 2, "`blank` declares no property"),
        (["clean.policy", "--properties", "clean.policy"], 1, "a file of properties holds `verify { … }` blocks and nothing else"),
        (["clean.policy", "--properties", "wrong"], 1, "expected `allow` or `approve`, found `deny`"),
        (["clean.policy", "--properties", "safety"], 1, "`category:destructive` asks the tool catalog, and there is none"),
        (["broken.policy"], 1, "error[PC1"),
        (["broken.policy", "--policy", "clean"], 1, "error[PC1"),
        (["good.policy", "--policy", "goood"], 2, "there is no policy `goood`, did you mean `good`?"),
        (["good.policy", "--output-format", "sarif"], 2, "`--output-format` must be one of"),
        (["good.policy", "--config", "x", "--no-config"], 2, "exclude each other"),
        (["facts.policy"], 1, "asks the tool catalog"),
        (["nope.policy"], 2, "there is no file or folder `nope.policy`"),
    ],
)  # fmt: skip
def test_endings(project: Project, args: list[str], code: int, words: str) -> None:
    (project.folder / "empty").mkdir()
    project.write("clean.policy", CLEAN)
    project.write("good.policy", GOOD)
    project.write("broken.policy", BROKEN)
    project.write("facts.policy", CLEAN + "verify { never allow category:destructive }\n")
    project.write("safety", PROPERTIES)
    project.write("wrong", "verify { never deny a }")
    project.write("blank", "# nothing\n")
    done = project.run("verify", *args, code=code)
    assert words in done.err and done.out == ""


def test_an_error_in_one_file_does_not_hide_the_verdicts_of_another_and_is_not_green(project: Project) -> None:
    project.write("good.policy", GOOD)
    project.write("broken.policy", BROKEN)
    done = project.run("verify", code=1)
    assert "error[PC1" in done.err and "2 proved (1 error in policies not looked at)" in done.out


def test_policies_without_properties_are_counted(project: Project) -> None:
    project.write("good.policy", GOOD)
    project.write("clean.policy", CLEAN)
    assert "2 proved (1 policy without properties)" in project.run("verify", code=0).out


def test_lint_reports_and_compile_refuses_a_broken_property(project: Project) -> None:
    project.write("a.policy", CLEAN + "verify {\n  never allow list_customers\n}\n")
    done = project.run("lint", "a.policy", code=1)
    assert "error[PC414 property-violated]: `never allow list_customers` does not hold" in done.out
    project.run("compile", "a.policy", "-o", "t", code=1)
    project.run("lint", "a.policy", "--ignore", "PC414", code=0)
    project.run("lint", "a.policy", "--select", "unknown-tool", code=0)
    assert "1 error" in project.run("lint", "a.policy", "--select", "property-violated", code=1).out
    marked = "verify {\n  never allow list_customers  # policyc: ignore[property-violated] because it is new\n}\n"
    project.write("a.policy", CLEAN + marked)
    assert "(1 suppressed)" in project.run("lint", "a.policy", code=0).out
    project.run("compile", "a.policy", "-o", "t", code=0)


def test_lint_says_that_a_property_asks_for_the_catalog_and_nothing_else_of_it(project: Project) -> None:
    project.write("a.policy", CLEAN + "verify {\n  never allow category:read\n}\n")
    found = project.run("lint", "a.policy", "--output-format", "json", code=1).json["findings"]
    assert [(f["rule"], f["route"], f["start"]["line"]) for f in found] == [("catalog-required", "verify[0]", 7)]


def test_what_is_not_decided_is_an_error_in_lint_too(project: Project) -> None:
    project.write("a.policy", CLEAN + 'verify { no wider than "missing.policy" }\n')
    done = project.run("lint", "a.policy", code=1)
    assert 'not decided: whether `no wider than "missing.policy"` holds (`missing.policy` does not exist)' in done.out


def test_convert_keeps_properties(project: Project) -> None:
    project.write("a.policy", BAD)
    text = project.run("convert", "a.policy", "--to", "yaml", code=0).out
    project.write("b.policy.yaml", text)
    assert 'never allow create_charge when args.amount > 1000 \\"a person looks' in text
    one, other = (
        project.run("verify", f, "--output-format", "json", code=1).json["policies"][0]
        for f in ("a.policy", "b.policy.yaml")
    )
    assert [p["status"] for p in one["properties"]] == [p["status"] for p in other["properties"]]


def test_a_misspelt_name_in_a_property_is_an_error_and_not_a_proof(project: Project) -> None:
    catalog = '{"tools": [{"name": "pay", "inputSchema": {"properties": {"amount": {"type": "integer"}}, "additionalProperties": false}}]}'
    project.write("c.json", catalog)
    rules = 'policy "p"\ndefault deny\non pay { deny when args.amount > 5 limit 5 per day }\n'
    for slip, rule in (
        ("never allow pya", "unknown-tool"),
        ("never allow pay when args.ammount > 5", "unknown-argument"),
    ):
        project.write("a.policy", f"{rules}verify {{ {slip} }}\n")
        project.write("b.policy", rules)
        project.write("f.verify", f"verify {{ {slip} }}\n")
        for words in (("a.policy",), ("b.policy", "--properties", "f.verify")):
            done = project.run("verify", *words, "--catalog", "c.json", code=1)
            assert rule in done.err and "proved" not in done.out
        assert rule in project.run("lint", "a.policy", "--catalog", "c.json", code=1).out
    project.write("a.policy", f"{rules}verify {{ never allow pya }}\n")
    assert (
        "no rule names this tool, and no catalog says whether it exists"
        in project.run("verify", "a.policy", code=0).out
    )
