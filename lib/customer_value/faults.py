"""What stands in the way on the machine: disk, memory, threads or open files, whether they ran out or are limited.

Here is only the standard library, so that it can still be told when little else can be loaded.
"""

from __future__ import annotations

import errno
import os

__all__ = ["fault_of", "machine_fault"]

_BY_WORDS = {
    "Error", "FatalException", "IOException", "ImportError", "InternalException", "OSError",
    "OperationalError", "OutOfMemoryException", "RuntimeError", "TransactionException",
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
    "memory": ("bad allocation", "bad_alloc", "failed to map segment"),
    "threads": ("can't start new thread",),
    "folder": ("No usable temporary directory",),
}
_SENTENCES = {
    "full": "the disk is full; make room on it, or choose another one by --output or the variable TMPDIR",
    "large": "a file would become larger than the system lets it (ulimit -f); raise that limit",
    "memory": "memory ran out; close other programs, or lower --jobs or engine.memory_limit",
    "limit": "the engine's memory does not suffice; raise engine.memory_limit in the settings, or lower engine.threads",
    "files": "too many files are open at once; raise the limit of the system (ulimit -n)",
    "threads": "the system starts no further thread; lower engine.threads or --jobs, or raise its limit (ulimit -u)",
    "disk": "the disk reports an error of its own (Input/output error); look after it",
    "folder": "no folder for temporary files can be written; name one by TMPDIR, or let files grow (ulimit -f)",
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
