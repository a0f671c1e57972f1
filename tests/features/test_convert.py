"""One policy in another syntax: how it looks, and the corners where a spelling could change the meaning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policyc.diagnostics import Findings
from policyc.features.convert import ConvertError, to_document, to_dsl, to_json, to_yaml
from policyc.frontends.load import read_policies
from policyc.ir.model import AnyTool, Const, Limit, Not, Policy, Rule, Test, ToolGlob, ToolName, Truth
from policyc.ir.model import Path as ArgPath
from policyc.ir.names import assign_ids
from policyc.reference import Call, decide
from policyc.source import Source

ROOT = Path(__file__).parents[2]
X, A = ToolName("x"), ArgPath("args", ("a",))


def read(text: str, path: str = "a.policy") -> Policy:
    findings = Findings()
    (policy,) = read_policies(Source(path, text), findings)
    assert not findings.items
    return policy


def made(*rules: Rule, default: str = "deny") -> Policy:
    return Policy("p", "deny" if default == "deny" else "allow", assign_ids(rules))


def meaning(policy: Policy) -> list[tuple[str, object, object, object, object, bool]]:
    return [(r.id, r.selector, r.when, r.condition, r.limit, r.implied) for r in policy.rules]


def decided(policy: Policy) -> list[tuple[str, str | None]]:
    """What is decided of a few calls, and by which rule."""
    outcomes = [decide(policy, Call("x", {"a": a})) for a in (1, 2, 3, None)]
    return [(o.effect, o.rule.id if o.rule else None) for o in outcomes]


LANGUAGE_EXAMPLE = """policy "stripe-support"
default deny

hide  delete_customer, transfer_*
allow category:read
deny  category:destructive  "destructive tools are off limits"

on create_charge {
  require args.currency in ["usd", "eur"]  "only USD and EUR"
  deny    when args.amount > 50_000        "a single charge may not exceed $500.00"
  approve when args.amount > 10_000        by "finance"
  limit   30 per minute by grant as create_charge_rate
  limit   sum args.amount <= 1_000_000 per day by grant as daily_spend
}

deny github/push_files when args.branch in ["main", "master"] or args.branch like "release/*"

on server "github" { require every args.reviewers[*] matches r"^[a-z0-9-]+$" }
on * { limit 60 per minute by grant }
"""


def test_the_languages_example_is_written_as_a_person_would() -> None:
    assert to_dsl(read(LANGUAGE_EXAMPLE)) == LANGUAGE_EXAMPLE


@pytest.mark.parametrize("example", sorted(p.name for p in (ROOT / "examples").glob("*.policy")))
def test_examples_read_and_convert(example: str) -> None:
    source = Source(example, (ROOT / "examples" / example).read_text(encoding="utf-8"))
    findings = Findings()
    policies = read_policies(source, findings)
    assert policies and not findings.items
    for policy in policies:
        assert meaning(read(to_dsl(policy))) == meaning(policy)
        assert read(to_json(policy), "a.json").name == policy.name


def test_a_document_in_its_usual_layout() -> None:
    policy = read(
        'policy p\ndescription "d"\ndefault deny\nhide a, b*\nallow c when args.a == 1\n'
        'on x { require args.a > 1 "why" deny when exists args.b approve by "who" limit 3 per day }\n'
        'on y { deny "never" id n severity low }\non * { limit 9 per hour by grant, user }'
    )
    document = to_document(policy)
    assert list(document) == ["version", "name", "description", "default", "hide", "allow", "tools", "all_tools"]
    assert document["hide"] == ["a, b*"]
    assert document["allow"] == [
        {"select": "c", "when": {"path": "args.a", "op": "eq", "value": 1, "missing": "deny", "wrong_type": "deny"}}
    ]
    assert document["tools"]["y"] == {"deny": {"reason": "never", "id": "n", "severity": "low"}}
    assert list(document["tools"]["x"]) == ["require", "deny_if", "approve", "limits"]
    assert document["tools"]["x"]["approve"] == {"by": "who"}
    assert document["all_tools"] == {"limits": [{"window": "hour", "max": 9, "scope": ["grant", "user"]}]}


def test_alternating_requires_and_denies_keep_their_order() -> None:
    policy = read("policy p default deny\non x { require args.a == 1 deny when args.a == 2 require args.a == 3 deny }")
    document = to_document(policy)
    assert "tools" not in document  # an entry without its outright `deny` would allow the tool
    assert meaning(read(to_json(policy), "a.json")) == meaning(policy)
    policy = read(
        "policy p default deny\non x { require args.a == 1 deny when args.a == 2 require args.a == 3 limit 1 per day }"
    )
    document = to_document(policy)
    assert list(document["tools"]["x"]) == ["require", "deny_if", "limits"]
    assert [r["effect"] for r in document["rules"]] == ["require"]
    assert decided(read(to_json(policy), "a.json")) == decided(policy)


def test_an_allow_at_the_top_opens_no_more_than_it_says() -> None:
    policy = read("policy p default deny\nallow x when args.a == 1\nlimit x: 1 per day")
    document = to_document(policy)
    assert "tools" not in document
    for text, path in ((to_json(policy), "a.json"), (to_yaml(policy), "a.yaml"), (to_dsl(policy), "a.policy")):
        assert sorted(map(repr, meaning(read(text, path)))) == sorted(map(repr, meaning(policy)))


def test_a_block_of_another_kind_is_not_written_where_it_would_allow() -> None:
    """Rules for one exact tool of a policy that does not allow it stand at the top."""
    text = to_dsl(
        made(
            Rule("", "limit", X, limit=Limit("", 5, "day", named=False)), Rule("", "require", X, condition=Const(True))
        )
    )
    assert "on x" not in text and "limit   x: 5 per day by grant" in text
    assert not any(r.implied for r in read(text).rules)


def test_closing_rules_of_one_tool_stay_with_its_block() -> None:
    rules = (
        Rule("", "allow", X, when=Const(False)),
        Rule("", "deny", AnyTool(), when=Const(False)),
        Rule("", "limit", X, limit=Limit("", 5, "day", named=False)),
        Rule("", "require", X, condition=Const(True)),
    )
    assert meaning(read(to_dsl(made(*rules)))) == meaning(made(*rules))


def test_an_implied_allow_beside_an_outright_deny() -> None:
    rules = (Rule("", "allow", X, implied=True), Rule("", "deny", X), Rule("", "allow", X, when=Const(True)))
    policy = made(*rules)
    assert meaning(read(to_dsl(policy))) == meaning(policy)
    assert sorted(map(repr, meaning(read(to_json(policy), "a.json")))) == sorted(map(repr, meaning(policy)))


def test_rules_before_the_implied_allow_stay_before_it() -> None:
    limit = Limit("", 5, "day", named=False)
    rules = (
        Rule("", "allow", X, when=Const(False)),
        Rule("", "limit", X, limit=limit),
        Rule("", "allow", X, implied=True),
    )
    assert meaning(read(to_dsl(made(*rules)))) == meaning(made(*rules))


def test_sections_do_not_change_which_rule_is_reported() -> None:
    """Two selectors of one width: the one written first is asked first, although its neighbour is also allowed."""
    one, two = ToolGlob("a?"), ToolGlob("?b")
    policy = made(Rule("", "deny", one, reason="one"), Rule("", "deny", two, reason="two"), Rule("", "allow", two))
    for text, path in ((to_json(policy), "a.json"), (to_yaml(policy), "a.yaml"), (to_dsl(policy), "a.policy")):
        decider = decide(read(text, path), Call("ab")).rule
        assert decider is not None and decider.reason == "one"


@pytest.mark.parametrize("missing", [Truth.FALSE, Truth.UNDEFINED])
@pytest.mark.parametrize("mistyped", [Truth.FALSE, Truth.UNDEFINED])
def test_what_a_test_does_without_its_operand_is_kept(missing: Truth, mistyped: Truth) -> None:
    policy = made(Rule("", "deny", AnyTool(), when=Not(Test(A, "in", (1, "a"), missing, mistyped))))
    for text, path in ((to_json(policy), "a.json"), (to_yaml(policy), "a.yaml"), (to_dsl(policy), "a.policy")):
        assert meaning(read(text, path)) == meaning(policy)


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "null", "~", "1.0", "0x1f", "0o17", "1_000", "2024-01-01", "a: b", "a #b", "- a", "[a]", "{a}", "*a", "&a", "!a", "@a",
     "", " a", "a ", "a:", "a\nb", "\x85", "\u2028", "\ufeff", "é😀", '"', "'", "\\", "%a", "a,b", "?", "y", "=", "<<"],
)  # fmt: skip
def test_every_text_survives_every_syntax(text: str) -> None:
    policy = made(Rule("", "deny", ToolName(text or "x"), when=Test(A, "==", text), reason=text))
    for written, path in ((to_json(policy), "a.json"), (to_yaml(policy), "a.yaml"), (to_dsl(policy), "a.policy")):
        assert [
            (r.selector, r.when.value, r.reason) for r in read(written, path).rules if isinstance(r.when, Test)
        ] == [(ToolName(text or "x"), text, text)]


@pytest.mark.parametrize(
    "number", [0, -1, 9999, 10_000, -50_000, 2**53 + 1, 10**40, 0.1, 1e16, 1e300, 5e-324, -0.0, 1.0, 123456789.25]
)
def test_every_number_survives_every_syntax(number: float) -> None:
    policy = made(Rule("", "deny", X, when=Test(A, "==", number)))
    for written, path in ((to_json(policy), "a.json"), (to_yaml(policy), "a.yaml"), (to_dsl(policy), "a.policy")):
        (test,) = [r.when for r in read(written, path).rules]
        assert isinstance(test, Test) and repr(test.value) == repr(number)


def test_what_cannot_be_written_is_said() -> None:
    with pytest.raises(ConvertError, match="lone surrogate"):
        to_yaml(made(Rule("", "deny", X, when=Test(A, "==", "\ud800"))))
    with pytest.raises(ConvertError, match="greater than 0"):
        to_dsl(made(Rule("", "limit", X, limit=Limit("c", 0, "day", A))))
    with pytest.raises(ConvertError, match="when its operand is missing"):
        to_json(made(Rule("", "deny", X, when=Test(A, "==", 1, Truth.TRUE))))


def test_a_limit_of_no_calls_stays_one() -> None:
    limit = read(to_dsl(made(Rule("", "limit", AnyTool(), limit=Limit("c", 0, "day"))))).rules[0].limit
    assert limit is not None and limit.step > limit.maximum


def test_json_is_json_and_keeps_the_order_of_keys() -> None:
    policy = read(LANGUAGE_EXAMPLE)
    text = to_json(policy)
    assert json.loads(text) == to_document(policy)
    assert list(json.loads(text)["tools"]) == list(to_document(policy)["tools"])


def test_long_statements_are_broken() -> None:
    values = ", ".join(f'"value number {i}"' for i in range(40))
    policy = read(
        f'policy p default deny\ndeny x when args.a in [{values}] and args.b like "*" or args.c == "{"x" * 60}" "{"why " * 20}"'
    )
    text = to_dsl(policy)
    assert max(map(len, text.split("\n"))) <= 120
    assert meaning(read(text)) == meaning(policy)
