from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from policyc.lint.registry import rules
from tests.cli.conftest import BROKEN, CLEAN, DOCUMENT, OPEN, TOOLS, Project

# --- compile -------------------------------------------------------------------------------------------------------


def test_compile_writes_a_table_that_decides(project: Project) -> None:
    from policyc.runtime.table import Table

    project.write("a.policy", CLEAN)
    done = project.run("compile", "a.policy", "-o", "table.json", "--revision", "7", code=0)
    assert done.out.startswith("table.json: 1 policy, ")
    table = Table.load(project.folder / "table.json")
    assert table.decide("list_customers", {}, {"grant": "g"}).effect == "allow"
    assert table.decide("anything_else", {}, {"grant": "g"}).effect == "deny"


def test_compile_is_reproducible_whatever_the_order(project: Project) -> None:
    project.write("x/a.policy", CLEAN)
    project.write("x/b.policy", OPEN)
    project.run("compile", "x", "-o", "one", code=0)
    project.run(
        "compile",
        "x/b.policy",
        str(project.folder / "x" / "a.policy"),
        "-o",
        "two",
        env={"PYTHONHASHSEED": "3"},
        code=0,
    )
    assert (project.folder / "one").read_bytes() == (project.folder / "two").read_bytes()
    assert str(project.folder).encode() not in (project.folder / "one").read_bytes()


@pytest.mark.parametrize(
    "text", [BROKEN, 'policy "a"\ndefault deny\nallow category:read\n'], ids=["syntax", "no catalog"]
)
def test_compile_writes_nothing_where_there_is_an_error(project: Project, text: str) -> None:
    project.write("a.policy", text)
    project.write("b.policy", CLEAN)
    project.write("table.json", "old")
    done = project.run("compile", "-o", "table.json", code=1)
    assert "error[PC1" in done.err
    assert "nothing was compiled" in done.err
    assert (project.folder / "table.json").read_text(encoding="utf-8") == "old"
    assert not [p for p in project.folder.iterdir() if p.name.startswith(".")]


def test_compile_refuses_at_error_level_what_the_configuration_calls_an_error(project: Project) -> None:
    project.write("a.policy", OPEN)
    project.run("compile", "a.policy", "-o", "t", code=0)
    project.write("policyc.toml", "levels = {open-default = 'error'}\n")
    project.run("compile", "a.policy", "-o", "t", code=1)


def test_compile_check(project: Project) -> None:
    project.write("a.policy", CLEAN)
    done = project.run("compile", "a.policy", "-o", "t", "--check", code=1)
    assert "`t` does not exist or is empty" in done.err
    assert not (project.folder / "t").exists()
    project.run("compile", "a.policy", "-o", "t", "--revision", "12", code=0)
    project.run("compile", "a.policy", "-o", "t", "--check", code=0)
    assert stale(project, "--revision", "13") == "it has revision 12, and 13 is asked for; what it decides is the same"
    project.write("a.policy", CLEAN.replace("30", "31"))
    assert stale(project) == "`a.policy` changed; what it decides or says is not the same"
    project.write("a.policy", "# a word\n" + CLEAN)
    assert stale(project) == "`a.policy` changed; what it decides is the same"
    project.write("a.policy", CLEAN)
    project.write("b.policy", OPEN)
    assert stale(project, "b.policy") == "`b.policy` is not in it; what it decides or says is not the same"
    project.write("tools.json", TOOLS)
    assert stale(project, "--catalog", "tools.json").startswith(
        "it was compiled with no catalog, and now there is a catalog; "
    )
    table = (project.folder / "t").read_bytes()
    project.write("t", b"\xff not a table")
    assert stale(project) == "this is not a policyc decision table"
    project.write("t", table[:-9] + table[-8:])
    assert stale(project).startswith("the table was changed or cut short")


def stale(project: Project, *more: str) -> str:
    """Why `compile --check` says that the table `t` is not current."""
    err = project.run("compile", "a.policy", *more, "-o", "t", "--check", code=1).err.strip()
    before, after = "policyc: `t` is not current: ", "; run `policyc compile` again"
    assert err.startswith(before) and err.endswith(after) and "\n" not in err, err
    return err.removeprefix(before).removesuffix(after)


def test_compile_keeps_permissions_and_follows_links(project: Project) -> None:
    project.write("a.policy", CLEAN)
    target = project.write("real", "old")
    target.chmod(0o640)
    os.symlink("real", project.folder / "link")
    project.run("compile", "a.policy", "-o", "link", code=0)
    assert (project.folder / "link").is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert target.read_bytes() != b"old"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["a.policy"], 2, "missing option '--output'"),
        (["nope", "-o", "t"], 2, "there is no file or folder `nope`"),
        (["a.policy", "-o", "no/t"], 2, "cannot write `no/t`"),
        (["a.policy", "-o", "t", "--revision", "-1"], 2, "--revision"),
        (["empty", "-o", "t"], 3, "no policy in `empty`"),
    ],
)
def test_compile_usage(project: Project, args: list[str], code: int, words: str) -> None:
    project.write("a.policy", CLEAN)
    (project.folder / "empty").mkdir()
    assert words in project.run("compile", *args, code=code).err


# --- convert -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("to", "name"), [("dsl", "b.policy"), ("yaml", "b.policy.yaml"), ("json", "b.policy.json")])
def test_convert_gives_a_policy_that_lints_the_same(project: Project, to: str, name: str) -> None:
    project.write("a.policy.json", DOCUMENT)
    project.run("convert", "a.policy.json", "--to", to, "-o", name, code=0)
    assert project.run("lint", name, code=0)
    assert project.run("convert", "a.policy.json", "--to", to, code=0).out == (project.folder / name).read_text(
        encoding="utf-8"
    )


def test_convert_needs_no_catalog_but_a_policy_that_can_be_read(project: Project) -> None:
    project.write("a.policy", 'policy "a"\ndefault deny\nallow category:read\n')
    assert "category:read" in project.run("convert", "a.policy", "--to", "json", code=0).out
    project.write("b.policy", BROKEN)
    done = project.run("convert", "b.policy", "--to", "json", code=1)
    assert done.out == ""
    assert "error[PC1" in done.err
    assert "must be one of `dsl`" in project.run("convert", "a.policy", "--to", "xml", code=2).err
    assert "is a folder" in project.run("convert", ".", "--to", "dsl", code=2).err


def test_convert_says_what_it_leaves_out(project: Project) -> None:
    project.write("a.policy", "# why\n" + CLEAN + "# policyc: ignore[open-default] because of x\n")
    assert "2 comments are not carried over" in project.run("convert", "a.policy", "--to", "yaml", code=0).err
    project.write("b.policy", CLEAN)
    assert project.run("convert", "b.policy", "--to", "yaml", code=0).err == ""


def test_convert_asks_which_of_several_policies(project: Project) -> None:
    project.write("a.policy", CLEAN + OPEN)
    assert "say which with `--policy`" in project.run("convert", "a.policy", "--to", "json", code=2).err
    assert '"open"' in project.run("convert", "a.policy", "--to", "json", "--policy", "open", code=0).out
    assert "did you mean `open`?" in project.run("convert", "a.policy", "--to", "json", "--policy", "opne", code=2).err


# --- catalog, init -------------------------------------------------------------------------------------------------


def test_catalog_build_and_show(project: Project) -> None:
    project.write("tools.json", TOOLS)
    project.run("catalog", "build", "tools.json", "-o", "catalog.json", code=0)
    assert project.run("catalog", "build", "tools.json", code=0).out == (project.folder / "catalog.json").read_text(
        encoding="utf-8"
    )
    table = project.run("catalog", "show", "--catalog", "catalog.json", code=0).out
    assert "create_charge" in table
    assert "list_customers" in table
    assert "financial" in project.run("catalog", "show", "create_charge", "--catalog", "catalog.json", code=0).out
    done = project.run("catalog", "show", "create_chrage", "--catalog", "catalog.json", code=2)
    assert "did you mean `create_charge`?" in done.err
    assert "there is no catalog" in project.run("catalog", "show", code=2).err
    assert project.run("catalog", "show", "catalog.json", code=0).out == table
    one = project.run("catalog", "show", "create_charge", "--catalog", "catalog.json", code=0).out
    assert project.run("catalog", "show", "catalog.json", "create_charge", code=0).out == one
    assert "one tool can be shown" in project.run("catalog", "show", "catalog.json", "a", "b", code=2).err
    assert "`nope.json` cannot be read as a catalog" in project.run("catalog", "show", "nope.json", code=2).err
    project.write("policyc.toml", "catalog = 'catalog.json'\n")
    assert project.run("catalog", "show", code=0).out == table
    project.run("catalog", "build", "nope.json", code=2)


def test_catalog_output_is_safe_for_a_terminal(project: Project) -> None:
    tools = {
        "tools": [{"name": "evil", "description": "\x1b[2Jclear \u202e the screen", "inputSchema": {"type": "object"}}]
    }
    project.write("tools.json", tools)
    for args in (["show"], ["show", "evil"]):
        out = project.run("catalog", *args, "--catalog", "tools.json", code=0).out
        assert "\x1b" not in out
        assert "\u202e" not in out


@pytest.mark.parametrize(
    ("syntax", "name"), [("dsl", "a.policy"), ("yaml", "a.policy.yaml"), ("json", "a.policy.json")]
)
def test_init_writes_a_policy_that_lints_clean(project: Project, syntax: str, name: str) -> None:
    project.write("tools.json", TOOLS)
    project.run("init", "--catalog", "tools.json", "--syntax", syntax, "-o", name, code=0)
    project.run("lint", name, "--catalog", "tools.json", code=0)
    again = project.run("init", "--catalog", "tools.json", "--syntax", syntax, "-o", name, code=2)
    assert "exists" in again.err
    assert "name one with `--catalog`" in project.run("init", code=2).err


# --- rule, schema --------------------------------------------------------------------------------------------------


def test_rule_lists_and_explains(project: Project) -> None:
    out = project.run("rule", code=0).out
    assert [slug for slug in rules() if f"  {slug} " not in out] == []
    assert project.run("rule", "open-default", code=0).out == project.run("rule", "pc516", code=0).out
    assert "did you mean `open-default`?" in project.run("rule", "opn-default", code=2).err
    assert "```" not in project.run("rule", "open-default", code=0).out
    assert (
        '\n    policy "support"\n    default allow\n\n    hide delete_customer\n'
        in project.run("rule", "open-default", code=0).out
    )


def test_schema(project: Project) -> None:
    import jsonschema

    document = project.run("schema", code=0)
    jsonschema.Draft202012Validator.check_schema(document.json)
    jsonschema.validate(DOCUMENT, document.json)
    assert project.run("schema", "config", code=0).json["additionalProperties"] is False
    assert "must be one of" in project.run("schema", "xml", code=2).err


# --- explain, table ------------------------------------------------------------------------------------------------


def test_explain_reads_a_call(project: Project) -> None:
    project.write("a.policy", CLEAN)
    call: Path = project.write("call.json", {"tool": "list_customers", "arguments": {}, "context": {"grant": "g"}})
    out = project.run("explain", "a.policy", "--call", "call.json", code=0).out
    assert "allow" in out
    assert project.run("explain", "a.policy", "--call", call.read_text(encoding="utf-8"), code=0).out == out
    assert project.run("explain", "a.policy", "--call", "-", stdin=call.read_bytes(), code=0).out == out


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("nope.json", "cannot read `nope.json`"),
        ("{", "is not JSON"),
        ('{"arguments": {}}', "must be an object such as"),
        ('{"tool": "x", "args": {}}', "a call has no key `args`"),
        ('{"tool": "x", "arguments": []}', "`arguments` must be an object"),
        ('{"tool": "x", "arguments": {"a": NaN}}', "is not JSON"),
        ("{" * 100_000, "is not JSON"),
        ('{"tool": "x", "arguments": {"a": 1, "a": 2}}', "`--call` is not JSON: `a` is there twice"),
        ('{"tool": "x", "arguments": {"a": 1e999}}', "1e999 is beyond the numbers that JSON readers have"),
        ('{"tool": "x", "arguments": {"a": ' + "1" * 5000 + "}}", "an integer with more digits than can be read"),
        ('{"name": "x", "args": {}}', "a call in the protocol's shape has no key `args`"),
        ('{"name": 5}', "`name` must be text"),
        ('{"name": "x", "arguments": null}', "`arguments` must be an object"),
        ('{"method": "tools/list"}', "`method` must be `tools/call`"),
        ('{"method": "tools/call", "params": []}', "`params` must be an object such as"),
        ('{"method": "tools/call", "tool": "x"}', "a request has no key `tool`"),
    ],
)
def test_explain_says_what_is_no_call(project: Project, call: str, words: str) -> None:
    project.write("a.policy", CLEAN)
    assert words in project.run("explain", "a.policy", "--call", call, code=2).err


@pytest.mark.parametrize(
    "call",
    [
        {"name": "list_customers", "arguments": {}, "_meta": {"progressToken": 1}, "context": {"grant": "g"}},
        {"name": "list_customers"},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_customers", "arguments": {}}},
    ],
)
def test_explain_reads_the_protocols_own_calls(project: Project, call: object) -> None:
    project.write("a.policy", CLEAN)
    out = project.run("explain", "a.policy", "--call", json.dumps(call), code=0).out
    assert out.startswith("decision  allow by ")
    assert "call      list_customers {}" in out
    project.write("bom.json", b"\xef\xbb\xbf" + json.dumps(call).encode())
    assert project.run("explain", "a.policy", "--call", "bom.json", code=0).out == out


def test_explain_as_json_and_of_a_table(project: Project) -> None:
    project.write(
        "a.policy", 'policy "a" default deny on t { approve by "ops" "ask" limit sum args.n <= 5 per day by user }'
    )
    project.run("compile", "a.policy", "-o", "a.table", code=0)
    call = json.dumps({"tool": "t", "arguments": {"n": 3}})
    by_policy = json.loads(project.run("explain", "a.policy", "--call", call, "--output-format", "json", code=0).out)
    by_table = json.loads(project.run("explain", "a.table", "--call", call, "--output-format", "json", code=0).out)
    assert by_table["decision"]["limits"] == by_policy["decision"]["limits"]
    assert by_table["decision"]["limits"][0]["text"] == "adds args.n (3) to t.limit, at most 5 per day for each user"
    for key in ("effect", "rule", "reason", "by", "hidden"):
        assert by_table["decision"][key] == by_policy["decision"][key]
    text = project.run("explain", "a.table", "--call", call, code=0).out
    assert text.startswith(
        "decision  approve by t.approve at a.policy:1\nreason    ask\nasks      ops\nreserves  adds args.n (3)"
    )
    assert "the context has no user: a gateway denies the call" in text
    assert "leave `--catalog` out" in project.run("explain", "a.table", "--call", call, "--catalog", "c", code=2).err
    assert "has no policy `b`" in project.run("explain", "a.table", "--policy", "b", "--call", call, code=2).err
    project.write("cut.table", (project.folder / "a.table").read_bytes()[:-5])
    assert "`cut.table`: the table was changed" in project.run("explain", "cut.table", "--call", call, code=2).err
    assert "must be one of" in project.run("explain", "a.policy", "--call", call, "--output-format", "xml", code=2).err
    assert "not both" in project.run("explain", "-", "--call", "-", code=2).err


def test_table_show(project: Project) -> None:
    project.write("a.policy", CLEAN)
    project.run("compile", "a.policy", "-o", "t", code=0)
    for form in ("text", "markdown", "csv", "json"):
        assert "allow" in project.run("table", "show", "t", "list_customers", "--output-format", form, code=0).out
        assert "deny" in project.run("table", "show", "t", "--other", "--output-format", form, code=0).out
        assert "list_customers" in project.run("table", "show", "t", "--output-format", form, code=0).out
    assert "takes no TOOL" in project.run("table", "show", "t", "x", "--other", code=2).err
    assert "has no policy `nope`" in project.run("table", "show", "t", "--policy", "nope", code=2).err
    assert "cannot read `nope`" in project.run("table", "show", "nope", code=2).err
    project.write("bad", json.dumps({}))
    assert project.run("table", "show", "bad", code=2).err.startswith("policyc: `bad`: ")


def test_explain_wants_a_policy_that_can_be_read_and_no_more(project: Project) -> None:
    project.write("tools.json", TOOLS)
    project.write("a.policy", 'policy "a"\ndefault deny\nallow create_chrage\n')
    args = ("explain", "a.policy", "--call", '{"tool": "create_chrage"}', "--catalog", "tools.json")
    assert "allow" in project.run(*args, code=0).out
    project.write("a.policy", BROKEN)
    assert "error[PC1" in project.run(*args, code=1).err
