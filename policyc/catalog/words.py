"""Names and descriptions as words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Final

from policyc.catalog.lexicon import Kind, Row, table, word_set
from policyc.catalog.model import category_rank, severity_rank

_SEPARATORS: Final = re.compile(r"[^A-Za-z0-9\u0080-\U0010ffff]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_JOINTS: Final = frozenset({",", "/", "&", "and", "or"})
_GENERIC: Final = word_set("mcp server servers tool tools the for and of api service client app")
_FILLERS: Final = word_set(
    "this tool tools will would can could should may use used uses using it its is are be to for a an the you your that "
    "which in of on by with one or and allows allow lets let enables enable helps help supports support provides provide "
    "users user agents agent please important purpose note mandatory function functions endpoint command operation "
    "operations action capable ability able simply call api mcp server batch bulk full new targeted advanced real time "
    "ability via through performs perform executes-the beta deprecated experimental"
)  # fmt: skip


@lru_cache(maxsize=65536)
def split_name(name: str) -> tuple[str, ...]:
    """A tool's name as lower-case words: split at everything but letters and digits, and at camelCase."""
    parts = _SEPARATORS.split(name)
    return tuple(word.lower() for part in parts for word in _CAMEL.split(part) if word)


def own_words(name: str, server: str) -> tuple[str, ...]:
    """The words of a tool's name without the server's name before them (`git_status` on `mcp-server-git` is `status`).

    A word that is a verb other than a reading one is never taken for a prefix, whatever the server calls itself.
    """
    words = split_name(name)
    prefix = set(split_name(server)) | {"mcp"}
    prefix -= _GENERIC - {"mcp", "api"}
    verbs, start = table("verb"), 0
    while start < len(words) - 1:
        row = verbs.get(words[start])
        if words[start] not in prefix or (row is not None and row.kind != "read"):
            break
        start += 1
    rest = words[start:]
    return rest if any(w in verbs for w in rest) else words


@cache
def lemmas(word: str) -> tuple[str, ...]:
    """The word and the forms it may be an inflection of: `creates`, `creating`, `queries`, `stopping`."""
    out = [word]
    if word.endswith("ies") and len(word) > 4:
        out.append(word[:-3] + "y")
    if word.endswith("es") and len(word) > 4:
        out.append(word[:-2])
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        out.append(word[:-1])
    if word.endswith("ing") and len(word) > 5:
        stem = word[:-3]
        out += [stem, stem + "e"]
        if len(stem) > 2 and stem[-1] == stem[-2]:
            out.append(stem[:-1])
    return tuple(out)


def find(kind: Kind, words: Sequence[str]) -> Iterable[tuple[str, Row]]:
    """Every word or phrase of a class among the words, in order, as (words joined by `_`, row); plurals count."""
    rows, sizes = table(kind), _sizes(kind)
    for start in range(len(words)):
        for size in sizes:
            run = words[start : start + size]
            if len(run) < size:
                continue
            head = " ".join(run[:-1])
            for last in lemmas(run[-1]):
                phrase = f"{head} {last}" if head else last
                if phrase in rows:
                    yield "_".join(run), rows[phrase]
                    break


@cache
def _sizes(kind: Kind) -> tuple[int, ...]:
    """How many words the phrases of a class have, the longest first."""
    return tuple(sorted({phrase.count(" ") + 1 for phrase in table(kind)}, reverse=True))


def says(kind: Kind, text: str) -> str | None:
    """The first phrase of a class that a lower-case text holds as whole words and does not deny, or None."""
    for phrase in table(kind):
        if phrase not in text:
            continue
        for match in re.finditer(rf"(?<!\w){re.escape(phrase)}(?!\w)", text):
            before = text[max(0, match.start() - 30) : match.start()]
            if not re.search(r"\b(not|never|no|without|cannot|isn't|doesn't|don't|won't)\b[^.;]*$", before):
                return phrase
    return None


def first_sentence(description: str) -> str:
    """The description's first sentence, at most 300 characters, without what is in square brackets before it."""
    text = re.sub(r"^(\s*\[[^\]]{1,40}\])+", "", description[:2000]).strip()
    text = re.sub(r"^[^\w`\"'(]+", "", text)
    return re.split(r"(?<=[\w)`\"'])[.!?:](?:\s|$)|\n\s*\n", text, maxsplit=1)[0][:300]


def sentence_words(sentence: str) -> tuple[str, ...]:
    """The sentence's words in lower case."""
    return tuple(w.lower() for w in re.findall(r"[A-Za-z][A-Za-z'-]*", sentence))


def leading_verb(description: str, server: str) -> tuple[str, Row, bool] | None:
    """The verb that says what the tool does: the first in the first sentence's first words, after fillers.

    Of several joined by commas, slashes, `and`, `or` (`Adds, removes or replaces tags`) the most dangerous. The third
    value says whether nothing else stood before it, so that it is what the sentence is about.
    """
    skipped = _FILLERS | (set(split_name(server)) - set(table("verb")))
    tokens = [t.lower() for t in re.findall(r"[A-Za-z][A-Za-z'-]*|[,/&]", first_sentence(description))][:40]
    others = 0
    for at, word in enumerate(tokens):
        if word in skipped or word in _JOINTS or word.endswith("ly"):
            continue
        found = _verb(word)
        if found is not None:
            worst = max(
                [found, *_joined_verbs(tokens, at + 1)],
                key=lambda f: (category_rank(f[1].kind), severity_rank(f[1].severity)),
            )
            return worst[0], worst[1], others == 0
        others += 1
        if others > 5:
            return None
    return None


def _verb(word: str) -> tuple[str, Row] | None:
    verbs = table("verb")
    return next(((form, verbs[form]) for form in lemmas(word) if form in verbs), None)


def _joined_verbs(tokens: list[str], at: int) -> Iterable[tuple[str, Row]]:
    while at < len(tokens) and tokens[at] in _JOINTS:
        while at < len(tokens) and tokens[at] in _JOINTS:
            at += 1
        found = _verb(tokens[at]) if at < len(tokens) else None
        if found is None:
            return
        yield found
        at += 1
