"""Properties in every syntax: what is read, where it stands, and what is said of mistakes."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from random import Random
from typing import Any

import pytest

from policyc.diagnostics import Finding, Findings
from policyc.features.convert import to_dsl, to_json, to_yaml
from policyc.frontends.dsl import read_properties
from policyc.frontends.load import read_policies
from policyc.ir.model import AnyOf, AnyTool, Fact, Limit, Path, Policy, Property, Test, ToolGlob, ToolName
from policyc.record import replace
from policyc.source import Source
from tests.property.strategies import random_policy, random_property
from tests.property.test_dsl_round_trip import _plain

ROOT = FilePath(__file__).parents[2]
HEAD = 'policy "p"\ndefault deny\n'
AMOUNT = Test(Path("args", ("amount",)), ">", 1000)
EACH = {
    'never allow category:destructive "because"': Property("never", "allow", Fact("category", "destructive"), reason="because"),
    "never approve transfer_* when args.amount > 1_000": Property("never", "approve", ToolGlob("transfer_*"), AMOUNT),
    "always deny a, b": Property("always", "deny", AnyOf((ToolName("a"), ToolName("b")))),
    "always approve * when args.amount > 1000": Property("always", "approve", AnyTool(), AMOUNT),
    "allow to": Property("allow", "allow", ToolName("to")),
    "limited no to 30 per minute": Property("limited", None, ToolName("no"), limit=Limit("", 30, "minute", scope=(), named=False)),
    "limited a to sum args.amount <= 9.5 per 90 seconds by grant, user when args.amount > 1000": Property(
        "limited", None, ToolName("a"), AMOUNT,
        Limit("", 9.5, 90, Path("args", ("amount",)), scope=("grant", "user"), named=False),
    ),
    'no wider than "../base.policy"': Property("no wider", file="../base.policy"),
}  # fmt: skip


def read(text: str, path: str = "a.policy") -> tuple[list[Policy], list[Finding]]:
    findings = Findings()
    return read_policies(Source(path, text), findings), findings.items


def document(*properties: Any) -> str:
    return json.dumps({"version": "1", "default": "deny", "verify": list(properties)}, indent=1)


@pytest.mark.parametrize("text", EACH)
def test_each_kind_in_the_dsl_and_in_documents(text: str) -> None:
    (one,), found = read(HEAD + "verify {\n  " + text + "\n}\n")
    (other,), also = read(document(text), "a.policy.json")
    (third,), too = read(f"version: '1'\ndefault: deny\nverify:\n  - >-\n    {text}\n", "a.policy.yaml")
    assert not found + also + too
    assert one.properties == other.properties == third.properties == (EACH[text],)
    prop = one.properties[0]
    assert prop.span is not None and prop.span.text == text and prop.route == "verify[0]"
    assert prop.text == text.removesuffix(' "because"') == other.properties[0].text == third.properties[0].text
    assert other.properties[0].span is not None and json.loads(f'"{other.properties[0].span.text}"') == text


def test_blocks_add_up_and_belong_to_the_policy_they_stand_in() -> None:
    text = "default deny verify { never allow a } allow b verify { never allow c\n never allow d } policy q default deny verify {}"
    (one, two), found = read(text)
    assert not found and [p.route for p in one.properties] == ["verify[0]", "verify[1]", "verify[2]"]
    assert two.properties == () and len(one.rules) == 1


def test_properties_before_the_first_policy_are_not_given_to_another_one() -> None:
    _, found = read("verify { never allow a } policy q default deny")
    assert [f.rule for f in found] == ["missing-default"]


def test_who_writes_always_allow_is_told_of_allow() -> None:
    for text, path in (
        (HEAD + "verify { always allow a }\n", "a.policy"),
        (document("always allow a"), "a.policy.json"),
    ):
        policies, (found,) = read(text, path)
        assert not policies and found.span.text == "allow"
        assert found.help == "did you mean `allow SELECTOR`, which says that every call is allowed?"


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("never", "expected `allow` or `approve` after `never`", "never"),
        ("never deny a", "expected `allow` or `approve`, found `deny`", "deny"),
        ("always allow a", "expected `approve` or `deny`, found `allow`", "allow"),
        ("nevr allow a", "unknown word `nevr`", "nevr"),
        ("deny a", "expected a property such as `never allow delete_*` or `}`, found `deny`", "deny"),
        ("limited a 30 per day", "expected `,`, `and` or `to`, found `30`", "30"),
        ("limited a to 0 per day", "a limit must be greater than 0, found `0`", "0"),
        ("limited a to 3 per dya", "`dya` is not a window; expected a number of seconds, `second`, `minute`, `hour`, `day`, `week` or `month`", "dya"),
        ("limited a to sum args.x? <= 3 per day", "a property speaks of the amounts that are there; leave out the `?`", "args.x?"),
        ("limited a to sum args.x < 3 per day", "a limit on a sum is written with `<=`, not `<`", "<"),
        ("limited a to 3 per day by me", "`me` is not a scope; expected `grant`, `session`, `agent`, `user`, `server` or `global`", "me"),
        ("never allow a when args.l[*] > 3", "a path with `[*]` needs `every` or `some` before its test", "args.l[*]"),
        ("never allow category:bad", "`bad` is not a category; expected `read`, `write`, `execute`, `destructive` or `financial`", "bad"),
        ("no wider then a", "unknown word `then`", "then"),
        ('no wider than ""', "expected the path of a policy file", '""'),
    ],
)  # fmt: skip
def test_mistakes_are_located_in_the_dsl_and_inside_a_documents_text(text: str, message: str, marked: str) -> None:
    policies, found = read(HEAD + "verify {\n  " + text + "\n}\nallow after\n")
    assert not policies and [(f.message, f.span.text) for f in found] == [(message, marked)]
    policies, found = read(document("never allow x", text), "a.policy.json")
    (only,) = found
    assert not policies and only.route == "verify[1]" and only.span.line == 6
    assert only.message == message.replace(" or `}`", "")  # there is no block to close
    if '"' not in text:  # written with escapes in the file, else the place is known to the character
        assert only.span.text == marked


@pytest.mark.parametrize("value", ["never allow x", [3], [""], [["never allow x"]], None, [{}]])
def test_the_key_of_documents_takes_a_list_of_texts(value: Any) -> None:
    policies, found = read(json.dumps({"version": "1", "default": "deny", "verify": value}), "a.policy.json")
    assert not policies and found


def test_reading_goes_on_after_a_mistake_inside_a_block_and_behind_it() -> None:
    text = (
        HEAD
        + "verify {\n never alow a\n always deny b b\n no wider than x\n limited c to 3\n}\nallow d d\non e { deny when }\n"
    )
    _, found = read(text)
    assert [f.span.line for f in found] == [4, 5, 6, 7, 9, 10]


def test_a_file_of_properties_holds_nothing_else() -> None:
    def of(text: str) -> tuple[int, list[str]]:
        findings = Findings()
        properties = read_properties(Source("p", text), findings)
        return len(properties), [f.span.text for f in findings.items]

    assert of("# all\nverify { never allow a } verify { always deny b allow c }") == (3, [])
    assert of("") == (0, []) and of("verify { }") == (0, [])
    assert of("verify { never allow a } default deny") == (0, ["default deny"])
    assert of("policy q verify { never allow a }") == (0, ["q"])
    assert of("verify { never allow a } on b {}") == (0, ["b"])
    assert of('description "x" verify { never allow a }') == (0, ['description "x"'])
    assert of("verify { never allow a a }")[0] == 0


def test_the_page_about_properties_is_written_in_the_language() -> None:
    page = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
    (policy,), found = read(page.split("```")[1])
    assert not found and {p.kind for p in policy.properties} == {"never", "always", "allow", "limited", "no wider"}


def test_random_properties_survive_every_syntax() -> None:
    rng = Random(3)
    for _ in range(60):
        policy = random_policy(rng)
        wanted = (*(random_property(rng, policy) for _ in range(3)), EACH['no wider than "../base.policy"'])
        policy = Policy("p", "deny", (), properties=wanted)
        for writer, path in ((to_dsl, "a.policy"), (to_json, "a.policy.json"), (to_yaml, "a.policy.yaml")):
            text = writer(policy)
            (again,), found = read(text, path)
            assert not found, text
            assert [plain(p) for p in again.properties] == [plain(p) for p in wanted], text


def plain(prop: Property) -> Property:
    return replace(prop, when=_plain(prop.when))
