"""CSV for people: no cell of text in it is one that a spreadsheet would execute.

All CSV of reports, batches and drafts is written here. Text that begins like a formula has an apostrophe before it,
and so has text that begins so behind an apostrophe of its own; taking one away gives what it was.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from customer_value.sources.parquet import save_csv

__all__ = ["csv_of", "csv_text", "guarded", "unguarded", "unguarded_column", "write_long_csv"]

_FORMULA = r"^'*[\s]*[=+\-@＝＋－＠\t\r]"
"""How text begins that a spreadsheet would execute, or that would be taken for guarded text."""

_NUMBER = r"^[+-]?[0-9]+(?:[.,][0-9]+)?$"


def guarded(text: str) -> str:
    """Text that a spreadsheet takes for text.

    >>> [guarded(text) for text in ("=1+1", "'=1+1", "-5", "Q1")]
    ["'=1+1", "''=1+1", '-5', 'Q1']
    """
    return f"'{text}" if re.match(_FORMULA, text) and not re.match(_NUMBER, text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given.

    >>> [unguarded(text) for text in ("'=1+1", "''=1+1", "'quoted'")]
    ['=1+1', "'=1+1", "'quoted'"]
    """
    return text[1:] if text.startswith("'") and re.match(_FORMULA, text[1:]) else text


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows below the names of their columns; numbers stay numbers, and what is missing is blank."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(guarded, columns))
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def csv_of(frame: pd.DataFrame) -> str:
    """A frame without its index."""
    return csv_text([str(name) for name in frame.columns], frame.itertuples(index=False, name=None))


def write_long_csv(table: ibis.Table, path: Path) -> None:
    """A table of DuckDB of any length, straight into a file."""
    guarded_columns = {
        guarded(name): _guarded_column(table[name]) if kind.is_string() else table[name]
        for name, kind in table.schema().items()
    }
    save_csv(table.select(**guarded_columns), path)


def unguarded_column(text: Any) -> Any:
    """As `unguarded`, for a column of text on the engine."""
    rest = text.substr(1)
    return ibis.ifelse(text.startswith("'") & rest.re_search(_FORMULA), rest, text)


def _guarded_column(text: Any) -> Any:
    harmless = text.re_search(_NUMBER) | ~text.re_search(_FORMULA)
    return ibis.ifelse(harmless, text, ibis.literal("'") + text)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return guarded(value)
    value = value.item() if hasattr(value, "item") else value
    missing = (
        value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))
    )
    return "" if missing else value
