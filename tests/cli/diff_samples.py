"""Two policies that differ in every way that there is, and the shape of a JSON report."""

from __future__ import annotations

from typing import Any

from policyc.diagram.compare import KINDS
from tests.report.sarif_schema import closed

OLD = """\
policy "support"
default deny

hide delete_customer
deny read_secret
allow list_*

on refund_order {
  require args.currency in ["usd", "eur"]  "only USD and EUR"
  deny    when args.amount > 20_000        "a refund may not exceed 200.00"
  approve when args.amount > 5_000         by "team-lead"
  limit 10 per hour by user as refunds
}
on send_mail { limit 30 per minute by grant as messages }
on send_sms { limit 30 per minute by grant as messages }
on close_account { approve by "team-lead" }
on post_a { limit 30 per minute by grant }
on post_b { limit 30 per minute by grant }
on post_c { limit 30 per minute by grant }
on print_label { limit 5 per day by grant as labels "five a day" }
"""
NEW = """\
policy "support"
default deny

hide read_secret
deny list_salaries
allow list_*

on refund_order {
  require args.currency in ["usd", "eur", "gbp"]  "only USD, EUR and GBP"
  deny    when args.amount > 50_000               "a refund may not exceed 500.00"
  approve when args.amount > 5_000 and args.amount < 10_000 by "team-lead"
  limit 20 per hour by user as refunds
  limit sum args.amount <= 1_000_000 per day sliding by grant, user as daily
}
on send_mail { limit 30 per minute by grant as messages }
on send_sms { limit 30 per minute by grant as texts }
on close_account { approve by "manager" }
on post_a { limit 60 per minute by grant }
on post_b { limit 60 per minute by grant }
on post_c { limit 60 per minute by grant }
on print_label { limit 5 per day by grant as labels "no more than five" }
"""

TEXT, FLAG, COUNT = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
MAYBE = {"type": ["string", "null"]}
POSITION = {"type": ["integer", "null"], "minimum": 1}
PLACE = {"path": MAYBE, "line": POSITION, "column": POSITION}


def whole(**properties: Any) -> dict[str, Any]:
    """An object with exactly these keys."""
    return {**closed(list(properties)), "properties": properties}


LIMIT = {
    "counter": TEXT, "max": {"type": "number"}, "window": {"type": ["string", "integer"]}, "sliding": FLAG,
    "scope": {"type": "array", "items": TEXT}, "sum": {"type": ["array", "null"]}, "optional": FLAG, "whole": FLAG,
    "step": {"type": "integer"},
}  # fmt: skip
DECIDED = whole(
    effect={"enum": ["allow", "deny", "approve"]}, rule=MAYBE, **PLACE, reason=MAYBE, by=MAYBE, severity=MAYBE, hidden=FLAG,
    limits={"type": "array", "items": whole(rule=TEXT, **PLACE, reason=MAYBE, **LIMIT)},
)  # fmt: skip
HELD = whole(rule=TEXT, reason=MAYBE, shared_with={"type": "array", "items": TEXT}, **LIMIT)
CALL = closed(["tool", "arguments"], tool=TEXT, arguments={"type": "object"}, server=TEXT, context={"type": "object"})
CHANGE = whole(
    kind={"enum": list(KINDS)}, widening=FLAG, tool=MAYBE, whole=FLAG, valid=FLAG, witness=CALL,
    rows={"type": "array", "items": {"type": "array", "items": TEXT}},
    old={"anyOf": [DECIDED, {"type": "null"}]}, new={"anyOf": [DECIDED, {"type": "null"}]},
    limits={"type": "array", "items": whole(
        old={"anyOf": [HELD, {"type": "null"}]}, new={"anyOf": [HELD, {"type": "null"}]}, same_counter=FLAG,
    )},
)  # fmt: skip
POLICY = whole(
    name=TEXT, old_name=MAYBE, status={"enum": ["compared", "new", "gone"]}, equivalent=FLAG, widening=FLAG,
    changes={"type": "array", "items": CHANGE}, undecided={"type": "array", "items": whole(tool=TEXT, reason=TEXT)},
)  # fmt: skip
REPORT = whole(
    format={"const": "policyc-diff"}, version={"const": 1}, policyc=TEXT, old=TEXT, new=TEXT,
    summary=whole(
        policies=COUNT, equivalent=FLAG, widening=FLAG, changes=COUNT, widening_changes=COUNT, undecided=COUNT,
        kinds={"type": "object", "propertyNames": {"enum": list(KINDS)}, "additionalProperties": COUNT},
    ),
    policies={"type": "array", "items": POLICY},
)  # fmt: skip
