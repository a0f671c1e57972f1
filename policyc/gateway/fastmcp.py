"""Middleware for FastMCP: hides in tools/list, decides in tools/call. Needs the extra `fastmcp`; docs/gateways.md is the guide.

gateway = create_proxy({"mcpServers": {...}})
gateway.add_middleware(PolicyMiddleware(LiveTable("policy.table", watch=2.0), log=DecisionLog("decisions.jsonl")))
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from secrets import token_hex
from typing import Any, Final, Literal

import mcp_types as mt
from fastmcp.exceptions import NotFoundError
from fastmcp.server.context import Context
from fastmcp.server.dependencies import bind_request_context, fastmcp_request_ctx, get_access_token
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import Tool
from fastmcp.tools.base import InputRequiredToolResult, ToolResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from policyc.counters.model import AsyncCounters
from policyc.gateway.enforce import AsyncEnforcer, Live
from policyc.gateway.log import DecisionLog
from policyc.gateway.question import SCHEMA, accepted, question
from policyc.gateway.rounds import Rounds
from policyc.gateway.verdict import UNDECIDED, Approval, Call, Verdict
from policyc.runtime.table import Table

logger = logging.getLogger("policyc.gateway")
_PROCESS: Final = f"process-{token_hex(8)}"
"""The session of a client that has this process to itself."""
_ASK: Final = "policyc-approval"
"""Names the question and its mark on the wire."""

Names = Callable[[str], tuple[str | None, str]]
Outcome = ToolResult | Exception


def default_context(context: Context) -> dict[str, Any]:
    """Who calls, as far as it is verified, and nothing that the client merely says.

    `session`: over stdio this process, over HTTP the session that the server opened (not there on connections without one, as from
    2026-07-28). From a verified token: `user` (`sub`), `agent` (the client's id), `scopes`, and the claims `grant` and `roles`.
    """
    found: dict[str, Any] = {}
    if context.transport in ("streamable-http", "sse"):
        connection = getattr(context.session, "_connection", None)
        session = getattr(connection, "session_id", None)
    else:
        session = _PROCESS
    if session:
        found["session"] = session
    token = get_access_token()
    if token is not None:
        claims = token.claims
        said = {"user": claims.get("sub"), "agent": token.client_id, "scopes": list(token.scopes)}
        said |= {name: claims.get(name) for name in ("grant", "roles")}
        found |= {name: value for name, value in said.items() if value is not None}
    return found


def by_prefix(*servers: str) -> Names:
    """The servers of a proxy for several, which calls their tools `SERVER_TOOL`: gives (server, tool). Raises ValueError for two servers
    whose tools could have one name."""
    for one in servers:
        for other in servers:
            if one != other and other.startswith(f"{one}_"):
                raise ValueError(
                    f"`{other}_…` may be a tool of `{other}` or of `{one}`: expected names that cannot be mixed up"
                )

    def names(tool: str) -> tuple[str | None, str]:
        for server in servers:
            if tool.startswith(f"{server}_"):
                return server, tool[len(server) + 1 :]
        return None, tool

    return names


def did_not_happen(outcome: Outcome) -> bool:
    """Whether what came of a forwarded call gives its limits back: only that there is no such tool (which is also what FastMCP says when the
    server behind cannot be reached). Any other exception or error result may come of a tool that has run, and often the agent can bring it
    about, with a wrong argument or a call that takes too long: it could have its limits back as often as it likes."""
    return isinstance(outcome, NotFoundError)


class PolicyMiddleware(Middleware):
    """Enforces a table on the tools of a FastMCP server. Add it last, so that nothing changes a call between it and the tool."""

    def __init__(
        self,
        table: Table | Live,
        *,
        counters: AsyncCounters | None = None,
        log: DecisionLog | None = None,
        policy: str | Callable[[dict[str, Any]], str | Awaitable[str]] | None = None,
        server: str | Names | None = None,
        context: Callable[[Context], dict[str, Any] | Awaitable[dict[str, Any]]] = default_context,
        approver: Callable[[Verdict], Approval | Awaitable[Approval | None] | None] | None = None,
        elicit: bool = True,
        patience: float = 300.0,
        redact: Collection[str] = (),
        call_id: Callable[[Context], str | None] | None = None,
        refund: Callable[[Outcome], bool] = did_not_happen,
    ) -> None:
        """`counters`: in the memory of this process when left out. `policy`: the one that holds, or a function of the call's context that
        names it. `server`: the name of the server behind, or a function from a tool's name here to its server and its name there
        (`by_prefix`). `context`: what the policy may know of the caller. `approver`: is asked first about a held call; None leaves it to
        the client. `elicit`: ask the client's person, where the client can. `patience`: seconds to wait for that answer. `redact`:
        `args.NAME` that this person is not shown. `call_id`: names a call among its retries, where the gateway has such names. `refund`:
        whether the outcome of a forwarded call gives its limits back.
        """
        self.enforcer = AsyncEnforcer(table, counters, log)
        self._policy, self._server, self._context = policy, server, context
        self._approver, self._elicit, self._patience = approver, elicit, patience
        self._redact = frozenset(redact)
        self._call_id, self._refund = call_id, refund
        self._rounds = Rounds()

    async def on_list_tools(
        self, context: MiddlewareContext[mt.ListToolsRequest], call_next: CallNext[mt.ListToolsRequest, Sequence[Tool]]
    ) -> Sequence[Tool]:
        """The tools that the policy shows; none when that cannot be decided."""
        tools = await call_next(context)
        try:
            named = [self._names(tool.name) for tool in tools]
            policy = await self._holds(await self._who(_context_of(context)))
            shown = set(self.enforcer.visible(named, policy=policy))
            return [tool for tool, name in zip(tools, named, strict=True) if name in shown]
        except Exception as error:
            logger.error("no tool is shown, because that could not be decided: %r", error, exc_info=True)
            return []

    async def on_call_tool(
        self,
        context: MiddlewareContext[mt.CallToolRequestParams],
        call_next: CallNext[mt.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """The tool's result, or the policy's denial as an error result. Raises NotFoundError, as FastMCP does for a tool that is not
        there, for that and for a hidden one alike."""
        try:
            verdict = await self._verdict(context)
            if verdict.effect == "approve":
                verdict = await self._ask(verdict, _context_of(context))
        except _Ask as ask:
            return InputRequiredToolResult(ask.result)
        except Exception as error:
            logger.error("a call is denied, because it could not be decided: %r", error, exc_info=True)
            return _denial(UNDECIDED, {"effect": "deny"})
        if verdict.hidden:
            raise NotFoundError(f"Unknown tool: {context.message.name!r}")
        if not verdict.allowed:
            return _denied(verdict)
        return await self._forward(verdict, context, call_next)

    async def _verdict(self, context: MiddlewareContext[mt.CallToolRequestParams]) -> Verdict:
        message, fastmcp = context.message, _context_of(context)
        server, tool = self._names(message.name)
        call = Call(
            tool, message.arguments, server=server, policy=self._policy if isinstance(self._policy, str) else None
        )
        try:
            call = call._replace(exists=await fastmcp.fastmcp.get_tool(message.name) is not None)
        except Exception as error:
            # Whether the tool is there cannot be said, so a hidden one must not be told from another.
            logger.error("a call is denied, because the server's tools are not known: %r", error)
            verdict = self.enforcer.deny(call, f"{type(error).__name__}: {error}")
            return verdict._replace(hidden=False, reason=UNDECIDED)
        try:
            who = await self._who(fastmcp)
            call = call._replace(context=who, policy=await self._holds(who))
            if self._call_id is not None:
                call = call._replace(id=self._call_id(fastmcp))
        except Exception as error:
            logger.error("a call is denied, because its context could not be made: %r", error, exc_info=True)
            return self.enforcer.deny(call, f"{type(error).__name__}: {error}")
        earlier = None
        if fastmcp.request_state:
            earlier = self._rounds.take(_upstream(fastmcp.request_state), call)
        return await self.enforcer.enforce(call, earlier)

    async def _ask(self, verdict: Verdict, context: Context) -> Verdict:
        """The verdict on a held call. Raises _Ask where the client is to send it again with an answer."""
        try:
            approval = await self._approval(verdict, context)
        except _Ask:
            raise
        except TimeoutError:
            approval = Approval("pending", note="nobody answered in time")
        except Exception as error:
            logger.error("call %s: its approval could not be asked for: %r", verdict.number, error, exc_info=True)
            approval = Approval("failed", note=f"{type(error).__name__}: {error}")
        return await self.enforcer.settle(verdict, approval)

    async def _approval(self, verdict: Verdict, context: Context) -> Approval:
        if self._approver is not None:
            answer = await _value(self._approver(verdict))
            if isinstance(answer, Approval):
                return answer
            if answer is not None:
                raise TypeError(f"`approver` gave a {type(answer).__name__}, expected an Approval or None")
        session = context.session
        able = session.client_capabilities.elicitation if session.client_capabilities else None
        if not self._elicit or able is None or (able.form is None and able.url is not None):
            return Approval("pending")
        text = question(verdict, self._redact)
        if session.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return self._answered(verdict, context, text)
        async with asyncio.timeout(self._patience):
            result = await session.elicit_form(text, SCHEMA, related_request_id=context.request_id)
        return _approval_of(result)

    def _answered(self, verdict: Verdict, context: Context, text: str) -> Approval:
        """The answer that came with this leg of the call, if this gateway asked for it. Raises _Ask otherwise."""
        state, answer = context.request_state or "", (context.input_responses or {}).get(_ASK)
        if state.startswith(f"{_ASK}:") and isinstance(answer, mt.ElicitResult):
            held = self._rounds.take(state, verdict.call)
            if held is not None and _same(held, verdict):
                return _approval_of(answer)
        request = mt.ElicitRequest(params=mt.ElicitRequestFormParams(message=text, requested_schema=SCHEMA))
        state = self._rounds.keep(verdict, f"{_ASK}:{token_hex(16)}")
        raise _Ask(mt.InputRequiredResult(input_requests={_ASK: request}, request_state=state))

    async def _forward(
        self,
        verdict: Verdict,
        context: MiddlewareContext[mt.CallToolRequestParams],
        call_next: CallNext[mt.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        try:
            result = await _without_answer(context, call_next)
        except Exception as error:
            if self._refund(error):
                await self.enforcer.refund(verdict)
            raise
        if isinstance(result, InputRequiredToolResult):
            state = result.input_required.request_state
            if (
                state and verdict.call.context
            ):  # otherwise nothing tells whose answer the next leg is: it is decided and counted anew
                self._rounds.keep(verdict, _upstream(state))
        elif self._refund(result):
            await self.enforcer.refund(verdict)
        return result

    def _names(self, tool: str) -> tuple[str | None, str]:
        return self._server(tool) if callable(self._server) else (self._server, tool)

    async def _who(self, context: Context) -> dict[str, Any]:
        who = await _value(self._context(context))
        if type(who) is not dict:
            raise TypeError(f"`context` gave a {type(who).__name__}, expected a dict")
        return who

    async def _holds(self, who: dict[str, Any]) -> str | None:
        policy = await _value(self._policy(who)) if callable(self._policy) else self._policy
        if policy is not None and type(policy) is not str:
            raise TypeError(f"`policy` gave a {type(policy).__name__}, expected a name")
        return policy


class _Ask(Exception):
    """The call is to come again, with answers."""

    def __init__(self, result: mt.InputRequiredResult) -> None:
        self.result = result


def _context_of(context: MiddlewareContext[Any]) -> Context:
    if context.fastmcp_context is None:
        raise RuntimeError("a call outside of a FastMCP server")
    return context.fastmcp_context


async def _value(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _upstream(state: str | None) -> str:
    """The mark of a call for which the server behind has asked for input."""
    return f"upstream:{state or ''}"


def _same(held: Verdict, verdict: Verdict) -> bool:
    """Whether what was asked is what is to be asked now, under the table that holds now."""
    then, now = held.decision, verdict.decision
    return then is not None and now is not None and (then.rule, then.by) == (now.rule, now.by)


def _approval_of(result: mt.ElicitResult) -> Approval:
    yes = result.action == "accept" and accepted(result.content)
    outcome: Literal["accepted", "declined"] = "accepted" if yes else "declined"
    return Approval(outcome, "client")


def _denied(verdict: Verdict) -> ToolResult:
    decision, approval = verdict.decision, verdict.approval
    pending = approval is not None and approval.outcome in ("pending", "failed")
    meta = {"effect": "pending" if pending else "deny", "rule": decision.rule if decision else None}
    if approval is not None and decision is not None:
        meta["by"] = decision.by
    return _denial(verdict.reason, meta)


def _denial(reason: str, meta: dict[str, Any]) -> ToolResult:
    return ToolResult(content=[mt.TextContent(type="text", text=reason)], meta={"policyc": meta}, is_error=True)


async def _without_answer(context: MiddlewareContext[Any], call_next: CallNext[Any, ToolResult]) -> ToolResult:
    """Forward a call without the answer that was for this gateway: a server behind would refuse a state that it did not seal."""
    fastmcp, request = _context_of(context), fastmcp_request_ctx.get()
    mine = (fastmcp.request_state or "").startswith(f"{_ASK}:")
    if request is None or not mine:
        return await call_next(context)
    params = {k: v for k, v in (request._srctx.params or {}).items() if k not in ("inputResponses", "requestState")}
    with bind_request_context(replace(request._srctx, params=params)):
        message = context.message.model_copy(update={"input_responses": None, "request_state": None})
        return await call_next(context.copy(message=message))
