"""Charts of RFM: the map of scores, the segments, and the distributions with their cut-offs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator

from customer_value import words
from customer_value.errors import NotEnoughData
from customer_value.plots import style

if TYPE_CHECKING:
    from customer_value.rfm import Rfm

__all__ = ["score_distribution", "score_map", "segment_bars"]

_NAMES = {"recency": "Days since the last order", "frequency": "Orders", "monetary": "Net revenue"}


def score_map(result: Rfm, ax: Axes) -> Axes:
    """The R × F grid: segment, customers and share of money in each cell; darker means more money.

    Where total money is not positive, the shade goes by customers.
    """
    _refuse_nobody(result)
    grid = result.grid
    by_money = result.total > 0
    weight = grid["net_revenue"].clip(lower=0) if by_money else grid["customers"]
    shade = np.sqrt(weight.to_numpy(dtype=float) / max(float(weight.max()), 1e-9)).reshape(5, 5)
    ax.imshow(shade, cmap="Blues", aspect="auto", vmin=0, vmax=1.15)
    for place, row in enumerate(grid.to_dict("records")):
        _cell(ax, place, row, float(shade.flat[place]), result)
    ax.set_xticks(range(5), [_step(result, "frequency", score) for score in range(1, 6)], fontsize=8.5)
    ax.set_yticks(range(5), [_step(result, "recency", score) for score in range(5, 0, -1)], fontsize=8.5)
    money = "money" if result.currency == words.NO_CURRENCY else result.currency
    ax.set_xlabel(f"Frequency score (orders). In each cell: customers, {money}, share of it")
    ax.set_ylabel("Recency score (days since last order)")
    ax.set_xticks(np.arange(-0.5, 5), minor=True)
    ax.set_yticks(np.arange(-0.5, 5), minor=True)
    ax.grid(visible=False, which="major")
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="both", length=0)
    ax.set_title(_best_title(result))
    filled = result.segments[result.segments["customers"] > 0]
    parts = [
        f"{row['segment']} {words.count(row['customers'], 'customer')}, "
        f"{words.short_money(row['net_revenue'], result.currency)}"
        for row in filled.to_dict("records")
    ]
    return style.describe(ax, f"Map of recency and frequency scores. {'; '.join(parts)}.")


def segment_bars(result: Rfm, ax: Axes, *, of: str = "segment") -> Axes:
    """Share of customers and of net revenue in each segment, largest revenue at the top.

    Parameters
    ----------
    result, ax
        What to draw and where.
    of
        ``"segment"``, ``"eight_class"`` or ``"portfolio_group"``.

    Raises
    ------
    NotEnoughData
        If no customer is scored, or the segmentation is not known.
    """
    _refuse_nobody(result)
    if of not in result.classes:
        raise NotEnoughData("The months of the customers are not known, so there are no portfolio groups.")
    table = result.classes[of][result.classes[of]["customers"] > 0].rename(columns={of: "segment"})
    table = table.sort_values(["net_revenue", "customers", "segment"], ignore_index=True)
    places = np.arange(len(table))
    series = [("customer_share", "customers", style.GREY, 0.2)]
    has_money = bool(table["revenue_share"].notna().any())
    if has_money:
        series.append(("revenue_share", "net revenue", style.ACCENT, -0.2))
    for column, name, color, shift in series[::-1]:
        bars = ax.barh(places - shift, table[column], 0.38, color=color, label=f"Share of {name}")
        ax.bar_label(bars, [words.percent(v) for v in table[column]], padding=3, fontsize=8.5)
    ax.set_ylim(-0.6, max(3, len(table)) - 0.4)
    ax.set_yticks(places, [_segment_label(row, result) for row in table.to_dict("records")])
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("Share of the scored customers and of their net revenue")
    ax.margins(x=0.1)
    style.percent_axis(ax, "x")
    ax.legend(loc="lower right")
    best = table.iloc[-1] if has_money else table.loc[table["customers"].idxmax()]
    ax.set_title(_share_title(best, has_money))
    parts = [
        f"{row['segment']} {words.percent(row['customer_share'])} of customers"
        + (f" and {words.percent(row['revenue_share'])} of net revenue" if has_money else "")
        for row in table[::-1].to_dict("records")
    ]
    return style.describe(ax, f"Segments: {'; '.join(parts)}.")


def score_distribution(result: Rfm, ax: Axes, *, of: str = "recency") -> Axes:
    """Histogram of one dimension with the cut-offs of its scores.

    Parameters
    ----------
    result, ax
        What to draw and where.
    of
        ``"recency"`` (days), ``"frequency"`` (orders) or ``"monetary"`` (positive net revenue, on a
        scale of equal ratios).

    Raises
    ------
    NotEnoughData
        If no customer is scored, or none has positive net revenue.
    """
    _refuse_nobody(result)
    bins = result.distributions[of]
    if not len(bins):
        raise NotEnoughData("No scored customer has positive net revenue, so there is nothing to draw.")
    starts, ends = _bar_edges(bins, of)
    ax.bar(starts, bins["customers"], ends - starts, align="edge", color=style.ACCENT, alpha=0.6)
    if of == "monetary":
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(numticks=5))
        style.money_axis(ax, result.currency, "x")
    marks = [edge for edge in _edges(result.cutoffs, of) if starts[0] < edge < ends[-1]]
    for edge in marks:
        ax.axvline(edge, color=style.WARN, linewidth=1.2, linestyle="--")
    _score_names(ax, [starts[0], *marks, ends[-1]], of, result)
    if bins["end"].isna().any():
        ax.set_xticks(*_open_ticks(bins, (starts + ends) / 2))
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    name = "Net revenue per order" if of == "monetary" and result.per_order else _NAMES[of]
    ax.set_xlabel(name + (" (equal steps are equal ratios)" if of == "monetary" else ""))
    ax.set_ylabel("Customers")
    ax.margins(y=0.15)
    ax.set_title(_distribution_title(result, of))
    return style.describe(ax, f"{_distribution_title(result, of)}. {_steps_text(result, of)}")


def _refuse_nobody(result: Rfm) -> None:
    if not result.customers:
        raise NotEnoughData("No customer has an order, so there is nothing to draw.")


def _cell(ax: Axes, place: int, row: dict[str, object], shade: float, result: Rfm) -> None:
    y, x = divmod(place, 5)
    color = "white" if shade > 0.6 else style.INK
    customers, money = int(str(row["customers"])), float(str(row["net_revenue"]))
    ax.text(x, y - 0.26, str(row["segment"]), ha="center", va="center", fontsize=8.5, color=color)
    if not customers:
        ax.text(x, y + 0.1, "–", ha="center", va="center", fontsize=9, color=style.GREY)
        return
    ax.text(x, y + 0.03, words.count(customers), ha="center", va="center", color=color, weight="bold")
    share = f" ({words.percent(money / result.total)})" if result.total > 0 else ""
    text = f"{_compact(money)}{share}"
    ax.text(x, y + 0.31, text, ha="center", va="center", fontsize=8, color=color)


def _compact(money: float) -> str:
    """Money without its currency (the title names it), short enough for a cell."""
    sign, size = "−" if money < 0 else "", abs(money)
    for limit, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if size >= limit * 0.9995:
            return f"{sign}{words.significant(size / limit)}{letter}"
    return f"{sign}{words.count(size)}"


def _best_title(result: Rfm) -> str:
    best = result.segments.loc[result.segments["net_revenue" if result.total > 0 else "customers"].idxmax()]
    return _share_title(best, result.total > 0)


def _share_title(row: pd.Series, has_money: bool) -> str:
    who = f"{row['segment']}: {words.percent(row['customer_share'])} of customers"
    money = "net revenue" if len(row["segment"]) < 16 else "money"
    return f"{who}, {words.percent(row['revenue_share'])} of {money}" if has_money else who


def _step(result: Rfm, dimension: str, score: int) -> str:
    steps = result.cutoffs[(result.cutoffs["dimension"] == dimension) & (result.cutoffs["score"] == score)]
    row = steps.iloc[0]
    if not row["customers"]:
        return f"{score}\nempty"
    low, high = words.count(row["lowest"]), words.count(row["highest"])
    return f"{score}\n{low}" if low == high else f"{score}\n{low}–{high}"


def _segment_label(row: dict[str, object], result: Rfm) -> str:
    return f"{row['segment']} ({words.count(int(str(row['customers'])))})"


def _bar_edges(bins: pd.DataFrame, of: str) -> tuple[np.ndarray, np.ndarray]:
    """Where bars begin and end: around whole numbers, an open one as wide as the others."""
    starts, ends = bins["start"].to_numpy(), bins["end"].to_numpy().copy()
    if np.isnan(ends[-1]):
        ends[-1] = starts[-1] + (ends[0] - starts[0] if len(bins) > 1 else 1.0)
    shift = 0.0 if of == "monetary" else 0.5
    return starts - shift, ends - shift


def _edges(steps: pd.DataFrame, dimension: str) -> list[float]:
    """Where one score ends and the next begins, from low values to high."""
    own = steps[(steps["dimension"] == dimension) & (steps["customers"] > 0)].sort_values("lowest")
    pairs = zip(own["highest"].to_numpy()[:-1], own["lowest"].to_numpy()[1:], strict=True)
    if dimension == "monetary":
        return [float(low) for _, low in pairs]
    return [float(low) - 0.5 if dimension == "frequency" else float(high) + 0.5 for high, low in pairs]


def _score_names(ax: Axes, edges: list[float], dimension: str, result: Rfm) -> None:
    own = result.cutoffs[(result.cutoffs["dimension"] == dimension) & (result.cutoffs["customers"] > 0)]
    scores = own.sort_values("lowest")["score"].tolist()
    for low, high, score in zip(edges[:-1], edges[1:], scores, strict=False):
        middle = np.sqrt(low * high) if dimension == "monetary" and low > 0 and high > 0 else (low + high) / 2
        ax.text(
            middle, 0.98, str(score), ha="center", va="top", color=style.WARN, weight="bold",
            transform=ax.get_xaxis_transform(),
        )  # fmt: skip


def _open_ticks(bins: pd.DataFrame, middles: np.ndarray) -> tuple[list[float], list[str]]:
    every = max(1, len(bins) // 12)
    places = [*range(0, len(bins) - every, every), len(bins) - 1]
    names = [words.count(bins["start"].iloc[p]) for p in places[:-1]]
    names.append(f"{words.count(bins['start'].iloc[-1])}+")
    return [float(middles[p]) for p in places], names


def _distribution_title(result: Rfm, of: str) -> str:
    if of == "recency":
        return f"Half of the customers ordered at most {words.count(result.median_recency or 0, 'day')} ago"
    if of == "frequency":
        return f"{words.percent(result.one_order / result.customers)} of the customers ordered once"
    best = result.cutoffs[(result.cutoffs["dimension"] == "monetary") & (result.cutoffs["customers"] > 0)]
    row = best.iloc[0]
    return (
        f"{words.count(row['customers'], 'customer')} {words.verb(row['customers'], 'has', 'have')} the top "
        f"money score: {words.short_money(row['lowest'], result.currency)} or more"
    )


def _steps_text(result: Rfm, of: str) -> str:
    own = result.cutoffs[result.cutoffs["dimension"] == of]
    parts = [
        f"score {row['score']}: {words.count(row['lowest'])} to {words.count(row['highest'])}, "
        f"{words.count(row['customers'], 'customer')}"
        if row["customers"]
        else f"score {row['score']}: nobody"
        for row in own.to_dict("records")
    ]
    money = "money" if result.currency == words.NO_CURRENCY else result.currency
    unit = {"recency": "days", "frequency": "orders", "monetary": money}[of]
    return f"Cut-offs in {unit}: {'; '.join(parts)}."
