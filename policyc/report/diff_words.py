"""The words of a semantic diff: tools, decisions, limits and how they changed. What comes from outside is clean, on one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policyc.diagram.policies import Compared, Held, Joint, LimitChange, limit_changes
from policyc.diagram.sides import Decided
from policyc.diagram.specialise import Tool
from policyc.ir.model import Limit
from policyc.ir.names import name_text
from policyc.ir.spelling import path_text, quote
from policyc.report.clean import clean
from policyc.report.model import plural

NOT_COUNTED = (
    "ids, comments, properties, the names of counters, and an order of rules that decides nothing do not count"
)
MORE = "lets more through"
MOST_TOOLS = 20


def tool_text(tool: Tool) -> str:
    """A tool's name as the DSL writes it, or "any other tool"."""
    return clean(name_text(tool)) if isinstance(tool, str) else str(tool)


def tools_text(joint: Joint) -> str:
    """`create_charge`, or `12 tools: a, b, c`."""
    names = [tool_text(tool) for tool in joint.tools]
    if len(names) == 1:
        return names[0]
    listed = ", ".join(names[:MOST_TOOLS])
    more = f", … and {len(names) - MOST_TOOLS} more" if len(names) > MOST_TOOLS else ""
    return f"{len(names)} tools: {listed}{more}"


def count_text(compared: Sequence[Compared]) -> str:
    """`3 changes, 2 let more through, 1 tool undecided`."""
    changes = [change for one in compared for change in one.comparison.changes]
    undecided = sum(len(one.comparison.undecided) for one in compared)
    if not changes and not undecided:
        return "no change in behaviour"
    parts = [plural(len(changes), "change") if changes else "no change found"]
    widening = sum(change.widening for change in changes)
    if changes:
        parts.append(f"{widening or 'none'} {'lets' if widening < 2 else 'let'} more through")
    if undecided:
        parts.append(f"{plural(undecided, 'tool')} undecided")
    return ", ".join(parts)


def title(compared: Compared, marked: Callable[[str], str]) -> str:
    """What is said of a policy as a whole; `marked` makes a name from outside safe to show."""
    name = f"policy {marked(compared.name)}"
    counted = count_text([compared])
    if compared.status == "new":
        return f"{name} is new, and a grant without a policy is denied every call: {counted}"
    if compared.status == "gone":
        return f"{name} is gone, and a grant without a policy is denied every call: {counted}"
    other = "" if compared.old_name == compared.name else f" (before: {marked(compared.old_name or '')})"
    return f"{name}{other}: {counted}"


def decision_text(decided: Decided, missing: bool) -> str:
    """`deny by create_charge.deny (policies/a.policy:7:3): "over the cap"`. `missing`: the side has no such policy."""
    if missing:
        return "deny, as there is no policy"
    said = decided.said
    text = "hide" if said.hidden else decided.effect
    text += " by default" if decided.rule is None else f" by {clean(decided.rule)}"
    if decided.place is not None:
        text += f" ({clean(decided.place)})"
    if said.by is not None:
        text += f", asks {clean(quote(said.by))}"
    if said.severity is not None:
        text += f", severity {said.severity}"
    return text + (f": {clean(quote(said.reason))}" if said.reason is not None else "")


def limit_texts(joint: Joint, compared: Compared) -> list[str]:
    """How the limits differ; of a call that was denied, what limits it now."""
    change = joint.change
    if change.new.effect == "deny":
        return []
    if change.old.effect == "deny":
        return [_held_text(c.new, joint.apart) for c in limit_changes(change, compared) if c.new is not None]
    return [_limit_change(c, joint.apart) for c in limit_changes(change, compared)]


def _limit_change(change: LimitChange, apart: bool) -> str:
    old, new = change.old, change.new
    if new is None:
        assert old is not None
        return f"removed: {_held_text(old, apart)}"
    if old is None:
        return f"added: {_held_text(new, apart)}"
    before, after = _limit_parts(old.limit), _limit_parts(new.limit)
    if any(a != b and "" in (a, b) for a, b in zip(before, after, strict=True)):  # another sort of limit
        return f"{_held_text(old, apart)} → {_held_text(new, apart)}"
    parts = [a if a == b else _arrow(b, a) for b, a in zip(before, after, strict=True)]
    if change.same_counter:
        parts.append(_counter_text(new, apart))
    else:
        parts.append(f"{_counter_text(old, apart) or ', a counter of its own'} → {_bare(_counter_text(new, apart))}")
    if old.reason != new.reason:
        parts.append(f", reason {_reason(old)} → {_reason(new)}")
    return "".join(parts)


def _bare(counter: str) -> str:
    return counter.removeprefix(", ") or "a counter of its own"


def _reason(held: Held) -> str:
    return "none" if held.reason is None else clean(quote(held.reason))


def _arrow(before: str, after: str) -> str:
    """`at most 30 → 60`: what two texts have in common in front is said once."""
    words, others = before.split(" "), after.split(" ")
    same = 0
    while same < min(len(words), len(others)) - 1 and words[same] == others[same]:
        same += 1
    front = "".join(f"{word} " for word in words[:same])
    return f"{front}{' '.join(words[same:])} → {' '.join(others[same:])}"


def _held_text(held: Held, apart: bool) -> str:
    reason = "" if held.reason is None else f": {_reason(held)}"
    return "".join(_limit_parts(held.limit)) + _counter_text(held, apart) + reason


def _limit_parts(limit: Limit) -> tuple[str, ...]:
    """A limit in words, in parts that can change one by one: what is counted, how much, how long, for whom, and the rest."""
    counted = ""
    if limit.amount is not None:
        counted = f"{clean(path_text(limit.amount))} adds up to "
    elif limit.step != 1:
        counted = f"each call counts {limit.step}, "
    window = limit.window if isinstance(limit.window, str) else f"{limit.window} seconds"
    scope = "all calls together" if limit.scope == ("global",) else f"each {' and '.join(limit.scope)}"
    rest = ", a missing amount counts as 0" if limit.optional else ""
    rest += ", fractions dropped" if limit.whole else ""
    return (
        counted,
        f"at most {limit.maximum}",
        f" per {'sliding ' if limit.sliding else ''}{window}",
        f" for {scope}",
        rest,
    )


def _counter_text(held: Held, apart: bool) -> str:
    if apart:
        return ", each tool in a counter of its own"
    if held.shared_with:
        shown = ", ".join(map(clean, held.shared_with[:3]))
        more = f" and {len(held.shared_with) - 3} more" if len(held.shared_with) > 3 else ""
        return f", counter {clean(held.limit.counter)} shared with {shown}{more}"
    return "" if held.limit.counter == held.rule else f", counter {clean(held.limit.counter)}"
