"""Enforcing a table on a call: decide, reserve its limits, log it. Whatever goes wrong on the way denies the call.

enforcer = Enforcer(LiveTable("policy.table"), MemoryCounters(), DecisionLog("decisions.jsonl"))
verdict = enforcer.enforce(Call("create_charge", {"amount": 500}, {"grant": "g1"}))
if verdict.effect == "approve": verdict = enforcer.settle(verdict, Approval("accepted", by="…"))
if verdict.allowed: forward the call; if it certainly did not happen: enforcer.refund(verdict)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from hashlib import sha256
from itertools import count
from secrets import token_hex
from time import perf_counter
from typing import Any, Protocol

from policyc.counters.memory import AsyncMemoryCounters, MemoryCounters
from policyc.counters.model import AsyncCounters, Counters, Refunded
from policyc.gateway.log import DecisionLog
from policyc.gateway.verdict import (
    CHANGED,
    NO_ARGUMENTS,
    UNDECIDED,
    UNLOGGED,
    Approval,
    Call,
    Verdict,
    carried,
    of_answer,
    of_approval,
    of_decision,
)
from policyc.runtime.decision import MissingScope, Reservation
from policyc.runtime.table import Table

Listed = tuple[str | None, str]
"""A tool of a list: its server, None where there is none to tell, and its name."""
__all__ = ["Approval", "AsyncEnforcer", "Call", "Enforcer", "Listed", "Live", "Verdict"]
logger = logging.getLogger("policyc.gateway")


class Live(Protocol):
    """What holds the table in force: `policyc.runtime.live.LiveTable`."""

    @property
    def table(self) -> Table:
        """The table in force now."""


class _Shared:
    """What both enforcers are made of: everything but asking the counters."""

    def __init__(self, table: Table | Live, log: DecisionLog | None) -> None:
        self._source = table
        self._log = log
        self._numbers, self._process = count(1), token_hex(4)

    def visible(self, tools: Iterable[Listed], *, policy: str | None = None) -> list[Listed]:
        """Those of the tools that tools/list may show, in the order given; none when that cannot be decided. Never raises."""
        began = perf_counter()
        named = list(tools)
        shown: list[Listed] = []
        revision = None
        try:
            table = self._table()
            revision = _revision(table)
            shown = [(server, tool) for server, tool in named if table.visible([tool], server=server, policy=policy)]
        except Exception as error:
            shown = []
            logger.error("no tool is shown, because that could not be decided: %r", error, exc_info=True)
        if self._log is not None:
            seen = set(shown)
            gone = [
                tool if server is None else f"{server}/{tool}" for server, tool in named if (server, tool) not in seen
            ]
            try:
                self._log.listing(len(shown), gone, policy, revision, perf_counter() - began)
            except Exception as error:
                logger.error("the decision log could not be written: %r", error)
                return shown if self._log.on_failure == "allow" else []
        return shown

    def deny(self, call: Call, problem: str) -> Verdict:
        """The denial of a call that the gateway could not make whole (no context, say), logged. A tool that is hidden, or not there, stays
        so. Never raises."""
        began = perf_counter()
        verdict = self._decided(call._replace(arguments={}, context={}))._replace(call=call)
        if not verdict.hidden:
            verdict = verdict._replace(effect="deny", reason=UNDECIDED)
        verdict = verdict._replace(problem=problem)
        self._written("call", verdict, began)
        return verdict

    def _table(self) -> Table:
        """The table in force; a call keeps it to its end."""
        return self._source if isinstance(self._source, Table) else self._source.table

    def _decided(self, call: Call) -> Verdict:
        """What the table says of a call, nothing being reserved. Never raises."""
        number = f"{self._process}-{next(self._numbers)}"
        revision = None
        try:
            table = self._table()
            revision = _revision(table)
            if call.context is not None and type(call.context) is not dict:
                raise TypeError(f"the context is a dict; this is a {type(call.context).__name__}")
            if type(call.arguments) is not dict:
                # Decided all the same, with nothing to decide by, so that a hidden tool is one whatever it is called with.
                decision = table.decide(call.tool, {}, call.context, server=call.server, policy=call.policy)
                verdict = of_decision(call, decision, revision, number)
                return verdict if verdict.hidden else verdict._replace(effect="deny", reason=NO_ARGUMENTS)
            decision = table.decide(call.tool, call.arguments, call.context, server=call.server, policy=call.policy)
            return of_decision(call, decision, revision, number)
        except Exception as error:
            logger.error("call %s is denied, because it could not be decided: %r", number, error, exc_info=True)
            problem = f"{type(error).__name__}: {error}"
            return Verdict("deny", UNDECIDED, call, problem=problem, revision=revision, number=number)

    def _again(self, call: Call, earlier: Verdict | None) -> Verdict:
        verdict = self._decided(call)
        return verdict if earlier is None else carried(verdict, earlier)

    def _approved(self, verdict: Verdict, approval: Approval) -> Verdict:
        """A held call that was approved, by the table in force now: it may have waited for long."""
        now = self._decided(verdict.call)._replace(number=verdict.number, approval=approval)
        if now.effect == "approve" and not _same_question(verdict, now):
            return now._replace(effect="deny", reason=CHANGED)
        return now if now.effect == "deny" else now._replace(effect="allow", reason="")

    def _wanted(self, verdict: Verdict) -> list[Reservation] | Verdict:
        """What to reserve for a call that may go ahead, or its denial."""
        call, decision = verdict.call, verdict.decision
        try:
            if decision is None:
                raise ValueError("there is no decision")
            return [limit.reservation(call.arguments, call.context, call.server) for limit in decision.limits]
        except Exception as error:
            if not isinstance(error, (MissingScope, ValueError)):
                logger.error("call %s is denied: %r", verdict.number, error, exc_info=True)
            reason = str(error) if isinstance(error, (MissingScope, ValueError)) else UNDECIDED
            return verdict._replace(effect="deny", reason=reason, problem=f"{type(error).__name__}: {error}")

    def _broken(self, verdict: Verdict, error: Exception) -> Verdict:
        """The denial of a call whose counters raised, which their protocol does not let them."""
        logger.error(
            "call %s is denied, because its limits could not be reserved: %r", verdict.number, error, exc_info=True
        )
        return verdict._replace(effect="deny", reason=UNDECIDED, problem=f"{type(error).__name__}: {error}")

    def _written(self, event: str, verdict: Verdict, began: float) -> bool:
        """Log a verdict. False when that failed and the call must not go ahead."""
        if verdict.problem or verdict.uncounted:
            logger.warning("call %s: %s", verdict.number, verdict.problem or verdict.uncounted)
        if self._log is None:
            return True
        try:
            self._log.decision(event, verdict, perf_counter() - began)
        except Exception as error:
            logger.error("the decision log could not be written: %r", error)
            return self._log.on_failure == "allow"
        return True


class Enforcer(_Shared):
    """Enforces a table, or the one in force, with counters that are called. Safe to share among threads."""

    def __init__(self, table: Table | Live, counters: Counters | None = None, log: DecisionLog | None = None) -> None:
        """`counters`: in the memory of this process when left out."""
        super().__init__(table, log)
        self._counters: Counters = MemoryCounters() if counters is None else counters

    def enforce(self, call: Call, earlier: Verdict | None = None) -> Verdict:
        """Decide a call, reserve its limits where it is allowed, and log it. Never raises.

        `earlier`: the verdict that let an earlier leg of the same call through, where the upstream asked for input and the call came
        again. It is decided again, and neither counted nor held again. The gateway sees to it that a verdict is given once.
        """
        began = perf_counter()
        return self._end("call", self._reserved(self._again(call, earlier)), began)

    def settle(self, verdict: Verdict, approval: Approval) -> Verdict:
        """The verdict on a held call when its approval was answered; accepted, its limits are reserved now. Never raises. Raises
        ValueError for a verdict that is not `approve`."""
        began = perf_counter()
        if _accepted(verdict, approval):
            return self._end("approval", self._reserved(self._approved(verdict, approval)), began)
        return self._end("approval", of_approval(verdict, approval), began)

    def refund(self, verdict: Verdict) -> Refunded:
        """Give back what the call reserved, because it certainly did not happen. Never raises."""
        if verdict.receipt is None or not verdict.receipt.counted:
            return Refunded(0, None)
        began = perf_counter()
        try:
            given = self._counters.refund(verdict.receipt)
        except Exception as error:
            given = Refunded(0, f"{type(error).__name__}: {error}")
        self._written("refund", verdict._replace(problem=given.problem), began)
        return given

    def _reserved(self, verdict: Verdict) -> Verdict:
        if verdict.effect != "allow" or verdict.receipt is not None:
            return verdict
        wanted = self._wanted(verdict)
        if isinstance(wanted, Verdict):
            return wanted
        try:
            return of_answer(verdict, self._counters.reserve(wanted, call_id=_call_id(verdict.call)))
        except Exception as error:
            return self._broken(verdict, error)

    def _end(self, event: str, verdict: Verdict, began: float) -> Verdict:
        if self._written(event, verdict, began) or verdict.effect == "deny":
            return verdict
        self.refund(verdict)
        return verdict._replace(effect="deny", reason=UNLOGGED, problem=UNLOGGED)


class AsyncEnforcer(_Shared):
    """`Enforcer` with counters that are awaited."""

    def __init__(
        self, table: Table | Live, counters: AsyncCounters | None = None, log: DecisionLog | None = None
    ) -> None:
        """`counters`: in the memory of this process when left out."""
        super().__init__(table, log)
        self._counters: AsyncCounters = AsyncMemoryCounters() if counters is None else counters

    async def enforce(self, call: Call, earlier: Verdict | None = None) -> Verdict:
        """As `Enforcer.enforce`."""
        began = perf_counter()
        return await self._end("call", await self._reserved(self._again(call, earlier)), began)

    async def settle(self, verdict: Verdict, approval: Approval) -> Verdict:
        """As `Enforcer.settle`."""
        began = perf_counter()
        if _accepted(verdict, approval):
            going = await self._reserved(self._approved(verdict, approval))
            return await self._end("approval", going, began)
        return await self._end("approval", of_approval(verdict, approval), began)

    async def refund(self, verdict: Verdict) -> Refunded:
        """As `Enforcer.refund`."""
        if verdict.receipt is None or not verdict.receipt.counted:
            return Refunded(0, None)
        began = perf_counter()
        try:
            given = await self._counters.refund(verdict.receipt)
        except Exception as error:
            given = Refunded(0, f"{type(error).__name__}: {error}")
        self._written("refund", verdict._replace(problem=given.problem), began)
        return given

    async def _reserved(self, verdict: Verdict) -> Verdict:
        if verdict.effect != "allow" or verdict.receipt is not None:
            return verdict
        wanted = self._wanted(verdict)
        if isinstance(wanted, Verdict):
            return wanted
        try:
            return of_answer(verdict, await self._counters.reserve(wanted, call_id=_call_id(verdict.call)))
        except Exception as error:
            return self._broken(verdict, error)

    async def _end(self, event: str, verdict: Verdict, began: float) -> Verdict:
        if self._written(event, verdict, began) or verdict.effect == "deny":
            return verdict
        await self.refund(verdict)
        return verdict._replace(effect="deny", reason=UNLOGGED, problem=UNLOGGED)


def _same_question(held: Verdict, now: Verdict) -> bool:
    """Whether the rule that holds the call, and who must approve it, are the same."""
    one, other = held.decision, now.decision
    return one is not None and other is not None and (one.rule, one.by) == (other.rule, other.by)


def _call_id(call: Call) -> str | None:
    """The name of a call among its retries: with what is called, so that another call under the same id is counted."""
    if call.id is None:
        return None
    what = [call.id, call.policy, call.server, call.tool, call.arguments]
    return sha256(json.dumps(what, sort_keys=True, default=repr).encode()).hexdigest()


def _accepted(verdict: Verdict, approval: Approval) -> bool:
    if verdict.effect != "approve":
        raise ValueError("only a call that is held can be approved")
    return approval.outcome == "accepted"


def _revision(table: Table) -> int | None:
    found: Any = table.header.get("revision")
    return found if type(found) is int else None
