"""`policyc init`: a first policy for a catalog, to be read and changed by a person.

Default deny; every tool has its own rule by its exact name, so that the policy compiles without the catalog. Reads are
allowed, writes rate-limited, what runs things or moves money is held for approval, what destroys is hidden or denied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from policyc.catalog.model import CATEGORIES, Catalog, Category, OperationRisk, Tool, severity_rank
from policyc.catalog.roles import amount_argument
from policyc.catalog.schema import arguments
from policyc.catalog.show import one_line
from policyc.ir.model import Limit, Path, Policy, Rule, Test, ToolName
from policyc.ir.names import assign_ids
from policyc.record import field, record

Syntax = Literal["dsl", "yaml", "json"]
Action = Literal["allow", "block", "deny", "hide"]
CALLS_A_MINUTE: Final = 30
RISKY_CALLS_A_MINUTE: Final = 10
SUM_A_DAY: Final = 10_000
_DESTRUCTIVE_REASON: Final = "this tool destroys data and is not allowed here"
_OPERATION_REASON: Final = "this operation is not allowed here"
HEADINGS: Final[dict[Category, str]] = {
    "read": "reading: allowed",
    "write": "writing: allowed, with a limit for each tool",
    "execute": "running things: held for approval, with a limit",
    "financial": "money: held for approval, with a limit on calls and on the sum",
    "destructive": "destroying: hidden or denied; of a tool with several operations the harmless ones, held for approval",
}


@record
class Suggestion:
    """What is suggested for one tool, whatever the syntax it is written in.

    `allow`, `hide` and `deny` are statements; `block` is a block with these parts, in the order of the fields.
    """

    tool: Tool
    selector: ToolName
    action: Action
    comments: tuple[str, ...]
    reason: str | None = None
    require: tuple[tuple[Test, str | None], ...] = ()  # each with its reason
    approve: bool = False
    approve_when: Test | None = None
    limits: tuple[Limit, ...] = field(default=())

    @property
    def category(self) -> Category:
        return self.tool.risk.category


def suggest(catalog: Catalog) -> list[Suggestion]:
    """A suggestion for every tool, by category, then server and name."""
    shared = {name for name, count in Counter(t.name for t in catalog.tools).items() if count > 1}
    counters: set[str] = set()
    ordered = sorted(catalog.tools, key=lambda t: (CATEGORIES.index(t.risk.category), t.server, t.name))
    return [_suggest(tool, tool.name in shared, counters) for tool in ordered]


def first_policy(catalog: Catalog, *, name: str) -> Policy:
    """The suggestions as a policy."""
    rules = [rule for s in suggest(catalog) for rule in _rules(s)]
    return Policy(name, "deny", assign_ids(rules), "dsl")


def write(catalog: Catalog, syntax: Syntax, *, name: str | None = None) -> str:
    """The text of a first policy. Evidence stands above each rule as a comment, except in JSON, which has none."""
    from policyc.features import init_text

    suggestions = suggest(catalog)
    title = name or _name(catalog)
    if syntax == "dsl":
        return init_text.dsl(suggestions, catalog, title)
    if syntax == "yaml":
        return init_text.yaml(suggestions, catalog, title)
    return init_text.json_text(suggestions, title)


def _name(catalog: Catalog) -> str:
    return one_line(catalog.servers[0]) if len(catalog.servers) == 1 else "first-policy"


# --- one tool ------------------------------------------------------------------------------------------------------


def _suggest(tool: Tool, shared: bool, counters: set[str]) -> Suggestion:
    selector = ToolName(tool.name, tool.server if shared else None)
    comments = _comments(tool)
    risk, grave = tool.risk, severity_rank(tool.risk.severity) >= severity_rank("high")
    split = _split_operations(tool)
    if split is not None:
        require, approve_when, said = split
        limits = (_calls(selector, CALLS_A_MINUTE, counters),)
        # the catalog calls the whole tool destructive when one operation is, and so does the linter
        whole = risk.category == "destructive"
        return Suggestion(
            tool,
            selector,
            "block",
            (*comments, *said),
            require=(require,),
            approve=whole,
            approve_when=None if whole else approve_when,
            limits=limits,
        )
    if risk.category == "read":
        if not grave:
            return Suggestion(tool, selector, "allow", comments)
        limits = (_calls(selector, CALLS_A_MINUTE, counters),)
        return Suggestion(tool, selector, "block", comments, approve=True, limits=limits)
    if risk.category == "write":
        critical = risk.severity == "critical"
        limits = (_calls(selector, RISKY_CALLS_A_MINUTE if critical else CALLS_A_MINUTE, counters),)
        return Suggestion(tool, selector, "block", comments, approve=critical, limits=limits)
    if risk.category == "destructive":
        if grave:
            return Suggestion(tool, selector, "hide", comments)
        return Suggestion(tool, selector, "deny", comments, reason=_DESTRUCTIVE_REASON)
    calls = _calls(selector, RISKY_CALLS_A_MINUTE, counters)
    if risk.category == "execute":
        return Suggestion(tool, selector, "block", comments, approve=True, limits=(calls,))
    return _financial(tool, selector, comments, calls, counters)


def _financial(
    tool: Tool, selector: ToolName, comments: tuple[str, ...], calls: Limit, counters: set[str]
) -> Suggestion:
    """Approval, and where the tool takes an amount a limit on its sum, which a negative amount may not refill."""
    amount = amount_argument(tool)
    if amount is None:
        said = "no argument is a number called amount, so the sum cannot be limited"
        return Suggestion(tool, selector, "block", (*comments, said), approve=True, limits=(calls,))
    path = Path("args", (amount.name,))
    counter = _counter(selector, "sum", counters)
    total = Limit(counter, SUM_A_DAY, "day", amount=path)
    said = f"the sum is in the unit of `{one_line(amount.name)}`: put your own figure here"
    return Suggestion(
        tool,
        selector,
        "block",
        (*comments, said),
        require=((Test(path, ">=", 0), None),),
        approve=True,
        limits=(calls, total),
    )


def _split_operations(tool: Tool) -> tuple[tuple[Test, str], Test | None, tuple[str, ...]] | None:
    """For a tool with harmless and destructive operations: all but the destructive ones, and approval for those in between.

    None where it has none, where all are of one kind, or where the operation is not one plain argument.
    """
    operations = tool.risk.operations
    if tool.risk.category in ("read", "write") or not operations:
        return None
    argument = arguments(tool.input_schema).get(operations[0].argument)
    if argument is None or (argument.types and not argument.types <= {"string", "null"}):
        return None
    destructive = _values(o for o in operations if o.category == "destructive")
    asked = _values(o for o in operations if o.category in ("execute", "financial"))
    harmless = _values(o for o in operations if o.category in ("read", "write"))
    if not harmless or not (destructive or asked):
        return None
    path = Path("args", (argument.name,))
    require = (Test(path, "in", (*harmless, *asked)), _OPERATION_REASON)
    said = tuple(
        f"{what}: {', '.join(map(one_line, values))}"
        for what, values in (("left out", destructive), ("held for approval", asked))
        if values
    )
    return require, Test(path, "in", asked) if asked else None, said


def _values(operations: Iterable[OperationRisk]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(o.value for o in operations))


def _calls(selector: ToolName, maximum: int, counters: set[str]) -> Limit:
    return Limit(_counter(selector, "rate", counters), maximum, "minute")


def _counter(selector: ToolName, what: str, taken: set[str]) -> str:
    """A counter of this tool's own, such as `create_api_key_rate`."""
    base = selector.name if selector.server is None else f"{selector.server}_{selector.name}"
    name, number = f"{base}_{what}", 1
    while name in taken:
        number += 1
        name = f"{base}_{what}_{number}"
    taken.add(name)
    return name


def _comments(tool: Tool) -> tuple[str, ...]:
    """The verdict and its evidence, one line each."""
    risk = tool.risk
    head = f"{risk.category}, severity {risk.severity}, confidence {risk.confidence}"
    return (head, *(one_line(sentence) for sentence in risk.evidence))


# --- as a policy ---------------------------------------------------------------------------------------------------


def _rules(suggestion: Suggestion) -> Sequence[Rule]:
    selector = suggestion.selector
    if suggestion.action != "block":
        return [Rule("", suggestion.action, selector, reason=suggestion.reason)]
    out = [Rule("", "allow", selector, implied=True)]
    out += [Rule("", "require", selector, condition=test, reason=reason) for test, reason in suggestion.require]
    if suggestion.approve or suggestion.approve_when is not None:
        out.append(Rule("", "approve", selector, when=suggestion.approve_when))
    out += [Rule("", "limit", selector, limit=limit) for limit in suggestion.limits]
    return out
