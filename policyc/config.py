"""Configuration: `policyc.toml`, or `[tool.policyc]` in `pyproject.toml`.

The nearest file counts, walking up from each input; nothing is merged with files further up. A file may start from
another one with `extend`. Unknown keys and wrong types are errors that say where.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from policyc.diagnostics import Level, PolicycError
from policyc.paths import PathGlob, relative
from policyc.record import field, record
from policyc.syntax.shape import Shape

NAMES = ("policyc.toml", "pyproject.toml")
SHAPE = Shape(Path(__file__).with_name("config_shape.json"))


@record
class Config:
    """What one configuration file says, its paths made absolute; without a file, the defaults.

    `path`: the file, as it is to be shown. `select` None: every rule that is on by default. `per_path`: levels for the
    files that a glob matches, later ones winning.
    """

    path: str | None = None
    catalog: tuple[str, ...] = ()
    overrides: str | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    levels: Mapping[str, Level] = field(default_factory=dict)
    fail_level: Level = "warning"
    per_path: tuple[tuple[PathGlob, Mapping[str, Level]], ...] = ()
    exclude: tuple[PathGlob, ...] = ()

    def excludes(self, path: str) -> bool:
        """Whether a search of folders leaves this file out."""
        return any(glob.matches(path) for glob in self.exclude)


DEFAULT = Config()


def config_for(path: str | None, top: str | None = None) -> Config:
    """The configuration nearest to an input file (None: to the working folder), looked for no further up than the folder `top`.
    Raises PolicycError for a bad file."""
    start = os.getcwd() if path is None else os.path.dirname(os.path.abspath(path))
    return _nearest(start, top)


@cache
def _nearest(folder: str, top: str | None) -> Config:
    own, project = (os.path.join(folder, name) for name in NAMES)
    has_own = os.path.isfile(own)
    if os.path.isfile(project) and (table := _section(project, _read(project))) is not None:
        if has_own:
            raise PolicycError(
                f"{relative(own)} and `[tool.policyc]` of {relative(project)} both configure this folder, keep one of them"
            )
        return _config(project, table, _read(project), ())
    if has_own:
        return load(own)
    parent = os.path.dirname(folder)
    return DEFAULT if folder in (parent, top) else _nearest(parent, top)


def load(path: str, chain: tuple[str, ...] = ()) -> Config:
    """Read one configuration file. Raises PolicycError, with the place where it is known.

    `chain`: the files that led here by `extend`.
    """
    real = os.path.realpath(path)
    if real in chain:
        raise PolicycError(f"{relative(path)}: `extend` leads back to this file")
    text = _read(path)
    table = _section(path, text)
    if table is None:
        raise PolicycError(f"{relative(path)} has no table `[tool.policyc]`")
    return _config(path, table, text, (*chain, real))


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError:
        raise PolicycError(f"{relative(path)} is not UTF-8 text") from None
    except OSError as error:
        raise PolicycError(f"cannot read {relative(path)}: {(error.strerror or str(error)).lower()}") from None


def _section(path: str, text: str) -> dict[str, Any] | None:
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        at = re.search(r" \(at line (\d+), column (\d+)\)", message)
        place = f"{relative(path)}:{at[1]}:{at[2]}" if at else relative(path)
        sentence = message.replace(at[0], "") if at else message
        raise PolicycError(f"{place}: not valid TOML: {sentence[:1].lower()}{sentence[1:]}") from None
    except RecursionError:
        raise PolicycError(f"{relative(path)} is nested too deep") from None
    if os.path.basename(path) != "pyproject.toml":
        return data
    tool = data.get("tool")
    section = tool.get("policyc") if isinstance(tool, dict) else None
    if section is not None and not isinstance(section, dict):
        raise PolicycError(f"{relative(path)}: `tool.policyc` must be a table")
    return section


def _config(path: str, table: dict[str, Any], text: str, chain: tuple[str, ...]) -> Config:
    if not SHAPE.fits(table):
        _complain(path, table, text)
    root = os.path.dirname(os.path.abspath(path))

    def absolute(name: str) -> str:
        return os.path.normpath(os.path.join(root, name))

    base = DEFAULT
    if "extend" in table:
        base = load(absolute(table["extend"]), chain or (os.path.realpath(path),))
    out = replace(base, path=relative(path))
    if "catalog" in table:
        names = [table["catalog"]] if isinstance(table["catalog"], str) else table["catalog"]
        out = replace(out, catalog=tuple(_named_path(name, absolute) for name in names))
    if "overrides" in table:
        out = replace(out, overrides=absolute(table["overrides"]))
    if "select" in table:
        out = replace(out, select=tuple(table["select"]))
    if "ignore" in table:
        out = replace(out, ignore=tuple(table["ignore"]))
    if "levels" in table:
        out = replace(out, levels={**base.levels, **table["levels"]})
    if "fail-level" in table:
        out = replace(out, fail_level=table["fail-level"])
    if "per-path" in table:
        own = tuple((PathGlob(root, glob), levels) for glob, levels in table["per-path"].items())
        out = replace(out, per_path=(*base.per_path, *own))
    if "exclude" in table:
        out = replace(out, exclude=tuple(PathGlob(root, glob) for glob in table["exclude"]))
    return out


def _complain(path: str, table: dict[str, Any], text: str) -> None:
    """Raise PolicycError with the first thing that the model finds wrong."""
    from pydantic import ValidationError

    from policyc.config_model import ConfigFile, problems

    try:
        ConfigFile.model_validate(table)
    except ValidationError as error:
        keys, sentence = next(iter(problems(error, table)))
        line = find_key(text, keys)
        raise PolicycError(f"{relative(path)}{f':{line}' if line else ''}: {sentence}") from None


def _named_path(name: str, absolute: Callable[[str], str]) -> str:
    """A catalog entry: a path, or `NAME=path` where the server is named."""
    server, equals, path = name.partition("=")
    return f"{server}={absolute(path)}" if equals and "/" not in server else absolute(name)


def find_key(text: str, keys: tuple[str, ...]) -> int | None:
    """The 1-based line on which a key stands in a TOML text, or None: the TOML reader keeps no positions.

    Tried are `last = …` below a header that ends with the keys before it, then `last = …` inside the line or the inline
    table of an earlier key, then the line of the first key.
    """
    lines = text.splitlines()

    def names(key: str) -> str:
        return rf"""(?:{re.escape(key)}|"{re.escape(key)}"|'{re.escape(key)}')"""

    for n in range(len(keys), 0, -1):
        written = re.compile(rf"""(?:^|[\s,{{.\[]){names(keys[n - 1])}\s*[=.\]]""")
        matches = [i for i, line in enumerate(lines, 1) if written.search(line.split("#", 1)[0])]
        if n > 1:
            first = find_key(text, keys[:1]) or 0
            matches = [i for i in matches if i >= first]
        if matches:
            return matches[0]
    return None
