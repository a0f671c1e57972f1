"""The linter as judged by defects: each is planted alone in a correct policy, is found, and is found alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from policyc.diagnostics import Finding
from policyc.pipeline import Options, check
from tests.mutation.mutants import MUTANTS
from tests.mutation.plant import CATALOG, POLICY, Mutant


def findings(text: str, folder: Path) -> list[Finding]:
    path = folder / "desk.policy"
    path.write_text(text, "utf-8")
    return check([str(path)], Options(isolated=True, catalog=(str(CATALOG),))).findings


def test_the_policy_without_a_defect_is_clean(tmp_path: Path) -> None:
    assert findings(POLICY, tmp_path) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_mutant(mutant: Mutant, tmp_path: Path) -> None:
    found = findings(mutant.planted(), tmp_path)
    said = [f"{f.span.line}: {f.rule}: {f.message}" for f in found]
    assert sorted(f.span.line for f in found if f.rule == mutant.finds) == mutant.lines(), said
    assert {f.rule for f in found} - {mutant.finds} == set(mutant.also), said


def test_names_are_told_apart_and_every_rule_of_the_family_is_tried() -> None:
    assert [n for n, count in Counter(m.name for m in MUTANTS).items() if count > 1] == []
    conflicts = {
        "conflicting-rules", "unreachable-rule", "redundant-rule", "contradictory-condition", "tautological-condition",
        "allow-overridden", "hidden-and-configured", "default-makes-redundant", "duplicate-rule", "reason-never-shown",
        "gap", "approve-never-asked", "overlapping-approvers",
    }  # fmt: skip
    assert conflicts <= {m.finds for m in MUTANTS}
