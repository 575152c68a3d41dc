"""A folder for the files by which a run and its kernels find each other.

The paths of sockets may have about a hundred characters, so the folder is not beside the report but
where the system keeps temporary files. A run that is killed cannot remove it; the next run does, and
knows by the lock that nobody holds any longer.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from customer_value.report.publish import try_lock

__all__ = ["scratch_folder"]

_PREFIX, _LOCK = "cv-", "lock"
_LONGEST_PATH = 75


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder of this run alone, removed at the end; folders of runs that were killed go, too."""
    everybody = _near(Path(tempfile.gettempdir()))
    _sweep(everybody)
    new = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", dir=everybody))
    descriptor = os.open(new / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try_lock(descriptor)
    folder = new.rename(new.with_name(new.name.removeprefix(".")))
    try:
        yield folder
    finally:
        os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)


def _near(temporary: Path) -> Path:
    """A folder for temporary files whose path leaves room for the rest of a socket's."""
    usual = Path("/tmp")
    too_long = len(os.fsencode(temporary)) > _LONGEST_PATH and sys.platform != "win32"
    return usual if too_long and os.access(usual, os.W_OK) else temporary


def _sweep(everybody: Path) -> None:
    for folder in everybody.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if _ours(folder) and _abandoned(folder / _LOCK):
                shutil.rmtree(folder, ignore_errors=True)


def _ours(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _abandoned(lock: Path) -> bool:
    """Whether there is a lock file and nobody holds it."""
    descriptor = os.open(lock, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        return try_lock(descriptor)
    finally:
        os.close(descriptor)
