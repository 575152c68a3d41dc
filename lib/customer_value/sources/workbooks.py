"""Sheets of Excel and OpenDocument workbooks."""

from __future__ import annotations

import datetime as dt
import difflib
import itertools
import operator
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import python_calamine

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import TableSource
from customer_value.sources.cells import column_kinds, text_of, type_of, write_rows
from customer_value.sources.dialects import looks_like_header
from customer_value.sources.files import Found
from customer_value.sources.margins import (
    footer_rows,
    header_told,
    heading_at,
    names_of,
    told_margins,
    usual_cells,
)
from customer_value.sources.parquet import in_parquet
from customer_value.sources.parts import Part, described
from customer_value.sources.source import Reading
from customer_value.sources.trials import sheets_with_cells
from customer_value.troubles import told_plainly

__all__ = ["Sheet", "read_workbook", "sheets_of"]

_HEAD, _TAIL = 100, 60
_ALL = "all"


@dataclass(frozen=True)
class Sheet:
    """A sheet that holds data.

    Parameters
    ----------
    name
        Its name.
    header
        The column names; empty if its rows have none, or what it holds is no table.
    rows
        Rows of data below the heading.
    """

    name: str
    header: tuple[str, ...]
    rows: int


class _Book:
    """An open workbook, with the names of the sheets that hold data; the last sheet that was read stays at hand."""

    def __init__(self, file: Found, wanted: list[str | int] | None) -> None:
        filled = sheets_with_cells(file, wanted)
        self._open = python_calamine.CalamineWorkbook.from_path(str(file.path))
        self._last: tuple[str, Any] = ("", None)
        self.names: list[str] = list(self._open.sheet_names)
        self.filled = [name for name in self.names if name in filled and any(_rows(self.sheet(name)))]

    def sheet(self, name: str) -> Any:
        """A sheet that can be read."""
        if self._last[0] != name:
            self._last = ("", None)
            self._last = (name, self._open.get_sheet_by_name(name))
        return self._last[1]


@dataclass(frozen=True)
class _Grid:
    """A sheet with its number of rows, the first ones from where values begin, and the last ones."""

    sheet: Any
    height: int
    head: list[list[Any]]
    tail: list[list[Any]]


@dataclass(frozen=True)
class _Frame:
    """Where a table lies on its sheet: the heading's row, the first of data and the first below it, from 0."""

    heading: int | None
    first: int
    end: int
    names: list[str]
    readings: tuple[Reading, ...]


def sheets_of(path: Path) -> list[Sheet]:
    """The sheets of a workbook that hold data, in their order.

    Parameters
    ----------
    path
        The workbook.

    Raises
    ------
    InputError
        If it cannot be opened.
    """
    file = Found(path, path.name)
    with told_plainly(file.name, path):
        return _sheets(file)


def _sheets(file: Found) -> list[Sheet]:
    book = _Book(file, None)
    found = []
    for name in book.filled:
        grid = _grid(book.sheet(name))
        try:
            frame = _framed(grid, file, name, TableSource(path=[file.name]))
        except InputError:
            found.append(Sheet(name, (), sum(1 for _ in _data(grid, 0, grid.height))))
            continue
        header = tuple(frame.names) if frame.heading is not None else ()
        found.append(Sheet(name, header, sum(1 for _ in _data(grid, frame.first, frame.end))))
    return found


def read_workbook(
    file: Found, number: int, spec: TableSource, con: Any, scratch: Path
) -> list[tuple[Found, Part]]:
    """Read sheets of a workbook into Parquet, each a part of its own.

    Rows without any value are no rows. The first other row holds the column names unless titles stand above
    it, the settings say that there are none, or it looks like data.

    Raises
    ------
    InputError
        If the workbook cannot be opened (damaged or with a password), the sheet does not exist or cannot be
        read (damaged, or with cells so far apart that memory cannot hold what lies between), several sheets
        hold data and none is named, or there are no rows.
    """
    wanted = None if spec.sheet in (None, _ALL) else spec.sheet
    book = _Book(file, [wanted] if isinstance(wanted, str | int) else wanted)
    names, declared = _chosen_sheets(book, file, spec)
    listed = words.listing([words.plain(name) for name in names], most=20)
    told = Reading("sheet" if len(names) == 1 else "sheets", listed, declared)
    parts = []
    for position, name in enumerate(names):
        target = scratch / f"{number}-{position}.parquet"
        shown = file if len(names) == 1 else Found(file.path, f"{file.name}, sheet '{words.plain(name)}'")
        part = _read_sheet(_grid(book.sheet(name)), file, name, spec, con, target)
        parts.append((shown, replace(part, readings=(told, *part.readings))))
    return parts


def _read_sheet(grid: _Grid, file: Found, name: str, spec: TableSource, con: Any, target: Path) -> Part:
    frame = _framed(grid, file, name, spec)
    kinds = column_kinds(_data(grid, frame.first, frame.end), len(frame.names))
    kept = _not_blank(frame.names, kinds)
    names = [frame.names[position] for position in kept]
    data = _data(grid, frame.first, frame.end)
    cells = data if len(kept) == len(kinds) else ([row[position] for position in kept] for row in data)
    rows = write_rows(cells, names, [type_of(kinds[position]) for position in kept], target)
    if rows == 0:
        raise InputError(f"{file.name}, sheet '{words.plain(name)}' has a header but no rows.")
    relation = in_parquet(target)
    columns = described(con, relation)
    return Part(relation, columns, frame.readings, rows, frame.first, target)


def _not_blank(names: Sequence[str], kinds: Sequence[set[str]]) -> list[int]:
    """Positions of the columns that have a name or a value; all, where none has a name."""
    named = [name != str(position) for position, name in enumerate(names, 1)]
    return [position for position, kind in enumerate(kinds) if kind or named[position] or not any(named)]


def _framed(grid: _Grid, file: Found, name: str, spec: TableSource) -> _Frame:
    """Find the table on a sheet: its heading, its rows, and what stands above and below."""
    head = [[_shown(cell) for cell in row] for row in grid.head]
    start = heading_at(head, f"{file.name}, sheet '{words.plain(name)}'")
    header = spec.header if spec.header is not None else looks_like_header(head[start:])
    names, naming = names_of(head[start], file.name, header=header)
    first = start + int(header)
    first += sum(1 for _ in itertools.takewhile(lambda row: not any(row), head[first:]))
    tail = [[_shown(cell) for cell in row] for row in grid.tail][
        max(0, first - grid.height + len(grid.tail)) :
    ]
    below = footer_rows(tail, usual_cells(head[first:]))
    told = header_told(start, header=header)
    readings = (
        Reading("header", told, spec.header is not None),
        *told_margins(head[:start], tail[len(tail) - below :]),
        *naming,
    )
    return _Frame(start if header else None, first, grid.height - below, names, readings)


def _chosen_sheets(book: _Book, file: Found, spec: TableSource) -> tuple[list[str], bool]:
    names = book.names
    if spec.sheet is not None and (spec.sheet != _ALL or _ALL in names):
        wanted = spec.sheet if isinstance(spec.sheet, list) else [spec.sheet]
        chosen = list(dict.fromkeys(_named_sheet(names, sheet, file) for sheet in wanted))
        for name in chosen:
            if name not in book.filled:
                raise InputError(f"{file.name}, sheet '{words.plain(name)}' is empty.")
        return chosen, True
    filled = book.filled
    if not filled:
        raise InputError(f"{file.name} is empty: no sheet holds data.")
    if len(filled) > 1 and spec.sheet is None:
        listed = words.listing([f"'{words.plain(name)}'" for name in filled], most=20)
        raise InputError(
            f"{file.name} has data on several sheets: {listed}; state which one with sheet, or several as a list."
        )
    return filled, spec.sheet is not None


def _named_sheet(names: list[str], sheet: str | int, file: Found) -> str:
    if isinstance(sheet, str) and sheet in names:
        return sheet
    if isinstance(sheet, int) and 1 <= sheet <= len(names):
        return names[sheet - 1]
    near = difflib.get_close_matches(str(sheet), names, n=1)
    listed = words.listing([f"'{words.plain(name)}'" for name in near or names], most=20)
    raise InputError(f"{file.name} has no sheet '{words.plain(sheet)}'; it has {listed}.")


def _grid(sheet: Any) -> _Grid:
    blank = list(itertools.takewhile(operator.not_, _rows(sheet)))
    head = [*blank, *itertools.islice(_rows(sheet), len(blank), len(blank) + _HEAD)]
    tail = deque(enumerate(sheet.iter_rows(), 1), maxlen=_TAIL)
    return _Grid(sheet, tail[-1][0], head, [_cells(row) for _, row in tail])


def _rows(sheet: Any) -> Iterator[list[Any]]:
    """Every row as a list of cells, an empty list for one without any."""
    return map(_cells, sheet.iter_rows())


def _cells(row: list[Any]) -> list[Any]:
    if row.count("") == len(row):
        return []
    cells = [_cell(value) for value in row]
    return [] if all(cell is None for cell in cells) else cells


def _data(grid: _Grid, first: int, end: int) -> Iterator[list[Any]]:
    return filter(None, itertools.islice(_rows(grid.sheet), first, end))


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.strip() else None
    return str(value) if isinstance(value, dt.time | dt.timedelta) else value


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    return text_of(cell).removesuffix("e0") if isinstance(cell, float) else text_of(cell)
