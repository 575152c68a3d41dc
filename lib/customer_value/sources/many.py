"""The same question about many columns: Ibis writes it once for each type, the engine answers for all together.

What Ibis takes to write a query grows with the columns in it, and is more than the engine takes to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import ibis

from customer_value.sources.engine import sql_name

__all__ = ["aggregated", "formulas", "rows_of", "sql_of"]

_ALIAS = "t0"
_STAND_IN = "the_column_that_is_asked"
_TOGETHER = 200
"""Formulas in one query, for the engine plans many in a time that grows with their square."""

_FEW = 10
_LEFT_OUT, _SLOW = "disabled_optimizers", "common_subexpressions"
"""What takes longer to look for in hundreds of formulas than these take."""


def formulas(table: ibis.Table, names: Sequence[str], formula: Callable[[Any], Any]) -> dict[str, str]:
    """Columns of a table of DuckDB to the SQL of a formula of each.

    Parameters
    ----------
    table
        The table.
    names
        Some of its columns.
    formula
        From a column to an expression of it alone.
    """
    schema = table.schema()
    kinds = dict.fromkeys(schema[name] for name in names)
    written = {kind: _written(table.get_backend(), kind, formula) for kind in kinds}
    return {name: written[schema[name]].replace(sql_name(_STAND_IN), sql_name(name)) for name in names}


def sql_of(table: ibis.Table, expression: Any) -> str:
    """The SQL of an expression over a table, to be asked along with others."""
    return _projected(table.get_backend(), table.select(**{_STAND_IN: expression}))


def aggregated(table: ibis.Table, figures: Sequence[str]) -> list[Any]:
    """Figures over all rows of a table, each an aggregate in SQL."""
    found: list[Any] = []
    for some in _parts(figures):
        found += _asked(table, some, "")[0]
    return found


def rows_of(
    table: ibis.Table, values: Mapping[str, str], *, where: str = "", order: str = "", most: int | None = None
) -> dict[str, list[Any]]:
    """Values of the rows of a table, each a formula in SQL, by their keys; in the order of the table.

    Parameters
    ----------
    where, order
        A condition and what to sort by, in SQL.
    most
        How many rows are wanted.
    """
    clauses = [f"WHERE {where}" if where else "", f"ORDER BY {order}" if order else ""]
    clauses.append("" if most is None else f"LIMIT {most}")
    found: list[list[Any]] = []
    for some in _parts(list(values.values())):
        rows = _asked(table, some, " ".join(filter(None, clauses)))
        found += map(list, zip(*rows, strict=True)) if rows else ([] for _ in some)
    return dict(zip(values, found, strict=True))


def _written(con: Any, kind: Any, formula: Callable[[Any], Any]) -> str:
    stand_in = ibis.table({_STAND_IN: kind}, name=_STAND_IN)
    return _projected(con, stand_in.select(value=formula(stand_in[_STAND_IN])))


def _projected(con: Any, query: ibis.Table) -> str:
    """The SQL of the only column of a query, whose table is called as in `_asked`."""
    text: str = con.compiler.to_sqlglot(query).expressions[0].unalias().sql("duckdb")
    return text


def _asked(table: ibis.Table, values: Sequence[str], clauses: str) -> list[Any]:
    con = table.get_backend()
    query = f"SELECT {', '.join(values)} FROM ({con.compile(table)}) AS {_ALIAS} {clauses}"
    if len(values) <= _FEW:
        few: list[Any] = con.raw_sql(query).fetchall()
        return few
    usual = con.raw_sql(f"SELECT current_setting('{_LEFT_OUT}')").fetchone()[0]
    con.raw_sql(f"SET {_LEFT_OUT} = '{_SLOW}'")
    try:
        rows: list[Any] = con.raw_sql(query).fetchall()
        return rows
    finally:
        con.raw_sql(f"SET {_LEFT_OUT} = '{usual}'")


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _TOGETHER):
        yield values[start : start + _TOGETHER]
