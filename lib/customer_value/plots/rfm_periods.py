"""Charts of RFM over time: portfolio, migration, what came after, and cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from customer_value import words
from customer_value.display import written
from customer_value.errors import NotEnoughData
from customer_value.plots import style
from customer_value.rfm.names import BEST, LEVELS, NOT_YET, OUTSIDE, PORTFOLIO, STATES
from customer_value.rfm.prediction import GROUPINGS_FIRST

if TYPE_CHECKING:
    from customer_value.rfm import Migration, Prediction, Rfm

__all__ = [
    "cohort_map",
    "lift_bars",
    "migration_flows",
    "migration_matrix",
    "portfolio_map",
    "score_lifts",
]

_FAMILIES = {
    "Champion, Loyal": BEST,
    "Potential loyalist,\nNew, Promising": ("Potential loyalist", "New", "Promising"),
    "Need attention,\nAbout to sleep": ("Need attention", "About to sleep"),
    "At risk, Can't lose": ("At risk", "Can't lose"),
    "Hibernating, Lost": ("Hibernating", "Lost"),
    "No order": (OUTSIDE,),
    "Not yet\na customer": (NOT_YET,),
}
"""Nodes of the flows to the segments that they join."""

_COLORS = ("#1d5f8a", "#4aa3b5", "#c9a227", "#d9822b", "#8a5a9e", "#8a94a0", "#3f8f5f")


def portfolio_map(result: Rfm, ax: Axes) -> Axes:
    """Customers and net revenue by level of contribution (rows) and state (columns)."""
    frame = result.classes.get("portfolio_group")
    if frame is None or not frame["customers"].sum():
        raise NotEnoughData("There are no customers with a purchase, so there is nothing to draw.")
    own = frame.set_index("portfolio_group")
    names = [[PORTFOLIO[level, state] for state in STATES] for level in LEVELS]
    size = np.array([[own.loc[name, "customers"] for name in row] for row in names], dtype=float)
    money = np.array([[own.loc[name, "net_revenue"] for name in row] for row in names], dtype=float)
    total = money.sum()
    weight = np.clip(money, 0, None) if total > 0 else size
    _shaded(ax, np.sqrt(weight / max(weight.max(), 1e-9)))
    for y, x in np.ndindex(size.shape):
        color = "white" if np.sqrt(weight[y, x] / max(weight.max(), 1e-9)) > 0.6 else style.INK
        if not size[y, x]:
            ax.text(x, y, "–", ha="center", va="center", color=style.GREY)
            continue
        ax.text(
            x, y - 0.12, words.count(float(size[y, x])), ha="center", va="center", color=color, weight="bold"
        )
        if total > 0:
            share = words.percent(money[y, x] / total)
            ax.text(x, y + 0.2, share, ha="center", va="center", color=color, fontsize=8.5)
    ax.set_xticks(range(len(STATES)), [state.capitalize() for state in STATES])
    ax.set_yticks(range(len(LEVELS)), LEVELS)
    ax.set_xlabel(
        "What the customer is doing. In each cell: customers"
        + (", share of net revenue" if total > 0 else "")
    )
    ax.set_ylabel("Contribution, 24 months")
    gone = own.loc[["High lost", "High long lost"], "customers"].sum()
    high = sum(own.loc[name, "customers"] for name in names[0])
    ax.set_title(
        f"{words.count(gone)} of {words.count(high, 'customer')} with high contribution "
        f"{words.verb(gone, 'is', 'are')} lost"
    )
    held = own[own["customers"] > 0]
    parts = [f"{name} {words.count(n, 'customer')}" for name, n in held["customers"].items()]
    return style.describe(ax, f"Customers by contribution and state. {'; '.join(parts)}.")


def migration_matrix(result: Rfm, ax: Axes) -> Axes:
    """Customers by segment then (rows) and now (columns); darker is a larger share of the row."""
    found = _migration(result)
    wide = found.matrix()
    wide = wide.loc[wide.sum(axis=1) > 0, wide.sum() > 0]
    share = wide.div(wide.sum(axis=1), axis=0).to_numpy(dtype=float)
    _shaded(ax, share)
    for (y, x), value in np.ndenumerate(wide.to_numpy()):
        if value:
            color = "white" if share[y, x] > 0.6 else style.INK
            ax.text(x, y, words.count(value), ha="center", va="center", color=color, fontsize=8.5)
    ax.set_xticks(range(wide.shape[1]), wide.columns, rotation=40, ha="right")
    ax.set_yticks(range(wide.shape[0]), wide.index)
    ax.set_xlabel(f"Segment on {words.day(found.as_of)}")
    ax.set_ylabel(f"Segment on {words.day(found.previous)}")
    ax.set_title(_migration_title(found))
    parts = [
        f"{then} to {now} {words.count(n)}" for then, row in wide.iterrows() for now, n in row.items() if n
    ]
    return style.describe(ax, f"Customers by segment then and now: {'; '.join(parts)}.")


def migration_flows(result: Rfm, ax: Axes) -> Axes:
    """Flows of customers between groups of segments, from the earlier date (left) to now (right)."""
    found = _migration(result)
    table = _family_flows(found)
    total = float(table.to_numpy().sum())
    gap = 0.025 * total
    left, right = _stacked(table.sum(axis=1), gap), _stacked(table.sum(), gap)
    colors = dict(zip(_FAMILIES, _COLORS, strict=True))
    start, end = dict(left), dict(right)
    for then in table.index:
        for now in table.columns:
            number = float(table.loc[then, now])
            if number:
                _band(ax, start[then], end[now], number, colors[then])
                start[then] += number
                end[now] += number
    _nodes(ax, left, table.sum(axis=1), -0.02, "right", colors)
    _nodes(ax, right, table.sum(), 1.0, "left", colors)
    height = max(
        max(start + size for start, size in zip(nodes.values(), sizes, strict=True))
        for nodes, sizes in ((left, table.sum(axis=1)), (right, table.sum()))
    )
    ax.set_xlim(-0.42, 1.42)
    ax.set_ylim(height * 1.02, -height * 0.07)
    ax.axis("off")
    for x, date, side in ((0.0, found.previous, "right"), (1.0, found.as_of, "left")):
        ax.text(x, -height * 0.03, words.day(date), ha=side, va="center", weight="bold", color=style.INK)
    ax.set_title(_migration_title(found))
    parts = [
        f"{_flat(then)} to {_flat(now)} {words.count(n)}"
        for then, row in table.iterrows()
        for now, n in row.items()
        if n
    ]
    return style.describe(ax, f"Flows of customers between segments: {'; '.join(parts)}.")


def lift_bars(result: Rfm, ax: Axes, *, of: str = "segment") -> Axes:
    """Share of each group that bought in the period after the earlier date, against all.

    Parameters
    ----------
    result, ax
        What to draw and where.
    of
        ``"segment"``, ``"eight_class"`` or ``"portfolio_group"``.
    """
    found = _prediction(result)
    frame = found.of(of)[::-1].reset_index(drop=True)
    if not len(frame):
        raise NotEnoughData("There are no such groups at the earlier date, so there is nothing to draw.")
    mean = found.buyers / found.customers
    colors = [style.ACCENT if share >= mean else style.WARN for share in frame["buying_share"]]
    bars = ax.barh(range(len(frame)), frame["buying_share"], 0.65, color=colors)
    texts = [
        f"{words.percent(row['buying_share'])}, {words.short_money(row['net_revenue_per_customer'], result.currency)}"
        for row in frame.to_dict("records")
    ]
    ax.axvline(mean, color=style.INK, linewidth=1.2, linestyle="--", zorder=1.5)
    for text in ax.bar_label(bars, texts, padding=3, fontsize=8.5):
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.8})
    ax.text(
        mean,
        1.0,
        f" all: {words.percent(mean)}",
        transform=ax.get_xaxis_transform(),
        va="bottom",
        fontsize=8.5,
    )
    ax.set_yticks(
        range(len(frame)),
        [f"{g} ({words.count(n)})" for g, n in zip(frame["group"], frame["customers"], strict=True)],
    )
    ax.set_ylim(-0.6, max(3, len(frame)) - 0.4)
    ax.grid(axis="y", visible=False)
    ax.set_xlim(0, 1.25)
    ax.set_xticks(np.linspace(0, 1, 6))
    style.percent_axis(ax, "x")
    ax.set_xlabel(
        f"Bought again from {words.day(found.previous)} to {words.day(found.as_of)}; mean net revenue per customer"
    )
    one = found.separations[of]
    verdict = "separate" if one.buying else "do not separate"
    title = f"{written(GROUPINGS_FIRST[of])} {verdict} who buys again"
    if found.buyers in (0, found.customers):
        title = "All bought again" if found.buyers else "Nobody bought again"
    elif not one.judged:
        title = f"{written(GROUPINGS_FIRST[of])} cannot be checked on who buys again"
    elif not found.judged:
        title = f"Who bought again: {words.count(found.customers, 'customer')} cannot be judged"
    ax.set_title(title, pad=16)
    parts = [f"{g} {t}" for g, t in zip(frame["group"][::-1], texts[::-1], strict=True)]
    return style.describe(
        ax, f"Bought again and mean net revenue: {'; '.join(parts)}. All: {words.percent(mean)}."
    )


def score_lifts(result: Rfm, ax: Axes) -> Axes:
    """Share that bought again by recency, frequency and money score."""
    found = _prediction(result)
    series = {"recency_score": "Recency", "frequency_score": "Frequency", "monetary_score": "Money"}
    parts = []
    for (grouping, name), marker, color in zip(series.items(), "os^", style.PALETTE, strict=False):
        frame = found.of(grouping)[::-1]
        score = frame["group"].astype(int)
        ax.plot(score, frame["buying_share"], marker=marker, color=color, label=name)
        shares = [f"{s}: {words.percent(v)}" for s, v in zip(score, frame["buying_share"], strict=True)]
        parts.append(f"{name} {', '.join(shares)}")
    mean = found.buyers / found.customers
    ax.axhline(mean, color=style.INK, linewidth=1, linestyle="--", label=f"All: {words.percent(mean)}")
    ax.set_xticks(range(1, 6))
    ax.set_ylim(-0.03, 1.03)
    style.percent_axis(ax)
    ax.set_xlabel(f"Score on {words.day(found.previous)}")
    ax.set_ylabel(f"Bought again until {words.day(found.as_of)}")
    ax.legend(loc="best")
    ax.set_title(_score_title(found))
    return style.describe(ax, f"Bought again by score. {'; '.join(parts)}.")


def cohort_map(result: Rfm, ax: Axes, *, figure: str = "retention") -> Axes:
    """The triangle of cohorts: months since the first purchase by month of the first purchase.

    Parameters
    ----------
    result, ax
        What to draw and where.
    figure
        ``"retention"`` or ``"net_revenue_per_customer"``. Unknown cells stay blank;
        zero is the lightest blue.
    """
    found = result.cohorts
    wide = found.triangle(figure) if found is not None else pd.DataFrame()
    if found is None or not wide.size or not wide.notna().to_numpy().any():
        raise NotEnoughData("No cohort has a whole month behind it, so there is nothing to draw.")
    retention = figure == "retention"
    values = wide.to_numpy(dtype=float)
    later = values[:, 1:] if values.shape[1] > 1 else values
    known = later[~np.isnan(later)]
    top = float(np.quantile(known, 0.98)) if len(known) else 1.0
    top = top if top > 0 else 1.0
    masked = np.ma.masked_invalid(values)
    ax.imshow(masked, cmap="Blues", aspect="auto", vmin=-0.15 * top, vmax=1.15 * top)
    every = max(1, -(-values.shape[1] // 13))
    if values.shape[1] <= 13:
        for (y, x), value in np.ndenumerate(values):
            if not np.isnan(value):
                text = words.percent(value, 0) if retention else words.significant(abs(value), 2)
                text = f"−{text}" if not retention and value < 0 else text
                color = "white" if value > 0.65 * top else style.INK
                ax.text(x, y, text, ha="center", va="center", fontsize=7, color=color)
    else:
        bar = ax.figure.colorbar(ax.images[0], ax=ax, pad=0.01)
        axis = bar.ax
        axis.set_ylim(0, 1.15 * top)
        if retention:
            style.percent_axis(axis)
        else:
            style.money_axis(axis, result.currency)
    sizes = found.sizes.loc[wide.index]
    labels = [f"{one:%Y-%m} ({words.count(n)})" for one, n in zip(wide.index, sizes, strict=True)]
    rows = max(1, -(-len(labels) // 24))
    ax.set_yticks(range(0, len(labels), rows), labels[::rows], fontsize=8)
    ax.set_xticks(range(0, values.shape[1], every), wide.columns[::every])
    ax.grid(visible=False)
    ax.set_xlabel("Months since the first purchase")
    ax.set_ylabel("First purchase (customers)")
    ax.set_title(_cohort_title(result, figure))
    means = [
        f"month {m}: {words.percent(v) if retention else words.money(v, result.currency)}"
        for m, v in _weighted(wide, sizes).items()
    ]
    return style.describe(
        ax, f"{_cohort_title(result, figure)}. Mean of the cohorts shown, {'; '.join(means)}."
    )


def _migration(result: Rfm) -> Migration:
    if result.migration is None:
        raise NotEnoughData(
            "Nobody ordered in the window before the earlier date, so there is nothing to compare with."
        )
    return result.migration


def _prediction(result: Rfm) -> Prediction:
    if result.prediction is None:
        raise NotEnoughData("Nobody was scored at the earlier date, so there is nothing to compare with.")
    return result.prediction


def _shaded(ax: Axes, shade: np.ndarray) -> None:
    ax.imshow(shade, cmap="Blues", aspect="auto", vmin=0, vmax=1.15)
    ax.set_xticks(np.arange(-0.5, shade.shape[1]), minor=True)
    ax.set_yticks(np.arange(-0.5, shade.shape[0]), minor=True)
    ax.grid(visible=False, which="major")
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="both", length=0)


def _migration_title(found: Migration) -> str:
    left, joined = found.moves["left"][0], found.moves["joined"][0]
    return f"{words.count(left, 'customer')} left {words.listing(BEST)}, {words.count(joined)} joined"


def _family_flows(found: Migration) -> pd.DataFrame:
    of = {segment: family for family, segments in _FAMILIES.items() for segment in segments}
    flows = found.flows.assign(
        then=found.flows["segment_then"].map(of), now=found.flows["segment_now"].map(of)
    )
    wide = flows.pivot_table(index="then", columns="now", values="customers", aggfunc="sum", fill_value=0)
    wide = wide.reindex(index=list(_FAMILIES), columns=list(_FAMILIES), fill_value=0)
    return wide.loc[wide.sum(axis=1) > 0, wide.sum() > 0]


def _stacked(sizes: pd.Series, gap: float) -> dict[str, float]:
    """Where each node begins, from the top; small ones are kept apart so that their names can be read."""
    places, at, total = {}, 0.0, float(sizes.sum())
    for name, size in sizes.items():
        slot = max(float(size), 0.062 * total)
        places[str(name)] = at + (slot - float(size)) / 2
        at += slot + gap
    return places


def _band(ax: Axes, left: float, right: float, number: float, color: str) -> None:
    middle = 0.5
    points = [
        (0, left), (middle, left), (middle, right), (1, right),
        (1, right + number), (middle, right + number), (middle, left + number), (0, left + number), (0, left),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(points, codes), facecolor=color, alpha=0.45, linewidth=0))


def _nodes(
    ax: Axes, places: dict[str, float], sizes: pd.Series, x: float, side: str, colors: dict[str, str]
) -> None:
    for name, size in sizes.items():
        at = places[str(name)]
        ax.add_patch(Rectangle((x, at), 0.02, float(size), facecolor=colors[str(name)]))
        where = x - 0.015 if side == "right" else x + 0.035
        text = f"{name}: {words.count(size)}"
        ax.text(where, at + float(size) / 2, text, ha=side, va="center", fontsize=8.5, color=style.INK)


def _flat(name: object) -> str:
    return str(name).replace("\n", " ")


def _score_title(found: Prediction) -> str:
    names = {"recency_score": "Recency", "frequency_score": "Frequency", "monetary_score": "Money"}
    if not found.judged:
        return f"Who bought again: {words.count(found.customers, 'customer')} cannot be judged"
    good = [n for n in names if found.separations[n].buying and not found.separations[n].backwards]
    if not any(found.separations[n].judged for n in names):
        return "The scores cannot be checked on who buys again"
    if not good:
        return "None of the scores tells who buys again"
    best = max(good, key=lambda n: found.separations[n].cramers_v or 0.0)
    return f"{names[best]} tells best who buys again"


def _cohort_title(result: Rfm, figure: str) -> str:
    assert result.cohorts is not None
    if figure != "retention":
        return f"{words.with_currency('Net revenue per customer of the cohort', result.currency)}, by month"
    for month in (6, 3, 1):
        share = result.cohorts.retention_after(month)
        if share is not None:
            return f"{words.percent(share[0])} of the customers bought in month {month} after their first"
    return "The cohorts are too young to know who comes back"


def _weighted(wide: pd.DataFrame, sizes: pd.Series) -> dict[int, float]:
    found = {}
    for month in wide.columns:
        column = wide[month].dropna()
        found[int(month)] = float((column * sizes.loc[column.index]).sum() / sizes.loc[column.index].sum())
    return found
