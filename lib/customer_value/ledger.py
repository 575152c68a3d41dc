"""The ledger: where every row that was read ended, with rows and money.

Rows read (and added for money given back) = rows kept + rows excluded, and the amounts add up to the
cent; a ledger that does not reconcile stops the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from customer_value import words
from customer_value.display import Table
from customer_value.errors import InputError

__all__ = ["RETURN", "Ledger", "LedgerLine"]

RETURN = "return dropped"
"""The reason of returns that the settings leave out."""


@dataclass(frozen=True)
class LedgerLine:
    """One line: all rows of a table that were read, added, kept, or excluded for one reason.

    ``amount`` is the money of those rows in the report's currency, None for tables without money.
    A line with status ``note`` states how the table was read; if it has rows, they are among the kept ones, and
    its money is what they were sold for.
    """

    table: str
    status: str
    reason: str
    rows: int | None = None
    amount: Decimal | None = None
    detail: str = ""


@dataclass(frozen=True)
class Ledger:
    """The lines of all input tables.

    Examples
    --------
    >>> ledger = Ledger((
    ...     LedgerLine("orders", "read", "", 3, Decimal("30.00")),
    ...     LedgerLine("orders", "kept", "", 2, Decimal("20.00")),
    ...     LedgerLine("orders", "excluded", "no customer id", 1, Decimal("10.00")),
    ... ))
    >>> ledger.reconciled().rows("orders", "kept")
    2
    """

    lines: tuple[LedgerLine, ...]

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(self.lines + other.lines)

    def noting(self, notes: Iterable[LedgerLine]) -> Ledger:
        """The ledger with further notes, each behind the lines of its table."""
        places = {table: place for place, table in enumerate(self.tables())}
        return Ledger(tuple(sorted((*self.lines, *notes), key=lambda line: places[line.table])))

    def of(self, table: str, status: str | None = None) -> tuple[LedgerLine, ...]:
        """The lines of one table, all or those with one status."""
        return tuple(line for line in self.lines if line.table == table and status in (None, line.status))

    def tables(self) -> tuple[str, ...]:
        """The names of the tables in the ledger, in order."""
        return tuple(dict.fromkeys(line.table for line in self.lines))

    def rows(self, table: str, status: str) -> int:
        """The number of rows of a table with that status."""
        return sum(line.rows or 0 for line in self.of(table, status))

    def amount(self, table: str, status: str) -> Decimal:
        """The money of the rows of a table with that status."""
        return sum((line.amount or Decimal(0) for line in self.of(table, status)), Decimal(0))

    def kept_of_added(self, table: str) -> int:
        """How many of the rows that were added are kept: all, or none where returns are dropped."""
        dropped = any(line.reason == RETURN and line.rows for line in self.of(table, "excluded"))
        return 0 if dropped else self.rows(table, "added")

    def reconciled(self) -> Ledger:
        """The ledger itself, if every table adds up.

        Raises
        ------
        InputError
            If rows or money read and added are not rows or money kept plus excluded.
        """
        for table in self.tables():
            for measure in (self.rows, self.amount):
                read = measure(table, "read") + measure(table, "added")
                parts = measure(table, "kept") + measure(table, "excluded")
                if read != parts:
                    raise InputError(
                        f"The ledger of {table} does not add up: {read} read, {parts} kept and excluded. "
                        "Nothing was published; the source may have changed while it was read."
                    )
        return self

    def frame(self) -> pd.DataFrame:
        """Columns table, status, reason, rows, amount, detail; one row per line."""
        return pd.DataFrame(
            {
                "table": [line.table for line in self.lines],
                "status": [line.status for line in self.lines],
                "reason": [line.reason for line in self.lines],
                "rows": pd.array([line.rows for line in self.lines], dtype="Int64"),
                "amount": [None if line.amount is None else cents(line.amount) for line in self.lines],
                "detail": [line.detail for line in self.lines],
            }
        )

    def rows_table(self, currency: str) -> Table:
        """The lines with rows, for reading; without a column of amounts if there is no money."""
        shown = [line for line in self.lines if line.status != "note" or line.rows is not None]
        read = {table: self.rows(table, "read") for table in self.tables()}
        money = words.with_currency("Amount", currency, " ({})")
        frame = pd.DataFrame(
            {
                "Table": [line.table for line in shown],
                "Rows are": [_OF_KEPT if line.status == "note" else line.status for line in shown],
                "Reason": [line.reason or line.detail for line in shown],
                "Rows": [line.rows or 0 for line in shown],
                "Share of rows": [
                    (line.rows or 0) / read[line.table] if read[line.table] else None for line in shown
                ],
                money: [None if line.amount is None else float(line.amount) for line in shown],
            }
        )
        formats: dict[str, Callable[[Any], str]] = {
            "Rows": words.count,
            "Share of rows": words.percent,
            money: lambda value: f"{value:,.2f}",
        }
        if all(line.amount is None for line in shown):
            frame = frame.drop(columns=money)
        return Table(frame, formats, "Every row that was read, and where it ended", most=200)

    def notes_table(self) -> Table:
        """How each table was read: what was stated and what was detected."""
        notes = [line for line in self.lines if line.status == "note"]
        frame = pd.DataFrame(
            {
                "Table": [line.table for line in notes],
                "What": [line.reason for line in notes],
                "How it was read": [line.detail for line in notes],
            }
        )
        return Table(frame, caption="How the files were read", most=200)


_OF_KEPT = "of those kept"


def cents(amount: Decimal) -> str:
    """An exact amount as text with at least two and at most four decimals.

    >>> cents(Decimal("12.5000")), cents(Decimal("0.1234")), cents(Decimal("3"))
    ('12.50', '0.1234', '3.00')
    """
    text = f"{amount:.4f}"
    return text[:-2] if text.endswith("00") else text
