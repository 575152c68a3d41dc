"""Chart of what the categories of customers change: how often they buy, and how they leave."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from customer_value import words
from customer_value.clv.covariate_levels import NOT_STATED, OTHER
from customer_value.clv.covariate_story import sure_differences, times
from customer_value.clv.covariates import BUYING, LEAVING, CovariateFit
from customer_value.errors import NotEnoughData
from customer_value.plots import style

__all__ = ["covariate_effects"]

_WIDEST = 20.0
_HEADING = ""
_LOOK = {BUYING: (style.ACCENT, "o", -0.15), LEAVING: (style.PALETTE[1], "D", 0.15)}


def covariate_effects(result: CovariateFit, ax: Axes, *, most: int = 14) -> Axes:
    """Buying rate and leaving of every level against the base, with 95 % intervals, on a log axis."""
    table = result.coefficients
    known = table.dropna(subset="factor")
    if known.empty:
        raise NotEnoughData("No level of a covariate is determined by these data.")
    rows = _rows(result, most)
    places = {key: place for place, key in enumerate(rows)}
    keys = list(zip(known["covariate"], known["level"], strict=True))
    placed = known.assign(place=[places.get(key, -1) for key in keys])
    reach = 1.5
    for part, (color, marker, shift) in _LOOK.items():
        own = placed[(placed["part"] == part) & (placed["place"] >= 0)]
        at = own["place"].to_numpy() + shift
        low, high = own["low"].clip(1 / _WIDEST), own["high"].clip(upper=_WIDEST)
        ax.hlines(at, low, high, color=color, linewidth=1.6)
        inside = own["factor"].clip(1 / _WIDEST, _WIDEST)
        ax.plot(inside, at, linestyle="none", marker=marker, color=color, label=_name(result, part))
        reach = max([reach, *(1 / low), *high])
    ax.axvline(1, color=style.INK, linewidth=0.9)
    _name_rows(ax, result, rows)
    _factors(ax, reach)
    left = len(set(keys)) - len(set(keys) & set(rows))
    more = f"; {words.count(left, 'smaller level')} not shown" if left > 0 else ""
    ax.set_xlabel(f"Times the base, 95% interval, log scale{more}")
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.13), ncols=2)
    ax.set_title(_title(result))
    return style.describe(ax, _described(result, known))


def _rows(result: CovariateFit, most: int) -> list[tuple[str, str]]:
    """Each covariate as a heading, then its levels, the most frequent buyers first.

    Of many levels those with most customers are shown.
    """
    table = result.coefficients
    levels = table[table["part"] == BUYING].sort_values(
        ["customers", "covariate", "level"], ascending=[False, True, True]
    )
    order = levels.head(most).sort_values(["factor", "level"], ascending=[False, True])
    rows: list[tuple[str, str]] = []
    for covariate in result.model.covariates:
        own = order.loc[order["covariate"] == covariate.name, "level"]
        rows += [(covariate.name, level) for level in (_HEADING, *own)] if len(own) else []
    return rows


def _name_rows(ax: Axes, result: CovariateFit, rows: list[tuple[str, str]]) -> None:
    names = [
        f"{covariate.replace('_', ' ')} (base: {result.base[covariate]})" if level == _HEADING else level
        for covariate, level in rows
    ]
    ax.set_yticks(range(len(rows)), [style.label(name, most=26) for name in names], fontsize=8.5)
    for text, (_, level) in zip(ax.get_yticklabels(), rows, strict=True):
        text.set_fontweight("bold" if level == _HEADING else "normal")
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")


def _name(result: CovariateFit, part: str) -> str:
    if part == BUYING:
        return "Buys so many times as often"
    return "Odds of leaving after a purchase" if "a" in result.model.base else "Leaves so many times as fast"


def _factors(ax: Axes, reach: float) -> None:
    ax.set_xscale("log")
    ax.set_xlim(1 / (reach * 1.1), reach * 1.1)
    steps = [1.0, 1.25, 1.5, 2.0] if reach < 2.5 else [1.0, 2.0, 4.0, 8.0, 16.0]
    kept = [step for step in steps if step <= reach * 1.1]
    ax.xaxis.set_major_locator(FixedLocator(sorted({*kept, *(1 / step for step in kept)})))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(value, 3):.3g}"))


def _title(result: CovariateFit) -> str:
    if result.p_value >= 0.05:
        return "No difference between customers that chance does not explain"
    sure = sure_differences(result)
    buying = sure[sure["part"] == BUYING]
    if sure.empty:
        return "Customers differ, but no single group does for certain"
    row = (sure if buying.empty else buying).iloc[0]
    who, base = (_short(row["covariate"], row[name]) for name in ("level", "base"))
    if buying.empty:
        return f"{who} leaves {'more' if row['factor'] > 1 else 'less'} readily than {base}"
    return f"{who} buys {times(row['factor'])} times as often as {base}"


def _short(covariate: str, level: str) -> str:
    plain = level not in (NOT_STATED, OTHER)
    return style.label(level if plain else f"{covariate.replace('_', ' ')} {level}", most=18)


def _described(result: CovariateFit, known: pd.DataFrame) -> str:
    each = "; ".join(
        f"{words.plain(row['covariate'].replace('_', ' '))} {words.plain(row['level'])}, {row['part']}: "
        f"{times(row['factor'])} ({times(row['low'])} to {times(row['high'])})"
        for row in known.to_dict("records")
    )
    return f"Factors against the base level with 95% intervals, {result.model.label}. {each}."
