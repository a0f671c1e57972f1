"""The first risk classifier: words, schema and annotations into a verdict with its evidence.

No model, no network, the same answer every time. What is not known is taken for a write. Annotations are claims of an
untrusted server: they raise a verdict, never lower it.
"""

from __future__ import annotations

from typing import Any, Final

from policyc.catalog.flows import flows
from policyc.catalog.lexicon import VERB_KINDS, word_set
from policyc.catalog.model import Category, OperationRisk, Risk, category_rank, severity_rank
from policyc.catalog.operations import operations
from policyc.catalog.roles import CODE, SQL, free_text, key_of
from policyc.catalog.schema import Argument, arguments
from policyc.catalog.verdict import Verdict, from_verbs, weigh_objects
from policyc.catalog.words import find, first_sentence, leading_verb, own_words, says, sentence_words

_UNKNOWN: Final = "neither name nor description has a known verb: taken for a write"
_CURRENCY: Final = word_set("currency currency_code")


def classify(
    server: str, name: str, description: str, schema: dict[str, Any] | None, annotations: dict[str, Any]
) -> Risk:
    """The risk of one tool. Never fails, whatever the tool looks like."""
    words = own_words(name, server)
    known = arguments(schema)
    verdict = _from_words(words, server, description)
    weigh_objects(verdict, words)
    _weigh_description(verdict, words, description)
    _weigh_arguments(verdict, known, description)
    lead = leading_verb(description, server)
    reads = verdict.category == "read" and not verdict.weak and (lead is None or lead[1].kind == "read")
    found = operations(words, known, reads)
    does = [verdict.category, *(o.category for o in found)]
    _weigh_operations(verdict, found)
    _weigh_annotations(verdict, annotations)
    private, untrusted, outward, why = flows([*does, verdict.category], words, description, known)
    return Risk(
        category=verdict.category,
        severity=verdict.severity,
        reversible=verdict.reversible,
        confidence=verdict.confidence,
        evidence=(*verdict.evidence, *(w for w in why if not any(e.startswith(w) for e in verdict.evidence))),
        operations=found,
        reads_private=private,
        untrusted_content=untrusted,
        sends_out=outward,
    )


def _from_words(words: tuple[str, ...], server: str, description: str) -> Verdict:
    """The verdict of the name's verb, with the description's leading verb as second evidence."""
    verdict = from_verbs(words, "name")
    lead = leading_verb(description, server)
    if lead is None:
        return verdict or _from_report(words) or Verdict("write", "medium", None, "low", [_UNKNOWN], weak=True)
    verb, row, first = lead
    assert row.kind in VERB_KINDS
    kind: Category = row.kind  # type: ignore[assignment]
    if verdict is None:
        verdict = Verdict(kind, row.severity, row.undo, "medium" if first and not row.weak else "low")
        verdict.evidence.append(f"name has no known verb; description says {verb}: {kind}")
        verdict.weak = not first or row.weak
        return verdict
    if kind == verdict.category:
        if verdict.confidence == "medium" and first and not row.weak:
            verdict.confidence = "high"
            verdict.weak = False
            verdict.evidence.append(f"description says {verb} too")
    elif verdict.weak and first and not row.weak and _gives_way(verdict, kind, words):
        reason = f"description says {verb}, and the verb in the name may be a noun: {kind}"
        verdict = Verdict(kind, row.severity, row.undo, "medium", [*verdict.evidence, reason])
    elif first and (not row.weak or verb in words) and category_rank(kind) > category_rank(verdict.category):
        promised = says("read-only", description.lower())
        if promised is not None and verdict.category == "read":
            verdict.evidence.append(f"description says {verb}, and promises `{promised}`")
        else:
            verdict.raise_category(kind, row.severity, f"description says {verb}")
        verdict.confidence = "medium"
    return verdict


def _gives_way(verdict: Verdict, kind: Category, words: tuple[str, ...]) -> bool:
    """Whether what may be a noun in the name gives way to the description's verb: only writes, never with money."""
    if category_rank(kind) > category_rank(verdict.category):
        return False  # raising is for the caller
    return verdict.noun and verdict.category == "write" and not any(True for _ in find("money", words))


def _from_report(words: tuple[str, ...]) -> Verdict | None:
    """A name without a verb that ends with what one reads: `git_status`, `provider_details`."""
    for phrase, row in find("report", words[-1:]):
        return Verdict("read", row.severity, True, "low", [f"name has no verb and ends with {phrase}: read"], weak=True)
    return None


def _weigh_description(verdict: Verdict, words: tuple[str, ...], description: str) -> None:
    """Raise the verdict by phrases of the description; credentials also for what its first sentence is about."""
    text = description[:20_000].lower()
    sentence = sentence_words(first_sentence(description))
    for phrase, row in find("credential", sentence):
        if "_" in phrase and phrase not in "_".join(words):
            verdict.raise_severity(row.severity, f"description speaks of credentials ({phrase})")
    if verdict.category == "read":
        return
    phrase_found = says("irreversible", text)
    if phrase_found is not None:
        verdict.raise_severity("high", f"description says `{phrase_found}`")
        verdict.reversible = False
    phrase_found = says("arbitrary", text)
    if phrase_found is not None and verdict.category == "execute":
        verdict.raise_severity("critical", f"description says `{phrase_found}`")
    phrase_found = says("costs", text)
    if phrase_found is not None:
        verdict.raise_severity("medium", f"description says `{phrase_found}`")


def _weigh_arguments(verdict: Verdict, known: dict[str, Argument], description: str) -> None:
    """Raise the verdict by what the tool takes: commands, code, SQL, amounts of money."""
    keys = {key_of(name): argument for name, argument in known.items()}
    for key, argument in keys.items():
        if not free_text(argument):
            continue
        if key in CODE and (verdict.category == "execute" or verdict.weak):
            verdict.raise_category("execute", "high", f"takes free text in `{argument.name}`")
            if verdict.category == "execute":
                verdict.raise_severity("critical", f"takes free text in `{argument.name}`")
        if key in SQL and verdict.weak and says("read-only", description.lower()) is None:
            verdict.raise_category("execute", "high", f"takes SQL in `{argument.name}`")
    amount = keys.get("amount")
    if (
        amount is None
        or verdict.category == "read"
        or (amount.types and not amount.types & {"number", "integer", "string"})
    ):
        return
    if any(key in _CURRENCY for key in keys) and verdict.category != "destructive":
        verdict.raise_category("financial", "high", "takes an `amount` and a currency")
    elif verdict.category == "write":
        verdict.raise_severity("high", "takes an `amount`")


def _weigh_operations(verdict: Verdict, found: tuple[OperationRisk, ...]) -> None:
    """A multi-operation tool is as dangerous as its most dangerous operation."""
    if not found:
        return
    worst = max(found, key=lambda o: (category_rank(o.category), severity_rank(o.severity)))
    shown = ", ".join(o.value for o in found[:6]) + (", …" if len(found) > 6 else "")
    verdict.evidence.append(f"`{worst.argument}` chooses one of {len(found)} operations ({shown})")
    verdict.raise_category(worst.category, worst.severity, f"one operation is {worst.value}")
    severest = max(found, key=lambda o: severity_rank(o.severity))
    verdict.raise_severity(severest.severity, f"one operation is {severest.value}")
    if all(o.reversible for o in found) and verdict.reversible is None:
        verdict.reversible = True
    elif any(o.reversible is False for o in found):
        verdict.reversible = False


def _weigh_annotations(verdict: Verdict, annotations: dict[str, Any]) -> None:
    """Claims that the server makes itself: explicit ones raise the verdict, none lowers it."""
    if annotations.get("readOnlyHint") is False and verdict.category == "read":
        verdict.raise_category("write", "low", "the server claims readOnlyHint false")
        verdict.confidence = "medium"
    if annotations.get("destructiveHint") is not True or annotations.get("readOnlyHint") is True:
        return
    claim = "the server claims destructiveHint true"
    additive = verdict.category == "write" and verdict.reversible is True and not verdict.weak
    if verdict.category in ("read", "write") and not additive:
        verdict.raise_category("destructive", "high", claim)
        verdict.confidence = min(verdict.confidence, "medium", key=("low", "medium", "high").index)
    verdict.raise_severity("high", claim)
    verdict.reversible = False
