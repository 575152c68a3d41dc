"""Text tables (CSV and its relatives) to Parquet, all columns as text."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import TableSource
from customer_value.sources.dialects import (
    SEPARATOR_NAMES,
    WHITESPACE,
    Dialect,
    detect_dialect,
    looks_like_header,
    separator_of,
    stated_separator,
)
from customer_value.sources.encodings import (
    detect_encoding,
    encoding_name,
    known_encoding,
    needs_copy,
    utf8_copy,
)
from customer_value.sources.files import Found, sql_text, unpacked
from customer_value.sources.margins import (
    footer_rows,
    header_told,
    heading_at,
    names_of,
    told_margins,
    usual_cells,
)
from customer_value.sources.parquet import in_parquet, sql_paths
from customer_value.sources.parts import Part, sql_name, without_blank_columns
from customer_value.sources.source import Reading

__all__ = ["as_utf8", "read_delimited"]

_SAMPLE = 1 << 18
_TAIL = 1 << 16
_CHUNK = 1 << 22


@dataclass(frozen=True)
class _Layout:
    path: Path
    separator: str
    escape: str
    header: bool
    names: list[str]
    above: int = 0


@dataclass(frozen=True)
class _Table:
    """The table within a text: its lines, its first rows, the lines cut off above it, and where it lies."""

    path: Path
    records: list[list[str]]
    header: bool
    names: list[str]
    above: int
    heading: int
    first: int
    readings: tuple[Reading, ...]


def read_delimited(file: Found, number: int, spec: TableSource, con: Any, scratch: Path) -> Part:
    """Read a text table, once, into a Parquet file of text columns.

    Parameters
    ----------
    file
        The file; it may be compressed with gzip.
    number
        Its position among the files of the input table.
    spec
        Separator, encoding and header where they are stated; what is not is detected.
    con
        The engine.
    scratch
        Folder for copies.

    Raises
    ------
    InputError
        If the file has no rows, a row has more or fewer columns than the others, a quote is not
        closed, or the encoding does not fit; with the line where known.
    """
    path, encoding = as_utf8(file, number, spec, scratch)
    sample, whole = _sample(path)
    if not sample.strip():
        raise InputError(f"{file.name} is empty.")
    stated = stated_separator(sample)
    declared = separator_of(spec.separator, file.name) if spec.separator else stated
    titles = int(stated is not None)
    dialect = detect_dialect(sample.split("\n", titles)[-1], declared, whole=whole)
    table = _framed(path, dialect, titles, file, spec, scratch / f"{number}-table.txt")
    if table.header and len(table.records) == 1 and whole:
        raise InputError(f"{file.name} has a header but no rows.")
    layout = _layout(table, dialect, file, scratch / f"{number}-plain.txt")
    target = scratch / f"{number}.parquet"
    rows = _to_parquet(layout, target, file, con)
    readings = (
        Reading("encoding", encoding_name(encoding), spec.encoding is not None),
        Reading("separator", _separator_name(dialect.separator), declared is not None),
        Reading("header", header_told(table.heading, header=table.header), spec.header is not None),
        *table.readings,
    )
    relation = in_parquet(target)
    columns = without_blank_columns(con, relation, table.names, dict.fromkeys(table.names, "VARCHAR"))
    return Part(relation, columns, readings, rows, table.first, target)


def as_utf8(file: Found, number: int, spec: TableSource, scratch: Path) -> tuple[Path, str]:
    """The plain UTF-8 text of a file, itself or a copy, and its encoding."""
    path = unpacked(file, scratch, number)
    if spec.encoding is not None:
        encoding = known_encoding(spec.encoding, file.name)
    else:
        encoding = detect_encoding(path, file.name)
    if needs_copy(path, encoding):
        path = utf8_copy(path, encoding, scratch / f"{number}-utf8.txt", file.name)
    return path, encoding


def _sample(path: Path) -> tuple[str, bool]:
    with path.open("rb") as stream:
        raw = stream.read(_SAMPLE)
        whole = not stream.read(1)
    return raw.decode("utf-8", "ignore").replace("\r\n", "\n"), whole


def _framed(path: Path, dialect: Dialect, titles: int, file: Found, spec: TableSource, copy: Path) -> _Table:
    """Find the table in a text: its heading, its rows, and what stands above and below, which is cut off."""
    blanks = dialect.separator == WHITESPACE
    start = 0 if blanks or not dialect.separator else heading_at(dialect.records, file.name)
    records = dialect.records[start:]
    header = spec.header if spec.header is not None else looks_like_header(records)
    names, naming = names_of(records[0], file.name, header=header)
    above = titles + dialect.lines[start]
    below = [] if blanks else _remarks(path, dialect, usual_cells(records[1:]), len(records[0]))
    if start or titles or below:
        path = _cut(path, above, sum(map(len, below)), copy)
    data = start + int(header)
    while data < len(dialect.records) - 1 and not any(cell.strip() for cell in dialect.records[data]):
        data += 1
    first = titles + (dialect.rows[data] if data < len(dialect.rows) else dialect.rows[-1] + 1)
    said = [[line.decode("utf-8", "replace").strip('"\r\n\t ,;')] for line in below]
    readings = (*told_margins(dialect.records[:start], said), *naming)
    return _Table(
        path,
        records,
        header,
        names,
        above if path == copy else 0,
        titles + dialect.rows[start],
        first,
        readings,
    )


def _remarks(path: Path, dialect: Dialect, usual: int, width: int) -> list[bytes]:
    """The last lines of a file that are remarks and no rows of the table."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - _TAIL))
        lines = stream.read().splitlines(keepends=True)[1:]
    rows: list[list[str]] = []
    for line in reversed(lines):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text.count('"') % 2:
            break  # part of a value over several lines
        rows.insert(0, next(csv.reader([text], delimiter=dialect.separator or "\0"), []))
    count = footer_rows(rows, usual, width)
    if count == 1 and lines and not lines[-1].endswith((b"\n", b"\r")):
        return []  # a last row that was cut off looks the same
    return lines[len(lines) - count :]


def _cut(path: Path, above: int, below: int, target: Path) -> Path:
    """Copy a text without its first lines and last bytes."""
    left = path.stat().st_size - below
    with path.open("rb") as text, target.open("wb") as table:
        for _ in range(above):
            left -= len(text.readline())
        while left > 0 and (chunk := text.read(min(left, _CHUNK))):
            left -= len(chunk)
            table.write(chunk)
    return target


def _layout(table: _Table, dialect: Dialect, file: Found, target: Path) -> _Layout:
    if dialect.separator != WHITESPACE:
        return _Layout(table.path, dialect.separator, dialect.escape, table.header, table.names, table.above)
    width = len(table.names)
    with (
        table.path.open(encoding="utf-8") as lines,
        target.open("w", encoding="utf-8", newline="\n") as plain,
    ):
        for number, line in enumerate(lines, 1):
            fields = line.split()
            if fields and len(fields) != width:
                raise InputError(_ragged(file, number, width, len(fields)))
            plain.write("\x1f".join(fields) + "\n")
    return _Layout(target, "\x1f", '"', table.header, table.names)


def _to_parquet(layout: _Layout, target: Path, file: Found, con: Any) -> int:
    count = len(layout.names)
    types = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(count))
    cell = _formula_text if _holds(layout.path, b'="') else str
    select = ", ".join(f"{cell(f'c{n}')} AS {sql_name(name)}" for n, name in enumerate(layout.names))
    filled = " OR ".join(f"c{n} IS NOT NULL" for n in range(count)) if count > 1 else "true"
    quote = "" if layout.separator == "\x1f" else '"'
    escape = layout.escape if quote else ""
    query = (
        f"COPY (SELECT {select} FROM read_csv({sql_paths(layout.path)}, auto_detect=false, strict_mode=true, "
        "hive_partitioning=false, "
        f"columns={{{types}}}, header={str(layout.header).lower()}, delim={sql_text(layout.separator or chr(31))}, "
        f"quote={sql_text(quote)}, escape={sql_text(escape)}, nullstr='', compression='none') "
        f"WHERE {filled}) "
        f"TO {sql_text(target)} (FORMAT parquet)"
    )
    try:
        rows = int(con.raw_sql(query).fetchone()[0])
    except duckdb.InvalidInputException as error:
        raise InputError(_what_failed(str(error), file, count, layout.above)) from None
    if rows == 0:
        raise InputError(f"{file.name} has a header but no rows.")
    return rows


def _holds(path: Path, part: bytes) -> bool:
    last = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if part in last + chunk:
                return True
            last = chunk[-len(part) + 1 :]
    return False


def _formula_text(column: str) -> str:
    """SQL for a cell in which a spreadsheet's ``="007"`` is the text 007."""
    pattern = "'(?s)^=\"(.*)\"$'"
    text = f"regexp_extract({column}, {pattern}, 1)"
    return f"CASE WHEN regexp_matches({column}, {pattern}) THEN {text} ELSE {column} END"


def _what_failed(message: str, file: Found, width: int, above: int) -> str:
    found = re.search(r"CSV Error on Line: (\d+)", message)
    line = int(found[1]) + above if found else 0
    place = f"{file.name}, line {line:,}" if line else file.name
    found = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if found and line:
        return _ragged(file, line, width, int(found[2]))
    if "quote" in message:
        return (
            f'{place}: a quote (") is opened and not closed, or text follows a closing quote; mend the line.'
        )
    if "aximum line size" in message:
        return f"{place}: a line is longer than 2 million characters; most likely a quote is not closed."
    return f"{place}: cannot be read as a table ({words.first_line(message.removeprefix('Invalid Input Error: '))})."


def _ragged(file: Found, line: int, width: int, found: int) -> str:
    return (
        f"{file.name}, line {line:,}: has {words.count(found, 'column')} where the others have {width}; "
        "mend the line, or put quotes around fields that hold the separator."
    )


def _separator_name(sign: str) -> str:
    return SEPARATOR_NAMES.get(sign, f"'{sign}'") if sign else "none (one column)"
