"""The real catalogs, where they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".." / "shared" / "data" / "catalogs"
FILES = sorted(FOLDER.glob("*.json")) if FOLDER.is_dir() else []
EXAMPLES = ROOT / "examples" / "catalog"

needs_real = pytest.mark.skipif(not FILES, reason="the real catalogs of ../shared/data are not here")
