"""What both protocols ask: a verdict on a call, counted, logged and measured."""

from __future__ import annotations

from time import perf_counter, time
from typing import Final

from policyc.gateway.enforce import AsyncEnforcer
from policyc.gateway.verdict import Call, Verdict
from policyc.runtime.live import LiveTable, Outcome
from policyc.runtime.table import Table
from policyc.serve.authzen import Answer, Question, answer_of
from policyc.serve.log import ServiceLog
from policyc.serve.methods import LIST, Methods
from policyc.serve.metrics import Metrics

AUTHZEN: Final = "authzen"
EXT_AUTHZ: Final = "ext_authz"


class Service:
    """The table in force with everything around it. Lives in one event loop; reloads are reported from any thread."""

    def __init__(
        self,
        live: LiveTable,
        enforcer: AsyncEnforcer,
        policy: str | None,
        methods: Methods,
        metrics: Metrics,
        log: ServiceLog,
    ) -> None:
        """`live`: the table in force, which is the enforcer's. `policy`: the one that holds for every call; None where the caller names it, or where the table has one."""
        self._live = live
        self._enforcer = enforcer
        self._policy = policy
        self._methods = methods
        self._metrics = metrics
        self._log = log

    async def decide(self, call: Call, protocol: str) -> Verdict:
        """Decide, count and log a call. Never raises."""
        began = perf_counter()
        verdict = await self._enforcer.enforce(self._own(call))
        self._metrics.verdict(protocol, verdict, perf_counter() - began)
        return verdict

    async def refund(self, verdict: Verdict) -> None:
        """Give back what a call reserved that will not be forwarded."""
        await self._enforcer.refund(verdict)

    def method(self, method: str, protocol: str) -> str | None:
        """Why a method other than `tools/call` is denied; None when it passes."""
        refusal = self._methods.refusal(method)
        self._metrics.methods.labels(protocol, "denied" if refusal else "passed").inc()
        return refusal

    async def ask(self, question: Question) -> Answer:
        """The answer to an AuthZEN evaluation."""
        if question.problem is not None:
            self.unreadable(AUTHZEN)
            return {"decision": False, "context": {"reason": question.problem}}
        call = question.call
        if call is None:
            refusal = self.method(question.method, AUTHZEN)
            return {"decision": False, "context": {"reason": refusal}} if refusal else {"decision": True}
        if question.method != LIST:
            verdict = await self.decide(call, AUTHZEN)
            return answer_of(verdict, told(verdict))
        return {"decision": self._shown(self._own(call))}

    def _shown(self, call: Call) -> bool:
        """Whether tools/list may show the tool."""
        try:
            return bool(self._live.table.visible([call.tool], server=call.server, policy=call.policy))
        except KeyError:  # no such policy
            return False

    def unreadable(self, protocol: str) -> None:
        """A request could not be read."""
        self._metrics.unreadable.labels(protocol).inc()

    def failed(self, protocol: str, error: BaseException) -> None:
        """This program failed at a request, which was not let through."""
        self._metrics.failures.labels(protocol).inc()
        self._log.failure(error)

    def _own(self, call: Call) -> Call:
        return call if self._policy is None else call._replace(policy=self._policy)


def told(verdict: Verdict) -> str:
    """Why a call does not go ahead, in words for the agent, the policy's own first."""
    if verdict.effect != "approve":
        return verdict.reason
    by = f" by {verdict.decision.by}" if verdict.decision and verdict.decision.by else ""
    own = verdict.decision.reason if verdict.decision else None
    return f"{own} (this call needs an approval{by})" if own else f"this call needs an approval{by}"


class Reloads:
    """Reloading the table in force, and telling what became of it: once for each table that came, and for each signal."""

    def __init__(self, metrics: Metrics, log: ServiceLog) -> None:
        self._metrics, self._log = metrics, log
        self._told = 0

    def start(self, live: LiveTable) -> None:
        """The first table is in force."""
        self._in_force(live.table)
        self._log.event("loaded", revision=live.revision, policies=live.table.policies)

    def replaced(self, new: Table, old: Table) -> None:
        """Called by whichever thread reloads."""
        self._in_force(new)
        self._metrics.reloads.labels("replaced").inc()
        self._log.event(
            "reloaded", revision=new.header["revision"], before=old.header["revision"], policies=new.policies
        )

    def refused(self, error: Exception) -> None:
        """Called by whichever thread reloads."""
        self._told += 1
        self._metrics.reloads.labels("refused").inc()
        self._metrics.good.set(0)
        self._log.event("reload refused", level="error", reason=str(error), note="the table in force stays")

    def by_signal(self, live: LiveTable) -> Outcome:
        """Reload now, and say what happened even where nothing did, or the same as last time."""
        told = self._told
        outcome = live.reload()
        if outcome == "unchanged":
            self._metrics.reloads.labels("unchanged").inc()
            self._metrics.good.set(1)
            self._log.event("reload found nothing new", revision=live.revision)
        elif outcome == "refused" and told == self._told and live.last_error is not None:
            self.refused(live.last_error)
        return outcome

    def _in_force(self, table: Table) -> None:
        self._metrics.revision.set(table.header["revision"])
        self._metrics.loaded.set(time())
        self._metrics.good.set(1)
