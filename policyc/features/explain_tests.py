"""What a test saw: the value at its path, the element that made it so, the parent that is missing, the type that does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from policyc.features.words import either, value_text
from policyc.ir.model import Path, Test, Truth
from policyc.ir.spelling import comparison_text, path_text
from policyc.record import record, replace
from policyc.reference import ABSENT, Call, evaluate, json_type, judge

Step = str | int
NOTHING: Final = object()
_A: Final = {
    "string": "a string", "number": "a number", "boolean": "a boolean", "array": "an array", "object": "an object",
    "null": "null",
}  # fmt: skip


@record
class Seen:
    """One value and what is wrong with it, if anything is.

    `path`: where it is, or for a value that is not there the first place on the way that is missing. `value`: NOTHING where there is
    none. `found`, `expected`: a type that does not fit, and what would. `elements`: how many elements were judged, where it is not one
    alone that made the test what it is; `path` is then the list.
    """

    path: str
    value: Any = NOTHING
    found: str | None = None
    expected: str | None = None
    elements: int | None = None
    note: str | None = None

    def text(self) -> str:
        """In words."""
        if self.elements is not None:
            return f"{self.note} in {self.path}"
        if self.value is NOTHING:
            return f"{self.path} is missing"
        if self.value is None:
            return f"{self.path} is null" + (f", not {self.expected}" if self.expected else "")
        text = f"{self.path} = {value_text(self.value)}"
        if self.expected is not None:
            text += f", {_A[str(self.found)]} and not {self.expected}"
        return text + (f", {self.note}" if self.note else "")

    def data(self) -> dict[str, Any]:
        """For programs; a key that has nothing to say is left out."""
        out: dict[str, Any] = {"path": self.path}
        if self.elements is not None:
            out["elements"] = self.elements
        elif self.value is NOTHING:
            out["missing"] = True
        else:
            out["value"] = self.value
        for key, value in (("type", self.found), ("expected", self.expected)):
            if value is not None:
                out[key] = value
        return out | {"text": self.text()}


@record
class _Leaf:
    """One operand. `gone`: the first place on the way that is not there; `blocked`: the value on the way that has no such place."""

    place: tuple[Step, ...]
    value: Any
    truth: Truth
    gone: tuple[Step, ...] | None = None
    blocked: Any = NOTHING
    iterated: bool = True  # False: a `[*]` stands before something that is not an array, or is empty


def see(test: Test, call: Call) -> Seen:
    """What a test saw in a call. Raises NotJson as `policyc.reference` does."""
    root = call.arguments if test.path.root == "args" else call.context
    leaves = list(_leaves(test, {} if root is None else root, test.path.steps, ()))
    whole = evaluate(test, call)
    deciding = [leaf for leaf in leaves if leaf.truth is whole]
    lost = whole is Truth.FALSE if test.quantifier == "some" else whole is Truth.TRUE
    if test.quantifier is not None and lost and all(leaf.iterated for leaf in leaves) and len(leaves) > 1:
        word = "all" if whole is Truth.TRUE else "none of"
        listed = path_text(Path(test.path.root, test.path.steps))
        return Seen(listed, elements=len(leaves), note=f"{word} {len(leaves)} elements")
    return _seen(test, deciding[0])


def _leaves(
    test: Test,
    value: Any,
    steps: tuple[Step | None, ...],
    place: tuple[Step, ...],
    gone: tuple[Step, ...] | None = None,
    blocked: Any = NOTHING,
) -> Iterator[_Leaf]:
    """Every operand that the test judges, in order; the least or greatest truth value of them is the test's."""
    if not steps:
        yield _Leaf(place, value, judge(test, value), gone, blocked)
        return
    step, rest = steps[0], steps[1:]
    if step is None:
        yield from _elements(test, value, rest, _Leaf(place, value, Truth.FALSE, gone, blocked, False))
        return
    found: Any = ABSENT
    if isinstance(step, str) and json_type(value) == "object":
        found = value.get(step, ABSENT)
    elif isinstance(step, int) and json_type(value) == "array" and step < len(value):
        found = value[step]
    here = (*place, step)
    if found is ABSENT and gone is None:
        holder = "object" if isinstance(step, str) else "array"
        gone, blocked = here, NOTHING if value is ABSENT or json_type(value) == holder else value
    yield from _leaves(test, found, rest, here, gone, blocked)


def _elements(test: Test, value: Any, rest: tuple[Step | None, ...], here: _Leaf) -> Iterator[_Leaf]:
    if value is not ABSENT and json_type(value) == "array":
        for i, element in enumerate(value):
            yield from _leaves(test, element, rest, (*here.place, i))
        if not value:
            yield replace(here, truth=Truth.TRUE if test.quantifier == "every" else Truth.FALSE)
    elif test.op in ("exists", "is"):
        yield here
    else:
        yield replace(here, truth=test.missing if value is ABSENT or value is None else test.mistyped)


def _seen(test: Test, leaf: _Leaf) -> Seen:
    def at(place: tuple[Step, ...]) -> str:
        return path_text(Path(test.path.root, place))

    if leaf.value is ABSENT:
        assert leaf.gone is not None
        if leaf.blocked is not NOTHING:
            needed = _A["object" if isinstance(leaf.gone[-1], str) else "array"]
            return Seen(at(leaf.gone[:-1]), leaf.blocked, json_type(leaf.blocked), needed)
        return Seen(at(leaf.gone))
    kind = json_type(leaf.value)
    if not leaf.iterated:
        if kind == "array":
            return Seen(at(leaf.place), leaf.value, note="without an element")
        return Seen(at(leaf.place), leaf.value, kind, _A["array"])
    if leaf.value is not None and mistyped(test, leaf.value):
        return Seen(at(leaf.place), leaf.value, kind, expected(test))
    odd = test.op == "matches" and isinstance(leaf.value, str) and any("\ud800" <= c <= "\udfff" for c in leaf.value)
    return Seen(at(leaf.place), leaf.value, note="which is not Unicode text" if odd else None)


def mistyped(test: Test, value: Any) -> bool:
    """Whether the value's type does not fit the test: what the test says of wrong types is then its result."""
    return judge(replace(test, mistyped=Truth.TRUE), value) is not judge(replace(test, mistyped=Truth.FALSE), value)


def expected(test: Test) -> str:
    """The types that a test wants, in words."""
    if test.length:
        return "a string, an array or an object"
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    kinds = [_A[json_type(v)] for v in values]
    if test.op == "contains":
        kinds = ["a string", "an array"] if isinstance(test.value, str) else ["an array"]
    return either(list(dict.fromkeys(kinds)))


def test_text(test: Test) -> str:
    """The test in the DSL's words, without marks for missing values."""
    spell = partial(value_text, most=80)
    return comparison_text(
        path_text(test.path), test.op, test.value, spell, length=test.length, quantifier=test.quantifier
    )
