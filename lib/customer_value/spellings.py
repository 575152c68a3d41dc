"""Customers who are written in more than one way: capitals, spaces and punctuation aside, the same.

An address of e-mail differs by its capitals only, and punctuation between digits (``12-3``, ``1.23``) is part
of a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis

from customer_value import words
from customer_value.engines import Engine
from customer_value.reduction import NUMBER
from customer_value.sources import Reading, Source
from customer_value.sources.engine import BLANKS, TEXT, builtin, byte_length
from customer_value.sources.parquet import read_saved

__all__ = ["Joined", "join_spellings", "spelling_key", "spelling_warnings", "with_spelling"]

SPELLING = "_spelling"

_FULL = "".join(map(chr, (*range(0xFF10, 0xFF1A), *range(0xFF41, 0xFF5B))))
_HALF = "0123456789abcdefghijklmnopqrstuvwxyz"
_CAPITALS = "".join(
    letter
    for letter in map(chr, (*range(0xC0, 0x530), *range(0x1E00, 0x2000), *range(0xFF21, 0xFF3B)))
    if letter.lower() != letter and len(letter.lower()) == 1
)
_SMALL = "".join(map(str.lower, _CAPITALS)).translate(dict(zip(map(ord, _FULL), _HALF, strict=True)))
"""Of Latin, Greek and Cyrillic: text of PostgreSQL compares byte by byte here, so it knows ASCII's capitals only."""

_MARKS = (
    '!"&-*,-/:;?Z-`{}'
    + BLANKS.replace("\v", "").replace("\f", "")
    + "\u00a1\u00ab\u00b4\u00b7\u00bb\u00bf\u2000-\u206f\u3001-\u3003\u3008-\u301f\u30a0\u30fb"
    "\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
"""Inside brackets of a pattern; the text is in small letters, so that Z to ` are brackets and marks only."""


@dataclass(frozen=True)
class Joined:
    """Order rows with each customer under one id.

    Attributes
    ----------
    rows
        The rows.
    spellings
        On DuckDB, each id of the source (customer_id) and how its customer is written (_spelling); None where
        ids have one spelling.
    reading
        For the ledger.
    """

    rows: ibis.Table
    spellings: ibis.Table | None
    reading: Reading


def spelling_key(text: Any, engine: str) -> Any:
    """What is alike in texts that differ only in capitals, spaces and punctuation.

    Parameters
    ----------
    text
        An id.
    engine
        The Ibis name of what computes it.
    """
    plain = _folded(text, engine)
    parted = _replaced(plain, f"[{_MARKS}]+", " ", engine)
    close = parted.replace(" ", "").nullif("").fill_null(plain)
    apart = plain.contains("@") | parted.re_search("[0-9] [0-9]") | ~close.re_search("[^0-9]")
    return ibis.ifelse(apart, plain, close)


def join_spellings(typed: ibis.Table, source: Source, engine: Engine, scratch: Path) -> Joined:
    """The typed rows with each customer under one id, the most frequent spelling.

    Ids that are whole numbers have but one spelling. Which ids are one customer is computed once and kept under
    ``scratch``; where the rows lie on a server they are joined there.
    """
    if NUMBER in typed.columns:
        return Joined(
            typed, None, Reading("spellings", "customer ids are numbers with one spelling", declared=True)
        )
    ids = _spellings(typed, source.engine)
    path = scratch / "spellings.parquet"
    engine.save(ids, path)
    here = read_saved(engine.local, path)
    if source.engine in ("duckdb", "pyspark"):
        ids = engine.read(path, like=typed)
    other = ids.filter(ids.customer_id != ids[SPELLING])
    found = typed.left_join(other, typed.customer_id == other.customer_id)
    spelled = ibis.coalesce(found[SPELLING], typed.customer_id)
    columns = {name: spelled if name == "customer_id" else typed[name] for name in typed.columns}
    return Joined(found.select(**columns), here, _reading(here))


def with_spelling(table: ibis.Table, columns: Iterable[str], spellings: ibis.Table) -> ibis.Table:
    """A table on DuckDB with its customers spelled as in the orders."""
    keyed = spellings.select(
        _key=spelling_key(spellings.customer_id, "duckdb"), _spelling=spellings[SPELLING]
    )
    keyed = keyed.distinct()
    for name in columns:
        mine = table.mutate(_mine=spelling_key(table[name], "duckdb"))
        found = mine.left_join(keyed, mine["_mine"] == keyed["_key"])
        spelled = ibis.coalesce(found[SPELLING], mine[name])
        table = found.select(**{each: spelled if each == name else mine[each] for each in table.columns})
    return table


def spelling_warnings(buyers: ibis.Table) -> tuple[str, ...]:
    """That customers seem to be written in more than one way; nothing if none is.

    Parameters
    ----------
    buyers
        Table of DuckDB that holds each customer once, in the column customer_id.
    """
    if not buyers.customer_id.type().is_string() or _has_one_case(buyers):
        return ()
    keyed = _keyed(buyers.select("customer_id"))
    groups = keyed.group_by("_key").aggregate(
        n=keyed.count(), first=keyed.customer_id.min(), last=keyed.customer_id.max()
    )
    groups = groups.filter(groups.n > 1).order_by("first").mutate(groups=ibis._.count().over(ibis.window()))
    found = groups.limit(1).to_pyarrow().to_pylist()
    if not found:
        return ()
    several, one, other = found[0]["groups"], *(words.plain(found[0][name], 40) for name in ("first", "last"))
    return (
        f"{words.count(several, 'customer is', 'customers are')} written in more than one way, for instance "
        f"'{other}' and '{one}'; orders.join_spellings: true counts {words.verb(several, 'it as one', 'each as one')}.",
    )


def _has_one_case(buyers: ibis.Table) -> bool:
    """Whether all ids are capitals and digits of ASCII: different ones are then different customers."""
    other = buyers.customer_id.re_search("[^0-9A-Z]")
    return not buyers.aggregate(other=other.any()).to_pyarrow()["other"][0].as_py()


def _keyed(ids: ibis.Table) -> ibis.Table:
    """The ids (customer_id) with their keys (_key), on DuckDB.

    The key of ASCII letters and digits is their small letters; most ids hold nothing else, and the whole key takes ten
    times as long. Two tables keep the engine from computing both for all.
    """
    odd = ids.customer_id.re_search("[^0-9A-Za-z]")
    plain, others = ids.filter(~odd), ids.filter(odd)
    return ibis.union(
        plain.mutate(_key=plain.customer_id.lower()),
        others.mutate(_key=spelling_key(others.customer_id, "duckdb")),
    )


def _spellings(typed: ibis.Table, engine: str) -> ibis.Table:
    """Each id (customer_id) and how its customer is written most often (_spelling)."""
    known = typed.filter(typed.customer_id.notnull())
    counts = known.group_by("customer_id").aggregate(rows=known.count())
    keyed = counts.mutate(_key=spelling_key(counts.customer_id, engine))
    most = ibis.window(group_by="_key", order_by=[ibis.desc("rows"), "customer_id"])
    return keyed.select("customer_id", **{SPELLING: keyed.customer_id.first().over(most)})


def _reading(here: ibis.Table) -> Reading:
    other = here.filter(here.customer_id != here[SPELLING])
    counts = (
        other.aggregate(ids=other.count(), customers=other[SPELLING].nunique()).to_pyarrow().to_pylist()[0]
    )
    told = (
        f"{words.count(counts['ids'], 'spelling')} of {words.count(counts['customers'], 'customer')} "
        f"{words.verb(counts['ids'], 'counts', 'count')} under the most frequent one"
    )
    return Reading("spellings of customers", told, declared=True)


def _folded(text: Any, engine: str) -> Any:
    """In small letters of half width."""
    if engine == "duckdb":
        is_ascii = byte_length(text) == text.length()
        return ibis.ifelse(is_ascii, text.lower(), _composed(text).lower().translate(_FULL, _HALF))
    if engine == "postgres":
        return text.lower().translate(_CAPITALS + _FULL, _SMALL + _HALF)
    if engine == "pyspark":
        return text.lower().translate(_FULL, _HALF)
    small = text.lower()
    for full, half in zip(_FULL, _HALF, strict=True):
        small = small.replace(full, half)
    return small


def _replaced(text: Any, pattern: str, replacement: str, engine: str) -> Any:
    return (_of_mysql if engine == "mysql" else _of_others)(text, pattern, replacement)


def _of_others(text: Any, pattern: str, replacement: str) -> Any:
    return text.re_replace(pattern, replacement)


_of_mysql = builtin("regexp_replace", (TEXT, TEXT, TEXT), TEXT)
_composed = builtin("nfc_normalize", (TEXT,), TEXT)
