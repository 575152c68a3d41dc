"""Whether a workbook can be read, found out where it does no harm.

The reader of workbooks holds a sheet as a full grid: a single cell far away needs more memory than there is,
which ends the process, and so may what is damaged. A trial in a process of its own, with as much memory and
time as the size of the file can ask for, dies in our stead.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import python_calamine

from customer_value import words
from customer_value.errors import InputError
from customer_value.machine import available_memory
from customer_value.sources.files import Found, refuse_bomb

__all__ = ["sheets_with_cells"]

_LEAST_MEMORY, _LEAST_SECONDS = 1 << 30, 30
_MEMORY_PER_BYTE, _BYTES_PER_SECOND, _BYTES_PER_CELL = 20, 5_000_000, 32
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
_CHUNK, _MOST_SEARCHED = 1 << 20, 1 << 29
_REFERENCE = re.compile(rb"<(?:\w+:)?c\s[^<>]*?\br=[\"']([^\"'<>]{0,40})[\"']")
_TOO_FAR = "limit exceeded"
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


def sheets_with_cells(file: Found, wanted: Sequence[str | int] | None) -> frozenset[str]:
    """The names of the sheets that can be read and have any cell.

    Parameters
    ----------
    file
        The workbook.
    wanted
        Names and numbers (from 1) of the sheets to try; None for all.

    Raises
    ------
    InputError
        If it cannot be opened (damaged, with a password, packed as no workbook is), or a sheet cannot be read:
        it is damaged, or its cells lie too far apart.
    """
    size = _unpacked_size(file)
    memory = _LEAST_MEMORY + _MEMORY_PER_BYTE * size
    order = {
        "packages": str(Path(python_calamine.__file__).parents[1]),
        "path": str(file.path.resolve()),
        "memory": min(memory, available_memory() or memory),
        "seconds": _LEAST_SECONDS + size // _BYTES_PER_SECOND,
        "sheets": None if wanted is None else list(wanted),
    }
    script = str(Path(__file__).with_name("trial.py"))
    done = subprocess.run(
        [sys.executable, "-I", "-S", script],
        input=json.dumps(order).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    told = list(_lines(done.stdout))
    if not told:
        raise InputError(f"{file.name} cannot be read: there is too little memory to start its reader.")
    begun, read = "", {}
    for line in told[1:]:
        begun = line["sheet"] if "rows" not in line else ""
        if "error" in line:
            raise InputError(_unreadable(file, line["sheet"], line["error"]))
        if "rows" in line:
            read[line["sheet"]] = line["rows"]
    if done.returncode < 0 or begun:
        raise InputError(_unreadable(file, begun))
    return frozenset(name for name, rows in read.items() if rows)


def _unpacked_size(file: Found) -> int:
    size = file.path.stat().st_size
    with suppress(zipfile.BadZipFile, NotImplementedError, ValueError), zipfile.ZipFile(file.path) as archive:
        for member in archive.infolist():
            refuse_bomb(file, member.file_size, member.compress_size)
        size = max(size, sum(member.file_size for member in archive.infolist()))
    return size


def _lines(output: bytes) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        with suppress(ValueError):  # a line that its death cut off
            yield json.loads(line)


def _unreadable(file: Found, sheet: str, error: str = "") -> str:
    """Why a sheet cannot be read; the reader's own words tell only what it was busy with."""
    if not sheet and _TOO_FAR not in error:
        hint = "it has a password" if "assword" in error else "it is damaged or not an Excel file"
        return f"{file.name} cannot be opened: {hint}; save it again as .xlsx or .csv."
    place = f"{file.name}, sheet '{words.plain(sheet)}'" if sheet else file.name
    place += " cannot be read"
    cells = _strange_cells(file)
    if cells and not _position(cells[0]):
        shown = words.plain(cells[0])
        return f"{place}: it has a cell '{shown}', which no sheet has; save it again as .xlsx or .csv."
    if cells or not error or _TOO_FAR in error:
        where = f"as far as {words.listing(cells)}" if cells else "too far apart"
        return (
            f"{place}: its cells lie {where}, which is more than memory can hold; clear what lies apart from the "
            "table, or save the table as .csv."
        )
    return f"{place}: it is damaged; save the workbook again as .xlsx, or the sheet as .csv."


def _strange_cells(file: Found) -> tuple[str, ...]:
    """The first cell of an .xlsx that no sheet can have, or those so far away that they make a sheet too large."""
    lowest = rightmost = ("", (1, 1))
    with suppress(zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError, zlib.error):
        for cell in _references(file.path):
            position = _position(cell)
            if position is None:
                return (cell,)
            lowest = max(lowest, (cell, position), key=lambda found: found[1][0])
            rightmost = max(rightmost, (cell, position), key=lambda found: found[1][1])
    if lowest[1][0] * rightmost[1][1] * _BYTES_PER_CELL < _LEAST_MEMORY:
        return ()
    return tuple(dict.fromkeys((lowest[0], rightmost[0])))


def _references(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        parts = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/[^/]*\.xml", name)]
        for part in parts:
            with archive.open(part) as stream:
                before = b""
                for _ in range(_MOST_SEARCHED // _CHUNK):
                    chunk = stream.read(_CHUNK)
                    text = before + chunk
                    cut = max(text.rfind(b"<"), 0) if chunk else len(text)
                    for found in _REFERENCE.finditer(text[:cut]):
                        yield found[1].decode("utf-8", "replace")
                    if not chunk:
                        break
                    before = text[cut:][-_CHUNK:]


def _position(cell: str) -> tuple[int, int] | None:
    """Row and column of a cell, from 1; None if no sheet has it."""
    found = _CELL.fullmatch(cell)
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = 26 * column + ord(letter) - ord("A") + 1
    row = int(found[2])
    return (row, column) if row <= _MOST_ROWS and column <= _MOST_COLUMNS else None
