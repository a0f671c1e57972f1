"""A hostile table is refused or decides as its lines say; nothing else comes out of the loader. A long run: tests.runtime.fuzz."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyc.runtime.table import BROKEN_REASON, NOT_JSON_REASON, Table
from policyc.runtime.wellformed import DEPTH
from policyc.table.model import TableError
from tests.runtime import fuzz
from tests.runtime.build import compiled, encoded, sealed

ODD: tuple[Any, ...] = (None, True, -1, 1.5, float("nan"), "x", [], {}, [None], fuzz.DEEP)


@pytest.mark.parametrize("seed", range(4))
def test_changed_tables_with_the_digest_that_fits(seed: int) -> None:
    found, _ = fuzz.run(1_500, seed)
    assert min(found["refused"], found["broken"], found["decides"]) > 50, "the changes are of all kinds"


@pytest.mark.parametrize("number", range(len(fuzz.lines_of(fuzz.ALL_KINDS))))
def test_a_wrong_type_at_every_place_of_a_line(number: int) -> None:
    rng, lines, found = Random(number), fuzz.lines_of(fuzz.ALL_KINDS), Counter[str]()
    value = json.loads(lines[number])
    for way in [(), *fuzz.places(value)]:
        for odd in ODD:
            bad = fuzz.line(fuzz.put(value, way, odd))
            found[fuzz.judge(sealed([*lines[:number], bad, *lines[number + 1 :]]), rng, calls=3)] += 1
    assert found["refused"] + found["broken"] > 0


def test_every_bit_and_every_length_without_the_digest() -> None:
    data = compiled('policy "p" default deny on pay { deny when args.n > 5 }')
    for where in range(len(data)):
        with pytest.raises(TableError):
            Table(data[:where])
        for bit in range(8):
            with pytest.raises(TableError):
                Table(data[:where] + bytes([data[where] ^ 1 << bit]) + data[where + 1 :])


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(("?", "&", "n", "k", "t", "args", "allow")) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(("policy", "default", "rules", "x")), inner),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(fuzz.lines_of(fuzz.ALL_KINDS)) - 1), _json)
def test_any_json_as_a_line(number: int, value: Any) -> None:
    lines = fuzz.lines_of(fuzz.ALL_KINDS)
    fuzz.judge(sealed([*lines[:number], encoded(value), *lines[number + 1 :]]), Random(1), calls=4)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes(data: bytes, with_digest: bool) -> None:
    with pytest.raises(TableError):
        Table(sealed([data]) if with_digest else data)


HEADER, INDEX, PATHS = range(3)


def first(kind: str, wanted: Callable[[Any], bool] = lambda _: True) -> int:
    """The place of the first line of a kind."""
    lines = fuzz.lines_of(fuzz.ALL_KINDS)
    header = json.loads(lines[HEADER])
    begin = {"test": 3, "rule": 3 + header["tests"], "body": 3 + header["tests"] + header["rules"]}[kind]
    return next(n for n in range(begin, len(lines)) if wanted(json.loads(lines[n])))


RULE = first("rule")
LIMIT = first("rule", lambda rule: rule[5] is not None)
BODY = first("body")
PLACE = len(fuzz.lines_of(fuzz.ALL_KINDS)) - json.loads(fuzz.lines_of(fuzz.ALL_KINDS)[HEADER])["rules"]


@pytest.mark.parametrize(
    ("number", "way", "odd"),
    [
        (HEADER, ("revision",), -1),
        (HEADER, ("revision",), True),
        (HEADER, ("revision",), "3"),
        (HEADER, ("revision",), 3.0),
        (HEADER, ("bodies",), -1),
        (HEADER, ("bodies",), 10**18),
        (HEADER, ("policies",), ["one"]),
        (HEADER, ("policies",), ["one", "three"]),
        (HEADER, ("capabilities",), ["regex", "telepathy"]),
        (INDEX, ("policies",), []),
        (INDEX, ("policies",), {}),
        (INDEX, ("policies", 0, "name"), 5),
        (INDEX, ("policies", 0, "name"), "two"),
        (INDEX, ("policies", 0, "default"), "maybe"),
        (INDEX, ("policies", 0, "rules"), [3, 1]),
        (INDEX, ("policies", 0, "rules"), [0, 10**9]),
        (INDEX, ("policies", 0, "rules"), [-3, 1]),
        (INDEX, ("policies", 0, "call", "pay"), -1),
        (INDEX, ("policies", 0, "call", "pay"), 10**6),
        (INDEX, ("policies", 0, "call", "pay"), True),
        (INDEX, ("policies", 0, "list_other"), None),
        (PATHS, (0,), ["args", -1]),
        (PATHS, (0,), ["args", True]),
        (PATHS, (0,), ["args", 1.5]),
        (PATHS, (0,), ["elsewhere", "x"]),
        (PATHS, (0,), ["call", "args"]),
        (PATHS, (0,), "args"),
        (PATHS, (), {}),
    ],
)
def test_what_the_format_does_not_have_is_refused_at_once(number: int, way: tuple[Any, ...], odd: Any) -> None:
    lines = fuzz.lines_of(fuzz.ALL_KINDS)
    assert repr(fuzz.at(json.loads(lines[number]), way)) != repr(odd)
    lines[number] = fuzz.line(fuzz.put(json.loads(lines[number]), way, odd))
    with pytest.raises(TableError):
        Table(sealed(lines))


@pytest.mark.parametrize(
    ("number", "way", "odd"),
    [
        (RULE, (), "abcdef"),
        (RULE, (), {"pay.allow": 0, "allow": 0, "why": 0, "by": 0, "low": 0, "x": 0}),
        (RULE, (0,), None),
        (RULE, (1,), "permit"),
        (RULE, (2,), ["no"]),
        (RULE, (3,), 5),
        (RULE, (4,), True),
        (BODY, (0, 0, 0), "permit"),
        (BODY, (0, 0, 1), -2),
        (BODY, (0, 0, 1), True),
        (BODY, (0, 0, 1), -1.0),
        (BODY, (0, 0, 1), 10**6),
        (BODY, (0, 0), ["deny", -1]),
        (BODY, (0, 0), ["allow", LIMIT - RULE, []]),  # what denies by its nature
        (LIMIT, (5, "counter"), None),
        (LIMIT, (5, "max"), "5"),
        (LIMIT, (5, "max"), True),
        (LIMIT, (5, "max"), float("inf")),
        (LIMIT, (5, "max"), float("nan")),
        (LIMIT, (5, "window"), "fortnight"),
        (LIMIT, (5, "window"), 0),
        (LIMIT, (5, "window"), True),
        (LIMIT, (5, "window"), 1.5),
        (LIMIT, (5, "scope"), ["everyone"]),
        (LIMIT, (5, "scope"), "user"),
        (LIMIT, (5, "sliding"), 1),
        (LIMIT, (5, "optional"), None),
        (LIMIT, (5, "whole"), "no"),
        (LIMIT, (5, "step"), -1),
        (LIMIT, (5, "step"), 1.5),
        (LIMIT, (5, "sum"), ["call", "tool"]),
        (LIMIT, (5, "sum"), ["args", None]),
        (LIMIT, (5, "sum"), ["elsewhere", "x"]),
        (PLACE, (), [10**6, 1, 1, 1, 1]),
        (PLACE, (), [0, 1, 1, 1]),
        (PLACE, (), [-1, 1, 1, 1, 1]),
        (PLACE - 1, ("files", 0), 5),
    ],
)
def test_what_the_format_does_not_have_is_found_by_a_check(number: int, way: tuple[Any, ...], odd: Any) -> None:
    lines = fuzz.lines_of(fuzz.ALL_KINDS)
    assert repr(fuzz.at(json.loads(lines[number]), way)) != repr(odd)
    Table(sealed(lines)).check()
    lines[number] = fuzz.line(fuzz.put(json.loads(lines[number]), way, odd))
    with pytest.raises(TableError):
        Table(sealed(lines)).check()


@pytest.mark.parametrize("more", [b"[]", b"x", b" "])
def test_nothing_follows_the_source_map(more: bytes) -> None:
    with pytest.raises(TableError):
        Table(sealed([*fuzz.lines_of(fuzz.ALL_KINDS), more]))


@pytest.mark.parametrize(
    "test",
    [
        ["like", "x", 1, 1, False, None],
        ["like", "x", 3, 1, False, None, []],
        ["like", "x", 1, True, False, None, []],
        ["like", "x", 1, 1, 0, None, []],
        ["like", "x", 1, 1, False, "most", []],
        ["like", "x", 1, 1, False, "every", "x"],
        ["like", "x", 1, 1, False, "every", [-1]],
        ["like", "x", 1, 1, False, "every", [None] * (DEPTH + 1)],
        ["like", 5, 1, 1, False, None, []],
        ["likes", "x", 1, 1, False, None, []],
        ["matches", "(", 1, 1, False, None, []],
        ["matches", None, 1, 1, False, None, []],
        ["<", None, 1, 1, False, None, []],
        ["<", [1], 1, 1, False, None, []],
        ["<", float("nan"), 1, 1, False, None, []],
        ["contains", [1], 1, 1, False, None, []],
        ["in", "text", 1, 1, False, None, []],
        ["in", [None], 1, 1, False, None, []],
        ["is", "float", 1, 1, False, None, []],
        ["exists", "x", 1, 1, False, None, []],
        ["prints", 5, 1, 1, False, None, []],
        ["lookup", [["a", 3]], 1, 1, False, None, []],
        ["lookup", [[5, 1]], 1, 1, False, None, []],
        ["lookup", {"a": 1}, 1, 1, False, None, []],
    ],
    ids=repr,
)
def test_a_test_that_makes_no_sense_denies(test: list[Any]) -> None:
    lines = fuzz.lines_of(compiled('policy "p" default allow deny pay when args.m like "a*b"'))
    lines[3] = fuzz.line(test)
    table = Table(sealed(lines))
    assert table.decide("pay", {"m": "x"}).reason == BROKEN_REASON
    with pytest.raises(TableError):
        table.check()


# --- what the random changes would seldom meet -------------------------------------------------------------------------


def with_body(body: Any) -> Table:
    """A table whose tool `pay` has another body."""
    lines = fuzz.lines_of(compiled('policy "p" default allow deny pay when args.n > 5 and args.m like "a*b"'))
    header = json.loads(lines[HEADER])
    assert json.loads(lines[PATHS]) and header["tests"], "what the body may refer to"
    lines[body_line(lines, json.loads(lines[INDEX])["policies"][0]["call"]["pay"])] = encoded(
        body if isinstance(body, dict) else [LEAVES, *body]
    )
    return Table(sealed(lines))


def body_line(lines: list[bytes], number: int) -> int:
    header = json.loads(lines[HEADER])
    return int(3 + header["tests"] + header["rules"] + number)


LEAVES = [["deny", -1, []], ["allow", -1, []]]


def nested(depth: int) -> Any:
    guard: Any = ["?", 0, 0, 7]
    for _ in range(depth):
        guard = ["&", guard]
    return {"default": "allow", "rules": [[[0, guard]], [], [], []]}


@pytest.mark.parametrize(
    "body",
    [
        [0, ["t", 0, 0, 0, -1, -1]],  # itself
        [0, ["t", 0, 0, 1, -1, -1], ["t", 0, 0, 0, -1, -1]],  # a cycle
        [0, ["t", 0, 0, 1, -1, -1], ["t", 0, 0, -1, -1, -1]],  # forward
        [-1000],
        [10**18],
        [True],
        [-1.0],
        [0, ["t", -1, 0, -1, -1, -1]],  # numbers that would count from the end
        [0, ["t", 0, -1, -1, -1, -1]],
        [0, ["n", 0, [5, 1], [-1, -1, -1, -1, -1], -1]],
        [0, ["n", 0, [True], [-1, -1, -1], -1]],
        [0, ["n", 0, ["5"], [-1, -1, -1], -1]],
        [0, ["s", 0, [["a", -1], ["a", -2]], -1, -1]],
        nested(DEPTH + 1),
        {"default": "maybe", "rules": [[], [], [], []]},
        {"default": "allow", "rules": [[[-1, True]], [], [], []]},
        {"default": "allow", "rules": [[], [], [], [[0, True]]]},  # a rule that has no limit
        {"default": "allow", "rules": [[], [], []]},
        {"rules": [[], [], [], []]},
    ],
    ids=repr,
)
def test_a_body_that_makes_no_sense_denies(body: Any) -> None:
    table = with_body(body)
    for arguments in ({}, {"n": 1, "m": 2}):
        decision = table.decide("pay", arguments)
        assert (decision.effect, decision.reason) == ("deny", BROKEN_REASON)
    assert len(table.faults) == 1
    with pytest.raises(TableError):
        table.check()
    assert table.decide("other", {}).allowed, "other tools are decided"


@pytest.mark.parametrize(
    "body",
    [
        [0, ["t", 0, 0, -1, -1, -1]],
        [1, ["t", 0, 0, -1, -1, -1], ["t", 0, 0, 0, -1, -1]],
        [0, ["n", 0, [1, 5], [-1, -1, -1, -1, -1], -1]],
        [0, ["s", 0, [["a", -1], ["b", -2]], -1, -1]],
        [-1],
        nested(DEPTH),
        {"default": "allow", "rules": [[], [], [], []]},
    ],
    ids=repr,
)
def test_the_like_of_it_that_makes_sense_is_used(body: Any) -> None:
    table = with_body(body)
    table.check()
    assert table.decide("pay", {}).reason != BROKEN_REASON


@pytest.mark.parametrize("group", [1, 2])
def test_what_denies_by_its_nature_neither_allows_nor_asks(group: int) -> None:
    lines = fuzz.lines_of(compiled('policy "p" default allow hide pay limit other: 1 per day'))
    body = {"default": "allow", "rules": [[[0, True]] if i == group else [] for i in range(4)]}
    lines[body_line(lines, json.loads(lines[INDEX])["policies"][0]["call"]["pay"])] = encoded(body)
    table = Table(sealed(lines))
    assert table.decide("pay").reason == BROKEN_REASON
    with pytest.raises(TableError):
        table.check()


def test_a_number_that_is_no_integer_finds_nothing_that_an_integer_has_left() -> None:
    guards = {"default": "allow", "rules": [[[0, ["&", ["?", 0, 0, 4], ["?", 0, 0.0, 4]]]], [], [], []]}
    assert with_body(guards).decide("pay", {"n": 9}).reason == BROKEN_REASON
    lines = fuzz.lines_of(fuzz.ALL_KINDS)
    number = LIMIT - RULE
    lines[BODY] = encoded([[["allow", -1, [number]], ["allow", -1, [float(number)]]], -2])
    with pytest.raises(TableError):
        Table(sealed(lines)).check()


def test_a_broken_list_hides_the_tool() -> None:
    lines = fuzz.lines_of(compiled('policy "p" default allow hide secret_*'))
    entry = json.loads(lines[1])["policies"][0]
    lines[body_line(lines, entry["list_other"])] = b"[[],7]"
    table = Table(sealed(lines))
    assert table.visible(["secret_x", "y"]) == [] and len(table.faults) == 1


def test_a_list_that_looks_at_arguments_hides_the_tool() -> None:
    lines = fuzz.lines_of(compiled('policy "p" default allow deny pay when args.n > 5 hide secret_*'))
    entry, paths = json.loads(lines[1])["policies"][0], json.loads(lines[PATHS])
    number = paths.index(["args", "n"])
    lines[body_line(lines, entry["list_other"])] = encoded([LEAVES, 0, ["k", number, -1, -1, -1, -1, -1, -1, -1, -1]])
    assert Table(sealed(lines)).visible(["y"]) == []


def test_many_paths_to_one_end_take_no_time() -> None:
    """A body of nodes that share their children: 2 to the power of 5,000 ways."""
    nodes = [["b", 0, -1, -2, -1], *(["b", 0, n, n, n] for n in range(5_000))]
    assert with_body([5_000, *nodes]).decide("pay", {"n": 1}).effect in ("allow", "deny")


def test_a_stack_without_room_denies() -> None:
    """A gateway that is itself deep in calls."""
    deep, elements = (
        with_body(nested(DEPTH)),
        compiled('policy "p" default allow on t { deny when not every args.a' + "[*]" * 60 + " == 1 }"),
    )
    value: Any = 1
    for _ in range(60):
        value = [value]
    tables: list[tuple[Table, str, Any]] = [(deep, "pay", {"n": 1}), (Table(elements), "t", {"a": value})]

    def at_depth(levels: int, ask: Callable[[], Any]) -> Any:
        return ask() if levels == 0 else at_depth(levels - 1, ask)

    for table, tool, arguments in tables:
        table.check()
        assert table.decide(tool, arguments).reason != NOT_JSON_REASON
        levels = sys.getrecursionlimit() - 100 - len(_frames())
        decision = at_depth(levels, lambda table=table, tool=tool, arguments=arguments: table.decide(tool, arguments))  # type: ignore[misc]
        assert (decision.effect, decision.reason) == ("deny", NOT_JSON_REASON)


def _frames() -> list[Any]:
    frame, found = sys._getframe(), []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back  # type: ignore[assignment]
    return found


@pytest.mark.parametrize("value", [[float("nan")], [{"k": [float("inf")]}], [object()], [{"k": (1,)}]])
def test_what_is_not_json_inside_of_what_is_printed_denies(value: Any) -> None:
    table = Table(compiled('policy "p" default allow on t { deny when args.a prints "[1]" }'))
    assert table.decide("t", {"a": value}).reason == NOT_JSON_REASON
    assert table.decide("t", {"a": [2]}).allowed


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_line_in_another_encoding_is_refused(encoding: str) -> None:
    lines = fuzz.lines_of(fuzz.ALL_KINDS)
    lines[PATHS] = lines[PATHS].decode().encode(encoding)
    with pytest.raises(TableError):
        Table(sealed(lines))


def test_arguments_with_keys_that_are_no_text_deny() -> None:
    table = Table(compiled('policy "p" default allow on t { deny when args.a prints "map[1:2]" }'))
    assert table.decide("t", {"a": {1: 2}}).effect == "deny"


def test_a_table_that_needs_re2_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    from policyc.runtime.patterns import regex_search

    table = Table(compiled('policy "p" default allow on t { deny when args.a matches "nobody wrote this" }'))
    monkeypatch.setitem(sys.modules, "re2", None)
    regex_search.cache_clear()
    with pytest.raises(TableError, match="google-re2"):
        table.check()
    assert table.decide("t", {"a": "x"}).reason == BROKEN_REASON
