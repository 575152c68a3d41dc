"""From the settings of an input table to one lazy table on the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import STATEMENT_SECONDS, TableSource
from customer_value.sources.archives import unzipped
from customer_value.sources.databases import read_duckdb, read_parquet, read_sqlite
from customer_value.sources.delimited import read_delimited
from customer_value.sources.files import Found, find_files, fingerprint, format_of
from customer_value.sources.filling import fill_down, refuse_fill_down
from customer_value.sources.jsonrows import read_json
from customer_value.sources.parquet import in_parquet, read_saved
from customer_value.sources.parts import Part, sql_name
from customer_value.sources.source import Reading, Source, SourceFile
from customer_value.sources.spark import open_with_spark
from customer_value.sources.workbooks import read_workbook
from customer_value.troubles import told_plainly

if TYPE_CHECKING:
    from customer_value.engines import Engine

__all__ = ["open_source", "open_table"]

_FORMATS = {
    "csv": "text (CSV)", "json": "JSON", "parquet": "Parquet", "excel": "Excel workbook", "sqlite": "SQLite database",
    "duckdb": "DuckDB database",
}  # fmt: skip


def open_table(
    name: str,
    spec: TableSource,
    base: Path,
    engine: Engine,
    scratch: Path,
    *,
    stays: bool,
    currency: str | None = None,
) -> Source:
    """Open an input table, wherever it is.

    Parameters
    ----------
    name, spec, base, scratch
        As in `open_source`.
    engine
        What the run computes with.
    stays
        Whether rows of a server or cluster stay there, to be reduced where they lie; if not, they are
        brought to this machine's DuckDB, and so are those of a server that cannot compute with them.
    currency
        Code of the currency of its amounts if it is known.

    Returns
    -------
    Source

    Raises
    ------
    ConfigError, InputError
        If it cannot be reached or read.
    """
    if spec.database_env is not None or spec.in_catalog:
        refuse_fill_down(name, spec.fill_down, "a database")
    if spec.database_env is not None:
        server = engine.server(spec.database_env)
        source, stays = server.open(name, spec), stays and server.computes
    elif engine.uses_spark and (stays or spec.in_catalog or spec.format in ("delta", "iceberg")):
        refuse_fill_down(name, spec.fill_down, "a table of Spark")
        source = open_with_spark(name, spec, base, engine.spark)
    else:
        limit = engine.settings.statement_timeout_seconds
        return replace(open_source(name, spec, base, engine.local, scratch, limit), currency=currency)
    return source if stays else _brought(source, spec, engine, scratch)


def open_source(
    name: str, spec: TableSource, base: Path, con: Any, scratch: Path, limit: int = STATEMENT_SECONDS
) -> Source:
    """Open an input table.

    Parameters
    ----------
    name
        The input table: ``"orders"``, ``"customers"``, …
    spec
        Where it is and how to read it; what is not stated is detected.
    base
        Folder that paths are relative to (where the settings file is).
    con
        Ibis backend of DuckDB.
    scratch
        Folder for copies, which must live as long as the source is used.
    limit
        Seconds after which opening a table of a database is ended.

    Returns
    -------
    Source
        Columns under their own names and ``_file``; text for CSV, native types for Parquet and
        databases, and for the columns of a workbook that hold only numbers or only dates.

    Raises
    ------
    InputError
        If a file is missing, empty, damaged or ragged, or the files have different columns.
    """
    files = find_files(name, spec, base)
    folder = scratch / "sources" / name
    folder.mkdir(parents=True, exist_ok=True)
    formats: list[str] = []
    parts: list[Part] = []
    prints: list[SourceFile] = []
    read: list[Found] = []
    for number, file in enumerate(files):
        with told_plainly(file.name, file.path):
            plain, packed = unzipped(file, folder, number)
            formats.append(format_of(plain, spec))
            for label, part in _parts(formats[-1], plain, number, name, spec, con, folder, limit):
                filled = _filled_down(part, spec, name, formats[-1], label)
                parts.append(replace(filled, readings=(*packed, *filled.readings)))
                prints.append(replace(fingerprint(file), name=label.name))
                read.append(label)
    _require_same_columns(parts, read)
    table = _union(name, parts, con)
    told = (Reading("format", _FORMATS[kind], spec.format is not None) for kind in dict.fromkeys(formats))
    return Source(
        name=name,
        table=table,
        files=tuple(prints),
        readings=(*told, *_merged(parts, read)),
        text=any(kind.is_string() for column, kind in table.schema().items() if column != "_file"),
        counts=tuple(part.rows for part in parts),
        header_rows=tuple(part.header_rows for part in parts),
    )


def _brought(source: Source, spec: TableSource, engine: Engine, scratch: Path) -> Source:
    """The rows of a server or cluster on this machine."""
    folder = scratch / "sources"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{source.name}.parquet"
    engine.save(source.table.drop("_file"), path, spec.encoding)
    here = read_saved(engine.local, path)
    rows = int(here.count().execute())
    if rows == 0:
        raise InputError(f"{source.files[0].name} has columns but no rows.")
    text = any(kind.is_string() for kind in here.schema().values())
    table = here.mutate(_file=ibis.literal(0, "int16"))
    return replace(source, table=table, text=text, counts=(rows,), header_rows=(0,), engine="duckdb")


def _parts(
    kind: str, file: Found, number: int, name: str, spec: TableSource, con: Any, folder: Path, limit: int
) -> list[tuple[Found, Part]]:
    """What a file holds: one table, or one for each sheet of a workbook that is wanted."""
    if kind == "excel":
        return read_workbook(file, number, spec, con, folder)
    if kind == "csv":
        part = read_delimited(file, number, spec, con, folder)
    elif kind == "json":
        part = read_json(file, number, spec, con, folder)
    elif kind == "sqlite":
        part = read_sqlite(file, number, spec, con, folder, limit)
    elif kind == "duckdb":
        part = read_duckdb(file, number, name, spec, con, limit)
    else:
        part = read_parquet(file, con)
    return [(file, part)]


def _filled_down(part: Part, spec: TableSource, name: str, kind: str, file: Found) -> Part:
    if not spec.fill_down:
        return part
    if part.path is None:
        refuse_fill_down(name, spec.fill_down, f"a {_FORMATS[kind]}" if kind != "parquet" else "Parquet")
    assert part.path is not None
    target = part.path.with_stem(f"{part.path.stem}-filled")
    told = fill_down(part.path, spec.fill_down, target, file.name)
    return replace(part, relation=in_parquet(target), readings=(*part.readings, told), path=target)


def _stripped(part: Part, file: Found) -> dict[str, str]:
    """Stripped column name to the name as stored."""
    names: dict[str, str] = {}
    taken = {"", "_file"}
    for column in part.columns:
        name = " ".join(column.split())
        if name.casefold() in taken or "\0" in name:
            raise InputError(f"{file.name}: the column name '{words.plain(name)}' cannot be used; rename it.")
        taken.add(name.casefold())
        names[name] = column
    return names


def _require_same_columns(parts: Sequence[Part], files: Sequence[Found]) -> None:
    first = set(_stripped(parts[0], files[0]))
    for part, file in zip(parts[1:], files[1:], strict=True):
        own = set(_stripped(part, file))
        for column in (*sorted(first - own), *sorted(own - first)):
            holder, lacking = (files[0], file) if column in first else (file, files[0])
            raise InputError(
                f"{lacking.name} has no column '{words.plain(column)}', {holder.name} has it; "
                "files that are read together need the same columns."
            )


def _union(name: str, parts: Sequence[Part], con: Any) -> Any:
    stored = [_stripped(part, Found(Path(), name)) for part in parts]
    kinds = {
        column: {_kind(part.columns[names[column]]) for part, names in zip(parts, stored, strict=True)}
        for column in stored[0]
    }
    selects = []
    for number, (part, names) in enumerate(zip(parts, stored, strict=True)):
        listed = ", ".join(
            f"{_selected(part, names[column], len(found) > 1)} AS {sql_name(column)}"
            for column, found in kinds.items()
        )
        selects.append(f"SELECT {listed}, {number}::SMALLINT AS _file FROM {part.relation}")
    view = f"source_{name}"
    con.raw_sql(f"CREATE OR REPLACE TEMP VIEW {sql_name(view)} AS {' UNION ALL '.join(selects)}")
    return con.table(view)


def _kind(engine_type: str) -> str:
    if engine_type.startswith(("DATE", "TIMESTAMP")):
        return "date"
    if engine_type == "VARCHAR" or engine_type.startswith("ENUM"):
        return "text"
    return "truth" if engine_type == "BOOLEAN" else "number"


def _selected(part: Part, stored: str, mixed: bool) -> str:
    """SQL for a column; text of a fixed list becomes text, as Ibis takes it for that but it sorts by its list."""
    if mixed or part.columns[stored].startswith("ENUM"):
        return _as_text(part, stored)
    return sql_name(stored)


def _as_text(part: Part, stored: str) -> str:
    """SQL for a column as text, numbers in the form of `customer_value.sources.cells`."""
    column = sql_name(stored)
    if part.columns[stored] in ("FLOAT", "DOUBLE") or part.columns[stored].startswith("DECIMAL"):
        whole = f"{column} = trunc({column}) AND abs({column}) < 9007199254740992"
        return (
            f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) "
            f"WHEN contains(CAST({column} AS VARCHAR), 'e') THEN CAST({column} AS VARCHAR) "
            f"ELSE CAST({column} AS VARCHAR) || 'e0' END"
        )
    return f"CAST({column} AS VARCHAR)"


def _merged(parts: Sequence[Part], files: Sequence[Found]) -> list[Reading]:
    """One reading per aspect; where files differ, each value with the files that it holds for."""
    aspects = dict.fromkeys(reading.aspect for part in parts for reading in part.readings)
    return [_merged_aspect(aspect, parts, files) for aspect in aspects]


def _merged_aspect(aspect: str, parts: Sequence[Part], files: Sequence[Found]) -> Reading:
    holders: dict[str, list[str]] = {}
    declared = True
    for part, file in zip(parts, files, strict=True):
        for reading in part.readings:
            if reading.aspect == aspect:
                holders.setdefault(reading.value, []).append(file.name)
                declared &= reading.declared
    if len(holders) == 1 and len(next(iter(holders.values()))) == len(files):
        return Reading(aspect, next(iter(holders)), declared)
    told = [f"{value} in {words.listing(names, most=3)}" for value, names in holders.items()]
    return Reading(aspect, "; ".join(told), declared)
