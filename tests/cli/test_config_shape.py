"""The quick check of a configuration file and its model are of one mind."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from policyc.config import SHAPE
from policyc.config_model import EXPECTED, ConfigFile, json_schema
from policyc.syntax.shape import bare

WORDS = st.sampled_from(["error", "warning", "info", "off", "loud", "", "a/**", "open-default"])
SCALARS = WORDS | st.booleans() | st.integers(-1, 2) | st.floats(0, 1) | st.dates()
LISTS = st.lists(SCALARS, max_size=2) | st.lists(WORDS, max_size=3)
LEVELS = st.dictionaries(WORDS, st.sampled_from(["error", "off"]) | SCALARS, max_size=2)
VALUES = SCALARS | LISTS | LEVELS | st.dictionaries(WORDS, LEVELS | SCALARS, max_size=2)
RIGHT = st.fixed_dictionaries(
    {},
    optional={
        "extend": WORDS, "overrides": WORDS, "catalog": WORDS | st.lists(WORDS), "select": st.lists(WORDS),
        "exclude": st.lists(WORDS), "fail-level": st.sampled_from(["error", "info"]),
        "levels": st.dictionaries(WORDS, st.sampled_from(["error", "off"])),
    },
)  # fmt: skip
CHANGES = st.dictionaries(st.sampled_from([*EXPECTED, "fail_level", "per_path", "catalg"]), VALUES, max_size=2)


def accepted(table: Any) -> bool:
    try:
        ConfigFile.model_validate(table)
    except ValidationError:
        return False
    return True


@given(RIGHT, CHANGES)
@settings(max_examples=500)
def test_the_quick_check_and_the_model_agree(right: dict[str, Any], changes: dict[str, Any]) -> None:
    assert SHAPE.fits(right) and accepted(right)
    table = right | changes
    assert SHAPE.fits(table) == accepted(table)


def test_the_checked_in_shape_is_current() -> None:
    """The docstring of policyc.syntax.shape says how to renew it."""
    assert SHAPE.file.read_text(encoding="utf-8") == json.dumps(bare(json_schema()), separators=(",", ":")) + "\n"
