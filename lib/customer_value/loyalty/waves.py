"""The matrix at the time of each survey wave: who came back afterwards, and who moved.

A cell foretells nothing if it is made with what happened later. So for every wave the matrix is
drawn again as it could have been drawn then: with the attitudes of that wave and the purchases up to
the end of the month in which it ended. Only then does it make sense to ask who bought in the period
that followed, and who stood elsewhere one wave later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pandas as pd
from scipy.special import bdtr

from customer_value.codebook import rows_of
from customer_value.expressions import as_table
from customer_value.loyalty.attitude import Attitudes
from customer_value.loyalty.cells import CELLS, FOUR, place
from customer_value.loyalty.repeat_purchase import measure_repeat_purchase
from customer_value.loyalty.representation import wilson
from customer_value.settings import LoyaltySettings
from customer_value.survey import MINIMUM, SurveyScores

__all__ = ["Movement", "cells_by_wave", "movement", "moves", "retention"]

_COLUMNS = ["wave", "name", "measured_on", "customer_id", "cell", "attitude_source", "near_border"]
_COLUMNS += ["year_revenue", "retained"]


@dataclass(frozen=True)
class Movement:
    """How customers placed in two waves moved between the cells.

    Parameters
    ----------
    from_name, to_name, from_wave, to_wave
        The two waves.
    both
        Customers placed in both.
    stayed
        Of these, in the same cell.
    became_true, ceased_true
        Of these, truly loyal only in the second and only in the first wave.
    movers_near_border
        Movers who stood near a border in one of the waves, so that chance may have moved them.
    p_value
        Exact test that as many become truly loyal as cease to be (McNemar 1947).
    """

    from_name: str
    to_name: str
    both: int
    stayed: int
    became_true: int
    ceased_true: int
    movers_near_border: int
    p_value: float
    from_wave: int
    to_wave: int

    @property
    def verdict(self) -> str:
        """``towards``, ``away`` or ``unclear``."""
        if self.p_value >= 0.05:
            return "unclear"
        return "towards" if self.became_true > self.ceased_true else "away"


def cells_by_wave(
    survey: SurveyScores | None,
    attitudes: Attitudes | None,
    buyers: pd.DataFrame,
    customer_file: pd.DataFrame | None,
    customer_months: Any,
    *,
    source: str,
    as_of: dt.date,
    currency: str,
    options: LoyaltySettings,
    period_months: int,
    shares: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Where each customer stood at the end of each dated wave, and whether it bought afterwards.

    Parameters
    ----------
    survey, attitudes
        Checked answers and what they give, or None.
    buyers
        ``customer_id``, ``first_order``.
    customer_file
        As for `measure_repeat_purchase`.
    customer_months
        ``customer_id``, ``month``, ``purchase_days``, ``net_revenue``; without purchase days there is
        no table.
    source
        Measure of repeat purchase of the report.
    as_of, currency, options
        Date, currency and settings of the report.
    period_months
        Length of the period after the wave.
    shares
        ``customer_id``, ``wave``, ``share``, where repeat purchase is what the respondents state.

    Returns
    -------
    pandas.DataFrame
        Per wave and customer that had bought by then: ``wave``, ``name``, ``measured_on`` (end of the
        month of the wave's last day), ``customer_id``, ``cell``, ``attitude_source``, ``near_border``,
        ``year_revenue`` (12 months to then), ``retained`` (bought in the ``period_months`` calendar
        months that follow; missing unless they are over by ``as_of``).
    """
    tables = []
    months = None if customer_months is None else as_table(customer_months)
    if (
        survey is not None
        and attitudes is not None
        and months is not None
        and "purchase_days" in months.columns
    ):
        sources = attitudes.waves.set_index("wave")["attitude_source"]
        for wave in rows_of(survey.waves):
            if pd.isna(wave.last_day) or not sources.get(wave.wave):
                continue
            measured = min((wave.last_day + pd.offsets.MonthEnd(0)).date(), as_of)
            known = _bought_by(buyers, months, measured, period_months, as_of)
            opinions = attitudes.by_wave[attitudes.by_wave["wave"] == wave.wave]
            repeat = measure_repeat_purchase(
                known,
                opinions["customer_id"],
                customer_file,
                months,
                as_of=measured,
                currency=currency,
                options=options,
                source=source,
            )
            if shares is not None:
                repeat = replace(
                    repeat,
                    cut=options.share_of_wallet_cut,
                    values=_as_stated(repeat.values, shares, wave.wave),
                )
            table = known.merge(repeat.values, on="customer_id").merge(opinions, on="customer_id", how="left")
            usable = int(table["respondents"].sum()) >= MINIMUM
            table = place(table.assign(surveyed=True), repeat.cut, options, usable=usable)
            told = {"wave": wave.wave, "name": wave.name, "measured_on": pd.Timestamp(measured)}
            tables.append(table.assign(**told)[_COLUMNS])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=_COLUMNS)


def retention(by_wave: pd.DataFrame) -> pd.DataFrame:
    """Share of each cell's customers who bought in the period after the latest wave that allows it.

    Parameters
    ----------
    by_wave
        As `cells_by_wave` returns it.

    Returns
    -------
    pandas.DataFrame
        ``cell`` (as of then), ``wave``, ``name``, ``measured_on``, ``customers``, ``retained``,
        ``rate`` with ``low`` and ``high`` (95 % interval, Wilson); ``retained`` and ``rate`` are missing
        under five customers. Empty if no wave is old enough or nobody could be placed then.
    """
    columns = ["cell", "wave", "name", "measured_on", "customers", "retained", "rate", "low", "high"]
    over = by_wave[by_wave["retained"].notna()]
    over = over[over["wave"].isin(over.loc[over["cell"] != "not_surveyed", "wave"])]
    if over.empty:
        return pd.DataFrame(columns=columns)
    latest = over[over["wave"] == over["wave"].max()]
    head = latest[["wave", "name", "measured_on"]].iloc[0].to_list()
    rows = []
    for cell in CELLS:
        group = latest.loc[latest["cell"] == cell, "retained"].astype(bool)
        n, kept = len(group), int(group.sum())
        figures = (kept, kept / n, *wilson(kept, n)) if n >= MINIMUM else (None,) * 4
        rows.append((cell, *head, n, *figures))
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[5:], float))


def moves(by_wave: pd.DataFrame) -> pd.DataFrame:
    """How many customers, and how much money, went from which cell to which between waves.

    Parameters
    ----------
    by_wave
        As `cells_by_wave` returns it.

    Returns
    -------
    pandas.DataFrame
        For each pair of waves in succession that measured attitude alike and placed five customers or
        more: ``from_wave``, ``to_wave``, ``from_name``, ``to_name``, ``from_cell``, ``to_cell``,
        ``customers``, ``revenue_before`` and ``revenue_after`` (net revenue of the 12 months to the
        first and to the second wave). Every pair of cells has a row, ``not_surveyed`` included.
    """
    columns = ["from_wave", "to_wave", "from_name", "to_name", "from_cell", "to_cell", "customers"]
    columns += ["revenue_before", "revenue_after"]
    rows = []
    for first, second in _pairs(by_wave):
        both = _joined(first, second)
        head = [part[name].iloc[0] for name in ("wave", "name") for part in (first, second)]
        for before in CELLS:
            for after in CELLS:
                group = both[(both["cell_before"] == before) & (both["cell_after"] == after)]
                money = [round(float(group[f"year_revenue_{when}"].sum()), 2) for when in ("before", "after")]
                rows.append((*head, before, after, len(group), *money))
    return pd.DataFrame(rows, columns=columns)


def movement(by_wave: pd.DataFrame) -> Movement | None:
    """Who moved between the last two comparable waves; None under five customers placed in both.

    Parameters
    ----------
    by_wave
        As `cells_by_wave` returns it.
    """
    for first, second in reversed(_pairs(by_wave)):
        both = _joined(first, second)
        both = both[both["cell_before"].isin(FOUR) & both["cell_after"].isin(FOUR)]
        if len(both) < MINIMUM:
            continue
        before, after = both["cell_before"] == "true", both["cell_after"] == "true"
        became, ceased = int((after & ~before).sum()), int((before & ~after).sum())
        moved = both["cell_before"] != both["cell_after"]
        near = both["near_border_before"].astype(bool) | both["near_border_after"].astype(bool)
        changes = became + ceased
        chance = min(1.0, 2 * float(bdtr(min(became, ceased), changes, 0.5))) if changes else 1.0
        names = (str(first["name"].iloc[0]), str(second["name"].iloc[0]))
        counts = (len(both), int((~moved).sum()), became, ceased, int((moved & near).sum()))
        numbers = (int(first["wave"].iloc[0]), int(second["wave"].iloc[0]))
        return Movement(*names, *counts, chance, *numbers)
    return None


def _as_stated(values: pd.DataFrame, shares: pd.DataFrame, wave: int) -> pd.DataFrame:
    """What was stated in a wave, in place of the measured repeat purchase."""
    told = shares[shares["wave"] == wave].set_index("customer_id")["share"]
    return values.assign(repeat_purchase=values["customer_id"].map(told).astype(float))


def _bought_by(
    buyers: pd.DataFrame, months: Any, measured: dt.date, period_months: int, as_of: dt.date
) -> pd.DataFrame:
    """The customers known on a day, with their x and T then and whether they bought afterwards."""
    month = months.month.cast("date")
    following = (pd.Timestamp(measured) + pd.offsets.MonthBegin(1)).normalize()
    end = following + pd.DateOffset(months=period_months) - pd.Timedelta(days=1)
    days = months.group_by("customer_id").aggregate(
        before=months.purchase_days.sum(where=month <= measured),
        after=months.purchase_days.sum(where=(month >= following.date()) & (month <= end.date())),
    )
    counts = days.to_pyarrow().to_pandas()
    first = pd.to_datetime(buyers["first_order"])
    known = buyers.loc[first <= pd.Timestamp(measured), ["customer_id", "first_order"]]
    known = known.merge(counts, on="customer_id", how="left").fillna({"before": 0, "after": 0})
    over = end <= pd.Timestamp(as_of)
    retained = (known["after"].astype(float) > 0).astype("boolean")
    return known.assign(
        frequency=(known["before"].astype(float) - 1).clip(lower=0),
        T=(pd.Timestamp(measured) - pd.to_datetime(known["first_order"])).dt.days.astype(float),
        retained=retained if over else pd.array([pd.NA] * len(known), dtype="boolean"),
    ).drop(columns=["before", "after"])


def _pairs(by_wave: pd.DataFrame) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    placed = by_wave[by_wave["cell"] != "not_surveyed"]
    sizes: Mapping[Any, int] = placed["wave"].value_counts().to_dict()
    usable = sorted(wave for wave, size in sizes.items() if size >= MINIMUM)
    sources = placed.groupby("wave")["attitude_source"].first()
    parts = {wave: by_wave[by_wave["wave"] == wave] for wave in usable}
    return [
        (parts[first], parts[second])
        for first, second in pairwise(usable)
        if sources[first] == sources[second]
    ]


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    kept = ["customer_id", "cell", "near_border", "year_revenue"]
    both = first[kept].merge(second[kept], on="customer_id", how="outer", suffixes=("_before", "_after"))
    filled = {f"cell_{when}": "not_surveyed" for when in ("before", "after")}
    both = both.fillna(filled)
    return both.sort_values("customer_id", ignore_index=True)
