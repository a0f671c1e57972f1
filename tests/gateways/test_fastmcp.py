"""A real client through the real gateway to a real git server: what it sees, and what really happens."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("fastmcp", reason="no fastmcp here: pip install 'policyc[fastmcp]'")
pytest.importorskip("mcp_server_git", reason="no git server here: pip install mcp-server-git")

from tests.counters.server import Server as Redis
from tests.counters.server import needs_server
from tests.gateways.running import (
    ERAS,
    GONE,
    NO,
    POLICY,
    SCRIPT,
    UNTICKED,
    YES,
    Agent,
    Server,
    World,
    environment,
    until,
)

era = pytest.mark.parametrize("era", ERAS)
SHOWN = ("git_status", "git_log", "git_create_branch", "git_show")
"""Tools that the server has and the policy lets an agent see."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def gateway(world: World) -> Iterator[Server]:
    server = Server(world, "--grant", "one")
    yield server.wait()
    server.close()


def repo(world: World) -> dict[str, Any]:
    return {"repo_path": str(world.repository)}


class Met:
    """What one client saw in one session, and the lines that the log has of it."""

    def __init__(self, world: World, gateway: Server, era: str) -> None:
        before = len(world.lines("call"))
        calls: list[tuple[str, dict[str, Any]]] = [
            ("git_status", {}), ("git_show", {"revision": "HEAD~9"}), ("git_add", {"files": ["x"]}),
            ("git_reset", {}), ("git_rezet", {}), ("git_check", {}), ("%s\n", {}),
        ]  # fmt: skip

        async def meet() -> None:
            async with Agent(gateway.url, era) as agent:
                self.tools = await agent.tools()
                self.answers = {name: await agent.call(name, **repo(world), **rest) for name, rest in calls}

        asyncio.run(meet())
        self.lines = {line["tool"]: line for line in world.lines("call")[before:]}
        self.count = len(world.lines("call")) - before
        self.hidden = world.lines("list")[-1]["hidden"]


@pytest.fixture(scope="module", params=ERAS)
def met(request: pytest.FixtureRequest, world: World, gateway: Server) -> Met:
    return Met(world, gateway, request.param)


def test_the_client_sees_what_the_policy_shows(met: Met) -> None:
    assert set(met.tools) >= set(SHOWN)
    assert not {"git_reset", "git_checkout"} & set(met.tools)
    assert {"git/git_reset", "git/git_checkout"} <= set(met.hidden)


def test_allowed_calls_pass_and_denials_begin_with_the_reason(met: Met) -> None:
    failed, said = met.answers["git_status"]
    assert not failed
    assert "On branch main" in said
    assert met.answers["git_show"] == (True, "that one is not for you")
    assert met.answers["git_add"] == (True, "no rule of the policy allows this call")


def test_hidden_and_absent_tools_are_one_over_http(met: Met) -> None:
    for name in ("git_reset", "git_rezet", "git_check", "%s\n"):
        assert met.answers[name] == (True, f"Unknown tool: {name!r}")


def test_every_decision_has_one_line_without_values(met: Met, world: World) -> None:
    assert met.count == len(met.answers)
    told = {tool: (line["effect"], line["hidden"], line["exists"]) for tool, line in met.lines.items()}
    assert told["git_status"] == ("allow", False, True)
    assert told["git_show"] == told["git_add"] == ("deny", False, True)
    assert told["git_reset"] == ("deny", True, True)
    assert told["git_rezet"] == told["git_check"] == ("deny", True, False)
    line = met.lines["git_show"]
    assert (line["rule"], line["source"], line["revision"]) == ("git_show.require", "p.policy:7", 1)
    assert (line["server"], line["policy"]) == ("git", "git")
    assert line["arguments"]["revision"].startswith("hmac:")
    assert "HEAD" not in world.log.read_text()
    assert str(world.repository) not in world.log.read_text()


def raw(process: subprocess.Popen[bytes], method: str, params: dict[str, Any], number: str | None) -> bytes:
    """One message over stdio, and the line that answers it."""
    assert process.stdin and process.stdout
    message = {"jsonrpc": "2.0", "method": method, "params": params} | ({"id": number} if number else {})
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()
    while number:
        line = process.stdout.readline()
        assert line, "the gateway ended"
        if json.loads(line).get("id") == number:
            return line
    return b""


def test_a_hidden_tool_is_answered_byte_for_byte_like_one_that_does_not_exist(world: World) -> None:
    process = subprocess.Popen(
        world.command(), env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
        raw(process, "initialize", hello, "h0")
        raw(process, "notifications/initialized", {}, None)
        answers = []
        there, hidden, absent = "git_status", "git_reset", "git_rezet"
        odd: list[dict[str, Any]] = [
            repo(world), {}, {"repo_path": 7}, {"repo_path": "elsewhere", "x": [None]},
        ]  # fmt: skip
        for i, arguments in enumerate([{"arguments": a} for a in odd] + [{}, {"arguments": None}, {"arguments": []}]):
            for name in (hidden, absent):
                answer = raw(process, "tools/call", {"name": name, **arguments}, f"c{i}")
                answers.append(answer.replace(name.encode(), b"NAME"))
        assert answers[0::2] == answers[1::2]
        assert b"Unknown tool: 'NAME'" in answers[0]
        assert json.loads(answers[0])["result"]["isError"] is True
        assert not json.loads(raw(process, "tools/call", {"name": there, "arguments": repo(world)}, "z"))["result"][
            "isError"
        ]
    finally:
        process.kill()
        process.communicate()
    assert {line["exists"] for line in world.lines("call", hidden)} == {True}
    assert {line["exists"] for line in world.lines("call", absent)} == {False}


DECLINED = (True, "declined by release-team: releases are branched by people")
PENDING = (True, "approval by release-team is needed: releases are branched by people")


@era
def test_a_held_call_waits_for_a_person(world: World, gateway: Server, era: str) -> None:
    branch = f"release-{era}"
    arguments = {**repo(world), "branch_name": branch}
    before = world.branches()

    async def meet() -> None:
        async with Agent(gateway.url, era, YES) as agent:
            for answer in (NO, UNTICKED, GONE):
                agent.answer = answer
                assert await agent.call("git_create_branch", **arguments) == DECLINED
                assert world.lines("approval")[-1]["approval"]["outcome"] == "declined"
            assert world.branches() == before
            agent.answer = YES
            failed, said = await agent.call("git_create_branch", **arguments)
            assert not failed, said
            assert len(agent.asked) == 4
            for question in agent.asked:
                assert question.startswith("Approval needed by release-team: releases are branched by people\n")
                assert f'"branch_name": "{branch}"' in question

    asyncio.run(meet())
    assert world.branches() == sorted([*before, branch])
    line = world.lines("approval")[-1]
    assert line["effect"] == "allow"
    assert line["approval"] == {"outcome": "accepted", "by": "client", "needed": "release-team"}


@era
def test_a_client_that_cannot_ask_is_told_who_must_approve(world: World, gateway: Server, era: str) -> None:
    before = world.branches()

    async def meet() -> Any:
        async with Agent(gateway.url, era) as agent:
            return await agent.client.call_tool_mcp(
                "git_create_branch", {**repo(world), "branch_name": "release-pending"}
            )

    result = asyncio.run(meet())
    assert (result.is_error, result.content[0].text) == PENDING
    assert result.meta["policyc"] == {"effect": "pending", "rule": "git_create_branch.approve", "by": "release-team"}
    assert world.branches() == before
    assert world.lines("approval")[-1]["approval"]["outcome"] == "pending"


def test_an_approval_cannot_be_made_up_or_used_twice(world: World, gateway: Server) -> None:
    """A client that answers without having been asked, and one that sends its accepted call once more."""
    import mcp_types as mt

    answers = {"policyc-approval": mt.ElicitResult(action="accept", content={"approve": True})}

    async def meet() -> list[Any]:
        async with Agent(gateway.url, "auto", YES) as agent:
            session = agent.client.session

            async def call(branch: str, state: str | None, responses: Any = answers) -> Any:
                arguments = {**repo(world), "branch_name": branch}
                return await session.call_tool(
                    "git_create_branch",
                    arguments,
                    input_responses=responses,
                    request_state=state,
                    allow_input_required=True,
                )

            made_up = await call("release-x", None)
            first = await call("release-y", None, None)
            elsewhere = await asyncio.gather(call("release-z", first.request_state), return_exceptions=True)
            silent = await call("release-y", first.request_state, {})
            declined = {"policyc-approval": mt.ElicitResult(action="decline")}
            refused = await call("release-y", silent.request_state, declined)
            again = await call("release-y", silent.request_state)
            return [made_up, first, *elsewhere, silent, refused, again]

    before = world.branches()
    made_up, first, elsewhere, silent, refused, again = asyncio.run(meet())
    for asking in (made_up, first, silent, again):
        assert isinstance(asking, mt.InputRequiredResult), asking
    assert isinstance(elsewhere, Exception), "the state is bound to the call"
    assert refused.is_error
    assert world.branches() == before


@era
def test_a_table_is_exchanged_while_a_call_waits(world: World, gateway: Server, era: str) -> None:
    """A held call is decided again, by the table that is in force when its approval comes."""
    revision = 2 * ERAS.index(era) + 2
    branch = f"release-inflight-{era}"

    async def meet() -> tuple[tuple[bool, str], tuple[bool, str]]:
        async with Agent(gateway.url, era) as other:

            async def shut() -> Any:
                world.policy('policy "git" default deny deny git_create_branch "closed" hide git_log', revision)

                async def closed() -> bool:
                    return (await other.call("git_status", **repo(world)))[0]

                await until(closed)
                return YES

            async with Agent(gateway.url, era, shut) as agent:
                held = await agent.call("git_create_branch", **repo(world), branch_name=branch)
                log = await agent.call("git_log", **repo(world))
                assert "git_log" not in await agent.tools()
                return held, log

    try:
        (failed, said), log = asyncio.run(meet())
        assert log == (True, "Unknown tool: 'git_log'")
        assert (failed, said) == (True, "closed")
        assert branch not in world.branches()
    finally:
        world.policy(POLICY, revision + 1)

    async def back() -> None:
        async with Agent(gateway.url, era) as agent:

            async def works() -> bool:
                return not (await agent.call("git_status", **repo(world)))[0]

            await until(works)

    asyncio.run(back())


@needs_server
def test_two_gateways_share_their_limits(world: World, redis: Redis) -> None:
    servers = [Server(world, "--grant", "shared", "--redis", redis.url) for _ in range(2)]
    try:
        for server in servers:
            server.wait()

        async def meet() -> list[tuple[bool, str]]:
            async with Agent(servers[0].url) as one, Agent(servers[1].url, "legacy") as other:
                agents = [one, other] * 4
                return list(await asyncio.gather(*(agent.call("git_log", **repo(world)) for agent in agents)))

        answers = asyncio.run(meet())
        assert sorted(failed for failed, _ in answers) == [False] * 3 + [True] * 5
        assert {text for failed, text in answers if failed} == {"read often enough"}
        refused = [line["refused"] for line in world.lines("call", "git_log") if line["refused"]]
        assert {(r["limit"], r["why"]) for r in refused} == {("git_log.limit", "limit")}
        redis.kill()

        async def without_store() -> tuple[bool, str]:
            async with Agent(servers[0].url) as agent:
                return await agent.call("git_log", **repo(world))

        assert asyncio.run(without_store()) == (True, "the limits of this call cannot be checked now")
    finally:
        for server in servers:
            server.close()


def test_the_transcript_is_what_a_client_sees() -> None:
    """What the git server itself writes may differ between its versions."""

    def without_results(text: str) -> str:
        return re.sub(r"^Result:\n\n```text\n.*?^```$", "Result", text, flags=re.MULTILINE | re.DOTALL)

    script, page = SCRIPT.parent / "transcript.py", SCRIPT.parent / "transcript.md"
    done = subprocess.run([sys.executable, str(script)], env=environment(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert without_results(done.stdout.decode()) == without_results(page.read_text(encoding="utf-8"))
