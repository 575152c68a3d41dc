"""Text tables (CSV and its relatives) to Parquet, all columns as text."""

from __future__ import annotations

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
)
from customer_value.sources.encodings import (
    detect_encoding,
    encoding_name,
    known_encoding,
    needs_copy,
    utf8_copy,
)
from customer_value.sources.files import Found, sql_text, unpacked
from customer_value.sources.parts import Part, column_names, sql_name
from customer_value.sources.source import Reading

__all__ = ["read_delimited"]

_SAMPLE = 1 << 18


@dataclass(frozen=True)
class _Layout:
    path: Path
    separator: str
    escape: str
    header: bool
    names: list[str]


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
    path, encoding = _as_utf8(file, number, spec, scratch)
    declared = separator_of(spec.separator, file.name) if spec.separator else None
    sample, whole = _sample(path)
    if not sample.strip():
        raise InputError(f"{file.name} is empty.")
    dialect = detect_dialect(sample, declared, whole=whole)
    _refuse_title_lines(dialect, file)
    header = spec.header if spec.header is not None else looks_like_header(dialect.records)
    names, naming = _names(dialect, file, header=header)
    if header and len(dialect.records) == 1 and whole:
        raise InputError(f"{file.name} has a header but no rows.")
    layout = _layout(path, dialect, file, scratch / f"{number}-plain.txt", names, header=header)
    target = scratch / f"{number}.parquet"
    rows = _to_parquet(layout, target, file, con)
    readings = (
        Reading("encoding", encoding_name(encoding), spec.encoding is not None),
        Reading("separator", _separator_name(dialect.separator), declared is not None),
        Reading(
            "header",
            "the first row" if header else "none; columns are called 1, 2, 3, …",
            spec.header is not None,
        ),
        *naming,
    )
    columns = dict.fromkeys(names, "VARCHAR")
    return Part(f"read_parquet({sql_text(target)})", columns, readings, rows, int(header))


def _as_utf8(file: Found, number: int, spec: TableSource, scratch: Path) -> tuple[Path, str]:
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


def _refuse_title_lines(dialect: Dialect, file: Found) -> None:
    """Lines above the header, or a header of another width, would make every column name wrong."""
    widths = [len(_filled(record)) for record in dialect.records]
    rows = widths[1:]
    usual = max(rows, key=lambda width: (rows.count(width), width), default=widths[0])
    first = len(dialect.records[0])
    if len(rows) < 2 or usual < 2 or usual <= first or rows.count(usual) < 0.5 * len(rows):
        return
    top = words.plain(dialect.records[0][0], 40)
    raise InputError(
        f"{file.name}: the first line ('{top}' …) has {words.count(first, 'column')}, the rows have {usual}; "
        "remove what stands above the column names, or add the missing name."
    )


def _filled(record: list[str]) -> list[str]:
    """A row without blank fields at its end."""
    last = max((position for position, cell in enumerate(record, 1) if cell.strip()), default=0)
    return record[:last]


def _names(dialect: Dialect, file: Found, *, header: bool) -> tuple[list[str], tuple[Reading, ...]]:
    if header:
        return column_names(dialect.records[0], file.name)
    return [str(position) for position in range(1, len(dialect.records[0]) + 1)], ()


def _layout(
    path: Path, dialect: Dialect, file: Found, target: Path, names: list[str], *, header: bool
) -> _Layout:
    if dialect.separator != WHITESPACE:
        return _Layout(path, dialect.separator, dialect.escape, header, names)
    width = len(names)
    with path.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8", newline="\n") as plain:
        for number, line in enumerate(lines, 1):
            fields = line.split()
            if fields and len(fields) != width:
                raise InputError(_ragged(file, number, width, len(fields)))
            plain.write("\x1f".join(fields) + "\n")
    return _Layout(target, "\x1f", '"', header, names)


def _to_parquet(layout: _Layout, target: Path, file: Found, con: Any) -> int:
    count = len(layout.names)
    types = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(count))
    select = ", ".join(f"c{n} AS {sql_name(name)}" for n, name in enumerate(layout.names))
    quote = "" if layout.separator == "\x1f" else '"'
    escape = layout.escape if quote else ""
    query = (
        f"COPY (SELECT {select} FROM read_csv({sql_text(layout.path)}, auto_detect=false, strict_mode=true, "
        f"columns={{{types}}}, header={str(layout.header).lower()}, delim={sql_text(layout.separator or chr(31))}, "
        f"quote={sql_text(quote)}, escape={sql_text(escape)}, nullstr='', compression='none')) "
        f"TO {sql_text(target)} (FORMAT parquet)"
    )
    try:
        rows = int(con.raw_sql(query).fetchone()[0])
    except duckdb.Error as error:
        raise InputError(_what_failed(str(error), file, count)) from None
    if rows == 0:
        raise InputError(f"{file.name} has a header but no rows.")
    return rows


def _what_failed(message: str, file: Found, width: int) -> str:
    line = re.search(r"CSV Error on Line: (\d+)", message)
    place = f"{file.name}, line {int(line[1]):,}" if line else file.name
    found = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if found and line:
        return _ragged(file, int(line[1]), width, int(found[2]))
    if "quote" in message:
        return (
            f'{place}: a quote (") is opened and not closed, or text follows a closing quote; mend the line.'
        )
    if "aximum line size" in message:
        return f"{place}: a line is longer than 2 million characters; most likely a quote is not closed."
    return f"{place}: not a well-formed table; look for stray quotes or separators."


def _ragged(file: Found, line: int, width: int, found: int) -> str:
    return (
        f"{file.name}, line {line:,}: has {words.count(found, 'column')} where the others have {width}; "
        "mend the line, or put quotes around fields that hold the separator."
    )


def _separator_name(sign: str) -> str:
    return SEPARATOR_NAMES.get(sign, f"'{sign}'") if sign else "none (one column)"
