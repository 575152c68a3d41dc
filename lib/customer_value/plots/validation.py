"""Charts of the checks on time kept back: calibration, intervals, season."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, MultipleLocator

from customer_value import words
from customer_value.clv.tracking import holdout_histogram
from customer_value.clv.validation_tables import NO_HOLDOUT, group_name
from customer_value.display import written
from customer_value.errors import NotEnoughData
from customer_value.plots import style

if TYPE_CHECKING:
    from customer_value.clv import LifetimeValue
    from customer_value.clv.validation import Holdout

__all__ = ["calibration_by_decile", "holdout_repeats", "pit_histogram", "seasonality"]

_LEAST = 30


def calibration_by_decile(result: LifetimeValue, ax: Axes) -> Axes:
    """Purchases in the time kept back by tenths of the predictions: predicted beside actual."""
    holdout = _holdout(result)
    table = holdout.calibration
    if len(table) < 3:
        raise NotEnoughData("There are too few customers, or predictions are too much alike, to form groups.")
    part = group_name(holdout)
    places = np.arange(len(table))
    reach = np.abs(table[["actual_low", "actual_high"]].T.to_numpy() - table["actual"].to_numpy())
    ax.errorbar(
        places, table["actual"], reach, fmt="o", color=style.GREY, capsize=3, label="Actual, 95% interval"
    )
    ax.plot(places, table["predicted"], "_", color=style.ACCENT, markersize=22, markeredgewidth=3,
            label=f"Predicted ({holdout.label})")  # fmt: skip
    ax.set_xticks(places, table["group"].astype(str))
    ax.set_ylim(bottom=0)
    ax.set_xlabel(f"{part.capitalize()} of customers by prediction, lowest first")
    ax.set_ylabel("Purchases per customer")
    ax.grid(visible=False, axis="x")
    ax.legend(loc="upper left")
    inside = table["predicted"].between(table["actual_low"], table["actual_high"])
    ax.set_title(_calibration_title(part, table, inside))
    pairs = "; ".join(
        f"{row['group']}: {words.decimal(row['predicted'])} against {words.decimal(row['actual'])}"
        for row in table.to_dict("records")
    )
    return style.describe(
        ax,
        f"Mean purchases in the {words.count(holdout.days, 'day')} kept back by {part}s of the predictions of "
        f"{holdout.label}, predicted against actual. {pairs}. {int(inside.sum())} of {len(table)} predictions lie "
        "within the 95% interval of what happened.",
    )


def pit_histogram(result: LifetimeValue, ax: Axes) -> Axes:
    """Where what happened falls among each customer's futures; even if the model is right."""
    holdout = _holdout(result)
    if holdout.customers < _LEAST:
        raise NotEnoughData(f"{words.count(holdout.customers, 'customer')} are too few for this chart.")
    shares = holdout.forecast.pit()
    even = 1 / len(shares)
    width = 1.96 * (even * (1 - even) / holdout.customers) ** 0.5
    ax.axhspan(max(even - width, 0), even + width, color=style.LIGHT, alpha=0.6, label="Even, 95% by chance")
    ax.bar((np.arange(len(shares)) + 0.5) * even, shares, even * 0.92, color=style.ACCENT, label="Customers")
    ax.axhline(even, color=style.INK, linewidth=1, linestyle="--")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, max(1.35 * shares.max(), 2 * even))
    ax.yaxis.set_major_locator(MultipleLocator(0.05 if shares.max() < 0.4 else 0.2))
    style.percent_axis(ax, "y")
    style.percent_axis(ax, "x")
    ax.set_xlabel("Share of a customer's simulated futures below what happened")
    ax.set_ylabel("Share of customers")
    ax.grid(visible=False, axis="x")
    ax.legend(loc="upper left", ncol=2)
    told = _intervals_title(holdout)
    ax.set_title(told)
    parts = ", ".join(words.percent(share) for share in shares)
    return style.describe(
        ax,
        f"Histogram of where what happened falls among the simulated futures of {holdout.label}, in ten equal "
        f"classes, each 10% if the model is right: {parts}. {told}.",
    )


def holdout_repeats(result: LifetimeValue, ax: Axes) -> Axes:
    """Customers by number of purchases in the time kept back, actual beside expected."""
    holdout = _holdout(result)
    table = holdout_histogram(holdout.forecast)
    places = np.arange(len(table))
    reach = np.stack([table["expected"] - table["low"], table["high"] - table["expected"]])
    ax.bar(places - 0.2, table["actual"], 0.4, color=style.GREY, label="Actual")
    ax.bar(
        places + 0.2, table["expected"], 0.4, yerr=np.maximum(reach, 0), color=style.ACCENT, ecolor=style.INK,
        capsize=2, label=f"{holdout.label}, 95% interval",
    )  # fmt: skip
    ax.set_xticks(places, table["purchases"])
    ax.set_xlabel(f"Purchases in the {words.count(holdout.days, 'day')} kept back")
    ax.set_ylabel("Customers")
    ax.grid(visible=False, axis="x")
    ax.legend()
    none, expected = float(table["actual"].iloc[0]), float(table["expected"].iloc[0])
    ax.set_title(
        f"{words.percent(none / holdout.customers)} of customers bought nothing; the model expected "
        f"{words.percent(expected / holdout.customers)}"
    )
    pairs = "; ".join(
        f"{row['purchases']}: {words.count(row['actual'])} against {words.count(row['expected'])}"
        for row in table.to_dict("records")
    )
    return style.describe(
        ax, f"Customers by purchases in the time kept back, actual against {holdout.label}. {pairs}."
    )


def seasonality(result: LifetimeValue, ax: Axes) -> Axes:
    """Repeat purchases by month of the year against an average month."""
    season = _holdout(result).season
    if season is None:
        raise NotEnoughData("Purchases by month are not known, so a season cannot be seen.")
    if season.index.empty:
        raise NotEnoughData(written(season.evidence))
    change = season.index.to_numpy() - 1
    clear = season.verdict in ("strong", "some")
    colors = [(style.ACCENT if v >= 0 else style.WARN) if clear else style.GREY for v in change]
    bars = ax.bar(range(len(change)), change, color=colors)
    ax.bar_label(bars, [_signed(v) for v in change], padding=3, fontsize=8.5)
    ax.axhline(0, color=style.INK, linewidth=0.9)
    ax.set_xticks(range(len(change)), [name[:3] for name in season.month_names])
    style.percent_axis(ax)
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.margins(y=0.15)
    ax.set_ylabel("Repeat purchases against an average month")
    ax.grid(visible=False, axis="x")
    best, worst = season.month_names[int(change.argmax())], season.month_names[int(change.argmin())]
    if clear:
        ax.set_title(
            f"Customers buy most in {best} ({_signed(change.max())}) and least in {worst} ({_signed(change.min())})"
        )
    else:
        ax.set_title(
            f"No clear season: {best} {_signed(change.max())}, {worst} {_signed(change.min())} may be chance"
        )
    each = ", ".join(f"{name} {_signed(v)}" for name, v in zip(season.month_names, change, strict=True))
    return style.describe(
        ax,
        f"Repeat purchases by month of the year against an average month: {each}. {written(season.evidence)}",
    )


def _holdout(result: LifetimeValue) -> Holdout:
    if result.holdout is None:
        raise NotEnoughData(written(NO_HOLDOUT))
    return result.holdout


def _calibration_title(part: str, table: pd.DataFrame, inside: pd.Series) -> str:
    if inside.all():
        return f"Predictions fit in all {words.count(len(table), part)} of customers"
    missed = table[~inside]
    low = int((missed["predicted"] < missed["actual"]).sum())
    sides = [f"too low in {low}"] * (low > 0) + [f"too high in {len(missed) - low}"] * (len(missed) > low)
    return f"Predictions are {words.listing(sides)} of {words.count(len(table), part)} of customers"


def _intervals_title(holdout: Holdout) -> str:
    row = holdout.coverage.set_index("nominal").loc[0.8]
    held = f"80% intervals held {words.percent(float(row['covered']))} of customers"
    return f"{held}: {row['verdict']}" if row["verdict"] != "holds" else f"{held}, as they should"


def _signed(share: float) -> str:
    text = words.percent(share, 0)
    return f"+{text}" if share > 0 and text != "0%" else text
