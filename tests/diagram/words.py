"""Reads the words of `policyc.diagram.describe` back: whether a row of conditions holds for a call. Independent of how they were made."""

from __future__ import annotations

import json
import re
from typing import Any

from policyc.ir.model import Path, Test, Truth
from policyc.reference import Call, evaluate, json_type

_STRING = r'"(?:[^"\\]|\\.)*"'
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_SCALAR = rf"(?:{_STRING}|{_NUMBER}|true|false)"
_NAME = rf"(?:args|context)(?:\.[A-Za-z0-9_$-]+|\[(?:\d+|\*|{_STRING})\])*|server|tool"
_KIND = r"(?:missing|null|an? (?:boolean|number with a fraction|number|integer|string|array|object)|an integer|Unicode text|given)"
_KINDS = re.compile(
    rf"(?P<name>{_NAME}) is (?P<not>not |neither |given and not |given and neither )?(?P<first>{_KIND})(?P<rest>(?:(?:, | or | nor ){_KIND}(?![\w.]))*)"
)
_TEST = re.compile(
    rf"(?:(?P<quantifier>every|some) )?(?:(?P<exists>exists) )?(?:len\((?P<sized>{_NAME})(?P<m1>!\?|\?\?|\?)?\)|(?P<name>{_NAME})(?P<m2>!\?|\?\?|\?)?)"
    rf"(?: (?P<op>==|!=|<=|>=|<|>|not in|in|matches|like|starts_with|ends_with|contains|prints|is) "
    rf"(?P<value>\[(?:{_SCALAR}(?:, {_SCALAR})*)?\]|{_SCALAR}|\w+))?"
)
_STEP = re.compile(rf"\.([A-Za-z0-9_$-]+)|\[(\d+|\*|{_STRING})\]")


def holds(row: tuple[str, ...], call: Call) -> bool:
    """Whether every condition of a row holds."""
    return all(_Reader(text, call).value() for text in row)


class _Reader:
    """Recursive descent: or, and, not, brackets, atoms."""

    def __init__(self, text: str, call: Call) -> None:
        self.text, self.at, self.call = text, 0, call

    def value(self) -> bool:
        found = self._or()
        assert self.at == len(self.text), f"left over: {self.text[self.at :]!r} of {self.text!r}"
        return found

    def _take(self, word: str) -> bool:
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def _or(self) -> bool:
        found = self._and()
        while self._take(" or "):
            found = self._and() or found
        return found

    def _and(self) -> bool:
        found = self._atom()
        while self._take(" and "):
            found = self._atom() and found
        return found

    def _atom(self) -> bool:
        negated = self._take("not (")
        if negated:
            test = _TEST.match(self.text, self.at)
            assert test and self.text[test.end()] == ")", self.text[self.at :]
            self.at = test.end() + 1
            return self._truth(test) == Truth.FALSE
        if self.text.startswith("(", self.at):
            start = self.at
            found = _TEST.match(self.text, start + 1)
            if found and self.text.startswith(") is undefined", found.end()):
                self.at = found.end() + len(") is undefined")
                return self._truth(found) == Truth.UNDEFINED
            self.at += 1
            inner = self._or()
            assert self._take(")"), self.text[self.at :]
            return inner
        kinds = _KINDS.match(self.text, self.at)
        if kinds:
            self.at = kinds.end()
            return self._kinds(kinds)
        found = _TEST.match(self.text, self.at)
        assert found, self.text[self.at :]
        self.at = found.end()
        return self._truth(found) == Truth.TRUE

    def _path(self, name: str) -> tuple[Path, Call]:
        """The path, and the call that has the value there; a server's and tool's name are looked up as if they were arguments."""
        if name in ("server", "tool"):
            value = self.call.tool if name == "tool" else self.call.server
            return Path("args", (name,)), Call("x", {} if value is None else {name: value})
        root = "args" if name.startswith("args") else "context"
        steps: list[Any] = []
        for key, index in _STEP.findall(name):
            steps.append(key if key else None if index == "*" else json.loads(index))
        return Path(root, tuple(steps)), self.call  # type: ignore[arg-type]

    def _truth(self, found: re.Match[str]) -> Truth:
        path, call = self._path(found["sized"] or found["name"])
        if found["exists"]:
            return evaluate(Test(path, "exists", True, quantifier=found["quantifier"]), call)  # type: ignore[arg-type]
        op, text = found["op"], found["value"]
        value: Any = text if op == "is" else json.loads(text)
        value = tuple(value) if isinstance(value, list) else value
        missing, mistyped = {None: (1, 1), "?": (0, 1), "??": (0, 0), "!?": (1, 0)}[found["m1"] or found["m2"]]
        modes = Truth(missing), Truth(mistyped)
        return evaluate(
            Test(path, op, value, *modes, length=bool(found["sized"]), quantifier=found["quantifier"]), call
        )  # type: ignore[arg-type]

    def _kinds(self, found: re.Match[str]) -> bool:
        path, call = self._path(found["name"])
        words = [found["first"], *re.split(r", | or | nor ", found["rest"])[1:]]
        inside = any(_is(word, path, call) for word in words)
        negated = (found["not"] or "").strip()
        if negated.startswith("given"):
            return not inside and evaluate(Test(path, "exists", True), call) == Truth.TRUE
        return not inside if negated else inside


def _is(word: str, path: Path, call: Call) -> bool:
    there = evaluate(Test(path, "exists", True), call) == Truth.TRUE
    if word in ("missing", "given"):
        return there == (word == "given")
    if not there:
        return False
    value: Any = call.arguments if path.root == "args" else call.context
    for step in path.steps:
        value = value[step]
    kind = json_type(value)
    if word == "Unicode text":
        return kind == "string" and not any("\ud800" <= c <= "\udfff" for c in value)
    if word == "an integer":
        return kind == "number" and value == int(value)
    if word == "a number with a fraction":
        return kind == "number" and value != int(value)
    return word.split()[-1] == kind
