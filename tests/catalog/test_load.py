"""Every shape that tool lists come in, and every way they can be broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policyc.catalog.load import CatalogError, load_catalog
from policyc.catalog.model import Catalog

GET = {"name": "get_thing", "description": "Get a thing.", "inputSchema": {"type": "object"}}
SET = {"name": "set_thing", "description": "Set a thing."}
INFO = {"name": "things", "version": "1"}


def load(tmp_path: Path, value: Any, name: str = "file.json") -> Catalog:
    path = tmp_path / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return load_catalog([str(path)])


def named(catalog: Catalog) -> list[tuple[str, str]]:
    return [(t.server, t.name) for t in catalog.tools]


def rpc(result: Any, id: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "result": result}


@pytest.mark.parametrize(
    ("value", "server"),
    [
        ({"tools": [GET, SET], "serverInfo": INFO}, "things"),
        ({"tools": [GET, SET]}, "file"),
        ([GET, SET], "file"),
        (rpc({"tools": [GET, SET]}), "file"),
        ([rpc({"serverInfo": INFO, "capabilities": {}}, 0), rpc({"tools": [GET, SET]})], "things"),
        ([rpc({"tools": [GET], "nextCursor": "b"}), rpc({"tools": [SET]}, 2)], "file"),
        ([{"tools": [GET], "serverInfo": INFO, "nextCursor": "b"}, {"tools": [SET]}], "things"),
        (
            [{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, rpc({"tools": [GET, SET]}), rpc({})],
            "file",
        ),
        ({"tools": [GET, SET], "serverInfo": {"name": ""}}, "file"),
        ({"tools": [GET, SET], "serverInfo": "odd"}, "file"),
    ],
)
def test_shapes(tmp_path: Path, value: Any, server: str) -> None:
    catalog = load(tmp_path, value)
    assert named(catalog) == [(server, "get_thing"), (server, "set_thing")]
    assert not catalog.warnings


def test_json_lines(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(m) for m in (rpc({"tools": [GET], "nextCursor": "x"}), rpc({"tools": [SET]})))
    assert named(load(tmp_path, lines + "\n", "log.jsonl")) == [("log", "get_thing"), ("log", "set_thing")]


def test_a_bare_empty_array_is_a_server_without_tools(tmp_path: Path) -> None:
    assert load(tmp_path, "[]").tools == ()


def test_the_name_written_before_the_path_wins(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"tools": [GET], "serverInfo": INFO}))
    assert named(load_catalog([f"mine={path}"])) == [("mine", "get_thing")]


def test_a_file_whose_own_name_has_an_equals_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a=b.json").write_text(json.dumps([GET]))
    assert named(load_catalog(["a=b.json"])) == [("a=b", "get_thing")]


def test_a_folder_gives_all_its_json_files_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps([GET]))
    (tmp_path / "a.json").write_text(json.dumps([GET]))
    (tmp_path / "notes.txt").write_text("no catalog")
    assert named(load_catalog([str(tmp_path)])) == [("a", "get_thing"), ("b", "get_thing")]


def test_a_byte_order_mark_and_utf_16_are_read(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / "file.json"
        path.write_bytes(json.dumps([GET]).encode(encoding))
        assert named(load_catalog([str(path)])) == [("file", "get_thing")]


def test_by_name_and_servers(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(json.dumps([GET]))
    catalog = load_catalog([str(tmp_path)])
    assert [t.server for t in catalog.by_name("get_thing")] == ["one", "two"]
    assert catalog.servers == ("one", "two")
    assert catalog.by_name("Get_Thing") == ()


# --- odd tools -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        {"name": "слово / 名前 \n\t", "description": "説明" * 4000},
        {"name": "x" * 4000},
        {"name": "a", "description": None, "inputSchema": None, "annotations": None},
        {"name": "a", "inputSchema": True},
        {"name": "a", "inputSchema": False},
        {"name": "a", "inputSchema": {}},
        {"name": "a", "inputSchema": {"type": "array"}},
        {"name": "a", "inputSchema": {"type": ["object", "null"], "properties": {"x": True, "y": False, "z": 3}}},
        {"name": "a", "inputSchema": {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}},
        {"name": "a", "inputSchema": {"anyOf": [{"properties": {"q": {"type": 7}}}], "required": "x"}},
        {"name": "a", "description": "\ud800", "inputSchema": {"enum": ["\udfff"]}},
        {"name": "a", "inputSchema": {"maximum": 10**400, "minimum": -1e308}},
    ],
)
def test_odd_tools_are_kept(tmp_path: Path, odd: dict[str, Any]) -> None:
    catalog = load(tmp_path, [odd, GET])
    assert {t.name for t in catalog.tools} == {odd["name"], "get_thing"}
    assert not catalog.warnings


@pytest.mark.parametrize("key", ["description", "annotations", "inputSchema"])
def test_a_field_of_another_type_is_not_used_and_said(tmp_path: Path, key: str) -> None:
    catalog = load(tmp_path, [{"name": "a", key: 7}])
    assert [t.name for t in catalog.tools] == ["a"]
    assert [(w.rule, f"`{key}`" in w.message) for w in catalog.warnings] == [("malformed-tool", True)]


@pytest.mark.parametrize("nameless", [7, None, [], {}, {"name": 7}, {"name": ""}, "get"])
def test_what_has_no_name_is_left_out_and_said(tmp_path: Path, nameless: Any) -> None:
    catalog = load(tmp_path, {"tools": [nameless, GET]})
    assert [t.name for t in catalog.tools] == ["get_thing"]
    assert [w.rule for w in catalog.warnings] == ["malformed-tool"]


def test_a_tool_listed_twice_is_kept_once(tmp_path: Path) -> None:
    catalog = load(tmp_path, [GET, GET])
    assert len(catalog.tools) == 1
    assert [w.rule for w in catalog.warnings] == ["duplicate-tool"]
    assert catalog.warnings[0].span is not None
    assert catalog.warnings[0].span.text == '"get_thing"'


@pytest.mark.parametrize("order", [0, 1])
def test_of_two_different_tools_with_one_name_the_riskier_is_kept(tmp_path: Path, order: int) -> None:
    mild = {"name": "thing", "description": "Get a thing."}
    grave = {"name": "thing", "description": "Delete a thing."}
    catalog = load(tmp_path, [mild, grave] if order else [grave, mild])
    assert [t.risk.category for t in catalog.tools] == ["destructive"]
    assert "differently" in catalog.warnings[0].message


def test_a_missing_page_is_said(tmp_path: Path) -> None:
    catalog = load(tmp_path, {"tools": [GET], "nextCursor": "more"})
    assert [w.rule for w in catalog.warnings] == ["incomplete-catalog"]


def test_hints_have_the_protocols_defaults(tmp_path: Path) -> None:
    def hints(**annotations: Any) -> frozenset[str]:
        facts = load(tmp_path, [{"name": "a", "annotations": annotations}]).facts()
        ((_, found),) = facts.tools["a"]
        return found.hints

    assert hints() == {"destructive", "openWorld"}
    assert hints(readOnlyHint=True) == {"readOnly", "openWorld"}
    assert hints(readOnlyHint=True, destructiveHint=True, openWorldHint=False) == {"readOnly"}
    assert hints(destructiveHint=False, idempotentHint=True) == {"idempotent", "openWorld"}
    assert hints(readOnlyHint="true", idempotentHint=1) == {"destructive", "openWorld"}


# --- broken files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"tools": [', "file.json:1:12: this is not JSON: expecting value"),
        ('{\n "tools": [}\n', "file.json:2:12: this is not JSON"),
        ("", "file.json:1:1: this is not JSON"),
        ("tools: []", "file.json:1:1: this is not JSON"),
        ('{"tools": []}\n{"tools": [}\n', "file.json:2:12: this is not JSON"),
        ("7", "no object or array, expected a `tools/list` result"),
        ("{}", "an object without `tools`"),
        ("[1, 2]", "an array of other things"),
        ('[{"id": 1}]', "an array of other things"),
        ('{"tools": {"a": {}}}', "`tools` is an array"),
        ('{"default": "deny", "tools": {"a": {}}}', "this is a policy document"),
        ('{"mcpServers": {}}', "this is an MCP client configuration"),
        ('{"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no such method"}}', "no such method"),
        ('[{"name": "a", "inputSchema": {"maximum": NaN}}]', "`NaN` is not a JSON number"),
        ('[{"name": "a", "inputSchema": {"maximum": 1e400}}]', "outside the range of a double"),
        ('[{"name": "a", "inputSchema": {"maximum": ' + "9" * 5000 + "}}]", "cannot be read exactly"),
        ("[" * 200_000, "nested too deep"),
        ('{"format": "policyc-catalog"}', "version: this key is missing"),
        ('{"format": "policyc-catalog", "version": 2, "digest": "", "servers": []}', "version: expected 1"),
    ],
)
def test_broken_input_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert said in message.replace("cannot be read exactly", "cannot be read exactly") or (
        said == "cannot be read exactly" and "can be read exactly" in message
    )
    assert "\n" not in message and not message.endswith(".")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b'{"tools": [\n"\xff"]}')
    with pytest.raises(CatalogError, match=r"file\.json:2:2: the text is not valid UTF-8"):
        load_catalog([str(path)])


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read as a catalog: no such file"):
        load_catalog([str(tmp_path / "absent.json")])
    with pytest.raises(CatalogError, match="holds no catalog"):
        load_catalog([str(tmp_path)])
