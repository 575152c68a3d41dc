"""Charts of concentration: the Pareto chart, Lorenz and whale curves, classes, tiers, periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customer_value import words
from customer_value.errors import NotEnoughData
from customer_value.pareto.phrases import multiple
from customer_value.plots import style
from customer_value.text import ENGLISH

if TYPE_CHECKING:
    from customer_value.pareto import Concentration, Measure

__all__ = [
    "abc_bars",
    "concentration_by_period",
    "lorenz_curve",
    "pareto_chart",
    "pyramid_bars",
    "tier_map",
    "whale_curve",
]

MOST_TOTALS = 10
"""Peak as a multiple of the total above which curves are drawn in money."""

MOST_PERIODS = 16


def pareto_chart(result: Concentration, ax: Axes) -> Axes:
    """The classic Pareto chart: bars from the best customers down, and the cumulative line.

    One bar per customer where there are at most 30, else 20 bars of 5 % of customers each. Shares
    of the net total, or money where that is not positive.
    """
    found = result.main
    unit = _unit(found)
    bars, widths = found.bars, found.bars["end"] - found.bars["start"]
    ax.bar(
        bars["start"], bars["value"] / unit, widths * 0.92, align="edge", color=style.ACCENT, alpha=0.75,
        label=_bar_label(found),
    )  # fmt: skip
    x = found.curve["customers"] / found.customers
    ax.plot(x, found.curve["cumulated"] / unit, color=style.INK, linewidth=1.8, label="Cumulative")
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    needed = found.needed[result.options.value_share].value
    if needed is not None and not found.heavy_losses:
        _mark(ax, needed, result.options.value_share)
    ax.set_title(_pareto_title(result))
    ax.set_xlabel(f"Share of customers, best first ({words.count(found.customers)} in all)")
    _value_axis(ax, result, found)
    style.percent_axis(ax, "x")
    ax.set_xlim(0, 1)
    ax.legend(
        loc="center right" if _in_shares(found) else "lower left",
        frameon=True,
        edgecolor="none",
        framealpha=0.85,
    )
    return style.describe(ax, f"Pareto chart of {found.name}. {ENGLISH.read(result.verdict)}")


def lorenz_curve(result: Concentration, ax: Axes, *, without_negative: bool = False) -> Axes:
    """Cumulative share of value from the smallest customer up, against the line of equality.

    Parameters
    ----------
    result, ax
        What to draw and where.
    without_negative
        Leave customers below zero out, and say so, instead of refusing.

    Raises
    ------
    NotEnoughData
        With negative values or a total that is not positive, where it is not defined.
    """
    found = result.main
    gini = found.gini_not_negative if without_negative else found.gini
    if gini.value is None:
        raise NotEnoughData(_no_lorenz(found))
    kept = found.customers - found.negative_customers
    curve = found.curve[found.curve["customers"] <= kept]
    x = 1 - curve["customers"].to_numpy()[::-1] / kept
    y = 1 - curve["cumulated"].to_numpy()[::-1] / found.peak
    ax.plot([0, 1], [0, 1], color=style.GREY, linestyle="--", linewidth=1, label="All customers equal")
    ax.plot(x, y, color=style.ACCENT, linewidth=2, label="Measured")
    ax.fill_between(x, y, x, color=style.ACCENT, alpha=0.12)
    half = words.percent(max(0.0, float(np.interp(0.5, x, y))))
    title = f"The lower half of customers brings {half}; Gini {words.decimal(gini.value)}"
    left_out = f"without {words.count(found.negative_customers)} below zero" if kept < found.customers else ""
    ax.set_title(title)
    ax.set_xlabel(f"Share of customers, smallest first ({words.count(kept)}{_aside(left_out)})")
    ax.set_ylabel(f"Cumulative share of {found.name}")
    ax.set(xlim=(0, 1), ylim=(0, 1.01))
    ax.legend(loc="upper left")
    style.percent_axis(ax, "x")
    style.percent_axis(ax)
    return style.describe(
        ax,
        f"Lorenz curve of {found.name} over {words.count(kept, 'customer')}{_aside(left_out)}: the lower half "
        f"brings {half}, Gini coefficient {words.decimal(gini.value)}.",
    )


def whale_curve(result: Concentration, ax: Axes, *, value: str | None = None) -> Axes:
    """Cumulative profit from the best customer down: how far it rises before losses pull it back.

    Parameters
    ----------
    result, ax
        What to draw and where.
    value
        Which measure; by default profit, else margin, else the headline value.

    Raises
    ------
    NotEnoughData
        If no customer is below zero, so that the curve only rises.
    """
    found = result.measures[value] if value else (result.earnings or result.main)
    if not found.negative_customers:
        raise NotEnoughData(
            f"No customer has negative {found.name}, so the cumulative curve only rises: the Pareto chart "
            f"shows it all."
        )
    unit = _unit(found)
    x, y = found.curve["customers"] / found.customers, found.curve["cumulated"] / unit
    top = float((found.curve["cumulated"] / unit).max())
    at = float(x[int(np.argmax(y.to_numpy()))])
    ax.plot(x, y, color=style.ACCENT, linewidth=2)
    ax.fill_between(x, y, y.iloc[-1], where=(x >= at).tolist(), color=style.WARN, alpha=0.15)
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    ax.axhline(float(y.iloc[-1]), color=style.GREY, linewidth=1, linestyle="--")
    ax.plot([at], [top], "o", color=style.INK)
    summit = _amount(found, found.peak, result.currency)
    side = "right" if at > 0.6 else "left"
    ax.annotate(
        f"Peak {summit}", (at, top), xytext=(0, 9), textcoords="offset points", ha=side, color=style.INK,
        weight="bold",
    )  # fmt: skip
    number = words.count(found.negative_customers, "customer")
    lost = words.short_money(-found.negative_total, result.currency)
    costs = words.verb(found.negative_customers, "costs", "cost")
    ax.set_title(f"{number} below zero {costs} {lost} of {found.name}")
    ax.set_xlabel(f"Share of customers, best first ({words.count(found.customers)} in all)")
    _value_axis(ax, result, found, "Cumulative")
    style.percent_axis(ax, "x")
    ax.set_xlim(0, 1)
    ax.margins(y=0.12)
    return style.describe(
        ax,
        f"Cumulative {found.name}: {words.count(found.customers - found.negative_customers, 'customer')} lift "
        f"it to {words.money(found.peak, result.currency)}; {number} below zero bring it back by {lost} to "
        f"{words.money(found.total, result.currency)}.",
    )


def abc_bars(result: Concentration, ax: Axes) -> Axes:
    """Share of customers and of money in each ABC class; money alone where there are no shares."""
    found = result.main
    best = found.abc_table.iloc[0]
    held = _amount(found, float(best["value"]), result.currency)
    ax.set_title(f"Class A: {words.percent(best['customer_share'])} of customers, {held} of {found.name}")
    return _class_bars(result, found, found.abc_table, ax, "ABC classes")


def pyramid_bars(result: Concentration, ax: Axes) -> Axes:
    """Share of customers and of money in each tier; money alone where there are no shares."""
    found = result.measures[result.pyramid_value]
    best = found.pyramid_table.iloc[:3]
    held = _amount(found, float(best["value"].sum()), result.currency)
    size = words.percent(best["customer_share"].sum())
    ax.set_title(f"Above lead: {size} of customers, {held} of {found.name}")
    return _class_bars(result, found, found.pyramid_table, ax, "Customer pyramid")


def tier_map(result: Concentration, ax: Axes) -> Axes:
    """Customers by revenue tier (rows) and profit tier (columns), with those that lose money.

    Raises
    ------
    NotEnoughData
        If neither profit nor margin is known.
    """
    if result.tiers is None or result.earnings is None:
        raise NotEnoughData("Neither margin nor profit is known, so revenue has no tier to be set against.")
    tiers, names = result.tiers, list(dict.fromkeys(result.tiers.iloc[:, 0]))
    counts = tiers["customers"].to_numpy().reshape(4, 4)
    losing = tiers["losing"].to_numpy().reshape(4, 4)
    ax.imshow(np.log1p(counts), cmap="Blues", aspect="auto", vmax=np.log1p(counts.max()) * 1.3)
    for row in range(4):
        for column in range(4):
            _cell(ax, row, column, int(counts[row, column]), int(losing[row, column]), counts.max())
    ax.set_xticks(range(4), names)
    ax.set_yticks(range(4), names)
    ax.grid(visible=False)
    kind = result.earnings.name
    ax.set_xlabel(f"Tier by {kind}")
    ax.set_ylabel(f"Tier by {result.tiers.columns[0].removesuffix('_tier').replace('_', ' ')}")
    big = int(losing[:3].sum())
    ax.set_title(
        f"{words.count(big, 'customer')} in the upper revenue tiers {words.verb(big, 'loses', 'lose')} money"
    )
    same = int(np.trace(counts))
    return style.describe(
        ax,
        f"Revenue tier against {kind} tier: {words.count(same, 'customer')} of "
        f"{words.count(counts.sum())} are in the same tier of both; {words.count(big)} in the upper three "
        f"revenue tiers lose money.",
    )


def concentration_by_period(result: Concentration, ax: Axes) -> Axes:
    """Share held by the top customers of each calendar period, and how many of them stayed.

    At most the last 16 periods are drawn.

    Raises
    ------
    NotEnoughData
        With fewer than two periods.
    """
    periods = result.periods
    if periods is None or periods["top_share_value"].notna().sum() < 2:
        raise NotEnoughData(
            f"There are fewer than two periods with {result.main.name}, so nothing can be compared."
        )
    periods = periods.tail(MOST_PERIODS)
    share = words.percent(result.options.top_share)
    places = np.arange(len(periods))
    colors = [style.ACCENT if complete else style.LIGHT for complete in periods["complete"]]
    ax.bar(places, periods["top_share_value"], 0.6, color=colors, label=f"Held by the top {share}")
    kept = periods["retained"].to_numpy()
    ax.plot(places, kept, "o-", color=style.WARN, label=f"Of the top {share} before, still in it")
    for place, value in zip(places, kept, strict=True):
        if np.isfinite(value):
            ax.annotate(
                words.percent(value), (place, value), xytext=(0, -18), textcoords="offset points", ha="center",
                color=style.WARN, fontsize=9, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
            )  # fmt: skip
    ax.set_xticks(places, period_labels(periods))
    ax.grid(axis="x", visible=False)
    held = periods["top_share_value"].dropna()
    ends = dict.fromkeys([multiple(held.min()), multiple(held.max())])
    ax.set_title(f"The top {share} held {' to '.join(ends)} of {result.main.name} in each {result.period}")
    ax.set_ylabel("Share")
    ax.set_ylim(0, max(1.0, float(held.max())) * 1.12)
    style.percent_axis(ax)
    ax.legend(loc="upper right", ncols=2)
    parts = [
        f"{p} {multiple(v)}" for p, v in zip(periods["period"], periods["top_share_value"], strict=True)
        if np.isfinite(v)
    ]  # fmt: skip
    stayed = [
        f"{p} {words.percent(v)}" for p, v in zip(periods["period"], kept, strict=True) if np.isfinite(v)
    ]
    again = (
        f" Of the top {share} of the {result.period} before, still in it: {', '.join(stayed)}."
        if stayed
        else ""
    )
    return style.describe(
        ax,
        f"Share of {result.main.name} held by the top {share} of active customers: {', '.join(parts)}.{again}",
    )


def period_labels(periods: pd.DataFrame) -> list[str]:
    """Labels of periods for an axis; a quarter's year on a line of its own, parts marked."""
    names = [" ".join(reversed(name.split())).replace(" ", "\n") for name in periods["period"]]
    return [
        name if whole else f"{name}\n(part)" for name, whole in zip(names, periods["complete"], strict=True)
    ]


def _class_bars(result: Concentration, found: Measure, table: pd.DataFrame, ax: Axes, what: str) -> Axes:
    places = np.arange(len(table))
    amounts = [_amount(found, value, result.currency) for value in table["value"]]
    if _in_shares(found):
        bars = ax.bar(
            places - 0.2, table["customer_share"], 0.38, color=style.GREY, label="Share of customers"
        )
        ax.bar_label(bars, [words.percent(v) for v in table["customer_share"]], padding=2, fontsize=9)
        bars = ax.bar(
            places + 0.2, table["value_share"], 0.38, color=style.ACCENT, label=f"Share of {found.name}"
        )
        ax.set_ylabel("Share of the total")
        style.percent_axis(ax)
        ax.legend(loc="upper center", ncols=2)
    else:
        bars = ax.bar(places, table["value"], 0.6, color=style.ACCENT)
        ax.set_ylabel(f"{found.name[:1].upper()}{found.name[1:]} of the class")
        style.money_axis(ax, result.currency)
    ax.bar_label(bars, amounts, padding=2, fontsize=9)
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    ax.set_xticks(places, [f"{c}\n{words.count(n, 'customer')}" for c, n in _pairs(table, "class")])
    ax.grid(axis="x", visible=False)
    ax.margins(y=0.14)
    ax.set_ylim(top=ax.get_ylim()[1] * (1.1 if ax.get_ylim()[1] > 0 else 1))
    parts = [
        f"{c} {words.count(n, 'customer')}, {amount} of {found.name}"
        for (c, n), amount in zip(_pairs(table, "class"), amounts, strict=True)
    ]
    return style.describe(ax, f"{what} by {found.name}: {'; '.join(parts)}.")


def _no_lorenz(found: Measure) -> str:
    reason = f"nobody has {found.name} above zero"
    if found.peak > 0:
        number = words.count(found.negative_customers, "customer")
        reason = f"{number} {words.verb(found.negative_customers, 'has', 'have')} negative {found.name}"
    return (
        f"A Lorenz curve and a Gini coefficient are not defined here: {reason}. The cumulative (whale) curve "
        f"shows the same with negative values."
    )


def _aside(text: str) -> str:
    return f", {text}" if text else ""


def _mark(ax: Axes, needed: float, share: float) -> None:
    ax.plot([0, needed, needed], [share, share, 0], color=style.WARN, linewidth=1, linestyle="--")
    ax.plot([needed], [share], "o", color=style.WARN)
    right = needed > 0.6
    ax.annotate(
        f"{words.percent(needed)} of customers bring {words.percent(share)}", (needed, share),
        xytext=(-10 if right else 10, 8 if right else -16), textcoords="offset points",
        ha="right" if right else "left", color=style.WARN, weight="bold",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )  # fmt: skip


def _pareto_title(result: Concentration) -> str:
    found, share = result.main, result.options.top_share
    held = found.top[share].value
    if held is None:
        return f"Total {found.name} is {words.short_money(found.total, result.currency)}"
    if found.heavy_losses:
        lost = words.short_money(-found.negative_total, result.currency)
        return f"Losses of {lost} leave {words.short_money(found.total, result.currency)} of {found.name}"
    return f"The top {words.percent(share)} of customers hold {words.percent(held)} of {found.name}"


def _bar_label(found: Measure) -> str:
    return "Each customer" if len(found.bars) == found.customers else "Each 5% of customers"


def _in_shares(found: Measure) -> bool:
    """Whether the vertical axis counts the total, or money since that is no measure of the curve."""
    return found.has_shares and found.peak < MOST_TOTALS * found.total


def _unit(found: Measure) -> float:
    return found.total if _in_shares(found) else 1.0


def _value_axis(ax: Axes, result: Concentration, found: Measure, before: str = "") -> None:
    if _in_shares(found):
        style.percent_axis(ax)
        label = f"{before} share of {found.name}".strip()
    else:
        style.money_axis(ax, result.currency)
        label = f"{before} {found.name}".strip()
    ax.set_ylabel(label[:1].upper() + label[1:])


def _amount(found: Measure, money: float, currency: str) -> str:
    if not _in_shares(found):
        return words.short_money(money, currency)
    return words.percent(money / found.total)


def _pairs(table: object, column: str) -> zip[tuple[str, int]]:
    return zip(table[column], table["customers"], strict=True)  # type: ignore[index]


def _cell(ax: Axes, row: int, column: int, customers: int, losing: int, most: int) -> None:
    shade = np.log1p(customers) / np.log1p(most)
    dark = shade > 0.75
    ax.text(
        column, row - (0.14 if losing else 0), words.count(customers), ha="center", va="center",
        color="white" if dark else style.INK, weight="bold",
    )  # fmt: skip
    if losing:
        ax.text(
            column, row + 0.2, f"{words.count(losing)} below zero", ha="center", va="center", fontsize=8.5,
            color="white" if dark else (style.INK if shade > 0.55 else style.WARN),
        )  # fmt: skip
