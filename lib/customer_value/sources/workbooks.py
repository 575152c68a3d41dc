"""Sheets of Excel and OpenDocument workbooks."""

from __future__ import annotations

import datetime as dt
import difflib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import python_calamine

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import TableSource
from customer_value.sources.cells import column_types, text_of, write_rows
from customer_value.sources.dialects import looks_like_header
from customer_value.sources.files import Found, sql_text
from customer_value.sources.parts import Part, column_names, described
from customer_value.sources.source import Reading

__all__ = ["read_workbook"]


def read_workbook(file: Found, number: int, spec: TableSource, con: Any, scratch: Path) -> Part:
    """Read one sheet of a workbook into Parquet.

    Rows without any value are no rows. The first other row holds the column names unless the
    settings say that there are none, or it looks like data.

    Raises
    ------
    InputError
        If the workbook cannot be opened (damaged or with a password), the sheet does not exist,
        several sheets hold data and none is named, or there are no rows.
    """
    book = _opened(file)
    name, readings = _chosen_sheet(book, file, spec)
    sheet = book.get_sheet_by_name(name)
    head = [row for row, _ in zip(_filled_rows(sheet, 0), range(50), strict=False)]
    width = max(len(row) for row in head)
    _refuse_title_rows(head, file, name)
    texts = [["" if cell is None else _shown(cell) for cell in row] for row in head]
    header = spec.header if spec.header is not None else looks_like_header(texts)
    names, naming = _names(texts[0], file, width, header=header)
    skip = int(header)
    types = column_types(_filled_rows(sheet, skip), len(names))
    target = scratch / f"{number}.parquet"
    rows = write_rows(_filled_rows(sheet, skip), names, types, target)
    if rows == 0:
        raise InputError(f"{file.name}, sheet '{words.plain(name)}' has a header but no rows.")
    told = "the first row" if header else "none; columns are called 1, 2, 3, …"
    readings = (*readings, Reading("header", told, spec.header is not None), *naming)
    relation = f"read_parquet({sql_text(target)})"
    return Part(relation, described(con, relation), readings, rows, skip)


def _opened(file: Found) -> Any:
    try:
        return python_calamine.CalamineWorkbook.from_path(str(file.path))
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        hint = "it has a password" if "assword" in str(error) else "it is damaged or not an Excel file"
        raise InputError(f"{file.name} cannot be opened: {hint}; save it again as .xlsx or .csv.") from None


def _chosen_sheet(book: Any, file: Found, spec: TableSource) -> tuple[str, tuple[Reading, ...]]:
    names = list(book.sheet_names)
    if spec.sheet is not None:
        name = _named_sheet(names, spec.sheet, file)
        if next(_filled_rows(book.get_sheet_by_name(name), 0), None) is None:
            raise InputError(f"{file.name}, sheet '{words.plain(name)}' is empty.")
        return name, (Reading("sheet", words.plain(name), declared=True),)
    filled = [name for name in names if _has_data(book, name)]
    if not filled:
        raise InputError(f"{file.name} is empty: no sheet holds data.")
    if len(filled) > 1:
        listed = words.listing([f"'{words.plain(name)}'" for name in filled], most=20)
        raise InputError(f"{file.name} has data on several sheets: {listed}; state which one with sheet.")
    return filled[0], (Reading("sheet", words.plain(filled[0]), declared=False),)


def _has_data(book: Any, name: str) -> bool:
    try:
        return next(_filled_rows(book.get_sheet_by_name(name), 0), None) is not None
    except python_calamine.CalamineError:
        return False  # a sheet of another kind, such as a chart


def _named_sheet(names: list[str], sheet: str | int, file: Found) -> str:
    if isinstance(sheet, str) and sheet in names:
        return sheet
    if isinstance(sheet, int) and 1 <= sheet <= len(names):
        return names[sheet - 1]
    near = difflib.get_close_matches(str(sheet), names, n=1)
    listed = words.listing([f"'{words.plain(name)}'" for name in near or names], most=20)
    raise InputError(f"{file.name} has no sheet '{words.plain(sheet)}'; it has {listed}.")


def _filled_rows(sheet: Any, skip: int) -> Iterator[list[Any]]:
    seen = 0
    for row in sheet.iter_rows():
        cells = [_cell(value) for value in row]
        if any(cell is not None for cell in cells):
            seen += 1
            if seen > skip:
                yield cells


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.strip() else None
    return str(value) if isinstance(value, dt.time | dt.timedelta) else value


def _shown(cell: Any) -> str:
    return text_of(cell).removesuffix("e0") if isinstance(cell, float) else text_of(cell)


def _refuse_title_rows(head: list[list[Any]], file: Found, sheet: str) -> None:
    filled = [sum(cell is not None for cell in row) for row in head]
    if len(head) > 2 and filled[0] == 1 and min(filled[2:]) > 1:
        title = words.plain(next(cell for cell in head[0] if cell is not None), 40)
        raise InputError(
            f"{file.name}, sheet '{words.plain(sheet)}': above the table stands other text ('{title}'); "
            "remove what is above the column names."
        )


def _names(
    first: list[str], file: Found, width: int, *, header: bool
) -> tuple[list[str], tuple[Reading, ...]]:
    if header:
        return column_names(first, file.name)
    return [str(position) for position in range(1, width + 1)], ()
