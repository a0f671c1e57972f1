"""The policy document to IR: what each key becomes, and where each fault is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policyc import reference
from policyc.diagnostics import Finding, Findings
from policyc.frontends import load
from policyc.ir.model import (
    And,
    AnyTool,
    Const,
    Limit,
    Not,
    OnServer,
    Or,
    Path,
    Policy,
    Rule,
    Test,
    ToolGlob,
    ToolName,
    Truth,
)
from policyc.source import Source

FALSE, UNDEFINED = Truth.FALSE, Truth.UNDEFINED


def load_text(text: str, path: str = "shop.policy.json") -> tuple[list[Policy], list[Finding]]:
    findings = Findings()
    policies = load.read_policies(Source(path, text), findings)
    return policies, findings.items


def document(**keys: Any) -> dict[str, Any]:
    return {"version": "1", "default": "deny", **keys}


def policy_of(**keys: Any) -> Policy:
    policies, found = load_text(json.dumps(document(**keys)))
    assert not [f for f in found if f.rule not in load.WARNING_RULES], found
    return policies[0]


def rules_of(**keys: Any) -> list[Rule]:
    return [r for r in policy_of(**keys).rules if not r.implied]


def condition_of(**condition: Any) -> Any:
    (rule,) = rules_of(tools={"t": {"deny_if": [condition]}})
    return rule.when


def faults(text: str, path: str = "shop.policy.json") -> list[tuple[str, str, str]]:
    """Rule, the text it points at, and the sentence, of a document that does not compile."""
    policies, found = load_text(text, path)
    assert policies == []
    return [(f.rule, f.span.text, f.message) for f in found if f.rule not in load.WARNING_RULES]


def fault(**keys: Any) -> tuple[str, str, str]:
    (only,) = faults(json.dumps(document(**keys)))
    return only


def test_the_smallest_document() -> None:
    policy = policy_of()
    assert (policy.name, policy.default, policy.rules, policy.dialect) == ("shop", "deny", (), "document")
    assert policy.default_span is not None and policy.default_span.text == '"deny"'
    assert policy_of(name="n", description="d").name == "n"


def test_yaml_and_json_give_the_same_policy() -> None:
    keys = document(
        hide=["x"],
        tools={
            "t": {
                "require": [{"path": "args.a", "op": "in", "value": ["b", 1]}],
                "limits": [{"max": 3, "window": "day"}],
            }
        },
    )
    as_json, _ = load_text(json.dumps(keys))
    as_yaml, _ = load_text(
        'version: "1"\ndefault: deny\nhide: [x]\ntools:\n  t:\n    require:\n    - path: args.a\n      op: in\n'
        "      value: [b, 1]\n    limits:\n    - {max: 3, window: day}\n",
        "shop.policy.yaml",
    )
    assert as_json == as_yaml


def test_names_globs_and_selectors() -> None:
    rules = rules_of(hide=["a.b-c", "x_*", "*", 'server "gh"', "gh/push", "odd name", '"quoted/name"'])
    assert [r.selector for r in rules] == [
        ToolName("a.b-c"), ToolGlob("x_*"), AnyTool(), OnServer("gh"), ToolName("push", "gh"), ToolName("odd name"),
        ToolName("quoted/name"),
    ]  # fmt: skip
    assert [r.route for r in rules[:2]] == ["hide[0]", "hide[1]"]
    assert all(r.effect == "hide" for r in rules)


def test_a_misspelt_selector_is_no_tool_name() -> None:
    rule, text, message = fault(tools={"category:raed": {"deny": True}})
    assert rule == "invalid-value" and "raed" in text + message


def test_an_exact_entry_allows_its_tool_and_others_do_not() -> None:
    policy = policy_of(
        tools={
            "a": {},
            "b": {"deny": True},
            "c_*": {},
            "d": {"allow_if": [{"always": True}]},
            "e": {"allow": {"id": "x"}},
        }
    )
    assert [(r.id, r.implied) for r in policy.rules] == [
        ("a.allow", True), ("b.deny", False), ("d.allow", False), ("x", False),
    ]  # fmt: skip
    implied = policy.rules[0]
    assert implied.span is not None and implied.span.text == '"a"'
    assert policy.rules[3].named and not policy.rules[2].named


def test_entry_keys_become_rules_in_the_order_written() -> None:
    rules = rules_of(
        tools={
            "t": {
                "limits": [{"counter": "c", "max": 2, "window": "hour", "on_deny": "slow down", "severity": "low"}],
                "deny_if": [{"path": "args.a", "op": "gt", "value": 1, "on_deny": "no", "id": "cap"}],
                "require": [{"path": "args.b", "op": "eq", "value": "x"}],
                "approve_if": [{"path": "args.c", "op": "eq", "value": True, "by": "finance"}],
                "approve": {"by": "ops", "reason": "ask"},
            }
        },
        all_tools={"limits": [{"max": 60, "window": 60}]},
    )
    assert [(r.effect, r.id, r.reason, r.by, r.severity) for r in rules] == [
        ("limit", "t.limit", "slow down", None, "low"), ("deny", "cap", "no", None, None),
        ("require", "t.require", None, None, None), ("approve", "t.approve", None, "finance", None),
        ("approve", "t.approve.2", "ask", "ops", None), ("limit", "*.limit", None, None, None),
    ]  # fmt: skip
    assert rules[1].route == "tools.t.deny_if[0]"
    assert rules[1].span is not None and rules[1].span.text.startswith('{"path": "args.a"')
    test = rules[1].when
    assert isinstance(test, Test)
    assert test.path.span is not None and test.path.span.text == "args.a"
    assert test.value_span is not None and test.value_span.text == "1"
    assert rules[2].condition is not None and rules[2].when is None


def test_servers_narrow_their_entries() -> None:
    rules = policy_of(
        servers={"gh": {"tools": {"push": {}, "pull_*": {"deny": True}}, "all_tools": {"approve": True}, "hide": ["*"]}}
    ).rules
    assert [(r.effect, r.selector) for r in rules] == [
        ("allow", ToolName("push", "gh")), ("deny", ToolGlob("pull_*", "gh")), ("approve", OnServer("gh")),
        ("hide", OnServer("gh")),
    ]  # fmt: skip
    assert rules[1].route == 'servers.gh.tools["pull_*"].deny'


def test_rules_written_out() -> None:
    rules = rules_of(
        rules=[
            {
                "effect": "deny",
                "select": "a",
                "when": [{"always": True}, {"path": "args.x", "op": "exists", "value": True}],
            },
            {"effect": "require", "select": "*", "require": {"always": True}, "when": {"always": True}},
            {"effect": "limit", "select": "b", "limit": {"max": 1, "window": "day"}, "reason": "r"},
            {"effect": "allow", "select": "c"},
        ]
    )
    assert [r.effect for r in rules] == ["deny", "require", "limit", "allow"]
    assert isinstance(rules[0].when, And) and rules[1].when == Const(True) == rules[1].condition
    assert rules[2].limit is not None and rules[2].limit.counter == "b.limit" and rules[2].reason == "r"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"op": "eq", "value": 1}, ("==", 1)), ({"op": "neq", "value": "a"}, ("!=", "a")), ({"op": "lt", "value": 1.5}, ("<", 1.5)),
        ({"op": "lte", "value": "b"}, ("<=", "b")), ({"op": "gt", "value": 2**70}, (">", 2**70)), ({"op": "gte", "value": 0}, (">=", 0)),
        ({"op": "in", "value": [1, "a", True]}, ("in", (1, "a", True))), ({"op": "not_in", "value": ["a"]}, ("not in", ("a",))),
        ({"op": "regex", "value": "^a+$"}, ("matches", "^a+$")), ({"op": "like", "value": "a*"}, ("like", "a*")),
        ({"op": "starts_with", "value": "a"}, ("starts_with", "a")), ({"op": "ends_with", "value": ""}, ("ends_with", "")),
        ({"op": "contains", "value": 5}, ("contains", 5)), ({"op": "is", "value": "integer"}, ("is", "integer")),
        ({"op": "prints", "value": "1e+06"}, ("prints", "1e+06")), ({"op": "exists", "value": True}, ("exists", True)),
        ({"op": "eq", "value": None}, ("is", "null")),
    ],
)  # fmt: skip
def test_operators(condition: dict[str, Any], expected: tuple[str, Any]) -> None:
    op, value = expected
    assert condition_of(path="args.x", **condition) == Test(Path("args", ("x",)), op, value, FALSE, FALSE)  # type: ignore[arg-type]


def test_combinations() -> None:
    x = {"path": "args.x", "op": "eq", "value": 1}
    test = Test(Path("args", ("x",)), "==", 1, FALSE, FALSE)
    assert condition_of(any=[x, {"not": x}, {"all": [x, x]}]) == Or((test, Not(test), And((test, test))))
    assert condition_of(all=[x]) == test
    assert condition_of(**x, when={"always": True}) == And((test, Const(True)))
    exists = Test(Path("args", ("x",)), "exists", True, FALSE, FALSE)
    assert condition_of(path="args.x", op="exists", value=False) == Not(exists)
    null = Test(Path("args", ("x",)), "is", "null", FALSE, FALSE)
    assert condition_of(path="args.x", op="neq", value=None) == And((exists, Not(null)))
    assert condition_of(path="len(args.x)", op="gt", value=3) == Test(
        Path("args", ("x",)), ">", 3, FALSE, FALSE, length=True
    )
    every = condition_of(
        path='args.x[*]["a b"]', op="like", value="*", quantifier="every", missing="deny", wrong_type="deny"
    )
    assert every == Test(Path("args", ("x", None, "a b")), "like", "*", UNDEFINED, UNDEFINED, quantifier="every")


def test_limits() -> None:
    def limit(**keys: Any) -> Limit:
        (rule,) = rules_of(tools={"t": {"limits": [keys]}})
        assert rule.limit is not None
        return rule.limit

    assert limit(max=30, window="minute", counter="c") == Limit("c", 30, "minute")
    assert limit(max=30.0, window=90, scope=["user", "grant"], sliding=True, step=5) == Limit(
        "t.limit", 30, 90, scope=("user", "grant"), sliding=True, step=5, named=False
    )
    assert limit(max=0.5, window="day", sum="args.a", optional=True, whole=True) == Limit(
        "t.limit", 0.5, "day", amount=Path("args", ("a",)), optional=True, whole=True, named=False
    )


@pytest.mark.parametrize(
    ("keys", "rule", "text"),
    [
        ({"max": 0, "window": "day"}, "invalid-limit", "0"), ({"max": -1, "window": "day"}, "invalid-limit", "-1"),
        ({"max": 1e13, "window": "day"}, "invalid-limit", "10000000000000.0"), ({"max": 1.5, "window": "day"}, "invalid-limit", "1.5"),
        ({"max": "1", "window": "day"}, "wrong-type", '"1"'), ({"max": True, "window": "day"}, "wrong-type", "true"),
        ({"max": 1, "window": "fortnight"}, "invalid-window", '"fortnight"'), ({"max": 1, "window": 0}, "invalid-window", "0"),
        ({"max": 1, "window": 1.5}, "invalid-window", "1.5"), ({"max": 1, "window": 10**12}, "invalid-window", "1000000000000"),
        ({"max": 1, "window": True}, "wrong-type", "true"), ({"max": 1}, "invalid-value", "{"), ({"window": "day"}, "invalid-value", "{"),
        ({"max": 1, "window": "day", "scope": "tenant"}, "invalid-value", '"tenant"'),
        ({"max": 1, "window": "day", "scope": []}, "invalid-value", "["),
        ({"max": 1, "window": "day", "scope": ["user", "user"]}, "invalid-value", "["),
        ({"max": 1, "window": "day", "step": 0}, "invalid-limit", "0"),
        ({"max": 1, "window": "day", "step": 2, "sum": "args.a"}, "invalid-limit", '"step"'),
        ({"max": 1, "window": "day", "optional": True}, "invalid-limit", '"optional"'),
        ({"max": 1, "window": "day", "sum": "args.a[*]"}, "invalid-path", "args.a[*]"),
        ({"max": 1, "window": "day", "sum": "len(args.a)"}, "invalid-path", "len(args.a)"),
        ({"max": 1, "window": "day", "sum": "args.a?"}, "invalid-path", "args.a?"),
        ({"max": 1, "window": "day", "sliding": "yes"}, "wrong-type", '"yes"'),
        ({"max": 1, "window": "day", "windw": 1}, "unknown-key", '"windw"'),
    ],
)  # fmt: skip
def test_faults_of_limits(keys: dict[str, Any], rule: str, text: str) -> None:
    assert fault(tools={"t": {"limits": [keys]}})[:2] == (rule, text)


@pytest.mark.parametrize(
    ("condition", "rule", "text"),
    [
        ({"path": "args.x", "op": "eqq", "value": 1}, "invalid-value", '"eqq"'),
        ({"path": "args.x", "op": 5, "value": 1}, "wrong-type", "5"),
        ({"path": "args.x", "op": "eq"}, "invalid-value", "{"),
        ({}, "invalid-value", "{"),
        ({"path": "", "op": "eq", "value": 1}, "invalid-value", '""'),
        ({"path": "argz.x", "op": "eq", "value": 1}, "invalid-path", "a"),
        ({"path": "args.x y", "op": "eq", "value": 1}, "invalid-path", " "),
        ({"path": "args.x?", "op": "eq", "value": 1}, "invalid-path", "args.x?"),
        ({"path": "args.x[*]", "op": "eq", "value": 1}, "invalid-path", "args.x[*]"),
        ({"path": "args.x", "op": "eq", "value": 1, "quantifier": "every"}, "invalid-path", "args.x"),
        ({"path": "args.x", "op": "eq", "value": [1]}, "wrong-type", "["),
        ({"path": "args.x", "op": "eq", "value": {"a": 1}}, "wrong-type", "{"),
        ({"path": "args.x", "op": "lt", "value": True}, "wrong-type", "true"),
        ({"path": "args.x", "op": "lt", "value": None}, "wrong-type", "null"),
        ({"path": "args.x", "op": "in", "value": "a"}, "wrong-type", '"a"'),
        ({"path": "args.x", "op": "in", "value": []}, "invalid-value", "["),
        ({"path": "args.x", "op": "in", "value": ["a", None]}, "wrong-type", "null"),
        ({"path": "args.x", "op": "in", "value": ["a", ["b"]]}, "wrong-type", "["),
        ({"path": "args.x", "op": "contains", "value": None}, "wrong-type", "null"),
        ({"path": "args.x", "op": "regex", "value": 5}, "wrong-type", "5"),
        ({"path": "args.x", "op": "regex", "value": "[a("}, "invalid-regex", "[a("),
        ({"path": "args.x", "op": "regex", "value": "(?=a)b"}, "regex-not-portable", "(?="),
        ({"path": "args.x", "op": "regex", "value": "\\Cx"}, "regex-not-portable", '"\\\\Cx"'),
        ({"path": "args.x", "op": "regex", "value": "a" * 5000}, "invalid-regex", '"' + "a" * 5000 + '"'),
        ({"path": "args.x", "op": "exists", "value": "yes"}, "wrong-type", '"yes"'),
        ({"path": "args.x", "op": "exists", "value": True, "missing": "deny"}, "invalid-value", '"missing"'),
        ({"path": "args.x", "op": "is", "value": "text"}, "invalid-value", '"text"'),
        ({"path": "args.x", "op": "is", "value": 5}, "wrong-type", "5"),
        ({"path": "args.x", "op": "eq", "value": None, "missing": "deny"}, "invalid-value", '"missing"'),
        ({"path": "len(args.x)", "op": "regex", "value": "a"}, "invalid-value", '"regex"'),
        ({"path": "len(args.x)", "op": "eq", "value": "a"}, "wrong-type", '"a"'),
        ({"path": "args.x[*]", "op": "neq", "value": None, "quantifier": "some"}, "invalid-value", "null"),
        ({"path": "args.x", "op": "eq", "value": 1, "missing": "allow"}, "invalid-value", '"allow"'),
        ({"path": "args.x", "op": "eq", "value": 1, "on_denny": "x"}, "unknown-key", '"on_denny"'),
        ({"path": "args.x", "op": "eq", "value": 1, "by": "x"}, "unknown-key", '"by"'),
        ({"all": []}, "invalid-value", "[]"), ({"any": 5}, "wrong-type", "5"), ({"not": [1]}, "wrong-type", "["),
        ({"always": False}, "invalid-value", "false"), ({"always": True, "path": "args.x"}, "unknown-key", '"path"'),
        ({"always": True, "when": []}, "invalid-value", "[]"), ({"always": True, "id": ""}, "invalid-value", '""'),
        ({"always": True, "severity": "hgih"}, "invalid-value", '"hgih"'), ({"always": True, "on_deny": None}, "wrong-type", "null"),
    ],
)  # fmt: skip
def test_faults_of_conditions(condition: dict[str, Any], rule: str, text: str) -> None:
    found = fault(tools={"t": {"require": [condition]}})
    assert found[:2] == (rule, text)
    assert not found[2].endswith(".") and (found[2][0] == "`" or found[2][0].islower())


def test_faults_of_the_document_itself() -> None:
    assert faults("[]") == [
        ("wrong-type", "[", "expected a policy document, a mapping with `version` and `default`, found a list")
    ]
    assert [f[:2] for f in faults("{}")] == [("unsupported-version", "{"), ("missing-default", "{")]
    assert [f[:2] for f in faults('{"version": "2", "default": "alow"}')] == [
        ("unsupported-version", '"2"'),
        ("invalid-value", '"alow"'),
    ]
    assert [f[:2] for f in faults("version: 1\ndefault: deny\n", "x.yaml")] == [("unsupported-version", "1")]
    assert fault(tools={"t": {"limits": [{}]}})[2] == "`max` and `window` are missing in this limit"
    assert fault(tools=None)[:2] == ("wrong-type", "null")
    assert fault(tools={"t": None})[:2] == ("wrong-type", "null")
    assert fault(tools={"t": {"deny": False}})[:2] == ("invalid-value", "false")
    assert fault(tools={"": {}})[0] == "invalid-value"
    assert fault(servers={"": {}})[0] == "invalid-value"
    assert fault(servers={"s": {"servers": {}}})[:2] == ("unknown-key", '"servers"')
    assert fault(hide=[{"select": ""}])[:2] == ("invalid-value", '""')
    assert fault(**{"x-policyc-ignore": {"unknown-tool": 5}})[:2] == ("wrong-type", "5")
    assert fault(rules=[{"effect": "require", "select": "*"}])[0] == "invalid-value"
    assert fault(rules=[{"effect": "deny", "select": "*", "by": "x"}])[:2] == ("invalid-value", '"by"')
    assert fault(rules=[{"effect": "hide", "select": "a", "when": {"always": True}}])[:2] == ("invalid-value", '"when"')


def test_unknown_keys_get_a_suggestion_and_an_edit() -> None:
    _, found = load_text('{"version": "1", "defualt": "deny", "default": "deny"}')
    (finding,) = found
    assert finding.rule == "unknown-key" and finding.help == "did you mean `default`?"
    assert [(e.span.text, e.text) for e in finding.edits] == [("defualt", "default")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("greater", "gt"), ("greater_than", "gt"), ("greaterThan", "gt"), (">", "gt"), ("at most", "lte"), ("less-than", "lt"),
        ("equals", "eq"), ("!=", "neq"), ("matches", "regex"), ("startsWith", "starts_with"), ("one of", "in"), ("exsts", "exists"),
    ],
)  # fmt: skip
def test_an_operator_by_another_name(written: str, meant: str) -> None:
    entry = {"deny_if": [{"path": "args.a", "op": written, "value": 5}]}
    _, (finding,) = load_text(json.dumps(document(tools={"t": entry})))
    assert (finding.rule, finding.help) == ("invalid-value", f"did you mean `{meant}`?")
    assert [(e.span.text, e.text, e.safe) for e in finding.edits] == [(written, meant, False)]


def test_an_old_boolean_in_yaml_is_explained() -> None:
    _, found = load_text('version: "1"\ndefault: deny\ntools:\n  t: {deny: yes}\n', "x.yaml")
    (finding,) = found
    assert finding.rule == "wrong-type" and finding.span.text == "yes"
    assert finding.help is not None and "write `true`" in finding.help


def test_all_faults_are_told_in_the_order_of_the_text() -> None:
    text = """version: "1"
default: deny
hide: [5]
tools:
  a:
    limits: [{max: 0, window: never}]
    require:
    - {path: args.x, op: regex, value: "("}
    - {path: nowhere, op: eq, value: 1}
  b: {deny: no}
colour: red
"""
    assert [(f[0], f[1]) for f in faults(text, "x.yaml")] == [
        ("wrong-type", "5"), ("invalid-limit", "0"), ("invalid-window", "never"), ("invalid-regex", "("),
        ("invalid-path", "n"), ("wrong-type", "no"), ("unknown-key", "colour"),
    ]  # fmt: skip


def test_the_same_id_twice() -> None:
    _, found = load_text(json.dumps(document(hide=[{"select": "a", "id": "x"}], tools={"t": {"deny": {"id": "x"}}})))
    (finding,) = found
    assert finding.rule == "duplicate-rule-id"
    assert finding.related[0].span.start < finding.span.start


def test_the_second_dialect_is_read_and_reported() -> None:
    text = '{"version": "1", "default": "deny", "tools": {"a": {"rate_limit": {"max": 10, "window": 60}}, "b": {"action": "deny"}, "c": {"action": "require_approval", "reason": "ask"}, "d": {"action": "allow"}}}'
    policies, found = load_text(text)
    rules = {r.route: r for r in policies[0].rules}
    assert rules["tools.a.rate_limit"].limit == Limit("a.limit", 10, 60, scope=("session",), named=False)
    assert rules["tools.a"].implied and "tools.b" not in rules
    assert rules["tools.b.action"].effect == "deny"
    assert (rules["tools.c.action"].effect, rules["tools.c.action"].reason) == ("approve", "ask")
    assert rules["tools.d.action"].effect == "allow" and "tools.d" not in rules
    assert {f.rule for f in found} == {"deprecated-spelling"} and len(found) == 5
    for edit in sorted((e for f in found for e in f.edits), key=lambda e: -e.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    mended, left = load_text(text)
    assert len(left) == 2  # `action` with a `reason` needs a hand
    assert [(r.effect, r.selector, r.limit) for r in mended[0].rules] == [
        (r.effect, r.selector, r.limit) for r in policies[0].rules
    ]


def test_the_second_dialects_edits_also_mend_yaml() -> None:
    text = 'version: "1"\ndefault: deny\ntools:\n  a:\n    rate_limit:\n      max: 10\n      window: 60\n    action: allow\n'
    policies, found = load_text(text, "x.yaml")
    for edit in sorted((e for f in found for e in f.edits), key=lambda e: -e.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    mended, left = load_text(text, "x.yaml")
    assert not left and mended[0].rules == policies[0].rules


@pytest.mark.parametrize(
    ("arguments", "effect"),
    [({"currency": "usd"}, "allow"), ({"currency": "usd", "amount": 20_000}, "deny"), ({"currency": "usd", "amount": "20000"}, "allow"),
     ({}, "deny"), ({"currency": None}, "deny"), ({"currency": "gbp"}, "deny")],
)  # fmt: skip
def test_a_missing_operand_fails_the_test(arguments: dict[str, Any], effect: str) -> None:
    policy = policy_of(
        tools={
            "charge": {
                "require": [{"path": "args.currency", "op": "in", "value": ["usd", "eur"]}],
                "deny_if": [{"path": "args.amount", "op": "gt", "value": 10_000}],
            }
        }
    )
    assert reference.decide(policy, reference.Call("charge", arguments)).effect == effect


def test_missing_deny_denies() -> None:
    policy = policy_of(tools={"t": {"deny_if": [{"path": "args.a", "op": "gt", "value": 1, "missing": "deny"}]}})
    assert reference.decide(policy, reference.Call("t", {})).effect == "deny"
    assert reference.decide(policy, reference.Call("t", {"a": "x"})).effect == "allow"


@pytest.mark.parametrize(("op", "value"), [("neq", 5), ("not_in", [5, "a"])])
def test_the_negations_are_false_for_what_is_missing_too(op: str, value: Any) -> None:
    policy = policy_of(tools={"t": {"require": [{"path": "args.a", "op": op, "value": value}]}})
    effects = [reference.decide(policy, reference.Call("t", a)).effect for a in ({}, {"a": None}, {"a": 5}, {"a": 6})]
    assert effects == ["deny", "deny", "deny", "allow"]
