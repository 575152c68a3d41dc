"""Charts of what hangs on the few: values side by side, moves at the top, exits, contracts, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customer_value import words
from customer_value.errors import NotEnoughData
from customer_value.pareto.phrases import multiple
from customer_value.plots import style
from customer_value.plots.pareto import MOST_PERIODS, MOST_TOTALS, period_labels

if TYPE_CHECKING:
    from customer_value.pareto import Concentration, Measure

__all__ = [
    "accounts_and_groups",
    "contracts_by_month",
    "cumulative_curves",
    "loss_by_exit",
    "top_moves",
]

_LINES = ("-", "--", ":", "-.")


def cumulative_curves(result: Concentration, ax: Axes) -> Axes:
    """Cumulative curves of net revenue, margin and profit, each from its own best customer down.

    Shares of each total; money for all where a total is not positive or small beside its peak.

    Raises
    ------
    NotEnoughData
        Where only one value is known.
    """
    if len(result.measures) < 2:
        raise NotEnoughData(
            f"Only {result.main.name} is known per customer, so there is nothing to set beside it; with costs, "
            f"margin and profit would stand here."
        )
    measures = list(result.measures.values())
    shares = all(found.has_shares and found.peak < MOST_TOTALS * found.total for found in measures)
    said = []
    for found, color, line in zip(measures, style.PALETTE, _LINES * 3, strict=False):
        y = found.curve["cumulated"] / (found.total if shares else 1.0)
        ax.plot(
            found.curve["customers"] / found.customers, y, line, color=color, linewidth=2, label=found.name
        )
        said.append(f"{found.name} {_peak(found, shares, result.currency)}")
    ax.axhline(1.0 if shares else 0.0, color=style.GREY, linewidth=0.8)
    ax.set_title(_curves_title(result, shares))
    ax.set_xlabel(f"Share of customers, best first ({words.count(result.main.customers)} in all)")
    ax.set_ylabel("Cumulative share of each total" if shares else "Cumulative money")
    style.percent_axis(ax, "x")
    if shares:
        style.percent_axis(ax)
    else:
        style.money_axis(ax, result.currency)
    ax.set_xlim(0, 1)
    ax.legend(loc="best")
    needed = [
        f"{multiple(found.needed[0.8].value)} of customers bring 80% of {found.name}"
        for found in measures
        if found.needed[0.8].value is not None
    ]
    tail = f"; {words.listing(needed)}" if needed else ""
    return style.describe(
        ax, f"Cumulative curves from the best customers down. Highest points: {words.listing(said)}{tail}."
    )


def top_moves(result: Concentration, ax: Axes) -> Axes:
    """Money of those who entered and who left the top between neighbouring periods.

    Raises
    ------
    NotEnoughData
        Without two periods that can be compared.
    """
    periods = result.periods
    moves = None if periods is None else periods[periods["retained"].notna()].tail(MOST_PERIODS)
    if moves is None or not len(moves):
        raise NotEnoughData(
            "There are no two periods with customers at the top, so nobody can enter or leave."
        )
    places = np.arange(len(moves))
    gained = moves["entered_now"] - moves["entered_before"]
    lost = moves["left_now"] - moves["left_before"]
    for amounts, color, kind in ((gained, style.ACCENT, "entered"), (lost, style.WARN, "left")):
        bars = ax.bar(places, amounts, 0.6, color=color, label=f"Those who {kind} the top")
        ax.bar_label(bars, [words.count(n) for n in moves[kind]], padding=3, fontsize=9)
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    ax.set_xticks(places, period_labels(moves))
    ax.grid(axis="x", visible=False)
    ax.margins(y=0.18)
    style.money_axis(ax, result.currency)
    ax.set_ylabel(f"Change in their {result.main.name}")
    ax.legend(loc="upper center", ncols=2)
    ax.set_ylim(top=ax.get_ylim()[1] * 1.15)
    parts = [
        f"{row['period']}: {words.count(row['entered'])} entered "
        f"({words.money(row['entered_now'] - row['entered_before'], result.currency)} more), "
        f"{words.count(row['left'])} left ({words.money(row['left_before'] - row['left_now'], result.currency)} less)"
        for row in moves.to_dict("records")
    ]
    last = moves.iloc[-1]
    part = "" if last["complete"] else " so far"
    ax.set_title(
        f"{last['period']}{part}: {words.count(last['entered'])} entered the top, {words.count(last['left'])} left it"
    )
    return style.describe(
        ax, f"Moves into and out of the top {words.percent(result.options.top_share)}: {'; '.join(parts)}."
    )


def loss_by_exit(result: Concentration, ax: Axes) -> Axes:
    """Revenue and profit left without the 1, 3, 5 and 10 largest customers; money if not shares.

    Raises
    ------
    NotEnoughData
        If there is only one customer.
    """
    risk = result.risk
    if not len(risk):
        raise NotEnoughData("There is only one customer, so without it nothing is left.")
    measures = [result.measures[v] for v in dict.fromkeys([result.value, result.pyramid_value])]
    shares = all(found.has_shares and not found.heavy_losses for found in measures)
    places, width = np.arange(len(risk)), 0.8 / len(measures)
    said = []
    for number, (found, color) in enumerate(zip(measures, style.PALETTE, strict=False)):
        left = risk[f"{found.value}_remaining"] / (found.total if shares else 1.0)
        labels = [multiple(v) if shares else words.short_money(v, result.currency) for v in left]
        shift = (number - (len(measures) - 1) / 2) * width
        bars = ax.bar(places + shift, left, width * 0.95, color=color, label=f"{found.name} left")
        if shares or len(measures) == 1:
            ax.bar_label(bars, labels, padding=2, fontsize=9)
        said.append(f"{labels[-1]} of {found.name}")
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    ax.set_xticks(places, [_without(number) for number in risk["leaving"]])
    ax.grid(axis="x", visible=False)
    ax.margins(y=0.14)
    ax.set_ylim(top=ax.get_ylim()[1] + 0.12 * (ax.get_ylim()[1] - ax.get_ylim()[0]))
    ax.set_ylabel("Share of today's total" if shares else "Money left")
    if shares:
        style.percent_axis(ax)
    else:
        style.money_axis(ax, result.currency)
    ax.legend(loc="upper center", ncols=2)
    who = _without(int(risk["leaving"].iloc[-1])).replace("\n", " ").capitalize()
    ax.set_title(f"{who}: {', '.join(said if shares else said[:1])} left")
    return style.describe(
        ax, f"What is left without the largest customers by {result.main.name}. {who}: {words.listing(said)}."
    )


def contracts_by_month(result: Concentration, ax: Axes) -> Axes:
    """Money of the last twelve months whose contract ends in each of the months ahead.

    Raises
    ------
    NotEnoughData
        Where no contract is known, or none ends within 12 months.
    """
    found = result.contracts
    if found is None or result.as_of is None:
        raise NotEnoughData(
            "The customer file does not say when contracts end, so nothing can be said about those that end soon."
        )
    number = int(found.of("ends soon")["customers"])
    if not number:
        raise NotEnoughData(f"No contract is known to end in the 12 months after {words.day(result.as_of)}.")
    column = "customers" if found.last_year_from is None else "last_year"
    months, places = found.by_month, np.arange(len(found.by_month))
    bars = ax.bar(places, months[column], 0.7, color=style.ACCENT)
    ax.bar_label(bars, [words.count(n) if n else "" for n in months["customers"]], padding=2, fontsize=9)
    starts = [_month(month, with_year=n == 0 or month.month == 1) for n, month in enumerate(months["month"])]
    ax.set_xticks(places, starts)
    ax.grid(axis="x", visible=False)
    ax.margins(y=0.12)
    ax.set_xlabel("Month in which the contract ends (number of customers above the bar)")
    total = (
        ""
        if column == "customers"
        else f", {words.short_money(months[column].sum(), result.currency)} a year"
    )
    ax.set_title(
        f"{words.count(number, 'contract')} {words.verb(number, 'ends', 'end')} within 12 months{total}"
    )
    if column == "customers":
        ax.set_ylabel("Customers")
    else:
        style.money_axis(ax, result.currency)
        ax.set_ylabel(f"Their {result.main.name} in the last 12 months")
    largest = months.loc[months[column].idxmax()]
    return style.describe(
        ax,
        f"Contracts that end in the 12 months after {words.day(result.as_of)}: {words.count(number)}{total}; most in "
        f"{largest['month'].month_name()} {largest['month'].year} ({words.count(largest['customers'], 'customer')}).",
    )


def accounts_and_groups(result: Concentration, ax: Axes) -> Axes:
    """Shares of the largest over single accounts and over groups of accounts.

    Raises
    ------
    NotEnoughData
        Where no two customers share a parent account, or there are no shares.
    """
    rollup = result.rollup
    if rollup is None:
        raise NotEnoughData(
            "The customer file names no parent accounts, so every account counts as a customer of its own."
        )
    if not rollup.groups:
        raise NotEnoughData("No two customers have the same parent account, so a roll-up changes nothing.")
    if not result.main.has_shares:
        raise NotEnoughData(f"Total {result.main.name} is not above zero, so groups have no shares of it.")
    rows = [f"{n} largest" if n > 1 else "the largest" for n in result.main.largest] + ["top 20%"]
    series = {
        "accounts": (result.main, style.GREY),
        "groups": (rollup.measures[result.value], style.ACCENT),
    }
    places = np.arange(len(rows))
    for shift, (name, (found, color)) in zip((-0.2, 0.2), series.items(), strict=True):
        held = [_held(estimate.value) for estimate in (*found.largest.values(), found.top[0.2])]
        bars = ax.bar(places + shift, held, 0.38, color=color, label=f"{words.count(found.customers)} {name}")
        ax.bar_label(bars, [multiple(value) for value in held], padding=2, fontsize=9)
    ax.set_xticks(places, rows)
    ax.grid(axis="x", visible=False)
    ax.margins(y=0.14)
    style.percent_axis(ax)
    ax.set_ylabel(f"Share of {result.main.name}")
    ax.legend(loc="upper left")
    before, after = (_held(found.largest[10].value) for found, _ in series.values())
    who = f"{words.count(rollup.accounts, 'account')} in {words.count(rollup.groups, 'group')}"
    ax.set_title(f"{who}: the ten largest hold {multiple(after)} instead of {multiple(before)}")
    return style.describe(
        ax,
        f"Shares of {result.main.name} over accounts and over groups; {who}. The ten largest hold "
        f"{multiple(before)} as accounts and {multiple(after)} as groups.",
    )


def _curves_title(result: Concentration, shares: bool) -> str:
    found = result.earnings or result.main
    name = f"{found.name[:1].upper()}{found.name[1:]}"
    if not found.negative_customers:
        return f"No customer has negative {found.name}: every curve only rises"
    if shares:
        return (
            f"{name} peaks at {_peak(found, shares, result.currency)} of its total before losses pull it back"
        )
    return f"{name} peaks at {_peak(found, shares, result.currency)} and ends at " + words.short_money(
        found.total, result.currency
    )


def _peak(found: Measure, shares: bool, currency: str) -> str:
    return multiple(found.peak / found.total) if shares else words.short_money(found.peak, currency)


def _without(number: int) -> str:
    return f"without the\nlargest {number}" if number > 1 else "without the\nlargest"


def _month(month: pd.Timestamp, *, with_year: bool) -> str:
    name = month.month_name()[:3]
    return f"{name}\n{month.year}" if with_year else name


def _held(value: float | None) -> float:
    return 0.0 if value is None else value
