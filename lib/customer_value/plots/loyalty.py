"""Charts of the loyalty matrix."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from customer_value import words
from customer_value.display import written
from customer_value.errors import NotEnoughData
from customer_value.loyalty import LoyaltyMatrix
from customer_value.loyalty.attitude import FIXED_CUTS, MEAN, RELATIVE
from customer_value.loyalty.cells import FOUR
from customer_value.loyalty.display import NEEDS_ORDERS, why_no_moves, why_no_retention
from customer_value.loyalty.repeat_purchase import AGAIN, RATE, SHARES
from customer_value.loyalty.representation import difference_of_shares, response_by_fifth
from customer_value.plots import style

__all__ = [
    "attitude_spread",
    "cell_moves",
    "cell_retention",
    "matrix_counts",
    "matrix_scatter",
    "repeat_purchase_only",
    "respondents_vs_rest",
]

_COLORS = {
    "true": style.PALETTE[2],
    "latent": style.PALETTE[0],
    "inert": style.PALETTE[1],
    "none": style.GREY,
}
_TITLES = {"true": "Truly loyal", "latent": "Latent loyal", "inert": "Inert loyal", "none": "Not loyal"}
_ATTITUDE_LABELS = {
    RELATIVE: "Relative attitude: own − best competitor (−1 to 1)",
    MEAN: "Mean attitude (0 to 1; stands in for relative attitude)",
}
_CORNERS = {"none": (0, 0), "inert": (0, 1), "latent": (1, 0), "true": (1, 1)}
_CLASSES = ((0, 0), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, None))


def matrix_scatter(result: LoyaltyMatrix, ax: Axes) -> Axes:
    """Every placed customer by attitude and repeat purchase; the area of a point is its value.

    Value is lifetime value where it is known, else net revenue so far.

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
    value, measure = _value(placed)
    size = (
        10 + 500 * value / max(float(value.max()), 1e-9) if measure else pd.Series(40.0, index=placed.index)
    )
    for cell, color in _COLORS.items():
        mask = (placed["cell"] == cell).to_numpy()
        ax.scatter(x[mask], y[mask].clip(upper=top), s=size[mask], color=color, alpha=0.55, linewidth=0)
    cut = float(placed["repeat_cut"].iloc[0])
    cut = math.floor(cut) + 0.5 if result.repeat.source == AGAIN else cut
    ax.axvline(x_cut, color=style.INK, linewidth=1)
    ax.axhline(cut, color=style.INK, linewidth=1)
    _limits(ax, x, x_cut, (min(0.0, float(y.min())), top), cut)
    if result.repeat.source in SHARES:
        style.percent_axis(ax)
    ax.set_xlabel(f"{x_label}\nlarger points, more {measure}" if measure else x_label)
    above = f"\n({words.count(over)} above the axis drawn at its top)" if over else ""
    ax.set_ylabel(result.repeat.axis.replace(" (stands", "\n(stands") + above)
    for cell, (right, up) in _CORNERS.items():
        _corner(ax, f"{_TITLES[cell]}: {words.count((placed['cell'] == cell).sum())}", right, up)
    ax.set_title(_verdict(result))
    return style.describe(
        ax,
        f"Scatter of {words.count(len(placed), result.unit)}, {x_label.lower()} across and "
        f"{result.repeat.axis.lower()} up{f', larger points for more {measure}' if measure else ''}. "
        f"{_cells_in_words(result)}",
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
        share = f"{words.count(n, result.unit)} ({words.percent(n / placed)})"
        ax.text(right + 0.05, up + 0.60, share, fontsize=12, va="center")
        told = _worth(result, money) + _outlook(result, table, cell)
        ax.text(right + 0.05, up + 0.44, "\n".join(told), va="top", linespacing=1.5)
    n, money = int(table.loc["not_surveyed", "customers"]), float(table.loc["not_surveyed", "net_revenue"])
    strip = f"Not surveyed or not placed: {words.count(n, 'customer')}, {words.short_money(money, result.currency)}"
    strip = strip if result.with_orders else f"Not placed: {words.count(n, result.unit)}"
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
    if not result.with_orders:
        raise NotEnoughData(written(NEEDS_ORDERS))
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
    if not result.with_orders:
        raise NotEnoughData(written(NEEDS_ORDERS))
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


def attitude_spread(result: LoyaltyMatrix, ax: Axes) -> Axes:
    """How the attitudes of the respondents spread, the last two waves that measured them alike.

    Parameters
    ----------
    result
        The loyalty matrix; it needs no orders.
    ax
        Where to draw.
    """
    usable = result.opinions[result.opinions["mean"].notna()]
    if usable.empty or result.attitudes is None:
        raise NotEnoughData(
            "There are not five respondents with an attitude in any survey, so nothing is drawn."
        )
    latest = usable.iloc[-1]
    source = latest["attitude_source"]
    shown = usable[usable["attitude_source"] == source].tail(2)
    edges = np.round(np.linspace(-1.0 if source == RELATIVE else 0.0, 1.0, 21), 12)
    people = result.attitudes.people
    told: list[str] = []
    for (_, row), color in zip(shown.iloc[::-1].iterrows(), style.PALETTE, strict=False):
        values = people.loc[people["wave"] == row["wave"], "attitude"].to_numpy(float)
        share = np.histogram(-values, -edges[::-1])[0][::-1] / len(values)  # a value on an edge is left of it
        ax.stairs(
            share,
            edges,
            fill=not told,
            alpha=1.0 if told else 0.7,
            color=color,
            linewidth=2,
            label=_survey_label(row),
        )
        told.append(
            f"{_survey_label(row)}: mean {words.decimal(row['mean'])}, "
            f"{words.percent(row['high_share'])} above the cut"
        )
    cut = FIXED_CUTS[source]
    ax.axvline(cut, color=style.INK, linewidth=1)
    ax.annotate(f" high above {words.decimal(cut)}", (cut, 1), xycoords=("data", "axes fraction"), va="top")
    ax.set_xlabel(_ATTITUDE_LABELS[source])
    ax.set_ylabel("Share of respondents")
    style.percent_axis(ax)
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.set_ylim(top=1.2 * ax.get_ylim()[1])
    ax.legend(loc="upper left", fontsize=8)
    high = "prefer this company" if source == RELATIVE else "rate this company above the middle"
    ax.set_title(f"{words.percent(latest['high_share'])} of respondents {high}")
    return style.describe(ax, f"Histogram of the attitude of respondents. {'; '.join(told)}.")


def cell_retention(result: LoyaltyMatrix, ax: Axes) -> Axes:
    """Share of each cell that bought again in the period after the survey, with intervals.

    Parameters
    ----------
    result
        The loyalty matrix.
    ax
        Where to draw.
    """
    table = result.retention
    known = table[table["rate"].notna()].iloc[::-1].reset_index(drop=True)
    if known.empty:
        raise NotEnoughData(
            written(why_no_retention(result))
            if table.empty
            else "No cell had five customers, so none is followed up."
        )
    ends = [known["rate"] - known["low"], known["high"] - known["rate"]]
    for position, (cell, rate, low, high) in enumerate(zip(known["cell"], known["rate"], *ends, strict=True)):
        color = _COLORS.get(cell, style.INK)
        error = [[max(low, 0.0)], [max(high, 0.0)]]
        ax.errorbar(rate, position, xerr=error, fmt="o", color=color, markersize=9, capsize=4)
    names = [
        f"{_TITLES.get(cell, 'Not surveyed')} ({words.count(n)})"
        for cell, n in zip(known["cell"], known["customers"], strict=True)
    ]
    ax.set_yticks(range(len(known)), names)
    ax.set_ylim(-0.6, len(known) - 0.4)
    ax.set_xlim(-0.02, 1.04)
    style.percent_axis(ax, "x")
    then = words.day(known["measured_on"].iloc[0].date())
    ax.set_xlabel(
        f"Share that bought in the {words.count(result.period_months, 'month')} after {then}, 95% interval"
    )
    ax.set_title(_retention_verdict(known))
    told = [
        f"{_TITLES.get(row['cell'], 'Not surveyed')}: {words.percent(row['rate'])} of {words.count(row['customers'])}, "
        f"{words.interval(words.percent(row['low']), words.percent(row['high']))}"
        for _, row in known.iloc[::-1].iterrows()
    ]
    return style.describe(
        ax, f"Points with intervals: share of each cell that bought again. {'; '.join(told)}."
    )


def cell_moves(result: LoyaltyMatrix, ax: Axes) -> Axes:
    """From which cell to which between the last two surveys: customers and their money.

    Parameters
    ----------
    result
        The loyalty matrix.
    ax
        Where to draw.
    """
    if result.movement is None:
        raise NotEnoughData(written(why_no_moves(result)))
    found = result.movement
    table = result.moves
    table = table[(table["from_name"] == found.from_name) & (table["to_name"] == found.to_name)]
    table = table.set_index(["from_cell", "to_cell"])
    order = [*FOUR, "not_surveyed"]
    inside = table.drop(("not_surveyed", "not_surveyed"))
    deepest = max(float(inside["customers"].max()), 1.0)
    for down, before in enumerate(order):
        for right, after in enumerate(order):
            n = int(table.loc[(before, after), "customers"])
            if before == after == "not_surveyed" or not n:
                continue
            color = _COLORS.get(after, style.GREY)
            shade = 0.10 + 0.45 * n / deepest
            ax.add_patch(Rectangle((right, down), 0.96, 0.94, facecolor=color, alpha=shade, linewidth=0))
            money = words.short_money(float(table.loc[(before, after), "revenue_after"]), result.currency)
            ax.text(right + 0.48, down + 0.36, words.count(n), ha="center", va="center", fontsize=13)
            ax.text(right + 0.48, down + 0.70, money, ha="center", va="center", fontsize=8)
    names = [*(_TITLES[cell] for cell in FOUR), "Not placed"]
    ax.set_xticks(np.arange(5) + 0.48, names)
    ax.set_yticks(np.arange(5) + 0.48, names)
    ax.set(xlim=(0, 5), ylim=(5, 0))
    ax.set_xlabel(f"In the survey of {found.to_name}; money: net revenue of the 12 months to then")
    ax.set_ylabel(f"In the survey of {found.from_name}".replace(" to ", "\nto "))
    ax.grid(visible=False)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    share = words.percent(found.stayed / found.both)
    ax.set_title(
        f"{share} stayed in their cell; {words.count(found.became_true)} became truly loyal, "
        f"{words.count(found.ceased_true)} ceased to be"
    )
    told = [
        f"from {_TITLES[before].lower()} to {_TITLES[after].lower()} {words.count(int(n))}"
        for (before, after), n in table["customers"].items()
        if n and before in FOUR and after in FOUR
    ]
    return style.describe(ax, f"Table of movement between cells, customers: {'; '.join(told)}.")


def _survey_label(row: pd.Series) -> str:
    people = words.count(row["respondents"], "respondent")
    return f"{row['name']} ({people})" if row["wave"] > 0 else people


def _retention_verdict(known: pd.DataFrame) -> str:
    """The best and the worst of the four cells, or of what there is."""
    placed = known[known["cell"] != "not_surveyed"]
    compared = placed if len(placed) else known
    best, worst = (compared.loc[index] for index in (compared["rate"].idxmax(), compared["rate"].idxmin()))
    names = [_TITLES.get(row["cell"], "Not surveyed") for row in (best, worst)]
    if len(compared) == 1:
        return f"{names[0]}: {words.percent(best['rate'])} bought again"
    pairs = len(compared) * (len(compared) - 1) // 2
    (first, of_first), (second, of_second) = (
        (int(row["retained"]), int(row["customers"])) for row in (best, worst)
    )
    if difference_of_shares(first, of_first, second, of_second, comparisons=pairs).verdict == "together":
        return (
            f"{names[0]}: {words.percent(best['rate'])} bought again; {names[1].lower()}: "
            f"{words.percent(worst['rate'])}"
        )
    return (
        f"No clear difference: {words.percent(worst['rate'])} to {words.percent(best['rate'])} bought again"
    )


def _worth(result: LoyaltyMatrix, money: float) -> list[str]:
    return [f"{words.short_money(money, result.currency)} so far"] if result.with_orders else []


def _value(placed: pd.DataFrame) -> tuple[pd.Series, str]:
    """What the area of a point stands for, never negative, and its name; no name where nothing is known."""
    if placed["net_revenue"].isna().all():
        return placed["net_revenue"].fillna(0.0), ""
    if "clv" in placed.columns and (placed["clv"] > 0).any():
        return placed["clv"].fillna(0.0).clip(lower=0), "lifetime value"
    return placed["net_revenue"].clip(lower=0), "net revenue so far"


def _outlook(result: LoyaltyMatrix, table: pd.DataFrame, cell: str) -> list[str]:
    """Lifetime value of a cell, and how many of it bought again, where they are known."""
    told = []
    if "clv" in table.columns:
        told.append(f"lifetime value {words.short_money(float(table.loc[cell, 'clv']), result.currency)}")
    rates = result.retention.set_index("cell")["rate"]
    if cell in rates.index and not pd.isna(rates[cell]):
        told.append(f"{words.percent(float(rates[cell]))} of those here at the survey bought again")
    return told


def _placed(result: LoyaltyMatrix) -> pd.DataFrame:
    if result.status == "no_orders":
        raise NotEnoughData(written(NEEDS_ORDERS))
    if result.placed.empty:
        raise NotEnoughData(f"Nobody can be placed in the matrix. {written(result.findings[0])}")
    return result.placed


def _attitude_axis(result: LoyaltyMatrix, placed: pd.DataFrame) -> tuple[pd.Series, str, float]:
    """Attitude to draw, its label and its cut; several measures are drawn as distance from their cut."""
    if result.attitude_source in (RELATIVE, MEAN):
        return (
            placed["attitude"],
            _ATTITUDE_LABELS[result.attitude_source],
            float(placed["attitude_cut"].iloc[0]),
        )
    return placed["attitude"] - placed["attitude_cut"], "Attitude, distance from its cut", 0.0


def _top(result: LoyaltyMatrix, values: pd.Series) -> float:
    """Upper end of the repeat purchase axis: a few extreme customers must not flatten the rest."""
    high = float(values.max())
    if result.repeat.source in SHARES:
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
    return f"{words.percent(float(share[best]))} of the {result.unit}s placed are {_TITLES[best].lower()}"


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
        f"{_TITLES[str(cell)]}: {words.count(row['customers'], result.unit)}"
        + (f", {words.money(float(row['net_revenue']), result.currency)}" if result.with_orders else "")
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
