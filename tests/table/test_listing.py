"""Hidden tools are taken out of what a server lists, whatever else the answer holds."""

from __future__ import annotations

from policyc.diagnostics import Findings
from policyc.frontends.dsl import read
from policyc.ir.facts import NO_FACTS
from policyc.runtime.listing import without_hidden
from policyc.runtime.table import Table
from policyc.source import Source
from policyc.table.encode import compile_table

TABLE = Table(compile_table(read(Source("p.policy", "default allow hide secret_*, a/b"), Findings()), NO_FACTS))


def names(message: dict[str, object]) -> list[object]:
    tools = message["tools"]
    assert isinstance(tools, list)
    return [tool["name"] for tool in tools]


def test_a_bare_result_and_entries_without_a_name() -> None:
    result = {"tools": [{"name": "x"}, {"name": "secret_y"}, {"title": "no name"}, 5, {"name": 7}], "nextCursor": "c"}
    assert without_hidden(result, TABLE) == {"tools": [{"name": "x"}], "nextCursor": "c"}
    assert len(result["tools"]) == 5, "the answer itself is not changed"


def test_the_server_counts() -> None:
    result = {"tools": [{"name": "b"}, {"name": "c"}]}
    assert names(without_hidden(result, TABLE, server="a")) == ["c"]
    assert names(without_hidden(result, TABLE, server="z")) == ["b", "c"]
    assert names(without_hidden(result, TABLE)) == ["c"], "without a server it may be the hidden one"


def test_what_lists_no_tools_stays() -> None:
    for message in ({"result": {"prompts": []}}, {"error": {"code": 1}}, None, "x", {"tools": "x"}):
        assert without_hidden(message, TABLE) is message
        assert without_hidden([message], TABLE) == [message]
