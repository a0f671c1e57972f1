"""The documentation page of each lint rule: `docs/rules/<slug>.md`, shipped inside the wheel as `policyc/rule_pages`."""

from __future__ import annotations

import os
from functools import cache

from policyc.lint.registry import rules


@cache
def page(slug: str) -> str:
    """The page of a rule in Markdown; made from the registry where there is no written one. KeyError: no such rule."""
    rule = rules()[slug].info
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (os.path.join(root, "rule_pages"), os.path.join(os.path.dirname(root), "docs", "rules")):
        try:
            with open(os.path.join(folder, f"{slug}.md"), encoding="utf-8") as file:
                return file.read()
        except OSError:
            continue
    return f"# {slug} ({rule.code}, {rule.level})\n\n{rule.summary[:1].upper()}{rule.summary[1:]}.\n"


def readable(text: str) -> str:
    """A page for a terminal: code blocks indented, without their fences and the words for the tests of the pages."""
    out, inside = [], False
    for line in text.split("\n"):
        if line.startswith("```"):
            inside = not inside
        else:
            out.append(f"    {line}" if inside and line else line)
    return "\n".join(out)
