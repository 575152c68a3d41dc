"""The behaviour axis of the loyalty matrix: how much of its buying a customer does here.

One measure serves a whole report. The best is the *share of wallet*: what the customer bought here
in the last 12 months against what it could buy in the category from anyone. Where that potential is
not known, the customer's purchase rate is compared with its own industry, because a hospital and a
hotel buy at different rhythms whoever they prefer. Where neither is known the axis only says
whether the customer ever came back.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from customer_value.errors import InputError
from customer_value.expressions import as_table, exact_sum
from customer_value.settings import LoyaltySettings
from customer_value.survey import MINIMUM
from customer_value.text import Day, Money, Name, Text, say, say_for

__all__ = [
    "AGAIN",
    "RATE",
    "SHARES",
    "SHARE_OF_WALLET",
    "STATED_SHARE",
    "RepeatPurchase",
    "measure_repeat_purchase",
]

SHARE_OF_WALLET = "share of wallet"
RATE = "purchase rate against own industry"
AGAIN = "bought again"
STATED_SHARE = "stated purchase share"

SHARES = (SHARE_OF_WALLET, STATED_SHARE)
"""Measures from 0 to 1 that are written as percentages."""

KNOWN_FOR = 0.8
"""A measure is used if it is known for at least this share of the surveyed customers."""


@dataclass(frozen=True)
class RepeatPurchase:
    """The measure of repeat purchase that a report uses.

    Parameters
    ----------
    values
        ``customer_id``, ``repeat_purchase`` (missing where unknown), ``year_revenue`` (net revenue
        of the last 12 months, missing if months are not known), ``annual_potential``, one row per
        customer with a purchase.
    source
        `SHARE_OF_WALLET`, `RATE`, `AGAIN` or `STATED_SHARE`.
    cut
        A customer is high above this value.
    axis
        Label of the axis, with unit.
    definition
        One sentence for the reader.
    warnings
        What a reader must know, as sentences.
    """

    values: pd.DataFrame
    source: str
    cut: float
    axis: str
    definition: Text
    warnings: tuple[Text, ...]

    @property
    def over_full(self) -> pd.DataFrame:
        """Customers who bought more than their stated potential: a data problem, largest first."""
        values = self.values.assign(share_of_wallet=_share(self.values))
        over = values[values["share_of_wallet"] > 1]
        return over.sort_values(
            ["share_of_wallet", "customer_id"], ascending=[False, True], ignore_index=True
        )


def measure_repeat_purchase(
    buyers: pd.DataFrame,
    surveyed: pd.Series,
    customer_file: pd.DataFrame | None,
    customer_months: Any,
    *,
    as_of: dt.date,
    currency: str,
    options: LoyaltySettings,
    source: str | None = None,
) -> RepeatPurchase:
    """Choose the measure of repeat purchase that these data allow, and compute it.

    Parameters
    ----------
    buyers
        Customers with a purchase: ``customer_id``, ``first_order``, ``frequency`` (x), ``T`` (days).
    surveyed
        Ids of the surveyed among them; a measure must be known for 80 % of them (of all if none).
    customer_file
        ``customer_id`` with ``annual_potential`` and ``industry`` where known, or None.
    customer_months
        ``customer_id``, ``month``, ``net_revenue`` as a pandas frame or an Ibis table, or None.
    as_of, currency, options
        Date, currency and settings of the report; nothing after the date is looked at.
    source
        Use this measure, so that two dates can be compared; None chooses.

    Returns
    -------
    RepeatPurchase
        The first of: *share of wallet*, net revenue in the 12 calendar months that end with the
        month of ``as_of``, brought to a full year if that month is not over or the orders do not
        cover it, ÷ annual_potential (cut 0.5); *purchase rate* x ÷ T against all buyers of the same
        industry taken together, or against all buyers where the industry is blank, has fewer than
        five customers or never buys again (cut 1); *bought again*, x (cut 0).

    Raises
    ------
    InputError
        If the customer file lists a customer twice.
    """
    values = _with_file(buyers, customer_file)
    values["year_revenue"] = np.nan
    notes: list[Text] = []
    if customer_months is not None:
        values["year_revenue"], notes = _year_revenue(values, customer_months, as_of)
    judged = values["customer_id"].isin(surveyed) if len(surveyed) else pd.Series(True, index=values.index)
    wallet, rate = _share(values), _relative_rate(values)
    source = source or _best_known(wallet, rate.where(values["industry"].notna()), judged)
    if source == SHARE_OF_WALLET:
        values["repeat_purchase"] = wallet
        return _wallet_measure(values, notes, as_of, currency, options)
    if source == RATE:
        return _measure(values.assign(repeat_purchase=rate), *_RATE)
    return _measure(values.assign(repeat_purchase=values["frequency"]), *_AGAIN)


_RATE = (
    RATE,
    1.0,
    "Purchase rate ÷ rate of the own industry (stands in for share of wallet)",
    say(
        "Repeat purchase is the rate of repeat purchases since the first one, divided by the rate of all "
        "customers of the same industry; above 1 a customer buys more often than its industry. It stands in for "
        "share of wallet, because potential is not known for enough customers."
    ),
)
_AGAIN = (
    AGAIN,
    0.0,
    "Repeat purchase days, x (stands in for share of wallet)",
    say(
        "Repeat purchase is the number of days with a purchase after the first one; above 0 the customer came "
        "back. It stands in for share of wallet. Neither potential nor industry is known, so this cannot tell a "
        "large share of a small need from a small share of a large one."
    ),
)


def _measure(values: pd.DataFrame, source: str, cut: float, axis: str, definition: Text) -> RepeatPurchase:
    columns = ["customer_id", "repeat_purchase", "year_revenue", "annual_potential"]
    return RepeatPurchase(values[columns].reset_index(drop=True), source, cut, axis, definition, ())


def _wallet_measure(
    values: pd.DataFrame, notes: list[Text], as_of: dt.date, currency: str, options: LoyaltySettings
) -> RepeatPurchase:
    definition = say(
        "Repeat purchase is the share of wallet: net revenue of the 12 months to {day} divided by what the customer "
        "could buy in this category from anyone in a year.",
        day=Day(as_of),
    )
    axis = "Share of wallet, last 12 months"
    found = _measure(values, SHARE_OF_WALLET, options.share_of_wallet_cut, axis, definition)
    year_ago = pd.Timestamp(as_of) - pd.DateOffset(months=12)
    new = int((values["repeat_purchase"].notna() & (pd.to_datetime(values["first_order"]) > year_ago)).sum())
    if new:
        notes = [
            *notes,
            say_for(
                new,
                "{n} customer first bought within the last 12 months; its share of wallet is understated.",
                "{n} customers first bought within the last 12 months; their share of wallet is understated.",
            ),
        ]
    over = found.over_full
    if len(over):
        first = over.iloc[0]
        notes.append(
            say_for(
                len(over),
                "{n} customer bought more than its stated yearly potential, which cannot be right; the largest excess "
                "is {customer} with {bought} against a potential of {potential}. Correct the potential in the customer "
                "file.",
                "{n} customers bought more than their stated yearly potential, which cannot be right; the largest "
                "excess is {customer} with {bought} against a potential of {potential}. Correct the potential in the "
                "customer file.",
                customer=Name(first["customer_id"]),
                bought=Money(first["year_revenue"], currency),
                potential=Money(first["annual_potential"], currency),
            )
        )
    return RepeatPurchase(found.values, found.source, found.cut, found.axis, found.definition, tuple(notes))


def _with_file(buyers: pd.DataFrame, customer_file: pd.DataFrame | None) -> pd.DataFrame:
    values = buyers[["customer_id", "first_order", "frequency", "T"]].reset_index(drop=True)
    wanted = ["annual_potential", "industry"]
    if customer_file is not None:
        twice = customer_file["customer_id"][customer_file["customer_id"].duplicated()]
        if len(twice):
            raise InputError(
                f"Customer file: customer {twice.min()!r} is listed twice. Keep one row per customer."
            )
        known = [name for name in wanted if name in customer_file.columns]
        values = values.merge(customer_file[["customer_id", *known]], on="customer_id", how="left")
    for name in wanted:
        if name not in values.columns:
            values[name] = None
    potential = pd.to_numeric(values["annual_potential"]).astype(float)
    values["annual_potential"] = potential.where(potential > 0)
    return values


def _year_revenue(values: pd.DataFrame, months: Any, as_of: dt.date) -> tuple[pd.Series, list[Text]]:
    """Net revenue of each customer in the last 12 months, brought to a full year."""
    start = (pd.Timestamp(as_of).replace(day=1) - pd.DateOffset(months=11)).date()
    end = as_of.replace(day=calendar.monthrange(as_of.year, as_of.month)[1])
    origin = pd.to_datetime(values["first_order"]).min()
    begin = start if pd.isna(origin) else max(start, origin.date())
    covered, full = (as_of - begin).days + 1, (end - start).days + 1
    table = as_table(months, needs=("customer_id", "month", "net_revenue"))
    month = table.month.cast("date")
    recent = table.filter((month >= start) & (month <= as_of))
    sums = (
        recent.group_by("customer_id")
        .aggregate(revenue=exact_sum(recent.net_revenue))
        .to_pyarrow()
        .to_pandas()
    )
    revenue = values["customer_id"].map(sums.set_index("customer_id")["revenue"]).astype(float).fillna(0.0)
    notes = []
    if covered < 330:
        notes.append(
            say_for(
                covered,
                "The orders cover only {n} day of the last 12 months; share of wallet is brought to a full year in "
                "proportion, as if every part of the year sold alike.",
                "The orders cover only {n} days of the last 12 months; share of wallet is brought to a full year in "
                "proportion, as if every part of the year sold alike.",
            )
        )
    return revenue * (full / covered), notes


def _share(values: pd.DataFrame) -> pd.Series:
    return values["year_revenue"] / values["annual_potential"]


def _best_known(wallet: pd.Series, rate: pd.Series, judged: pd.Series) -> str:
    if _known(wallet, judged):
        return SHARE_OF_WALLET
    return RATE if _known(rate, judged) else AGAIN


def _known(measure: pd.Series, judged: pd.Series) -> bool:
    return bool(judged.any()) and bool(measure[judged].notna().mean() >= KNOWN_FOR)


def _relative_rate(values: pd.DataFrame) -> pd.Series:
    """Rate x ÷ T of each buyer over Σx ÷ ΣT of its industry; missing if nobody ever bought again."""
    x, days = values["frequency"].astype(float), values["T"].astype(float)
    industry = values["industry"].astype("str").fillna("")
    grouped = pd.DataFrame({"x": x, "days": days, "n": 1.0}).groupby(industry).transform("sum")
    usable = (industry != "") & (grouped["n"] >= MINIMUM) & (grouped["x"] > 0)
    base_x, base_days = grouped["x"].where(usable, x.sum()), grouped["days"].where(usable, days.sum())
    rate = (x / days.where(days > 0)).fillna(0.0)
    return rate / (base_x / base_days.where(base_days > 0)).where(base_x > 0)
