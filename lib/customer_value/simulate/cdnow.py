"""The CDNOW sample as a tidy table."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd

from customer_value.errors import InputError

__all__ = ["cdnow_source", "cdnow_tidy", "write_cdnow"]


def cdnow_tidy(source_path: Path | str) -> pd.DataFrame:
    r"""The one-in-ten sample of CDNOW customers, one row per transaction.

    Parameters
    ----------
    source_path
        The text file ``CDNOW_sample.txt``: number in the full file, number in the sample, date as
        yyyymmdd, number of CDs, dollars; separated by blanks.

    Returns
    -------
    DataFrame
        ``customer_id`` (number in the sample, with its zeros), ``order_date`` (ISO), ``quantity``,
        ``amount`` (USD), in the order of the file. All columns hold the text to be written.

    Raises
    ------
    InputError
        If a line does not have five fields.

    References
    ----------
    Fader & Hardie 2001, "Forecasting repeat sales at CDNOW"; the file used in Fader, Hardie & Lee
    2005 (Marketing Science 24).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "sample.txt")
    ...     _ = path.write_text(" 00004 0001 19970101  2   29.33\n", encoding="ascii")
    ...     cdnow_tidy(path).iloc[0].tolist()
    ['0001', '1997-01-01', '2', '29.33']
    """
    rows = [line.split() for line in Path(source_path).read_text(encoding="ascii").splitlines()]
    for number, row in enumerate(rows, start=1):
        if len(row) != 5:
            raise InputError(f"{Path(source_path).name}, line {number}: expected 5 fields, found {len(row)}.")
    return pd.DataFrame(
        {
            "customer_id": [row[1] for row in rows],
            "order_date": [f"{row[2][:4]}-{row[2][4:6]}-{row[2][6:]}" for row in rows],
            "quantity": [row[3] for row in rows],
            "amount": [row[4] for row in rows],
        }
    )


def cdnow_source() -> Path | None:
    """Where the installed package ``lifetimes`` keeps the file; None if it is not installed."""
    found = importlib.util.find_spec("lifetimes")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "datasets" / "CDNOW_sample.txt"


def write_cdnow(source_path: Path | str, folder: Path | str) -> Path:
    """Write `cdnow_tidy` as ``orders.csv`` into a folder and return its path."""
    path = Path(folder) / "orders.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    cdnow_tidy(source_path).to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    return path
