"""Cells, tests and guards of a table in words, those of the language where it has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from policyc.features.table_cells import ALL_TRUTHS, Axis, Box, Cell
from policyc.features.words import number_text
from policyc.ir.spelling import quote

_KINDS = ("a number", "a string", "a boolean", "an array", "an object")
_OPERATORS = ("like ", "matches ", "starts_with ", "ends_with ", "contains ", "an integer")
MOST_EXCEPTIONS = 6
"""Constants that `any string but …` lists; with more, and with all of them left out, it is `any other string`."""


def cell_text(axis: Axis, cell: Cell) -> str:
    """What the value at a path has to be; the path itself is left out."""
    plain = 0
    tested: list[Box] = []
    for box in cell:
        if all(mask == ALL_TRUTHS for mask in box.masks[1:]):
            plain |= box.masks[0]
        else:
            tested.append(box)
    words = slot_words(axis, plain) if plain else []
    return _either([*(_box(axis, box, plain) for box in tested), *words])


def _either(pieces: list[str], last: str = "or") -> str:
    return f"{', '.join(pieces[:-1])} {last} {pieces[-1]}" if len(pieces) > 1 else pieces[0]


def _box(axis: Axis, box: Box, beside: int) -> str:
    """A box with tests. `beside`: slots that are in the cell whatever the tests say."""
    slots, parts, said = box.masks[0], [], False
    for number, mask in enumerate(box.masks[1:]):
        if mask != ALL_TRUTHS:
            shown = box.shown[number + 1]
            parts.append(truth_text(test_text(axis.tests[number]), shown))
            fits = sum(1 << s for s in axis.slots(axis.domain) if axis.truths(number, s) & shown)
            said = said or (
                fits & ~(slots | beside) == 0 and slots & ~axis.applies(number) == 0
            )  # the test alone says which slots
    if not said:
        words = slot_words(axis, slots)
        parts.insert(0, f"({_either(words)})" if len(words) > 1 else words[0])
    return " and ".join(parts)


def truth_text(text: str, truths: int) -> str:
    """A test whose truth value is one of some (bit 0 false, 1 undefined, 2 true)."""
    if truths == 0b001:
        return f"not {text}" if text.startswith(_OPERATORS) else f"not ({text})"
    words = {
        0b100: "",
        0b010: " is undefined",
        0b011: " is not true",
        0b110: " is not false",
        0b101: " is true or false",
    }
    return text + words[truths]


def slot_words(axis: Axis, slots: int) -> list[str]:
    """A set of slots as a list of which one has to fit."""
    left = axis.domain & ~slots
    if not left:
        return ["anything"]
    points = 0b1100 | axis.mask(axis.strings, axis.others)
    if left & ~0b11 == 0:
        return [f"not {_either(_points(axis, left))}"]
    if left & ~points == 0 and left.bit_count() <= MOST_EXCEPTIONS:
        return [f"anything but {_either(_points(axis, left))}"]
    whole = {
        "a number": axis.all_numbers, "a string": axis.all_strings, "a boolean": 0b1100,
        "an array": 1 << axis.arrays, "an object": 2 << axis.arrays,
    }  # fmt: skip
    there = [name for name in _KINDS if slots & whole[name] == whole[name] and whole[name] & axis.domain]
    possible = [name for name in _KINDS if whole[name] & axis.domain]
    out: list[str] = []
    if "a number" not in there:
        out += _numbers(axis, slots & axis.all_numbers)
    if "a string" not in there:
        out += _strings(axis, slots & axis.all_strings)
    if "a boolean" not in there:
        out += _points(axis, slots & 0b1100)
    out += _points(axis, slots & 0b11)
    absent = [name for name in possible if name not in there]
    if len(absent) == 1 and len(possible) > 2:
        return [*out, f"not {absent[0]}"]
    if len(absent) == 2 and len(possible) == 5:
        return [*out, f"neither {absent[0]} nor {absent[1]}"]
    return out + there


def _points(axis: Axis, slots: int) -> list[str]:
    names = ("missing", "null", "false", "true")
    return [names[s] if s < 4 else quote(axis.constants[s - axis.strings]) for s in axis.slots(slots)]


def _strings(axis: Axis, slots: int) -> list[str]:
    constants = axis.mask(axis.strings, axis.others)
    rest = slots & ~constants
    if not rest:
        return _points(axis, slots)
    kind = "a string"
    if rest != 3 << axis.others:
        kind = "any Unicode text" if rest == 1 << axis.others else "text that is not Unicode"
    without = _points(axis, constants & ~slots)
    if not without:
        return [kind]
    if constants & slots == 0 and len(without) > MOST_EXCEPTIONS:
        return [kind.replace("a string", "any other string").replace("any Unicode", "any other Unicode")]
    kind = kind.replace("a string", "any string")
    return [f"{kind} but {_either(without)}"]


def _numbers(axis: Axis, slots: int) -> list[str]:
    """Runs of slots as intervals; slot 2i+1 is bound i, slot 2i what lies below it."""
    found = [s - axis.numbers for s in axis.slots(slots)]
    out = []
    for i, slot in enumerate(found):
        if i == 0 or found[i - 1] != slot - 1:
            first = slot
        if i + 1 == len(found) or found[i + 1] != slot + 1:
            out.append(_interval(axis.bounds, first, slot))
    return out


def _interval(bounds: list[int | float], first: int, last: int) -> str:
    low = None if first == 0 else (number_text(bounds[(first - 1) // 2]), first % 2 == 1)
    high = None if last == 2 * len(bounds) else (number_text(bounds[last // 2]), last % 2 == 1)
    if low is None:
        return "a number" if high is None else f"{'<=' if high[1] else '<'} {high[0]}"
    if high is None:
        return f"{'>=' if low[1] else '>'} {low[0]}"
    if first == last and first % 2:
        return low[0]
    return f"{'>=' if low[1] else '>'} {low[0]} and {'<=' if high[1] else '<'} {high[0]}"


def test_text(test: list[Any], operand: str = "") -> str:
    """A test of the table in the language's words. `operand`: the path as text; left out, the words stand behind a path."""
    op, value, _, _, length, quantifier, inner = test
    where = operand
    if quantifier is not None:
        where += "[*]" + "".join("[*]" if s is None else f"[{s}]" if isinstance(s, int) else f".{s}" for s in inner)
    if length:
        where = f"len({where})" if where else "len"
    before = f"{quantifier} " if quantifier is not None else ""
    if op == "exists":
        return f"{before}exists {where}".rstrip()
    if op == "is":
        text = ("an integer" if value == "integer" else f"is {value}") if not where else f"is {value}"
    elif op == "lookup":
        text = "the catalog says so"
    else:
        text = f"{op} {constant_text(value)}"
    return f"{before}{where} {text}".replace("  ", " ").strip()


def constant_text(value: Any) -> str:
    """A constant, or a list of them, as the language writes it."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(constant_text, value))}]"
    if isinstance(value, str):
        return quote(value)
    return number_text(value) if not isinstance(value, bool) else str(value).lower()


def guard_text(guard: Any, names: list[str], test: Callable[[int], list[Any]], inside_and: bool = False) -> str:
    """A guard of a rule list as a condition; `names`: the paths of the pool as text, `test`: its tests."""
    if isinstance(guard, bool):
        return "always" if guard else "never"
    if guard[0] == "?":
        _, path, number, mask = guard
        asked = test(number)
        if asked[0] == "lookup":
            return _lookup(names[path], asked, mask)
        text, loose = truth_text(test_text(asked, names[path]), mask), mask.bit_count() > 1
    else:
        loose = guard[0] == "|"
        text = (" or " if loose else " and ").join(guard_text(g, names, test, not loose) for g in guard[1:])
    return f"({text})" if inside_and and loose else text


def _lookup(name: str, test: list[Any], mask: int) -> str:
    """What the catalog says of each server that has the tool: the servers for which the mask holds."""
    fits = [quote(text) for text, truth in test[1] if mask >> truth & 1]
    rest = [quote(text) for text, truth in test[1] if not mask >> truth & 1]
    if mask & 0b010:
        return f"{name} is anything but {_either(rest)}" if rest else "always"
    return f"{name} in [{', '.join(fits)}]" if fits else "never"
