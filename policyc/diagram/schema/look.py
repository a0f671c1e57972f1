"""What some tests look at, as a tree beside the value: which keys, which indexes, and whether all elements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policyc.diagram.arrays import element_probe
from policyc.diagram.formula import Predicate, Probe, predicates
from policyc.record import field, record


@record(frozen=False, eq=False)
class Look:
    """What is asked of one value. `asked`: something of the value itself; `sized`: its length; `keys`: by key or index, what is asked of the value there;
    `element`: of every element; `whole`: the value has no other keys and no other elements than those in `keys`."""

    keys: dict[str | int, Look] = field(default_factory=dict)
    element: Look | None = None
    asked: bool = False
    sized: bool = False
    whole: bool = False

    def add(self, steps: Iterable[str | int], probe: Probe) -> bool:
        """Note what a probe at the end of some steps looks at; says whether that is new."""
        here, new = self, False
        for step in steps:
            new = new or step not in here.keys
            here = here.keys.setdefault(step, Look())
        return here._add(probe) or new

    def add_all(self, asked: Iterable[Predicate]) -> bool:
        """Note what predicates look at; says whether some of it is new."""
        news = [self.add(p.var[1], p.probe) for p in asked]  # all of them: each adds its own
        return any(news)

    def _add(self, probe: Probe) -> bool:
        if probe.op == "at":
            steps, inner = probe.value
            return self.add(steps, inner)
        new = False
        if probe.quantifier is not None or (probe.op == "contains" and not probe.length):
            new = self.element is None
            self.element = element = self.element or Look()
            if probe.op == "fits":
                return element.add_all(predicates(probe.value[0])) or new
            steps, inner = element_probe(probe)
            new = element.add(steps, inner) or new
            if probe.quantifier is not None:
                return new
        new = new or not self.asked or (probe.length and not self.sized)
        self.asked = True
        self.sized = self.sized or probe.length
        return new

    def copy(self) -> Look:
        """A look of its own, to add to."""
        element = None if self.element is None else self.element.copy()
        return Look({k: v.copy() for k, v in self.keys.items()}, element, self.asked, self.sized, self.whole)

    def joined(self, other: Look) -> Look:
        """What either looks at."""
        out = self.copy()
        for key, value in other.keys.items():
            out.keys[key] = out.keys[key].joined(value) if key in out.keys else value.copy()
        if other.element is not None:
            out.element = other.element.copy() if out.element is None else out.element.joined(other.element)
        out.asked = out.asked or other.asked
        out.sized = out.sized or other.sized
        return out


def look_of(asked: Iterable[Predicate]) -> Look:
    """What predicates on arguments look at, from the arguments as a whole."""
    look = Look()
    look.add_all(p for p in asked if p.var[0] == "args")
    return look


def whole_look(value: Any) -> Look:
    """A look at everything in one JSON value."""
    parts: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    return Look({k: whole_look(v) for k, v in parts}, None, True, True, True)
