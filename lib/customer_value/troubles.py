"""What an error of the engine, of the system or of a library means to people.

Errors are of two kinds, and the exit status of the command follows them. Where the *machine* stands in the way
(disk, memory, threads, open files, whether real or limited), `MachineError`: the same input may do elsewhere or later.
Where the *input* does (it is damaged, its view is broken, it may not be read), `InputError`. What is not known is told
in the words of what raised it, shortened and without addresses, never by a guess.
"""

from __future__ import annotations

import gzip
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import python_calamine

from customer_value import words
from customer_value.errors import CustomerValueError, InputError, MachineError
from customer_value.faults import fault_of
from customer_value.secrecy import redacted

__all__ = ["FOREIGN", "said", "told", "told_plainly"]

FOREIGN = (
    duckdb.Error,
    pa.ArrowException,
    sqlite3.Error,
    python_calamine.CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    MemoryError,
    OSError,
    OverflowError,
    RecursionError,
    UnicodeError,
)
"""What others raise over a file or a machine; any other error is one of this library."""

_PACKED = (gzip.BadGzipFile, zlib.error, EOFError, zipfile.BadZipFile)
_BROKEN = (duckdb.BinderException, duckdb.CatalogException)


def told(error: Exception, name: str, path: Path | None = None) -> CustomerValueError:
    """An error over a file as one of ours, which names the file and says in one sentence what is wrong.

    Parameters
    ----------
    error
        What was raised.
    name
        The file for people.
    path
        Where it is: never shown, but for a name in place of it.
    """
    if isinstance(error, CustomerValueError):
        return error
    what = fault_of(error) or _of_our_files(error, path)
    if what:
        return MachineError(f"{name} cannot be read: {what}.")
    return InputError(f"{name} cannot be read: {_of_the_input(error, name, path)}.")


@contextmanager
def told_plainly(name: str, path: Path | None = None) -> Iterator[None]:
    """Tell what goes wrong while a file is read as `told` does, without its address in what caused it."""
    try:
        yield
    except FOREIGN as error:
        raise told(error, name, path) from None


def said(error: Exception, name: str = "", path: Path | None = None) -> str:
    """What another program says of an error: its first line, without its class and the file's address."""
    text = str(error)
    for written in () if path is None else {str(path), str(path.resolve()), path.as_posix()}:
        text = text.replace(written, name)
    line = words.first_line(re.sub(_CLASSES, "", redacted(text)), 160)
    return line.rstrip(":!. ")


_CLASSES = r"^(?:(?:[A-Z][A-Za-z]+ ){0,3}\w*(?:Error|Exception): )+"
"""By which class, and class within it, an error calls itself: ``Invalid Input Error: TProtocolException: ``."""


def _of_our_files(error: Exception, path: Path | None) -> str:
    """What the system says of a file that we write beside the one that is read."""
    if not isinstance(error, OSError) or not isinstance(error.filename, str) or path is None:
        return ""
    if Path(error.filename) in (path, path.resolve()):
        return ""
    return f"its copy among the temporary files cannot be written ({error.strerror}); name another folder by TMPDIR"


def _of_the_input(error: Exception, name: str, path: Path | None) -> str:
    told_by_it = said(error, name, path)
    if isinstance(error, _PACKED):
        return f"it is damaged and cannot be unpacked ({told_by_it}); pack or export it again"
    if isinstance(error, python_calamine.CalamineError):
        return f"it is damaged ({told_by_it}); save it again as .xlsx or .csv"
    if isinstance(error, OSError):
        return error.strerror or told_by_it
    if isinstance(error, RecursionError):
        return "its values are nested too deeply"
    if isinstance(error, UnicodeError):
        return f"it holds text that is no valid Unicode ({getattr(error, 'reason', told_by_it)})"
    if isinstance(error, _BROKEN):
        return f"its view or table is broken ({told_by_it}); mend it where it is defined"
    if isinstance(error, sqlite3.Error):
        broken = re.match(r"no such|near |ambiguous|circularly|view ", told_by_it)
        return (
            f"{'its view is broken' if broken else 'it is damaged or not a SQLite database'} ({told_by_it})"
        )
    if isinstance(error, duckdb.NotSupportedError | pa.ArrowNotImplementedError):
        return f"it uses what this version cannot read ({told_by_it})"
    if isinstance(error, duckdb.Error | pa.ArrowException):
        return f"it is damaged ({told_by_it}); export it again"
    return told_by_it
