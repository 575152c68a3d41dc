"""Charts of the loyalty matrix."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from customer_value import words
from customer_value.errors import NotEnoughData
from customer_value.loyalty import LoyaltyMatrix
from customer_value.loyalty.attitude import MEAN, RELATIVE
from customer_value.loyalty.repeat_purchase import AGAIN, RATE, SHARE_OF_WALLET
from customer_value.loyalty.representation import response_by_fifth
from customer_value.plots import style

__all__ = ["matrix_counts", "matrix_scatter", "repeat_purchase_only", "respondents_vs_rest"]

_COLORS = {
    "true": style.PALETTE[2],
    "latent": style.PALETTE[0],
    "inert": style.PALETTE[1],
    "none": style.GREY,
}
_TITLES = {"true": "Truly loyal", "latent": "Latent loyal", "inert": "Inert loyal", "none": "Not loyal"}
_CORNERS = {"none": (0, 0), "inert": (0, 1), "latent": (1, 0), "true": (1, 1)}
_CLASSES = ((0, 0), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, None))


def matrix_scatter(result: LoyaltyMatrix, ax: Axes) -> Axes:
    """Every placed customer by attitude and repeat purchase; the area of a point is its revenue.

    Parameters
    ----------
    result
        The loyalty matrix.
    ax
        Where to draw.
    """
    placed = _placed(result)
    x, x_label, x_cut = _attitude_axis(result, placed)
    y, top = placed["repeat_purchase"], _top(result, placed["repeat_purchase"])
    over = int((y > top).sum())
    revenue = placed["net_revenue"].clip(lower=0)
    size = 10 + 500 * revenue / max(float(revenue.max()), 1e-9)
    for cell, color in _COLORS.items():
        mask = (placed["cell"] == cell).to_numpy()
        ax.scatter(x[mask], y[mask].clip(upper=top), s=size[mask], color=color, alpha=0.55, linewidth=0)
    cut = float(placed["repeat_cut"].iloc[0])
    cut = math.floor(cut) + 0.5 if result.repeat.source == AGAIN else cut
    ax.axvline(x_cut, color=style.INK, linewidth=1)
    ax.axhline(cut, color=style.INK, linewidth=1)
    _limits(ax, x, x_cut, (min(0.0, float(y.min())), top), cut)
    if result.repeat.source == SHARE_OF_WALLET:
        style.percent_axis(ax)
    ax.set_xlabel(f"{x_label}; larger points, more revenue")
    ax.set_ylabel(
        result.repeat.axis + (f"\n({words.count(over)} above the axis drawn at its top)" if over else "")
    )
    for cell, (right, up) in _CORNERS.items():
        _corner(ax, f"{_TITLES[cell]}: {words.count((placed['cell'] == cell).sum())}", right, up)
    ax.set_title(_verdict(result))
    return style.describe(
        ax,
        f"Scatter of {words.count(len(placed), 'customer')}, {x_label.lower()} across and "
        f"{result.repeat.axis.lower()} up, larger points for more revenue. {_cells_in_words(result)}",
    )


def matrix_counts(result: LoyaltyMatrix, ax: Axes) -> Axes:
    """The four cells as a plain square with customers and money, the not surveyed as a strip below.

    Parameters
    ----------
    result
        The loyalty matrix.
    ax
        Where to draw.
    """
    placed = len(_placed(result))
    table = result.cells.set_index("cell")
    deepest = max(float(table["customers"].drop("not_surveyed").max()), 1.0)
    for cell, (right, up) in _CORNERS.items():
        n, money = int(table.loc[cell, "customers"]), float(table.loc[cell, "net_revenue"])
        shade = 0.10 + 0.35 * n / deepest
        ax.add_patch(Rectangle((right, up), 0.98, 0.96, facecolor=_COLORS[cell], alpha=shade, linewidth=0))
        ax.text(right + 0.05, up + 0.84, _TITLES[cell], weight="bold", va="top")
        share = f"{words.count(n, 'customer')} ({words.percent(n / placed)})"
        ax.text(right + 0.05, up + 0.52, share, fontsize=13, va="center")
        ax.text(right + 0.05, up + 0.24, words.short_money(money, result.currency), fontsize=13, va="center")
    n, money = int(table.loc["not_surveyed", "customers"]), float(table.loc["not_surveyed", "net_revenue"])
    strip = f"Not surveyed or not placed: {words.count(n, 'customer')}, {words.short_money(money, result.currency)}"
    ax.add_patch(Rectangle((0, -0.56), 1.98, 0.32, facecolor=style.LIGHT, linewidth=0))
    ax.text(0.05, -0.40, strip, va="center")
    for right, level in enumerate(("low", "high")):
        ax.text(right + 0.49, -0.06, f"{level} attitude", ha="center", va="top")
    ax.set(xlim=(0, 1.98), ylim=(-0.56, 1.96), xticks=[], yticks=[0.48, 1.48])
    ax.set_yticklabels(["low repeat\npurchase", "high repeat\npurchase"])
    ax.grid(visible=False)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_title(_money_verdict(result))
    return style.describe(ax, f"Two by two table of the loyalty matrix. {_cells_in_words(result)} {strip}.")


def repeat_purchase_only(result: LoyaltyMatrix, ax: Axes) -> Axes:
    """Customers and their revenue by how often they came back; needs no survey.

    Parameters
    ----------
    result
        The loyalty matrix.
    ax
        Where to draw.
    """
    customers = result.customers
    if customers.empty:
        raise NotEnoughData("No customer has a purchase, so there is no repeat purchase to draw.")
    counts, money = _by_class(customers)
    total = float(customers["net_revenue"].sum())
    position = np.arange(len(counts))
    ax.bar(position - 0.2, counts / len(customers), width=0.4, color=style.ACCENT, label="of customers")
    if total > 0:
        ax.bar(position + 0.2, money / total, width=0.4, color=style.PALETTE[1], label="of net revenue")
    ax.set_xticks(position, list(counts.index))
    ax.set_xlabel("Repeat purchase days (x)")
    ax.set_ylabel("Share")
    style.percent_axis(ax)
    ax.legend()
    again = float((customers["frequency"] > 0).mean())
    ax.set_title(f"{words.percent(again)} of customers came back after their first purchase day")
    parts = [
        f"{name}: {words.count(n, 'customer')}"
        + (f", {words.percent(float(money[name]) / total)} of revenue" if total > 0 else "")
        for name, n in counts.items()
    ]
    return style.describe(
        ax, f"Bars of customers and net revenue by number of repeat purchase days. {'; '.join(parts)}."
    )


def respondents_vs_rest(result: LoyaltyMatrix, ax: Axes) -> Axes:
    """Who answers: the response rate by fifths of net revenue and of days since the last purchase.

    Parameters
    ----------
    result
        The loyalty matrix.
    ax
        Where to draw.
    """
    if result.respondents_vs_rest.empty:
        raise NotEnoughData(
            "Those who answered and the rest cannot be compared: one group has under 5 customers."
        )
    names = {"net_revenue": "by net revenue", "days_since": "by days since the last purchase"}
    told = []
    for (measure, label), color, shift in zip(names.items(), style.PALETTE, (-0.2, 0.2), strict=False):
        table = response_by_fifth(result.customers, measure)
        ax.bar(table["fifth"] + shift, table["response_rate"].fillna(0), width=0.4, color=color, label=label)
        ends = [words.percent(rate) for rate in table["response_rate"].dropna().iloc[[0, -1]]]
        told.append(f"{label}, {ends[0]} in the lowest filled fifth and {ends[1]} in the highest")
    average = float(result.response_rate or 0)
    ax.axhline(average, color=style.INK, linewidth=1, linestyle="--")
    ax.set_xticks(range(1, 6), ["lowest\nfifth", "second", "middle", "fourth", "highest\nfifth"])
    ax.set_ylabel("Share of customers who answered")
    style.percent_axis(ax)
    ax.set_ylim(top=1.25 * ax.get_ylim()[1])
    ax.legend(loc="upper center", ncols=2)
    ax.set_title(_answer_verdict(result))
    return style.describe(
        ax,
        f"Bars of the response rate ({words.percent(average)} in all) by fifths of customers: {'; '.join(told)}.",
    )


def _placed(result: LoyaltyMatrix) -> pd.DataFrame:
    if result.placed.empty:
        raise NotEnoughData(f"Nobody can be placed in the matrix. {result.findings[0]}")
    return result.placed


def _attitude_axis(result: LoyaltyMatrix, placed: pd.DataFrame) -> tuple[pd.Series, str, float]:
    """Attitude to draw, its label and its cut; several measures are drawn as distance from their cut."""
    if result.attitude_source in (RELATIVE, MEAN):
        label = {
            RELATIVE: "Relative attitude: own − best competitor (−1 to 1)",
            MEAN: "Mean attitude (0 to 1)",
        }[result.attitude_source]
        return placed["attitude"], label, float(placed["attitude_cut"].iloc[0])
    return placed["attitude"] - placed["attitude_cut"], "Attitude, distance from its cut", 0.0


def _top(result: LoyaltyMatrix, values: pd.Series) -> float:
    """Upper end of the repeat purchase axis: a few extreme customers must not flatten the rest."""
    high = float(values.max())
    if result.repeat.source == SHARE_OF_WALLET:
        return min(max(high, 1.0), 1.25)
    usual = float(values.quantile(0.97))
    least = 2.0 if result.repeat.source == RATE else 1.0
    return max(least, usual if high > 1.5 * usual else high)


def _limits(ax: Axes, x: pd.Series, x_cut: float, y_ends: tuple[float, float], y_cut: float) -> None:
    reach = max(0.1, float((x - x_cut).abs().max())) * 1.1
    ax.set_xlim(x_cut - reach, x_cut + reach)
    low, high = min(y_ends[0], y_cut), max(y_ends[1], y_cut)
    margin = 0.12 * max(high - low, 1e-9)
    ax.set_ylim(low - margin, high + margin)


def _corner(ax: Axes, text: str, right: int, up: int) -> None:
    ax.annotate(
        text,
        (0.985 if right else 0.015, 0.985 if up else 0.015),
        xycoords="axes fraction",
        ha="right" if right else "left",
        va="top" if up else "bottom",
        weight="bold",
        color=style.INK,
    )


def _shares(result: LoyaltyMatrix) -> pd.DataFrame:
    table = result.cells[result.cells["cell"] != "not_surveyed"].set_index("cell")
    return table.assign(part=table["customers"] / table["customers"].sum())


def _verdict(result: LoyaltyMatrix) -> str:
    share = _shares(result)["part"]
    best = str(share.idxmax())
    return f"{words.percent(float(share[best]))} of the customers placed are {_TITLES[best].lower()}"


def _money_verdict(result: LoyaltyMatrix) -> str:
    table = _shares(result)
    total = float(table["net_revenue"].sum())
    if total <= 0 or float(table["net_revenue"].min()) < 0:
        return _verdict(result)
    true, inert = (float(table.loc[cell, "net_revenue"]) / total for cell in ("true", "inert"))
    return f"Of the money placed, {words.percent(true)} is truly loyal and {words.percent(inert)} inert"


def _cells_in_words(result: LoyaltyMatrix) -> str:
    table = _shares(result)
    parts = [
        f"{_TITLES[str(cell)]}: {words.count(row['customers'], 'customer')}, "
        f"{words.money(float(row['net_revenue']), result.currency)}"
        for cell, row in table.iterrows()
    ]
    return "; ".join(parts) + "."


def _by_class(customers: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    counts, money = {}, {}
    for low, high in _CLASSES:
        inside = customers[customers["frequency"].between(low, np.inf if high is None else high)]
        name = f"{low} or more" if high is None else str(low) if low == high else f"{low}–{high}"
        counts[name], money[name] = len(inside), float(inside["net_revenue"].sum())
    return pd.Series(counts), pd.Series(money)


def _answer_verdict(result: LoyaltyMatrix) -> str:
    row = result.respondents_vs_rest.set_index("measure").loc["net_revenue"]
    rate = words.percent(float(result.response_rate or 0))
    if row["lower"] > 0.5:
        return f"{rate} answered, the larger customers more readily"
    if row["upper"] < 0.5:
        return f"{rate} answered, the smaller customers more readily"
    return f"{rate} answered, large and small alike"
