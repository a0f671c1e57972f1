"""One policy from one file, for the verbs that work on a single one."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from policyc.cli.options import stdin_name
from policyc.diagnostics import Finding, PolicycError, did_you_mean
from policyc.pipeline import Checked, Options, Program, check, parse


def checked_policy(file: str, name: str | None, options: Options) -> tuple[Program | None, Checked]:
    """The policy of a file, or the one called `name`, linted at error level.

    None where the file has errors, which are then on standard error. Raises PolicycError where no single one is meant.
    """
    _one_file(file)
    checked = check([file], options, stdin_name([file], None))
    if show_errors(checked.errors):
        return None, checked
    return _pick(checked.programs, file, name), checked


def parsed_policy(file: str, name: str | None) -> Program | None:
    """As `checked_policy`, for verbs that need a policy that can be read, whatever the catalog says of it."""
    _one_file(file)
    programs, findings = parse(file)
    if show_errors([f for f in findings if f.level == "error"]):
        return None
    return _pick(programs, file, name)


def show_errors(errors: Sequence[Finding]) -> bool:
    """Whether there are errors; they are shown in full on standard error."""
    if errors:
        from policyc.report.model import Report
        from policyc.report.render import write

        write(Report(tuple(errors), (), len({f.span.path for f in errors}), "error"), "full", sys.stderr)
    return bool(errors)


def _one_file(file: str) -> None:
    if os.path.isdir(file):
        raise PolicycError(f"`{file}` is a folder, one policy file is wanted")


def _pick(programs: Sequence[Program], file: str, name: str | None) -> Program:
    names = [program.policy.name for program in programs]
    if name is not None:
        for program in programs:
            if program.policy.name == name:
                return program
        near = did_you_mean(name, names)
        raise PolicycError(f"`{file}` has no policy `{name}`" + (f", did you mean `{near}`?" if near else ""))
    if len(programs) != 1:
        listed = ", ".join(f"`{n}`" for n in names)
        raise PolicycError(f"`{file}` has {len(programs)} policies ({listed}), say which with `--policy`")
    return programs[0]
