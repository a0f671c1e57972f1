"""The policy document as pydantic models: its shape, and the JSON Schema that editors use.

The models say which keys there are and what kind of value each takes. What needs a place inside a text (selectors, paths,
patterns) or two keys at once (an operator and its value) is checked when the IR is built. Source of the format:
docs/language.md, "The policy document".
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field

from policyc.frontends.document_fields import (
    LEFT_OUT,
    By,
    Identifier,
    Maximum,
    Reason,
    ScopeName,
    Scopes,
    Severity,
    Step,
    Text,
    Value,
    Window,
    Yes,
    condition_kind,
    list_or_one,
    tag,
    text_or_entry,
    true_or_entry,
)  # fmt: skip


class Strict(BaseModel):
    """No unknown keys, no coercion."""

    model_config = ConfigDict(extra="forbid", strict=True)
    noun: ClassVar[str] = "mapping"


# --- conditions --------------------------------------------------------------------------------------------------------


class Comparison(Strict):
    """A comparison of one argument with a constant. A missing, null or wrong-typed argument fails it."""

    noun: ClassVar[str] = "condition"
    path: Text = Field(
        description="What is looked at: `args.amount`, `args.items[*].price`, `context.user`, `len(args.x)`."
    )
    op: Literal[
        "eq", "neq", "in", "not_in", "lt", "lte", "gt", "gte", "regex", "contains", "exists", "like", "starts_with",
        "ends_with", "is", "prints",
    ] = Field(description="`regex` is RE2 and searches; `like` is a glob over the whole text; `is` names a type.")  # fmt: skip
    value: Value = Field(description="The constant: a list for `in` and `not_in`, `true` or `false` for `exists`.")
    quantifier: Literal["every", "some"] = Field(
        LEFT_OUT, description="With `[*]` in the path: whether every element must pass, or some."
    )
    missing: Literal["deny"] = Field(
        LEFT_OUT,
        description="`deny`: a missing or null argument takes the rule's restrictive side instead of failing the test.",
    )
    wrong_type: Literal["deny"] = Field(
        LEFT_OUT,
        description="`deny`: an argument of the wrong type takes the rule's restrictive side instead of failing the test.",
    )


class AllConditions(Strict):
    """Every one of the conditions holds."""

    noun: ClassVar[str] = "condition"
    all: list[Condition] = Field(description="Conditions that must all hold.")


class AnyCondition(Strict):
    """At least one of the conditions holds."""

    noun: ClassVar[str] = "condition"
    any: list[Condition] = Field(description="Conditions of which one must hold.")


class NotCondition(Strict):
    """The condition does not hold."""

    noun: ClassVar[str] = "condition"
    not_: Condition = Field(alias="not", description="The condition that must not hold.")


class Always(Strict):
    """Holds for every call."""

    noun: ClassVar[str] = "condition"
    always: Yes = Field(description="Holds for every call.")


Condition = Annotated[
    Annotated[Comparison, tag("test")]
    | Annotated[AllConditions, tag("all")]
    | Annotated[AnyCondition, tag("any")]
    | Annotated[NotCondition, tag("not")]
    | Annotated[Always, tag("always")],
    Discriminator(condition_kind),
]
When = Annotated[
    Annotated[Condition, tag("one")] | Annotated[list[Condition], tag("list")],
    Discriminator(list_or_one),
    Field(description="The rule applies only to calls for which this condition (or every one of a list) holds."),
]
Conditions = Annotated[
    Annotated[Condition, tag("one")] | Annotated[list[Condition], tag("list")], Discriminator(list_or_one)
]


class RuleKeys(Strict):
    """What a condition at the top of a list may carry beside itself."""

    on_deny: Reason = Field(LEFT_OUT)
    id: Identifier = Field(LEFT_OUT)
    severity: Severity = Field(LEFT_OUT)
    when: When = Field(LEFT_OUT)


class ComparisonRule(Comparison, RuleKeys):
    """A comparison that is a rule of its own."""


class AllRule(AllConditions, RuleKeys):
    """A rule whose conditions must all hold."""


class AnyRule(AnyCondition, RuleKeys):
    """A rule of whose conditions one must hold."""


class NotRule(NotCondition, RuleKeys):
    """A rule whose condition must not hold."""


class AlwaysRule(Always, RuleKeys):
    """A rule that holds for every call."""


ConditionRule = Annotated[
    Annotated[ComparisonRule, tag("test")]
    | Annotated[AllRule, tag("all")]
    | Annotated[AnyRule, tag("any")]
    | Annotated[NotRule, tag("not")]
    | Annotated[AlwaysRule, tag("always")],
    Discriminator(condition_kind),
]


class ApprovalKeys(RuleKeys):
    """What a condition under `approve_if` may carry beside itself."""

    by: By = Field(LEFT_OUT)


class ComparisonApproval(Comparison, ApprovalKeys):
    """A comparison that asks for approval when it holds."""


class AllApproval(AllConditions, ApprovalKeys):
    """Asks for approval when all conditions hold."""


class AnyApproval(AnyCondition, ApprovalKeys):
    """Asks for approval when one of the conditions holds."""


class NotApproval(NotCondition, ApprovalKeys):
    """Asks for approval when the condition does not hold."""


class AlwaysApproval(Always, ApprovalKeys):
    """Asks for approval of every call."""


ApprovalRule = Annotated[
    Annotated[ComparisonApproval, tag("test")]
    | Annotated[AllApproval, tag("all")]
    | Annotated[AnyApproval, tag("any")]
    | Annotated[NotApproval, tag("not")]
    | Annotated[AlwaysApproval, tag("always")],
    Discriminator(condition_kind),
]

# --- limits ------------------------------------------------------------------------------------------------------------


class LimitValue(Strict):
    """How many calls, or how large a sum, in each window."""

    noun: ClassVar[str] = "limit"
    counter: Text = Field(
        LEFT_OUT,
        description="The counter's name; limits with one name share one counter. A counter of its own when left out.",
    )
    max: Maximum = Field(description="The most that is allowed in one window, inclusive.")
    window: Window = Field(description="`second`, `minute`, `hour`, `day`, `week`, `month` or a number of seconds.")
    scope: Annotated[
        Annotated[ScopeName, tag("one")] | Annotated[Scopes, tag("list")],
        Discriminator(list_or_one),
    ] = Field("grant", description="What is counted apart: one scope or several; `grant` when left out.")
    sum: Text = Field(LEFT_OUT, description="The path of the argument whose value is added, instead of counting calls.")
    optional: bool = Field(False, description="With `sum`: a missing or null amount counts as 0 instead of denying.")
    whole: bool = Field(False, description="With `sum`: drop the fraction of the amount.")
    step: Step = Field(1, description="How much each call counts; not with `sum`.")
    sliding: bool = Field(
        False, description="A window that slides with time instead of one aligned to the calendar (UTC)."
    )


class LimitRule(LimitValue, RuleKeys):
    """A limit of a tool entry."""


class RateLimit(Strict):
    """The second dialect's limit. Write `limits` instead."""

    noun: ClassVar[str] = "limit"
    max: Maximum = Field(description="The most calls in one window.")
    window: Window = Field(description="Seconds.")


# --- entries -----------------------------------------------------------------------------------------------------------


class EffectKeys(Strict):
    """What an effect may carry."""

    reason: Reason = Field(LEFT_OUT)
    id: Identifier = Field(LEFT_OUT)
    severity: Severity = Field(LEFT_OUT)


class ApproveKeys(EffectKeys):
    """What an approval may carry."""

    by: By = Field(LEFT_OUT)


EffectValue = Annotated[Annotated[Yes, tag("true")] | Annotated[EffectKeys, tag("entry")], Discriminator(true_or_entry)]
ApproveValue = Annotated[
    Annotated[Yes, tag("true")] | Annotated[ApproveKeys, tag("entry")], Discriminator(true_or_entry)
]


class ToolEntry(Strict):
    """What holds for one tool, or for all tools that a glob or selector names. `{}` allows the tool."""

    noun: ClassVar[str] = "tool entry"
    description: str = Field(LEFT_OUT, description="For readers.")
    limits: list[LimitRule] = Field(LEFT_OUT, description="Limits on the calls of the tool.")
    require: list[ConditionRule] = Field(LEFT_OUT, description="Conditions that a call must meet.")
    deny_if: list[ConditionRule] = Field(LEFT_OUT, description="Conditions of which each denies a call that meets it.")
    approve_if: list[ApprovalRule] = Field(
        LEFT_OUT, description="Conditions of which each holds a call that meets it for approval by a person."
    )
    allow_if: list[ConditionRule] = Field(
        LEFT_OUT,
        description="Conditions of which each allows a call that meets it; then the entry itself allows nothing.",
    )
    deny: EffectValue = Field(LEFT_OUT, description="Denies every call.")
    approve: ApproveValue = Field(LEFT_OUT, description="Holds every call for approval by a person.")
    allow: EffectValue = Field(LEFT_OUT, description="Allows every call that nothing denies.")
    rate_limit: RateLimit = Field(LEFT_OUT, deprecated=True, description="Second dialect; write `limits`.")
    action: Literal["deny", "allow", "require_approval"] = Field(
        LEFT_OUT, deprecated=True, description="Second dialect; write `deny`, `allow` or `approve`."
    )
    reason: str = Field(LEFT_OUT, deprecated=True, description="Second dialect; write the reason beside its rule.")


class SelectEntry(EffectKeys):
    """A selector with a reason, an id or a severity."""

    noun: ClassVar[str] = "entry"
    select: Text = Field(description="A tool name, glob or selector.")


class AllowEntry(SelectEntry):
    """A selector that is allowed, perhaps only when a condition holds."""

    when: When = Field(LEFT_OUT)


HideItem = Annotated[Annotated[Text, tag("text")] | Annotated[SelectEntry, tag("entry")], Discriminator(text_or_entry)]
AllowItem = Annotated[Annotated[Text, tag("text")] | Annotated[AllowEntry, tag("entry")], Discriminator(text_or_entry)]


class RuleEntry(ApproveKeys):
    """Any rule, for any selector. It allows nothing by standing here."""

    noun: ClassVar[str] = "rule"
    effect: Literal["hide", "deny", "require", "approve", "allow", "limit"] = Field(description="What the rule does.")
    select: Text = Field(description="The tools it is for: a tool name, glob or selector; `*` for all.")
    when: When = Field(LEFT_OUT)
    require: Conditions = Field(LEFT_OUT, description="For the effect `require`: what a call must meet.")
    limit: LimitValue = Field(LEFT_OUT, description="For the effect `limit`: the limit.")


class Block(Strict):
    """What holds for one server, or for all."""

    hide: list[HideItem] = Field(LEFT_OUT, description="Tools that are denied and not shown; `*` hides all.")
    allow: list[AllowItem] = Field(LEFT_OUT, description="Tools that are allowed.")
    tools: dict[str, ToolEntry] = Field(
        LEFT_OUT, description="Tool entries by tool name, glob or selector. An exact name is allowed by standing here."
    )
    all_tools: ToolEntry = Field(LEFT_OUT, description="What holds for every tool; allows nothing by standing here.")
    rules: list[RuleEntry] = Field(LEFT_OUT, description="Rules written out one by one.")


class ServerEntry(Block):
    """What holds for the tools of one server."""

    noun: ClassVar[str] = "server entry"


class Document(Block):
    """A policy for the tool calls of an AI agent."""

    noun: ClassVar[str] = "policy document"
    schema_: str = Field(LEFT_OUT, alias="$schema", description="For editors: where this schema is.")
    version: Literal["1"] = Field(description="The format's version.")
    name: Text = Field(LEFT_OUT, description="The policy's name; the file's name when left out.")
    description: str = Field(LEFT_OUT, description="For readers.")
    default: Literal["allow", "deny"] = Field(description="What happens to a call that nothing allows or denies.")
    verify: list[Text] = Field(
        LEFT_OUT, description="Properties that `policyc verify` proves, each as in the DSL: `never allow delete_*`."
    )
    servers: dict[str, ServerEntry] = Field(LEFT_OUT, description="What holds on one server only, by server name.")
    x_policyc_ignore: dict[str, Text] = Field(
        LEFT_OUT, alias="x-policyc-ignore", description="Findings to be silent about, by rule, each with the reason."
    )


for _model in (AllConditions, AnyCondition, NotCondition):
    _model.model_rebuild()


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a policy document, as `policyc schema` prints it."""
    schema: dict[str, Any] = _tidy(Document.model_json_schema(by_alias=True))
    title: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policyc policy document",
    }
    return title | schema


def _tidy(schema: Any) -> Any:
    """Without the titles that pydantic makes from field names, and without `default: null`, which no key takes."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    noise = {"title"} if isinstance(schema.get("title"), str) else set()
    if "default" in schema and schema["default"] is None:
        noise.add("default")
    return {key: _tidy(value) for key, value in schema.items() if key not in noise}


if __name__ == "__main__":
    import json

    print(json.dumps(json_schema(), indent=2))
