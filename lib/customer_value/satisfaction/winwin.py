"""The win-win map: whether the account gains from the relation, this company, or both."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from customer_value.errors import NotEnoughData
from customer_value.survey import MINIMUM

__all__ = ["QUADRANTS", "WinWin", "win_win"]

QUADRANTS = {
    "both": "both win",
    "customer": "the customer wins",
    "company": "this company wins",
    "neither": "neither wins",
}
_EARNINGS = ("profit", "margin", "net_revenue")


@dataclass(frozen=True)
class WinWin:
    """Accounts by the value delivered to them and the money that they bring.

    Parameters
    ----------
    accounts
        ``customer_id``, ``name``, ``value`` (delivered), ``earnings``, ``quadrant`` (``both``, ``customer``,
        ``company``, ``neither``), by earnings, highest first.
    earnings
        Which money it is: ``profit``, else ``margin``, else ``net_revenue``.
    value_cut, earnings_cut
        The medians of these accounts; above is high.
    """

    accounts: pd.DataFrame
    earnings: str
    value_cut: float
    earnings_cut: float

    @property
    def quadrants(self) -> pd.DataFrame:
        """``quadrant``, ``accounts``, ``earnings`` (their sum), ``value`` (mean; missing under five accounts)."""
        grouped = self.accounts.groupby("quadrant")
        table = grouped.agg(accounts=("value", "size"), earnings=("earnings", "sum"), value=("value", "mean"))
        table["value"] = table["value"].where(table["accounts"] >= MINIMUM)
        table = table.reindex(list(QUADRANTS)).rename_axis("quadrant").reset_index()
        return table.assign(
            accounts=table["accounts"].fillna(0).astype(int), earnings=table["earnings"].fillna(0.0)
        )

    def of(self, quadrant: str) -> pd.DataFrame:
        """The accounts of one quadrant, the largest earnings first."""
        return self.accounts[self.accounts["quadrant"] == quadrant]


def win_win(value: pd.Series, customers: pd.DataFrame, names: pd.Series | None = None) -> WinWin:
    """Place accounts by delivered value and earnings.

    Parameters
    ----------
    value
        Delivered value by ``customer_id``.
    customers
        ``customer_id``, ``net_revenue`` and, where known, ``margin`` and ``profit``.
    names
        Name by ``customer_id``.

    Returns
    -------
    WinWin

    Raises
    ------
    NotEnoughData
        With fewer than five accounts.

    Examples
    --------
    >>> value = pd.Series({"a": 10.0, "b": 20.0, "c": 30.0, "d": 40.0, "e": 50.0})
    >>> money = pd.DataFrame({"customer_id": list("abcde"), "net_revenue": [9.0, 1.0, 5.0, 2.0, 8.0]})
    >>> win_win(value, money).accounts[["customer_id", "quadrant"]].values.tolist()
    [['a', 'company'], ['e', 'both'], ['c', 'neither'], ['d', 'customer'], ['b', 'neither']]
    """
    earnings = next((name for name in _EARNINGS if name in customers.columns), "net_revenue")
    money = customers.drop_duplicates("customer_id").set_index("customer_id")[earnings].astype(float)
    table = pd.DataFrame({"value": value, "earnings": money.reindex(value.index)}).dropna()
    if len(table) < MINIMUM:
        raise NotEnoughData(
            f"The delivered value of fewer than {MINIMUM} accounts with orders is known, so they are not placed "
            "on a map."
        )
    value_cut, earnings_cut = float(table["value"].median()), float(table["earnings"].median())
    high_value, high_money = table["value"] > value_cut, table["earnings"] > earnings_cut
    pairs = zip(high_value, high_money, strict=True)
    table["quadrant"] = [_quadrant(gains, brings) for gains, brings in pairs]
    table = table.rename_axis("customer_id").reset_index()
    known = table["customer_id"] if names is None else table["customer_id"].map(names)
    table.insert(1, "name", known.fillna(table["customer_id"]))
    table = table.sort_values(["earnings", "customer_id"], ascending=[False, True], ignore_index=True)
    return WinWin(table, earnings, value_cut, earnings_cut)


def _quadrant(gains: bool, brings: bool) -> str:
    if gains:
        return "both" if brings else "customer"
    return "company" if brings else "neither"
