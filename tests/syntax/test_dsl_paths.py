"""Paths: what they mean, what is wrong with one and where, and that what is written reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc.ir.model import Path
from policyc.ir.spelling import path_text, quote
from policyc.syntax.paths import ParsedPath, PathError, parse_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("args", ParsedPath("args", ())),
        ("args.a.b", ParsedPath("args", ("a", "b"))),
        ("context.user-id", ParsedPath("context", ("user-id",))),
        ("args.$ref", ParsedPath("args", ("$ref",))),
        ("args.2fa", ParsedPath("args", ("2fa",))),
        ("args.list[0]", ParsedPath("args", ("list", 0))),
        ("args.list[*].field", ParsedPath("args", ("list", None, "field"))),
        ('args["odd key"]', ParsedPath("args", ("odd key",))),
        ('args["a\\"]\\u00e9"].b', ParsedPath("args", ('a"]é', "b"))),
        ("args.a?", ParsedPath("args", ("a",), optional=True)),
        ("args.a??", ParsedPath("args", ("a",), optional=True, lenient=True)),
        ("args.a!?", ParsedPath("args", ("a",), lenient=True)),
        ("args[*]?", ParsedPath("args", (None,), optional=True)),
        ("len(args.a)", ParsedPath("args", ("a",), length=True)),
        (" len ( args.a[*]? ) ".strip(), ParsedPath("args", ("a", None), optional=True, length=True)),
    ],
)
def test_reads(text: str, expected: ParsedPath) -> None:
    assert parse_path(text) == expected


@pytest.mark.parametrize(
    ("text", "offset", "said"),
    [
        ("", 0, "begins with `args` or `context`"),
        ("amount", 0, "write `args.amount`"),
        ("arguments.x", 0, "write `args`"),
        ("ctx.user", 0, "write `context`"),
        ("argsx.a", 0, "write `args.argsx`"),
        ("args.", 5, "expected a key"),
        ("args..a", 5, "expected a key"),
        ("args.a b", 6, "no blanks"),
        (" args.a", 0, "begins with"),
        ("args.größe", 5, '["größe"]'),
        ("args.0", 5, '`[0]` or `["0"]`'),
        ("args[", 5, "expected an index"),
        ("args[-1]", 5, "expected an index"),
        ("args[1", 6, "expected `]`"),
        ("args[99999999]", 5, "at most"),
        ('args["a]', 5, "not closed"),
        ('args["\\q"]', 5, "JSON string"),
        ("args.a???", 8, "expected `.`"),
        ("len(args.a", 10, "expected `)`"),
        ("len(args.a)?", 11, "inside `len(…)`"),
        ("args" + ".a" * 65, 134, "at most 64 steps"),
    ],
)
def test_refuses_at_the_character(text: str, offset: int, said: str) -> None:
    with pytest.raises(PathError) as error:
        parse_path(text)
    assert said in error.value.message
    assert error.value.offset == offset


_steps = st.lists(st.one_of(st.text(max_size=8), st.integers(0, 1000), st.none()), max_size=6).map(tuple)


@given(_steps)
def test_what_is_written_reads_back(steps: tuple[str | int | None, ...]) -> None:
    assert parse_path(path_text(Path("args", steps))) == ParsedPath("args", steps)


@given(st.text(alphabet='args.contex[]*?!"\\ 01é()len', max_size=20))
def test_any_text_is_read_or_refused_inside_itself(text: str) -> None:
    try:
        path = parse_path(text)
    except PathError as error:
        assert 0 <= error.offset <= len(text)
    else:
        assert parse_path(path_text(Path(path.root, path.steps))).steps == path.steps


def test_a_quoted_text_hides_nothing() -> None:
    assert quote('a"b\\é\u202e\ud800\u200b\x85😀') == '"a\\"b\\\\é\\u202e\\ud800\\u200b\\u0085😀"'
