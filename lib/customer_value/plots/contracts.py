"""Charts of contracts: how many are still there after each renewal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from customer_value import words
from customer_value.errors import NotEnoughData
from customer_value.plots import style

if TYPE_CHECKING:
    from customer_value.clv.contracts import ContractValue

__all__ = ["contract_survival"]

_MOST_COHORTS = 6
_LEAST_AT_RISK = 10


def contract_survival(result: ContractValue, ax: Axes) -> Axes:
    """Share of contracts still there after each renewal, by cohort, against the fitted model."""
    everyone = result.retention[result.retention["cohort"] == "all"]
    if everyone.empty:
        raise NotEnoughData("No contract has come up for renewal yet, so there is no survival to draw.")
    drawn = _cohorts(result)
    for place, (name, rows) in enumerate(drawn):
        color = style.PALETTE[1:][place % (len(style.PALETTE) - 1)]
        marker = "osD^vP"[place % 6]
        _line(
            ax,
            rows,
            color=color,
            marker=marker,
            markersize=4,
            linewidth=1.1,
            label=style.label(name, most=20),
        )
    _line(ax, everyone, color=style.INK, marker="o", markersize=5, linewidth=2, label="All contracts")
    if result.fit is not None:
        periods = np.arange(0, _end(everyone) + 1)
        fitted = result.fit.model.survival(periods)
        ax.plot(periods, fitted, color=style.ACCENT, linestyle="--", linewidth=2, label="sBG model")
    ax.set_ylim(0, 1.03)
    ax.set_xlim(left=0)
    style.percent_axis(ax)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(f"Renewals passed ({_each(result.period_months)})")
    ax.set_ylabel("Contracts still there")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    ax.set_title(_title(everyone))
    return style.describe(ax, _told(result, everyone, [name for name, _ in drawn]))


def _line(ax: Axes, rows: pd.DataFrame, **look: object) -> None:
    ax.plot(np.append(0, rows["period"]), np.append(1.0, rows["survival"]), **look)  # type: ignore[arg-type]


def _cohorts(result: ContractValue) -> list[tuple[str, pd.DataFrame]]:
    """The largest cohorts in order of name, each as far as enough of its contracts can be seen."""
    table = result.retention[result.retention["cohort"] != "all"]
    first = table[table["period"] == 1].sort_values(["at_risk", "cohort"], ascending=[False, True])
    names = sorted(first[first["at_risk"] >= _LEAST_AT_RISK]["cohort"].head(_MOST_COHORTS))
    if len(names) < 2:
        return []
    seen = table[table["at_risk"] >= _LEAST_AT_RISK]
    return [(name, seen[seen["cohort"] == name]) for name in names]


def _end(everyone: pd.DataFrame) -> int:
    last = int(everyone["period"].max())
    return last + max(1, last // 2)


def _title(everyone: pd.DataFrame) -> str:
    first, last = everyone.iloc[0], everyone.iloc[-1]
    told = f"{words.percent(first['survival'])} pass the first renewal"
    if len(everyone) == 1:
        return told
    return f"{told}, {words.percent(last['survival'])} the first {words.count(last['period'])}"


def _told(result: ContractValue, everyone: pd.DataFrame, names: list[str]) -> str:
    points = "; ".join(
        f"{row['period']}: {words.percent(row['survival'])}" for row in everyone.head(12).to_dict("records")
    )
    text = f"Share of contracts still there by number of renewals passed, all contracts: {points}."
    if result.fit is not None:
        fitted = result.fit.model.survival(everyone["period"].to_numpy())
        gap = float(np.abs(fitted - everyone["survival"].to_numpy()).max())
        text += f" The fitted sBG curve is at most {words.decimal(100 * gap, 1)} points off."
    if names:
        text += f" Lines for the cohorts {words.listing(style.label(name, most=20) for name in names)}."
    return text


def _each(months: int) -> str:
    return "one a year" if months == 12 else "one a month" if months == 1 else f"one in {months} months"
