from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from policyc import __version__
from policyc.diagram.compare import KINDS
from tests.cli.conftest import BROKEN, CLEAN, DOCUMENT, OPEN, TOOLS, Project
from tests.cli.diff_samples import NEW, OLD, REPORT

GOLDEN = Path(__file__).parent / "golden"
NO_CHANGE = "no change in behaviour"


@pytest.fixture
def samples(project: Project) -> Project:
    project.write("old.policy", OLD)
    project.write("new.policy", NEW)
    return project


def golden(name: str, text: str) -> None:
    """Compare with the golden file; POLICYC_UPDATE_GOLDEN=1 writes it anew."""
    path = GOLDEN / name
    text = text.replace(f'"{__version__}"', '"VERSION"')
    if os.environ.get("POLICYC_UPDATE_GOLDEN"):
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()


def report(project: Project, *args: str, code: int = 0) -> Any:
    data = project.run("diff", *args, "--output-format", "json", code=code).json
    jsonschema.Draft202012Validator(REPORT).validate(data)
    return data


def only(project: Project, *args: str) -> Any:
    """The only policy of a report."""
    [policy] = report(project, *args)["policies"]
    return policy


# --- formats -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["text", "json", "markdown"])
def test_golden(samples: Project, style: str) -> None:
    golden(f"diff.{style}.txt", samples.run("diff", "old.policy", "new.policy", "--output-format", style, code=0).out)


def test_every_kind_of_change_is_in_the_sample(samples: Project) -> None:
    data = report(samples, "old.policy", "new.policy")
    assert list(data["summary"]["kinds"]) == list(KINDS)
    assert sum(data["summary"]["kinds"].values()) == data["summary"]["changes"]


def test_json_keys_are_documented(samples: Project) -> None:
    data = report(samples, "old.policy", "new.policy")
    page = (Path(__file__).parents[2] / "docs" / "output.md").read_text(encoding="utf-8")
    section = page[page.index("## JSON of `policyc diff`") :]

    def keys(value: Any, top: str = "") -> set[str]:
        if isinstance(value, list):
            return set().union(*map(keys, value)) if value else set()
        if not isinstance(value, dict) or top in ("witness", "kinds"):
            return set()
        return set(value) | set().union(*(keys(v, k) for k, v in value.items()))

    assert sorted(key for key in keys(data) if f"`{key}`" not in section) == []


def test_explain_takes_every_witness_and_agrees(samples: Project) -> None:
    changes = only(samples, "old.policy", "new.policy")["changes"]
    for file, side in (("old.policy", "old"), ("new.policy", "new")):
        for change in changes[::3]:
            said = samples.run("explain", file, "--call", json.dumps(change["witness"]), code=0).out
            decided = change[side]
            assert f"decision  {decided['effect']}" in said
            if decided["rule"]:
                assert (
                    f"{decided['effect']} by {decided['rule']} at {file}:{decided['line']}:{decided['column']}" in said
                )


def test_text_on_a_terminal_is_coloured_and_piped_is_not(samples: Project) -> None:
    assert "\x1b[" not in samples.run("diff", "old.policy", "new.policy").out
    coloured = samples.run("diff", "old.policy", "new.policy", env={"FORCE_COLOR": "1"}).out
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == samples.run("diff", "old.policy", "new.policy").out


def test_output_file_is_plain(samples: Project) -> None:
    done = samples.run("diff", "old.policy", "new.policy", "-o", "out.txt", env={"FORCE_COLOR": "1"}, code=0)
    assert done.out == ""
    assert (samples.folder / "out.txt").read_text("utf-8") == samples.run("diff", "old.policy", "new.policy").out


# --- what is no change ---------------------------------------------------------------------------------------------


def test_ids_counters_comments_and_idle_order_are_no_change(samples: Project) -> None:
    head, *rules = OLD.split("\non ")
    body = (
        "\non ".join([head, *reversed(rules)]).replace("as refunds", "as paid_back").replace("as messages", "as said")
    )
    body = body.replace('by "team-lead"\n', 'by "team-lead" id held # a comment\n')
    samples.write("same.policy", body)
    done = samples.run("diff", "old.policy", "same.policy", "--deny-widening", code=0)
    assert done.out.startswith(f"policy `support`: {NO_CHANGE}\n")
    assert "ids, comments" in done.out


@pytest.mark.parametrize("syntax", ["json", "yaml"])
def test_another_syntax_is_no_change(samples: Project, syntax: str) -> None:
    samples.run("convert", "old.policy", "--to", syntax, "-o", f"same.policy.{syntax}", code=0)
    assert report(samples, "old.policy", f"same.policy.{syntax}")["summary"]["equivalent"]
    assert not report(samples, "new.policy", f"same.policy.{syntax}")["summary"]["equivalent"]


def test_a_policy_and_its_table_are_no_change(samples: Project) -> None:
    samples.run("compile", "old.policy", "-o", "old.table", code=0)
    samples.run("compile", "new.policy", "-o", "new.table", code=0)
    for old, new in (("old.policy", "old.table"), ("old.table", "old.policy"), ("old.table", "old.table")):
        assert report(samples, old, new)["summary"]["equivalent"]
    by_tables = only(samples, "old.table", "new.table")["changes"]
    by_text = only(samples, "old.policy", "new.policy")["changes"]
    assert len(by_tables) == len(by_text)
    for one, other in zip(by_tables, by_text, strict=True):
        assert (one["kind"], one["widening"], one["tool"], one["rows"]) == (
            other["kind"], other["widening"], other["tool"], other["rows"],
        )  # fmt: skip


# --- which policies ------------------------------------------------------------------------------------------------


def test_folders_are_matched_by_name(project: Project) -> None:
    project.write("old/a.policy", CLEAN)
    project.write("old/b.policy", OPEN)
    project.write("new/x/moved.policy", CLEAN)
    project.write("new/c.policy.json", DOCUMENT)
    data = report(project, "old", "new")
    assert [(p["name"], p["old_name"], p["status"]) for p in data["policies"]] == [
        ("clean", "clean", "compared"), ("doc", None, "new"), ("open", "open", "gone"),
    ]  # fmt: skip
    clean, doc, opened = data["policies"]
    assert clean["equivalent"]
    assert [(c["kind"], c["tool"], c["old"]) for c in doc["changes"]] == [("newly allowed", "list_customers", None)]
    assert doc["widening"]
    assert [(c["kind"], c["tool"], c["new"]) for c in opened["changes"]] == [("newly denied", None, None)]
    assert not opened["widening"]
    text = project.run("diff", "old", "new", code=0).out
    assert (
        "policy `doc` is new, and a grant without a policy is denied every call: 1 change, 1 lets more through" in text
    )
    assert "policy `open` is gone, and a grant without a policy is denied every call: 1 change, none lets more" in text
    assert "    old   deny, as there is no policy\n" in text


def test_words_without_a_policy_behind_them_are_no_change(project: Project) -> None:
    project.write("old/a.policy", CLEAN)
    project.write("new/a.policy", CLEAN)
    project.write("new/b.policy", 'policy "b"\ndefault deny\nhide x\ndeny y "so"\n')
    assert [(p["name"], p["status"], p["changes"]) for p in report(project, "old", "new")["policies"]] == [
        ("b", "new", []), ("clean", "compared", []),
    ]  # fmt: skip


def test_two_single_policies_are_compared_whatever_their_names(project: Project) -> None:
    project.write("a.policy", CLEAN)
    project.write("b.policy", CLEAN.replace('"clean"', '"tidy"'))
    assert project.run("diff", "a.policy", "b.policy", code=0).out.startswith(
        f"policy `tidy` (before: `clean`): {NO_CHANGE}"
    )


def test_one_policy_of_many(project: Project) -> None:
    project.write("old/a.policy", CLEAN)
    project.write("old/b.policy", OPEN)
    project.write("new/a.policy", CLEAN)
    assert [p["name"] for p in report(project, "old", "new", "--policy", "clean")["policies"]] == ["clean"]
    assert [p["status"] for p in report(project, "old", "new", "--policy", "open")["policies"]] == ["gone"]
    done = project.run("diff", "old", "new", "--policy", "clen", code=2)
    assert done.err == "policyc: neither side has a policy `clen`, did you mean `clean`?\n"


def test_two_policies_of_one_name_are_refused(project: Project) -> None:
    project.write("old/a.policy", CLEAN)
    project.write("old/b/c.policy", CLEAN)
    project.write("old/b/policyc.toml", "")
    done = project.run("diff", "old", "old", code=2)
    assert done.err == "policyc: old has two policies `clean`, and policies are matched by their names\n"


# --- exit codes ----------------------------------------------------------------------------------------------------


def test_deny_widening(samples: Project) -> None:
    samples.run("diff", "old.policy", "new.policy", code=0)
    samples.run("diff", "old.policy", "new.policy", "--deny-widening", code=1)
    samples.write("tight.policy", OLD.replace("20_000", "10_000"))
    samples.run("diff", "old.policy", "tight.policy", "--deny-widening", code=0)
    samples.run("diff", "tight.policy", "old.policy", "--deny-widening", code=1)


def test_what_is_undecided_counts_as_widening_and_is_said(project: Project) -> None:
    tests = " and ".join(f"args.a{i} == {i}" for i in range(70))
    project.write("old.policy", f'policy "p"\ndefault deny\non t {{ deny when {tests} }}\n')
    project.write("new.policy", f'policy "p"\ndefault deny\non t {{ deny when {tests} and args.b == 1 }}\n')
    done = project.run("diff", "old.policy", "new.policy", "--deny-widening", code=1)
    assert "policy `p`: no change found, 1 tool undecided\n" in done.out
    assert "undecided, counted as letting more through\n  t: more than 60 arguments looked at together\n" in done.out
    data = report(project, "old.policy", "new.policy")
    assert (data["summary"]["undecided"], data["summary"]["widening"], data["summary"]["equivalent"]) == (
        1,
        True,
        False,
    )
    assert "**Undecided**" in project.run("diff", "old.policy", "new.policy", "--output-format", "markdown").out


def test_an_error_on_a_side_is_shown_as_lint_shows_it(samples: Project) -> None:
    samples.write("broken.policy", BROKEN)
    for pair in (("broken.policy", "new.policy"), ("new.policy", "broken.policy")):
        done = samples.run("diff", *pair, code=1)
        assert done.out == ""
        assert "error[PC1" in done.err
        assert "broken.policy:3:" in done.err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["old.policy"], 2, "expected OLD and NEW, or `--base REV`"),
        ([], 2, "expected OLD and NEW, or `--base REV`"),
        (["-", "-"], 2, "standard input can be one side only"),
        (["old.policy", "gone.policy"], 2, "there is no file or folder `gone.policy`"),
        (["old.policy", "new.policy", "--head", "x"], 2, "`--head` goes with `--base`"),
        (["old.policy", "new.policy", "--output-format", "jso"], 2, "did you mean `json`?"),
        (["old.policy", "new.policy", "--config", "x", "--no-config"], 2, "exclude each other"),
        (["empty", "empty"], 3, "no policy in empty or empty"),
    ],
)
def test_usage(samples: Project, args: list[str], code: int, said: str) -> None:
    (samples.folder / "empty").mkdir()
    done = samples.run("diff", *args, code=code)
    assert said in done.err
    assert done.out == ""


def test_a_damaged_table_is_refused_in_a_sentence(samples: Project) -> None:
    samples.run("compile", "old.policy", "-o", "t", code=0)
    table = (samples.folder / "t").read_bytes()
    samples.write("t", table.replace(b"20000", b"90000"))
    done = samples.run("diff", "old.policy", "t", code=2)
    assert done.err.startswith("policyc: `t` cannot be used: the table was changed or cut short")


def test_standard_input_is_a_side(samples: Project) -> None:
    assert samples.run("diff", "-", "old.policy", stdin=OLD, code=0).out.startswith(f"policy `support`: {NO_CHANGE}")


def test_a_catalog_holds_for_both_sides(project: Project) -> None:
    project.write("tools.json", TOOLS)
    project.write("old.policy", 'policy "p"\ndefault deny\nallow category:read\n')
    project.write("new.policy", 'policy "p"\ndefault deny\nallow category:read, category:financial\n')
    [change] = only(project, "old.policy", "new.policy", "--catalog", "tools.json")["changes"]
    assert (change["tool"], change["kind"]) == ("create_charge", "newly allowed")
    assert sorted(change["witness"]["arguments"]) == ["amount", "currency"]


def test_a_call_that_only_the_new_catalog_takes_is_valid(project: Project) -> None:
    """The calls to come fit the new side's schema, whatever the old one was."""
    project.write("old/a.policy", 'policy "p"\ndefault deny\non create_charge { deny when args.amount is string }\n')
    project.write("new/a.policy", 'policy "p"\ndefault deny\non create_charge { }\n')
    for side, kind in (("old", "integer"), ("new", "string")):
        project.write(f"{side}/policyc.toml", 'catalog = "tools.json"\n')
        schema = {"type": "object", "properties": {"amount": {"type": kind}}, "required": ["amount"]}
        project.write(f"{side}/tools.json", {"tools": [{"name": "create_charge", "inputSchema": schema}]})
    assert [c["valid"] for c in only(project, "old", "new")["changes"]] == [True]


def test_a_change_beyond_the_schema_says_so(project: Project) -> None:
    project.write("tools.json", TOOLS)
    project.write("old.policy", 'policy "p"\ndefault deny\non create_charge { deny when args.amount is string }\n')
    project.write("new.policy", 'policy "p"\ndefault deny\non create_charge { }\n')
    args = ("old.policy", "new.policy", "--catalog", "tools.json")
    assert [c["valid"] for c in only(project, *args)["changes"]] == [False]
    assert "    note  only calls that the tool's schema forbids\n" in project.run("diff", *args).out


# --- text from outside ---------------------------------------------------------------------------------------------

EVIL = "</summary>` `` ``` <img src=x> [x](http://e) @you | \x1b[2J\u202e\n# head"


def evil(cap: int) -> str:
    said, tool = json.dumps(EVIL), json.dumps("bad\u202e`` tool")
    return f"""\
policy {said}
default deny
on {tool} {{
  deny when args["a`~`b<b>"] > {cap} {said}
  deny when args.x == {json.dumps(EVIL + str(cap))} {said}
  limit {cap} per minute by grant as {said}
}}
"""


def test_text_from_outside_is_inert_in_every_format(project: Project) -> None:
    project.write("old.policy", evil(1))
    project.write("new.policy", evil(2))
    for style in ("text", "json", "markdown"):
        out = project.run("diff", "old.policy", "new.policy", "--output-format", style, code=0).out
        assert not [c for c in out if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"]
        if style == "markdown":
            assert without_code(out).count("<") == without_code(out).count(">")
            assert not re.search(r"img|http|@you|head", without_code(out))


def without_code(markdown: str) -> str:
    """A Markdown text without its blocks of code and inline code, as CommonMark finds them."""
    out, fence = [], ""
    for line in markdown.split("\n"):
        run = re.match(r"`{3,}", line)
        if fence:
            if run and line.strip() == run[0] and len(run[0]) >= len(fence):
                fence = ""
        elif run and "`" not in line[len(run[0]) :]:
            fence = run[0]
        else:
            out.append(line)
    return re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", "\n".join(out))


@pytest.mark.parametrize("text", ["a", "`", "a`b", "`` ` ```", " a ", "", "a\n```\nb"])
def test_code_is_code_whatever_is_in_it(text: str) -> None:
    from policyc.report.diff_markdown import code, fenced

    assert without_code(f"x{code(text)}x") == "xx"
    assert without_code(f"x\n{fenced(text)}x") == "x\nx"


def test_markdown_is_cut_to_the_length_of_a_comment_and_says_so(project: Project) -> None:
    def policy(cap: int) -> str:
        rules = (f'on tool_{i} {{ deny when args.a{i} > {cap} "{"é" * 100} {i}" }}' for i in range(400))
        return 'policy "p"\ndefault deny\n' + "\n".join(rules) + "\n"

    project.write("old.policy", policy(1))
    project.write("new.policy", policy(2))
    out = project.run("diff", "old.policy", "new.policy", "--output-format", "markdown", code=0).out
    assert 60_000 < len(out.encode()) <= 65_536
    said = re.search(r"\*\*Not shown: (\d+) changes\.\*\*", out)
    assert said is not None
    assert int(said[1]) + out.count("**lets more through**") == 400
    assert out.count("<details") == out.count("</details>")
    assert without_code(out).count("```") == 0


def test_a_long_call_is_cut_for_reading_only(project: Project) -> None:
    long = "x" * 5000
    project.write("old.policy", f'policy "p"\ndefault deny\non t {{ deny when args.a == "{long}" }}\n')
    project.write("new.policy", 'policy "p"\ndefault deny\non t { }\n')
    text = project.run("diff", "old.policy", "new.policy").out
    assert '    call  {"tool": "t", "arguments": {"a": "' + "x" * 40 + '… (5000 characters)"}}\n' in text
    assert "the call is cut for reading; the JSON report has it whole" in text
    [change] = only(project, "old.policy", "new.policy")["changes"]
    assert change["witness"]["arguments"] == {"a": long}


def test_a_long_condition_is_broken_between_conditions(project: Project) -> None:
    parts = " and ".join(f'args.argument_{i} in ["one and two", "b, {i}"]' for i in range(5))
    project.write("old.policy", 'policy "p"\ndefault deny\non t { deny when args.x == 1 }\n')
    project.write("new.policy", f'policy "p"\ndefault deny\non t {{ allow when {parts} }}\n')
    text = project.run("diff", "old.policy", "new.policy").out
    row = text[text.index("    when") : text.index("    call")]
    assert len(row.splitlines()) == 3
    assert max(map(len, row.splitlines())) <= 120
    assert row.count('"one and two"') == 5
