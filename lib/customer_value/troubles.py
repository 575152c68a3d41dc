"""What an error of the engine, of the system or of a library means to people.

Errors are of two kinds, and the exit status of the command follows them. Where the *machine* stands in the way
(disk, memory, threads, open files, whether real or limited), `MachineError`: the same input may do elsewhere or later.
Where the *input* does (it is damaged, its view is broken, it may not be read), `InputError`. What is not known is told
in the words of what raised it, shortened and without addresses, never by a guess.
"""

from __future__ import annotations

import errno
import gzip
import os
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

__all__ = ["FOREIGN", "fault_of", "machine_fault", "said", "told", "told_plainly"]

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
_BY_WORDS = {
    "Error", "FatalException", "IOException", "InternalException", "OSError", "OperationalError",
    "OutOfMemoryException", "RuntimeError", "TransactionException",
}  # fmt: skip
"""Classes that tell what the system said in their words."""
_OF_MEMORY = {"MemoryError", "ArrowMemoryError", "_ArrayMemoryError"}
_NUMBERS = {
    "full": (errno.ENOSPC, errno.EDQUOT),
    "large": (errno.EFBIG,),
    "memory": (errno.ENOMEM,),
    "files": (errno.EMFILE, errno.ENFILE),
    "threads": (errno.EAGAIN,),
    "disk": (errno.EIO,),
}
_WORDS = {
    "full": ("max_temp_directory_size", "database or disk is full"),
    "memory": ("bad allocation", "bad_alloc"),
    "threads": ("can't start new thread",),
    "folder": ("No usable temporary directory",),
}
_SENTENCES = {
    "full": "the disk is full; make room on it, or choose another one by --output or the variable TMPDIR",
    "large": "a file would become larger than the system lets it (ulimit -f); raise that limit",
    "memory": "memory ran out; close other programs, or lower --jobs or engine.memory_limit",
    "limit": "it needs more memory than engine.memory_limit allows; raise it in the settings, or lower engine.threads",
    "files": "too many files are open at once; raise the limit of the system (ulimit -n)",
    "threads": "the system starts no further thread; lower engine.threads or --jobs, or raise its limit (ulimit -u)",
    "disk": "the disk reports an error of its own (Input/output error); look after it",
    "folder": "no folder for temporary files can be written; name one by the variable TMPDIR",
}


def machine_fault(kind: str, text: str) -> str:
    """What stands in the way on the machine, as the rest of a sentence; empty if it is something else.

    Parameters
    ----------
    kind
        The name of the error's class, as a kernel tells it of an error that it had.
    text
        What the error says.

    Examples
    --------
    >>> machine_fault("IOException", "IO Error: Could not write file: No space left on device")[:16]
    'the disk is full'
    >>> machine_fault("KeyError", "'No space left on device'")
    ''
    """
    if kind in _OF_MEMORY:
        return _SENTENCES["memory"]
    if kind not in _BY_WORDS:
        return ""
    for what, sentence in _SENTENCES.items():
        numbers = map(os.strerror, _NUMBERS.get(what, ()))
        if any(word in text for word in (*_WORDS.get(what, ()), *numbers)):
            return sentence
    return _SENTENCES["limit"] if kind == "OutOfMemoryException" else ""


def fault_of(error: BaseException) -> str:
    """As `machine_fault`, of an error at hand: the system's and those of memory have many classes."""
    kind = type(error).__name__
    kind = (
        "OSError" if isinstance(error, OSError) else "MemoryError" if isinstance(error, MemoryError) else kind
    )
    return machine_fault(kind, str(error))


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
    line = words.first_line(re.sub(r"^(?:[A-Z][A-Za-z]+ ){1,3}Error: ", "", text), 160)
    return line.rstrip(":!. ")


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
