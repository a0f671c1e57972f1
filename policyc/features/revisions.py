"""The policies of a git revision, with the configuration and catalogs of that revision, as files in a temporary folder."""

from __future__ import annotations

import os
import posixpath
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from policyc.catalog.reading import SUFFIXES as CATALOG_SUFFIXES
from policyc.config import DEFAULT, NAMES, Config, config_for
from policyc.diagnostics import PolicycError
from policyc.discovery import SUFFIXES, VENDORED
from policyc.features.git_tree import Tree, commit_of
from policyc.paths import PathGlob, relative
from policyc.record import field, record, replace


@record
class Snapshot:
    """Files of one revision. The folder `base` mirrors the file system, so that `root` in it is the repository's root and a path that
    leads out of the repository leads to the file that is there now. `paths`: those asked for that were there, and where they are here."""

    revision: str
    top: str
    base: str
    root: str
    paths: dict[str, str]

    def shown(self, path: str) -> str:
        """A path in the snapshot as `REVISION:PATH`, which is also how git calls it."""
        inside = os.path.relpath(os.path.abspath(path), self.root)
        return path if inside.startswith("..") else f"{self.revision}:{inside.replace(os.sep, '/')}"

    def told(self, text: str) -> str:
        """A message with the snapshot's paths as a reader knows them."""
        for folder in (self.root, relative(self.root)):
            text = text.replace(folder + os.sep, f"{self.revision}:")
        return text.replace(self.base, "")

    def config_of(self, path: str) -> Config:
        """The configuration nearest to a file at that revision; outside of the repository, the one that is there now."""
        found = config_for(path, self.root)
        if found is not DEFAULT:
            overrides = None if found.overrides is None else self._outward(found.overrides)
            return replace(found, catalog=tuple(map(self._outward, found.catalog)), overrides=overrides)
        outer = config_for(self.top)
        return replace(outer, exclude=tuple(PathGlob(self.base + glob.root, glob.pattern) for glob in outer.exclude))

    def _outward(self, named: str) -> str:
        """A path, or `NAME=path`, that leads out of the repository, as the one that is there now."""
        before, base, rest = named.partition(self.base)
        return named if not base or f"{base}{rest}{os.sep}".startswith(self.root + os.sep) else before + rest


@contextmanager
def snapshot(revision: str, paths: Iterable[str], top: str, *, whole: bool = False) -> Iterator[Snapshot]:
    """The files that a reader of `paths` would meet at a revision: policies, configurations, and the catalogs that these name.

    Raises PolicycError for an unknown revision and for a path outside the repository; with `whole`, also where a work tree would have
    more than the revision can give: on the new side a policy left out would look as if it were gone.
    """
    tree = Tree(commit_of(revision))
    with tempfile.TemporaryDirectory(prefix="policyc-revision-") as name:
        base = os.path.realpath(name)
        root = base + os.path.splitdrive(top)[1].rstrip(os.sep)
        os.makedirs(root, exist_ok=True)
        inside = {path: _inside(path, top) for path in paths}
        for own in inside.values() if whole else ():
            _whole(tree, own)
        there = {path: own for path, own in inside.items() if tree.holds(own)}
        _Writer(tree, base, root).write(list(there.values()))
        yield Snapshot(
            revision, top, base, root, {path: os.path.join(root, own) if own else root for path, own in there.items()}
        )


def _whole(tree: Tree, path: str) -> None:
    for module in tree.modules:
        if not path or f"{module}/".startswith(f"{path}/") or f"{path}/".startswith(f"{module}/"):
            raise PolicycError(f"`{module}` is a submodule, whose files are in no revision; name paths beside it")
    for link in (path, *(link for link in tree.below(path) if link.endswith(SUFFIXES))):
        if tree.real(link) is None:
            raise PolicycError(f"`{link}` is a link that leads out of the repository, and a revision has no such file")


def _inside(path: str, top: str) -> str:
    """A path as the repository's own, with `/`; "" for its root."""
    if path == "-":
        raise PolicycError("standard input is in no revision, expected files and folders with `--base`")
    absolute = os.path.join(
        os.path.realpath(os.path.dirname(os.path.abspath(path))), os.path.basename(os.path.abspath(path))
    )
    inside = os.path.relpath(absolute, top).replace(os.sep, "/")
    if inside == ".." or inside.startswith("../"):
        raise PolicycError(f"`{path}` is outside of the repository `{top}`")
    return "" if inside == "." else inside


@record(frozen=False)
class _Writer:
    """Writes what is needed of a tree below `root`."""

    tree: Tree
    base: str
    root: str
    _wanted: dict[str, None] = field(default_factory=dict)
    _written: set[str] = field(default_factory=set)
    _visited: set[str] = field(default_factory=set)

    def write(self, paths: list[str]) -> None:
        """The files and folders of `paths`, and whatever configurations and catalogs they need."""
        for path, target in self.tree.links.items():
            if self.tree.real(path) is not None:  # one that leads out of the tree is left out
                with suppress(OSError):
                    os.symlink(target, self._place(path))
        for path in paths:
            self._want_policies(path)
        while fresh := [path for path in self._wanted if path not in self._written]:
            for path in fresh:
                self._want_configurations(path)
            for path, content in self.tree.contents(p for p in self._wanted if p not in self._written).items():
                with open(self._place(path), "wb") as file:
                    file.write(content)
                self._written.add(path)
                if posixpath.basename(path) in NAMES or path.endswith(".toml"):
                    self._want_named(path, content)

    def _place(self, path: str) -> str:
        """Where a path of the tree stands, its folder made."""
        place = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        return place

    def _file(self, path: str) -> bool:
        """Want a file, if it is one."""
        real = self.tree.real(path)
        if real is None or real not in self.tree.files:
            return False
        self._wanted.setdefault(real)
        return True

    def _want_policies(self, path: str) -> None:
        """A file, or what discovery finds below a folder."""
        folder = self.tree.real(path)
        if folder is None or self._file(path) or folder in self._visited:
            return
        self._visited.add(folder)
        os.makedirs(os.path.join(self.root, folder), exist_ok=True)
        for found in self.tree.below(folder):
            names = found[len(folder) :].lstrip("/").split("/")
            if any(name.startswith(".") or name in VENDORED for name in names):
                continue
            if found.endswith(SUFFIXES):
                self._file(found)
            elif found in self.tree.links:
                self._want_policies(found)

    def _want_configurations(self, path: str) -> None:
        """The configuration files beside and above a file."""
        while path:
            path = posixpath.dirname(path)
            for name in NAMES:
                self._file(posixpath.join(path, name))

    def _want_named(self, path: str, content: bytes) -> None:
        """What a configuration file names. What is wrong with it is for its reader to say."""
        try:
            table: Any = tomllib.loads(content.decode("utf-8-sig"))
            if posixpath.basename(path) == NAMES[1]:
                table = table["tool"]["policyc"]
            named = [table.get("extend"), table.get("overrides")]
            catalog = table.get("catalog", [])
            named += [catalog] if isinstance(catalog, str) else catalog
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        for name in named:
            if isinstance(name, str):
                server, equals, rest = name.partition("=")
                self._want_path(path, rest if equals and "/" not in server else name)

    def _want_path(self, config: str, name: str) -> None:
        """A file, or the catalogs of a folder; from outside of the repository the one that is there now."""
        if os.path.isabs(name):
            return
        path = posixpath.normpath(posixpath.join(posixpath.dirname(config), name))
        if path.startswith(".."):
            place = os.path.normpath(os.path.join(self.root, path))
            if place.startswith(self.base + os.sep) and not os.path.lexists(place):
                os.makedirs(os.path.dirname(place), exist_ok=True)
                os.symlink(place[len(self.base) :], place)
            return
        folder = self.tree.real(path)
        if folder is None or self._file(path):
            return
        for found in self.tree.below(folder):
            if "/" not in found[len(folder) :].lstrip("/") and found.endswith(CATALOG_SUFFIXES):
                self._file(found)
