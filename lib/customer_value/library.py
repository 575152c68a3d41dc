"""What computes: the library's own code and the libraries below it, so that nothing they made outlives them."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

__all__ = ["code_fingerprint", "digest", "mark"]

_DECIDING = (".py", ".yml", ".csv", ".j2", ".css", ".ttf", ".otf")
"""Endings of the files of the library that decide what is computed and what a report looks like."""


def code_fingerprint() -> str:
    """A hash over all code and data of this library and the versions of the libraries that it needs.

    Code that was changed since this process began may or may not be the one that runs, so what it makes then is told
    apart from what the code makes before and after.
    """
    now = _marks()
    hashes = [(mark[0], _hash(mark)) for mark in now]
    meanwhile = None if now == _AT_START else _AT_START
    return hashlib.sha256(json.dumps([hashes, meanwhile, _versions()]).encode()).hexdigest()


def digest(path: Path) -> str:
    """A hash of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def mark(path: Path) -> tuple[object, ...]:
    """What changes when a file does: where it is, its size, time and number."""
    status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino


def _marks() -> list[tuple[str, int, int]]:
    """The files that decide, each with its size and time."""
    found = []
    for folder, _, names in os.walk(_PACKAGE):
        for name in names:
            if name.endswith(_DECIDING):
                path = os.path.join(folder, name)  # noqa: PTH118 - there are hundreds, twice in each process
                with contextlib.suppress(FileNotFoundError):
                    status = os.stat(path)  # noqa: PTH116
                    found.append((path[len(_PACKAGE) :], status.st_size, status.st_mtime_ns))
    return sorted(found)


@functools.cache
def _hash(mark: tuple[str, int, int]) -> str:
    return digest(Path(_PACKAGE + mark[0]))


@functools.cache
def _versions() -> list[str]:
    """Python and the libraries that this one requires."""
    found = [platform.python_version()]
    with contextlib.suppress(PackageNotFoundError):
        for line in requires("customer-value") or ():
            name = re.match(r"[\w.-]+", line)
            if name and "extra ==" not in line:
                with contextlib.suppress(PackageNotFoundError):
                    found.append(f"{name[0]} {version(name[0])}")
    return found


_PACKAGE = str(Path(__file__).resolve().parent)
_AT_START = _marks()
