"""`explain`: the decision, what would have decided, and the way to it with the values that tests saw."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from policyc.diagnostics import Findings
from policyc.features.explain import MOST_NEXT, Explanation, explain
from policyc.features.explain_text import as_data, as_text
from policyc.frontends.dsl import read
from policyc.ir.facts import Facts, ToolFacts
from policyc.ir.model import Policy, Truth
from policyc.record import replace
from policyc.reference import Call, NotJson, decide
from policyc.source import Source
from tests.property import strategies

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
KNOWN = Facts({"charge": (("pay", ToolFacts("financial", "high")),)})


def policy_of(text: str) -> Policy:
    findings = Findings()
    (policy,) = read(Source("pay.policy", text), findings)
    return policy


def explained(tool: str, arguments: Any, facts: Facts = KNOWN, text: str = TEXT, context: Any = None) -> str:
    call = Call(tool, arguments, {"grant": "g1"} if context is None else context)
    return "\n".join(as_text(explain(policy_of(text), call, facts)))


def test_an_approved_call() -> None:
    assert (
        explained("charge", {"amount": 200, "currency": "usd"})
        == """\
decision  approve by charge.approve at pay.policy:6:3
because   args.amount > 100 is true: args.amount = 200
asks      finance
reserves  at most 30 calls per minute for each grant, counter charges  (charge.limit)
otherwise allow by charge.allow at pay.policy:3:4
otherwise deny by the default at pay.policy:2:1

call      charge {"amount": 200, "currency": "usd"}
context   {"grant": "g1"}

   allow   charge.allow at pay.policy:3:4: allows
   require charge.require at pay.policy:4:3: holds
       require true: args.currency in ["usd", "eur"]   [args.currency = "usd"]
   deny    charge.deny at pay.policy:5:3: does not apply
       when false: any of
         false     args.amount > 500   [args.amount = 200]
         false     args.note matches "(?i)secret"   [args.note is missing]
=> approve charge.approve at pay.policy:6:3: asks for approval
       when true: args.amount > 100   [args.amount = 200]
   limit   charge.limit at pay.policy:7:3: applies
   deny    category:destructive.deny at pay.policy:9:1: is not for this tool: the catalog says that charge is category:financial"""
    )


def test_an_undefined_test_is_said_to_count_against_the_call() -> None:
    text = explained("charge", {"currency": "usd"})
    assert "=> deny    charge.deny at pay.policy:5:3: denies (undefined counts against the call)" in text
    assert "because   args.amount > 500 is undefined: args.amount is missing" in text


def test_the_default_and_what_the_catalog_cannot_say() -> None:
    text = explained("other", {})
    assert "=> deny    category:destructive.deny" in text
    assert (
        "because   whether the rule is for this tool is undefined, which counts against the call: the catalog does not know other"
        in text
    )
    known = Facts({"other": (("pay", ToolFacts("read", "low")),)})
    told = explained("other", {}, known)
    assert told.startswith("decision  deny by the default at pay.policy:2:1\nbecause   no rule allows it\n")
    assert told.endswith("category:read\n5 more rules are for other tools")
    assert explained("t", {}, text="default allow").startswith(
        "decision  allow by the default at pay.policy:1:1\nbecause   no rule denies it"
    )


@pytest.mark.parametrize(
    ("condition", "arguments", "saw"),
    [
        ("args.a > 5", {"a": "12"}, 'undefined: args.a = "12", a string and not a number'),
        ("args.a in [1, true]", {"a": "1"}, 'undefined: args.a = "1", a string and not a number or a boolean'),
        ("args.a like \"x*\"", {"a": 5}, "undefined: args.a = 5, a number and not a string"),
        ("len(args.a) > 2", {"a": 5}, "undefined: args.a = 5, a number and not a string, an array or an object"),
        ("args.a contains 5", {"a": "5"}, 'undefined: args.a = "5", a string and not an array'),
        ("args.a > 5", {"a": None}, "undefined: args.a is null"),
        ("args.a.b.c > 5", {"a": {}}, "undefined: args.a.b is missing"),
        ("args.a.b.c > 5", {}, "undefined: args.a is missing"),
        ("args.a.b.c > 5", {"a": {"b": "x"}}, 'undefined: args.a.b = "x", a string and not an object'),
        ("args.a[1] > 5", {"a": [1]}, "undefined: args.a[1] is missing"),
        ("args.a[1] > 5", {"a": {"1": 1}}, 'undefined: args.a = {"1": 1}, an object and not an array'),
        ("not every args.a[*] > 5", {"a": [6, 3, 2]}, "false: args.a[1] = 3"),
        ("not every args.a[*].id > 5", {"a": [{"id": 6}, {}]}, "undefined: args.a[1].id is missing"),
        ("some args.a[*] == 5", {"a": [1, 5]}, "true: args.a[1] = 5"),
        ("not some args.a[*] == 5", {"a": [1, 2, 3]}, "false: none of 3 elements in args.a[*]"),
        ("every args.a[*] > 5", {"a": [6, 7]}, "true: all 2 elements in args.a[*]"),
        ("every args.a[*] > 5", {"a": []}, "true: args.a = [], without an element"),
        ("every args.a[*] > 5", {"a": "x"}, 'undefined: args.a = "x", a string and not an array'),
        ("every args.a[*] > 5", {"a": None}, "undefined: args.a is null, not an array"),
        ("every args.a[*] > 5", {}, "undefined: args.a is missing"),
        ("not every args.a[*][*] > 5", {"a": [[9], [9, 1]]}, "false: args.a[1][1] = 1"),
        ('args.a matches "x"', {"a": "\ud800"}, 'undefined: args.a = "\\ud800", which is not Unicode text'),
    ],
)  # fmt: skip
def test_what_a_test_saw(condition: str, arguments: Any, saw: str) -> None:
    text = explained("t", arguments, text=f"default allow on t {{ deny when {condition} }}")
    because = next(line for line in text.splitlines() if line.startswith("because"))
    assert because.endswith(f" is {saw}")


@pytest.mark.parametrize(
    ("condition", "arguments", "because"),
    [
        ("args.a > 1 and args.b > 1", {"a": 2, "b": 2}, ["args.a > 1 is true", "args.b > 1 is true"]),
        ("args.a > 1 or args.b > 1", {"a": 2, "b": 2}, ["args.a > 1 is true"]),
        ("not (args.a > 1 or args.b > 1)", {"a": 0, "b": 1}, ["args.a > 1 is false", "args.b > 1 is false"]),
        ("not (args.a > 1 and args.b > 1)", {"a": 2, "b": 1}, ["args.b > 1 is false"]),
        ("args.a > 1 or args.b > 1 or args.c > 1", {"a": 0}, ["args.b > 1 is undefined", "args.c > 1 is undefined"]),
        ("true or args.a > 1", {}, []),
    ],
)
def test_the_tests_that_made_a_decision(condition: str, arguments: Any, because: list[str]) -> None:
    text = explained("t", arguments, text=f"default allow on t {{ deny when {condition} }}")
    told = [line for line in text.splitlines() if line.startswith("because")]
    assert [line.removeprefix("because").strip().split(":")[0] for line in told] == because


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("30 per minute", "at most 30 calls per minute for each grant, counter t.limit"),
        ("1 per 90 seconds sliding by user, grant", "at most 1 call in any 90 seconds for each user and grant, counter t.limit"),
        ("30 step 5 per day by global as c", "adds 5 to c, at most 30 per day over all calls"),
        ("sum args.amount <= 1_000_000 per day as daily", "adds args.amount (12000) to daily, at most 1000000 per day for each grant"),
        ("sum args.amount <= 1e6 per day as daily", "adds args.amount (12000) to daily, at most 1000000 per day for each grant"),
        ("sum args.amount <= 2.5 per 1 seconds as daily", "adds args.amount (12000) to daily, at most 2.5 per second for each grant"),
        ("sum whole args.half <= 9 per day as daily", "adds args.half (2) to daily, at most 9 per day for each grant"),
        ("sum args.none? <= 9 per day as daily", "adds args.none (0) to daily, at most 9 per day for each grant"),
    ],
)  # fmt: skip
def test_limits_in_words(limit: str, words: str) -> None:
    arguments = {"amount": 12000, "half": 2.75}
    text = explained(
        "t", arguments, text=f"default allow on t {{ limit {limit} }}", context={"grant": "g", "user": "u"}
    )
    assert f"reserves  {words}  (t.limit)\n" in text
    assert "a gateway denies" not in text


def test_a_limit_that_counts_by_what_the_context_lacks() -> None:
    text = explained("t", {}, text="default allow on t { limit 5 per day by user, server }", context={"user": ""})
    assert "reserves    the context has no user, server: a gateway denies the call" in text


def test_an_amount_that_cannot_be_read() -> None:
    text = explained("t", {"amount": "12"}, text="default allow on t { limit sum args.amount <= 5 per day }")
    assert (
        'because   the amount that the limit adds up cannot be read: args.amount = "12", a string and not a number'
        in text
    )


@pytest.mark.parametrize(
    ("selector", "server", "why"),
    [
        ('server "b"', "a", "the call is on server a"),
        ("b/t", "a", "the call is on server a"),
        ("severity:critical", None, "the catalog says that t is severity:low or severity:high"),
        ("hint:readOnly and server \"a\"", "a", "the catalog does not give t hint:readOnly"),
        ("not category:read", "a", "the catalog says that t is category:read"),
        ("category:execute, severity:critical", "b", "the catalog says that t is category:write and the catalog says that t is severity:high"),
    ],
)  # fmt: skip
def test_why_a_rule_is_not_for_the_tool(selector: str, server: str | None, why: str) -> None:
    facts = Facts({"t": (("a", ToolFacts("read", "low")), ("b", ToolFacts("write", "high")))})
    call = Call("t", {}, {}, server)
    lines = as_text(explain(policy_of(f"default allow deny {selector} id r"), call, facts))
    assert lines[-1] == f"   deny    r at pay.policy:1:15: is not for this tool: {why}"


@pytest.mark.parametrize(
    ("selector", "why"),
    [
        ("category:read", "the call names no server, and the catalog says different things of t on a and b"),
        ('server "b"', "the call names no server, and the catalog has the tool on a and b"),
        ("category:read and not other", "the call names no server, and the catalog says different things of t on a and b"),
    ],
)  # fmt: skip
def test_why_nobody_can_say_whether_a_rule_is_for_the_tool(selector: str, why: str) -> None:
    facts = Facts({"t": (("a", ToolFacts("read", "low")), ("b", ToolFacts("write", "high")))})
    text = "\n".join(as_text(explain(policy_of(f"default allow deny {selector}"), Call("t"), facts)))
    assert f"undefined, which counts against the call: {why}" in text


def test_many_that_would_have_decided_are_counted() -> None:
    text = explained("t", {}, text="default allow on t { " + " ".join(f"deny id r{i}" for i in range(12)) + " }")
    assert text.count("otherwise deny by r") == 5
    assert "otherwise 6 more rules, at last allow by the default at pay.policy:1:1" in text
    long = explained("t", {}, text="default allow on t { " + " ".join(f"deny id r{i}" for i in range(150)) + " }")
    assert f"otherwise {MOST_NEXT - 5} more rules, and more" in long


def test_odd_values_stay_on_one_line_and_short() -> None:
    text = explained("charge", {"amount": "\x1b[31m\n" + "x" * 5000, "currency": ["usd"]})
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) < 260
    assert json.dumps("\x1b[31m\n")[:-1] in text


def test_json_has_the_same_facts() -> None:
    call = Call("charge", {"amount": 200, "currency": "usd"}, {})
    data = json.loads(json.dumps(as_data(explain(policy_of(TEXT), call, KNOWN))))
    assert (data["format"], data["version"], data["policy"]) == ("policyc-explanation", 1, "pay")
    decision = data["decision"]
    assert (decision["effect"], decision["rule"], decision["by"]) == ("approve", "charge.approve", "finance")
    assert decision["because"][0]["seen"] == {"path": "args.amount", "value": 200, "text": "args.amount = 200"}
    assert decision["limits"][0]["counter"] == "charges" and decision["limits"][0]["lacks"] == ["grant"]
    assert [(o["effect"], o["rule"]) for o in data["otherwise"]] == [("allow", "charge.allow"), ("deny", None)]
    rules = {rule["rule"]: rule for rule in data["rules"]}
    assert rules["category:destructive.deny"]["why"] == "the catalog says that charge is category:financial"
    assert [name for name, rule in rules.items() if rule["applies"]] == [
        "charge.allow",
        "charge.approve",
        "charge.limit",
    ]
    assert rules["charge.deny"]["when"]["kind"] == "any of"
    assert rules["charge.deny"]["when"]["items"][1]["seen"]["missing"] is True
    assert [name for name, rule in rules.items() if rule["decides"]] == ["charge.approve"]


# --- on random policies and calls ----------------------------------------------------------------------------------


def _explanations(seed: int) -> list[Explanation]:
    rng, out = random.Random(seed), []
    while len(out) < 1500:
        policy, facts = strategies.random_policy(rng), strategies.random_facts(rng)
        for _ in range(10):
            call = strategies.random_call(rng, policy)
            try:
                out.append(explain(policy, call, facts))
            except NotJson:
                continue
            assert out[-1].outcome == decide(policy, call, facts)
            rest, outcome = policy, out[-1].outcome
            for following in out[-1].next:
                rest = replace(rest, rules=tuple(r for r in rest.rules if r is not outcome.rule))
                outcome = decide(rest, call, facts)
                assert (following.effect, following.rule) == (outcome.effect, outcome.rule)
            assert outcome.rule is None, "the last one is the default's"
    return out


def test_the_next_to_decide_are_the_references_and_what_is_told_can_be_printed() -> None:
    for found in _explanations(50):
        lines = as_text(found)
        assert lines[0].startswith(f"decision  {found.outcome.effect} by ")
        data = as_data(found)
        json.dumps(data)
        assert sum(rule["decides"] for rule in data["rules"]) == (found.outcome.rule is not None)
        for rule in found.rules:
            if rule.applies:
                assert rule.selects is not Truth.FALSE


def test_rules_that_change_nothing_are_not_said_to_apply() -> None:
    """Without a rule that is said not to apply, the decision is the same."""
    changed = 0
    for found in _explanations(51)[:600]:
        facts_free = [r for r in found.rules if r.why is None]
        for rule in facts_free:
            if not rule.applies and all(r.selects is Truth.TRUE for r in found.rules):
                rest = replace(found.policy, rules=tuple(r.rule for r in found.rules if r is not rule))
                assert decide(rest, found.call).effect == found.outcome.effect
                changed += 1
    assert changed > 100
