"""The command line's front door: finds the verb, imports nothing for the others, and turns every ending into an exit code.

Exit codes: 0 clean; 1 findings at or above the fail level; 2 usage, configuration or input/output; 3 no input found;
101 an internal error; 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from policyc import __version__
from policyc.cli.output import broken_pipe, emit, forget_output, say
from policyc.cli.verbs import VERBS
from policyc.diagnostics import PolicycError

if TYPE_CHECKING:
    from typer.core import TyperGroup

USAGE = 2
INTERNAL = 101
INTERRUPTED = 130


def run() -> NoReturn:
    """The entry point `policyc`, which is the whole process: it builds much, reports, and ends.

    So nothing is collected on the way, and what was built is left to the operating system instead of being taken down piece by piece.
    """
    gc.disable()
    code = main(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            code = code or USAGE
    os._exit(code)


def main(args: Sequence[str]) -> int:
    """Run one command line and give its exit code. Nothing but SystemExit leaves this function."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    args = list(args)
    debug = "--debug" in args[: _verb_at(args)]
    try:
        if args in (["--version"], ["-V"]):
            emit(f"policyc {__version__}\n")
            return 0
        code = _application()(args=args, prog_name="policyc", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        broken_pipe()
    except KeyboardInterrupt:
        return INTERRUPTED
    except PolicycError as error:
        return _usage(str(error))
    except OSError as error:
        forget_output()
        named = f" `{error.filename}`" if error.filename else ""
        return _usage(f"cannot read or write{named}: {(error.strerror or str(error)).lower()}")
    except Exception as error:
        if type(error).__name__ == "Abort":
            return INTERRUPTED
        if hasattr(error, "format_message") and hasattr(
            error, "exit_code"
        ):  # click's, under whichever name typer has it
            from policyc.cli.usage import sentence

            return sentence(error)
        return _internal(error, debug)


def _verb_at(args: list[str]) -> int:
    return next((i for i, arg in enumerate(args) if not arg.startswith("-")), len(args))


def _usage(message: str) -> int:
    from policyc.report.clean import clean

    say(f"policyc: {clean(message)}")
    return USAGE


def _internal(error: Exception, debug: bool) -> int:
    """Say that this is a bug of policyc and where its traceback is; never show it unasked."""
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    what = f"policyc: internal error ({type(error).__name__}), a bug in policyc {__version__} and not in your policy"
    if debug:
        say(text)
        say(what)
        return INTERNAL
    try:
        handle, path = tempfile.mkstemp(prefix="policyc-crash-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"policyc {__version__}, Python {sys.version}\narguments: {sys.argv[1:]!r}\n\n{text}")
        say(f"{what}; please report it with the file {path}")
    except OSError:
        say(f"{what}; please report it with what `policyc --debug …` prints")
    return INTERNAL


def _application() -> TyperGroup:
    """The verbs as one command, each verb's module imported when it is asked for."""
    import typer
    from typer.core import TyperGroup
    from typer.main import get_command

    class Verbs(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return list(VERBS)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in VERBS:
                return None
            from importlib import import_module

            command = get_command(import_module(f"policyc.cli.{VERBS[cmd_name]}").app)
            command.name = cmd_name
            return command

    app = typer.Typer(
        cls=Verbs, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True
    )

    def show_version(value: bool) -> None:
        if value:
            emit(f"policyc {__version__}\n")
            raise typer.Exit

    @app.callback(help="The compiler and linter for AI-agent tool policies.")
    def policyc(
        version: bool = typer.Option(
            False, "--version", "-V", help="Print the version.", is_eager=True, callback=show_version
        ),
        debug: bool = typer.Option(False, "--debug", help="Print the traceback of an internal error."),
    ) -> None: ...

    command = get_command(app)
    assert isinstance(command, TyperGroup)
    return command
