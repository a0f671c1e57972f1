"""`explain`: the decision, and the way to it with the values that tests saw."""

from __future__ import annotations

import json

from policyc.diagnostics import Findings
from policyc.features.explain import render
from policyc.frontends.dsl import read
from policyc.ir.facts import Facts, ToolFacts
from policyc.reference import Call
from policyc.source import Source

TEXT = """policy "pay"
default deny
on charge {
  require args.currency in ["usd", "eur"]  "only USD and EUR"
  deny when args.amount > 500 or args.note? matches "(?i)secret"
  approve when args.amount > 100  by "finance"
  limit 30 per minute by grant as charges
}
deny category:destructive
"""


def explained(tool: str, arguments: object, facts: Facts | None = None) -> str:
    (policy,) = read(Source("pay.policy", TEXT), Findings())
    call = Call(tool, arguments, {"grant": "g1"})
    return "\n".join(render(policy, call, facts or Facts({"charge": (("pay", ToolFacts("financial", "high")),)})))


def test_an_approved_call() -> None:
    assert (
        explained("charge", {"amount": 200, "currency": "usd"})
        == """\
call      charge {"amount": 200, "currency": "usd"}
context   {"grant": "g1"}
decision  approve
decided by charge.approve at pay.policy:6:3
asks      finance
reserves  charge.limit: counter charges, at most 30 per minute by grant

   allow   charge.allow at pay.policy:3:4: allows
   require charge.require at pay.policy:4:3: holds
       require: true
         true      args.currency in ["usd", "eur"]   [saw "usd"]
   deny    charge.deny at pay.policy:5:3: does not apply
       when: false
         false     any of
           false     args.amount > 500   [saw 200]
           false     args.note matches "(?i)secret"   [saw nothing]
=> approve charge.approve at pay.policy:6:3: asks for approval
       when: true
         true      args.amount > 100   [saw 200]
   limit   charge.limit at pay.policy:7:3: applies
1 other rule does not reach this tool"""
    )


def test_an_undefined_test_is_said_to_count_against_the_call() -> None:
    text = explained("charge", {"currency": "usd"})
    assert "=> deny    charge.deny at pay.policy:5:3: denies (undefined counts against the call)" in text
    assert "undefined args.amount > 500   [saw nothing]" in text


def test_the_default_and_what_the_catalog_cannot_say() -> None:
    text = explained("other", {})
    assert "=> deny    category:destructive.deny" in text
    assert "whether it selects this tool is undefined" in text
    known = Facts({"other": (("pay", ToolFacts("read", "low")),)})
    assert "decided by the default, deny at pay.policy:2:1" in explained("other", {}, known)


def test_odd_values_stay_on_one_line_and_short() -> None:
    text = explained("charge", {"amount": "\x1b[31m\n" + "x" * 5000, "currency": ["usd"]})
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) < 260
    assert json.dumps("\x1b[31m\n")[:-1] in text
