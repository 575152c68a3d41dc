"""The folder of a report: one run at a time, replaced whole or not at all.

Beside a report ``NAME`` a run keeps ``.NAME.lock`` (held while it runs), ``.NAME.XXXXXXXX.partial``
(what it has so far) and, if it fails, ``NAME-failed``. Whoever holds the lock may remove what a
killed run left behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from customer_value import words
from customer_value.errors import ConfigError

__all__ = ["GENERATOR", "MANIFEST", "Workspace", "as_typed", "publish", "reserved", "try_lock", "workspace"]

GENERATOR = "customer-value"
"""What the pages of a report name as their generator."""

MANIFEST = "provenance.json"
"""The file of a report that lists, under ``files``, all files that belong to it."""

_NOT_WORTH_ASKING = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Workspace:
    """Where one run writes before it publishes.

    Attributes
    ----------
    output
        The report's folder, as an absolute path; it may not exist yet.
    folder
        The run's own folder beside it, on the same file system.
    """

    output: Path
    folder: Path

    @property
    def site(self) -> Path:
        """What becomes the report."""
        return self.folder / "site"

    @property
    def executed(self) -> Path:
        """The executed notebooks."""
        return self.folder / "notebooks"

    @property
    def start(self) -> Path:
        """Where notebooks start: an empty folder, so that nothing of the user's is found by chance."""
        return self.folder / "start"

    @property
    def failed(self) -> Path:
        """Where the partial notebook of a failed run is kept."""
        return self.output.with_name(f"{self.output.name}-failed")

    @property
    def log(self) -> Path:
        """The run's log, with its times."""
        return self.output.with_name(f"{self.output.name}.log.jsonl")


@contextlib.contextmanager
def workspace(output: Path) -> Iterator[Workspace]:
    """Reserve the folder of a report for one run and give it a place to write.

    Parameters
    ----------
    output
        The report's folder. It may be missing, empty, or an earlier report.

    Yields
    ------
    Workspace
        Removed at the end, whatever happens.

    Raises
    ------
    ConfigError
        If another run holds the folder, it holds something else than a report, or it cannot be
        written.
    """
    target = Path(os.path.realpath(output))
    if not target.name:
        raise ConfigError(f"{output} cannot be the folder of a report; name a folder of its own.")
    with reserved(target, output):
        _recover(target)
        _refuse_unless_replaceable(target, output)
        place = Workspace(target, target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial"))
        try:
            _make_folders(place)
            yield place
        finally:
            shutil.rmtree(place.folder, ignore_errors=True)


@contextlib.contextmanager
def reserved(target: Path, shown: Path) -> Iterator[None]:
    """Hold a folder, which may not exist yet, against other runs.

    Parameters
    ----------
    target
        The folder as an absolute path.
    shown
        The folder as it was named, for messages.

    Raises
    ------
    ConfigError
        If another run holds it, or the folder above it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = _locked(target, shown)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"{shown} lies inside a file, not a folder; choose another --output.") from None
    except OSError as error:
        raise ConfigError(_not_writable(target.parent, error)) from None
    with lock:
        yield


def publish(place: Workspace) -> Path:
    """Put the finished site in the place of the report, by renaming.

    On Linux the two folders are exchanged in one step. Elsewhere there is an instant between two
    renames; a run that is killed in it is mended by the next run.

    Returns
    -------
    pathlib.Path
        The report's ``index.html``.

    Raises
    ------
    ConfigError
        If somebody put other files into the folder while the run lasted.
    """
    _refuse_unless_replaceable(place.output, place.output)
    if not place.output.exists():
        place.site.rename(place.output)
    elif not _exchange(place.site, place.output):
        backup = _backup(place.output)
        place.output.rename(backup)
        try:
            place.site.rename(place.output)
        except BaseException:
            backup.rename(place.output)
            raise
        shutil.rmtree(backup, ignore_errors=True)
    return place.output / "index.html"


def try_lock(descriptor: int) -> bool:
    """Lock an open file for this process, until it is closed; False if another process holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def as_typed(path: Path) -> str:
    """A path as people would type it here: relative if it lies under the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _make_folders(place: Workspace) -> None:
    try:
        for folder in (place.folder, place.site, place.executed, place.start):
            folder.mkdir()
    except OSError as error:
        raise ConfigError(_not_writable(place.output.parent, error)) from None


def _not_writable(folder: Path, error: OSError) -> str:
    return f"The folder {folder} cannot be written: {error.strerror}. Mend that, or choose another --output."


def _locked(target: Path, shown: Path) -> contextlib.ExitStack:
    """Hold the lock file of a target; closing gives it up and removes the file."""
    path = target.with_name(f".{target.name}.lock")
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if not try_lock(descriptor):
            os.close(descriptor)
            raise ConfigError(
                f"Another run is writing to {shown} now; wait until it has ended, or choose another --output."
            )
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                break
        os.close(descriptor)  # the run before removed the file between our two steps
    held = contextlib.ExitStack()
    held.callback(os.close, descriptor)
    held.callback(path.unlink, missing_ok=True)
    return held


def _recover(target: Path) -> None:
    """Mend what a killed run left; only for the holder of the lock."""
    backup = _backup(target)
    if backup.exists():
        if target.exists():
            shutil.rmtree(backup, ignore_errors=True)
        else:
            backup.rename(target)
    stale = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.partial")
    for folder in target.parent.iterdir():
        if stale.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def _refuse_unless_replaceable(target: Path, shown: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise ConfigError(f"{shown} is a file; --output names a folder.")
    if not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise ConfigError(f"{shown} cannot be replaced: you may not write to it; choose another --output.")
    if all(path.name in _NOT_WORTH_ASKING for path in target.iterdir()):
        return
    belonging = _manifest(target)
    if belonging is None:
        raise ConfigError(
            f"{shown} is not empty and holds no report of {GENERATOR}; choose another --output or empty it."
        )
    found = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
    strangers = sorted(
        words.plain(name) for name in found - belonging if Path(name).name not in _NOT_WORTH_ASKING
    )
    if strangers:
        raise ConfigError(
            f"{shown} holds files that are not part of the report ({words.listing(strangers, most=3)}); "
            "move them away or choose another --output."
        )


def _manifest(folder: Path) -> set[str] | None:
    """The files that a report says are its own, or None if the folder holds no report."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    ours = isinstance(content, dict) and content.get("generator") == GENERATOR
    files = content.get("files") if ours else None
    return {str(name) for name in files} if isinstance(files, list) else None


def _backup(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system cannot."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return int(rename(here, os.fsencode(one), here, os.fsencode(other), exchange)) == 0
