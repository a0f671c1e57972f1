"""Policies made by hand, with the spans of a small text, for tests of the engine alone."""

from __future__ import annotations

from dataclasses import replace

from policyc.catalog.model import Catalog, Risk, Tool
from policyc.config import DEFAULT, Config
from policyc.diagnostics import Finding
from policyc.ir.facts import NO_FACTS
from policyc.ir.model import AnyTool, Effect, Fact, Policy, Rule, Selector, ToolName
from policyc.lint.context import Context, Project
from policyc.lint.engine import Outcome, lint
from policyc.lint.levels import Levels
from policyc.lint.suppress import Suppressions
from policyc.source import Source, Span

TEXT = """\
policy "p"
default allow
allow create_chrage
deny github/push
hide *
allow category:read
"""


def at(source: Source, text: str) -> Span:
    start = source.text.index(text)
    return Span(source, start, start + len(text))


def rule(source: Source, effect: Effect, selector: Selector) -> Rule:
    return Rule(f"{effect}.{source.text}", effect, selector, span=selector.span, route="here")


def policy(source: Source, *rules: Rule, default: str = "allow") -> Policy:
    span = at(source, f"default {default}") if f"default {default}" in source.text else None
    return Policy("p", default, rules, span=Span(source, 0, 10), default_span=span)  # type: ignore[arg-type]


def named(source: Source, name: str, server: str | None = None) -> ToolName:
    return ToolName(name, server, at(source, f"{server}/{name}" if server else name))


def fact(source: Source) -> Fact:
    return Fact("category", "read", at(source, "category:read"))


def everything(source: Source) -> AnyTool:
    return AnyTool(at(source, "*"))


def tool(name: str, server: str = "stripe") -> Tool:
    return Tool(server, name, "", None, {}, None, "0", Risk("read", "low", None, "low", ()))


def catalog(*tools: Tool) -> Catalog:
    return Catalog(tuple(tools), "digest")


def run(
    *policies: Policy,
    source: Source,
    config: Config = DEFAULT,
    found: tuple[Finding, ...] = (),
    known: Catalog | None = None,
    select: tuple[str, ...] = (),
    ignore: tuple[str, ...] = (),
    suppressions: Suppressions | None = None,
    at_least: str = "info",
) -> Outcome:
    """Lint policies of one source, with two rules and those of the reading where nothing else is selected."""
    if not select and config.select is None:
        config = replace(config, select=("PC1", "PC201", "PC516"))
    facts = NO_FACTS if known is None else known.facts()
    contexts = tuple(Context(p, source, known, facts, config) for p in policies)
    return lint(
        Project(contexts, known, facts, config),
        found,
        {source: suppressions or Suppressions()},
        Levels.of(config, select, ignore),
        at_least=at_least,  # type: ignore[arg-type]
    )


def slugs(outcome: Outcome) -> list[str]:
    return [f.rule for f in outcome.findings]
