"""Small closed domains: every claim of the analysis and of the rules about dead rules against all calls there are.

The continuous run's part of `python -m tests.property.brute_force`.
"""

from __future__ import annotations

import random

import pytest

from tests.property import brute_force


@pytest.fixture(scope="module")
def worlds() -> list[brute_force.World]:
    rng = random.Random(3)
    return [brute_force.random_world(rng) for _ in range(120)]


@pytest.mark.parametrize("check", brute_force.CHECKS, ids=lambda check: check.__name__)
def test_what_is_claimed_is_so_for_all_calls(check: object, worlds: list[brute_force.World]) -> None:
    for world in worlds:
        check(world)  # type: ignore[operator]


def test_there_is_something_to_claim(worlds: list[brute_force.World]) -> None:
    for slug in (
        "unreachable-rule",
        "allow-overridden",
        "contradictory-condition",
        "tautological-condition",
        "write-tool-without-limit",
    ):
        assert sum(len(world.lint(slug)) for world in worlds) > 15, slug
