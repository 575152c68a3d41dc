"""Tables of the loyalty page, formatted for reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from customer_value import words
from customer_value.codebook import rows_of
from customer_value.display import Prose, Table
from customer_value.loyalty.repeat_purchase import AGAIN, SHARE_OF_WALLET
from customer_value.loyalty.sentences import NAMES
from customer_value.survey import MINIMUM

if TYPE_CHECKING:
    from customer_value.loyalty.matrix import LoyaltyMatrix

__all__ = [
    "answers_table",
    "cells_table",
    "comparison_table",
    "over_full_table",
    "priority_table",
    "reliability_table",
    "sensitivity_table",
]

_Formats = dict[str, Callable[[Any], str]]


def cells_table(result: LoyaltyMatrix) -> Table:
    """Customers, money and mean repeat purchases per cell, the not surveyed included."""

    def money(amount: float) -> str:
        return words.money(amount, result.currency)

    table = result.cells
    names = {"share": "share of customers", "revenue_share": "share of revenue", "net_revenue": "net revenue"}
    names |= {"mean_x": "repeat purchase days", "mean_attitude": "attitude", "near_border": "near a border"}
    order = ["customers", "share", "net_revenue", "revenue_share", "margin", "mean_x", "mean_attitude"]
    shown = table[[name for name in [*order, "near_border"] if name in table.columns]]
    shown.insert(0, "cell", table["cell"].map(NAMES))
    formats: _Formats = {
        "share of customers": words.percent,
        "share of revenue": words.percent,
        "net revenue": money,
    }
    formats |= {"margin": money, "repeat purchase days": lambda x: words.decimal(x, 1)}
    caption = f"Cells of the loyalty matrix, money up to {words.day(result.as_of)}; means under five customers hidden"
    return Table(shown.rename(columns=names), formats, caption)


def sensitivity_table(result: LoyaltyMatrix) -> Table | Prose:
    """Per cell, how many customers other cuts or one standard error would move."""
    if result.placed.empty:
        return _note("Nobody is placed, so there is no cell to leave.")
    other = "with median cuts" if result.options.cuts == "fixed" else "with fixed cuts"
    flags = {"changes_by_cuts": f"other cell {other}", "within_one_error": "within one standard error"}
    flags["near_border"] = "either"
    table = (
        result.placed.groupby("cell")[list(flags)]
        .sum()
        .reindex(["true", "latent", "inert", "none"], fill_value=0)
    )
    shown = table.rename(columns=flags).reset_index()
    shown.insert(
        1, "customers", shown["cell"].map(result.placed["cell"].value_counts()).fillna(0).astype(int)
    )
    shown["cell"] = shown["cell"].map(NAMES)
    return Table(shown, None, "Customers near a border of their cell")


def comparison_table(result: LoyaltyMatrix) -> Table | Prose:
    """Median value and recency of those who answered and of the rest."""
    if result.survey is None:
        return _note("There is no survey in this report, so nobody is compared.")
    if result.respondents_vs_rest.empty:
        return _note(
            f"Those who answered and the rest are not compared: one group has under {MINIMUM} customers."
        )
    rows = []
    for row in rows_of(result.respondents_vs_rest):
        is_money = row.measure == "net_revenue"

        def written(value: float, is_money: bool = is_money) -> str:
            return words.money(value, result.currency) if is_money else words.count(value, "day")

        rows.append(
            {
                "measure (median)": "net revenue" if is_money else "since the last purchase",
                "answered": written(row.respondents),
                "the rest": written(row.rest),
                "chance that a respondent has more": words.percent(row.chance),
                "95% interval": f"{words.percent(row.lower)} to {words.percent(row.upper)}",
            }
        )
    return Table(pd.DataFrame(rows), None, "Who answered: 50% means no difference")


def answers_table(result: LoyaltyMatrix) -> Table | Prose:
    """Where every survey answer ended."""
    if result.survey is None:
        return _note("There is no survey in this report.")
    names = {"reason": "what became of them"}
    return Table(result.survey.ledger.rename(columns=names), None, "Every answer of the survey")


def reliability_table(result: LoyaltyMatrix) -> Table | Prose:
    """Reliability per scale of two items or more, from the latest wave in which it could be measured."""
    if result.survey is None:
        return _note("There is no survey in this report, so there are no scales to judge.")
    table = result.survey.latest_reliability
    table = table[table["items"] > 1][["scale", "items", "n", "alpha", "low", "high", "spearman_brown"]]
    if table.empty:
        return _note("The survey has no scale of two items or more, so reliability cannot be measured.")
    names = {"n": "respondents", "alpha": "Cronbach's alpha", "low": "95% from", "high": "to"}
    caption = "Do the items of a scale measure one thing? 0.70 and more is usual"
    return Table(table.rename(columns=names | {"spearman_brown": "Spearman-Brown"}), None, caption)


def over_full_table(result: LoyaltyMatrix) -> Table | Prose:
    """Customers whose purchases of the last 12 months exceed their stated yearly potential."""

    def money(amount: float) -> str:
        return words.money(amount, result.currency)

    names = {
        "customer_id": "customer",
        "year_revenue": "last 12 months",
        "annual_potential": "yearly potential",
    }
    names["share_of_wallet"] = "share of wallet"
    formats: _Formats = {"last 12 months": money, "yearly potential": money, "share of wallet": words.percent}
    table = result.repeat.over_full[list(names)].rename(columns=names)
    if table.empty:
        return _note("No customer bought more than its stated yearly potential, where that is known.")
    return Table(table, formats, "Share of wallet above 100%: the potential in the customer file is too low")


def priority_table(result: LoyaltyMatrix, cell: str, most: int = 10) -> Table | Prose:
    """The customers of a cell that matter most.

    Parameters
    ----------
    result
        The matrix.
    cell
        ``latent`` (by yearly potential), ``true`` (by margin), ``inert`` or ``not_surveyed`` (by net
        revenue); where potential or margin are not known, by net revenue.
    most
        Rows shown.
    """
    table = result.priorities[cell]
    if table.empty:
        return _note(_why_no_list(result, cell))

    def money(amount: float) -> str:
        return words.money(amount, result.currency)

    columns = {"name": "customer", "attitude": "attitude", "repeat_purchase": result.repeat.source}
    columns |= {"net_revenue": "net revenue", "annual_potential": "yearly potential", "margin": "margin"}
    columns |= {"near_border": "near a border"}
    known = {old: new for old, new in columns.items() if old in table.columns and table[old].notna().any()}
    formats: _Formats = {
        "net revenue": money,
        "yearly potential": money,
        "margin": money,
        result.repeat.source: _digits(result.repeat.source),
    }
    by = str(table["ranked_by"].iloc[0]).replace("_", " ") if len(table) else "net revenue"
    caption = f"{NAMES[cell].capitalize()}, {by} above the median, highest first"
    return Table(table[list(known)].rename(columns=known), formats, caption, most)


def _why_no_list(result: LoyaltyMatrix, cell: str) -> str:
    if result.placed.empty and cell != "not_surveyed":
        return f"Nobody is placed in the matrix, so nobody can be listed as {NAMES[cell]}."
    if not (result.customers["cell"] == cell).any():
        return f"No customer is {NAMES[cell]}."
    return f"Nobody of the {NAMES[cell]} reaches the median of the customers compared."


def _note(sentence: str) -> Prose:
    return Prose((sentence,), kind="note")


def _digits(source: str) -> Callable[[Any], str]:
    if source == SHARE_OF_WALLET:
        return words.percent
    return words.count if source == AGAIN else words.decimal
