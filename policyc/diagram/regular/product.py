"""Which truth values several languages can have together, each with a shortest example."""

from __future__ import annotations

from collections.abc import Sequence

from policyc.diagram.errors import DEFAULT, Budget
from policyc.diagram.regular.language import Language
from policyc.diagram.regular.lengths import Lengths, intervals
from policyc.diagram.regular.walk import Clock, Vector, Walk


def combinations(
    languages: Sequence[Language], *, surrogates: bool = False, budget: Budget = DEFAULT
) -> list[tuple[Vector, str]]:
    """Every combination of truth values that some text gives to the languages, with a shortest such text.

    Complete and sound; the order depends on the arguments only. The texts are those of Unicode scalar values; with
    `surrogates`, those that hold at least one lone surrogate instead (a text where a high surrogate stands right before
    a low one is not one that JSON can write, and is left out). Raises TooLarge, and ValueError for `matches` together
    with `surrogates`.
    """
    if surrogates and any(language.op == "matches" for language in languages):
        raise ValueError("`matches` is not defined for texts with surrogates")
    clock = Clock(budget)
    distinct = list(dict.fromkeys(languages))
    sized = [each for each in distinct if each.is_length]
    spelled = [each for each in distinct if not each.is_length]
    place = {each: index for index, each in enumerate(spelled + sized)}
    walk = Walk([each.automaton(budget) for each in spelled], surrogates, clock, budget.states, edges=bool(sized))
    found: dict[Vector, str] = {}
    if sized:
        lengths = Lengths(walk, clock, budget)
        for low, high in intervals(each.bound for each in sized):
            truth = tuple(each.holds_for_length(low) for each in sized)
            known = {vector for vector in walk.first if vector + truth in found}  # in an interval of shorter texts
            found.update((vector + truth, text) for vector, text in lengths.examples(low, high, known))
    else:
        found = {vector: walk.text(state) for vector, state in walk.first.items()}
    return [(tuple(vector[place[each]] for each in languages), text) for vector, text in found.items()]


def example(language: Language, *, surrogates: bool = False, budget: Budget = DEFAULT) -> str | None:
    """A shortest text of a language (as in `combinations`), or None where there is none. Raises TooLarge, ValueError."""
    results = combinations([language], surrogates=surrogates, budget=budget)
    return next((text for (holds,), text in results if holds), None)


def is_empty(language: Language, *, surrogates: bool = False, budget: Budget = DEFAULT) -> bool:
    """Whether no text (as in `combinations`) belongs to a language. Raises TooLarge, ValueError."""
    return example(language, surrogates=surrogates, budget=budget) is None
