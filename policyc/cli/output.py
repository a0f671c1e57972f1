"""What the verbs write, and where: standard output, or a file that is either the old one or the whole new one."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from policyc.diagnostics import PolicycError

BROKEN_PIPE = 141
"""128 and the number of SIGPIPE: what a shell says of a program whose reader went away."""


def emit(text: str) -> None:
    """Write text to standard output. A reader that went away ends the program without a word."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        broken_pipe()


def broken_pipe() -> NoReturn:
    """End quietly."""
    forget_output()
    sys.exit(BROKEN_PIPE)


def forget_output() -> None:
    """Lead standard output nowhere, so that the interpreter's last flush does not fail again."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """One line to standard error; names from outside cannot move the cursor."""
    from policyc.report.clean import clean

    with suppress(BrokenPipeError):
        sys.stderr.write(clean(text.rstrip("\n")) + "\n")


def put(text: str, path: str | None) -> None:
    """Write text to a file, or to standard output where there is none."""
    if path is None or path == "-":
        emit(text)
    else:
        replace_file(path, text.encode("utf-8", "backslashreplace"))


def replace_file(path: str, data: bytes) -> None:
    """Write a file whole or not at all: a temporary file beside it, flushed to the disk, then renamed over it.

    A link is followed, permissions are kept; what is there and is no regular file (a pipe, a device) is written to as it is. Raises
    PolicycError where that is not possible.
    """
    target = os.path.realpath(path)
    try:
        if os.path.exists(target) and not os.path.isfile(target) and not os.path.isdir(target):
            with open(target, "wb") as device:
                device.write(data)
            return
    except OSError as error:
        raise PolicycError(f"cannot write `{path}`: {(error.strerror or str(error)).lower()}") from None
    replace_files([(path, data)])


def replace_files(files: Sequence[tuple[str, bytes]]) -> None:
    """As `replace_file`, several regular files in this order: all of them, or none where one cannot be written.

    All are written and flushed before the first is renamed; should a rename fail, what was renamed before is put back.
    """
    targets = [os.path.realpath(path) for path, _ in files]
    made: list[str] = []
    done: list[tuple[str, str | None]] = []
    try:
        for target, named in zip(targets, files, strict=True):
            path, data = named
            _beside(target, data, made)
        for target, named, temporary in zip(targets, files, tuple(made), strict=True):
            path, kept = named[0], None
            if target != targets[-1] and os.path.isfile(target):
                with open(target, "rb") as file:
                    kept = _beside(target, file.read(), made)
            os.replace(temporary, target)
            done.append((target, kept))
        done.clear()
    except OSError as error:
        raise PolicycError(f"cannot write `{path}`: {(error.strerror or str(error)).lower()}") from None
    finally:
        for target, kept in done:
            with suppress(OSError):
                os.unlink(target) if kept is None else os.replace(kept, target)
        for temporary in made:
            with suppress(OSError):
                os.unlink(temporary)


def _beside(target: str, data: bytes, made: list[str]) -> str:
    """A temporary file beside another one, with its permissions; it is noted in `made`."""
    import tempfile

    mode = os.stat(target).st_mode & 0o777 if os.path.exists(target) else 0o666 & ~_umask()
    handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(target)}.", dir=os.path.dirname(target))
    made.append(temporary)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(temporary, mode)
    return temporary


def create_files(files: Sequence[tuple[str, bytes, int]]) -> None:
    """Create files with these permissions: all of them, or none where one is there already. Raises PolicycError."""
    created: list[str] = []
    try:
        for path, data, mode in files:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                created.append(path)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        created.clear()
    except FileExistsError:
        raise PolicycError(f"`{path}` is there already, and keys are not overwritten; choose another name") from None
    except OSError as error:
        raise PolicycError(f"cannot write `{path}`: {(error.strerror or str(error)).lower()}") from None
    finally:
        for made in created:
            with suppress(OSError):
                os.unlink(made)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
