"""A JSON value as z3 sees it: a kind, and for each kind as much of the value as some test asks about.

Written from docs/language.md and `policyc/reference.py`. Exact for what it takes:

- A number is a real. Between two constants of one test there must be a JSON number of each kind that the reals have there.
- A string is a place between the constants where only equality and order are asked, a z3 string otherwise.
- An array is its length and its first elements, all further ones being copies of the last: one element for each index asked, and one
  more for each test on elements, because a `some` that holds needs one element, and an `every` that fails as well.
- An object is the keys that are asked about, and its size.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import z3

from policyc.ir.model import Test, Truth
from tests.property.z3_logic import (
    SURROGATE,
    Bool,
    Kleene,
    both,
    cases,
    either,
    glob_language,
    known,
    maximum,
    minimum,
    no,
    plain,
    search_language,
)

MISSING, NULL, FALSE, TRUE, NUMBER, STRING, ARRAY, OBJECT = range(8)
Steps = tuple[str | int | None, ...]
Asked = list[tuple[Steps, Test]]
ABSENT = object()
LONGEST = 60
"""No generated constant asks for a longer array or string than this."""
_UNDEFINED = known(Truth.UNDEFINED)
_PATTERNS = ("matches", "like", "starts_with", "ends_with", "contains")


def kind_of(constant: Any) -> str:
    if isinstance(constant, bool):
        return "boolean"
    return "string" if isinstance(constant, str) else "number"


def constants(test: Test) -> tuple[Any, ...]:
    return test.value if isinstance(test.value, tuple) else (test.value,)


def unescaped(found: Any) -> str:
    """The text of a z3 string constant."""
    return re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda m: chr(int(m[1], 16)), found.as_string())


class Texts:
    """The string that a value may be. `places`: only its place among the constants is kept."""

    def __init__(self, name: str, tests: list[Test]) -> None:
        self.places = not any((t.op in _PATTERNS or t.length) for t in tests)
        found = {c for t in tests if t.op not in ("is", "exists") for c in constants(t) if isinstance(c, str)}
        self.sorted = sorted(found) if self.places else []
        self.var: Any = z3.Int(f"{name}$place") if self.places else z3.String(f"{name}$text")

    def sound(self) -> Bool:
        if not self.places:
            return z3.Length(self.var) <= LONGEST
        least = 1 if self.sorted[:1] == [""] else 0
        return both((self.var >= least, self.var <= 2 * len(self.sorted)))

    def _at(self, constant: str) -> Any:
        return 2 * self.sorted.index(constant) + 1 if self.places else z3.StringVal(constant)

    def equals(self, constant: str) -> Bool:
        return self.var == self._at(constant)

    def compare(self, op: str, constant: str) -> Bool:
        at = self._at(constant)
        if op in ("<", ">="):
            below = self.var < at
            return below if op == "<" else z3.Not(below)
        up_to = self.var <= at
        return up_to if op == "<=" else z3.Not(up_to)

    def value(self, model: z3.ModelRef) -> str:
        found = model.eval(self.var, model_completion=True)
        if not self.places:
            return unescaped(found)
        place = found.as_long()
        if place % 2:
            return self.sorted[place // 2]
        return "" if place == 0 else self.sorted[place // 2 - 1] + "\x01"


class Value:
    """What stands at one place of a call, for those tests that look there or further down."""

    def __init__(self, name: str, asked: Asked, sound: list[Bool]) -> None:
        """`sound` receives the constraints that make the parts one JSON value."""
        here = [t for steps, t in asked if not steps]
        self.kind = z3.Int(f"{name}$kind")
        self.number = z3.Real(f"{name}$number")
        self.size = z3.Int(f"{name}$size")  # elements of an array, keys of an object
        self.text = Texts(name, here)
        sound += [self.kind >= MISSING, self.kind <= OBJECT, self.size >= 0, self.size <= LONGEST, self.text.sound()]
        keys = dict.fromkeys(s[0] for s, _ in asked if s and isinstance(s[0], str))
        self.keys = {k: Value(f"{name}.{k}", [(s[1:], t) for s, t in asked if s and s[0] == k], sound) for k in keys}
        inside = [Test(t.path, "==", c) for t in here if t.op == "contains" for c in constants(t)]
        each = len(inside) + sum(bool(s) and s[0] is None and t.quantifier is not None for s, t in asked)
        if each == 0 and any(s and s[0] is None for s, _ in asked):  # a schema's `items` alone
            each = 1
        first = 1 + max((s[0] for s, _ in asked if s and type(s[0]) is int), default=-1)  # type: ignore[type-var]
        self.items = [
            Value(
                f"{name}[{i}]",
                [(s[1:], t) for s, t in asked if s and (s[0] is None or (type(s[0]) is int and s[0] == i))]
                + [((), t) for t in inside],
                sound,
            )
            for i in range(first + each)
        ]
        for child in self.keys.values():
            sound.append(z3.Implies(child.kind != MISSING, self.kind == OBJECT))
        if self.keys:
            present = z3.Sum([z3.If(c.kind != MISSING, 1, 0) for c in self.keys.values()])
            sound.append(z3.Implies(self.kind == OBJECT, self.size >= present))
        for i, item in enumerate(self.items):
            sound.append((item.kind != MISSING) == z3.And(self.kind == ARRAY, self.size > i))

    def truth(self, test: Test, steps: Steps) -> Kleene:
        """The test's truth value, its operand being at the end of `steps` from here."""
        if not steps:
            return self._judge(test)
        step, rest = steps[0], steps[1:]
        if isinstance(step, str):
            return self.keys[step].truth(test, rest)
        if step is not None:
            return self.items[step].truth(test, rest)
        parts = [(i.kind == MISSING, i.truth(test, rest)) for i in self.items]
        if test.quantifier == "every":
            inside = minimum(Kleene(either((out, k.true)), both((no(out), k.false))) for out, k in parts)
        else:
            inside = maximum(Kleene(both((no(out), k.true)), either((out, k.false))) for out, k in parts)
        array = self.kind == ARRAY
        if test.op in ("exists", "is"):
            return cases([(array, inside), (no(array), known(Truth.FALSE))])
        return cases(
            [
                (array, inside),
                (self.kind <= NULL, known(test.missing)),
                (both((no(array), self.kind > NULL)), known(test.mistyped)),
            ]
        )

    def _judge(self, test: Test) -> Kleene:
        if test.op == "exists":
            return plain(self.kind != MISSING)
        if test.op == "is":
            return plain(self.is_type(str(test.value)))
        if test.op == "prints":
            return cases(
                [
                    (self.kind == MISSING, known(test.missing)),
                    (self.kind != MISSING, plain(self._prints(str(test.value)))),
                ]
            )
        fitting = self._lengths(test) if test.length else self._fitting(test)
        other = both([self.kind > NULL, *(no(c) for c, _ in fitting)])
        return cases([(self.kind <= NULL, known(test.missing)), *fitting, (other, known(test.mistyped))])

    def is_type(self, name: str) -> Bool:
        """Whether the value has a JSON type."""
        if name == "boolean":
            return z3.Or(self.kind == FALSE, self.kind == TRUE)
        if name == "integer":
            return z3.And(self.kind == NUMBER, z3.IsInt(self.number))
        return self.kind == {"null": NULL, "number": NUMBER, "string": STRING, "array": ARRAY, "object": OBJECT}[name]

    def _prints(self, text: str) -> Bool:
        """Whether Go prints this text for the value; only for texts that no array and no object prints as."""
        if text.startswith(("[", "map[")):
            raise ValueError(f"not encoded: prints {text!r}")
        plain_texts = {"<nil>": NULL, "true": TRUE, "false": FALSE}
        options = [both((self.kind == STRING, self.text.equals(text)))]
        if text in plain_texts:
            options.append(self.kind == plain_texts[text])
        if re.fullmatch(r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{0,3}[1-9])?", text) and text != "-0":
            options.append(both((self.kind == NUMBER, self.compared("==", Fraction(text)))))
        return either(options)

    def compared(self, op: str, constant: Any, of: Any = None) -> Bool:
        """The value, or an integer term in its place, against a constant."""
        left = self.number if of is None else z3.ToReal(of)
        right = z3.RealVal(str(Fraction(constant)))
        match op:
            case "==":
                return left == right
            case "!=":
                return left != right
            case "<":
                return left < right
            case "<=":
                return left <= right
            case ">":
                return left > right
            case ">=":
                return left >= right
        raise AssertionError(op)

    def _lengths(self, test: Test) -> list[tuple[Bool, Kleene]]:
        numbers = [c for c in constants(test) if kind_of(c) == "number"]
        if not numbers:
            return []
        sized = z3.Or(self.kind == ARRAY, self.kind == OBJECT)
        text = self._compared(test, numbers, z3.Length(self.text.var))
        return [(sized, self._compared(test, numbers, self.size)), (self.kind == STRING, text)]

    def _compared(self, test: Test, numbers: list[Any], of: Any = None) -> Kleene:
        if test.op in ("in", "not in"):
            found = either(self.compared("==", c, of) for c in numbers)
            return plain(found if test.op == "in" else no(found))
        return plain(self.compared(test.op, numbers[0], of))

    def _fitting(self, test: Test) -> list[tuple[Bool, Kleene]]:
        """The kinds of value that fit the operator, each with the result there."""
        values: dict[str, list[Any]] = {}
        for c in constants(test):
            values.setdefault(kind_of(c), []).append(c)
        if test.op == "contains":
            out = [(self.kind == ARRAY, plain(either(i.is_constant(test.value) for i in self.items)))]
            if "string" in values:
                out.append((self.kind == STRING, self._of_text(test, values["string"])))
            return out
        out = []
        if "number" in values:
            out.append((self.kind == NUMBER, self._compared(test, values["number"])))
        if "string" in values:
            out.append((self.kind == STRING, self._of_text(test, values["string"])))
        if "boolean" in values:
            found = either(self.kind == (TRUE if c else FALSE) for c in values["boolean"])
            out.append((self.is_type("boolean"), plain(found if test.op in ("==", "in") else no(found))))
        return out

    def is_constant(self, constant: Any) -> Bool:
        """Whether the value is this scalar (for an array's element, False where there is no element)."""
        if isinstance(constant, bool):
            return self.kind == (TRUE if constant else FALSE)
        if isinstance(constant, str):
            return both((self.kind == STRING, self.text.equals(constant)))
        return both((self.kind == NUMBER, self.compared("==", constant)))

    def _of_text(self, test: Test, texts: list[str]) -> Kleene:
        text, first = self.text, texts[0]
        match test.op:
            case "==" | "!=" | "in" | "not in":
                found = either(text.equals(c) for c in texts)
                return plain(found if test.op in ("==", "in") else no(found))
            case "<" | "<=" | ">" | ">=":
                return plain(text.compare(test.op, first))
            case "starts_with":
                return plain(z3.PrefixOf(z3.StringVal(first), text.var))
            case "ends_with":
                return plain(z3.SuffixOf(z3.StringVal(first), text.var))
            case "contains":
                return plain(z3.Contains(text.var, z3.StringVal(first)))
            case "like":
                return plain(z3.InRe(text.var, glob_language(first)))
            case "matches":
                found = z3.InRe(text.var, search_language(first))
                surrogate = z3.InRe(text.var, SURROGATE)
                return cases([(surrogate, _UNDEFINED), (no(surrogate), plain(found))])
        raise AssertionError(test.op)

    def value(self, model: z3.ModelRef) -> Any:
        """The value that a model gives, or ABSENT."""
        kind = model.eval(self.kind, model_completion=True).as_long()
        if kind == NUMBER:
            found = model.eval(self.number, model_completion=True).as_fraction()
            return found.numerator if found.denominator == 1 else float(found)
        if kind == STRING:
            return self.text.value(model)
        size = model.eval(self.size, model_completion=True).as_long()
        if kind == ARRAY:
            items = [item.value(model) for item in self.items[:size]]
            return items + (items[-1:] or [None]) * (size - len(items))
        if kind == OBJECT:
            out = {k: v for k, child in self.keys.items() if (v := child.value(model)) is not ABSENT}
            spare = (f"spare{i}" for i in range(size))
            while len(out) < size and self._asks_size(model):
                out[next(spare)] = None
            return out
        return {MISSING: ABSENT, NULL: None, FALSE: False, TRUE: True}[kind]

    def _asks_size(self, model: z3.ModelRef) -> bool:
        """Whether the size is part of the model: nobody asked otherwise, and spare keys would only be in the way."""
        return model[self.size] is not None
