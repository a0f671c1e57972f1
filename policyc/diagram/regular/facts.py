"""What the linter asks about a single RE2 pattern."""

from __future__ import annotations

from policyc.diagram.regular.alphabet import ANY
from policyc.diagram.regular.language import Language, parsed
from policyc.diagram.regular.parse import Cat, Chars, Node, Repeat
from policyc.diagram.regular.product import is_empty

_ANY = Chars(ANY)


def anchored_start(pattern: str) -> bool:
    """Whether no match of an RE2 pattern, on any text, can begin after the text's start. Raises Unsupported, TooLarge.

    True for `^foo` and `(?:^a|^b)`; false for `foo`, `^a|b`, `(?m)^a` and also for `.*foo`.
    """
    return _matches_nothing(Cat((_ANY, parsed(pattern))))


def anchored_end(pattern: str) -> bool:
    """Whether no match of an RE2 pattern, on any text, can end before the text's end. Raises Unsupported, TooLarge."""
    return _matches_nothing(Cat((parsed(pattern), _ANY)))


def _matches_nothing(tree: Node) -> bool:
    return is_empty(Language("matches", "", tree))


def literal(pattern: str) -> str | None:
    r"""The text that an RE2 pattern searches for, where it is one fixed text (`foo`, `a\.b`, `x{3}`), without anchors.

    Raises Unsupported, TooLarge.
    """
    return _fixed(parsed(pattern))


def _fixed(node: Node) -> str | None:
    if isinstance(node, Chars):
        if len(node.ranges) != 1:
            return None
        ((first, last),) = node.ranges
        return chr(first) if first == last and not 0xD800 <= first <= 0xDFFF else None
    if isinstance(node, Cat):
        parts = [_fixed(part) for part in node.parts]
        return None if None in parts else "".join(part for part in parts if part is not None)
    if isinstance(node, Repeat) and node.low == node.high:
        once = _fixed(node.part)
        return None if once is None else once * node.low
    return None
