"""AuthZEN's Authorization API 1.0: what an evaluation asks of the table, and how a verdict is said.

The mapping follows COAZ-MCP's default (subject the user, action the MCP method, resource the tool), which leaves out a call's arguments;
they come in `context.arguments` or `action.properties.arguments`, and a call without them is denied, because a condition on an
argument that was not sent would be decided as one on an argument that is not there.
Source: https://openid.net/specs/authorization-api-1_0.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from policyc.gateway.verdict import Call, Verdict
from policyc.record import record
from policyc.runtime.decision import Limit
from policyc.serve.methods import CALL, LIST

MOST: Final = 1000
"""Evaluations in one request."""
MOST_SHARED: Final = 16 << 20
"""Characters of JSON that the evaluations of one request may have in common, counted for each of them: every one decides and logs it anew."""
SEMANTICS: Final = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}
"""The decision after which the rest is not evaluated."""
_REQUIRED: Final = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}
_NO_ARGUMENTS: Final = "a call is decided by its arguments: send `context.arguments`, `{}` for a call without any"


class BadRequest(ValueError):
    """The request is not one of the API: answered with 400."""


@record
class Question:
    """What one evaluation asks. `call`: of a tool, or, for `tools/list`, whether it is shown; None where `method` is another method.
    `problem`: why it is denied without being asked."""

    method: str
    call: Call | None = None
    problem: str | None = None


Answer = dict[str, Any]
Ask = Callable[[Question], Awaitable[Answer]]


def read_question(request: Any, subject_key: str) -> Question:
    """The question of an Access Evaluation request. `subject_key`: the context's key for the subject's id. Raises BadRequest."""
    request = _object(request, "the request")
    for entity, names in _REQUIRED.items():
        found = _object(request.get(entity), f"`{entity}`")
        for name in names:
            _text(found.get(name), f"`{entity}.{name}`")
        if "properties" in found:
            _object(found["properties"], f"`{entity}.properties`")
    subject, action, resource = request["subject"], request["action"], request["resource"]
    context = dict(_object(request.get("context", {}), "`context`"))
    method = action["name"]
    if resource["type"] != "tool":
        return Question(method, problem=_about(method, resource["type"]))
    if method not in (CALL, LIST):
        return Question(method, problem=f"a tool is asked for `{CALL}` or `{LIST}`, and this is `{method}`")
    properties = resource.get("properties", {})
    places = (context.pop("arguments", None), action.get("properties", {}).get("arguments"))
    given = [arguments for arguments in places if arguments is not None]
    context.update(subject.get("properties", {}))
    context[subject_key] = subject["id"]
    call = Call(
        resource["id"],
        given[0] if given else None,
        context,
        _optional(properties.get("server"), "`resource.properties.server`"),
        _optional(properties.get("policy"), "`resource.properties.policy`"),
        _optional(action.get("properties", {}).get("call_id"), "`action.properties.call_id`"),
    )
    if method == CALL and len(given) != 1:
        return Question(method, problem="the arguments are there twice" if given else _NO_ARGUMENTS)
    return Question(method, call)


def _about(method: str, kind: str) -> str | None:
    return f"a call is one of a `tool`, not of a `{kind}`" if method == CALL else None


async def evaluations(request: Any, subject_key: str, ask: Ask) -> Answer:
    """The answer to an Access Evaluations request. Raises BadRequest for what is wrong with the request as a whole."""
    request = _object(request, "the request")
    items = request.get("evaluations", [])
    if not isinstance(items, list):
        raise BadRequest("`evaluations` must be an array")
    if len(items) > MOST:
        raise BadRequest(f"`evaluations` has {len(items)} elements, and {MOST} are the most")
    semantic = _object(request.get("options", {}), "`options`").get("evaluations_semantic", "execute_all")
    if not isinstance(semantic, str) or semantic not in SEMANTICS:
        raise BadRequest(f"`options.evaluations_semantic` must be one of {', '.join(f'`{s}`' for s in SEMANTICS)}")
    if not items:
        return await ask(read_question(request, subject_key))
    shared = len(json.dumps({name: value for name, value in request.items() if name != "evaluations"}))
    if shared * len(items) > MOST_SHARED:
        raise BadRequest(
            f"what {len(items)} evaluations share may have {MOST_SHARED // len(items)} characters; this has {shared}"
        )
    answers: list[Answer] = []
    for item in items:
        await asyncio.sleep(0)  # other requests have their turn
        try:
            answer = await ask(read_question(_with_defaults(item, request), subject_key))
        except BadRequest as error:
            answer = {"decision": False, "context": {"error": {"status": 400, "message": str(error)}}}
        answers.append(answer)
        if answer["decision"] is SEMANTICS[semantic]:
            break
    return {"evaluations": answers}


def _with_defaults(item: Any, request: dict[str, Any]) -> dict[str, Any]:
    """An evaluation with what stands at the top where it says nothing itself: whole entities, and the required parts of one."""
    merged = dict(_object(item, "an evaluation"))
    for entity in (*_REQUIRED, "context"):
        if entity not in merged:
            if entity in request:
                merged[entity] = request[entity]
        elif entity in _REQUIRED and isinstance(merged[entity], dict) and isinstance(request.get(entity), dict):
            outer = {name: request[entity][name] for name in _REQUIRED[entity] if name in request[entity]}
            merged[entity] = outer | merged[entity]
    return merged


def answer_of(verdict: Verdict, reason: str) -> Answer:
    """The Access Evaluation response. `reason`: in words, empty for none. `context` says what a gateway can act on: the effect, why, and what was counted."""
    decision = verdict.decision
    context: dict[str, Any] = {"effect": verdict.effect}
    if reason:
        context["reason"] = reason
    if decision is not None:
        said = {
            "policy": decision.policy,
            "rule": decision.rule,
            "source": decision.source,
            "severity": decision.severity,
        }
        context |= {name: value for name, value in said.items() if value is not None}
        if decision.limits:
            context["limits"] = [_limit(limit) for limit in decision.limits]
    if verdict.effect == "approve":
        context["approval"] = {"needed": True} | ({"by": decision.by} if decision and decision.by else {})
    if verdict.hidden:
        context["hidden"] = True
    if verdict.refused is not None:
        refused = verdict.refused
        why = {
            "limit": refused.limit and refused.limit.id, "why": refused.why, "left": refused.left, "room_at": refused.room_at,
        }  # fmt: skip
        context["refused"] = {name: value for name, value in why.items() if value is not None}
    if verdict.uncounted:
        context["uncounted"] = verdict.uncounted
    if verdict.repeated:
        context["repeated"] = True
    return {"decision": verdict.allowed, "context": context}


def _limit(limit: Limit) -> dict[str, Any]:
    return {
        "id": limit.id, "counter": limit.counter, "maximum": limit.maximum, "window": limit.window,
        "sliding": limit.sliding, "scope": list(limit.scope),
    }  # fmt: skip


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(f"{what} must be an object")
    return value


def _text(value: Any, what: str) -> None:
    if not isinstance(value, str):
        raise BadRequest(f"{what} must be text")


def _optional(value: Any, what: str) -> str | None:
    if value is not None:
        _text(value, what)
    return value  # type: ignore[no-any-return]
