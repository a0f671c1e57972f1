"""Which files are meant: what the user named, and policies found below the folders that the user named."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from policyc.diagnostics import PolicycError

SUFFIXES = (".policy", ".policy.json", ".policy.yaml", ".policy.yml")
VENDORED = frozenset(
    {"node_modules", "vendor", "third_party", "venv", "__pycache__", "site-packages", "__pypackages__"}
)
STDIN = "-"


def discover(paths: Sequence[str], excluded: Callable[[str], bool] = lambda path: False) -> list[str]:
    """The files to read, each once, in the order named; below one folder sorted by name.

    A file named is taken whatever it is called; a folder is searched for SUFFIXES, hidden and vendored folders left out
    and links to folders followed once. `excluded` is asked only about files that were found, not about those named.
    Raises PolicycError for a path that does not exist.
    """
    out: dict[str, str] = {}
    for path in paths:
        if path == STDIN:
            out.setdefault(STDIN, STDIN)
        elif os.path.isdir(path):
            for found in _search(path):
                if not excluded(found):
                    out.setdefault(os.path.realpath(found), found)
        elif os.path.exists(path):
            out.setdefault(os.path.realpath(path), path)
        else:
            raise PolicycError(f"there is no file or folder `{path}`")
    return list(out.values())


def _search(root: str) -> Iterator[str]:
    visited: set[str] = set()
    pending = [root]
    while pending:
        folder = pending.pop()
        real = os.path.realpath(folder)
        if real in visited:
            continue
        visited.add(real)
        try:
            entries = sorted(os.scandir(folder), key=lambda e: e.name)
        except OSError as error:
            raise PolicycError(f"cannot read the folder `{folder}`: {(error.strerror or str(error)).lower()}") from None
        folders = []
        for entry in entries:
            if entry.name.startswith(".") or entry.name in VENDORED:
                continue
            path = entry.name if folder == "." else os.path.join(folder, entry.name)
            if entry.is_dir():
                folders.append(path)
            elif entry.name.endswith(SUFFIXES) and entry.is_file():
                yield path
        pending.extend(reversed(folders))
