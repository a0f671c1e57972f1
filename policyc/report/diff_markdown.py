"""A semantic diff as Markdown, for a comment on a pull request. What comes from outside stands in code only, where it is no markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policyc.diagram.policies import Compared, Joint
from policyc.report.clean import clean
from policyc.report.diff_text import block, by_kind
from policyc.report.diff_words import MORE, NOT_COUNTED, count_text, title, tools_text
from policyc.report.model import plural
from policyc.report.paint import plain

MARK = "<!-- policyc diff -->"
"""The first line, by which a program finds its comment again."""
MOST = 65_536
"""The most that a comment on GitHub may have; characters there, bytes here, which are never fewer."""
_ROOM = 300
"""Bytes kept for the end of a report that is cut."""


def render(compared: Sequence[Compared], old: str, new: str) -> str:
    """The whole report; changes that do not fit into a comment are counted at its end."""
    out = [f"{MARK}\n### Policy diff: {count_text(compared)}\n\n{code(old)} → {code(new)}\n"]
    left = MOST - _ROOM - len(out[0].encode())
    missing = 0
    for head, items, foot in _sections(compared):
        frame = len((head + foot).encode())
        fits = frame <= left
        left -= frame if fits else 0
        shown = []
        for item, count in items:
            size = len(item.encode())
            if fits and size <= left:
                left -= size
                shown.append(item)
            else:
                missing += count
        out += [head, *shown, foot] if fits else []
    if missing:
        out.append(
            f"\n**Not shown: {plural(missing, 'change')}.** They would make this longer than a comment may be.\n"
        )
    return "".join(out)


def _sections(compared: Sequence[Compared]) -> Iterator[tuple[str, list[tuple[str, int]], str]]:
    """Head, items and foot of each part; an item is a text and how many changes it tells of."""
    for one in compared:
        yield f"\n#### {title(one, code)}\n", [], ""
        for kind, some in by_kind(one):
            opened = " open" if any(j.change.widening for j in some) else ""
            count = sum(len(j.changes) for j in some)
            head = f"\n<details{opened}>\n<summary><b>{kind}</b> ({count})</summary>\n"
            yield head, [(_item(j, one), len(j.changes)) for j in some], "\n</details>\n"
        for tool, reason in one.comparison.undecided.items():
            yield "", [(f"\n**Undecided**, counted as letting more through: {code(tool)}: {code(reason)}\n", 1)], ""
    if any(one.comparison.equivalent for one in compared):
        yield f"\n{NOT_COUNTED[:1].upper()}{NOT_COUNTED[1:]}.\n", [], ""


def _item(one: Joint, compared: Compared) -> str:
    more = f" **{MORE}**" if one.change.widening else ""
    return f"\n{code(tools_text(one))}{more}\n\n{fenced(plain(block(one, compared)))}"


def code(text: str) -> str:
    """A text as inline code, whatever is in it."""
    text = clean(text)
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if not text or text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def fenced(text: str) -> str:
    """Lines as a block of code, whatever is in them."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}\n"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
