"""The DSL's front end: from text to rules, with their places, ids and routes."""

from __future__ import annotations

import gc
import threading

import pytest

from policyc.diagnostics import Findings
from policyc.frontends.dsl import read
from policyc.ir.model import (
    AllOf,
    And,
    AnyOf,
    AnyTool,
    Const,
    Except,
    Fact,
    Limit,
    Not,
    OnServer,
    Or,
    Path,
    Policy,
    Rule,
    Selector,
    Test,
    ToolGlob,
    ToolName,
    Truth,
)
from policyc.reference import Call, decide
from policyc.source import Source

U, F = Truth.UNDEFINED, Truth.FALSE


def policies(text: str) -> list[Policy]:
    findings = Findings()
    found = read(Source("some.policy", text), findings)
    assert findings.items == []
    return found


def policy(text: str) -> Policy:
    (found,) = policies(f"default deny\n{text}")
    return found


def rule(text: str) -> Rule:
    (found,) = policy(text).rules
    return found


def selector(text: str) -> Selector:
    return rule(f"hide {text}").selector


def condition(text: str) -> object:
    return rule(f"deny x when {text}").when


def test_header() -> None:
    (found,) = policies('policy "a b" description "for\\nreaders" default allow')
    assert (found.name, found.description, found.default, found.dialect) == ("a b", "for\nreaders", "allow", "dsl")
    assert found.span is not None and found.span.text == '"a b"'
    assert found.default_span is not None and found.default_span.text == "default allow"


def test_a_policy_without_a_name_has_the_files() -> None:
    assert policies("default deny")[0].name == "some"


def test_several_policies_in_a_file() -> None:
    first, second, third = policies("default deny allow x\npolicy b default allow\npolicy c\ndefault deny deny y")
    assert [first.name, second.name, third.name] == ["some", "b", "c"]
    assert [len(p.rules) for p in (first, second, third)] == [1, 0, 1]
    assert third.rules[0].route == "deny[0]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pay", ToolName("pay")),
        ('"odd name"', ToolName("odd name")),
        ('"pay_*"', ToolName("pay_*")),
        ('tool "x"', ToolName("x")),
        ("30", ToolName("30")),
        ("pay_*", ToolGlob("pay_*")),
        ("p?y", ToolGlob("p?y")),
        ('glob "odd *"', ToolGlob("odd *")),
        ('glob "*"', AnyTool()),
        ("*", AnyTool()),
        ("bank/pay", ToolName("pay", "bank")),
        ('"odd bank"/"odd pay"', ToolName("odd pay", "odd bank")),
        ("bank/pay_*", ToolGlob("pay_*", "bank")),
        ('bank/glob "odd *"', ToolGlob("odd *", "bank")),
        ("bank/*", ToolGlob("*", "bank")),
        ('server "bank"', OnServer("bank")),
        ("server bank", OnServer("bank")),
        ("category:destructive", Fact("category", "destructive")),
        ("hint:readOnly", Fact("hint", "readOnly")),
        ("a, b", AnyOf((ToolName("a"), ToolName("b")))),
        ("a, b and not c", AnyOf((ToolName("a"), AllOf((ToolName("b"), Except(ToolName("c"))))))),
        ("(a, b) and c", AllOf((AnyOf((ToolName("a"), ToolName("b"))), ToolName("c")))),
        ("not (a, b)", Except(AnyOf((ToolName("a"), ToolName("b"))))),
        ("a and b and c", AllOf((ToolName("a"), ToolName("b"), ToolName("c")))),
    ],
)
def test_selectors(text: str, expected: Selector) -> None:
    found = selector(text)
    assert found == expected
    assert found.span is not None and found.span.text == text


A = Path("args", ("a",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('args.a == "x"', Test(A, "==", "x")),
        ("args.a == true", Test(A, "==", True)),
        ("args.a > 50_000", Test(A, ">", 50_000)),
        ("args.a <= -1.5e3", Test(A, "<=", -1500.0)),
        ("args.a != 9007199254740993", Test(A, "!=", 9007199254740993)),
        ('args.a in ["x", 1, true,]', Test(A, "in", ("x", 1, True))),
        ("args.a not in [1]", Test(A, "not in", (1,))),
        ('args.a matches r"^\\d+$"', Test(A, "matches", r"^\d+$")),
        ('args.a matches "^\\\\d+$"', Test(A, "matches", r"^\d+$")),
        ('args.a like "a*"', Test(A, "like", "a*")),
        ('args.a starts_with "\\u00e9"', Test(A, "starts_with", "é")),
        ('args.a ends_with ""', Test(A, "ends_with", "")),
        ("args.a contains 5", Test(A, "contains", 5)),
        ('args.a prints "<nil>"', Test(A, "prints", "<nil>")),
        ("exists args.a", Test(A, "exists", True)),
        ("args.a is integer", Test(A, "is", "integer")),
        ("args.a is null", Test(A, "is", "null")),
        ("len(args.a) >= 2", Test(A, ">=", 2, length=True)),
        ("args.a? > 1", Test(A, ">", 1, missing=F)),
        ("args.a?? > 1", Test(A, ">", 1, missing=F, mistyped=F)),
        ("args.a!? > 1", Test(A, ">", 1, mistyped=F)),
        ("args.a?!=1", Test(A, "!=", 1, missing=F)),
        ("args.a!=1", Test(A, "!=", 1)),
        ("len( args.a? ) > 1", Test(A, ">", 1, missing=F, length=True)),
        ("every args.l[*].a > 1", Test(Path("args", ("l", None, "a")), ">", 1, quantifier="every")),
        ("some args.l[*] is string", Test(Path("args", ("l", None)), "is", "string", quantifier="some")),
        ("some exists args.l[*].a", Test(Path("args", ("l", None, "a")), "exists", True, quantifier="some")),
        (
            "every len(args.l[*]?) < 9",
            Test(Path("args", ("l", None)), "<", 9, missing=F, length=True, quantifier="every"),
        ),
        ('context["x y"][0] == 1', Test(Path("context", ("x y", 0)), "==", 1)),
        ("true", Const(True)),
        ("not false", Not(Const(False))),
        ("true or false and not true", Or((Const(True), And((Const(False), Not(Const(True))))))),
        ("(true or false) and true", And((Or((Const(True), Const(False))), Const(True)))),
        ("true or (false or true)", Or((Const(True), Or((Const(False), Const(True)))))),
    ],
)
def test_conditions(text: str, expected: object) -> None:
    found = condition(text)
    assert found == expected
    assert found.span.text == text  # type: ignore[attr-defined]


def test_numbers_keep_their_kind() -> None:
    for text, value in (
        ("1", 1),
        ("1.0", 1.0),
        ("1e0", 1.0),
        ("1_0.2_5", 10.25),
        ("-0.0", -0.0),
        ("1" + "0" * 3999, 10**3999),
    ):
        test = condition(f"args.a == {text}")
        assert isinstance(test, Test) and repr(test.value) == repr(value) if len(text) < 99 else test.value == value  # type: ignore[attr-defined]


def test_operands_values_and_limits_have_their_places() -> None:
    found = rule('limit x: sum args.n <= 5 per day by grant as c when not args.a in ["x"] "why" id i severity low')
    assert found.span is not None and found.span.text.startswith("limit x") and found.span.text.endswith("severity low")
    assert found.limit is not None and found.limit.span is not None
    assert found.limit.span.text == "sum args.n <= 5 per day by grant as c"
    assert found.limit.amount is not None and found.limit.amount.span is not None
    assert found.limit.amount.span.text == "args.n"
    assert isinstance(found.when, Not) and isinstance(found.when.item, Test)
    assert found.when.item.span is not None and found.when.item.span.text == 'args.a in ["x"]'
    assert found.when.item.path.span is not None and found.when.item.path.span.text == "args.a"
    assert found.when.item.value_span is not None and found.when.item.value_span.text == '["x"]'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 per minute", Limit("x.limit", 30, "minute", named=False)),
        ("30 per 90 seconds sliding", Limit("x.limit", 30, 90, sliding=True, named=False)),
        ("1_000.0 per day by user, server as c", Limit("c", 1000, "day", scope=("user", "server"))),
        ("30 step 5 per minute", Limit("x.limit", 30, "minute", step=5, named=False)),
        ("sum args.a? <= 2.5 per week", Limit("x.limit", 2.5, "week", A, optional=True, named=False)),
        ('sum whole args.a <= 2 per month as "odd name"', Limit("odd name", 2, "month", A, whole=True)),
    ],
)
def test_limits(text: str, expected: Limit) -> None:
    assert rule(f"limit x: {text}").limit == expected
    assert policy(f"on x {{ limit {text} }}").rules[1].limit == expected


def test_statements_and_what_they_may_end_with() -> None:
    found = policy(
        'approve x when true by "the boss" "why" id i severity high\n'
        "approve x by finance\nrequire x: true when false\nhide x id h\nallow x severity low\ndeny x"
    ).rules
    assert [(r.effect, r.by, r.reason, r.id, r.named, r.severity) for r in found] == [
        ("approve", "the boss", "why", "i", True, "high"),
        ("approve", "finance", None, "x.approve", False, None),
        ("require", None, None, "x.require", False, None),
        ("hide", None, None, "h", True, None),
        ("allow", None, None, "x.allow", False, "low"),
        ("deny", None, None, "x.deny", False, None),
    ]
    assert (found[2].condition, found[2].when) == (Const(True), Const(False))


def test_line_breaks_mean_nothing() -> None:
    text = 'deny x when args.a == 1 and args.b in [ "a", "b" ] "why" id i'
    assert rule(text) == rule(text.replace(" ", "\r\n\t# note\n"))


# --- blocks --------------------------------------------------------------------------------------------------------


def effects(text: str) -> list[tuple[str, Selector, bool]]:
    return [(r.effect, r.selector, r.implied) for r in policy(text).rules]


X = ToolName("x")


def test_a_block_for_one_tool_allows_it() -> None:
    found = policy("on x { deny when args.a == 1 limit 5 per day }").rules
    assert [(r.effect, r.implied, r.id, r.route) for r in found] == [
        ("allow", True, "x.allow", "on x"),
        ("deny", False, "x.deny", "on x.deny[0]"),
        ("limit", False, "x.limit", "on x.limit[0]"),
    ]
    assert found[0].span is not None and found[0].span.text == "x"
    assert effects("on x {}") == [("allow", X, True)]
    assert effects("on bank/x {}") == [("allow", ToolName("x", "bank"), True)]


@pytest.mark.parametrize("inner", ["deny", 'deny "why"', "allow", "allow when true", "deny deny when true", "deny *"])
def test_unless_it_says_itself_what_it_allows(inner: str) -> None:
    assert not any(implied for _, _, implied in effects(f"on x {{ {inner} }}"))


@pytest.mark.parametrize("inner", ["hide", "deny y", "deny when true", "require true", "approve", "limit 1 per day"])
def test_other_statements_do_not_keep_it_from_that(inner: str) -> None:
    assert sum(implied for _, _, implied in effects(f"on x {{ {inner} }}")) == 1


@pytest.mark.parametrize("wide", ["x*", "x, y", "*", "not x", 'server "s"', "category:read", "x and x"])
def test_a_block_over_anything_else_allows_nothing(wide: str) -> None:
    assert not any(effect == "allow" for effect, _, _ in effects(f"on {wide} {{ limit 1 per day }}"))


def test_blocks_over_one_tool_are_one_block() -> None:
    twice = effects("on x { limit 1 per day } deny z on x { limit 2 per day }")
    assert [(e, i) for e, _, i in twice] == [("allow", True), ("limit", False), ("deny", False), ("limit", False)]
    assert not any(i for _, _, i in effects("on x { limit 1 per day } on x { allow when false }"))
    assert any(i for _, _, i in effects("on x { limit 1 per day } allow x when false"))


def test_selectors_inside_blocks_narrow_them() -> None:
    assert effects('on server "s" { deny a deny a, b* deny category:read deny *}') == [
        ("deny", ToolName("a", "s"), False),
        ("deny", AnyOf((ToolName("a", "s"), ToolGlob("b*", "s"))), False),
        ("deny", AllOf((OnServer("s"), Fact("category", "read"))), False),
        ("deny", OnServer("s"), False),
    ]
    assert effects("on * { deny a }") == [("deny", ToolName("a"), False)]
    assert effects('on a* { deny tool "a b" }') == [("deny", AllOf((ToolGlob("a*"), ToolName("a b"))), False)]
    assert effects('on server "s" { deny t/a }') == [("deny", AllOf((OnServer("s"), ToolName("a", "t"))), False)]


def test_a_text_after_an_effect_inside_a_block_is_the_reason() -> None:
    (found,) = policy('on x* { deny "why" }').rules
    assert (found.reason, found.selector) == ("why", ToolGlob("x*"))
    (found,) = policy('deny "why" "really"').rules
    assert (found.reason, found.selector) == ("really", ToolName("why"))


def test_routes_count_within_their_block() -> None:
    found = policy("deny a\non b* { deny when true deny }\ndeny c\non b* { deny }").rules
    assert [r.route for r in found] == ["deny[0]", "on b*.deny[0]", "on b*.deny[1]", "deny[1]", "on b*.deny[2]"]


# --- the rest ------------------------------------------------------------------------------------------------------


def test_the_example_decides_as_it_reads() -> None:
    found = policy(
        'hide delete_*\nallow get_*\non pay { require args.currency in ["usd"] deny when args.amount > 50 approve when args.amount > 10 }'
    )
    good = {"currency": "usd", "amount": 5}
    assert decide(found, Call("pay", good)).effect == "allow"
    assert decide(found, Call("pay", good | {"amount": 11})).effect == "approve"
    assert decide(found, Call("pay", good | {"amount": 51})).effect == "deny"
    assert decide(found, Call("pay", {"currency": "usd"})).effect == "deny"
    assert decide(found, Call("get_x")).effect == "allow"
    assert decide(found, Call("delete_x")).hidden
    assert decide(found, Call("other")).effect == "deny"


def test_a_byte_order_mark_is_passed_over() -> None:
    assert policies("\ufeffdefault deny")[0].default == "deny"


def test_threads_do_not_meet() -> None:
    results: list[bool] = []

    def work(n: int) -> None:
        text = "default deny\n" + "".join(f"deny t{n}_{i} when args.a == {i}\n" for i in range(200))
        rules = policies(text)[0].rules
        results.append(all(r.selector == ToolName(f"t{n}_{i}") for i, r in enumerate(rules)))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 4


def test_the_collector_is_as_it_was() -> None:
    policies("default deny")
    assert gc.isenabled()
    gc.disable()
    try:
        policies("default deny")
        assert not gc.isenabled()
    finally:
        gc.enable()
