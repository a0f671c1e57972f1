"""Deciding by a table as plainly as docs/table-format.md says it, from the decoded lines: what the loader is compared with.

Nothing is prepared and nothing is checked; what a test of the pool means is asked of the reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policyc import reference
from policyc.ir.model import Path, Test, Truth
from policyc.reference import ABSENT, NotJson, json_type

Answer = tuple[str, str | None, tuple[str, ...]]
"""Effect, rule, and the rules of the limits."""


class Lines:
    """The decoded lines of a table."""

    def __init__(self, data: bytes) -> None:
        lines = data.split(b"\n")
        self.header, index, self.paths = (json.loads(line) for line in lines[1:4])
        self.policies = {p["name"]: p for p in index["policies"]}
        at = 4 + self.header["tests"]
        self.tests, self.rules = lines[4:at], lines[at : at + self.header["rules"]]
        self.bodies = lines[at + self.header["rules"] :]

    def constants(self) -> Iterator[Any]:
        """What the tests compare with, as far as it can be read."""
        for line in self.tests:
            try:
                test = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(test, list) and len(test) > 1:
                yield test[1]

    def decide(self, policy: str, tool: str, args: Any, context: Any, server: str | None) -> Answer:
        """The answer to a call."""
        entry = self.policies[policy]
        return self._run(entry["call"].get(tool, entry["call_other"]), tool, args, context, server)

    def visible(self, policy: str, tool: str, server: str | None) -> bool:
        """Whether tools/list shows the tool."""
        entry = self.policies[policy]
        return self._run(entry["list"].get(tool, entry["list_other"]), tool, {}, {}, server)[0] != "deny"

    def _run(self, number: int, tool: str, args: Any, context: Any, server: str | None) -> Answer:
        body = json.loads(self.bodies[number])
        call = {
            "args": args,
            "context": context,
            "call": {"tool": tool} | ({} if server is None else {"server": server}),
        }
        try:
            return self._rules(body, call) if isinstance(body, dict) else self._nodes(body, call)
        except NotJson:
            return "deny", None, ()

    def _nodes(self, body: list[Any], call: dict[str, Any]) -> Answer:
        leaves, at, *nodes = body
        while at is not None and at >= 0:
            at = self._step(nodes[at], call)
        if at is None:
            return "deny", None, ()
        effect, rule, limits = leaves[-1 - at]
        return self._answer(effect, rule, limits)

    def _answer(self, effect: str, rule: int, limits: list[int]) -> Answer:
        return effect, None if rule < 0 else self._id(rule), tuple(map(self._id, limits))

    def _id(self, rule: int) -> str:
        return str(json.loads(self.rules[rule])[0])

    def _step(self, node: list[Any], call: dict[str, Any]) -> Any:
        form, path, *rest = node
        value = self._value(path, call)
        kind = "missing" if value is ABSENT else json_type(value)
        if form == "k":
            names = ("missing", "null", "false", "true", "number", "string", "array", "object")
            return rest[names.index({True: "true", False: "false"}[value] if kind == "boolean" else kind)]
        if form == "b":
            return rest[2] if kind != "boolean" else rest[1] if value else rest[0]
        if form == "n":
            bounds, children, other = rest
            if kind != "number":
                return other
            below = sum(b < value for b in bounds)
            return children[2 * below + 1] if value in bounds else children[2 * below]
        if form == "s":
            constants, default, other = rest
            return other if kind != "string" else dict(constants).get(value, default)
        assert form == "t"
        return rest[1:][self._truth(rest[0], value)]

    def _value(self, path: int, call: dict[str, Any]) -> Any:
        root, *steps = self.paths[path]
        value = call[root]
        for step in steps:
            if json_type(value) == "other":
                raise NotJson
            kind = "object" if type(step) is str else "array"
            there = json_type(value) == kind and (step in value if kind == "object" else step < len(value))
            value = value[step] if there else ABSENT
            if value is ABSENT:
                return value
        if json_type(value) == "other":
            raise NotJson
        return value

    def _truth(self, number: int, value: Any) -> int:
        op, constant, missing, mistyped, length, quantifier, inner = json.loads(self.tests[number])
        if op == "lookup":
            if value is ABSENT or value is None:
                return int(missing)
            return int(dict(constant).get(value, 1)) if type(value) is str else 1
        constant = tuple(constant) if isinstance(constant, list) else constant
        steps = () if quantifier is None else (None, *inner)
        test = Test(Path("args", steps), op, constant, Truth(missing), Truth(mistyped), length, quantifier)
        return int(reference._walk(test, value, steps))

    def _rules(self, body: dict[str, Any], call: dict[str, Any]) -> Answer:
        denials, allows, approvals, limits = body["rules"]

        def first(group: list[Any]) -> Any:
            return next((rule for rule, guard in group if self._holds(guard, call)), None)

        denied = first(denials)
        if denied is not None:
            return self._answer("deny", denied, [])
        allowed = first(allows)
        if allowed is None and body["default"] != "allow":
            return self._answer("deny", -1, [])
        asked, reserved = first(approvals), [rule for rule, guard in limits if self._holds(guard, call)]
        if asked is not None:
            return self._answer("approve", asked, reserved)
        return self._answer("allow", -1 if allowed is None else allowed, reserved)

    def _holds(self, guard: Any, call: dict[str, Any]) -> bool:
        if isinstance(guard, bool):
            return guard
        if guard[0] == "?":
            return bool(guard[3] >> self._truth(guard[2], self._value(guard[1], call)) & 1)
        return (all if guard[0] == "&" else any)(self._holds(g, call) for g in guard[1:])
