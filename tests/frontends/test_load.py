"""Opening files, and finding the front end for a text. No input ends in a traceback or takes long."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyc.diagnostics import Findings, PolicycError
from policyc.frontends import load
from policyc.source import Source

DOCUMENT = '{"version": "1", "default": "deny", "tools": {"t": {"require": [{"path": "args.a", "op": "in", "value": ["x", 1]}]}}}'
YAML = 'version: "1"\ndefault: deny\ntools:\n  t:\n    limits: [{max: 3, window: day}]\n    deny_if:\n    - {path: args.b, op: regex, value: "^a"}\n'
INTERCEPT = 'version: "1"\ntools:\n  t:\n    rules:\n    - {name: r, rate_limit: 5/hour}\n    - name: s\n      conditions: [{path: args.a, op: eq, value: 1}]\n'
DSL = 'policy "p"\ndefault deny\nallow list_*\n'


def opened(path: Path, data: bytes, **keys: int) -> tuple[Source | None, Findings]:
    path.write_bytes(data)
    findings = Findings()
    return load.open_source(str(path), findings, **keys), findings


def test_utf8_with_and_without_a_mark(tmp_path: Path) -> None:
    for data in ("é😀\r\n".encode(), b"\xef\xbb\xbf" + "é😀\r\n".encode()):
        source, findings = opened(tmp_path / "x.yaml", data)
        assert source is not None and source.text == "é😀\r\n" and not findings.items


def test_latin_1_is_told_at_its_byte(tmp_path: Path) -> None:
    source, findings = opened(tmp_path / "x.yaml", 'a: "é"\nb: "'.encode() + b'caf\xe9"\n')
    (finding,) = findings.items
    assert source is None and finding.rule == "invalid-encoding"
    assert (finding.span.line, finding.span.column) == (2, 8)
    assert "0xE9" in finding.message and finding.help is not None and "`é`" in finding.help


@pytest.mark.parametrize(
    ("data", "named"),
    [("{}".encode("utf-16"), "UTF-16"), ("{}".encode("utf-16-be"), "UTF-16"), ('{"a"'.encode("utf-16-le"), "UTF-16"),
     ("{}".encode("utf-32"), "UTF-32"), ("{}".encode("utf-32-be"), "UTF-32")],
)  # fmt: skip
def test_wide_encodings_are_recognised(tmp_path: Path, data: bytes, named: str) -> None:
    source, findings = opened(tmp_path / "x.json", data)
    assert source is None and [f.rule for f in findings.items] == ["invalid-encoding"]
    assert named in findings.items[0].message


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    findings = Findings()
    assert load.open_source(str(path), findings) is None
    assert [f.rule for f in findings.items] == ["file-too-large"] and "10 MiB" in findings.items[0].message
    source, findings = opened(path, b"0123456789", max_bytes=10)
    assert source is not None
    source, findings = opened(path, b"0123456789x", max_bytes=10)
    assert source is None and [f.rule for f in findings.items] == ["file-too-large"]


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no endless file here")
def test_an_endless_file_ends() -> None:
    findings = Findings()
    assert load.open_source("/dev/zero", findings) is None
    assert [f.rule for f in findings.items] == ["file-too-large"]


def test_what_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.yaml", "does not exist"), (tmp_path, "is a directory"), (tmp_path / "a\0b", "cannot be read"),
                       (tmp_path / ("x" * 5000), "cannot be read")):  # fmt: skip
        with pytest.raises(PolicycError, match=said) as caught:
            load.open_source(str(path), Findings())
        assert "\n" not in str(caught.value) and not str(caught.value).endswith(".")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(DOCUMENT.encode())

    monkeypatch.setattr(sys, "stdin", Stdin())
    source = load.open_source("-", Findings())
    assert source is not None and source.path == "-"
    (policy,) = load.read_policies(source, Findings())
    assert policy.name == "stdin"


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("a.policy", YAML, "dsl"), ("a.json", YAML, "json"), ("A.YAML", DSL, "yaml"), ("a.yml", DSL, "yaml"), ("-", DOCUMENT, "json"),
        ("-", "\n  [1]", "json"), ("-", YAML, "yaml"), ("-", "# c\n\n" + YAML, "yaml"), ("-", "---\na: 1", "yaml"), ("-", '"version": "1"', "yaml"),
        ("-", "- a", "yaml"), ("-", DSL, "dsl"), ("-", "allow category:read", "dsl"), ("-", "limit x: 5 per day", "dsl"), ("-", "", "dsl"),
        ("x.txt", "tools:", "yaml"), ("x.policy.json", "", "json"),
    ],
)  # fmt: skip
def test_the_syntax_is_known_by_name_or_first_line(path: str, text: str, kind: str) -> None:
    assert load.syntax_of(Source(path, text)) == kind


def test_dispatch() -> None:
    for path, text, dialect in (
        ("a.json", DOCUMENT, "document"),
        ("a.yaml", YAML, "document"),
        ("a.yaml", INTERCEPT, "intercept"),
    ):
        (policy,) = load.read_policies(Source(path, text), Findings())
        assert (policy.dialect, policy.name) == (dialect, "a")


def test_a_policy_with_an_error_compiles_to_nothing() -> None:
    for path, text in (("a.json", DOCUMENT.replace('"in"', '"on"')), ("a.yaml", YAML.replace("^a", "(")), ("a.yaml", INTERCEPT.replace("eq", "eqq")),
                       ("a.json", DOCUMENT[:-1]), ("a.json", DOCUMENT[:-1] + ', "default": "allow"}'), ("a.yaml", YAML + "x: [")):  # fmt: skip
        findings = Findings()
        assert load.read_policies(Source(path, text), findings) == []
        assert any(f.rule not in load.WARNING_RULES for f in findings.items)


def test_windows_lines_change_nothing() -> None:
    for path, text in (("a.json", DOCUMENT.replace(", ", ",\n")), ("a.yaml", YAML), ("a.yaml", INTERCEPT)):
        unix = load.read_policies(Source(path, text), Findings())
        windows = load.read_policies(Source(path, text.replace("\n", "\r\n")), Findings())
        assert unix == windows and unix
        assert [r.span.line for r in unix[0].rules if r.span] == [r.span.line for r in windows[0].rules if r.span]


def test_findings_behind_an_alias_are_told_once() -> None:
    findings = Findings()
    text = 'version: "1"\ndefault: deny\ntools:\n  a: &x {deny_if: [{path: args.b, op: eqq, value: 1}]}\n  b: *x\n'
    assert load.read_policies(Source("a.yaml", text), findings) == []
    assert len(findings.items) == 1


def test_deeply_nested_conditions_are_read() -> None:
    condition = '{"path": "args.a", "op": "eq", "value": 1}'
    for _ in range(90):
        condition = f'{{"not": {condition}}}'
    findings = Findings()
    text = f'{{"version": "1", "default": "deny", "tools": {{"t": {{"deny_if": [{condition}]}}}}}}'
    assert len(load.read_policies(Source("a.json", text), findings)) == 1, findings.items


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.json", '{"version": "1", "default": "deny", ' + ", ".join(f'"tols{i}": 1' for i in range(50_000)) + "}"),
        ("a.yaml", INTERCEPT + "".join(f"defualt{i}: 1\n" for i in range(20_000))),
        ("a.yaml", INTERCEPT + "".join(f"    - {{name: n{i}, conditions: [{{path: args.a, op: eqq, value: 1}}]}}\n" for i in range(5_000))),
        ("a.json", '{"version": "1", "default": "deny", "tools": {"t": {"require": [' + ", ".join(['{"path": "args.a", "op": "is", "value": "text"}'] * 10_000) + "]}}}"),
        ("a.json", '{"version": "1", "default": "deny", "hide": [' + ", ".join(['"category:x"'] * 3_000) + "]}"),
    ],
    ids=["unknown keys", "ignored keys", "unknown operators", "unknown types", "bad selectors"],
)  # fmt: skip
def test_many_mistakes_are_cheap(path: str, text: str) -> None:
    assert load.read_policies(Source(path, text), Findings()) == [] or "defualt" in text


# --- nothing breaks it -------------------------------------------------------------------------------------------------


def survives(path: str, text: str) -> None:
    findings = Findings()
    source = Source(path, text)
    policies = load.read_policies(source, findings)
    assert policies or any(f.rule not in load.WARNING_RULES for f in findings.items)
    for finding in findings.items:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert finding.message and "\n" not in finding.message


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.sampled_from(
    ['"', "'", "{", "}", "[", "]", ":", ",", "\n", " ", "#", "&a ", "*a", "<<: ", "!!", "|", ">", "-", "- ", "\t", "\\", "null", "~", "yes",
     "1e999", "[*]", "?", "%", "@", "\x00", "\ud800", "\u2028", "é", "\U0001f600", "rules:", '"when": []', "NaN", "0x", "args.", "(?=", "len("]
)  # fmt: skip


@FUZZ
@given(st.sampled_from(["a.json", "a.yaml", "-"]), st.text(max_size=80))
def test_any_text_is_survived(path: str, text: str) -> None:
    if load.syntax_of(Source(path, text)) != "dsl":
        survives(path, text)


@FUZZ
@given(st.binary(max_size=60))
def test_any_bytes_are_survived(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    source, findings = opened(tmp_path_factory.getbasetemp() / "bytes.yaml", data)
    if source is None:
        assert findings.items
    else:
        survives(source.path, source.text)


@FUZZ
@given(
    st.sampled_from([("a.json", DOCUMENT), ("a.yaml", YAML), ("a.yaml", INTERCEPT), ("a.yaml", DOCUMENT)]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES | st.text(max_size=3)), min_size=1, max_size=4),
)
def test_mutated_policies_are_survived(case: tuple[str, str], cuts: list[tuple[float, int, str]]) -> None:
    path, text = case
    for where, length, piece in cuts:
        at = int(where * len(text))
        text = text[:at] + piece + text[at + length :]
    survives(path, text)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "eq", "in", "deny", "args.x", "args.x[*]", "*", "day", "every"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["tools", "t", "require", "deny_if", "limits", "max", "window", "path", "op", "value", "all", "not", "when", "hide", "rules", "select",
             "effect", "limit", "scope", "sum", "name", "conditions", "state", "counter", "action", "rate_limit", "reason", "deny", "servers", "id"]
        ), inner, max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@FUZZ
@given(
    st.dictionaries(st.sampled_from(["hide", "allow", "tools", "all_tools", "servers", "rules"]), values, max_size=4),
    st.booleans(),
)
def test_documents_of_any_shape_are_survived(keys: dict[str, object], as_yaml: bool) -> None:
    text = json.dumps({"version": "1", "default": "deny", **keys})
    survives("a.yaml" if as_yaml else "a.json", text)
