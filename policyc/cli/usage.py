"""Usage errors in one sentence, with the word that was probably meant."""

from __future__ import annotations

from typing import Any

from policyc.cli.output import say
from policyc.cli.verbs import VERBS
from policyc.diagnostics import did_you_mean
from policyc.report.clean import clean, clean_lines


def sentence(error: Any) -> int:
    """Print click's error in the project's words; its exit code (2 for every usage error)."""
    name = type(error).__name__
    context = getattr(error, "ctx", None)
    if name == "NoArgsIsHelpError":
        say(clean_lines(error.format_message()))
        return int(error.exit_code)
    if name == "NoSuchOption":
        text = _unknown("option", error.option_name, _options(context))
    elif context is not None and str(error.message).startswith("No such command"):
        word = str(error.message).split("'")[1] if "'" in str(error.message) else ""
        known = list(VERBS) if context.parent is None else context.command.list_commands(context)
        text = _unknown("verb", word, known)
    else:
        text = error.format_message().rstrip(".")
        text = text[:1].lower() + text[1:]
    say(f"policyc: {clean(text)}")
    if context is not None:
        say(f"`{clean(context.command_path)} --help` says how it is used")
    return 2


def _options(context: Any) -> list[str]:
    if context is None:
        return []
    return [name for param in context.command.get_params(context) for name in param.opts if name.startswith("--")]


def _unknown(what: str, word: str, known: list[str]) -> str:
    near = did_you_mean(word, known)
    return f"there is no {what} `{word}`" + (f", did you mean `{near}`?" if near else "")
