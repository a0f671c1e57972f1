"""The sets of texts that string tests describe, each as an automaton or as a condition on the length."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from policyc.diagram.errors import DEFAULT, Budget, TooLarge, Unsupported
from policyc.diagram.regular.alphabet import ANY
from policyc.diagram.regular.dfa import Automaton, OrderDfa, SearchDfa, WordsDfa
from policyc.diagram.regular.nfa import Nfa
from policyc.diagram.regular.parse import BEGIN_TEXT, END_TEXT, Assert, Cat, Chars, Node, Repeat, parse
from policyc.runtime.patterns import PatternError, regex_search

Value = str | int | float | tuple[str, ...]

_COMPARE: Final[dict[str, Callable[[int, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_BEGIN: Final = Assert(BEGIN_TEXT)
_END: Final = Assert(END_TEXT)
_ANY: Final = Chars(ANY)


class Language:
    """The texts that fulfil one string test. Made by `language`; compared by identity."""

    __slots__ = ("_automaton", "op", "tree", "value")

    def __init__(self, op: str, value: Value, tree: Node | None = None) -> None:
        self.op, self.value, self.tree = op, value, tree
        self._automaton: Automaton | None = None

    def __repr__(self) -> str:
        return f"language({self.op!r}, {self.value!r})"

    @property
    def is_length(self) -> bool:
        """Whether it is a test of the length."""
        return self.op.startswith("length")

    @property
    def bound(self) -> int | float:
        """What a test of the length compares with, in code points."""
        assert not isinstance(self.value, (str, tuple))
        return self.value

    def holds_for_length(self, length: int) -> bool:
        """Whether a text of this many code points belongs to it; only for a test of the length."""
        return _COMPARE[self.op.removeprefix("length")](length, self.bound)

    def automaton(self, budget: Budget = DEFAULT) -> Automaton:
        """The automaton, built once. Raises TooLarge."""
        if self._automaton is None:
            self._automaton = self._build(budget)
        limit = budget.states if self.tree is None else budget.nfa_states
        if self._automaton.size > limit:
            raise TooLarge(f"the test `{self.op}` needs more than {limit:,} automaton states")
        return self._automaton

    def _build(self, budget: Budget) -> Automaton:
        if self.tree is not None:
            return SearchDfa(Nfa(self.tree, budget.nfa_states))
        if isinstance(self.value, tuple):
            return WordsDfa(self.value)
        assert isinstance(self.value, str)
        return WordsDfa([self.value]) if self.op == "==" else OrderDfa(self.op, self.value)


@lru_cache(maxsize=256)
def language(op: str, value: Value) -> Language:
    """The texts for which a test holds.

    `op`: `matches` (RE2 search), `like` (glob over the whole text: `*` any run, `?` one code point), `starts_with`,
    `ends_with`, `contains`, `==`, `in` (a tuple of texts), `<  <=  >  >=` (by code point), or the length in code points
    compared with a number: `length<  length<=  length>  length>=  length==  length!=`.
    Raises Unsupported (also for a pattern that RE2 refuses) and TooLarge.
    """
    if op.startswith("length"):
        if op.removeprefix("length") in _COMPARE and isinstance(value, (int, float)):
            return Language(op, value)
    elif op == "in" and isinstance(value, tuple):
        return Language(op, value)
    elif isinstance(value, str):
        if op in ("==", "<", "<=", ">", ">="):
            return Language(op, value)
        if op == "matches":
            return Language(op, value, parsed(value))
        if op in _TREES:
            return Language(op, value, _TREES[op](value))
    raise Unsupported(f"the test `{op}` with this value is not one about strings")


def parsed(pattern: str) -> Node:
    """The tree of an RE2 pattern. Raises Unsupported, TooLarge."""
    try:
        regex_search(pattern)
    except PatternError as error:
        raise Unsupported(f"RE2 does not accept the pattern: {error}") from None
    return parse(pattern)


def _text(text: str) -> tuple[Node, ...]:
    return tuple(Chars(((ord(char), ord(char)),)) for char in text)


def _glob(pattern: str) -> Node:
    anything = Repeat(_ANY, 0, None)
    parts = (anything if c == "*" else _ANY if c == "?" else _text(c)[0] for c in pattern)
    return Cat((_BEGIN, *parts, _END))


_TREES: Final[dict[str, Callable[[str], Node]]] = {
    "like": _glob,
    "starts_with": lambda text: Cat((_BEGIN, *_text(text))),
    "ends_with": lambda text: Cat((*_text(text), _END)),
    "contains": lambda text: Cat(_text(text)),
}


def member(language: Language, text: str) -> bool:
    """Whether a text belongs to a language. Raises ValueError for `matches` and a text with a surrogate; TooLarge."""
    if language.is_length:
        return language.holds_for_length(len(text))
    if language.op == "matches" and any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("`matches` is not defined for a text with a surrogate")
    automaton = language.automaton()
    alphabet, state = automaton.alphabet, automaton.start
    for char in text:
        state = automaton.row(state)[alphabet.symbol(ord(char))]
    return automaton.accepts(state)
