"""A semantic diff as JSON, for programs. docs/output.md describes it; `version` grows when a reader could be broken."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from policyc import __version__
from policyc.diagram.analysis import call_json
from policyc.diagram.compare import KINDS, Change
from policyc.diagram.policies import Compared, Held, limit_changes
from policyc.diagram.sides import Decided
from policyc.table.encode import limit_json

VERSION = 1


def render(compared: Sequence[Compared], old: str, new: str) -> str:
    """The whole report as one JSON object, ASCII, ending with a line break. `old` and `new` say what was compared."""
    changes = [change for one in compared for change in one.comparison.changes]
    kinds = Counter(change.kind for change in changes)
    data = {
        "format": "policyc-diff",
        "version": VERSION,
        "policyc": __version__,
        "old": old,
        "new": new,
        "summary": {
            "policies": len(compared),
            "equivalent": all(one.comparison.equivalent for one in compared),
            "widening": any(one.comparison.widening for one in compared),
            "changes": len(changes),
            "widening_changes": sum(change.widening for change in changes),
            "undecided": sum(len(one.comparison.undecided) for one in compared),
            "kinds": {kind: kinds[kind] for kind in KINDS if kinds[kind]},
        },
        "policies": [_policy(one) for one in compared],
    }
    return json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _policy(one: Compared) -> dict[str, Any]:
    return {
        "name": one.name,
        "old_name": one.old_name,
        "status": one.status,
        "equivalent": one.comparison.equivalent,
        "widening": one.comparison.widening,
        "changes": [_change(change, one) for change in one.comparison.changes],
        "undecided": [{"tool": tool, "reason": reason} for tool, reason in one.comparison.undecided.items()],
    }


def _change(change: Change, one: Compared) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "widening": change.widening,
        "tool": change.tool if isinstance(change.tool, str) else None,
        "rows": [list(row) for row in change.region.rows],
        "whole": change.region.whole,
        "valid": change.valid,
        "witness": call_json(change.witness),
        "old": None if one.status == "new" else _decided(change.old),
        "new": None if one.status == "gone" else _decided(change.new),
        "limits": [
            {"old": _held(c.old), "new": _held(c.new), "same_counter": c.same_counter}
            for c in limit_changes(change, one)
        ],
    }


def _decided(decided: Decided) -> dict[str, Any]:
    said = decided.said
    return {
        "effect": decided.effect,
        "rule": decided.rule,
        **_place(decided.place),
        "reason": said.reason,
        "by": said.by,
        "severity": said.severity,
        "hidden": said.hidden,
        "limits": [
            {"rule": rule, **_place(place), "reason": reason, **limit_json(limit)}
            for rule, place, reason, limit in decided.limits
        ],
    }


def _place(place: str | None) -> dict[str, Any]:
    if place is None:
        return {"path": None, "line": None, "column": None}
    path, line, column = place.rsplit(":", 2)
    return {"path": path, "line": int(line), "column": int(column)}


def _held(held: Held | None) -> dict[str, Any] | None:
    if held is None:
        return None
    return {"rule": held.rule, "reason": held.reason, "shared_with": list(held.shared_with), **limit_json(held.limit)}
