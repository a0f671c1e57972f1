"""What a compiled table says to a call: the decision, its rule and its limits. Conditions are not in a table as they were written."""

from __future__ import annotations

from typing import Any

from policyc import __version__
from policyc.diagnostics import PolicycError, did_you_mean
from policyc.features.explain_text import VERSION, lacking
from policyc.features.words import limit_words, value_text
from policyc.ir.model import Path
from policyc.ir.spelling import path_text
from policyc.record import record
from policyc.reference import Call
from policyc.runtime.decision import Decision, Limit, MissingScope
from policyc.runtime.table import NOT_JSON_REASON, Table
from policyc.table.model import FORMAT, TableError

_START = b'{"format":"' + FORMAT.encode() + b'"'


@record
class Held:
    """A limit to reserve. `lacks`: why a gateway denies the call all the same."""

    limit: Limit
    text: str
    lacks: tuple[str, ...]


@record
class Found:
    """A table's decision for a call."""

    call: Call
    decision: Decision
    limits: tuple[Held, ...]


def is_table(path: str) -> bool:
    """Whether a file is a compiled table, by its first bytes; False for one that cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(len(_START)) == _START
    except OSError:
        return False


def explain_table(path: str, call: Call, policy: str | None) -> Found:
    """What the table says. Raises PolicycError for a table that cannot be used, and where it is not clear which policy is meant."""
    try:
        table = Table.load(path)
        if policy is None and len(table.policies) != 1:
            listed = ", ".join(f"`{name}`" for name in table.policies)
            raise PolicycError(f"`{path}` has {len(table.policies)} policies ({listed}), say which with `--policy`")
        if policy is not None and policy not in table.policies:
            near = did_you_mean(policy, table.policies)
            raise PolicycError(f"`{path}` has no policy `{policy}`" + (f", did you mean `{near}`?" if near else ""))
        decision = table.decide(call.tool, call.arguments, call.context, server=call.server, policy=policy)
    except TableError as error:
        raise PolicycError(f"`{path}`: {error}") from None
    except OSError as error:
        raise PolicycError(f"cannot read `{path}`: {(error.strerror or str(error)).lower()}") from None
    return Found(call, decision, tuple(_held(limit, call) for limit in decision.limits))


def _held(limit: Limit, call: Call) -> Held:
    lacks = tuple(name for name in limit.scope if _lacks(limit, name, call))
    adds = None
    if limit.amount is not None:
        given = limit._replace(scope=("global",)).reservation(call.arguments, call.context, call.server)
        adds = f"{path_text(Path('context' if limit.root == 'context' else 'args', limit.amount))} ({value_text(given.amount)})"
    words = limit_words(limit.counter, limit.maximum, limit.window, limit.sliding, limit.scope, adds, limit.step)
    return Held(limit, words, lacks)


def _lacks(limit: Limit, name: str, call: Call) -> bool:
    try:
        limit._replace(scope=(name,), amount=None).reservation({}, call.context, call.server)
    except MissingScope:
        return True
    return False


def as_text(found: Found) -> list[str]:
    """Lines of text: the decision first."""
    said = found.decision
    by = "the default" if said.rule is None else said.rule
    if said.reason == NOT_JSON_REASON and said.rule is None:
        by = "the loader"
    where = f" at {said.source}" if said.source else ""
    lines = [f"decision  {said.effect} by {by}{where}{', as if the tool were not there' if said.hidden else ''}"]
    lines += [f"reason    {said.reason}"] if said.reason else []
    lines += [f"asks      {said.by}"] if said.by else []
    for held in found.limits:
        lines.append(f"reserves  {held.text}  ({held.limit.id})")
        lines += [f"reserves    {line}" for line in lacking(held.lacks)]
    on = f" on server {found.call.server}" if found.call.server is not None else ""
    lines += ["", f"call      {found.call.tool}{on} {value_text(found.call.arguments, 200)}"]
    lines += [f"context   {value_text(found.call.context, 200)}"] if found.call.context else []
    return [
        *lines,
        "",
        "a table has no conditions as they were written; explain its policy for the way to the decision",
    ]


def as_data(found: Found) -> dict[str, Any]:
    """The same facts as JSON data; the keys are those of a policy's explanation."""
    said, call = found.decision, found.call
    return {
        "format": "policyc-explanation",
        "version": VERSION,
        "policyc": __version__,
        "policy": said.policy,
        "call": {"tool": call.tool, "server": call.server, "arguments": call.arguments, "context": call.context},
        "decision": {
            "effect": said.effect,
            "rule": said.rule,
            "source": said.source,
            "reason": said.reason,
            "by": said.by,
            "severity": said.severity,
            "hidden": said.hidden,
            "limits": [
                {
                    "rule": held.limit.id,
                    "counter": held.limit.counter,
                    "max": held.limit.maximum,
                    "window": held.limit.window,
                    "sliding": held.limit.sliding,
                    "scope": list(held.limit.scope),
                    "text": held.text,
                    "lacks": list(held.lacks),
                }
                for held in found.limits
            ],
        },
    }
