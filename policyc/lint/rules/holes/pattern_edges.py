"""What stands at the two ends of an RE2 pattern, and how the pattern is written so that it fits a whole text."""

from __future__ import annotations

from policyc.diagram.regular import Budget, anchored_end, anchored_start, combinations, language
from policyc.diagram.regular.alphabet import ANY, Ranges
from policyc.diagram.regular.parse import Alt, Assert, Cat, Chars, Node, Repeat, parse
from policyc.runtime.patterns import PatternError, regex_search

_NEWLINE = 10
_QUICK = Budget(states=2_000, seconds=0.5)
_AROUND = (
    ("", "-evil"), ("", ".evil.test"), ("", "!"), ("", "/x"), ("", "0"), ("", "x"),
    ("evil-", ""), ("evil.test/", ""), ("!", ""), ("x", ""), ("0", ""), ("!", "!"),
)  # fmt: skip


def open_ends(pattern: str) -> tuple[bool, bool]:
    """Whether a match may begin after the text's start and end before its end, by an oversight.

    An end is not counted as open where the pattern runs into `.*`, and where the other end is anchored and this one is a
    separator: `^release/` is a prefix and `\\.pdf$` a suffix. Raises Unsupported, TooLarge.
    """
    start, end = not anchored_start(pattern), not anchored_end(pattern)
    tree = parse(pattern)
    if start and _every_branch(tree, _is_wild, first=True):
        start = False
    if end and _every_branch(tree, _is_wild, first=False):
        end = False
    if start and anchored_end(pattern) and _every_branch(tree, _is_separator, first=True):
        start = False
    if end and anchored_start(pattern) and _every_branch(tree, _is_separator, first=False):
        end = False
    return start, end


def _every_branch(node: Node, holds: object, *, first: bool) -> bool:
    """Whether what stands at the edge fulfils `holds` whichever way the pattern is matched."""
    assert callable(holds)
    if holds(node):
        return True
    if isinstance(node, Alt):
        return all(_every_branch(part, holds, first=first) for part in node.parts)
    if isinstance(node, Repeat):
        return node.low > 0 and _every_branch(node.part, holds, first=first)
    if isinstance(node, Cat):
        for part in node.parts if first else reversed(node.parts):
            if isinstance(part, Assert):
                return False
            if not _may_be_empty(part):
                return _every_branch(part, holds, first=first)
            if holds(part):
                return True
            if not _every_branch(part.part if isinstance(part, Repeat) else part, holds, first=first):
                return False
    return False


def _may_be_empty(node: Node) -> bool:
    match node:
        case Chars():
            return False
        case Assert():
            return True
        case Cat():
            return all(map(_may_be_empty, node.parts))
        case Alt():
            return any(map(_may_be_empty, node.parts))
        case Repeat():
            return node.low == 0 or _may_be_empty(node.part)


def _is_wild(node: Node) -> bool:
    """`.*`, `.+`, `[\\s\\S]*`: anything may follow, and says so."""
    return isinstance(node, Repeat) and node.high is None and isinstance(node.part, Chars) and _covers(node.part.ranges)


def _covers(ranges: Ranges) -> bool:
    """Every code point, newline and surrogates apart."""
    missing = sum(last - first + 1 for first, last in ANY) - sum(last - first + 1 for first, last in ranges)
    without_newline = not any(first <= _NEWLINE <= last for first, last in ranges)
    return missing <= 0x800 + without_newline


def _is_separator(node: Node) -> bool:
    """One character that is neither letter nor digit, such as `/`, `.` or `@`."""
    if not isinstance(node, Chars) or not node.ranges:
        return False
    return all(
        last - first < 64 and not any(chr(c).isalnum() for c in range(first, last + 1)) for first, last in node.ranges
    )


def anchored(pattern: str) -> str:
    """The pattern for whole texts only, as a person would write it."""
    inner = pattern
    while inner.startswith("^"):
        inner = inner[1:]
    if inner.endswith("$") and not inner.endswith("\\$"):
        inner = inner[:-1]
    whole = f"^(?:{pattern})$"
    for candidate in (f"^{inner}$", f"^(?:{inner})$"):
        if _is_whole(candidate, inner):
            return candidate
    return whole


def _is_whole(candidate: str, inner: str) -> bool:
    """Whether the candidate is anchored as a whole: what it matches is `inner` from the text's start to its end."""
    try:
        regex_search(candidate)
        tree, body = parse(candidate), parse(inner)
    except PatternError:
        return False
    if not isinstance(tree, Cat) or len(tree.parts) < 2:
        return False
    edges = isinstance(tree.parts[0], Assert) and isinstance(tree.parts[-1], Assert)
    middle = tree.parts[1:-1]
    same = middle == (body.parts if isinstance(body, Cat) else (body,))
    return edges and same and anchored_start(candidate) and anchored_end(candidate)


def slips_through(pattern: str, whole: str) -> str | None:
    """A text that the pattern lets through and its anchored form does not: readable where possible. None where there is none.

    Raises Unsupported, TooLarge.
    """
    loose, strict = regex_search(pattern), regex_search(whole)
    pairs = combinations([language("matches", pattern), language("matches", whole)], budget=_QUICK)
    fitting = next((text for (a, b), text in pairs if a and b), None)
    if fitting is not None:
        for before, after in _AROUND:
            text = before + fitting + after
            if loose(text) and not strict(text):
                return text
    return next((text for (a, b), text in pairs if a and not b), None)
