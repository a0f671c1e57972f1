"""What `decide` answers: plain, immutable, built once when a table is loaded and shared by all calls that end there."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from policyc.runtime.values import MISSING, NUMBER, follow, kind


class Reservation(NamedTuple):
    """One counter to increment. `key` names the counter and its scope values; a call is admitted when the counter's value after
    adding `amount` is at most `maximum`. `window` is a named calendar window or a number of seconds."""

    key: tuple[str, ...]
    amount: int | float
    maximum: int | float
    window: str | int
    sliding: bool
    limit: Limit


class MissingScope(LookupError):
    """A limit counts by something that the call's context does not have (or has as something other than text): deny."""


class Limit(NamedTuple):
    """A limit as data for a counter service. `amount`: steps of the path whose value is added; None adds `step` a call."""

    id: str
    policy: str
    counter: str
    maximum: int | float
    window: str | int
    sliding: bool
    scope: tuple[str, ...]
    root: str
    amount: tuple[str | int, ...] | None
    optional: bool
    whole: bool
    step: int
    reason: str | None

    def reservation(
        self, arguments: dict[str, Any] | None, context: dict[str, Any] | None, server: str | None = None
    ) -> Reservation:
        """What to reserve for one call. Raises MissingScope, ValueError for an amount that is not a number, and TypeError for
        arguments or a context that are not plain dicts."""
        for given in (arguments, context):
            if given is not None and type(given) is not dict:
                raise TypeError(
                    f"arguments and context are JSON objects, plain dicts; this is a {type(given).__name__}"
                )
        arguments, context = arguments or {}, context or {}
        key = [self.policy, self.counter, str(self.window)]
        for name in self.scope:
            if name == "global":
                continue
            value = server if name == "server" else context.get(name)
            if not isinstance(value, str) or not value:
                raise MissingScope(f"limit {self.id!r} counts by {name}, and the call's context has no {name}")
            key.append(f"{name}={value}")
        amount: int | float = self.step
        if self.amount is not None:
            value = follow(arguments if self.root == "args" else context, self.amount)
            if self.optional and (value is MISSING or value is None):
                value = 0
            if kind(value) != NUMBER:
                raise ValueError(f"limit {self.id!r} adds up a value that is not a number")
            amount = int(value) if self.whole else value
        return Reservation(tuple(key), amount, self.maximum, self.window, self.sliding, self)


class Decision(NamedTuple):
    """The answer for one call. `rule`: the id of the rule that decided, None where the default did. `source`: its `file:line`.
    `limits`: to be reserved, all or none, before the call is forwarded (or when it is approved)."""

    effect: Literal["allow", "deny", "approve"]
    rule: str | None
    reason: str | None
    limits: tuple[Limit, ...]
    by: str | None
    severity: str | None
    hidden: bool
    source: str | None
    policy: str

    @property
    def allowed(self) -> bool:
        """Whether the call may go ahead now (its limits permitting)."""
        return self.effect == "allow"
