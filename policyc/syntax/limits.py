"""Bounds on what a reader takes in, so that no input costs more than a moment or ends in a traceback.

They are far above what any policy needs; a file that meets one is a mistake or an attack.
"""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 10 * 1024 * 1024
"""Largest file, in bytes."""
MAX_DEPTH: Final = 100
"""Deepest nesting of lists and mappings, aliases followed."""
MAX_NODES: Final = 500_000
"""Most values in one file."""
MAX_ALIAS_NODES: Final = 100_000
"""Most values that YAML aliases may stand for, nested ones multiplied out."""
MAX_DIGITS: Final = 4000
"""Longest number, in characters; Python's own limit for integers is 4300 digits."""
MAX_SYNTAX_ERRORS: Final = 100
"""Syntax errors reported for one file before the reader gives up on it."""
