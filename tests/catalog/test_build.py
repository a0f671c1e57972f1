"""`catalog.json`: the same bytes for the same tools, back again without loss, and refused when it was changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc.catalog.build import tool_digest, write_catalog
from policyc.catalog.canonical import canonical
from policyc.catalog.load import CatalogError, load_catalog
from tests.catalog.real import EXAMPLES, FILES, ROOT, needs_real

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def sources() -> list[str]:
    return [str(EXAMPLES / "payments.json"), str(EXAMPLES / "tickets.json")]


def test_round_trip(tmp_path: Path) -> None:
    catalog = load_catalog(sources(), overrides=str(EXAMPLES / "catalog.overrides.yaml"))
    text = write_catalog(catalog)
    (tmp_path / "catalog.json").write_text(text, encoding="utf-8")
    again = load_catalog([str(tmp_path / "catalog.json")])
    assert again == catalog
    assert write_catalog(again) == text
    assert text.endswith("}\n") and '\n  "format": "policyc-catalog"' in text


def test_the_order_of_files_tools_and_keys_does_not_matter(tmp_path: Path) -> None:
    one = write_catalog(load_catalog(sources()))
    for path in map(Path, sources()):
        turned = json.loads(path.read_text())
        turned["tools"] = [dict(reversed(t.items())) for t in reversed(turned["tools"])]
        (tmp_path / path.name).write_text(json.dumps(turned))
    assert write_catalog(load_catalog([str(tmp_path / "tickets.json"), str(tmp_path / "payments.json")])) == one


@needs_real
def test_every_real_catalog_goes_round(tmp_path: Path) -> None:
    for path in FILES:
        catalog = load_catalog([str(path)])
        assert catalog.tools and not catalog.warnings, path
        text = write_catalog(catalog)
        (tmp_path / "catalog.json").write_text(text, encoding="utf-8")
        assert load_catalog([str(tmp_path / "catalog.json")]) == catalog, path
    everything = load_catalog(list(map(str, FILES)))
    assert len(everything.servers) == len(FILES) == 60


@pytest.mark.parametrize("file", [str(FILES[0])] if FILES else sources()[:1])
def test_the_hash_seed_does_not_matter(file: str) -> None:
    program = (
        "import sys; from policyc.catalog.load import load_catalog; from policyc.catalog.build import write_catalog;"
        "from policyc.features.init import write;"
        "c = load_catalog([sys.argv[1]]); sys.stdout.buffer.write((write_catalog(c) + write(c, 'dsl')).encode())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, file],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"List the support tickets', '"list the support tickets', "digest of `list_tickets` does not fit"),
        ('"destructiveHint": true', '"destructiveHint": false', "digest of `delete_ticket` does not fit"),
        ('"category": "destructive"', '"category": "read"', "catalog's digest does not fit"),
        ('"sends_out": true', '"sends_out": false', "catalog's digest does not fit"),
        ('"confidence": "high"', '"confidence": "sure"', "confidence: expected `low`, `medium` or `high`"),
        ('"severity"', '"severty"', "severity: this key is missing"),
    ],
)
def test_a_changed_catalog_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = write_catalog(load_catalog([str(EXAMPLES / "tickets.json")]))
    assert old in text
    (tmp_path / "catalog.json").write_text(text.replace(old, new, 1))
    with pytest.raises(CatalogError) as caught:
        load_catalog([str(tmp_path / "catalog.json")])
    assert said in str(caught.value)


def test_the_digest_is_over_what_the_server_says_of_a_tool() -> None:
    base = tool_digest("a", "b", {"type": "object"}, {})
    assert base == tool_digest("a", "b", {"type": "object"}, {})
    changed: tuple[Any, ...] = (
        ("x", "b", {"type": "object"}, {}),
        ("a", "x", {"type": "object"}, {}),
        ("a", "b", None, {}),
    )
    assert len({base, *(tool_digest(*c) for c in changed), tool_digest("a", "b", {"type": "object"}, {"x": 1})}) == 5


def test_a_built_catalog_under_another_server_name(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(write_catalog(load_catalog([str(EXAMPLES / "tickets.json")])))
    (tmp_path / "two.json").write_text(write_catalog(load_catalog(sources())))
    assert load_catalog([f"desk={tmp_path / 'one.json'}"]).servers == ("desk",)
    with pytest.raises(CatalogError, match="has 2 servers, expected one for the name `desk`"):
        load_catalog([f"desk={tmp_path / 'two.json'}"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # the number examples of RFC 8785, appendix B
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (1e23, "1e+23"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e21, "1e+21"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e-7, "1e-7"),
        (0.000001, "0.000001"),
        (333333333.3333332, "333333333.3333332"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (10**30, "1" + "0" * 30),
        ({"\ufb33": 1, "\U0001f600": 2, "a": [True, None]}, '{"a":[true,null],"\U0001f600":2,"\ufb33":1}'),
        ("\ud800", '"\\ud800"'),
        ("\u2028\x7f\x1f/", '"\u2028\x7f\\u001f/"'),
    ],
)
def test_canonical_text(value: object, text: str) -> None:
    assert canonical(value) == text


@given(JSON)
def test_canonical_text_is_json_of_the_same_value(value: object) -> None:
    text = canonical(value)
    text.encode()
    # a large double without a fraction is written as ECMAScript does, with zeros after its shortest digits
    assert doubles(json.loads(text)) == doubles(value)
    assert canonical(json.loads(text)) == text


def doubles(value: object) -> object:
    if isinstance(value, dict):
        return {k: doubles(v) for k, v in value.items()}
    if isinstance(value, list):
        return [doubles(v) for v in value]
    return float(value) if isinstance(value, int | float) and abs(value) < 10**300 else value
