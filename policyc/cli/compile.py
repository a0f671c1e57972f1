"""`policyc compile`: lint at error level, then write the decision table."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from policyc.cli.lint import NO_INPUT
from policyc.cli.options import CatalogFiles, ConfigFile, NoConfig, Overrides, Paths, StdinFilename, stdin_name
from policyc.cli.output import emit, say
from policyc.cli.sign import private_keys, signature_stands, write_table
from policyc.diagnostics import PolicycError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def compile(
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The table to write, or to compare with.", show_default=False
        ),
    ],
    paths: Paths = None,
    catalog: CatalogFiles = None,
    overrides: Overrides = None,
    revision: Annotated[
        int | None,
        typer.Option(
            "--revision",
            metavar="N",
            min=0,
            help="The table's revision; a gateway may refuse a lower one.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 when FILE is not current.")
    ] = False,
    sign: Annotated[
        list[str] | None,
        typer.Option(
            "--sign",
            metavar="KEY",
            help="Sign with this private key, into FILE.sig; repeat for several.",
            show_default=False,
        ),
    ] = None,
    stdin_filename: StdinFilename = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> int:
    """Compile policies into one decision table."""
    from policyc import pipeline
    from policyc.cli.one import show_errors
    from policyc.report.clean import clean

    if config is not None and no_config:
        raise PolicycError("`--config` and `--no-config` exclude each other")
    if output == "-":
        raise PolicycError("a table is written to a file; name one with `-o`")
    keys = private_keys(sign, output)
    named = paths or ["."]
    options = pipeline.Options(
        catalog=tuple(catalog or ()),
        overrides=overrides,
        config=config,
        isolated=no_config,
        at_least="error",
    )
    checked = pipeline.check(named, options, stdin_name(named, stdin_filename))
    if not checked.files:
        say(f"policyc: no policy in {', '.join(f'`{p}`' for p in named)}")
        return NO_INPUT
    if any(os.path.realpath(source.path) == os.path.realpath(output) for source in checked.sources):
        raise PolicycError(f"`{output}` is one of the policies; the table needs a file of its own")
    if show_errors(checked.errors):
        left = f"`{output}` is as it was" if os.path.exists(output) else f"`{output}` was not written"
        say(f"policyc: nothing was compiled, {left}")
        return 1
    committed = _committed(output, check)
    if revision is None:
        revision = _revision(committed) if committed is not None else 0
    table = pipeline.compile(checked, revision=revision)
    if check:
        if table == committed:
            return signature_stands(output, table, keys)
        from policyc.features.table_current import why_stale

        why = f"is not current: {why_stale(committed, table)}" if committed else "does not exist or is empty"
        say(f"policyc: `{output}` {why}; run `policyc compile` again")
        return 1
    write_table(output, table, keys, revision)
    count = len(checked.programs)
    emit(f"{clean(output)}: {count} {'policy' if count == 1 else 'policies'}, {len(table)} bytes\n")
    return 0


def _committed(path: str, check: bool) -> bytes | None:
    """The table as it is on the disk, for `--check`."""
    if not check:
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise PolicycError(f"cannot read `{path}`: {(error.strerror or str(error)).lower()}") from None


def _revision(table: bytes) -> int:
    """The revision that a committed table states; 0 where it cannot be read (it will not compare equal anyway)."""
    import json

    try:
        revision = json.loads(table.split(b"\n", 2)[1])["revision"]
    except (ValueError, IndexError, KeyError, TypeError, RecursionError):
        return 0
    return revision if isinstance(revision, int) and not isinstance(revision, bool) else 0
