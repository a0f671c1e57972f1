"""Which combinations of string tests can hold together, exactly, with a shortest example of each.

Every test is a regular language. RE2 patterns are read by a parser of RE2's own syntax and become automata over code
points; joint states are walked breadth-first, so the first text found for a combination is a shortest one. Text and code
points here are Python's `str`; lengths are in code points.
"""

from policyc.diagram.errors import DEFAULT, Budget, TooLarge, Unsupported
from policyc.diagram.regular.facts import anchored_end, anchored_start, literal
from policyc.diagram.regular.language import Language, language, member
from policyc.diagram.regular.product import combinations, example, is_empty

__all__ = [
    "DEFAULT", "Budget", "Language", "TooLarge", "Unsupported", "anchored_end", "anchored_start", "combinations",
    "example", "is_empty", "language", "literal", "member",
]  # fmt: skip
