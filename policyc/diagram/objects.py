"""Cutting objects by what stands at their keys, and by their size."""

from __future__ import annotations

from typing import Any

from policyc.diagram.cell import NO_EXAMPLE, Cell, Judge, Truths
from policyc.diagram.containers import (
    LONGEST_EXAMPLE,
    MOST_STATES,
    Cut,
    Functions,
    below,
    guess,
    guess_printed,
    length_candidates,
    length_truth,
    one_each,
)
from policyc.diagram.errors import TooLarge
from policyc.diagram.formula import Probe
from policyc.runtime.values import MISSING, OBJECT


def object_cells(
    probes: tuple[Probe, ...], functions: Functions, judge: Judge, cut: Cut
) -> tuple[tuple[Cell, ...], str | None]:
    """The cells of objects, and why they are a superset (None where they are exact). Raises TooLarge."""
    why: str | None = None
    cells: dict[Truths, Cell] = {}
    at_key = below(probes, str)
    sizes = length_candidates(probes)
    choices, open_keys = _at_keys(at_key, cut)
    for known in choices:
        for n in sorted({*sizes, len(known)}):
            if n >= len(known):
                _add_object(cells, probes, functions, known, n)
    printed = [p.value for p in probes if p.op == "prints" and p.quantifier is None and p.value.startswith("map[")]
    for text in printed:
        key, colon, value = text[4:-1].partition(":")
        example = {key: value} if colon and text.endswith("]") else {}
        cells.setdefault(judge(example), Cell(OBJECT, judge(example), example))
    if open_keys is not None:
        why = open_keys
        guess(cells, list(at_key), OBJECT, "keys of one object")
    if printed and len(cells) > 2:
        why = why or "what an object prints as"
        guess_printed(cells, probes, OBJECT)
    return tuple(cells.values()), why


def _at_keys(at_key: dict[int, tuple[str, Probe]], cut: Cut) -> tuple[list[dict[str, Any]], str | None]:
    """Objects of the keys that are asked for: one for each combination of what stands there. A key whose value is like none at all needs
    no object of its own: any other key does as well where keys are counted."""
    by_key: dict[str, dict[Probe, None]] = {}
    for key, probe in at_key.values():
        by_key.setdefault(key, {})[probe] = None
    why: str | None = None
    objects: list[dict[str, Any]] = [{}]
    for key, asked in by_key.items():
        cells = cut(tuple(asked))
        options = [c.example for c in one_each(cells, element=False)]
        if NO_EXAMPLE in options:
            why = why or cells.undecided or "no example of what stands at a key"
        options = [MISSING, *(v for v in options if v is not NO_EXAMPLE and v is not MISSING)]
        if len(objects) * len(options) > MOST_STATES:
            raise TooLarge("too many combinations of tests on the keys of one object")
        objects = [o if v is MISSING else {**o, key: v} for o in objects for v in options]
        why = why or cells.undecided
    return objects, why


def _add_object(
    cells: dict[Truths, Cell], probes: tuple[Probe, ...], functions: Functions, known: dict[str, Any], n: int
) -> None:
    """The object with `known` and as many other keys as make `n`."""
    whole = None
    if n <= LONGEST_EXAMPLE:
        taken = {p.value[0][0] for p in probes if p.op == "at"}
        names = (name for i in range(n + len(taken)) if (name := f"k{i}") not in taken)
        whole = {**known, **{name: 0 for name, _ in zip(names, range(n - len(known)), strict=False)}}
    sample = known or {"k0": 0}
    truths = tuple(
        length_truth(p, n) if p.length and p.quantifier is None else f(sample if whole is None else whole)
        for p, f in zip(probes, functions, strict=True)
    )
    cells.setdefault(truths, Cell(OBJECT, truths, NO_EXAMPLE if whole is None else whole))


def is_filler(key: str, value: Any) -> bool:
    """Whether a key stands in an example only to be counted."""
    return key[:1] == "k" and key[1:].isdecimal() and value == 0
