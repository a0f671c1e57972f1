"""`policyc rule`: what a lint rule is about."""

from __future__ import annotations

from typing import Annotated

import typer

from policyc.cli.output import emit
from policyc.diagnostics import PolicycError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def rule(
    slug: Annotated[
        str | None,
        typer.Argument(metavar="RULE", help="A slug or a code; all rules when left out.", show_default=False),
    ] = None,
) -> int:
    """Explain a lint rule, or list them all."""
    from policyc.lint.registry import no_such_rule, rules
    from policyc.report.pages import page, readable

    known = rules()
    if slug is None:
        wide = max(map(len, known))
        for name, entry in known.items():
            info = entry.info
            emit(f"{info.code}  {name:<{wide}}  {info.level:<7}  {info.summary}\n")
        return 0
    found = slug if slug in known else next((s for s, r in known.items() if r.info.code == slug.upper()), None)
    if found is None:
        raise PolicycError(no_such_rule(slug))
    emit(readable(page(found)).rstrip("\n") + "\n")
    return 0
