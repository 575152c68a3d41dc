"""Folders that a command needs for a while: removed at its end, or by the next command if it was killed.

Each folder is noted in the user's own state folder before it is made, with its device and inode once it is
there. Only a folder that is noted, unchanged and of this user is ever removed, whatever it is called. The command
that made it holds a lock on the note as long as it lives, so nobody takes the folder from it. Where no notes can be
kept, as in a home that is read-only, commands work all the same, and what a killed one left stays.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from customer_value.locks import lock_file, same_file, try_lock
from customer_value.user_folders import state_folder

__all__ = ["own_folder", "own_lock", "scratch_folder", "set_aside", "sweep"]

_LONGEST_PATH = 75
"""So many bytes may the path of the folder for temporary files have: that of a socket in it about a hundred."""

_TRIES = 10
_HELD: set[Path] = set()
"""Notes of this process; on some disks a process does not shut itself out by a lock."""


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for temporary files, for this user alone; its path leaves room for the rest of a socket's."""
    with own_folder(_temporary() / f"cv-{secrets.token_hex(4)}") as folder:
        yield folder


@contextlib.contextmanager
def own_folder(path: Path, mode: int = 0o700) -> Iterator[Path]:
    """Make a folder that is removed at the end of the block, or by the next command if this one is killed.

    Parameters
    ----------
    path
        The folder; it does not exist, and the one above it does. Moved elsewhere in the block, it stays.
    mode
        Its permissions, less what the system takes away.

    Raises
    ------
    OSError
        If the folder cannot be made.
    """
    sweep()
    path = path.absolute()
    with _noted(_Noted(path)) as note:
        path.mkdir(mode=mode)
        note.know(path)
        try:
            yield path
        finally:
            _remove(note.noted)


@contextlib.contextmanager
def set_aside(folder: Path, aside: Path, *, give_back: bool = False) -> Iterator[None]:
    """Move a folder that is ours to another name and remove it after the block.

    Parameters
    ----------
    folder
        The folder; at the end of the block something else may have its name.
    aside
        The other name, on the same disk; it does not exist.
    give_back
        Whether the folder gets its name back, here or by the next command, if nothing else has that name then.
    """
    with _noted(_Noted(aside.absolute(), give_back=folder.absolute() if give_back else None)) as note:
        note.know(folder)
        folder.rename(aside)
        try:
            yield
        finally:
            _settle(note.noted)


@contextlib.contextmanager
def own_lock(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold a lock file (`customer_value.locks.lock_file`), which goes as a folder of `own_folder` does.

    Parameters
    ----------
    path
        The file; not a link.
    wait
        Whether to wait until nobody else holds it.

    Yields
    ------
    bool
        Whether it is held; False if another process holds it.

    Raises
    ------
    OSError
        If there can be no such file.
    """
    with _noted(_Noted(path.absolute(), lock=True)):
        held = lock_file(path, wait=wait)
        with held or contextlib.nullcontext():
            yield held is not None


def sweep() -> None:
    """Remove what commands left that were killed; never what a living one uses."""
    notes = _notes_folder(make=False)
    for path in () if notes is None else sorted(notes.glob("*.jsonl")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            if path not in _HELD and _swept(path):
                path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Noted:
    """What a note says: where a folder or a lock file is, which folder it is, and whose place it may get back."""

    path: Path
    device: int | None = None
    inode: int | None = None
    give_back: Path | None = None
    lock: bool = False

    def there(self) -> bool:
        """Whether the folder is there and is that very one."""
        try:
            status = self.path.lstat()
        except OSError:
            return False
        ours = not hasattr(os, "getuid") or status.st_uid == os.getuid()
        same = (status.st_dev, status.st_ino) == (self.device, self.inode)
        return ours and same and stat.S_ISDIR(status.st_mode)


class _Note:
    """A note that is being written; without a file where none can be kept."""

    def __init__(self, noted: _Noted, descriptor: int | None) -> None:
        self.noted = noted
        self._descriptor = descriptor
        told = {
            "path": str(noted.path),
            "machine": platform.node(),
            "process": os.getpid(),
            "lock": noted.lock,
        }
        self._write(**told, give_back=str(noted.give_back) if noted.give_back else None)

    def know(self, folder: Path) -> None:
        """Note which folder it is."""
        status = folder.lstat()
        self.noted = replace(self.noted, device=status.st_dev, inode=status.st_ino)
        self._write(device=status.st_dev, inode=status.st_ino)

    def _write(self, **told: Any) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):  # a full disk; the folder may stay then
                os.write(self._descriptor, json.dumps(told).encode() + b"\n")


@contextlib.contextmanager
def _noted(noted: _Noted) -> Iterator[_Note]:
    """Keep a note for as long as the block lasts and the folder is there."""
    path, descriptor = _new_note()
    note = _Note(noted, descriptor)
    try:
        yield note
    finally:
        if path is not None and descriptor is not None:
            _forget(path, descriptor, keep=note.noted.there())


def _new_note() -> tuple[Path | None, int | None]:
    """A new note, locked by this process; nothing where none can be kept."""
    notes = _notes_folder(make=True)
    for _ in range(_TRIES):
        if notes is None:
            break
        path = notes / f"{secrets.token_hex(8)}.jsonl"
        _HELD.add(path)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError:
            _HELD.discard(path)
            break
        with contextlib.suppress(OSError):  # a disk without locks
            if try_lock(descriptor) and same_file(descriptor, path):
                return path, descriptor
        _forget(path, descriptor)  # another process took the empty note for one of a killed command
    return None, None


def _forget(path: Path, descriptor: int, *, keep: bool = False) -> None:
    """Give a note up; what it tells of may still be there."""
    os.close(descriptor)
    _HELD.discard(path)
    if not keep:
        with contextlib.suppress(OSError):
            path.unlink()


def _notes_folder(*, make: bool) -> Path | None:
    """The folder with the notes, if it is there and nobody else can write to it."""
    with contextlib.suppress(OSError, RuntimeError):  # there may be no home
        folder = state_folder() / "folders"
        if make:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        private = not hasattr(os, "getuid") or (
            status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        )
        return folder if private and stat.S_ISDIR(status.st_mode) else None
    return None


def _swept(path: Path) -> bool:
    """Do what is left to do for a folder whose command has ended; whether its note is of no more use."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        if not try_lock(descriptor) or not same_file(descriptor, path):
            return False
        told = _told(os.read(descriptor, 1 << 16))
        if not told.get("path"):
            return True
        if told.get("machine") != platform.node():
            return False
        path, back = Path(told["path"]), told.get("give_back")
        if told.get("lock"):
            _give_up(path)
            return True
        noted = _Noted(path, told.get("device"), told.get("inode"), Path(back) if back else None)
        _settle(noted)
        return not noted.there()
    finally:
        os.close(descriptor)


def _told(lines: bytes) -> dict[str, Any]:
    """What the whole lines of a note say."""
    told: dict[str, Any] = {}
    for line in lines.splitlines(keepends=True):
        if line.endswith(b"\n"):
            told |= json.loads(line)
    return told


def _give_up(lock: Path) -> None:
    """Remove a lock file of ours that nobody holds any longer."""
    if os.path.lexists(lock) and (held := lock_file(lock)) is not None:
        held.close()


def _settle(noted: _Noted) -> None:
    if noted.give_back is not None and noted.there() and not os.path.lexists(noted.give_back):
        noted.path.rename(noted.give_back)
    _remove(noted)


def _remove(noted: _Noted) -> None:
    if noted.there():
        shutil.rmtree(noted.path, ignore_errors=True)
    elif noted.inode is None:
        with contextlib.suppress(OSError):  # it may have been made, but nothing was put into it
            noted.path.rmdir()


def _temporary() -> Path:
    usual, stated = Path("/tmp"), Path(tempfile.gettempdir()).absolute()
    too_long = len(os.fsencode(stated)) > _LONGEST_PATH and sys.platform != "win32"
    return usual if too_long and os.access(usual, os.W_OK) else stated
