"""A correct policy, and known defects to plant in it.

Each `Mutant` is one edit of the text of `policy.policy` beside this file: what an author might get wrong. The linter must find just that, at
the line that is to blame.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
POLICY = (HERE / "policy.policy").read_text("utf-8")
CATALOG = HERE / "catalog.json"


@dataclass(frozen=True)
class Mutant:
    """One defect: `old`, which stands once in the policy, is replaced by `new`. The findings of slug `finds` are then at the lines that hold
    the texts of `at` (each once, in the changed text), and nothing else is found but the slugs of `also`: what the same slip is said of
    elsewhere, rightly."""

    name: str
    old: str
    new: str
    finds: str
    at: tuple[str, ...]
    also: tuple[str, ...] = ()

    def planted(self) -> str:
        assert POLICY.count(self.old) == 1, f"{self.name}: `{self.old}` stands {POLICY.count(self.old)} times"
        return POLICY.replace(self.old, self.new)

    def lines(self) -> list[int]:
        text = self.planted()
        out = []
        for part in self.at:
            assert text.count(part) == 1, f"{self.name}: `{part}` stands {text.count(part)} times"
            out.append(text[: text.index(part)].count("\n") + 1)
        return sorted(out)


def mutant(name: str, old: str, new: str, finds: str, *at: str, also: tuple[str, ...] = ()) -> Mutant:
    return Mutant(name, old, new, finds, at, also)
