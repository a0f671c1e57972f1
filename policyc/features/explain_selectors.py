"""Why a selector does not select a tool, or why nobody can say: the name, the server or the catalog's word."""

from __future__ import annotations

from policyc.features.words import either, quote_name
from policyc.ir.facts import Facts
from policyc.ir.model import AllOf, AnyOf, AnyTool, Except, Fact, OnServer, Selector, ToolGlob, ToolName, Truth
from policyc.ir.names import selector_text
from policyc.reference import Call, selects

_MOST = 3


def asks_more_than_names(selector: Selector) -> bool:
    """Whether the selector asks for anything that the tool's name alone does not answer."""
    match selector:
        case ToolName() | ToolGlob():
            return selector.server is not None
        case OnServer() | Fact():
            return True
        case AnyOf() | AllOf():
            return any(asks_more_than_names(item) for item in selector.items)
        case Except():
            return asks_more_than_names(selector.item)
        case AnyTool():
            return False


def selector_why(selector: Selector, call: Call, facts: Facts) -> str:
    """What makes the selector's truth value what it is, in words that follow a colon."""
    truth = selects(selector, call, facts)
    match selector:
        case ToolName() | ToolGlob():
            plain = ToolName(selector.name) if isinstance(selector, ToolName) else ToolGlob(selector.pattern)
            fits = selects(plain, call, facts) is Truth.TRUE
            if selector.server is not None and (fits or truth is Truth.UNDEFINED):
                return _server(selector.server, call, facts)
            return f"{quote_name(call.tool)} is {'' if fits else 'not '}{selector_text(plain)}"
        case OnServer():
            return _server(selector.server, call, facts)
        case Fact():
            return _fact(selector, call, facts)
        case AnyTool():
            return "it is for every tool"
        case Except():
            return selector_why(selector.item, call, facts)
        case AnyOf() | AllOf():
            told = [selector_why(s, call, facts) for s in selector.items if selects(s, call, facts) is truth]
            if isinstance(selector, AllOf) == (truth is Truth.FALSE):
                told = told[:1]  # one of them is enough
            more = len(told) - _MOST
            return either([*told[:_MOST], *([f"{more} more"] if more > 0 else [])], "and")


def _server(server: str, call: Call, facts: Facts) -> str:
    if call.server is not None:
        return f"the call is on server {quote_name(call.server)}"
    homes = sorted({name for name, _ in facts.tools.get(call.tool, ())})
    if not homes:
        return "the call names no server"
    if server in homes and len(homes) > 1:
        return (
            f"the call names no server, and the catalog has the tool on {either(list(map(quote_name, homes)), 'and')}"
        )
    return f"the catalog has {quote_name(call.tool)} on {either(list(map(quote_name, homes)), 'and')}"


def _fact(fact: Fact, call: Call, facts: Facts) -> str:
    tool = quote_name(call.tool)
    every = facts.tools.get(call.tool, ())
    found = [(name, f) for name, f in every if call.server is None or name == call.server]
    if not found:
        where = f" on server {quote_name(call.server or '')}" if every else ""
        return f"the catalog does not know {tool}{where}"
    if len({f.holds(fact.kind, fact.value) for _, f in found}) > 1:
        return f"the call names no server, and the catalog says different things of {tool} on {either([quote_name(n) for n, _ in found], 'and')}"
    if fact.kind == "hint":
        gives = "gives" if found[0][1].holds("hint", fact.value) else "does not give"
        return f"the catalog {gives} {tool} hint:{fact.value}"
    values = dict.fromkeys(f.category if fact.kind == "category" else f.severity for _, f in found)
    return f"the catalog says that {tool} is {either([f'{fact.kind}:{v}' for v in values])}"
