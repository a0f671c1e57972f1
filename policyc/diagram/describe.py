"""Sets of cells in words, near to the DSL's: what a reviewer reads of a region.

`args.amount > 50000`, `args.branch like "release/*"`, `args.reviewers is missing or not an array`. The words are exact: a value is in
one of the cells if and only if the words say so of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from policyc.diagram.build import Node
from policyc.diagram.cell import Cell, Truths, shape
from policyc.diagram.cover import Literal, cover
from policyc.diagram.formula import SERVER, TOOL, Probe, Var
from policyc.diagram.merge import unmoved
from policyc.diagram.numbers import NumberSlot
from policyc.ir.model import Path
from policyc.ir.spelling import MARKS, comparison_text, path_text, quote
from policyc.runtime.values import ARRAY, BOOLEAN, KIND_NAMES, MISSING_KIND, NULL, NUMBER, OBJECT, STRING

Key = tuple[Truths, int]
"""What tells the children of a node apart (`Node.children`)."""
_ARTICLES = {BOOLEAN: "a boolean", NUMBER: "a number", STRING: "a string", ARRAY: "an array", OBJECT: "an object"}
_INVERSE = {"==": "!=", "!=": "==", "in": "not in", "not in": "in", "<": ">=", ">=": "<", "<=": ">", ">": "<="}


def describe(node: Node, chosen: set[Key]) -> str:
    """The values of a node's variable that lead to one of the chosen children, in words; alternatives are joined with ` or `."""
    name = variable_text(node.var)
    kinds: dict[int, list[tuple[Cell, bool]]] = {}
    for cell in node.values():
        inside = (cell.truths, shape(cell.kind) if node.split else 0) in chosen
        kinds.setdefault(cell.kind, []).append((cell, inside))
    full = [k for k, cells in kinds.items() if all(inside for _, inside in cells)]
    partial = [k for k, cells in kinds.items() if k not in full and any(inside for _, inside in cells)]
    texts = [_within(node, k, name, kinds[k]) for k in partial]
    others = _kinds_text(name, set(full), set(kinds), set(partial))
    return " or ".join([*texts, *([others] if others else [])])


def variable_text(var: Var) -> str:
    """The variable as a policy writes it; `server` and `tool` for the call's own."""
    if var in (SERVER, TOOL):
        return str(var[1][0])
    return path_text(Path(var[0], var[1]))  # type: ignore[arg-type]


def _kinds_text(name: str, full: set[int], every: set[int], partial: set[int]) -> str:
    """The kinds of value that are inside as a whole."""
    if not full:
        return ""
    if every == {MISSING_KIND, STRING}:  # a server
        return f"{name} is missing" if full == {MISSING_KIND} else f"{name} is given"
    out = every - full - partial
    spoken = out | partial
    if len(spoken) <= len(full):
        if not spoken:
            return ""
        gone = spoken & {MISSING_KIND, NULL}
        rest = sorted(spoken - gone)
        if not rest:
            return f"{name} is {_either(sorted(gone), 'neither', 'nor') if len(gone) > 1 else 'not ' + KIND_NAMES[gone.pop()]}"
        denied = f"not {_a(rest[0])}" if len(rest) == 1 else _either(rest, "neither", "nor")
        if not gone:
            return f"{name} is {denied}"
        if gone == {MISSING_KIND}:
            return f"{name} is given and {denied}"
        return f"{name} is {_either([*sorted(gone), *rest], 'neither', 'nor')}"
    return f"{name} is {_either(sorted(full), '', 'or')}"


def _a(kind: int) -> str:
    return _ARTICLES.get(kind, KIND_NAMES[kind])


def _either(kinds: list[int], first: str, last: str) -> str:
    words = [_a(k) for k in kinds]
    text = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
    return f"{first} {text}".strip()


def _within(node: Node, kind: int, name: str, cells: list[tuple[Cell, bool]]) -> str:
    """Some of the values of one kind."""
    if kind == BOOLEAN:
        return f"{name} == {'true' if next(c for c, inside in cells if inside).example else 'false'}"
    if kind == NUMBER:
        return _numbers(node, name, {c.truths for c, inside in cells if inside})
    if kind == STRING:
        return _strings(node, name, cells)
    return _by_tests(node, name, kind, cells)


# --- numbers


def _numbers(node: Node, name: str, inside: set[Truths]) -> str:
    slots, bounds = node.cells.slots, node.cells.bounds

    def runs(pick: Any) -> list[tuple[int, int]]:
        """Runs of slots whose picked cell is inside; a slot without such numbers joins its neighbours."""
        flags = [None if (c := pick(s)) is None else c.truths in inside for s in slots]
        out: list[tuple[int, int]] = []
        start: int | None = None
        last = 0
        for i, flag in enumerate(flags):
            if flag:
                start, last = (i if start is None else start), i
            elif flag is False and start is not None:
                out.append((start, last))
                start = None
        if start is not None:
            out.append((start, len(slots) - 1 if all(f is not False for f in flags[last:]) else last))
        return out

    whole, fraction = runs(lambda s: s.integer), runs(lambda s: s.fraction)
    together = runs(_both(inside))
    mixed = all(
        s.integer is None or s.fraction is None or (s.integer.truths in inside) == (s.fraction.truths in inside)
        for s in slots
    )
    if mixed:
        return _intervals(name, bounds, together, len(slots))
    parts = []
    if whole:
        text = _intervals(name, bounds, whole, len(slots))
        parts.append(f"{name} is an integer" + (f" and {_bracket(text)}" if text else ""))
    if fraction:
        text = _intervals(name, bounds, fraction, len(slots))
        parts.append(f"{name} is a number with a fraction" + (f" and {_bracket(text)}" if text else ""))
    return " or ".join(parts)


def _both(inside: set[Truths]) -> Any:
    def pick(slot: NumberSlot) -> Cell | None:
        return slot.integer or slot.fraction

    return pick


def _intervals(name: str, bounds: Sequence[int | float], runs: list[tuple[int, int]], count: int) -> str:
    """Intervals as comparisons; "" where they are all numbers. A single point left out reads as `!=`."""
    if runs == [(0, count - 1)]:
        return ""
    if (
        len(runs) == 2
        and runs[0][0] == 0
        and runs[1][1] == count - 1
        and runs[1][0] - runs[0][1] == 2
        and runs[0][1] % 2 == 0
    ):
        return f"{name} is a number and {name} != {_json(bounds[runs[0][1] // 2])}"
    points = [bounds[a // 2] for a, b in runs if a == b and a % 2]
    texts = [_interval(name, bounds, a, b, count) for a, b in runs if not (a == b and a % 2)]
    if len(points) == 1:
        texts.insert(0, f"{name} == {_json(points[0])}")
    elif points:
        texts.insert(0, f"{name} in [{', '.join(map(_json, points))}]")
    return " or ".join(texts)


def _interval(name: str, bounds: Sequence[int | float], first: int, last: int, count: int) -> str:
    parts = []
    if first > 0:
        parts.append(f"{name} {'>=' if first % 2 else '>'} {_json(bounds[(first - 1) // 2])}")
    if last < count - 1:
        parts.append(f"{name} {'<=' if last % 2 else '<'} {_json(bounds[last // 2])}")
    return " and ".join(parts)


# --- strings


def _strings(node: Node, name: str, cells: list[tuple[Cell, bool]]) -> str:
    strings, probes = node.cells.strings, node.cells.probes
    named = {text for text, _ in strings.constants}
    constants = [(c.example, c.truths, inside) for c, inside in cells if c.example in named]
    rest = [(c.truths, inside) for c, inside in cells if c.example not in named]
    if node.var in (SERVER, TOOL):
        rest = rest or [((), False)]
    listed = [text for text, _, inside in constants if inside]
    unlisted = [text for text, _, inside in constants if not inside]
    if not any(inside for _, inside in rest):
        return _one_of(name, listed)
    if all(inside for _, inside in rest):
        given = "" if node.var in (SERVER, TOOL) else f"{name} is a string and "
        return given + _none_of(name, unlisted)
    terms = cover([t for t, inside in rest if inside], [t for t, inside in rest if not inside], strings.patterns)
    held = [text for text, truths, inside in constants if not inside and _holds(terms, truths)]
    added = [text for text, truths, inside in constants if inside and not _holds(terms, truths)]
    text = " or ".join(_term(name, node.var, probes, term, STRING) for term in terms)
    if held:
        text = f"{_bracket(text)} and {_none_of(name, held)}"
    return f"{text} or {_one_of(name, added)}" if added else text


def _holds(terms: list[dict[int, Literal]], truths: Truths) -> bool:
    return any(all(truths[i] in allowed for i, allowed in term.items()) for term in terms)


def _one_of(name: str, texts: list[str]) -> str:
    return f"{name} == {quote(texts[0])}" if len(texts) == 1 else f"{name} in [{', '.join(map(quote, texts))}]"


def _none_of(name: str, texts: list[str]) -> str:
    return f"{name} != {quote(texts[0])}" if len(texts) == 1 else f"{name} not in [{', '.join(map(quote, texts))}]"


# --- tests


def _by_tests(node: Node, name: str, kind: int, cells: list[tuple[Cell, bool]]) -> str:
    """Arrays and objects, told apart by the tests on them."""
    telling = tuple(i for i in range(len(node.cells.probes)) if len({c.truths[i] for c, _ in cells}) > 1)
    terms = cover([c.truths for c, i in cells if i], [c.truths for c, i in cells if not i], telling)
    return " or ".join(_term(name, node.var, node.cells.probes, term, kind) for term in terms)


def _term(name: str, var: Var, probes: tuple[Probe, ...], term: dict[int, Literal], kind: int) -> str:
    """One alternative: every test has one of the allowed truth values."""
    says_kind = any(0 in allowed or 1 in allowed for allowed in term.values()) or not term
    parts = [_literal(name, var, probes[i], allowed, kind) for i, allowed in term.items()]
    if (says_kind or kind in (ARRAY, OBJECT)) and var not in (SERVER, TOOL):
        parts.insert(0, f"{name} is {_a(kind)}")
    return " and ".join(_bracket(p) for p in parts) if len(parts) > 1 else parts[0]


def _literal(name: str, var: Var, probe: Probe, allowed: Literal, kind: int) -> str:
    text = test_text(var, probe)
    unclear = "is not Unicode text" if kind == STRING and probe.op == "matches" else "is undefined"
    subject = name if unclear == "is not Unicode text" else f"({text})"
    if allowed == {2}:
        return text
    if allowed == {1}:
        return f"{subject} {unclear}"
    if allowed == {1, 2}:
        return f"{text} or {subject} {unclear}"
    inverse = _INVERSE.get(probe.op) if probe.quantifier is None else None
    negated = f"not ({text})" if inverse is None else test_text(var, probe, inverse)
    return negated if allowed == {0} else f"{negated} or {subject} {unclear}"


def test_text(var: Var, probe: Probe, op: str | None = None) -> str:
    """A test in the DSL's words; its marks for missing and mistyped values only where it tests elements (elsewhere the kinds are said)."""
    written, probe = unmoved(var, probe)
    mark = "" if written == var and probe.quantifier is None else MARKS.get((probe.missing, probe.mistyped), "")
    steps = written[1] if probe.quantifier is None else (*written[1], None, *probe.inner)
    name = variable_text(var) if var in (SERVER, TOOL) else path_text(Path(var[0], steps))  # type: ignore[arg-type]
    return comparison_text(
        name, op or probe.op, probe.value, _json, mark=mark, length=probe.length, quantifier=probe.quantifier
    )


def _json(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_json, value))}]"
    return quote(value) if isinstance(value, str) else json.dumps(value)


def _bracket(text: str) -> str:
    return f"({text})" if " or " in text else text
