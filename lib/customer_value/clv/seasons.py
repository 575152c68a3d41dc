"""Whether customers buy more in some months of the year, and what that does to the time kept back.

Repeat purchases per month are compared with the customers who were there to make them and with a smooth
trend; what is left and comes back every year is season. Single months vary more than by chance alone,
and the test allows for that. It takes two years to see that something comes back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import xlogy
from scipy.stats import f as f_distribution

from customer_value.clv.inputs import Array
from customer_value.text import ENGLISH, NOTHING, Day, Share, Text, Value, say, say_for
from customer_value.text.phrases import months as months_long

__all__ = ["MONTHS", "Season", "season_note", "season_of"]

_NAMES = (
    say("January"), say("February"), say("March"), say("April"), say("May"), say("June"),
    say("July"), say("August"), say("September"), say("October"), say("November"), say("December"),
)  # fmt: skip
MONTHS = tuple(map(ENGLISH.read, _NAMES))

_LEAST_MONTHS = 24
_LEAST_PURCHASES = 240
_WHOLE = 0.75
_STRONG = 0.10
_CLEAR, _LIKELY = 0.01, 0.05
_ROUGH = 0.10
_SHIFT = 0.05

SeasonVerdict = Literal["strong", "some", "none", "cannot tell"]


@dataclass(frozen=True)
class Season:
    """Purchases by month of the year.

    Parameters
    ----------
    months
        One row per month of the data that is (nearly) whole: month, days, customers (who could buy
        again), repeats, expected (by trend and season; missing where no season was estimated).
    index
        Month of the year (1 to 12) to purchases against an average month (1 = average); empty if the
        data are too short.
    verdict
        "strong", "some" or "none", or "cannot tell".
    p_value
        Chance of such a pattern if there were no season; None if not estimated.
    evidence
        The same in a sentence.
    """

    months: pd.DataFrame
    index: pd.Series
    verdict: SeasonVerdict
    p_value: float | None
    evidence: Text

    @property
    def month_names(self) -> list[str]:
        """Names of the months in ``index``."""
        return [MONTHS[number - 1] for number in self.index.index]

    @property
    def swing(self) -> float | None:
        """Share of a year's purchases that an even year would have in other months."""
        return float((self.index - 1).abs().sum() / 24) if len(self.index) else None


def season_of(months: Any, first_orders: pd.Series, as_of: dt.date) -> Season:
    """Season of the repeat purchases of a company.

    Parameters
    ----------
    months
        customer_id, month (first day), purchase_days (pandas or Ibis).
    first_orders
        First purchase day of every customer.
    as_of
        Last day of the data.

    Returns
    -------
    Season
    """
    table = _by_month(months, pd.to_datetime(first_orders), pd.Timestamp(as_of))
    purchases = float(table["repeats"].sum())
    if len(table) < _LEAST_MONTHS:
        return _unknown(
            table,
            say_for(
                len(table),
                "The data cover {n} whole month; it takes two years to tell a season from chance.",
                "The data cover {n} whole months; it takes two years to tell a season from chance.",
            ),
        )
    if purchases < _LEAST_PURCHASES:
        return _unknown(
            table,
            say_for(
                purchases,
                "{n} repeat purchase are too few to tell twelve months apart.",
                "{n} repeat purchases are too few to tell twelve months apart.",
            ),
        )
    return _estimated(table)


def season_note(season: Season, calibration_end: dt.date, as_of: dt.date) -> Text:
    """What the season does to a comparison on the time after a date, as a sentence; `NOTHING` if nothing."""
    start, stop = pd.Timestamp(calibration_end) + pd.Timedelta(days=1), pd.Timestamp(as_of)
    if abs((stop - start).days + 1 - 365.25 * round(((stop - start).days + 1) / 365.25)) <= 20:
        return NOTHING
    kept_back: dict[str, Value] = {"start": Day(start.date()), "stop": Day(stop.date())}
    if season.verdict == "cannot tell":
        return say(
            "The time kept back runs from {start} to {stop}, not whole years, and these data cannot tell whether "
            "customers buy more in other months. A good or bad season would look like an error of the models.",
            **kept_back,
        )
    if season.verdict == "none":
        return NOTHING
    before = pd.date_range(season.months["month"].min(), pd.Timestamp(calibration_end), freq="D")
    later = pd.date_range(start, stop, freq="D")
    level = [float(season.index.reindex(days.month).mean()) for days in (later, before)]
    shift = level[0] / level[1] - 1
    if abs(shift) < _SHIFT:
        return NOTHING
    if shift > 0:
        return say(
            "The time kept back runs from {start} to {stop}, a season in which customers buy {shift} more than in the "
            "time before it. Predictions that know no season come out too low by about as much.",
            shift=Share(shift),
            **kept_back,
        )
    return say(
        "The time kept back runs from {start} to {stop}, a season in which customers buy {shift} less than in the time "
        "before it. Predictions that know no season come out too high by about as much.",
        shift=Share(abs(shift)),
        **kept_back,
    )


def _by_month(months: Any, first_orders: pd.Series, as_of: pd.Timestamp) -> pd.DataFrame:
    """Repeat purchases and customers by month, months that are mostly covered only."""
    empty = pd.DataFrame({"month": pd.to_datetime([]), "days": [], "customers": [], "repeats": []})
    if len(first_orders) == 0:
        return empty
    bought = _purchases(months, as_of)
    origin = first_orders.min()
    every = pd.date_range(origin.to_period("M").to_timestamp(), as_of, freq="MS")
    last = every + pd.offsets.MonthEnd(0)
    days = (np.minimum(last, as_of) - np.maximum(every, origin)).days + 1
    new = first_orders.dt.to_period("M").dt.to_timestamp().value_counts().reindex(every, fill_value=0)
    table = pd.DataFrame(
        {
            "month": every,
            "days": np.asarray(days, dtype=float),
            "customers": (new.cumsum() - new / 2).to_numpy(float),
            "repeats": (bought.reindex(every, fill_value=0) - new).to_numpy(float),
        }
    )
    kept = (table["days"] >= _WHOLE * last.day) & (table["customers"] > 0)
    return table[kept.to_numpy()].reset_index(drop=True)


def _purchases(months: Any, as_of: pd.Timestamp) -> pd.Series:
    if not isinstance(months, pd.DataFrame):
        months = months.group_by("month").aggregate(purchase_days=months.purchase_days.sum()).to_pandas()
    month = pd.to_datetime(months["month"]).to_numpy()
    total = months["purchase_days"].astype(float).groupby(month).sum()
    return total[total.index <= as_of]


def _unknown(table: pd.DataFrame, evidence: Text) -> Season:
    return Season(table.assign(expected=np.nan), pd.Series(dtype=float), "cannot tell", None, evidence)


def _estimated(table: pd.DataFrame) -> Season:
    count = table["repeats"].to_numpy()
    offset = np.log(table["customers"].to_numpy() * table["days"].to_numpy())
    time = np.linspace(-1, 1, len(table))
    trend = np.stack([np.ones(len(table)), time, time**2], axis=1)
    number = table["month"].dt.month.to_numpy()
    contrast = np.stack([(number == m) * 1.0 - (number == 12) for m in range(1, 12)], axis=1)
    plain, _, _ = _poisson(trend, count, offset)
    whole, effects, covariance = _poisson(np.hstack([trend, contrast]), count, offset)
    freedom = len(count) - trend.shape[1] - 11
    spread = max(float(np.sum((count - whole) ** 2 / whole)) / freedom, 1.0)
    ratio = (_deviance(count, plain) - _deviance(count, whole)) / 11 / spread
    p_value = float(f_distribution.sf(max(ratio, 0.0), 11, freedom))
    months = np.append(effects[-11:], -effects[-11:].sum())
    index = pd.Series(np.exp(months) / np.exp(months).mean(), index=range(1, 13))
    error = float(np.sqrt(spread * np.diag(covariance)[-11:].mean()))
    verdict = _verdict(index, p_value, error)
    return Season(
        table.assign(expected=whole), index, verdict, p_value, _evidence(index, verdict, len(table))
    )


def _verdict(index: pd.Series, p_value: float, error: float) -> SeasonVerdict:
    largest = float((index - 1).abs().max())
    if p_value < _CLEAR and largest >= _STRONG:
        return "strong"
    if p_value < _LIKELY:
        return "some"
    return "none" if error < _ROUGH else "cannot tell"


def _evidence(index: pd.Series, verdict: SeasonVerdict, months: int) -> Text:
    over = months_long(months)
    if verdict == "none":
        return say(
            "No month of the year differs from the trend by more than chance over {months}.", months=over
        )
    best, worst = int(index.idxmax()), int(index.idxmin())
    found: dict[str, Value] = {
        "months": over,
        "best": _NAMES[best - 1],
        "above": Share(index[best] - 1),
        "worst": _NAMES[worst - 1],
        "below": Share(1 - index[worst]),
    }
    if verdict == "cannot tell":
        return say(
            "{best} {above} above an average month, {worst} {below} below over {months}, but single months vary so "
            "much that this may be chance.",
            **found,
        )
    return say(
        "Repeat purchases by month of the year over {months}: {best} {above} above an average month, {worst} {below} "
        "below; more than chance explains.",
        **found,
    )


def _poisson(design: Array, count: Array, offset: Array) -> tuple[Array, Array, Array]:
    """Expected counts, coefficients and covariance of a Poisson regression, by reweighting."""
    mean = np.maximum(count, 0.5)
    for _ in range(100):
        working = np.log(mean) - offset + (count - mean) / mean
        weighted = design * mean[:, None]
        information = design.T @ weighted + 1e-9 * np.eye(design.shape[1])
        coefficients = np.linalg.solve(information, weighted.T @ working)
        new = np.exp(np.clip(design @ coefficients + offset, -30, 30))
        if np.max(np.abs(new - mean) / new) < 1e-10:
            break
        mean = new
    return new, coefficients, np.linalg.inv(information)


def _deviance(count: Array, mean: Array) -> float:
    return float(2 * np.sum(xlogy(count, np.maximum(count, 1e-300) / mean) - (count - mean)))
