"""The project's own files, as a fresh clone would have them."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MADE = frozenset({".git", ".venv", "build", "dist", "node_modules"})


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, relative to its root: what git knows or would add, or everything not made by a tool."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True,
    ) if (ROOT / ".git").exists() and shutil.which("git") else None  # fmt: skip
    if listed is not None and listed.returncode == 0:
        found = {Path(name) for name in listed.stdout.split("\0") if name}
    else:
        found = {path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file() and not _made(path)}
    return tuple(sorted(path for path in found if (ROOT / path).is_file()))


def _made(path: Path) -> bool:
    names = path.relative_to(ROOT).parts
    return any(n in _MADE or n.endswith(("_cache", "__pycache__", ".egg-info")) or n == ".hypothesis" for n in names)


def texts(suffix: str = "") -> dict[str, str]:
    """The text of every file whose name ends with `suffix`, by path; files that are not UTF-8 left out."""
    out = {}
    for path in files():
        if path.name.endswith(suffix):
            try:
                out[path.as_posix()] = (ROOT / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return out


def copy_tree(folder: Path) -> None:
    """Copy the project to a new folder."""
    for path in files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
