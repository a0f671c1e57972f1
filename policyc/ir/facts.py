"""What the catalog knows about tools, as far as selectors ask for it."""

from __future__ import annotations

from policyc.record import field, record

CATEGORIES = ("read", "write", "execute", "destructive", "financial")
HINTS = ("readOnly", "destructive", "idempotent", "openWorld")


@record
class ToolFacts:
    """The facts about one tool of one server. `hints`: the names of HINTS that hold."""

    category: str
    severity: str
    hints: frozenset[str] = frozenset()

    def holds(self, kind: str, value: str) -> bool:
        if kind == "category":
            return self.category == value
        if kind == "severity":
            return self.severity == value
        return value in self.hints


@record
class Facts:
    """Facts by tool name; for each name one entry a server that has it. `digest`: of the catalog they came from."""

    tools: dict[str, tuple[tuple[str, ToolFacts], ...]] = field(default_factory=dict)
    digest: str | None = None

    def about(self, kind: str, value: str, tool: str, server: str | None) -> bool | None:
        """Whether the fact holds; None when the catalog cannot say.

        Without a server it can say only where all servers that have the tool agree.
        """
        answers = {
            facts.holds(kind, value) for name, facts in self.tools.get(tool, ()) if server is None or name == server
        }
        return answers.pop() if len(answers) == 1 else None

    def on_server(self, tool: str, server: str) -> bool | None:
        """Whether a call of this tool that names no server goes to this one; None when the catalog cannot say."""
        homes = {name for name, _ in self.tools.get(tool, ())}
        if not homes or (server in homes and len(homes) > 1):
            return None
        return server in homes


NO_FACTS = Facts()
