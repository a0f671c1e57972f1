"""The conformance vectors: they are what their sources give, and the Python loader passes all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policyc.runtime.decision import Decision, MissingScope
from policyc.runtime.table import Table
from policyc.table.model import CAPABILITIES, TableError
from policyc.table.schema import json_schema
from tests.conformance.vectors import HERE, written

KINDS = ("first", "header", "index", "paths", "test", "rule", "body", "files", "place")
INDEX: dict[str, Any] = json.loads((HERE / "index.json").read_text())


def test_the_vectors_are_what_their_sources_give() -> None:
    fresh = written()
    there = {p.relative_to(HERE).as_posix() for p in HERE.rglob("*") if p.is_file() and p.parent.name != "sources"}
    assert there - {"README.md"} == set(fresh)
    stale = [name for name, data in fresh.items() if (HERE / name).read_bytes() != data]
    assert not stale, f"{stale}: run `python -m tests.conformance.vectors`"


def test_every_capability_has_a_table() -> None:
    listed = {c for name in INDEX["tables"] for c in json.loads((HERE / name).read_text())["capabilities"]}
    assert listed == CAPABILITIES


@pytest.mark.parametrize("name", INDEX["tables"])
def test_the_python_loader_decides_as_expected(name: str) -> None:
    vectors = json.loads((HERE / name).read_text())
    table = Table.load(HERE / vectors["table"])
    for vector in vectors["calls"]:
        call = vector["call"]
        decision = table.decide(
            call["tool"], call["arguments"], call["context"], server=call.get("server"), policy=call["policy"]
        )
        assert told(decision, call) == vector["expect"], call
    for listing in vectors["lists"]:
        shown = table.visible(listing["tools"], server=listing["server"], policy=listing["policy"])
        assert shown == listing["shown"], listing


def told(decision: Decision, call: dict[str, Any]) -> dict[str, Any]:
    limits: list[dict[str, Any]] = []
    for limit in decision.limits:
        try:
            key, amount, maximum, window, sliding, _ = limit.reservation(
                call["arguments"], call["context"], call.get("server")
            )
        except MissingScope:
            limits.append({"id": limit.id, "refused": "scope"})
            continue
        limits.append(
            {"id": limit.id, "key": list(key), "amount": amount, "max": maximum, "window": window, "sliding": sliding}
        )
    fields = ("effect", "rule", "reason", "by", "severity", "hidden", "source")
    return {**{name: getattr(decision, name) for name in fields}, "limits": limits}


@pytest.mark.parametrize("refused", INDEX["refused"], ids=lambda r: Path(r["table"]).stem)
def test_the_python_loader_refuses_what_must_be_refused(refused: dict[str, str]) -> None:
    says = {
        "no table": "not a policyc decision table",
        "version": "format version",
        "digest": "changed or cut short",
        "capability": "needs ",
        "malformed": "fit|lines",
    }
    with pytest.raises(TableError, match=says[refused["refusal"]]):
        Table.load(HERE / refused["table"])


@pytest.mark.parametrize("name", INDEX["tables"])
def test_every_line_of_a_table_fits_the_schema(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json_schema()
    kinds = {k: jsonschema.Draft202012Validator({**schema, "anyOf": [{"$ref": f"#/$defs/{k}"}]}) for k in KINDS}
    first, header, index, paths, *rest = map(json.loads, (HERE / name).with_suffix(".table").read_bytes().splitlines())
    tests, rules, bodies = header["tests"], header["rules"], header["bodies"]
    named = ["test"] * tests + ["rule"] * rules + ["body"] * bodies + ["files"] + ["place"] * rules
    lines = [("first", first), ("header", header), ("index", index), ("paths", paths), *zip(named, rest, strict=True)]
    for kind, line in lines:
        kinds[kind].validate(line)


def test_the_schema_refuses_what_is_no_line() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema())
    for line in (
        {},
        [["maybe", 0, []], -1],
        [[["deny", -1, []]]],
        [[["deny", -1, []]], -1, ["q", 0]],
        ["x", "nothing"],
    ):
        assert not validator.is_valid(line), line
    assert validator.is_valid([[["deny", -1, []]], -1])
