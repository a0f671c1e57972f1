"""What `policyc diff` compares: the policies of files, folders, compiled tables and git revisions, each as a side of a comparison."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from policyc.diagnostics import Finding, PolicycError, did_you_mean
from policyc.diagram.analysis import Analysis
from policyc.diagram.sides import PolicySide, Side
from policyc.discovery import STDIN
from policyc.features.revisions import Snapshot, snapshot
from policyc.pipeline import Checked, Options, check
from policyc.record import field, record, replace
from policyc.table.model import FORMAT, TableError

READING = ("PC1",)
"""Policies that can be read can be compared, whatever else the linter says of them."""


@record(frozen=False)
class Loaded:
    """One side as it was read. `name` is what the user called it; `found`: those of the paths that were there; `policies` is to be
    used only where there are no `errors`."""

    name: str
    found: tuple[str, ...] = ()
    policies: dict[str, Side] = field(default_factory=dict)
    errors: list[Finding] = field(default_factory=list)

    def add(self, policy: str, side: Side) -> None:
        """Add a policy. Raises PolicycError for a second one of the name."""
        if policy in self.policies:
            raise PolicycError(f"{self.name} has two policies `{policy}`, and policies are matched by their names")
        self.policies[policy] = side

    def keep(self, name: str) -> None:
        """Only the policy of this name, if it is there."""
        self.policies = {known: side for known, side in self.policies.items() if known == name}


def read_paths(paths: Sequence[str], options: Options, name: str) -> Loaded:
    """The policies of files, of folders (searched as `policyc lint` does), and of compiled tables.

    Raises PolicycError for a path that does not exist, a damaged table, a bad configuration or catalog.
    """
    loaded = Loaded(name, tuple(paths))
    _read_tables(paths, options, loaded)
    others = [path for path in paths if not _is_table(path)]
    if others:
        _take(check(others, _reading(options)), loaded)
    return loaded


def read_revision(revision: str, paths: Sequence[str], options: Options, top: str, *, whole: bool = False) -> Loaded:
    """The policies of `paths` as they were at a git revision, with the configuration and catalogs of that revision; `options` count as
    they are. Places are shown as `REVISION:PATH`. Raises PolicycError as `read_paths` does, and where git cannot say; `whole` as `snapshot` has it."""
    with snapshot(revision, paths, top, whole=whole) as files:
        loaded = Loaded(revision, tuple(files.paths))
        try:
            there = list(files.paths.values())
            _read_tables(there, options, loaded)
            others = [path for path in there if not _is_table(path)]
            if others:
                checked = check(others, _reading(options), nearest=files.config_of)
                _rename(checked, files)
                _take(checked, loaded)
        except PolicycError as error:
            raise PolicycError(files.told(str(error))) from None
    return loaded


def check_names(old: Loaded, new: Loaded, policy: str | None) -> None:
    """Leave only the policy that is asked for. Raises PolicycError where neither side has it."""
    if policy is None:
        return
    known = {*old.policies, *new.policies}
    old.keep(policy)
    new.keep(policy)
    if not old.policies and not new.policies:
        near = did_you_mean(policy, known)
        raise PolicycError(f"neither side has a policy `{policy}`" + (f", did you mean `{near}`?" if near else ""))


def _reading(options: Options) -> Options:
    return replace(options, select=READING, ignore=(), at_least="error")


def _take(checked: Checked, loaded: Loaded) -> None:
    loaded.errors.extend(checked.errors)
    for group in checked.groups:
        for program in group.programs if not loaded.errors else ():
            loaded.add(program.policy.name, PolicySide(Analysis(program.policy, group.facts, group.catalog)))


def _rename(checked: Checked, files: Snapshot) -> None:
    """Call the sources of a revision as the user knows them."""
    for source in {*checked.sources, *(f.span.source for f in checked.findings)}:
        source.path = files.shown(source.path)


def _is_table(path: str) -> bool:
    """Whether a file begins as a compiled table does."""
    if path == STDIN or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(64).startswith(f'{{"format":"{FORMAT}"'.encode())


def _read_tables(paths: Iterable[str], options: Options, loaded: Loaded) -> None:
    tables = [path for path in paths if _is_table(path)]
    if not tables:
        return
    from policyc.diagram.tables import TableSide
    from policyc.runtime.table import Table

    catalog = None
    if options.catalog:
        from policyc.catalog.load import load_catalog

        catalog = load_catalog(list(options.catalog), overrides=options.overrides)
    for path in tables:
        with open(path, "rb") as file:
            data = file.read()
        try:
            for policy in Table(data).policies:
                loaded.add(policy, TableSide(data, policy, catalog))
        except TableError as error:
            raise PolicycError(f"`{path}` cannot be used: {error}") from None
