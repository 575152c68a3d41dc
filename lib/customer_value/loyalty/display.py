"""Tables of the loyalty page, formatted for reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from customer_value import words
from customer_value.codebook import OWN, rows_of
from customer_value.display import Prose, Table, written
from customer_value.loyalty.cells import FOUR
from customer_value.loyalty.names import CLASS_NAMES, NAMES, RANKED_BY, title
from customer_value.loyalty.repeat_purchase import AGAIN, SHARES
from customer_value.survey import MINIMUM
from customer_value.text import Count, Day, Text, say
from customer_value.text.phrases import months

if TYPE_CHECKING:
    from customer_value.loyalty.matrix import LoyaltyMatrix

__all__ = [
    "answers_table",
    "cells_table",
    "classes_table",
    "comparison_table",
    "correlations_table",
    "held_by_table",
    "hindrances_table",
    "means_table",
    "moves_table",
    "opinions_table",
    "over_full_table",
    "priority_table",
    "reliability_table",
    "retention_table",
    "sensitivity_table",
    "splits_table",
]

_Formats = dict[str, Callable[[Any], str]]
NEEDS_ORDERS = say("This part needs orders, which this report does not have.")


def cells_table(result: LoyaltyMatrix) -> Table | Prose:
    """Customers and money per cell, the not surveyed included."""
    if result.customers.empty:
        return _note(_no_customers(result))
    money = _money(result)
    table = result.cells
    names = {
        "cell": "Cell",
        "customers": "Customers",
        "share": "Share of customers",
        "net_revenue": "Net revenue",
        "revenue_share": "Share of revenue",
        "margin": "Margin",
        "clv": "Lifetime value",
        "near_border": "Near a border",
    }
    if not result.with_orders:
        names = {name: names[name] for name in ("cell", "customers", "share", "near_border")}
        names |= {"customers": f"{_capital(result.unit)}s", "share": f"Share of {result.unit}s"}
        names |= {"mean_attitude": "Mean attitude"}
        caption = f"Cells of the loyalty matrix; means of fewer than {MINIMUM} are not shown"
        cells = table["cell"].map(title).where(table["cell"] != "not_surveyed", "Not placed")
        return Table(_columns(table.assign(cell=cells), names), {names["share"]: words.percent}, caption)
    shown = _columns(table.assign(cell=table["cell"].map(title)), names)
    formats: _Formats = {"Share of customers": words.percent, "Share of revenue": words.percent}
    formats |= dict.fromkeys(("Net revenue", "Margin", "Lifetime value"), money)
    ahead = "; lifetime value as on page 4" if "clv" in table.columns else ""
    caption = f"Cells of the loyalty matrix, money up to {words.day(result.as_of)}{ahead}"
    return Table(shown, formats, caption)


def means_table(result: LoyaltyMatrix) -> Table | Prose:
    """How the customers of each cell judge and buy, on average."""
    if result.customers.empty or not result.with_orders:
        return _note(_no_customers(result))
    table = result.cells
    names = {
        "cell": "Cell",
        "customers": "Customers",
        "mean_attitude": "Attitude",
        "mean_x": "Repeat purchase days",
        "mean_p_alive": "Chance still active",
    }
    formats: _Formats = {"Repeat purchase days": _one_digit, "Chance still active": words.percent}
    caption = f"Means per cell; those of fewer than {MINIMUM} customers are not shown"
    return Table(_columns(table.assign(cell=table["cell"].map(title)), names), formats, caption)


def retention_table(result: LoyaltyMatrix) -> Table | Prose:
    """Who bought again in the period after the survey, by the cell of that time."""
    table = result.retention
    if table.empty:
        return _note(why_no_retention(result))
    shown = pd.DataFrame(
        {
            "Cell at the survey": table["cell"].map(title),
            "Customers then": table["customers"].astype(int),
            "Bought again": table["retained"],
            "Share": table["rate"],
            "95% from": table["low"],
            "to": table["high"],
        }
    )
    formats: _Formats = dict.fromkeys(("Share", "95% from", "to"), words.percent)
    formats["Bought again"] = words.count
    then = words.day(table["measured_on"].iloc[0].date())
    caption = f"Purchases in the {words.count(result.period_months, 'month')} after {then}; under {MINIMUM} not shown"
    return Table(shown, formats, caption)


def why_no_retention(result: LoyaltyMatrix) -> Text:
    """Why it cannot be said who came back after the survey."""
    if result.customers.empty or not result.with_orders:
        return _no_customers(result)
    if result.status != "placed":
        return say("Nobody is placed, so no cell can be followed up.")
    if result.by_wave.empty:
        return say(
            "The survey has no dates (or purchases are not known by month), so no cell can be followed up."
        )
    if result.by_wave["retained"].notna().any():
        return say("At the time of the survey nobody could be placed, so no cell can be followed up.")
    first = result.by_wave["measured_on"].min()
    due = first + pd.DateOffset(months=result.period_months) + pd.offsets.MonthEnd(0)
    return say(
        "Who came back within {months} of the survey will be known with orders up to {due}; this report ends on "
        "{as_of}.",
        months=months(result.period_months),
        due=Day(due.date()),
        as_of=Day(result.as_of),
    )


def moves_table(result: LoyaltyMatrix) -> Table | Prose:
    """How many customers, and how much money, went from which cell to which."""
    found, table = result.movement, result.moves
    if found is None:
        return _note(why_no_moves(result))
    table = table[(table["from_name"] == found.from_name) & (table["to_name"] == found.to_name)]
    table = table[(table["from_cell"] != "not_surveyed") | (table["to_cell"] != "not_surveyed")]
    table = table[table["customers"] > 0]
    shown = pd.DataFrame(
        {
            "From": table["from_cell"].map(title),
            "To": table["to_cell"].map(title),
            "Customers": table["customers"],
            "12 months to the first": table["revenue_before"],
            "12 months to the second": table["revenue_after"],
        }
    )
    formats: _Formats = dict.fromkeys(shown.columns[3:], _money(result))
    names = f"{found.from_name} and {found.to_name}"
    return Table(shown, formats, f"Between the surveys of {names}; net revenue")


def why_no_moves(result: LoyaltyMatrix) -> Text:
    """Why there is no movement to show."""
    if result.customers.empty or not result.with_orders:
        return _no_customers(result)
    asked = len(result.opinions)
    if not asked:
        return say("Movement between cells needs two surveys; this report has none with an attitude.")
    if asked == 1:
        return say("Movement between cells needs two surveys; this report has one.")
    return say(
        "There are {waves} survey waves, but no two in succession that measured attitude alike and placed {minimum} "
        "of the same customers.",
        waves=Count(asked),
        minimum=Count(MINIMUM),
    )


def sensitivity_table(result: LoyaltyMatrix) -> Table | Prose:
    """Per cell, how many customers other cuts or one standard error would move."""
    if result.placed.empty:
        return _note(_if_customers(result, say("Nobody is placed, so there is no cell to leave.")))
    other = "with median cuts" if result.options.cuts == "fixed" else "with fixed cuts"
    flags = {"changes_by_cuts": f"Other cell {other}", "within_one_error": "Within one standard error"}
    flags["near_border"] = "Either"
    table = result.placed.groupby("cell")[list(flags)].sum().reindex(list(FOUR), fill_value=0)
    shown = table.rename(columns=flags).reset_index(names="Cell")
    sizes = shown["Cell"].map(result.placed["cell"].value_counts()).fillna(0).astype(int)
    shown.insert(1, f"{_capital(result.unit)}s", sizes)
    shown["Cell"] = shown["Cell"].map(title)
    return Table(shown, None, f"{_capital(result.unit)}s near a border of their cell")


def splits_table(result: LoyaltyMatrix) -> Table | Prose:
    """Sizes of the cells under other splits, and how many customers change their cell."""
    if result.placed.empty:
        return _note(_if_customers(result, say("Nobody is placed, so no other split can be tried.")))
    shown = result.splits.rename(columns={cell: title(cell) for cell in FOUR})
    shown = shown.rename(columns={"split": "Split", "changed": "Change cell"})
    shown["Split"] = [_capital(text) for text in shown["Split"]]
    return Table(shown, None, f"{words.count(len(result.placed), result.unit)} placed under other splits")


def classes_table(result: LoyaltyMatrix) -> Table | Prose:
    """Response, attitude and true loyalty by class of customer, with intervals."""
    table = result.groups
    if result.placed.empty or table.empty:
        return _note(_if_customers(result, say("There are no classes with placed customers to compare.")))
    shown = pd.DataFrame(
        {
            "By": table["by"].map(CLASS_NAMES),
            "Class": table["class"],
            "Customers": table["customers"],
            "Answered": table["response_rate"],
            "Placed": table["placed"],
            "Attitude": table["attitude"],
            "Attitude, 95%": _spans(table, "attitude_low", "attitude_high", words.decimal),
            "Truly loyal": table["true_share"],
            "Truly loyal, 95%": _spans(table, "true_low", "true_high", words.percent),
        }
    )
    caption = f"By class, among those placed; figures of fewer than {MINIMUM} are not shown"
    return Table(shown, {"Answered": words.percent, "Truly loyal": words.percent}, caption)


def opinions_table(result: LoyaltyMatrix) -> Table | Prose:
    """Attitude of the respondents, wave by wave; needs no orders."""
    table = result.opinions
    if table.empty:
        return _note(say("The survey has no attitude to average.") if result.survey else _NO_SURVEY)
    shown = pd.DataFrame(
        {
            "Survey": table["name"],
            "Respondents": table["respondents"],
            "Measured as": table["attitude_source"],
            "Mean": table["mean"],
            "Mean, 95%": _spans(table, "low", "high", words.decimal),
            "High": table["high_share"],
            "High, 95%": _spans(table, "high_share_low", "high_share_high", words.percent),
            "Standard error": table["standard_error"],
            "Within it of the cut": table["near_cut"],
        }
    )
    formats: _Formats = {"High": words.percent, "Within it of the cut": words.count}
    return Table(shown, formats, f"Attitude of respondents; under {MINIMUM} nothing is averaged")


def correlations_table(result: LoyaltyMatrix) -> Table | Prose:
    """How far the constructs of the survey go together."""
    table = getattr(result.survey, "correlations", None)
    if table is None or table.empty:
        return _note(_NO_SURVEY if result.survey is None else say("There are no two constructs to compare."))
    latest = table[table["wave"] == table["wave"].max()]
    shown = _own_scales(result, latest)
    if len(shown) < 2:
        return _note(say("The survey has no two constructs on this company to compare."))
    pairs = {(row.construct, row.other): row.r for row in rows_of(latest)}
    square: dict[str, list[Any]] = {"Construct": shown}
    for number, other in enumerate(shown):
        column = [pairs.get((one, other), pairs.get((other, one))) for one in shown]
        square[f"{number + 1}"] = [None] * (number + 1) + column[number + 1 :]
    frame = pd.DataFrame(square, dtype=object)
    frame["Construct"] = [f"{number + 1} {name}" for number, name in enumerate(shown)]
    frame = frame.drop(columns=str(len(shown)))
    people = latest.loc[latest["construct"].isin(shown) & latest["other"].isin(shown), "n"]
    least, most = int(people.min()), int(people.max())
    ends = (
        words.count(most, "respondent")
        if least == most
        else f"{words.count(least)} to {words.count(most)} respondents"
    )
    caption = f"Correlations between constructs ({ends} a pair): high ones are hard to tell apart"
    return Table(frame, dict.fromkeys(frame.columns[1:], words.decimal), caption)


def comparison_table(result: LoyaltyMatrix) -> Table | Prose:
    """Median value and recency of those who answered and of the rest."""
    if result.survey is None:
        return _note(say("There is no survey in this report, so nobody is compared."))
    if result.customers.empty or not result.with_orders:
        return _note(_no_customers(result))
    if result.respondents_vs_rest.empty:
        return _note(
            say(
                "Those who answered and the rest are not compared: one group has under {minimum} customers.",
                minimum=Count(MINIMUM),
            )
        )
    rows = []
    for row in rows_of(result.respondents_vs_rest):
        is_money = row.measure == "net_revenue"

        def shown(value: float, is_money: bool = is_money) -> str:
            return words.money(value, result.currency) if is_money else words.count(value, "day")

        rows.append(
            {
                "Median": "net revenue" if is_money else "since the last purchase",
                "Answered": shown(row.respondents),
                "The rest": shown(row.rest),
                "Chance that a respondent has more": words.percent(row.chance),
                "95% interval": f"{words.percent(row.lower)} to {words.percent(row.upper)}",
            }
        )
    return Table(pd.DataFrame(rows), None, "Who answered: 50% means no difference")


def answers_table(result: LoyaltyMatrix) -> Table | Prose:
    """Where every survey answer ended."""
    if result.survey is None:
        return _note(_NO_SURVEY)
    names = {"reason": "What became of them", "answers": "Answers"}
    return Table(result.survey.ledger.rename(columns=names), None, "Every answer of the survey")


def reliability_table(result: LoyaltyMatrix) -> Table | Prose:
    """Reliability per scale of two items or more, from the latest wave in which it could be measured."""
    if result.survey is None:
        return _note(say("There is no survey in this report, so there are no scales to judge."))
    table = result.survey.latest_reliability
    table = table[table["items"] > 1]
    if table.empty:
        return _note(say("The survey has no scale of two items or more, so reliability cannot be measured."))
    shown = _columns(
        table, {"scale": "Scale", "items": "Items", "n": "Respondents", "alpha": "Cronbach's alpha"}
    )
    shown["Alpha, 95%"] = _spans(table, "low", "high", words.decimal)
    if "omega" in table.columns:
        shown["McDonald's omega"] = table["omega"]
    if {"omega_low", "omega_high"} <= set(table.columns):
        shown["Omega, 95%"] = _spans(table, "omega_low", "omega_high", words.decimal)
    shown["Spearman-Brown"] = table["spearman_brown"]
    return Table(shown, None, "Do the items of a scale measure one thing? 0.70 and more is usual")


def over_full_table(result: LoyaltyMatrix) -> Table | Prose:
    """Customers whose purchases of the last 12 months exceed their stated yearly potential."""
    names = {
        "customer_id": "Customer",
        "year_revenue": "Last 12 months",
        "annual_potential": "Yearly potential",
        "share_of_wallet": "Share of wallet",
    }
    money = _money(result)
    formats: _Formats = {"Last 12 months": money, "Yearly potential": money, "Share of wallet": words.percent}
    table = result.repeat.over_full[list(names)].rename(columns=names)
    if table.empty:
        fine = say("No customer bought more than its stated yearly potential, where that is known.")
        return _note(_if_customers(result, fine))
    return Table(table, formats, "Share of wallet above 100%: the potential in the customer file is too low")


def priority_table(result: LoyaltyMatrix, cell: str, most: int = 10) -> Table | Prose:
    """The customers of a cell that matter most.

    Parameters
    ----------
    result
        The matrix.
    cell
        ``latent`` (by yearly potential), ``true`` (by lifetime value, else margin), ``inert``, ``none``
        or ``not_surveyed`` (by net revenue); where the figure is not known, by net revenue.
    most
        Rows shown.
    """
    table = result.priorities[cell]
    if table.empty or not result.with_orders:
        return _note(_why_no_list(result, cell))
    repeat = _capital(result.repeat.source)
    columns = {
        "name": "Customer",
        "attitude": "Attitude",
        "repeat_purchase": repeat,
        "net_revenue": "Net revenue",
        "annual_potential": "Yearly potential",
        "margin": "Margin",
        "clv": "Lifetime value",
        "p_alive": "Chance still active",
        "near_border": "Near a border",
    }
    known = {old: new for old, new in columns.items() if old in table.columns and table[old].notna().any()}
    money = ("Net revenue", "Yearly potential", "Margin", "Lifetime value")
    formats: _Formats = dict.fromkeys(money, _money(result))
    formats |= {repeat: _digits(result.repeat.source), "Chance still active": words.percent}
    by = written(RANKED_BY[str(table["ranked_by"].iloc[0])])
    caption = f"{title(cell)}, {by} at or above the median, highest first"
    return Table(table[list(known)].rename(columns=known), formats, caption, most)


def hindrances_table(result: LoyaltyMatrix) -> Table | Prose:
    """What the latent loyal rate lower than the truly loyal do, the largest gap first."""
    table = result.hindrances
    if table.empty:
        few = say(
            "Latent and truly loyal customers are not compared: fewer than {minimum} of one kind rated the same thing.",
            minimum=Count(MINIMUM),
        )
        return _note(_if_customers(result, few))
    shown = pd.DataFrame(
        {
            "Attribute": table["attribute"],
            "Latent loyal": table["latent"],
            "Truly loyal": table["true"],
            "Difference": table["difference"],
            "95% interval": _spans(table, "low", "high", words.decimal),
        }
    )
    caption = "Mean rating of this company from 0 to 1, burdens turned round; the intervals hold for all rows together"
    return Table(shown, None, caption)


def held_by_table(result: LoyaltyMatrix) -> Table | Prose:
    """What the inert loyal find better here than at the best competitor."""
    table = result.held_by
    if table.empty:
        few = say(
            "What holds the inert loyal is not known: fewer than {minimum} of them rated this company and a competitor "
            "on the same attribute.",
            minimum=Count(MINIMUM),
        )
        return _note(_if_customers(result, few))
    shown = pd.DataFrame(
        {
            "Attribute": table["attribute"],
            "Customers": table["n"],
            "Ahead of the best competitor": table["lead"],
            "95% interval": _spans(table, "low", "high", words.decimal),
        }
    )
    caption = "Inert loyal: own rating minus the best competitor's (−1 to 1), burdens turned round"
    return Table(shown, None, caption)


def _why_no_list(result: LoyaltyMatrix, cell: str) -> Text:
    if result.customers.empty or not result.with_orders:
        return _no_customers(result)
    if result.placed.empty and cell != "not_surveyed":
        return say("Nobody is placed in the matrix, so nobody can be listed as {cell}.", cell=NAMES[cell])
    if not (result.customers["cell"] == cell).any():
        if cell == "none":
            return say("No customer stands in the cell {cell}.", cell=NAMES[cell])
        return say("No customer is {cell}.", cell=NAMES[cell])
    return say("Nobody of the {cell} reaches the median of the customers compared.", cell=NAMES[cell])


_NO_SURVEY = say("There is no survey in this report.")


def _no_customers(result: LoyaltyMatrix) -> Text:
    if not result.with_orders:
        return NEEDS_ORDERS
    return say("No customer has a purchase, so there are no cells.")


def _if_customers(result: LoyaltyMatrix, sentence: Text) -> Text:
    return _no_customers(result) if result.customers.empty else sentence


def _money(result: LoyaltyMatrix) -> Callable[[float], str]:
    return lambda amount: words.money(amount, result.currency)


def _own_scales(result: LoyaltyMatrix, pairs: pd.DataFrame) -> list[str]:
    """Scales on this company, those with most items first where there are too many for a table."""
    if result.survey is None:
        return []
    scores = result.survey.scores
    own = scores[scores["target"] == OWN].drop_duplicates(["scale_name", "item"])
    known = set(pairs["construct"]) | set(pairs["other"])
    sizes = own["scale_name"].value_counts()
    ordered = sorted((name for name in sizes.index if name in known), key=lambda name: (-sizes[name], name))
    return sorted(ordered[:_MOST_SCALES])


_MOST_SCALES = 8


def _columns(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    known = {old: new for old, new in names.items() if old in table.columns}
    return table[list(known)].rename(columns=known)


def _spans(table: pd.DataFrame, low: str, high: str, write: Callable[[float], str]) -> list[str | None]:
    """Intervals as text; None where they are not known."""
    ends = zip(table[low].astype(float), table[high].astype(float), strict=True)
    return [None if pd.isna(first) else f"{write(first)} to {write(last)}" for first, last in ends]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _one_digit(value: float) -> str:
    return words.decimal(value, 1)


def _note(sentence: Text) -> Prose:
    return Prose((sentence,), kind="note")


def _digits(source: str) -> Callable[[Any], str]:
    if source in SHARES:
        return words.percent
    return words.count if source == AGAIN else words.decimal
