"""Which level a rule has where: its default, the configuration, and the command line, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policyc.diagnostics import Level, PolicycError
from policyc.lint.context import RuleInfo
from policyc.lint.registry import no_such_rule, rules, select
from policyc.paths import PathGlob
from policyc.record import field, record

if TYPE_CHECKING:
    from policyc.config import Config


@record(frozen=False)
class Levels:
    """A function from a rule and a path to a level.

    `--select` replaces the configured selection, `--ignore` adds to what is ignored. A rule that is off by default is on,
    as a warning, where it is selected by name or code. Errors of the reading keep their level, whatever is said.
    """

    selected: frozenset[str] | None
    ignored: frozenset[str]
    levels: Mapping[str, Level]
    per_path: tuple[tuple[PathGlob, Mapping[str, Level]], ...]
    _known: dict[tuple[str, str], Level] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config, selected: tuple[str, ...], ignored: tuple[str, ...]) -> Levels:
        """Check every word against the registry. Raises PolicycError for one that names no rule."""
        where = config.path or "the configuration"
        chosen: frozenset[str] | None = None
        if selected:
            chosen = select(selected, "--select")
        elif config.select is not None:
            chosen = select(config.select, f"{where}: `select`")
        off = select(ignored, "--ignore") | select(config.ignore, f"{where}: `ignore`")
        for key, table in [("levels", config.levels), *((f'per-path."{g.pattern}"', t) for g, t in config.per_path)]:
            for slug, level in table.items():
                _check(slug, level, f"{where}: `{key}`")
        return cls(chosen, off, config.levels, config.per_path)

    def __call__(self, rule: RuleInfo, path: str) -> Level:
        if rule.stops:
            return "error"
        key = (rule.slug, path)
        if key not in self._known:
            self._known[key] = self._level(rule, path)
        return self._known[key]

    def _level(self, rule: RuleInfo, path: str) -> Level:
        slug = rule.slug
        if slug in self.ignored or (self.selected is not None and slug not in self.selected):
            return "off"
        level = rule.level
        if level == "off" and self.selected is not None:
            level = "warning"
        level = self.levels.get(slug, level)
        for glob, table in self.per_path:
            if slug in table and glob.matches(path):
                level = table[slug]
        return level


def _check(slug: str, level: Level, where: str) -> None:
    rule = rules().get(slug)
    if rule is None:
        raise PolicycError(f"{where}: {no_such_rule(slug)}")
    if rule.info.stops and level != "error":
        raise PolicycError(f"{where}: `{slug}` is an error of the reading and stays one")
