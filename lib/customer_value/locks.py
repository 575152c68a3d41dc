"""Locks that end with the process that holds them, however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from pathlib import Path

__all__ = ["lock_file", "same_file", "try_lock"]

_MARK = b"customer-value\n"
"""What a lock file of ours holds; one that somebody else made is locked all the same, but never removed."""

_WAIT_SECONDS = 0.05
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock an open file for this process, until it is closed; False if another process holds it.

    Parameters
    ----------
    descriptor
        Of the open file.
    shared
        Whether others may hold it as well, if they share it, too.

    Raises
    ------
    OSError
        If the disk has no locks; a shared one everybody has there.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            if not shared:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        if not shared:
            raise
    return True


def same_file(descriptor: int, path: Path) -> bool:
    """Whether an open file is still the one of that path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except OSError:
        return False


def lock_file(path: Path, *, wait: bool = False) -> contextlib.ExitStack | None:
    """Hold a lock file, made where there is none.

    Parameters
    ----------
    path
        The file; not a link.
    wait
        Whether to wait until nobody else holds it.

    Returns
    -------
    contextlib.ExitStack
        Closing it gives the lock up and removes the file, if it is ours. None if another process holds the lock.

    Raises
    ------
    OSError
        If there can be no such file.
    """
    while True:
        descriptor, made = _opened(path)
        try:
            while not (locked := try_lock(descriptor)) and wait:
                time.sleep(_WAIT_SECONDS)
            if locked and same_file(descriptor, path):  # else the run before removed it between our two steps
                held = contextlib.ExitStack()
                held.callback(os.close, descriptor)
                if _is_ours(descriptor, made=made):
                    held.callback(_unlink, path)
                return held
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if not locked:
            return None


def _opened(path: Path) -> tuple[int, bool]:
    """A descriptor, and whether the file was made just now."""
    while True:
        with contextlib.suppress(FileExistsError):
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, os.O_RDWR | _NO_LINKS), False


def _is_ours(descriptor: int, *, made: bool) -> bool:
    if made:
        with contextlib.suppress(OSError):  # on a full disk
            os.write(descriptor, _MARK)
        return True
    return os.read(descriptor, len(_MARK) + 1) == _MARK


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):  # Windows removes no file that is open; it stays and serves again
        path.unlink()
