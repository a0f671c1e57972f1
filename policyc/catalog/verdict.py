"""A verdict while it is being made: it can only be raised, and remembers why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policyc.catalog.lexicon import Row, table
from policyc.catalog.model import CATEGORIES, Category, Confidence, category_rank, severity_rank
from policyc.catalog.words import find
from policyc.ir.model import SEVERITIES, Severity
from policyc.record import field, record


@record(frozen=False)
class Verdict:
    """Category and severity so far, with the sentences that led there."""

    category: Category
    severity: Severity
    reversible: bool | None
    confidence: Confidence
    evidence: list[str] = field(default_factory=list)
    weak: bool = False  # the verb behind it says little by itself
    noun: bool = False  # and may be a noun (`git_log`, `comment_list`)
    verb: str = ""  # the name's verb, which is no object as well (`git_checkout` is not about a checkout)

    def raise_category(self, category: Category, severity: Severity, reason: str) -> bool:
        """Take over a more dangerous category, and at least the severity; False when it is not more dangerous."""
        if category_rank(category) <= category_rank(self.category):
            return False
        self.category = category
        self.severity = max(self.severity, severity, key=severity_rank)
        self.reversible = False if category == "destructive" else None
        self.evidence.append(f"{reason}: {category}")
        return True

    def raise_severity(self, severity: Severity, reason: str) -> None:
        """Take over a higher severity, with its reason."""
        if severity_rank(severity) > severity_rank(self.severity):
            self.severity = severity
            self.evidence.append(f"{reason}: severity raised to {severity}")

    def step_up(self, reason: str) -> None:
        """One severity more."""
        self.raise_severity(SEVERITIES[min(severity_rank(self.severity) + 1, len(SEVERITIES) - 1)], reason)


_JOINS: Final = "joins to it the verb"


@record
class Verb:
    """A verb found in a name: where, and its row."""

    word: str
    row: Row
    place: str  # "begins with the verb", "ends with the verb", "has the verb", "joins to it the verb"

    def sentence(self, subject: str) -> str:
        return f"{subject} {self.place} {self.word}: {self.row.kind}"


def verbs_of(words: Sequence[str]) -> list[Verb]:
    """The verbs that say what a name does, the telling one first.

    A name begins with its verb (`create_issue`, `bulk_delete`) or ends with it (`issue_create`); one in the middle
    counts where neither does. Verbs joined by and/or to the first count too (`create_or_update_file`).
    """
    verbs, modifiers = table("verb"), table("modifier")
    start = 0
    while start < len(words) - 1 and words[start] in modifiers and words[start] not in verbs:
        start += 1
    rest = list(words[start:])
    phrase = " ".join(rest[:2])
    if phrase in verbs:
        return [Verb("_".join(rest[:2]), verbs[phrase], "begins with the verb")]
    if rest and rest[0] in verbs:
        found = [Verb(rest[0], verbs[rest[0]], "begins with the verb")]
        found += _joined(rest, 0)
        if found[0].row.weak or found[0].row.noun:
            found += [v for v in _inner(rest[1:]) if v.word not in {f.word for f in found}]
        elif found[0].row.kind == "read" and len(found) == 1:
            found += [v for v in _inner(rest[1:])[:1] if v.place.startswith("ends") and _grave(v.row)]
        return found
    return _inner(rest)


def _grave(row: Row) -> bool:
    """A verb that at the end of a name outweighs a reading one before it (`backup_delete`)."""
    return not (row.weak or row.noun) and row.kind in ("destructive", "execute", "financial")


def _joined(words: list[str], at: int) -> list[Verb]:
    """The verbs that `and`, `or`, `then` join to a name's first verb."""
    verbs = table("verb")
    out = []
    for i in range(at + 1, len(words)):
        if words[i] in verbs and words[i - 1] in ("and", "or", "then"):
            out.append(Verb(words[i], verbs[words[i]], _JOINS))
    return out


def _inner(words: list[str]) -> list[Verb]:
    """The verb at the end, else the first plain one inside."""
    verbs = table("verb")
    last = words[-1] if words else ""
    inside = [Verb(w, verbs[w], "has the verb") for w in words[:-1] if w in verbs and not verbs[w].noun]
    if last in verbs:
        end = Verb(last, verbs[last], "ends with the verb")
        return [end, *(v for v in inside if not v.row.weak)]
    plain = [v for v in inside if not v.row.weak]
    return plain[:1] or inside[:1]


def from_verbs(words: Sequence[str], subject: str) -> Verdict | None:
    """The verdict of a name's verbs: the most dangerous of them; None when it has none."""
    found = verbs_of(words)
    if not found:
        return None
    first = found[0]
    row = first.row
    alone = len(found) == 1 or not (row.noun or first.place.startswith("ends"))
    telling = (
        alone and first.place != "has the verb" and not row.weak and not (row.noun and first.place.startswith("ends"))
    )
    verdict = Verdict(
        row.kind,  # type: ignore[arg-type]
        row.severity,
        row.undo,
        "high" if telling else "medium",
        [first.sentence(subject)],
        weak=row.weak or not telling,
        noun=row.noun,
        verb=first.word,
    )
    for verb in found[1:]:
        kind = verb.row.kind
        assert kind in CATEGORIES
        # after a weak verb (`run_select_query`) a quieter one does not count by itself; a more dangerous one does
        if verdict.raise_category(kind, verb.row.severity, f"{subject} {verb.place} {verb.word}"):
            verdict.reversible = verb.row.undo
            verdict.weak = verb.row.weak or (verdict.weak and row.kind == "read" and not row.weak)
        elif kind == verdict.category and verb.place == _JOINS:  # `create_or_update_file` updates, too
            verdict.raise_severity(verb.row.severity, f"{subject} {verb.place} {verb.word}")
            if verb.row.undo is not verdict.reversible:
                verdict.reversible = False if verb.row.undo is False else None
    return verdict


def weigh_objects(verdict: Verdict, words: Sequence[str]) -> None:
    """Raise the verdict by what the name's words are about."""
    if verdict.category == "read":
        for kind, what in (("credential", "handles credentials"), ("private", "reads private data")):
            for phrase, row in find(kind, words):  # type: ignore[arg-type]
                verdict.raise_severity(row.severity, f"{what} ({phrase})")
        return
    for phrase, row in find("money", words):
        if phrase != verdict.verb and verdict.category in ("write", "execute"):
            verdict.raise_category("financial", row.severity, f"acts on money ({phrase})")
    for kind, what in _CHANGES:
        for phrase, row in find(kind, words):  # type: ignore[arg-type]
            if phrase != verdict.verb:
                verdict.raise_severity(row.severity, f"{what} ({phrase})")
    if verdict.category == "destructive":
        for phrase, _ in find("estate", _object(words, verdict.verb)):
            verdict.raise_severity("critical", f"takes away a whole ({phrase})")
    for phrase, row in find("bulk", words):
        if verdict.category == "destructive":
            verdict.step_up(f"many at once ({phrase})")
        else:
            verdict.raise_severity(row.severity, f"many at once ({phrase})")
        break
    for phrase, row in find("force", words):
        verdict.raise_severity(row.severity, f"without the usual care ({phrase})")


_CHANGES: Final = (
    ("credential", "handles credentials"),
    ("access", "changes who may do what or takes part"),
    ("price", "changes what is paid"),
)
_PREPOSITIONS = frozenset({"from", "in", "on", "to", "of", "by", "with", "for", "at", "as"})


def _object(words: Sequence[str], verb: str) -> list[str]:
    """What the verb acts on: the last noun before a preposition (`remove_project_member` is about a member)."""
    until = next((i for i, w in enumerate(words) if w in _PREPOSITIONS and i > 0), len(words))
    nouns = [w for w in words[:until] if w != verb]
    return nouns[-1:]
