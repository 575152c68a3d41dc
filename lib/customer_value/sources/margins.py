"""What stands above and below a table: titles over its heading, remarks under its last row."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import ibis

from customer_value import words
from customer_value.errors import InputError
from customer_value.sources.dialects import is_number, looks_like_header, names_typed_columns
from customer_value.sources.engine import trimmed
from customer_value.sources.parts import column_names
from customer_value.sources.source import Reading, Source

__all__ = [
    "footer_rows",
    "header_told",
    "heading_at",
    "names_of",
    "repeats_heading",
    "told_margins",
    "usual_cells",
]

_MOST_TITLES, _MOST_REMARKS = 30, 30
_WHOLE_HEADING = 0.8


def heading_at(rows: Sequence[Sequence[str]], place: str) -> int:
    """The position of the row with the column names, or of the first row of data if there is none.

    Titles, dates of a report and blank rows may stand above: a heading is the first row that is as wide as
    the rows that follow and names them.

    Parameters
    ----------
    rows
        The first rows as text, blank ones included, at least one with a value.
    place
        The file, for messages.

    Raises
    ------
    InputError
        If the first row is narrower than the others and no other row is a heading.
    """
    widths = [_width(row) for row in rows]
    filled = [_filled(row) for row in rows]
    first = next((position for position, count in enumerate(filled) if count), 0)
    below = [position for position in range(first + 1, len(rows)) if filled[position]]
    usual = _usual([widths[position] for position in below], widths[first])
    full = _usual([filled[position] for position in below], filled[first])
    if len(below) < 2 or usual < 2 or (widths[first] >= usual and filled[first] >= full / 2):
        return first
    for position in below[:_MOST_TITLES]:
        if widths[position] >= usual and filled[position] >= max(2, _WHOLE_HEADING * full):
            if _names_what_follows(rows, position, max(filled[first:position]), full):
                return position
            break
    narrow = widths[first] < usual
    if narrow and sum(widths[position] == usual for position in below) >= 0.5 * len(below):
        raise InputError(
            f"{place}: the first line ('{words.plain(_first_value(rows[first]), 40)}' …) has "
            f"{words.count(widths[first], 'column')}, the rows have {usual}; "
            "remove what stands above the column names, or add the missing name."
        )
    return first


def footer_rows(rows: Sequence[Sequence[str]], usual: int, width: int | None = None) -> int:
    """How many of the last rows are remarks below the table rather than rows of it.

    Parameters
    ----------
    rows
        The last rows as text, blank ones included.
    usual
        How many cells of a row are usually filled.
    width
        Number of columns, where a row may have another number of cells.

    Returns
    -------
    int
        Rows to leave out, blank ones among them; 0 if there is no remark. A remark is text in a single cell,
        after a blank row or in whole words; or a row of few cells that has not as many as the table.
    """
    run = list(itertools.takewhile(lambda row: _may_be_remark(row, usual, width), reversed(rows)))[::-1]
    while run and _filled(run[0]) and not (_is_ragged(run[0], width) or _is_prose(_first_value(run[0]))):
        run.pop(0)
    remarks = sum(_filled(row) > 0 for row in run)
    return len(run) if 0 < remarks <= _MOST_REMARKS and len(run) < len(rows) else 0


def _may_be_remark(row: Sequence[str], usual: int, width: int | None) -> bool:
    filled = _filled(row)
    if filled == 0:
        return True
    few = filled <= usual / 2 if _is_ragged(row, width) else filled == 1 and usual >= 3
    return few and not is_number(_first_value(row))


def _is_ragged(row: Sequence[str], width: int | None) -> bool:
    return width is not None and len(row) != width


def _is_prose(text: str) -> bool:
    return len(text.split()) >= 4 or ": " in text


def told_margins(above: Sequence[Sequence[str]], below: Sequence[Sequence[str]]) -> tuple[Reading, ...]:
    """What was left out above and below a table, as readings for the ledger."""
    found = []
    for aspect, rows in (("rows above the heading", above), ("rows below the table", below)):
        shown = [words.plain(_first_value(row), 40) for row in rows if _filled(row)]
        if shown:
            quoted = words.listing([f"'{text}'" for text in shown], most=3)
            found.append(Reading(aspect, f"{words.count(len(shown), 'row')} left out: {quoted}", False))
    return tuple(found)


def header_told(position: int, *, header: bool) -> str:
    """Where the column names are, in words; a position counts from 0."""
    if not header:
        return "none; columns are called 1, 2, 3, …"
    return "the first row" if position == 0 else f"row {position + 1:,}"


def names_of(first: Sequence[str], file: str, *, header: bool) -> tuple[list[str], tuple[Reading, ...]]:
    """The names of the columns, by the first row or by position."""
    if header:
        return column_names(first, file)
    return [str(position) for position in range(1, len(first) + 1)], ()


def usual_cells(rows: Sequence[Sequence[str]]) -> int:
    """How many cells of a row are usually filled."""
    return _usual([count for row in rows if (count := _filled(row))], 0)


def repeats_heading(source: Source) -> Any:
    """Whether a row of a file is its heading once more, as at the top of each page of a list.

    A boolean expression over ``source.table``: at least two columns hold their own name and none another text.
    """
    texts = [str(name) for name, kind in source.table.schema().items() if kind.is_string()]
    if source.engine != "duckdb" or len(texts) < 2:
        return ibis.literal(False)
    own = [trimmed(source.table[name]).upper() == re.sub(r" \(\d+\)$", "", name).upper() for name in texts]
    named = sum((holds.fill_null(False).cast("int32") for holds in own), ibis.literal(0))
    return ibis.and_(*(holds.fill_null(True) for holds in own)) & (named >= 2)


def _names_what_follows(rows: Sequence[Sequence[str]], position: int, above: int, full: int) -> bool:
    table = rows[position:]
    if not looks_like_header(table):
        return False
    return names_typed_columns(table) or above <= full / 2


def _usual(counts: Sequence[int], else_: int) -> int:
    times = Counter(counts)
    return max(times, key=lambda count: (times[count], count), default=else_)


def _width(row: Sequence[str]) -> int:
    return max((position for position, cell in enumerate(row, 1) if cell.strip()), default=0)


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _first_value(row: Sequence[str]) -> str:
    return next((cell.strip() for cell in row if cell.strip()), "")
