"""The typed IR: what every front end produces and everything else consumes.

Frozen, small, total. Equality ignores spans, so two policies written in different syntaxes compare by meaning's text.
The meaning of these nodes is stated by `policyc.reference`, from docs/language.md.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar, Literal

from policyc.record import field, record
from policyc.source import Span


class Truth(IntEnum):
    """Kleene's three values, ordered so that `and` is min, `or` is max and `not t` is `2 - t`."""

    FALSE = 0
    UNDEFINED = 1
    TRUE = 2


# --- paths ---------------------------------------------------------------------------------------------------------

Root = Literal["args", "context"]


@record
class Path:
    """Where a test looks. Steps: a key, an index (0 or more), or None for every element (`[*]`)."""

    root: Root
    steps: tuple[str | int | None, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


# --- selectors -----------------------------------------------------------------------------------------------------


@record
class ToolName:
    """Exactly this tool; with `server`, only on that server."""

    name: str
    server: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ToolGlob:
    """Tools whose whole name matches: `*` any run of characters, `?` exactly one."""

    pattern: str
    server: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class OnServer:
    """Every tool of one server."""

    server: str
    span: Span | None = field(default=None, compare=False, repr=False)


FactKind = Literal["category", "severity", "hint"]


@record
class Fact:
    """Tools of which the catalog says this (`category:read`, `severity:high`, `hint:readOnly`)."""

    kind: FactKind
    value: str
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class AnyTool:
    """Every tool (`*`)."""

    span: Span | None = field(default=None, compare=False, repr=False)


@record
class AnyOf:
    items: tuple[Selector, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class AllOf:
    items: tuple[Selector, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Except:
    """Every tool that `item` does not select."""

    item: Selector
    span: Span | None = field(default=None, compare=False, repr=False)


Selector = ToolName | ToolGlob | OnServer | Fact | AnyTool | AnyOf | AllOf | Except

# --- conditions ----------------------------------------------------------------------------------------------------

Scalar = bool | int | float | str
JsonType = Literal["string", "number", "integer", "boolean", "array", "object", "null"]
JSON_TYPES: tuple[JsonType, ...] = ("string", "number", "integer", "boolean", "array", "object", "null")

Op = Literal[
    "==", "!=", "<", "<=", ">", ">=", "in", "not in", "matches", "like", "starts_with", "ends_with", "contains",
    "exists", "is", "prints",
]  # fmt: skip
"""`prints` is the Intercept proxy's equality of printed values: the operand's Go `%v` text equals the value."""


@record
class Test:
    """One comparison of one operand with a constant.

    `value`: a scalar; a tuple of scalars for `in`/`not in`; the pattern text for `matches`/`like`; a JsonType name for
    `is`; True for `exists`. `missing` is the result when the operand is missing or null, `mistyped` when its type does
    not fit the operator; both are UNDEFINED in the native dialect, `missing` is FALSE after a `?`, both are FALSE in the
    documents. `exists`, `is` and `prints` have a result for every operand and ignore them, except that `prints` on a
    missing operand gives `missing`.
    `length`: compare `len(operand)` (code points, elements or keys). `quantifier`: the path has `[*]` and the test must
    hold for every element, or for some.
    """

    __test__: ClassVar[bool] = False  # not a test case, whatever pytest makes of the name

    path: Path
    op: Op
    value: Scalar | tuple[Scalar, ...]
    missing: Truth = Truth.UNDEFINED
    mistyped: Truth = Truth.UNDEFINED
    length: bool = False
    quantifier: Literal["every", "some"] | None = None
    span: Span | None = field(default=None, compare=False, repr=False)
    value_span: Span | None = field(default=None, compare=False, repr=False)


@record
class Not:
    item: Cond
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class And:
    items: tuple[Cond, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Or:
    items: tuple[Cond, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Const:
    value: bool
    span: Span | None = field(default=None, compare=False, repr=False)


Cond = Test | Not | And | Or | Const

# --- rules ---------------------------------------------------------------------------------------------------------

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
Scope = Literal["grant", "session", "agent", "user", "server", "global"]
SCOPES: tuple[Scope, ...] = ("grant", "session", "agent", "user", "server", "global")
WINDOWS: dict[str, int] = {
    "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000,
}  # fmt: skip
"""Seconds of the named windows. An aligned month is the calendar month; the number is its length when sliding."""


@record
class Limit:
    """At most `maximum` (inclusive, after the increment) in each window, counted apart for each scope value.

    `amount`: the argument whose value is added; None counts calls, adding `step` each. When the amount is missing, null
    or not a number the call is denied, unless `optional`, where a missing or null one adds 0. `whole` drops the fraction
    of an amount (Intercept). `window` is a name of WINDOWS or a number of seconds.
    """

    counter: str
    maximum: int | float
    window: str | int
    amount: Path | None = None
    optional: bool = False
    whole: bool = False
    step: int = 1
    scope: tuple[Scope, ...] = ("grant",)
    sliding: bool = False
    named: bool = True  # False: the counter's name was made from the rule's place, not written
    span: Span | None = field(default=None, compare=False, repr=False)


Effect = Literal["hide", "deny", "require", "approve", "allow", "limit"]


@record
class Rule:
    """One rule. It applies to a call when its selector and its `when` do; `require` then denies unless `condition` holds.

    `implied`: the `allow` that a block for one exact tool gives by standing there. `block` is the selector's text as the
    policy writes it; rules of one block stand together in the order of precedence. `route` is the symbolic place.
    """

    id: str
    effect: Effect
    selector: Selector
    when: Cond | None = None
    condition: Cond | None = None  # `require` only
    limit: Limit | None = None  # `limit` only
    reason: str | None = None
    by: str | None = None  # `approve` only
    severity: Severity | None = None
    implied: bool = False
    named: bool = False  # the id was written by the author
    route: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False, repr=False)


# --- properties ----------------------------------------------------------------------------------------------------


PropertyKind = Literal["never", "always", "allow", "limited", "no wider"]


@record
class Property:
    """What a policy must fulfil, as a `verify` block declares it. docs/verify.md says what each kind means.

    `effect`: allow or approve after `never`, deny or approve after `always`, allow for `allow`. `selector`: None for
    `no wider` only. `limit`: `limited` only; its scope is empty where the author named none. `file`: `no wider` only, as
    written, relative to the file that it stands in. `text` is the statement as written, without the reason, on one line.
    """

    kind: PropertyKind
    effect: Effect | None = None
    selector: Selector | None = None
    when: Cond | None = None
    limit: Limit | None = None
    file: str | None = None
    reason: str | None = None
    text: str = field(default="", compare=False)
    route: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False, repr=False)


Dialect = Literal["dsl", "document", "intercept"]


@record
class Policy:
    """One policy: what holds for one grant. `rules` are in the order written. `properties` decide nothing: they are what
    `policyc verify` proves of the rules."""

    name: str
    default: Literal["allow", "deny"]
    rules: tuple[Rule, ...]
    dialect: Dialect = "dsl"
    description: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)
    default_span: Span | None = field(default=None, compare=False, repr=False)
    properties: tuple[Property, ...] = ()
