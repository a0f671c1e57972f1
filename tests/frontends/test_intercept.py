"""Intercept v1 YAML: that proxy's meaning, its validation, and what about it is told as a surprise."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import pytest

from policyc import reference
from policyc.diagnostics import Finding, Findings
from policyc.frontends import load
from policyc.frontends.intercept_values import go_print, go_value
from policyc.ir.model import Limit, Path, Policy, Test, ToolName, Truth
from policyc.source import Source
from policyc.syntax import yaml_reader

SHARED = File(__file__).resolve().parents[2].parent / "shared" / "data" / "policies"


def load_text(text: str) -> tuple[list[Policy], list[Finding]]:
    findings = Findings()
    policies = load.read_policies(Source("shop.yaml", text), findings)
    return policies, findings.items


def policy_of(text: str) -> Policy:
    policies, found = load_text(text)
    assert policies, found
    return policies[0]


def with_condition(condition: str, extra: str = "") -> str:
    return f'version: "1"\ndefault: deny\ntools:\n  t:\n    rules:\n    - name: r\n      conditions:\n      - {condition}\n{extra}'


def passes(condition: str, arguments: dict[str, Any]) -> bool:
    return reference.decide(policy_of(with_condition(condition)), reference.Call("t", arguments)).effect == "allow"


def slugs(text: str) -> list[tuple[str, str]]:
    return [(f.rule, f.span.text) for f in load_text(text)[1]]


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ("{path: args.x, op: eq, value: 1}", [1, 1.0, "1"], [2, "1.0", True, None, [1], {}]),
        ("{path: args.x, op: eq, value: 1000000}", [1000000, 1e6, "1000000"], ["1e+06", 1000001]),
        ("{path: args.x, op: eq, value: 1e6}", [1000000, "1e+06"], ["1000000"]),
        ("{path: args.x, op: eq, value: 1000000.0}", [1000000, "1e+06"], ["1000000"]),
        ('{path: args.x, op: eq, value: "1000000"}', ["1000000"], [1000000, 1e6]),
        ('{path: args.x, op: eq, value: "1e+06"}', ["1e+06", 1000000], ["1000000"]),
        ("{path: args.x, op: eq, value: true}", [True, "true"], [False, 1, "True"]),
        ("{path: args.x, op: eq, value: yes}", ["yes"], [True, "true"]),
        ("{path: args.x, op: eq, value: null}", [None, "<nil>"], ["", 0, False]),
        ("{path: args.x, op: eq, value: [1, a]}", [[1, "a"], "[1 a]"], [[1], "1 a"]),
        ("{path: args.x, op: eq, value: {b: 1, a: x}}", [{"a": "x", "b": 1}, "map[a:x b:1]"], [{}]),
        ("{path: args.x, op: neq, value: 1}", [2, "a", None, [1]], [1, "1", 1.0]),
        ("{path: args.x, op: in, value: [1, a, true]}", [1, "1", "a", True, "true"], [2, "b", None]),
        ("{path: args.x, op: not_in, value: [1, a]}", [2, "b", None, True], [1, "1", "a"]),
        ("{path: args.x, op: in, value: []}", [], [1, None, []]),
        ("{path: args.x, op: not_in, value: []}", [1, None, []], []),
        ("{path: args.x, op: lt, value: 5}", [4.9, -1], [5, "4", None, True]),
        ("{path: args.x, op: regex, value: 'b+'}", ["abc", "b"], ["a", 5, None]),
        ("{path: args.x, op: contains, value: b}", ["abc", ["a", "b"]], ["a", ["ab"], 5, {"b": 1}]),
        ("{path: args.x, op: contains, value: '1'}", ["a1", ["1"], [1], [1.0]], [1, ["01"], [[1]]]),
        ("{path: args.x, op: contains, value: 1}", [[1], ["1"], [2, 1.0]], ["1", "a1", 1, []]),
        ("{path: args.x, op: contains, value: true}", [[True], ["true"]], ["true", [1]]),
        ("{path: args.x, op: contains, value: null}", [[None], ["<nil>"]], ["<nil>", None]),
        ("{path: args.x, op: exists, value: true}", [1, "", False, []], [None]),
        ("{path: args.x, op: exists, value: false}", [None], [1, ""]),
        ("{path: args.x, op: eq, value: 010}", [8, "8"], [10, "010"]),
        ("{path: args.x, op: eq, value: 1_000}", [1000, "1000"], ["1_000"]),
        ("{path: args.x, op: eq, value: 0b11}", [3], ["0b11"]),
        ("{path: args.x, op: eq, value: '010'}", ["010"], [8, 10]),
    ],
)  # fmt: skip
def test_operators(condition: str, good: list[Any], bad: list[Any]) -> None:
    assert [x for x in good if not passes(condition, {"x": x})] == []
    assert [x for x in bad if passes(condition, {"x": x})] == []
    assert passes(condition, {}) == ("exists, value: false" in condition)


def test_paths_are_keys_between_dots() -> None:
    condition = "{path: 'args.a[0].b', op: eq, value: x}"
    assert passes(condition, {"a[0]": {"b": "x"}})
    assert not passes(condition, {"a": [{"b": "x"}]})
    assert not passes("{path: args.a, op: eq, value: x}", {"b": "x"})
    assert passes("{path: args., op: eq, value: x}", {"": "x"})


def test_conditions_of_one_rule_are_joined_and_reasons_kept() -> None:
    policy = policy_of(
        'version: "1"\ntools:\n  t:\n    rules:\n    - name: both\n      on_deny: "no"\n      conditions:\n'
        "      - {path: args.a, op: gt, value: 1}\n      - {path: args.b, op: eq, value: x}\n    - {name: never, action: deny}\n"
    )
    both, never = policy.rules
    assert (both.id, both.effect, both.reason, both.named) == ("both", "require", "no", True)
    assert (never.id, never.effect, never.reason) == ("never", "deny", 'Denied by rule "never"')
    assert both.route == "tools.t.rules[0]" and both.span is not None and both.span.text.startswith("name: both")
    a = both.condition.items[0]  # type: ignore[union-attr]
    assert a == Test(Path("args", ("a",)), ">", 1, Truth.FALSE, Truth.FALSE)
    assert a.span is not None and a.span.text == "{path: args.a, op: gt, value: 1}"
    assert (
        a.value_span is not None
        and a.value_span.text == "1"
        and a.path.span is not None
        and a.path.span.text == "args.a"
    )


def test_limits() -> None:
    policy = policy_of(
        """
version: "1"
tools:
  pay:
    rules:
    - name: budget
      conditions:
      - {path: state.pay.spend, op: lt, value: 1000.9}
      - {path: args.to, op: eq, value: x}
      state: {counter: spend, window: day, increment_from: args.a.b}
    - {name: calls, rate_limit: 5/hour}
    - name: steps
      conditions: [{path: state.pay.n, op: lte, value: 9}]
      state: {counter: n, window: minute, increment: 3}
  "*":
    rules:
    - {name: all, rate_limit: 60/minute, on_deny: slow}
"""
    )
    allow, require, budget, calls, steps, everything = policy.rules
    assert allow.implied and require.id == "budget" and require.condition is not None
    assert (budget.id, budget.reason) == ("budget.limit", "Rate limit exceeded for budget")
    assert budget.limit == Limit(
        "pay.spend", 999, "day", amount=Path("args", ("a", "b")), whole=True, scope=("global",)
    )
    assert calls.limit == Limit("pay._rate_hour", 5, "hour", scope=("global",))
    assert calls.reason == "Rate limit of 5 per hour reached. Try again later."
    assert steps.limit == Limit("pay.n", 9, "minute", step=3, scope=("global",))
    assert (
        everything.limit == Limit("_global._rate_minute", 60, "minute", scope=("global",))
        and everything.reason == "slow"
    )


def test_other_conditions_on_counters_pass_where_there_are_none() -> None:
    policy = policy_of(
        'version: "1"\ntools:\n  t:\n    rules:\n    - name: r\n      conditions: [{path: state.t.c, op: gte, value: 2}]\n'
        "      state: {counter: c, window: day}\n"
    )

    def effect(context: dict[str, Any]) -> str:
        return reference.decide(policy, reference.Call("t", {}, context)).effect

    assert effect({}) == "allow"
    assert effect({"state": {}}) == "deny"
    assert effect({"state": {"state.t.c": 1}}) == "deny"
    assert effect({"state": {"state.t.c": 2}}) == "allow"


def test_a_counter_that_never_counts_still_wants_its_amount() -> None:
    policy = policy_of(
        'version: "1"\ntools:\n  t:\n    rules:\n    - name: r\n      conditions: [{path: args.a, op: exists, value: true}]\n'
        "      state: {counter: c, window: day, increment_from: args.a}\n"
    )
    assert reference.decide(policy, reference.Call("t", {"a": 5})).effect == "allow"
    outcome = reference.decide(policy, reference.Call("t", {"a": "5"}))
    assert outcome.effect == "deny" and outcome.rule is not None and outcome.rule.reason == "Internal policy error"


def test_names_need_not_be_unique() -> None:
    policy = policy_of(
        'version: "1"\ntools:\n  a:\n    rules: [{name: n, rate_limit: 1/day}]\n  b:\n    rules: [{name: n, rate_limit: 1/day}]\n'
    )
    ids = [r.id for r in policy.rules if not r.implied]
    assert ids == ["a.n", "b.n"]


@pytest.mark.parametrize(
    "tools", ["tools:\n  t:\n    rules:\n", "tools:\n  t:\n    rules: null\n", "tools:\n  t: {rules: []}\n"]
)
def test_no_rules_are_fine(tools: str) -> None:
    policy = policy_of(f'version: "1"\ndefault: deny\n{tools}')
    assert [(r.effect, r.selector) for r in policy.rules] == [("allow", ToolName("t"))]


@pytest.mark.parametrize("tools", ["tools: {}", "tools:", "tools: {t: }", "hide: [a]"])
def test_no_tools_are_fine(tools: str) -> None:
    from policyc.frontends import intercept

    source, findings = Source("x.yaml", f"version: 1\n{tools}"), Findings()
    tree = yaml_reader.read(source, findings)
    assert tree is not None and intercept.read(tree, source, findings) is not None and not findings.items


def test_hide_is_by_exact_name_and_reported_with_its_words() -> None:
    policy = policy_of('version: "1"\nhide: ["a*", b]\ntools: {t: {rules: []}}\n')
    assert not reference.visible(policy, "b") and reference.visible(policy, "abc")
    outcome = reference.decide(policy, reference.Call("a*"))
    assert outcome.hidden and outcome.rule is not None and outcome.rule.reason == 'Tool "a*" is hidden by policy'


@pytest.mark.parametrize(
    ("condition", "rule", "text"),
    [
        ("{path: foo.x, op: eq, value: x}", "invalid-path", "foo.x"), ("{op: eq, value: x}", "invalid-path", "{"),
        ("{path: args.x, op: eqq, value: x}", "invalid-value", "eqq"), ("{path: args.x, op: in, value: a}", "wrong-type", "a"),
        ("{path: args.x, op: lt, value: '5'}", "wrong-type", "'5'"), ("{path: args.x, op: lt}", "wrong-type", "{"),
        ("{path: args.x, op: exists, value: yes}", "wrong-type", "yes"), ("{path: args.x, op: regex, value: 5}", "wrong-type", "5"),
        ("{path: args.x, op: regex, value: 'a('}", "invalid-regex", "a("), ("{path: args.x, op: regex, value: '(?!a)'}", "regex-not-portable", "(?!"),
        ("{path: args.x, op: lte, value: 9007199254740992}", "invalid-value", "9007199254740992"),
        ("{path: args.x, op: in, value: [a, 1e16]}", "invalid-value", "1e16"),
        ("{path: args.x, op: eq, value: 2024-01-01}", "invalid-value", "2024-01-01"),
        ("{path: state.t.nope, op: gt, value: 5}", "invalid-value", "state.t.nope"), ("{path: [x], op: eq, value: x}", "wrong-type", "["),
        ("5", "wrong-type", "5"),
    ],
)  # fmt: skip
def test_faults_of_conditions(condition: str, rule: str, text: str) -> None:
    policies, found = load_text(with_condition(condition))
    assert policies == []
    assert (rule, text) in [(f.rule, f.span.text) for f in found]


@pytest.mark.parametrize(
    ("rule", "slug", "text"),
    [
        ("{rate_limit: 5/hour}", "invalid-value", "{"), ("{name: n}", "invalid-value", "{"), ("{name: n, action: allow}", "invalid-value", "allow"),
        ("{name: n, rate_limit: 5}", "invalid-limit", "5"), ("{name: n, rate_limit: 5/week}", "invalid-window", "5/week"),
        ("{name: n, rate_limit: 0/day}", "invalid-limit", "0/day"), ("{name: n, action: deny, rate_limit: 5/day}", "invalid-value", "5/day"),
        ("{name: n, action: deny, conditions: [{path: args.x, op: eq, value: y}]}", "invalid-value", "["),
        ("{name: n, action: deny, state: {counter: '', window: day}}", "invalid-value", "''"),
        ("{name: n, action: deny, state: {counter: c, window: week}}", "invalid-window", "week"),
        ("{name: n, action: deny, state: {counter: c, window: day, increment_from: x}}", "invalid-path", "x"),
        ("{name: n, action: deny, state: {counter: c, window: day, increment: -1}}", "invalid-limit", "-1"),
        ("{name: n, action: deny, state: {counter: c, window: day, increment: '5'}}", "wrong-type", "'5'"),
        ("{name: n, action: deny, state: [c]}", "wrong-type", "["), ("{name: n, action: deny, conditions: 5}", "wrong-type", "5"),
        ("[]", "wrong-type", "["),
    ],
)  # fmt: skip
def test_faults_of_rules(rule: str, slug: str, text: str) -> None:
    policies, found = load_text(f'version: "1"\ntools:\n  t:\n    rules:\n    - {rule}\n')
    assert policies == []
    assert (slug, text) in [(f.rule, f.span.text) for f in found]


def test_faults_of_the_policy() -> None:
    assert slugs("version: '2'\ntools: {t: {rules: []}}") == [("unsupported-version", "'2'")]
    assert slugs("tools: {t: {rules: []}}") == [("unsupported-version", "t")]
    assert slugs("version: '1'\ndefault: dney\ntools: {t: {rules: []}}") == [("invalid-value", "dney")]
    assert slugs("version: '1'\nhide: [a, '', a]\ntools: {t: {rules: []}}") == [
        ("invalid-value", "''"),
        ("invalid-value", "a"),
    ]
    assert slugs("version: '1'\nhide: a\ntools: {t: {rules: []}}") == [("wrong-type", "a")]
    assert slugs("version: '1'\ntools: {t: {rules: {}}}") == [("wrong-type", "{")]
    assert slugs("version: '1'\ntools: {t: {rules: []}, u: 5}") == [("wrong-type", "5")]
    twice = "version: '1'\ntools: {t: {rules: [{name: a, rate_limit: 1/day}, {name: b, rate_limit: 2/day}]}}"
    assert [s for s, _ in slugs(twice) if not s.startswith("intercept")] == ["invalid-value"]


def test_numbers_where_texts_are_expected_are_read_as_that_library_reads_them() -> None:
    policy = policy_of("version: 1\ndescription: 5\ntools: {t: {rules: [{name: 7, rate_limit: 1/day}]}}")
    assert policy.description == "5" and policy.rules[1].id == "7"
    assert slugs("version: 1.0\ntools: {t: {rules: []}}") == [("unsupported-version", "1.0")]


def test_an_operator_by_another_name() -> None:
    text = "version: '1'\ntools: {t: {rules: [{name: n, conditions: [{path: args.a, op: greater, value: 5}]}]}}"
    _, found = load_text(text)
    assert [f.help for f in found if f.rule == "invalid-value"] == ["did you mean `gt`?"]


# --- surprises ---------------------------------------------------------------------------------------------------------


def test_ignored_keys_are_told() -> None:
    text = "version: '1'\ndefualt: deny\nx-notes: fine\ntools: {t: {rules: [{name: n, on_denny: x, rate_limit: 1/day}], require: []}}"
    policies, found = load_text(text)
    assert policies[0].default == "allow"
    told = {f.span.text: f for f in found if f.rule == "intercept-ignored-key"}
    assert set(told) == {"defualt", "on_denny", "require"}
    assert told["defualt"].help == "did you mean `default`?" and "not listed are allowed" in told["defualt"].message
    assert told["on_denny"].edits[0].text == "on_deny"


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{path: args.x, op: eq, value: '1'}", True), ("{path: args.x, op: neq, value: 'true'}", True), ("{path: args.x, op: in, value: [a, '2.5']}", True),
        ("{path: args.x, op: eq, value: 1}", True), ("{path: args.x, op: neq, value: 1}", False), ("{path: args.x, op: eq, value: true}", False),
        ("{path: args.x, op: eq, value: usd}", False), ("{path: args.x, op: in, value: [usd, eur]}", False), ("{path: args.x, op: eq, value: '01'}", False), ("{path: args.x, op: eq, value: '1000000'}", False),
        ("{path: args.x, op: eq, value: '1e+06'}", True), ("{path: args.x, op: eq, value: '1.50'}", False),
    ],
)  # fmt: skip
def test_string_equality_is_told_where_it_matters(condition: str, told: bool) -> None:
    """`01`, `1.50` and `1000000` are texts that no number prints as."""
    found = slugs(with_condition(condition))
    assert [s for s, _ in found] == (["intercept-string-equality"] if told else [])


def test_counters_are_told() -> None:
    base = "version: '1'\ntools:\n  t:\n    rules:\n    - name: r\n      conditions:\n      - {path: state.t.c, op: %s, value: 5}\n      state: {counter: c, window: day%s}\n%s"
    assert slugs(base % ("gte", "", "")) == [("intercept-limit-ignored", "c")]
    assert slugs(base % ("lt", "", "")) == [("intercept-unscoped-counter", "c")]
    assert [s for s, _ in slugs(base % ("lt", ", increment_from: args.a", ""))] == [
        "intercept-unscoped-counter",
        "intercept-negative-increment",
    ]
    guard = "    - {name: g, conditions: [{path: args.a, op: gte, value: 0}]}\n"
    assert [s for s, _ in slugs(base % ("lt", ", increment_from: args.a", guard))] == ["intercept-unscoped-counter"]
    two = (
        "version: '1'\ntools: {a: {rules: [{name: n, rate_limit: 1/day}]}, b: {rules: [{name: m, rate_limit: 1/day}]}}"
    )
    (finding,) = load_text(two)[1]
    assert "so is 1 more in this file" in finding.message


# --- printing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "printed"),
    [("1000000", "1000000"), ("1e6", "1e+06"), ("-0.0", "-0"), ("0.1", "0.1"), ("[1, 2.0, a, null]", "[1 2 a <nil>]"),
     ("{b: 1, a: true}", "map[a:true b:1]"), ("017", "15"), ("08", "8"), ("0o17", "15"), ("-0o17", "-15"), ("+5", "5"), ("1_0", "10"),
     (".5", "0.5"), ("1.", "1"), ("0x_1f", "31"), ("1e", "1e"), ("-", "-"), ("_1", "_1"), ("18446744073709551615", "18446744073709551615")],
)  # fmt: skip
def test_what_go_prints_for_a_yaml_value(text: str, printed: str) -> None:
    tree = yaml_reader.read(Source("x", f"k: {text}" if text != "-" else "k: '-'"), Findings())
    assert tree is not None
    assert go_print(go_value(tree.get("k"))) == printed  # type: ignore[union-attr, arg-type]


# --- real files --------------------------------------------------------------------------------------------------------


def real_files() -> list[File]:
    return sorted([*SHARED.glob("intercept/*.yaml"), *SHARED.glob("intercept-testdata/*.yaml")])


@pytest.mark.skipif(not real_files(), reason="the shared test data is not here")
@pytest.mark.parametrize("file", real_files(), ids=lambda file: file.name)
def test_real_files(file: File) -> None:
    findings = Findings()
    source = load.open_source(str(file), findings)
    assert source is not None
    policies = load.read_policies(source, findings)
    errors = [f.rule for f in findings.items if f.rule not in load.WARNING_RULES]
    if file.name == "invalid_policy.yaml":
        assert errors == ["syntax-error"] and not policies
    elif file.name == "invalid_schema.yaml":
        assert len(errors) == 15 and not policies
    else:
        assert not errors and len(policies) == 1 and policies[0].dialect == "intercept"
