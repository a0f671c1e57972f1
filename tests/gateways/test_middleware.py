"""The middleware's options, in one process: who calls, which policy, who approves, what is given back, and what goes wrong."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("fastmcp", reason="no fastmcp here: pip install 'policyc[fastmcp]'")

import mcp_types as mt
from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import NotFoundError, ToolError
from fastmcp.server import create_proxy
from fastmcp.server.auth import AccessToken

from policyc.gateway import fastmcp as gateway
from policyc.gateway.enforce import Approval, Verdict
from policyc.gateway.fastmcp import PolicyMiddleware, by_prefix, default_context, did_not_happen
from policyc.gateway.log import DecisionLog
from policyc.runtime import Table
from tests.meta.tree import ROOT
from tests.runtime.build import compiled

TEXT = """
policy "staff"
default deny
hide wipe
allow pay, ask, fail, slow, bad, outer
approve pay when args.amount > 10 by "finance" "a large one"
approve ask when args.deep is boolean by "finance"
limit * : 2 per day sliding by user
policy "guest"
default deny
hide pay
allow ask
"""
CALLS: list[str] = []


def server() -> FastMCP[Any]:
    made: FastMCP[Any] = FastMCP("shop")

    @made.tool
    def pay(amount: int) -> str:
        CALLS.append("pay")
        return "paid"

    @made.tool
    def wipe() -> str:
        CALLS.append("wipe")
        return "wiped"

    @made.tool
    def fail() -> str:
        raise ValueError("the upstream is broken")

    @made.tool
    def slow() -> str:
        raise TimeoutError("no answer")

    @made.tool
    def bad() -> Any:
        from fastmcp.tools.base import ToolResult

        return ToolResult(content="no", is_error=True)

    @made.tool
    def ask(context: Context, deep: bool = False) -> Any:
        answers = context.input_responses or {}
        if "name" not in answers:
            schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
            form = mt.ElicitRequestFormParams(message="Your name?", requested_schema=schema)
            return mt.InputRequiredResult(
                input_requests={"name": mt.ElicitRequest(params=form)}, request_state="step 1"
            )
        CALLS.append("ask")
        assert context.request_state == "step 1"
        return f"hello {answers['name'].content['name']}"

    return made


@pytest.fixture(autouse=True)
def nobody_called() -> None:
    CALLS.clear()


LINES: list[dict[str, Any]] = []


def behind(middle: Any = server, **options: Any) -> FastMCP[Any]:
    """A server with the policy in front."""
    made = middle()
    LINES.clear()
    options = {"policy": "staff", "context": lambda _: {"user": "dana"}, "log": DecisionLog(LINES.append)} | options
    made.add_middleware(PolicyMiddleware(Table(compiled(TEXT)), **options))
    return made


def meet(
    server: FastMCP[Any], *calls: tuple[str, dict[str, Any]], answer: Any = None, mode: Any = "auto"
) -> list[tuple[bool, str]]:
    """What a client gets for some calls."""

    async def handler(message: str, *rest: Any) -> Any:
        return answer(message) if callable(answer) else answer

    async def all_of_them() -> list[tuple[bool, str]]:
        async with Client(server, mode=mode, elicitation_handler=handler if answer else None) as client:
            results = [await client.call_tool_mcp(name, arguments) for name, arguments in calls]
            return [(bool(r.is_error), "".join(getattr(part, "text", "") for part in r.content)) for r in results]

    return asyncio.run(all_of_them())


def listed(server: FastMCP[Any]) -> list[str]:
    async def ask() -> list[str]:
        async with Client(server) as client:
            return [tool.name for tool in await client.list_tools()]

    return asyncio.run(ask())


def answers(message: str) -> mt.ElicitResult:
    """The person says yes, and is called Lee."""
    return mt.ElicitResult(action="accept", content={"name": "Lee"} if "name" in message else {"approve": True})


SMALL, LARGE = ("pay", {"amount": 5}), ("pay", {"amount": 50})
UNDECIDED = (True, "this call could not be decided")


@pytest.mark.parametrize("policy", ["guest", lambda who: "guest", lambda who: asyncio.sleep(0, "guest")])
def test_the_policy_that_holds_is_named_or_found(policy: Any) -> None:
    made = behind(policy=policy)
    assert "pay" not in listed(made)
    assert {"wipe", "ask"} <= set(listed(made))
    assert meet(made, SMALL) == [(True, "Unknown tool: 'pay'")]
    assert CALLS == []


@pytest.mark.parametrize("policy", [None, "nobody", lambda who: None, lambda who: who["role"], lambda who: 7])
def test_no_policy_shows_nothing_and_denies_all_alike(policy: Any) -> None:
    made = behind(policy=policy)
    assert listed(made) == []
    assert set(meet(made, SMALL, ("wipe", {}), ("nothing", {}))) == {UNDECIDED}
    assert CALLS == []


@pytest.mark.parametrize(
    "context", [lambda _: 1 / 0, lambda _: None, lambda _: [], lambda _: {"user": ""}, lambda _: {}]
)
def test_a_context_that_fails_denies_and_hides_what_is_hidden(context: Any) -> None:
    made = behind(context=context)
    denied, hidden, absent = meet(made, SMALL, ("wipe", {}), ("wipx", {}))
    assert denied[0]
    assert "Error" not in denied[1]
    assert (hidden, absent) == ((True, "Unknown tool: 'wipe'"), (True, "Unknown tool: 'wipx'"))
    assert CALLS == []


def test_a_server_whose_tools_cannot_be_listed_tells_nothing_apart() -> None:
    class Down(FastMCP[Any]):
        async def get_tool(self, name: str, version: Any = None) -> Any:
            raise ConnectionError("secret address")

    made = behind(lambda: Down("down"))
    assert set(meet(made, SMALL, ("wipe", {}), ("nothing", {}))) == {UNDECIDED}
    assert all("secret address" in line["problem"] for line in LINES if line["event"] == "call")


@pytest.mark.parametrize(
    ("approver", "said"),
    [
        (lambda v: Approval("accepted", by="lee"), (False, "paid")),
        (lambda v: asyncio.sleep(0, Approval("accepted")), (False, "paid")),
        (lambda v: Approval("declined"), (True, "declined by finance: a large one")),
        (
            lambda v: Approval("pending", note="ask again with ticket 7"),
            (True, "approval by finance is needed: a large one (ask again with ticket 7)"),
        ),
        (lambda v: None, (True, "approval by finance is needed: a large one")),
        (lambda v: True, (True, "approval by finance is needed, and could not be asked for: a large one")),
        (lambda v: 1 / 0, (True, "approval by finance is needed, and could not be asked for: a large one")),
    ],
)
def test_a_gateway_may_ask_by_itself(approver: Callable[[Verdict], Any], said: tuple[bool, str]) -> None:
    assert meet(behind(approver=approver), LARGE) == [said]
    assert (["pay"] if said == (False, "paid") else []) == CALLS


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_approver_that_passes_leaves_it_to_the_client(mode: str) -> None:
    assert meet(behind(approver=lambda v: None), LARGE, answer=answers, mode=mode) == [(False, "paid")]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_client_is_not_asked_where_that_is_switched_off(mode: str) -> None:
    assert meet(behind(elicit=False), LARGE, answer=answers, mode=mode)[0][0]


def test_nobody_waits_for_ever() -> None:
    async def never(message: str) -> None:
        await asyncio.Event().wait()

    async def handler(message: str, *rest: Any) -> None:
        await never(message)

    async def ask() -> Any:
        async with Client(behind(patience=0.05), mode="legacy", elicitation_handler=handler) as client:
            return await client.call_tool_mcp(*LARGE)

    result = asyncio.run(ask())
    assert result.is_error
    assert result.content[0].text == "approval by finance is needed: a large one (nobody answered in time)"


def test_limits_are_given_back_for_a_tool_that_is_gone_and_for_nothing_that_an_agent_can_bring_about() -> None:
    assert did_not_happen(NotFoundError("Unknown tool: 'x'"))
    for tool, admitted in (("fail", 2), ("slow", 2), ("bad", 2)):
        made = behind()
        said = [text for _, text in meet(made, *[(tool, {})] * 4)]
        assert sum("limit `" not in text for text in said) == admitted, said
        assert not any("Traceback" in text for text in said)
    made = behind(refund=lambda outcome: True)
    assert [text for _, text in meet(made, *[("bad", {})] * 4)] == ["no"] * 4


def test_a_call_that_comes_in_legs_is_counted_once() -> None:
    made = behind()
    first, second, third = meet(made, *[("ask", {})] * 3, answer=answers)
    assert first == second == (False, "hello Lee")
    assert "has room for 0" in third[1]
    assert CALLS == ["ask", "ask"]


@pytest.mark.parametrize("other", ["A", "B"])
def test_nobody_goes_on_with_somebody_elses_call(other: str) -> None:
    """Whoever is another caller by anything that the gateway knows of it."""
    now = ["A"]
    made = behind(context=lambda _: {"user": "dana", "tenant": now[0]})

    async def leg(**more: Any) -> Any:
        async with Client(made) as client:
            return await client.session.call_tool(name="ask", arguments={}, allow_input_required=True, **more)

    first = asyncio.run(leg())
    now[0] = other
    answer = {"name": mt.ElicitResult(action="accept", content={"name": "Lee"})}
    asyncio.run(leg(input_responses=answer, request_state=first.request_state))
    assert [line["repeated"] for line in LINES if line["event"] == "call"] == [False, other == "A"]


@pytest.mark.parametrize("proxied", [False, True])
def test_an_approval_and_a_question_of_the_server_behind_do_not_mix(proxied: bool) -> None:
    def middle() -> FastMCP[Any]:
        return create_proxy(server()) if proxied else server()

    made = behind(middle)
    assert meet(made, ("ask", {"deep": True}), answer=answers) == [(False, "hello Lee")]
    assert [line["approval"]["outcome"] for line in LINES if line["event"] == "approval"] == ["accepted"]
    assert CALLS == ["ask"]


def test_a_gateways_own_ids_name_a_call_among_its_retries() -> None:
    made = behind(call_id=lambda context: "always the same")
    assert [text for _, text in meet(made, *[SMALL] * 4)] == ["paid"] * 4
    assert [line["repeated"] for line in LINES if line["event"] == "call"] == [False, True, True, True]


def test_tools_called_through_tools_are_decided_too() -> None:
    made = behind()

    @made.tool
    async def outer(context: Context, tool: str) -> str:
        try:
            result = await context.fastmcp.call_tool(tool, {})
        except Exception as error:
            raise ToolError(str(error)) from None
        return "".join(part.text for part in result.content if isinstance(part, mt.TextContent))

    assert meet(made, ("outer", {"tool": "wipe"})) == [(True, "Unknown tool: 'wipe'")]
    assert CALLS == []


def test_servers_behind_are_told_apart_by_prefix() -> None:
    text = 'policy "p" default deny on server "bank" { allow pay } hide shop/wipe'

    def middle() -> FastMCP[Any]:
        made: FastMCP[Any] = FastMCP("both")
        made.mount(server(), namespace="bank")
        made.mount(server(), namespace="shop")
        return made

    made = middle()
    made.add_middleware(PolicyMiddleware(Table(compiled(text)), server=by_prefix("bank", "shop")))
    assert "bank_pay" in listed(made)
    assert "shop_wipe" not in listed(made)
    calls = [
        (name, {"amount": 1} if "pay" in name else {}) for name in ("bank_pay", "shop_pay", "bank_wipe", "shop_wipe")
    ]
    said = meet(made, *calls)
    assert said[0] == (False, "paid")
    assert said[1] == said[2] == (True, "no rule of the policy allows this call")
    assert said[3] == (True, "Unknown tool: 'shop_wipe'")


def test_prefixes_that_could_be_mixed_up_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be mixed up"):
        by_prefix("git", "git_hub")
    assert by_prefix("git", "github")("github_x_y") == ("github", "x_y")
    assert by_prefix("git")("other") == (None, "other")


def test_who_calls_is_what_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    def look(context: Context) -> dict[str, Any]:
        seen.append(default_context(context))
        return {"user": "dana"}

    meet(behind(context=look), SMALL, SMALL)
    assert list(seen[0]) == ["session"]
    assert seen[0] == seen[1]
    claims = {"sub": "dana", "grant": "g1", "roles": ["clerk"], "session": "forged"}
    token = AccessToken(token="t", client_id="agent-7", scopes=["pay"], claims=claims)
    monkeypatch.setattr(gateway, "get_access_token", lambda: token)
    meet(behind(context=look), SMALL)
    session = {"session": seen[0]["session"]}
    assert seen[-1] == session | {
        "user": "dana",
        "agent": "agent-7",
        "scopes": ["pay"],
        "grant": "g1",
        "roles": ["clerk"],
    }


def test_the_code_of_the_guide_imports_what_there_is() -> None:
    page = (ROOT / "docs" / "gateways.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    options = set(
        re.findall(
            r"^\| `(\w+)` \| .* \| .* \|$", page.partition("## Options")[2].partition("**Context.**")[0], re.MULTILINE
        )
    )
    assert options == set(inspect.signature(PolicyMiddleware).parameters)
    for block in blocks:
        for line in ast.parse(block).body:
            if isinstance(line, ast.ImportFrom):
                exec(compile(ast.Module([line], []), "gateways.md", "exec"), {})


def test_the_guide_names_every_field_of_the_log() -> None:
    page = (ROOT / "docs" / "gateways.md").read_text(encoding="utf-8").partition("| field |")[2]
    made = behind()
    listed(made)
    meet(made, SMALL)
    assert {name for line in LINES for name in line if f"`{name}`" not in page} == set()
