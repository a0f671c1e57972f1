"""Cutting the set of all strings: at the constants that tests name, and by their patterns as regular languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from policyc.diagram.errors import TooLarge, Unsupported
from policyc.diagram.formula import Probe
from policyc.record import record

Truths = tuple[int, ...]
PATTERN_OPS = frozenset(("matches", "like", "starts_with", "ends_with", "contains", "<", "<=", ">", ">="))
MOST_GUESSED = 6


@record
class StringCells:
    """`constants`: each string that a test names, with all truth values. `rest`: the other strings of Unicode text, one entry
    a combination, with an example (None when not decided). `surrogates`: those with a lone surrogate, only when a regular
    expression is asked (which they do not fit). `patterns`: the indexes of the probes that tell `rest` apart."""

    constants: tuple[tuple[str, Truths], ...]
    rest: tuple[tuple[Truths, str | None], ...]
    surrogates: tuple[tuple[Truths, str | None], ...]
    patterns: tuple[int, ...]
    undecided: str | None = None


def string_constants(probe: Probe) -> Iterator[str]:
    """The strings that a probe compares its operand with."""
    if probe.length or probe.quantifier is not None:
        return
    if probe.op in ("==", "!=", "prints"):
        if isinstance(probe.value, str):
            yield probe.value
    elif probe.op in ("in", "not in"):
        yield from (v for v in probe.value if isinstance(v, str))
    elif probe.op == "lookup":
        yield from (name for name, _ in probe.value)


def is_pattern(probe: Probe) -> bool:
    """Whether the probe tells strings apart other than by naming them."""
    if probe.quantifier is not None:
        return False
    return probe.length or (probe.op in PATTERN_OPS and isinstance(probe.value, str))


def string_cells(probes: tuple[Probe, ...], judge: Callable[[Any], Truths]) -> StringCells:
    """The cells of all strings under these probes."""
    constants = sorted({c for p in probes for c in string_constants(p)})
    patterns = tuple(i for i, p in enumerate(probes) if is_pattern(p))
    named = tuple((c, judge(c)) for c in constants)
    if not patterns:
        fresh = _fresh(constants)
        return StringCells(named, ((judge(fresh), fresh),), (), ())
    asks_regex = any(probes[i].op == "matches" for i in patterns)
    rest, why = _combine(probes, patterns, constants, judge, surrogates=False)
    surrogates: tuple[tuple[Truths, str | None], ...] = ()
    if asks_regex:
        plain = tuple(i for i in patterns if probes[i].op != "matches")
        surrogates, also_why = _combine(probes, plain, constants, judge, surrogates=True)
        why = why or also_why
    return StringCells(named, rest, surrogates, patterns, why)


def _fresh(constants: list[str]) -> str:
    taken = set(constants)
    return next(c for c in _candidates() if c not in taken)


def _candidates() -> Iterator[str]:
    yield from ("other", "x", "y", "z")
    n = 1
    while True:
        yield f"other{n}"
        n += 1


def _combine(
    probes: tuple[Probe, ...],
    patterns: tuple[int, ...],
    constants: list[str],
    judge: Callable[[Any], Truths],
    *,
    surrogates: bool,
) -> tuple[tuple[tuple[Truths, str | None], ...], str | None]:
    from policyc.diagram.regular import combinations, language  # only where a pattern is asked about

    asked = list(dict.fromkeys(key for i in patterns for key in _pattern_keys(probes[i])))
    try:
        languages = [language(op, value) for op, value in asked]
        if constants:
            languages.append(language("in", tuple(constants)))
        found: dict[Truths, str | None] = {}
        for vector, example in combinations(languages, surrogates=surrogates):
            if constants and vector[-1]:
                continue
            found.setdefault(judge(example), example)
        for word in (w for w in ("other", "x") if not surrogates and w not in constants):
            if found.get(judge(word)) == "":
                found[judge(word)] = word  # the shortest, but not what anybody would type
        return tuple(found.items()), None
    except (TooLarge, Unsupported) as reason:
        return _guess(probes, patterns, constants, judge, surrogates), str(reason)


def _pattern_keys(probe: Probe) -> list[tuple[str, Any]]:
    """The languages that tell strings apart as the probe does."""
    if not probe.length:
        return [(probe.op, probe.value)]
    if isinstance(probe.value, tuple):
        return [("length==", n) for n in probe.value]
    return [("length" + probe.op, probe.value)]


def _guess(
    probes: tuple[Probe, ...],
    patterns: tuple[int, ...],
    constants: list[str],
    judge: Callable[[Any], Truths],
    surrogates: bool,
) -> tuple[tuple[Truths, str | None], ...]:
    """Every combination, as if all could be: a superset of the truth, without examples."""
    fresh = "\ud800" + _fresh(constants) if surrogates else _fresh(constants)
    base = judge(fresh)
    free = list(patterns)
    if len(free) > MOST_GUESSED:
        raise TooLarge(f"{len(free)} patterns on one value")
    out: dict[Truths, str | None] = {base: fresh}
    for choice in product((2, 0), repeat=len(free)):
        truths = list(base)
        for i, truth in zip(free, choice, strict=True):
            truths[i] = truth
        out.setdefault(tuple(truths), None)
    return tuple(out.items())
