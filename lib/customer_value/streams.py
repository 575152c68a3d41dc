"""Standard output and standard error of a command, also where one is closed, full, or read by nobody."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import NoReturn

import typer

from customer_value.words import one_line

__all__ = [
    "Unprinted",
    "complain",
    "end_unprinted",
    "end_without_reader",
    "open_streams",
    "print_error",
    "print_output",
]


class Unprinted(Exception):
    """Standard output cannot be written; the text says why."""


def open_streams() -> None:
    """Have all three standard streams, so that no file of ours gets the number of one that is closed.

    What is written to a closed one fails; names of files that are no UTF-8 are printed as they are.
    """
    while (descriptor := os.open(os.devnull, os.O_RDONLY)) <= 2:
        pass
    os.close(descriptor)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")


def print_output(text: str, *, nl: bool = True) -> None:
    """Print on standard output."""
    try:
        typer.echo(text, nl=nl)
    except BrokenPipeError:
        raise
    except UnicodeEncodeError as error:
        raise Unprinted(
            f"its encoding, {error.encoding}, has not every character; set PYTHONUTF8=1"
        ) from None
    except OSError as error:
        raise Unprinted(error.strerror or str(error)) from None


def complain(sentence: str) -> None:
    """Say something on standard error, on one line; where nobody can be told, the status alone tells."""
    print_error(one_line(sentence))


def print_error(text: str) -> None:
    """Print on standard error as it is."""
    try:
        typer.echo(text, err=True)
    except OSError:
        with contextlib.suppress(OSError):
            sys.stderr.close()


def end_unprinted(reason: str) -> NoReturn:
    """Say why standard output cannot be written, and end."""
    complain(f"Standard output cannot be written: {reason}.")
    with contextlib.suppress(OSError):
        sys.stdout.close()
    sys.exit(1)


def end_without_reader() -> NoReturn:
    """Whoever read our output has gone; leave without a second complaint at exit."""
    with contextlib.suppress(OSError):
        sys.stdout.close()
    raise typer.Exit(1)
