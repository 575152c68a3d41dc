"""Charts of satisfaction and delivered value."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customer_value import words
from customer_value.codebook import rows_of
from customer_value.display import written
from customer_value.errors import NotEnoughData
from customer_value.pareto.measure import value_name
from customer_value.plots import style
from customer_value.satisfaction import Satisfaction
from customer_value.satisfaction.delivered import DeliveredValue
from customer_value.satisfaction.differences import clear_differences
from customer_value.satisfaction.display import BY, point_words, points, signed
from customer_value.satisfaction.phrases import COMPONENT_NAMES

__all__ = [
    "delivered_value_bridge",
    "expectation_gaps",
    "importance_performance",
    "retention_by_satisfaction",
    "satisfaction_by_group",
    "satisfaction_over_waves",
    "win_win_map",
]

_MOST_BARS = 20
_MOST_NAMES = 3


def expectation_gaps(result: Satisfaction, ax: Axes) -> Axes:
    """Perceived minus expected by attribute (by construct where there are none), with intervals.

    Parameters
    ----------
    result
        The measured satisfaction.
    ax
        Where to draw.
    """
    table = result.gaps
    if table.empty:
        raise NotEnoughData(str(result.gaps_table))
    level = next(name for name in ("attribute", "construct", "all") if (table["level"] == name).any())
    rows = table[table["level"] == level].sort_values(["gap", "name"], ignore_index=True).head(_MOST_BARS)
    place = np.arange(len(rows))[::-1]
    colors = [_side(row.low, row.high) for row in rows_of(rows)]
    ax.barh(place, rows["gap"], color=colors, height=0.62)
    reach = [rows["gap"] - rows["low"], rows["high"] - rows["gap"]]
    ax.errorbar(
        rows["gap"], place, xerr=np.clip(reach, 0, None), fmt="none", color=style.INK, capsize=3, linewidth=1
    )
    ax.axvline(0, color=style.INK, linewidth=1)
    ax.set_yticks(place, [f"{style.label(row.name)} (n {row.n})" for row in rows_of(rows)])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("Perceived − expected, points of 100; bars: 95% interval")
    ax.set_title(_gap_verdict(rows))
    told = [
        f"{style.label(r.name)} {signed(r.gap)} ({signed(r.low)} to {signed(r.high)})" for r in rows_of(rows)
    ]
    return style.describe(
        ax,
        f"Bars of perceived minus expected by {level}, in points of 100 with 95% intervals: {'; '.join(told)}.",
    )


def satisfaction_by_group(result: Satisfaction, ax: Axes, by: str = "industry") -> Axes:
    """The satisfaction index of each group with its interval.

    Parameters
    ----------
    result
        The measured satisfaction.
    ax
        Where to draw.
    by
        ``industry``, ``region`` or ``abc``.
    """
    rows = result.score("index", by)
    if len(rows) < 2:
        raise NotEnoughData(f"The satisfaction index is not known for two groups by {BY.get(by, by)}.")
    order = ["group"] if by == "abc" else ["value", "group"]
    rows = rows.sort_values(order, ascending=[by == "abc"] * len(order), ignore_index=True).head(_MOST_BARS)
    place = np.arange(len(rows))[::-1]
    reach = np.clip([rows["value"] - rows["low"], rows["high"] - rows["value"]], 0, None)
    ax.errorbar(rows["value"], place, xerr=reach, fmt="o", color=style.ACCENT, capsize=3)
    everyone = result.headline.get("index")
    if everyone is not None:
        ax.axvline(everyone["value"], color=style.GREY, linestyle="--", linewidth=1)
    ax.set_yticks(place, [f"{style.label(row.group)} (n {row.n})" for row in rows_of(rows)])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlabel("Satisfaction index, 0 to 100; bars: 95% interval, dashed: all")
    clear = clear_differences(result.differences[result.differences["by"] == by])
    ax.set_title(
        f"{style.label(clear.iloc[0]['higher'])} is clearly more satisfied than {style.label(clear.iloc[0]['lower'])}"
        if len(clear)
        else f"No clear difference by {BY.get(by, by)}: every difference may be chance"
    )
    told = [
        f"{style.label(r.group)} {point_words(r.value)} ({point_words(r.low)} to {point_words(r.high)})"
        for r in rows_of(rows)
    ]
    return style.describe(
        ax, f"Satisfaction index by {BY.get(by, by)} with 95% intervals: {'; '.join(told)}."
    )


def satisfaction_over_waves(result: Satisfaction, ax: Axes) -> Axes:
    """Satisfaction index and net promoter score wave by wave.

    Parameters
    ----------
    result
        The measured satisfaction.
    ax
        Where to draw.
    """
    found = {name: result.score(name, "wave") for name in ("index", "nps")}
    if max(len(rows) for rows in found.values()) < 2:
        raise NotEnoughData(
            "There is one survey wave with enough respondents, so nothing can be drawn over time yet."
        )
    waves = list(dict.fromkeys(group for rows in found.values() for group in rows["group"]))
    names = {"index": "satisfaction index (0 to 100)", "nps": "net promoter score (−100 to 100)"}
    told = []
    for (measure, rows), color, shift in zip(found.items(), style.PALETTE, (-0.04, 0.04), strict=False):
        if rows.empty:
            continue
        place = np.array([waves.index(group) for group in rows["group"]]) + shift
        reach = np.clip([rows["value"] - rows["low"], rows["high"] - rows["value"]], 0, None)
        ax.errorbar(
            place, rows["value"], yerr=reach, marker="o", color=color, capsize=3, label=names[measure]
        )
        told += [f"{names[measure]}, {r.group}: {point_words(r.value)}" for r in rows_of(rows)]
    ax.set_xticks(range(len(waves)), [name.replace(" to ", "\nto ") for name in waves])
    ax.set_xlim(-0.4, len(waves) - 0.6)
    ax.set_ylabel("Points; bars: 95% interval")
    ax.legend()
    ax.set_title(_wave_verdict(found))
    return style.describe(ax, f"Lines over the survey waves. {'; '.join(told)}.")


def importance_performance(result: Satisfaction, ax: Axes) -> Axes:
    """Each attribute by what it explains of overall satisfaction and how well it is rated.

    Parameters
    ----------
    result
        The measured satisfaction.
    ax
        Where to draw.
    """
    found = result.importance
    if isinstance(found, str):
        raise NotEnoughData(found)
    table, first = found.table, found.first
    name = None if first is None else first["attribute"]
    colors = [style.WARN if row.attribute == name else style.ACCENT for row in rows_of(table)]
    ax.scatter(table["performance"], table["share"], c=colors, s=48, zorder=3)
    across = _reach(table["performance"], 3.0)
    up = _reach(table["share"], 0.02)
    ax.set_xlim(*across)
    ax.set_ylim(max(0.0, up[0]), up[1])
    ax.axvline(table["performance"].mean(), color=style.GREY, linewidth=1, linestyle="--")
    ax.axhline(1 / len(table), color=style.GREY, linewidth=1, linestyle="--")
    _names(ax, table, "attribute", "performance", "share")
    corners = ((0.01, 0.985, "important, weaker"), (0.99, 0.985, "important, stronger"),
               (0.01, 0.015, "less important, weaker"), (0.99, 0.015, "less important, stronger"))  # fmt: skip
    for x, y, text in corners:
        ax.text(x, y, text, transform=ax.transAxes, color=style.GREY, fontsize=9,
                ha="left" if x < 0.5 else "right", va="bottom" if y < 0.5 else "top")  # fmt: skip
    ax.set_xlabel("Performance: mean rating, 0 to 100 (burdens turned round)")
    ax.set_ylabel(f"Importance: share of the {words.percent(found.r_squared)} explained")
    style.percent_axis(ax)
    title = (
        "Nothing asked goes with overall satisfaction"
        if name is None
        else f"Mend {style.label(name)} first: importance × distance to 100"
    )
    ax.set_title(title)
    told = [
        f"{style.label(r.attribute)} {words.percent(r.share)} at {point_words(r.performance)}"
        for r in rows_of(table)
    ]
    return style.describe(
        ax,
        f"Scatter of {words.count(len(table))} {found.level}s, performance across and importance up, of "
        f"{words.count(found.n, 'respondent')}: {'; '.join(told)}.",
    )


def delivered_value_bridge(result: Satisfaction, ax: Axes, competitor: str | None = None) -> Axes:
    """From the competitor's delivered value to one's own, component by component.

    Parameters
    ----------
    result
        The measured satisfaction.
    ax
        Where to draw.
    competitor
        Its name; None: the strongest.
    """
    found = result.delivered
    if isinstance(found, str):
        raise NotEnoughData(found)
    if found.totals.empty:
        raise NotEnoughData(str(result.competitors_table))
    total = _total(found, competitor)
    name = style.label(total["competitor"])
    parts = found.parts[found.parts["competitor"] == total["competitor"]].reset_index(drop=True)
    level, labels = float(total["value"]), [textwrap.fill(name, 12)]
    ax.bar(0, level, color=style.GREY, width=0.6)
    for i, row in enumerate(rows_of(parts), start=1):
        color = style.PALETTE[2] if row.difference >= 0 else style.WARN
        ax.bar(i, row.difference, bottom=level, color=color, width=0.6)
        ax.plot([i - 0.7, i + 0.3], [level, level], color=style.INK, linewidth=0.7)
        level += float(row.difference)
        high = max(level, level - float(row.difference))
        ax.annotate(
            signed(row.difference),
            (i, high),
            textcoords="offset points",
            xytext=(0, 3),
            ha="center",
            fontsize=9,
        )
        labels.append(
            f"{written(COMPONENT_NAMES[row.component]).removeprefix('cost in ')}\n"
            f"{point_words(row.own)} : {point_words(row.score)}"
        )
    last = len(parts) + 1
    ax.bar(last, total["own"], color=style.ACCENT, width=0.6)
    for place, value in ((0, total["value"]), (last, total["own"])):
        ax.annotate(
            point_words(value),
            (place, max(value, 0)),
            textcoords="offset points",
            xytext=(0, 3),
            ha="center",
            weight="bold",
        )
    ax.set_xticks(range(last + 1), [*labels, "this\ncompany"], fontsize=8)
    ax.axhline(0, color=style.INK, linewidth=1)
    ax.grid(visible=False, axis="x")
    ax.margins(y=0.12)
    ax.set_ylabel("Delivered value, points")
    ax.set_xlabel("Own score : competitor's score, 0 to 100; money, time, effort and worry are costs")
    ax.set_title(_bridge_verdict(total, name))
    told = [f"{written(COMPONENT_NAMES[r.component])} {signed(r.difference)}" for r in rows_of(parts)]
    return style.describe(
        ax,
        f"Bridge from the delivered value of {name}, {point_words(total['value'])}, to that of this company, "
        f"{point_words(total['own'])}: {'; '.join(told)}. Advantage {signed(total['advantage'])}, 95% interval "
        f"{signed(total['low'])} to {signed(total['high'])}.",
    )


def win_win_map(result: Satisfaction, ax: Axes) -> Axes:
    """Accounts by delivered value and by what they bring, with the names of the largest.

    Parameters
    ----------
    result
        The measured satisfaction.
    ax
        Where to draw.
    """
    found = result.winwin
    if isinstance(found, str):
        raise NotEnoughData(found)
    table, money = found.accounts, value_name(found.earnings)
    colors = {
        "both": style.PALETTE[2],
        "customer": style.PALETTE[0],
        "company": style.WARN,
        "neither": style.GREY,
    }
    for quadrant, color in colors.items():
        rows = table[table["quadrant"] == quadrant]
        ax.scatter(rows["value"], rows["earnings"], color=color, s=26, alpha=0.6, linewidth=0)
    ax.axvline(found.value_cut, color=style.INK, linewidth=1)
    ax.axhline(found.earnings_cut, color=style.INK, linewidth=1)
    ax.set_xlim(*_reach(table["value"], 10.0))
    ax.set_ylim(*_reach(table["earnings"], 1e-9))
    large = table[table["earnings"] > found.earnings_cut]
    for quadrant in ("company", "both"):
        rows = large[large["quadrant"] == quadrant].head(_MOST_NAMES)
        _names(ax, rows, "name", "value", "earnings", size=8, to_left=quadrant == "company")
    counts = found.quadrants.set_index("quadrant")["accounts"]
    corners = {
        "both": (0.99, 0.985),
        "company": (0.01, 0.985),
        "customer": (0.99, 0.015),
        "neither": (0.01, 0.015),
    }
    texts = {
        "both": "both win",
        "company": "this company wins",
        "customer": "the customer wins",
        "neither": "neither wins",
    }
    for quadrant, (x, y) in corners.items():
        ax.text(x, y, f"{texts[quadrant]}: {words.count(counts[quadrant])}", transform=ax.transAxes, weight="bold",
                ha="left" if x < 0.5 else "right", va="bottom" if y < 0.5 else "top")  # fmt: skip
    style.money_axis(ax, result.currency)
    ax.set_xlabel("Delivered value, points (lines: medians)")
    ax.set_ylabel(f"{money.capitalize()} up to the report's date")
    company = float(found.quadrants.set_index("quadrant").loc["company", "earnings"])
    title = (
        f"Little value returned for {words.short_money(company, result.currency)} of {money}"
        if company > 0
        else f"{words.count(counts['both'], 'account')} of {words.count(len(table))} win and let this company win"
    )
    ax.set_title(title)
    told = [f"{texts[q]}: {words.count(counts[q], 'account')}" for q in corners]
    return style.describe(
        ax,
        f"Scatter of {words.count(len(table), 'account')}, delivered value across and {money} up. {'; '.join(told)}.",
    )


def retention_by_satisfaction(result: Satisfaction, ax: Axes) -> Axes:
    """Who stayed, by groups of accounts from the least to the most satisfied, with intervals.

    Parameters
    ----------
    result
        The measured satisfaction.
    ax
        Where to draw.
    """
    link = result.link
    if isinstance(link, str):
        raise NotEnoughData(link)
    if link.why_no_retention or link.months is None or link.difference is None:
        raise NotEnoughData(written(link.why_no_retention))
    rows = link.table[link.table["retained"].notna()]
    reach = np.clip(
        [rows["retained"] - rows["retained_low"], rows["retained_high"] - rows["retained"]], 0, None
    )
    ax.errorbar(rows["group"], rows["retained"], yerr=reach, fmt="o-", color=style.ACCENT, capsize=3)
    ax.set_xticks(rows["group"], [f"{r.group}\nn {r.active}" for r in rows_of(rows)])
    ax.set_ylim(0, 1.05)
    style.percent_axis(ax)
    ax.set_xlabel(
        f"Accounts by satisfaction, 1 = least of {link.groups} groups; n: those who bought in the year before"
    )
    ax.set_ylabel(f"Bought again within {link.months} months\nafter the survey; bars: 95% interval")
    gap, low, high = link.difference
    ax.set_title(
        "Satisfied accounts stay more often" if low > 0
        else "Satisfied accounts stay less often" if high < 0
        else "Satisfaction does not tell clearly who stays"
    )  # fmt: skip
    told = [f"group {r.group}: {words.percent(r.retained)} of {r.active}" for r in rows_of(rows)]
    return style.describe(
        ax,
        f"Share of accounts that bought again within {link.months} months after the survey, by satisfaction: "
        f"{'; '.join(told)}. More satisfied half minus less satisfied half {points(gap)}, 95% interval "
        f"{points(low)} to {points(high)}.",
    )


def _side(low: float, high: float) -> str:
    return style.WARN if high < 0 else style.PALETTE[2] if low > 0 else style.GREY


def _gap_verdict(rows: pd.DataFrame) -> str:
    short, over = int((rows["high"] < 0).sum()), int((rows["low"] > 0).sum())
    n = len(rows)
    if short > over:
        verb = words.verb(short, "falls", "fall")
        return f"{words.count(short)} of {words.count(n)} clearly {verb} short of the expectation"
    if over > short:
        verb = words.verb(over, "exceeds", "exceed")
        return f"{words.count(over)} of {words.count(n)} clearly {verb} the expectation"
    return "On the whole customers get what they expected"


def _wave_verdict(found: dict[str, pd.DataFrame]) -> str:
    measure = "index" if len(found["index"]) > 1 else "nps"
    name = "The satisfaction index" if measure == "index" else "The net promoter score"
    before, now = found[measure].iloc[-2], found[measure].iloc[-1]
    reach = float(np.hypot((before["high"] - before["low"]) / 2, (now["high"] - now["low"]) / 2))
    change = float(now["value"] - before["value"])
    verb = "has risen" if change > reach else "has fallen" if change < -reach else "has not changed clearly"
    return f"{name} {verb}: {point_words(before['value'])} → {point_words(now['value'])}"


def _total(found: DeliveredValue, competitor: str | None) -> pd.Series:
    if competitor is None:
        return found.totals.iloc[0]
    rows = found.totals[found.totals["competitor"] == competitor]
    if rows.empty:
        known = words.listing([words.plain(name) for name in found.totals["competitor"]])
        raise NotEnoughData(
            f"{words.plain(competitor)} was not compared; there {words.verb(len(found.totals), 'is', 'are')} {known}."
        )
    return rows.iloc[0]


def _bridge_verdict(total: pd.Series, name: str) -> str:
    size = point_words(abs(total["advantage"]))
    if total["low"] > 0:
        return f"This company delivers {size} points more value than {name}"
    if total["high"] < 0:
        return f"This company delivers {size} points less value than {name}"
    return f"This company delivers about as much value as {name}"


def _reach(values: pd.Series, least: float) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = max(0.12 * (high - low), least)
    return low - margin, high + margin


def _names(
    ax: Axes, table: pd.DataFrame, name: str, x: str, y: str, *, size: int = 9, to_left: bool | None = None
) -> None:
    """Names beside their points, moved down where points are close, with a line to the point."""
    placed: list[tuple[float, float]] = []
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for row in table.sort_values([y, name], ascending=[False, True]).to_dict("records"):
        across, up = (row[x] - left) / (right - left), (row[y] - bottom) / (top - bottom)
        start = up
        while any(abs(across - a) < 0.2 and abs(up - b) < 0.045 for a, b in placed):
            up -= 0.01
        placed.append((across, up))
        left_side = across > 0.75 if to_left is None else to_left and across > 0.25
        line = {"arrowstyle": "-", "color": style.GREY, "linewidth": 0.6} if start - up > 0.02 else None
        ax.annotate(
            style.label(row[name], most=22),
            (row[x], row[y]),
            xytext=(across + (-0.014 if left_side else 0.014), up),
            textcoords="axes fraction",
            ha="right" if left_side else "left",
            va="center",
            fontsize=size,
            arrowprops=line,
        )
