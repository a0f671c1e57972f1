from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from policyc.config import DEFAULT, config_for, load
from policyc.config_model import EXPECTED, ConfigFile, json_schema
from policyc.diagnostics import PolicycError
from tests.cli.conftest import CLEAN, OPEN, ROOT, TOOLS, Project


def test_the_published_schema_is_current() -> None:
    """`policyc schema config -o docs/config.schema.json` makes it anew."""
    assert json.loads((ROOT / "docs" / "config.schema.json").read_text(encoding="utf-8")) == json_schema()


def test_the_schema_knows_every_key_and_accepts_what_the_reader_accepts() -> None:
    assert set(json_schema()["properties"]) == set(EXPECTED) == {f.replace("_", "-") for f in ConfigFile.model_fields}
    good = {"catalog": ["a.json"], "levels": {"open-default": "off"}, "per-path": {"x/**": {"PC1": "info"}}}
    jsonschema.validate(good, json_schema())
    for bad in ({"catalg": "x"}, {"levels": {"x": "loud"}}, {"exclude": "x"}, {"select": None}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, json_schema())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("catalg = 'x'\n", "policyc.toml:1: unknown key `catalg`, did you mean `catalog`?"),
        ("\n\nfrobnicate = 1\n", "policyc.toml:3: unknown key `frobnicate`"),
        ("catalog = 3\n", "policyc.toml:1: `catalog` must be a path or a list of paths, not 3"),
        ("catalog = ['a', 3]\n", 'policyc.toml:1: `catalog` must be a path or a list of paths, not ["a", 3]'),
        ("select = 'all'\n", 'policyc.toml:1: `select` must be a list of rules, not "all"'),
        ("fail-level = 'off'\n", 'policyc.toml:1: `fail-level` must be "error", "warning" or "info", not "off"'),
        ("[levels]\nopen-default = 'loud'\n", 'policyc.toml:2: `levels.open-default` must be "error", "warning", "info" or "off", not "loud"'),
        ("levels = {open-default = 5}\n", 'policyc.toml:1: `levels.open-default` must be "error", "warning", "info" or "off", not 5'),
        ("levels = 5\n", "policyc.toml:1: `levels` must be a table"),
        ("[per-path]\n'x/**' = 5\n", 'policyc.toml:2: `per-path."x/**"` must be'),
        ("[per-path.'x/**']\nopen-default = 5\n", 'policyc.toml:2: `per-path."x/**".open-default` must be'),
        ("a = \n", "policyc.toml:1:5: not valid TOML: invalid value"),
        ("extend = 'nope.toml'\n", "cannot read nope.toml: no such file or directory"),
        ("extend = 'policyc.toml'\n", "policyc.toml: `extend` leads back to this file"),
        ("fail_level = 'error'\n", "policyc.toml:1: unknown key `fail_level`, did you mean `fail-level`?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_configuration_is_said_with_its_place(
    in_folder: Callable[[], Path], text: str, message: str
) -> None:
    (in_folder() / "policyc.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicycError) as caught:
        load("policyc.toml")
    assert str(caught.value).startswith(message)


def test_a_file_that_is_not_text(in_folder: Callable[[], Path]) -> None:
    (in_folder() / "policyc.toml").write_bytes(b"\xff")
    with pytest.raises(PolicycError, match="is not UTF-8 text"):
        load("policyc.toml")


def test_the_nearest_file_counts_alone(in_folder: Callable[[], Path]) -> None:
    root = in_folder()
    (root / "policyc.toml").write_text("fail-level = 'error'\nignore = ['open-default']\n", encoding="utf-8")
    inner = root / "a" / "b"
    inner.mkdir(parents=True)
    (root / "a" / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    assert config_for(str(inner / "p.policy")).fail_level == "error"
    (inner / "pyproject.toml").write_text("[tool.policyc]\nselect = ['PC2']\n", encoding="utf-8")
    from policyc.config import _nearest

    _nearest.cache_clear()
    near = config_for("a/b/p.policy")
    assert (near.select, near.ignore, near.fail_level) == (("PC2",), (), "warning")
    assert near.path == "a/b/pyproject.toml"


def test_two_configurations_for_one_folder_are_refused(in_folder: Callable[[], Path]) -> None:
    (in_folder() / "policyc.toml").write_text("", encoding="utf-8")
    (in_folder() / "pyproject.toml").write_text("[tool.policyc]\n", encoding="utf-8")
    with pytest.raises(PolicycError, match="both configure this folder"):
        config_for("p.policy")


def test_extend_starts_from_another_file(in_folder: Callable[[], Path]) -> None:
    root = in_folder()
    (root / "shared").mkdir()
    (root / "shared" / "base.toml").write_text(
        "catalog = 'tools.json'\nignore = ['PC5']\n[levels]\nopen-default = 'error'\nunknown-tool = 'info'\n",
        encoding="utf-8",
    )
    (root / "policyc.toml").write_text(
        "extend = 'shared/base.toml'\nignore = []\n[levels]\nopen-default = 'info'\n", encoding="utf-8"
    )
    config = load("policyc.toml")
    assert config.catalog == (str(root / "shared" / "tools.json"),)
    assert config.ignore == ()
    assert config.levels == {"open-default": "info", "unknown-tool": "info"}


def test_extend_in_a_circle_is_refused(in_folder: Callable[[], Path]) -> None:
    (in_folder() / "a.toml").write_text("extend = 'b.toml'\n", encoding="utf-8")
    (in_folder() / "b.toml").write_text("extend = 'a.toml'\n", encoding="utf-8")
    with pytest.raises(PolicycError, match="leads back"):
        load("a.toml")


def test_catalog_entries_may_name_the_server(in_folder: Callable[[], Path]) -> None:
    (in_folder() / "policyc.toml").write_text("catalog = ['pay=tools/s.json', 't.json']\n", encoding="utf-8")
    root = in_folder()
    assert load("policyc.toml").catalog == (f"pay={root / 'tools' / 's.json'}", str(root / "t.json"))


def test_without_a_file_the_defaults_hold(in_folder: Callable[[], Path]) -> None:
    in_folder()
    assert config_for("x.policy") == DEFAULT


def test_configuration_in_a_project(project: Project) -> None:
    project.write("p/a.policy", OPEN)
    project.write("p/old/b.policy", OPEN.replace('"open"', '"old"'))
    project.write("p/gen/c.policy", CLEAN)
    project.write("tools.json", TOOLS)
    project.write(
        "pyproject.toml",
        "[tool.policyc]\nexclude = ['gen']\n[tool.policyc.per-path]\n'p/old/**' = {open-default = 'off'}\n",
    )
    data = project.run("lint", "--output-format", "json", code=1).json
    assert [(f["rule"], f["path"]) for f in data["findings"]] == [("open-default", "p/a.policy")]
    assert data["summary"]["files"] == 2
    assert project.run("lint", "p/gen/c.policy", "--output-format", "json").json["summary"]["files"] == 1
    assert project.run("lint", "--no-config", "--output-format", "json").json["summary"]["warning"] == 2
    project.write("pyproject.toml", "[tool.policyc]\ncatalog = 'tools.json'\nselect = ['unknown-tool']\n")
    done = project.run("lint", "a.policy", "--output-format", "concise", env={"PWD": "x"}, code=2)
    assert "there is no file" in done.err
    found = project.run("lint", "p/a.policy", "--output-format", "concise", code=1).out
    assert "p/a.policy:3:6: error[PC201] unknown-tool: the catalog has no tool `delete_customer`" in found


def test_a_bad_configuration_is_2(project: Project) -> None:
    project.write("a.policy", CLEAN)
    project.write("policyc.toml", "selct = ['x']\n")
    done = project.run("lint", code=2)
    assert done.err == "policyc: policyc.toml:1: unknown key `selct`, did you mean `select`?\n"
    project.write("policyc.toml", "select = ['opn-default']\n")
    assert "policyc.toml: `select`: no rule is called `opn-default`" in project.run("lint", code=2).err
