from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from policyc import __version__
from policyc.diagnostics import PolicycError
from policyc.report.model import Report
from policyc.report.render import write
from policyc.source import Source, Span
from tests.report.samples import STRIPE, at, finding, golden, nasty, sample
from tests.report.sarif_schema import LOG


def rendered(report: Report, style: str) -> str:
    stream = io.StringIO()
    write(report, style, stream)
    return stream.getvalue()


def sarif(report: Report) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(rendered(report, "sarif"))
    jsonschema.Draft7Validator(LOG, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER).validate(log)
    return log


@pytest.mark.parametrize("style", ["json", "github"])
def test_golden(style: str) -> None:
    golden(f"sample.{style}.txt", rendered(sample(), style).replace(f'"{__version__}"', '"VERSION"'))


@pytest.mark.parametrize("report", [sample(), nasty(), Report((), files=3)], ids=["sample", "nasty", "clean"])
def test_sarif_is_valid(report: Report) -> None:
    log = sarif(report)
    [run] = log["runs"]
    assert len(run["results"]) == len(report.findings) + len(report.suppressed)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert all(rule["help"]["markdown"] for rule in rules)


def test_sarif_regions_are_what_the_spans_are() -> None:
    [run] = sarif(sample())["runs"]
    result = run["results"][1]
    location = result["locations"][0]
    region = location["physicalLocation"]["region"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "policies/stripe.policy"
    assert (region["startLine"], region["startColumn"], region["endColumn"]) == (4, 4, 17)
    assert location["logicalLocations"] == [{"fullyQualifiedName": "on create_chrage"}]
    assert result["relatedLocations"][0]["message"]["text"] == "the right name is used here"
    assert result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == "create_charge"
    assert run["columnKind"] == "unicodeCodePoints"


def test_sarif_reports_suppressions() -> None:
    [run] = sarif(sample())["runs"]
    suppressed = [r for r in run["results"] if "suppressions" in r]
    assert [s["justification"] for r in suppressed for s in r["suppressions"]] == ["it is a demo"]


def test_sarif_fingerprints_stay_when_lines_move_and_differ_for_equal_lines() -> None:
    def fingerprints(text: str) -> list[str]:
        source = Source("a.policy", text)
        spans = [Span(source, m.start(), m.end()) for m in re.finditer("bad", text)]
        found = tuple(finding("unknown-tool", "x", span) for span in spans)
        results = sarif(Report(found, files=1))["runs"][0]["results"]
        return [r["partialFingerprints"]["policycFinding/v1"] for r in results]

    before, after = fingerprints("allow bad\nallow bad\n"), fingerprints("# moved\n\nallow bad\nallow bad\n")
    assert before == after
    assert len(set(before)) == 2


def test_sarif_paths_are_relative_uris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spans = [
        Span(Source(path, "x"), 0, 1) for path in (str(tmp_path / "a b#c.policy"), "/elsewhere/ü.policy", "./d.policy")
    ]
    log = sarif(Report(tuple(finding("unknown-tool", "x", span) for span in spans), files=3))
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log["runs"][0]["results"]]
    assert uris == ["a%20b%23c.policy", "file:///elsewhere/%C3%BC.policy", "d.policy"]


def test_json_says_what_docs_output_says() -> None:
    data = json.loads(rendered(sample(), "json"))
    assert (data["format"], data["version"]) == ("policyc-findings", 1)
    assert data["summary"] == {
        "files": 2, "error": 4, "warning": 1, "info": 1, "suppressed": 1,
        "rules": {"duplicate-rule-id": 1, "open-default": 1, "syntax-error": 1, "unknown-tool": 1, "wrong-type": 2},
        "fail_level": "warning", "failed": True,
    }  # fmt: skip
    page = (Path(__file__).parents[2] / "docs" / "output.md").read_text(encoding="utf-8")
    keys = {key for f in [*data["findings"], *data["suppressed"]] for key in f} | set(data) | set(data["summary"])
    assert [key for key in keys if f"`{key}`" not in page] == []


@pytest.mark.parametrize("style", ["json", "sarif"])
def test_machine_reports_are_ascii(style: str) -> None:
    assert rendered(nasty(), style).isascii()


def test_github_escapes() -> None:
    lines = rendered(nasty(), "github").splitlines()
    assert len(lines) == 2
    head, _, message = lines[0][2:].partition("::")
    assert head.startswith(
        "error file=policies/na\\x1b[31msty%2C100%25%3Ax.policy,line=1,col=15,endLine=1,endColumn=19,"
    )
    assert "title=PC101 syntax-error" in head
    assert message == "unexpected `\\x1b[2J\\u202e`%0Asecond line%0Ahelp: \\x07 100%25, a:b"


def test_github_gives_no_columns_over_several_lines() -> None:
    line = rendered(Report((finding("wrong-type", "x", at(STRIPE, "default allow\n\non")),), files=1), "github")
    assert "line=2,endLine=4" in line
    assert "col=" not in line


@pytest.mark.parametrize("style", ["sarif", "github"])
def test_statistics_have_no_place_in_some_formats(style: str) -> None:
    with pytest.raises(PolicycError, match="statistics"):
        write(sample(), style, io.StringIO(), statistics=True)


def test_an_unknown_format_is_a_sentence() -> None:
    with pytest.raises(PolicycError, match="`xml`"):
        write(sample(), "xml", io.StringIO())
