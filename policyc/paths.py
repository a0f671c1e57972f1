"""File paths as the project shows them, and globs over them as configuration files write them."""

from __future__ import annotations

import os
import re
from functools import cache

from policyc.record import record


@record
class PathGlob:
    """A pattern relative to a folder: `*` and `?` stay within one name, `**` crosses folders.

    A pattern without a slash is matched against every name of the path below the folder, so `vendor` means every folder
    or file of that name; a pattern that matches a folder matches everything inside it.
    """

    root: str
    pattern: str

    def matches(self, path: str) -> bool:
        """Whether the file at `path` (absolute, or relative to the working folder) is meant."""
        below = os.path.relpath(os.path.abspath(path), self.root).replace(os.sep, "/")
        if below.startswith("../"):
            return False
        names = below.split("/")
        pattern = self.pattern.removeprefix("./").rstrip("/")
        if "/" not in pattern:
            return any(_regex(pattern).fullmatch(name) for name in names)
        pattern = pattern.removeprefix("/")
        return any(_regex(pattern).fullmatch("/".join(names[: i + 1])) for i in range(len(names)))


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    out, i = "", 0
    while i < len(pattern):
        if pattern.startswith("**/", i):
            out, i = out + "(?:[^/]+/)*", i + 3
        elif pattern.startswith("**", i):
            out, i = out + ".*", i + 2
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(pattern[i], re.escape(pattern[i]))
            i += 1
    return re.compile(out, re.DOTALL)


def relative(path: str) -> str:
    """A path as messages, reports and tables name it: with `/`, relative to the working folder where it is inside it."""
    if os.path.isabs(path):
        try:
            inside = os.path.relpath(path)
        except ValueError:  # another drive
            inside = path
        path = path if inside.startswith("..") else inside
    return os.path.normpath(path).replace(os.sep, "/")
