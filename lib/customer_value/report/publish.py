"""The folder of a report: one run at a time, replaced whole or not at all.

Beside a report ``NAME`` a run keeps ``.NAME.lock`` (held while it runs), ``.NAME.XXXXXXXX.partial``
(what it has so far) and, if it fails, ``NAME-failed``. What a killed run left behind the next command
removes, see `customer_value.scratch`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import re
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from customer_value import words
from customer_value.errors import ConfigError, CustomerValueError, MachineError
from customer_value.faults import fault_of
from customer_value.scratch import own_folder, own_lock, set_aside

__all__ = [
    "GENERATOR",
    "MANIFEST",
    "Workspace",
    "as_typed",
    "folder_of",
    "not_writable",
    "publish",
    "read_json",
    "reserved",
    "workspace",
]

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


def folder_of(output: Path) -> Path:
    """The folder that an output names, as an absolute path without links; ``~`` is one's own folder.

    Raises
    ------
    ConfigError
        If it is the root of the file system.
    """
    with contextlib.suppress(RuntimeError):  # nobody knows where the own folder is
        output = output.expanduser()
    target = Path(os.path.realpath(output))
    if not target.name:
        raise ConfigError(f"{output} cannot be the folder of a report; name a folder of its own.")
    return target


def read_json(path: Path) -> dict[str, Any]:
    """What a file of a report says, and nothing where it is damaged or another file."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        return content if isinstance(content, dict) else {}
    return {}


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
    target = folder_of(output)
    with reserved(target, output):
        _bring_back(target)
        _refuse_unless_replaceable(target, output)
        with contextlib.ExitStack() as held:
            try:
                own = held.enter_context(own_folder(_beside(target, "partial"), mode=0o777))
                place = Workspace(target, own)
                for folder in (place.site, place.executed, place.start):
                    folder.mkdir()
            except OSError as error:
                raise not_writable(f"The folder {target.parent}", error) from None
            yield place


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
    with contextlib.ExitStack() as held:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            ours = held.enter_context(own_lock(_lock_of(target)))
        except (FileExistsError, NotADirectoryError):
            raise ConfigError(f"{shown} lies inside a file, not a folder; choose another --output.") from None
        except OSError as error:
            raise not_writable(f"The folder {target.parent}", error) from None
        if not ours:
            raise ConfigError(
                f"Another run is writing to {shown} now; wait until it has ended, or choose another --output."
            )
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
        with set_aside(place.output, _beside(place.output, "previous"), give_back=True):
            place.site.rename(place.output)
    return place.output / "index.html"


def not_writable(what: str, error: OSError) -> CustomerValueError:
    """What it means that something of a report cannot be written: the machine's fault, or another place is needed."""
    if fault := fault_of(error):
        return MachineError(f"{what} cannot be written: {fault}.")
    if error.errno == errno.ENAMETOOLONG:
        return ConfigError(
            "The name of the output folder is too long for the file system; choose another --output."
        )
    return ConfigError(
        f"{what} cannot be written: {error.strerror or error}. Mend that, or choose another --output."
    )


def as_typed(path: Path) -> str:
    """A path as people would type it here: relative if it lies under the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _lock_of(target: Path) -> Path:
    """The lock file of a target; there may be one already, but nothing else of that name."""
    path = target.with_name(f".{target.name}.lock")
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise ConfigError(
            f"{as_typed(path)} is in the way of a lock file of that name; move it away, or choose another --output."
        )
    return path


def _beside(target: Path, ending: str) -> Path:
    """A name beside a target that nobody else has."""
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.{ending}")


def _bring_back(target: Path) -> None:
    """Give a report its name back that a killed run had only just taken; only for the holder of the lock."""
    if os.path.lexists(target):
        return
    moved = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.previous")
    for folder in sorted(target.parent.iterdir()):
        if moved.fullmatch(folder.name) and _manifest(folder) is not None:
            folder.rename(target)
            return


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
    content = read_json(folder / MANIFEST)
    files = content.get("files") if content.get("generator") == GENERATOR else None
    return {str(name) for name in files} if isinstance(files, list) else None


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
