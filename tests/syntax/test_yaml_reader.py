"""The YAML reader: YAML 1.2's core schema, places that are right, and bounds."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policyc.diagnostics import Findings
from policyc.source import Source
from policyc.syntax import yaml_reader
from policyc.syntax.limits import MAX_SYNTAX_ERRORS
from policyc.syntax.tree import Map, Node, Scalar, Seq, to_python


@pytest.fixture(params=["libyaml", "pure"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test with PyYAML's C parser and with the pure Python one."""
    if request.param == "pure":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("PyYAML was built without libyaml")


def read(text: str) -> tuple[Node | None, Findings]:
    findings = Findings()
    return yaml_reader.read(Source("x.yaml", text), findings), findings


def value(text: str) -> Any:
    tree, findings = read(text)
    assert tree is not None and not findings.items, findings.items
    return to_python(tree)


def rules(text: str) -> list[tuple[str, int, int]]:
    _, findings = read(text)
    return [(f.rule, f.span.line, f.span.column) for f in findings.items]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", "yes"), ("No", "No"), ("on", "on"), ("OFF", "OFF"), ("y", "y"), ("true", True), ("True", True),
        ("FALSE", False), ("tRue", "tRue"), ("null", None), ("~", None), ("''", ""), ("12", 12), ("-3", -3), ("+5", 5),
        ("012", 12), ("0o17", 15), ("0x1F", 31), ("1_000", "1_000"), ("12:30:45", "12:30:45"), ("0b1", "0b1"),
        ("2024-01-01", "2024-01-01"), ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("1e", "1e"), ("-", ["x"]),
        ("'5'", "5"), ('"true"', "true"), ("!!str 5", "5"), ("!!int '5'", 5), ("!!float 1", 1), ("! 5", "5"),
        ("12345678901234567890123", 12345678901234567890123),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, expected: object) -> None:
    if text == "-":
        assert value("a:\n- x") == {"a": ["x"]}
        return
    result = value(f"a: {text}")["a"]
    assert result == expected and type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "rule", "column"),
    [
        (".inf", "invalid-value", 4), ("-.INF", "invalid-value", 4), (".nan", "invalid-value", 4),
        ("1e999", "invalid-value", 4), ("9" * 5000, "invalid-value", 4), ("!!int x", "invalid-value", 10),
        ("!foo x", "syntax-error", 9), ("!!set {x}", "syntax-error", 10), ("!!python/name:os.system ''", "syntax-error", 28),
        ("!!binary eA==", "syntax-error", 13), ("!!timestamp 2024-01-01", "syntax-error", 16),
    ],
)  # fmt: skip
def test_what_a_policy_cannot_hold_is_refused_at_its_place(text: str, rule: str, column: int) -> None:
    assert rules(f"a: {text}") == [(rule, 1, column)]


def test_spans_hold_with_astral_text_and_windows_lines() -> None:
    text = "a: &x !!int 5 # c\r\n\"😀k\": 'v😀'\r\nb: |  # hdr\r\n  text\r\n  more\r\n\r\nd: [1, *x]\r\ne:\r\n  - x: 1\r\n    y:\r\n\r\nf: z\r\n"
    tree, findings = read(text)
    assert not findings.items and isinstance(tree, Map)
    shown = {str(key.value): node.span.text for key, node in tree.entries}
    assert shown == {
        "a": "5", "😀k": "'v😀'", "b": "|  # hdr\r\n  text\r\n  more", "d": "[1, *x]", "e": "- x: 1\r\n    y:", "f": "z",
    }  # fmt: skip
    key = tree.key("f")
    assert key is not None and (key.span.line, key.span.column) == (12, 1)
    assert tree.span.text.endswith("f: z")
    assert to_python(tree)["d"] == [1, 5]


def test_plain_and_quoted_scalars_are_told_apart() -> None:
    tree, _ = read("[1, '1', \"1\"]")
    assert isinstance(tree, Seq)
    assert [(item.value, item.plain) for item in tree.items if isinstance(item, Scalar)] == [
        (1, True),
        ("1", False),
        ("1", False),
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a:\n\tb: 1", 2, 1, "tab"),
        ('a: "x\n', 2, 1, "not closed"),
        ("a: [1,\n", 2, 1, "expected a value"),
        ("a: b: c", 1, 5, "`: ` does not fit"),
        ("a: @x", 1, 4, "cannot begin with `@`"),
        ("- a\nb", 2, 2, "expected `:`"),
        ("a: *nope", 1, 4, "not defined"),
        ("a: &a [*a]", 1, 8, "inside the value it names"),
        ("--- a\n--- b", 2, 1, "a second one begins"),
        ("<<: {a: 1}", 1, 1, "merge keys"),
        ("? [a]\n: b", 1, 3, "a key must be text"),
        ("%YAML 3.0\n---\na", 1, 1, "YAML 1.1 and 1.2"),
        ("a: \x01", 1, 4, "U+0001"),
        ("a: \ufeffx", 1, 4, "U+FEFF"),
        ("", 1, 1, "empty"),
        ("# only this\n", 1, 1, "empty"),
    ],
)  # fmt: skip
def test_mistakes_are_told_at_their_character(text: str, line: int, column: int, said: str) -> None:
    tree, findings = read(text)
    assert tree is None
    (finding,) = findings.items
    assert finding.rule == "syntax-error" and said in finding.message
    assert (finding.span.line, finding.span.column) == (line, column)


def test_duplicate_keys_point_at_the_first() -> None:
    tree, findings = read("a: 1\nb: 2\n'a': 3\n")
    (finding,) = findings.items
    assert (finding.rule, finding.span.line, finding.related[0].span.line) == ("duplicate-key", 3, 1)
    assert tree is not None and to_python(tree) == {"a": 1, "b": 2}


def test_aliases_are_read_and_bounded() -> None:
    assert value("a: &x [1, {b: 2}]\nc: *x\nd: [*x, *x]") == {
        "a": [1, {"b": 2}], "c": [1, {"b": 2}], "d": [[1, {"b": 2}]] * 2,
    }  # fmt: skip
    laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
    )
    assert [rule for rule, *_ in rules(laughs)] == ["alias-bomb"]
    assert [rule for rule, *_ in rules("[&a [1,1,1,1],\n" + "*a," * 50_000 + "*a]")] == ["alias-bomb"]


def test_an_alias_cannot_smuggle_depth() -> None:
    deep = "[" * 60 + "]" * 60
    assert rules(f"- &a {deep}\n- {'[' * 30}*a{']' * 30}") == []
    assert [rule for rule, *_ in rules(f"- &a {deep}\n- {'[' * 45}*a{']' * 45}")] == ["nested-too-deep"]


@pytest.mark.parametrize(
    "text", ["[" * 10_000, "- " * 10_000, "{a: " * 10_000, "[" * 101, "\n".join(" " * i + "a:" for i in range(500))]
)
def test_nesting_is_bounded(text: str) -> None:
    assert [rule for rule, *_ in rules(text)] == ["nested-too-deep"]


def test_a_hundred_levels_are_fine() -> None:
    assert rules("[" * 100 + "]" * 100) == []


@pytest.mark.parametrize(
    "text",
    [
        '"' * 200_000, "&a " * 50_000, "!" * 200_000, "? " * 50_000, "\n" * 500_000, "a: |\n" + " x\n" * 50_000,
        "{" * 90 + "a" * 2000, "a:" * 100_000, "%" * 100_000, "x: 'y'\n" * 20_000, "*a " * 20_000, "- " * 50 + "\x00",
    ],
    ids=lambda text: repr(text[:8]),
)  # fmt: skip
def test_nonsense_is_cheap_and_bounded(text: str) -> None:
    _, findings = read(text)
    assert len(findings.items) <= MAX_SYNTAX_ERRORS + 1


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).filter(lambda t: not re.match("[-+.]?[0-9]", t)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc yes12:#-é😀", min_size=1), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@given(plain_values, st.booleans())
def test_reads_back_what_was_dumped(data: Any, flow: bool) -> None:
    """The dumper writes YAML 1.1, of which everything below means the same in 1.2 (texts like `1e5` do not and are left out); numbers are compared by value."""
    text = yaml.safe_dump({"top": data}, default_flow_style=flow, allow_unicode=True)
    assert value(text) == {"top": data}


def test_comments_are_not_looked_for_inside_texts() -> None:
    text = (
        'a: "# no" # yes\nb: x#y # z\n# full\nc: |  # header\n  # text\n  more\n# after\n'
        "d: 'it''s # no'\ne: plain\n  more # end of plain\nf: [a, # inside\n  b]\n\"k # no\": 1\n#last"
    )
    found = yaml_reader.comments(Source("x.yaml", text))
    assert [(line, comment) for line, _, comment, _ in found] == [
        (1, "# yes"), (2, "# z"), (3, "# full"), (4, "# header"), (7, "# after"), (10, "# end of plain"),
        (11, "# inside"), (14, "#last"),
    ]  # fmt: skip
    assert all(
        span.text.startswith("#") and (span.line, span.column) == (line, column) for line, column, _, span in found
    )


def test_comments_of_a_broken_file_do_not_fail() -> None:
    assert [text for *_, text, _ in yaml_reader.comments(Source("x", "a: 1 # one\nb: [ # two\n"))] == ["# one", "# two"]
    assert yaml_reader.comments(Source("x", "a: 1")) == []
    assert [text for *_, text, _ in yaml_reader.comments(Source("x", "a: \x00 # one"))] == ["# one"]
