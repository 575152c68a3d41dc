"""A first look at a file: what each column holds, found for all columns together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from customer_value import words
from customer_value.errors import InputError
from customer_value.guess.profile import Column, Table
from customer_value.settings import TableSource
from customer_value.sources import Source
from customer_value.sources.dialects import is_number
from customer_value.sources.engine import trimmed
from customer_value.sources.identifiers import id_formulas
from customer_value.sources.many import aggregated, formulas, rows_of
from customer_value.sources.notations import NOTATIONS
from customer_value.sources.parquet import read_saved, save_parquet

__all__ = ["look_at"]

_SAMPLE = 2_000
_MOSTLY = 0.9
_TRIED = 100_000
"""Values that are tried as dates at once."""


def look_at(source: Source, spec: TableSource, scratch: Path | None = None) -> Table:
    """Find the kinds and counts of the columns of a source.

    Parameters
    ----------
    source
        The source.
    scratch
        Folder into which it is read once, to be looked at there; None where it may be read again and again.

    Raises
    ------
    InputError
        If the file has but one or two columns.
    """
    names = [str(name) for name in source.table.columns if name != "_file"]
    if len(names) < 3:
        raise InputError(
            f"{source.files[0].name} has {words.count(len(names), 'column')}; orders need at least three: a customer, "
            "a date and an amount. If it has more, the separator was not recognised."
        )
    if scratch is not None:
        source = _read_once(source, scratch)
    ids = id_formulas(source, names)
    head = _head(source, ids)
    counts = _counts(source, names) if head is None else _counted_in(head)
    sample = _sampled(source, ids, counts) if head is None else _Sample(head.texts, whole=True)
    dated = _dated(source, {name: texts for name, texts in sample.texts.items() if counts[name][0]})
    columns = tuple(_column(source, name, ids[name], counts[name], sample, dated) for name in names)
    named = bool(source.header_rows[0]) or not _numbered(names)
    return Table(source, spec, int(counts[""][0]), columns, named, ids, None if head is None else head.texts)


def _read_once(source: Source, scratch: Path) -> Source:
    path = scratch / "looked-at.parquet"
    con = source.table.get_backend()
    save_parquet(source.table, path)
    return replace(source, table=read_saved(con, path))


def _numbered(names: Iterable[str]) -> bool:
    return all(name == str(position) for position, name in enumerate(names, 1))


@dataclass(frozen=True)
class _Head:
    """All values of each column of a small file that are not blank, as text, and the number of rows."""

    texts: Mapping[str, list[str]]
    rows: int


def _head(source: Source, ids: Mapping[str, str]) -> _Head | None:
    """The values of a file of few rows; None of a longer one."""
    rows = rows_of(source.table, ids, most=_SAMPLE + 1)
    count = len(next(iter(rows.values())))
    if count > _SAMPLE:
        return None
    return _Head({name: [text for text in texts if text is not None] for name, texts in rows.items()}, count)


def _counted_in(head: _Head) -> Mapping[str, tuple[int, int]]:
    return {"": (head.rows, 0), **{name: (len(texts), len(set(texts))) for name, texts in head.texts.items()}}


def _counts(source: Source, names: list[str]) -> Mapping[str, tuple[int, int]]:
    values = formulas(source.table, names, _filled).values()
    (rows,) = aggregated(source.table, ["count(*)"])
    filled = aggregated(source.table, [f"count({value})" for value in values])
    distinct = aggregated(source.table, [f"count(DISTINCT {value})" for value in values])
    return {"": (rows, 0), **dict(zip(names, zip(filled, distinct, strict=True), strict=True))}


def _filled(value: Any) -> Any:
    """A value, NULL where it says nothing."""
    if value.type().is_floating():
        return ibis.ifelse(value.isnan(), ibis.null(value.type()), value)
    return trimmed(value) if value.type().is_string() else value


@dataclass(frozen=True)
class _Sample:
    """The first values of each column that are not blank, as text, and whether they are all of them."""

    texts: Mapping[str, list[str]]
    whole: bool


def _sampled(source: Source, ids: Mapping[str, str], counts: Mapping[str, tuple[int, int]]) -> _Sample:
    """The first values of a longer file; of a column that is blank in most of its first rows those further down."""
    rows = rows_of(source.table, ids, most=_SAMPLE)
    texts = {name: [text for text in found if text is not None] for name, found in rows.items()}
    for name, found in texts.items():
        if len(found) < min(counts[name][0], _SAMPLE) / 2:
            more = rows_of(source.table, {name: ids[name]}, where=f"{ids[name]} IS NOT NULL", most=_SAMPLE)
            texts[name] = more[name]
    return _Sample(texts, whole=False)


def _column(
    source: Source, name: str, text: str, counts: tuple[int, int], sample: _Sample, dated: Collection[str]
) -> Column:
    filled, distinct = counts
    kind = source.table[name].type()
    if not filled:
        return Column(name, "blank", 0, 0, decimals=False)
    texts = sample.texts[name]
    common = _common(texts) if sample.whole else _commonest(source, text)
    if kind.is_date() or kind.is_timestamp() or name in dated:
        return Column(name, "date", filled, distinct, False, common)
    if kind.is_boolean() or sum(map(_is_number, texts)) < _MOSTLY * len(texts):
        return Column(name, "text", filled, distinct, False, common)
    decimals = sum("." in text.removesuffix(".0") or "," in text for text in texts) > 0
    return Column(name, "number", filled, distinct, decimals, common)


def _is_number(text: str) -> bool:
    return is_number(re.sub(r"^([-(]?)[A-Z]{1,3}(?=\$)", r"\1", text))


def _common(texts: list[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(texts).items(), key=lambda item: (-item[1], item[0]))[:2])


def _commonest(source: Source, text: str) -> tuple[tuple[str, int], ...]:
    counts = rows_of(
        source.table,
        {"text": text, "rows": "count(*)"},
        where=f"{text} IS NOT NULL GROUP BY 1",
        order="2 DESC, 1",
        most=2,
    )
    return tuple(zip(counts["text"], counts["rows"], strict=True))


def _may_be_dates(texts: list[str]) -> bool:
    """Whether most texts are longer than a short number and hold three digits; others need not be tried."""
    likely = [len(text) > 5 and sum(map(str.isdigit, text)) > 2 for text in texts]
    return sum(likely) >= _MOSTLY * len(texts)


def _dated(source: Source, columns: Mapping[str, list[str]]) -> set[str]:
    """The columns of which most values are dates; their texts lie below each other, so that one query tries all."""
    asked = {
        name: texts
        for name, texts in columns.items()
        if not (source.table[name].type().is_date() or source.table[name].type().is_timestamp())
        and _may_be_dates(texts)
    }
    found = set()
    for some in _together(asked):
        counts = _fitting(source.table.get_backend(), [asked[name] for name in some])
        for name, fitting in zip(some, counts, strict=True):
            if source.table[name].type().is_decimal():
                fitting = [*fitting[:1], *fitting[2:]]
            if sum(fitting) >= _MOSTLY * len(asked[name]):
                found.add(name)
    return found


def _together(columns: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Columns in lots of so many values as are tried at once."""
    some: list[str] = []
    for name in columns:
        some.append(name)
        if sum(len(columns[other]) for other in some) > _TRIED:
            yield some
            some = []
    if some:
        yield some


def _fitting(con: Any, columns: Sequence[list[str]]) -> list[list[int]]:
    """How many texts of each column are dates in each notation."""
    numbers = [number for number, texts in enumerate(columns) for _ in texts]
    values = ibis.memtable(
        pa.table({"column": numbers, "text": [text for texts in columns for text in texts]})
    )
    flags = {}
    for number, notation in enumerate(NOTATIONS):
        fits = notation.fits(values["text"])
        if notation.order == "ymd":
            day = notation.day(values["text"])
            fits &= day.notnull() & ((day.year() >= 1970) | (notation is not NOTATIONS[1]))
        flags[f"n{number}"] = fits.sum()
    counts = con.to_pyarrow(values.group_by("column").aggregate(**flags)).to_pylist()
    by_column = {row["column"]: [int(row[flag] or 0) for flag in flags] for row in counts}
    return [by_column[number] for number in range(len(columns))]
