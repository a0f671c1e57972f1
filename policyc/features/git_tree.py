"""What a git repository has committed, asked of the `git` executable: `rev-parse`, `ls-tree`, `cat-file`, nothing that looks at the work tree."""

from __future__ import annotations

import os
import subprocess
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress

from policyc.diagnostics import PolicycError

_MODULE, _LINK, _FILES = "160000", "120000", ("100644", "100755", "100664")
_MOST_LINKS = 40


def git(*command: str, given: bytes = b"") -> bytes:
    """What a git command prints. Raises PolicycError, in one sentence, where it fails or there is no git."""
    # The working folder and GIT_DIR stay as they are, so that this also works inside a hook; sentences come in English.
    env = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(["git", *command], input=given, capture_output=True, env=env)
    except FileNotFoundError:
        raise PolicycError("git is not installed, and a revision cannot be read without it") from None
    except OSError as error:
        raise PolicycError(f"git cannot be run: {(error.strerror or str(error)).lower()}") from None
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
    first = next((line for line in said if line.startswith("fatal:")), said[0]).removeprefix("fatal: ")
    if "not a git repository" in first:
        raise PolicycError("this folder is in no git repository, and a revision is one of a repository")
    raise PolicycError(f"git {command[0]} failed: {first[:1].lower()}{first[1:]}")


def top_folder() -> str:
    """The root of the work tree around the working folder. Raises PolicycError where there is none."""
    return os.path.realpath(os.fsdecode(git("rev-parse", "--show-toplevel").removesuffix(b"\n")))


def commit_of(revision: str) -> str:
    """The id of the commit that a revision names. Raises PolicycError where there is no such commit."""
    if revision.startswith("-"):
        raise PolicycError(f"`{revision}` is no revision, expected a commit, a branch or a tag")
    found = ""
    with suppress(PolicycError):
        found = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    if set(found) <= set("0123456789abcdef") and found:  # "^main" is understood, and names what is not wanted
        return found
    shallow = git("rev-parse", "--is-shallow-repository").strip() == b"true"
    hint = "; the clone is shallow, fetch the revision first" if shallow else ""
    raise PolicycError(f"there is no revision `{revision}`, expected a commit, a branch or a tag{hint}")


class Tree:
    """What a commit holds: its files and links by path, and where submodules stand."""

    def __init__(self, commit: str) -> None:
        self.files: dict[str, str] = {}
        self.modules: list[str] = []
        linked: dict[str, str] = {}
        for entry in git("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
            if entry:
                about, _, name = entry.partition(b"\t")
                mode, _, identity = about.decode("ascii").split(" ")
                path = os.fsdecode(name)
                if {"", ".", "..", ".git"}.isdisjoint(path.split("/")):  # no honest tree has such names
                    (linked if mode == _LINK else self.files if mode in _FILES else {})[path] = identity
                    if mode == _MODULE:
                        self.modules.append(path)
        self.links = {path: os.fsdecode(text) for path, text in self._contents(linked).items()}
        self._sorted = sorted([*self.files, *self.links])

    def contents(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of files."""
        return self._contents({path: self.files[path] for path in paths})

    def _contents(self, wanted: dict[str, str]) -> dict[str, bytes]:
        if not wanted:
            return {}
        answer = memoryview(git("cat-file", "--batch", given="".join(f"{i}\n" for i in wanted.values()).encode()))
        out, at = {}, 0
        for path, identity in wanted.items():
            end = at + bytes(answer[at : at + 200]).find(b"\n")
            about = bytes(answer[at:end]).split(b" ")
            if len(about) != 3:
                raise PolicycError(f"git has no content for `{path}` (object {identity})")
            at = end + 1 + int(about[2])
            out[path] = bytes(answer[end + 1 : at])
            at += 1
        return out

    def real(self, path: str) -> str | None:
        """The path with its links followed; None where they lead out of the tree or nowhere."""
        left, done, followed = path.split("/")[::-1], list[str](), 0
        while left:
            part = left.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not done:
                    return None
                done.pop()
                continue
            done.append(part)
            target = self.links.get("/".join(done))
            if target is not None:
                followed += 1
                if target.startswith("/") or followed > _MOST_LINKS:
                    return None
                done.pop()
                left.extend(target.split("/")[::-1])
        return "/".join(done)

    def below(self, folder: str) -> list[str]:
        """The files and links below a folder, sorted."""
        first = f"{folder}/" if folder else ""
        start = bisect_left(self._sorted, first)
        end = start
        while end < len(self._sorted) and self._sorted[end].startswith(first):
            end += 1
        return self._sorted[start:end]

    def holds(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        real = self.real(path)
        return real is not None and (real in self.files or bool(self.below(real)))
