"""The wheel's build hook: puts the DSL's grammar and its ready-made parser tables beside `policyc/syntax/dsl_tables.py`.

An editable install gets neither: there the grammar is read from the checkout and the tables are made in memory.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TablesHook(BuildHookInterface):  # type: ignore[type-arg]
    """hatchling finds it by its base class; `[tool.hatch.build.targets.wheel.hooks.custom]` names this file."""

    PLUGIN_NAME = "custom"
    _made: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the tables to a temporary file and name both files for the wheel. `version`: "standard" or "editable"."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from policyc.syntax.dsl_tables import build_tables
        finally:
            sys.path.remove(self.root)
        grammar = Path(self.root, "grammar", "policy.lark")
        handle, name = tempfile.mkstemp(suffix=".tables")
        self._made = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(build_tables(grammar.read_text(encoding="utf-8")))
        build_data["force_include"][name] = "policyc/syntax/policy.tables"
        build_data["force_include"][str(grammar)] = "policyc/syntax/policy.lark"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self._made is not None:
            self._made.unlink(missing_ok=True)
