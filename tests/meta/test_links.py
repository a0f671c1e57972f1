"""Every relative link of a Markdown file leads to a file, and to a heading where it names one."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.meta.tree import ROOT, texts

PAGES = texts(".md")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def prose(text: str) -> str:
    """The text without its code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^ *(```+|~~~+).*?^ *\1", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as the common hosts make them."""
    code_left_out = re.sub(r"^ *(```+).*?^ *\1", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.*?) *#*$", code_left_out, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_links_resolve(name: str) -> None:
    broken = []
    for target in LINK.findall(prose(PAGES[name])):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / name).parent / path if path else ROOT / name
        if (
            not found.exists()
            or not found.resolve().is_relative_to(ROOT)
            or (anchor and anchor not in anchors(found.read_text(encoding="utf-8")))
        ):
            broken.append(target)
    assert broken == []


def test_paths_named_in_the_guides_are_there() -> None:
    """A path in backticks that starts with one of the project's folders is a file or a folder of the project."""
    missing = []
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "examples/README.md"):
        for path in re.findall(r"`((?:policyc|docs|tests|examples|grammar|benchmarks)/[\w./-]*)`", PAGES.get(name, "")):
            if not (ROOT / path).exists() and not Path(ROOT / name).parent.joinpath(path).exists():
                missing.append(f"{name}: {path}")
    assert missing == []


def options() -> set[str]:
    """Every option of every verb, as its help says."""
    from typer.main import get_command

    from policyc.cli.verbs import VERBS

    out = {"--version", "--debug", "--help"}
    waiting: list[Any] = [get_command(import_module(f"policyc.cli.{module}").app) for module in VERBS.values()]
    while waiting:
        command = waiting.pop()
        waiting.extend(getattr(command, "commands", {}).values())
        out |= {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
    return out


def test_options_named_in_the_documentation_exist() -> None:
    known = options()
    assert "--check" in known
    unknown = [
        f"{name}: {line.strip()}"
        for name, text in sorted(PAGES.items())
        if name == "README.md" or name.startswith("docs/")
        for line in text.splitlines()
        if "policyc" in line or "`--" in line
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", line)
        if option not in known
    ]
    assert unknown == []
