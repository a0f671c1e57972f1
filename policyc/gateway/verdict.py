"""What a gateway asks about a call, and what it is told."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from policyc.counters.model import Admitted, Receipt, Refused
from policyc.runtime.decision import Decision

NO_REASON: Final = "the policy denies this call"
NO_ALLOW: Final = "no rule of the policy allows this call"
NO_ARGUMENTS: Final = "the arguments of a call are a JSON object"
UNDECIDED: Final = "this call could not be decided"
UNCOUNTED: Final = "the limits of this call cannot be checked now"
UNLOGGED: Final = "this call could not be logged"
CHANGED: Final = "the policy has changed while the call was held: call again"
NO_SUCH_TOOL: Final = "there is no such tool"


class Call(NamedTuple):
    """One call, as a gateway knows it.

    `arguments`: the decoded JSON object; anything else denies. `context`: who calls, from the gateway and never from the agent.
    `policy`: which policy of the table holds; None where it has one. `id`: names the call among its retries (see `Counters.reserve`):
    the gateway's own, never of the agent's choice. `exists`: whether there is such a tool, for gateways that know: a call of one that
    is not there is answered like one of a hidden tool.
    """

    tool: str
    arguments: Any
    context: dict[str, Any] | None = None
    server: str | None = None
    policy: str | None = None
    id: str | None = None
    exists: bool = True


class Approval(NamedTuple):
    """What became of the question whether a held call may go ahead. `by`: who answered, where that is known; None otherwise.
    `note`: a word for the log, and for the agent where it is pending or declined."""

    outcome: Literal["accepted", "declined", "pending", "failed"]
    by: str | None = None
    note: str | None = None


class Verdict(NamedTuple):
    """The answer to a call. With `allow` its limits are reserved and it may be forwarded; `approve` holds it for a person, nothing is
    reserved, and `settle` turns it into one of the others.

    `reason`: what the agent may be told; empty for allow. `hidden`: answer as for a tool that does not exist. `decision`: the table's;
    None where it came to none. `receipt`: what was reserved, for `refund`. `refused`: the answer of the counters where they refused.
    `uncounted`: why nothing was counted although the call goes ahead. `problem`: for the operator, what went wrong; None when nothing
    did. `number`: names the call in the log.
    """

    effect: Literal["allow", "deny", "approve"]
    reason: str
    call: Call
    hidden: bool = False
    decision: Decision | None = None
    receipt: Receipt | None = None
    refused: Refused | None = None
    uncounted: str | None = None
    repeated: bool = False
    approval: Approval | None = None
    problem: str | None = None
    revision: int | None = None
    number: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the call may be forwarded now."""
        return self.effect == "allow"


def of_decision(call: Call, decision: Decision, revision: int | None, number: str) -> Verdict:
    """The verdict of the table alone; nothing is reserved yet."""
    verdict = Verdict(decision.effect, "", call, decision=decision, revision=revision, number=number)
    if decision.hidden or not call.exists:
        return verdict._replace(effect="deny", reason=NO_SUCH_TOOL, hidden=True)
    if decision.effect == "allow":
        return verdict
    return verdict._replace(reason=decision.reason or (NO_REASON if decision.rule else NO_ALLOW))


def carried(verdict: Verdict, earlier: Verdict) -> Verdict:
    """The verdict on a later leg of a call of which an earlier leg was let through: what was counted for that one stays counted, and its
    approval holds, as long as the table still says the same."""
    now, then = verdict.decision, earlier.decision
    if now is None or then is None or verdict.effect == "deny" or earlier.receipt is None or now.limits != then.limits:
        return verdict
    if verdict.effect == "approve" and (earlier.approval is None or (now.rule, now.by) != (then.rule, then.by)):
        return verdict
    return verdict._replace(
        effect="allow",
        reason="",
        receipt=earlier.receipt,
        repeated=True,
        approval=earlier.approval,
        uncounted=earlier.uncounted,
    )


def of_answer(verdict: Verdict, answer: Admitted | Refused) -> Verdict:
    """The verdict when the counters have answered for a call that may go ahead otherwise."""
    if isinstance(answer, Refused):
        told = UNCOUNTED if answer.why == "store" else answer.limit.reason if answer.limit else None
        problem = answer.message if answer.why == "store" else None
        return verdict._replace(
            effect="deny", reason=told or answer.message, refused=answer, repeated=answer.repeated, problem=problem
        )
    return verdict._replace(
        effect="allow", reason="", receipt=answer.receipt, repeated=answer.repeated, uncounted=answer.uncounted
    )


def of_approval(verdict: Verdict, approval: Approval) -> Verdict:
    """The denial of a held call that was not accepted."""
    who = verdict.decision.by if verdict.decision else None
    by = f" by {who}" if who else ""
    said = {
        "declined": f"declined{by}: {verdict.reason}",
        "pending": f"approval{by} is needed: {verdict.reason}",
    }.get(approval.outcome, f"approval{by} is needed, and could not be asked for: {verdict.reason}")
    note = f" ({approval.note})" if approval.note and approval.outcome in ("declined", "pending") else ""
    problem = approval.note if approval.outcome == "failed" else None
    return verdict._replace(effect="deny", reason=said + note, approval=approval, problem=problem)
