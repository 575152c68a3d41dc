"""What analyses need of the engine: pandas or Ibis in, exact sums, classes by lowest value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.datatypes as types
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from customer_value.errors import InputError
from customer_value.sources.spark import kept_by_spark

__all__ = [
    "EXACT_MONEY",
    "any_bits",
    "as_fact",
    "as_table",
    "chosen",
    "column_values",
    "exact_sum",
    "kept",
    "on_spark",
    "sorted_columns",
    "steps",
]

EXACT_MONEY = "decimal(38, 4)"
"""Wide enough for any sum of money, exactly."""


def as_table(table: ibis.Table | pd.DataFrame, *, needs: tuple[str, ...] = ()) -> ibis.Table:
    """A table as an Ibis expression, whether it came lazily or as a pandas frame.

    Parameters
    ----------
    table
        Ibis table or pandas frame.
    needs
        Columns that must be there.

    Raises
    ------
    InputError
        Names the columns that are missing and those that are there.

    Examples
    --------
    >>> as_table(pd.DataFrame({"customer_id": ["a"]})).columns
    ('customer_id',)
    """
    expression = table
    if isinstance(table, pd.DataFrame):
        expression = ibis.memtable(pa.Table.from_pandas(table, preserve_index=False))
    missing = [name for name in needs if name not in expression.columns]
    if missing:
        there = ", ".join(expression.columns)
        raise InputError(f"The table has no column {', '.join(missing)}; it has {there}.")
    return expression


def exact_sum(column: Any, **options: Any) -> Any:
    """Sum of money as an Ibis expression that does not depend on the order of rows.

    Sums of doubles differ from run to run in the last digits; here each amount becomes a decimal
    with four places, and only the sum is a double again.

    Examples
    --------
    >>> table = as_table(pd.DataFrame({"amount": [0.1, 0.2, -0.3]}))
    >>> float(exact_sum(table.amount).execute())
    0.0
    """
    return column.cast(EXACT_MONEY).sum(**options).cast("float64")


def column_values(table: ibis.Table, column: str) -> npt.NDArray[np.float64]:
    """One numeric column in memory, sorted from high to low, without missing values.

    Spark sends each distinct value once, with the number of its rows.
    """
    return sorted_columns(table, [column])[column]


def sorted_columns(table: ibis.Table, columns: Sequence[str]) -> dict[str, npt.NDArray[np.float64]]:
    """`column_values` of several columns, asked for at once."""
    if on_spark(table):
        arrays = _distinct_and_repeated(table, columns)
    else:
        found = table.select(*columns).to_pyarrow()
        arrays = {name: _numbers(found[name].drop_null()) for name in columns}
    return {name: np.sort(values)[::-1] + 0.0 for name, values in arrays.items()}


def on_spark(table: ibis.Table) -> bool:
    """Whether a table lies on Spark."""
    return bool(table.get_backend().name == "pyspark")


def kept(table: ibis.Table) -> ibis.Table:
    """A table that is computed once and kept where it lies, on Spark by its executors.

    Unlike Ibis, it takes what is made of frames, too.
    """
    return kept_by_spark(table) if on_spark(table) else table.cache()


def steps(column: Any, lowest: Mapping[str, float | None], otherwise: str) -> Any:
    """A class per row from the lowest value of each class, as an Ibis expression.

    Parameters
    ----------
    column
        Numeric column.
    lowest
        Class to its lowest value, best class first; None for a class that nobody reaches.
    otherwise
        The class of all lower values. Missing values have no class.

    Examples
    --------
    >>> table = as_table(pd.DataFrame({"v": [9.0, 5.0, 1.0]}))
    >>> table.mutate(c=steps(table.v, {"A": 8.0, "B": 5.0}, "C")).order_by("v").c.to_list()
    ['C', 'B', 'A']
    """
    branches = [(column >= bound, name) for name, bound in lowest.items() if bound is not None]
    return ibis.cases((column.isnull(), ibis.null("string")), *branches, else_=otherwise)


def chosen(names: Sequence[str], place: Any) -> Any:
    """One of several texts by its place from 0, as an Ibis expression.

    Examples
    --------
    >>> table = as_table(pd.DataFrame({"place": [1, 0]}))
    >>> table.mutate(name=chosen(["low", "high"], table.place)).name.to_list()
    ['high', 'low']
    """
    return ibis.array(list(names))[place.cast("int32")]


def any_bits(bits: Any, where: Any) -> Any:
    """The bits (int8) that are set in any of some rows, as an Ibis expression.

    Examples
    --------
    >>> table = as_table(pd.DataFrame({"bits": [1, 4, 5]})).mutate(bits=ibis._.bits.cast("int8"))
    >>> any_bits(table.bits, where=table.bits < 5).to_pyarrow().as_py()
    5
    """
    return _bit_or(bits, where=where)


def as_fact(value: float | None) -> float | None:
    """A figure for ``facts.json``: twelve significant digits, None where it is not defined.

    >>> as_fact(0.1 + 0.2), as_fact(float("nan")), as_fact(None)
    (0.3, None, None)
    """
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.12g}")


def _distinct_and_repeated(table: ibis.Table, columns: Sequence[str]) -> dict[str, npt.NDArray[np.float64]]:
    parts = []
    for name in columns:
        known = table.filter(table[name].notnull())
        counted = known.group_by(_value=known[name].cast("float64")).aggregate(_rows=known.count())
        parts.append(counted.mutate(_column=ibis.literal(name)))
    found = (ibis.union(*parts) if len(parts) > 1 else parts[0]).to_pyarrow()
    arrays = {}
    for name in columns:
        own = found.filter(pc.equal(found["_column"], name))
        arrays[name] = np.repeat(_numbers(own["_value"]), _numbers(own["_rows"]).astype(np.int64))
    return arrays


def _numbers(column: Any) -> npt.NDArray[np.float64]:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def _of_one(bits: Any) -> Any: ...


_bit_or = ibis.udf.agg.builtin(_of_one, name="bit_or", signature=((types.int8,), types.int8))
