"""Every lint rule, in the order of their codes.

`READING` holds the rules whose findings come from the front ends, the catalog and the engine itself: they have no check
function. `MODULES` names one module a rule; the modules are imported when linting runs, not before. Adding a rule is one
file and one line here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module

from policyc.diagnostics import Finding, PolicycError, did_you_mean
from policyc.lint.context import Context, Project, RuleInfo
from policyc.record import record

__all__ = ["MODULES", "READING", "Registered", "RuleInfo", "info", "rules", "select"]

READING: tuple[RuleInfo, ...] = (
    RuleInfo("PC101", "syntax-error", "error", "the text is not in the language of its file"),
    RuleInfo("PC102", "unknown-key", "error", "a key that the policy document does not have"),
    RuleInfo("PC103", "duplicate-key", "error", "one key written twice in one object"),
    RuleInfo("PC104", "wrong-type", "error", "a value of another type than its key wants"),
    RuleInfo("PC105", "unsupported-version", "error", "a policy document of a version that is not known"),
    RuleInfo("PC106", "missing-default", "error", "a policy that does not say what happens to calls no rule allows"),
    RuleInfo("PC107", "deprecated-spelling", "warning", "a spelling of the second dialect of policy documents"),
    RuleInfo("PC108", "invalid-regex", "error", "a pattern that is not a regular expression"),
    RuleInfo("PC109", "regex-not-portable", "error", "a pattern that RE2 does not have (look-around, back-reference)"),
    RuleInfo("PC110", "invalid-path", "error", "a path that is not a path into the arguments or the context"),
    RuleInfo("PC111", "invalid-window", "error", "a limit's window that is not a time"),
    RuleInfo("PC112", "invalid-limit", "error", "a limit that cannot be meant (zero, negative, absurdly large)"),
    RuleInfo("PC113", "duplicate-rule-id", "error", "two rules of one policy with the same id"),
    RuleInfo("PC114", "file-too-large", "error", "a file larger than policyc reads"),
    RuleInfo("PC115", "nested-too-deep", "error", "a file nested deeper than policyc reads"),
    RuleInfo("PC116", "alias-bomb", "error", "YAML aliases that multiply beyond what policyc reads"),
    RuleInfo("PC117", "invalid-encoding", "error", "a file that is not UTF-8 text"),
    RuleInfo("PC118", "invalid-value", "error", "a value that its place does not allow"),
    RuleInfo("PC119", "catalog-required", "error", "a selector that asks the catalog, without a catalog"),
    RuleInfo("PC120", "suppression-without-reason", "error", "a suppression that does not say why"),
    RuleInfo("PC121", "unused-suppression", "warning", "a suppression that silences nothing"),
    RuleInfo("PC122", "duplicate-policy-name", "error", "two policies with the same name"),
    RuleInfo("PC123", "invalid-suppression", "error", "a suppression comment that is not written as one"),
    RuleInfo("PC215", "stale-override", "warning", "a correction of the catalog that matches none of its tools"),
    RuleInfo("PC217", "duplicate-tool", "warning", "a tool that its server lists twice"),
    RuleInfo("PC218", "incomplete-catalog", "warning", "a tool list whose further pages are missing"),
    RuleInfo("PC219", "malformed-tool", "warning", "an entry of a tool list that is only partly a tool"),
    RuleInfo("PC601", "intercept-string-equality", "info", "an Intercept `eq` that compares printed texts"),
    RuleInfo("PC602", "intercept-limit-ignored", "warning", "an Intercept counter that never limits anything"),
    RuleInfo("PC603", "intercept-negative-increment", "warning", "an Intercept increment that may be negative"),
    RuleInfo("PC604", "intercept-unscoped-counter", "info", "an Intercept counter shared by all callers"),
    RuleInfo("PC605", "intercept-ignored-key", "warning", "a key that the Intercept proxy ignores"),
)

MODULES: tuple[str, ...] = (
    "limits.write_tool_without_limit",
    "limits.destructive_tool_allowed",
    "limits.financial_tool_without_approval",
    "limits.execute_tool_unconstrained",
    "limits.financial_tool_without_sum_limit",
    "limits.limit_never_reached",
    "limits.sum_not_bounded_below",
    "limits.sum_of_optional_argument",
    "limits.sum_of_non_number",
    "limits.single_call_exceeds_limit",
    "limits.shared_counter_mismatch",
    "limits.accidental_shared_counter",
    "limits.limit_on_denied_tool",
    "limits.limit_scope_unavailable",
    "conflicts.conflicting_rules",
    "conflicts.unreachable_rule",
    "conflicts.contradictory_condition",
    "conflicts.tautological_condition",
    "conflicts.allow_overridden",
    "conflicts.property_violated",
    "conflicts.analysis_not_decided",
    "catalog.unknown_tool",
    "catalog.unknown_server",
    "catalog.glob_matches_nothing",
    "catalog.selector_matches_nothing",
    "catalog.unknown_argument",
    "catalog.argument_type_mismatch",
    "catalog.value_not_in_enum",
    "catalog.uncovered_tool",
    "holes.deny_skipped_by_omission",
    "holes.unanchored_regex",
    "holes.open_default",
)

Check = Callable[[Context], Iterable[Finding]]
ProjectCheck = Callable[[Project], Iterable[Finding]]


@record
class Registered:
    """One rule with the functions that find it, if it has any."""

    info: RuleInfo
    check: Check | None = None
    check_project: ProjectCheck | None = None


@cache
def rules() -> dict[str, Registered]:
    """All rules by slug, in the order of their codes."""
    found = [Registered(info) for info in READING]
    for name in MODULES:
        module = import_module(f"policyc.lint.rules.{name}")
        found.append(Registered(module.RULE, getattr(module, "check", None), getattr(module, "check_project", None)))
    found.sort(key=lambda r: r.info.code)
    return {r.info.slug: r for r in found}


def info(slug: str) -> RuleInfo:
    """The rule with this slug. A KeyError is a bug: something reports a finding that is not registered."""
    return rules()[slug].info


def select(words: Iterable[str], where: str) -> frozenset[str]:
    """The slugs that a list of slugs, codes, code prefixes (`PC2`) or `all` names.

    `where` begins the sentence of the PolicycError for a word that names nothing.
    """
    known = rules()
    out: set[str] = set()
    for word in words:
        if word in known:
            out.add(word)
            continue
        named: tuple[str, ...] = tuple(known) if word == "all" else ()
        if re.fullmatch(r"PC\d{0,3}", word):
            named = tuple(slug for slug, rule in known.items() if rule.info.code.startswith(word))
        if not named:
            raise PolicycError(f"{where}: {no_such_rule(word)}")
        out.update(named)
    return frozenset(out)


def no_such_rule(word: str) -> str:
    """The sentence about a word that should have named a rule."""
    known = rules()
    near = did_you_mean(word, [*known, *(r.info.code for r in known.values())])
    return f"no rule is called `{word}`" + (f", did you mean `{near}`?" if near else "")
