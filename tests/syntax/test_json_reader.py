"""The JSON reader: what it reads, where it says a mistake is, and what it costs at worst."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc.diagnostics import Findings
from policyc.source import Source
from policyc.syntax import json_reader
from policyc.syntax.limits import MAX_SYNTAX_ERRORS
from policyc.syntax.tree import Map, Node, Scalar, Seq, to_python


def read(text: str) -> tuple[Node | None, Findings]:
    findings = Findings()
    return json_reader.read(Source("x.json", text), findings), findings


def told(text: str) -> list[tuple[int, int, str]]:
    tree, findings = read(text)
    assert tree is None
    return [(f.span.line, f.span.column, f.message) for f in findings.items]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(json_values, st.sampled_from([None, 1]), st.booleans())
def test_reads_what_json_reads(value: object, indent: int | None, ascii_only: bool) -> None:
    tree, findings = read(json.dumps(value, indent=indent, ensure_ascii=ascii_only))
    assert not findings.items and tree is not None
    assert json.dumps(to_python(tree)) == json.dumps(value)


def test_spans_are_the_text_itself() -> None:
    tree, _ = read('{\r\n "a": [1, "x\\u00e9"],\r\n "😀": null }')
    assert isinstance(tree, Map)
    assert tree.span.text.startswith("{") and tree.span.text.endswith("}")
    (key, items), (face, nothing) = tree.entries
    assert key.span.text == '"a"' and items.span.text == '[1, "x\\u00e9"]'
    assert isinstance(items, Seq) and [i.span.text for i in items.items] == ["1", '"x\\u00e9"']
    assert face.span.text == '"😀"' and (face.span.line, face.span.column) == (3, 2)
    assert isinstance(nothing, Scalar) and nothing.value is None and nothing.span.text == "null"


def test_integers_are_exact_and_long_ones_refused() -> None:
    tree, _ = read("[12345678901234567890123, 0.1, 1e2, -0.0]")
    assert tree is not None and repr(to_python(tree)) == "[12345678901234567890123, 0.1, 100.0, -0.0]"
    tree, findings = read("[" + "9" * 5000 + "]")
    assert tree is None
    assert [(f.rule, f.span.column) for f in findings.items] == [("invalid-value", 2)]


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("", 1, 1, "empty"),
        (" \n", 1, 1, "empty"),
        ('{"a": 1,}', 1, 8, "trailing comma"),
        ("[1,\n2,\n]", 2, 2, "trailing comma"),
        ("[1 2]", 1, 4, "expected `,` or `]`"),
        ('{"a": 1 "b": 2}', 1, 9, "expected `,` or `}`"),
        ('{"a" 1}', 1, 6, "expected `:`"),
        ('{"a": }', 1, 7, "expected a value for the key `a`"),
        ("{'a': 1}", 1, 2, "single quote"),
        ("{a: 1}", 1, 2, "double quotes"),
        ("{1: 2}", 1, 2, "expected a key"),
        ('{"a": NaN}', 1, 7, "numbers are finite"),
        ('{"a": -Infinity}', 1, 7, "numbers are finite"),
        ("[True]", 1, 2, "expected `true`"),
        ("[01]", 1, 2, "leading zeros"),
        ("[1.]", 1, 2, "after the decimal point"),
        ("[.5]", 1, 2, "before the decimal point"),
        ("[+1]", 1, 2, "`+`"),
        ("[0x10]", 1, 2, "decimal"),
        ("[1_0]", 1, 2, "`_`"),
        ("[1] // done", 1, 5, "no comments"),
        ("[1, /* x */ 2]", 1, 5, "no comments"),
        ("# x\n[1]", 1, 1, "no comments"),
        ('["a\tb"]', 1, 4, "a tab"),
        ('["a\\q"]', 1, 4, "not an escape"),
        ('["\\ud83d x"]', 1, 3, "surrogate"),
        ('["\\u12"]', 1, 3, "four hexadecimal digits"),
        ('["a\n]', 1, 2, 'expected `"`'),
        ("[1}", 1, 3, "expected `]` to close the list opened in line 1"),
        ('{"a": [1}', 1, 9, "expected `]`"),
        ('{"a": 1', 1, 8, "found the end of the file"),
        ('{"a"', 1, 5, "expected `:` after the key `a`"),
        ("[1] [2]", 1, 5, "expected the end of the file"),
        ("@", 1, 1, "means nothing in JSON"),
        ("\ufeff[]", 1, 1, "means nothing in JSON"),
    ],
)  # fmt: skip
def test_one_mistake_is_told_once_at_its_character(text: str, line: int, column: int, said: str) -> None:
    (found,) = told(text)
    assert found[:2] == (line, column)
    assert said in found[2]
    assert found[2][:1] in "`" or not found[2][0].isupper() or found[2].startswith("JSON")
    assert not found[2].endswith(".")


def test_all_mistakes_are_told_at_once() -> None:
    text = '{"a": 1,\n "b": [1,],\n "c": tru,\n "d": \'x\',\n "e" 5,\n "f": 1e999\n}'
    assert [(line, column) for line, column, _ in told(text)] == [(2, 9), (3, 7), (4, 7), (5, 6), (6, 7)]


def test_a_mistake_has_no_echo_at_the_same_character() -> None:
    assert [(line, column) for line, column, _ in told("{a b}")] == [(1, 2), (1, 4)]


def test_numbers_too_large_for_a_double_are_refused() -> None:
    tree, findings = read('{"a": 1e999}')
    assert tree is None and [(f.rule, f.span.column) for f in findings.items] == [("invalid-value", 7)]


def test_a_trailing_comma_is_mended_by_its_edit() -> None:
    text = '{"a": [1, 2,],}'
    _, findings = read(text)
    edits = sorted((e for f in findings.items for e in f.edits), key=lambda e: -e.span.start)
    for edit in edits:
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert json.loads(text) == {"a": [1, 2]}


def test_duplicate_keys_point_at_the_first() -> None:
    tree, findings = read('{"a": 1,\n "a": 2}')
    (finding,) = findings.items
    assert finding.rule == "duplicate-key" and finding.span.line == 2
    assert finding.related[0].span.line == 1
    assert tree is not None and to_python(tree) == {"a": 1}


@pytest.mark.parametrize("levels", [101, 10_000, 1_000_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_is_bounded(levels: int, opening: str) -> None:
    tree, findings = read(opening * levels)
    assert tree is None and [f.rule for f in findings.items] == ["nested-too-deep"]


def test_a_hundred_levels_are_fine() -> None:
    tree, findings = read("[" * 100 + "]" * 100)
    assert tree is not None and not findings.items


@pytest.mark.parametrize(
    "text",
    [
        '"' * 3_000_000, "'" * 3_000_000, "//\n" * 1_000_000, "/*" * 2_000_000, "@" * 5_000_000, "-" * 3_000_000,
        '{"a' * 500_000, "[0." + "1" * 5_000_000, '["\\u1"' * 500_000, '{"a":1,' * 90 + "1," * 200_000,
        '{"k":"' + "\\n" * 2_000_000 + '\\q"}', "\\" * 1_000_000, "\x00" * 1_000_000,
    ],
    ids=lambda text: repr(text[:8]),
)  # fmt: skip
def test_nonsense_is_cheap_and_bounded(text: str) -> None:
    tree, findings = read(text)
    assert tree is None
    assert len(findings.items) <= 2 * MAX_SYNTAX_ERRORS  # errors and duplicate keys are counted apart


def test_many_duplicates_stop_the_reader() -> None:
    _, findings = read("{" + '"a":1,' * 100_000 + '"a":1}')
    assert len(findings.items) <= MAX_SYNTAX_ERRORS


def test_too_many_values_are_refused() -> None:
    tree, findings = read("[" + "1," * 600_000 + "1]")
    assert tree is None and [f.rule for f in findings.items] == ["file-too-large"]


@given(st.text(alphabet="{}[],:\"\\/u0123eE+-.truefalsn \n\t'#@ax\x00é😀", max_size=60))
def test_agrees_with_the_standard_library_on_what_is_json(text: str) -> None:
    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        expected = json.loads(text, parse_constant=refuse)
    except ValueError:
        valid = False
    else:
        valid = not any("\ud800" <= c <= "\udfff" for c in json.dumps(expected, ensure_ascii=False))
        valid = valid and "inf" not in repr(expected)
    tree, findings = read(text)
    duplicates = any(f.rule == "duplicate-key" for f in findings.items)
    assert (tree is not None) == valid
    assert bool(findings.items) == (not valid or duplicates)
