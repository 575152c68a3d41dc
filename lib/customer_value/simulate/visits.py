"""On which days the accounts of the sample company order."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_value.simulate.catalogue import INDUSTRIES
from customer_value.simulate.parameters import DAYS, OPENING, YEAR, Parameters, day_of, stream

__all__ = ["business_day", "calendar", "draw_visits"]

Floats = NDArray[np.float64]


def draw_visits(accounts: pd.DataFrame, seed: int, parameters: Parameters) -> pd.DataFrame:
    """The purchase days of every account: business days, one row each.

    Random buyers follow a Poisson process whose rate swings with the season of their industry and
    falls a little with the price rise; regular buyers have Erlang gaps; seasonal buyers order in
    their own quarters only; reactivated accounts have a long silence that ended lately.

    Parameters
    ----------
    accounts
        As from `customer_value.simulate.accounts.draw_accounts`.
    seed, parameters
        As there.

    Returns
    -------
    DataFrame
        ``account`` (position of the account) and ``day`` (days since the opening), sorted by both;
        the last day of the books has at least one row.
    """
    rng = stream(seed, "visits")
    pattern = accounts["pattern"].to_numpy()
    rows = [_firsts(accounts), _poisson(accounts, rng, parameters), _erlang(accounts, rng, parameters)]
    visits = pd.DataFrame(np.vstack(rows), columns=["account", "day"]).astype("int64")
    visits = _with_silence(visits, pattern, rng)
    visits["day"] = business_day(visits["day"].to_numpy())
    visits = visits.drop_duplicates().sort_values(["account", "day"], ignore_index=True)
    if len(visits):
        visits.loc[visits["day"].idxmax(), "day"] = DAYS
    return visits


def calendar() -> pd.DataFrame:
    """Year, month and quarter of every day of the books.

    >>> calendar().iloc[-1].to_dict()
    {'year': 2024, 'month': 12, 'quarter': 4}
    """
    days = pd.date_range(OPENING, periods=DAYS + 1)
    return pd.DataFrame({"year": days.year, "month": days.month, "quarter": days.quarter})


def business_day(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """The day itself, or the Monday after a weekend (the books open on a Monday).

    >>> business_day(np.array([0, 4, 5, 6, 7])).tolist()
    [0, 4, 7, 7, 7]
    """
    weekday = day % 7
    return np.minimum(day + np.where(weekday >= 5, 7 - weekday, 0), DAYS)


def _firsts(accounts: pd.DataFrame) -> Floats:
    chosen = ~accounts["pattern"].isin(["seasonal", "never_ordered", "returns_only"]).to_numpy()
    index = np.flatnonzero(chosen)
    return np.column_stack([index, accounts["first"].to_numpy()[index]])


def _poisson(accounts: pd.DataFrame, rng: np.random.Generator, p: Parameters) -> Floats:
    """Candidates at the highest rate that occurs, thinned to the rate of their day."""
    pattern = accounts["pattern"].to_numpy()
    factors = _day_factors(p)
    kinds = accounts["industry"].to_numpy() + np.where(pattern == "seasonal", len(INDUSTRIES), 0)
    highest = factors.max(axis=1)[kinds]
    start = accounts["first"].to_numpy()
    stop = np.minimum(accounts["dropout"].to_numpy(), DAYS + 1)
    active = np.isin(pattern, ("random", "trial", "reactivated", "seasonal"))
    span = np.where(active, np.maximum(stop - np.where(active, start, 0), 0), 0)
    candidates = rng.poisson(accounts["rate"].to_numpy() / YEAR * highest * span)
    who = np.repeat(np.arange(len(accounts)), candidates)
    day = np.floor(start[who] + rng.random(len(who)) * span[who]).astype("int64")
    kept = rng.random(len(who)) * highest[who] < factors[kinds[who], day]
    return np.column_stack([who[kept], day[kept]]).astype("float64")


def _day_factors(p: Parameters) -> Floats:
    """Order rate by day, relative to the mean: a row per industry, then per industry's seasonals."""
    days = calendar()
    month, quarter = days["month"].to_numpy(), days["quarter"].to_numpy()
    year_round = np.array([np.array(kind.seasons)[month - 1] for kind in INDUSTRIES])
    in_season = np.array([np.isin(quarter, kind.quarters) * (4 / len(kind.quarters)) for kind in INDUSTRIES])
    dearer = np.arange(DAYS + 1) >= day_of(p.price_rise.list_price_on)
    return np.vstack([year_round, in_season]) * np.where(dearer, p.price_rise.order_rate_factor, 1.0)


def _erlang(accounts: pd.DataFrame, rng: np.random.Generator, p: Parameters) -> Floats:
    """Purchases at gaps that vary little, from the first one until the account drops out."""
    chosen = np.flatnonzero(accounts["pattern"] == "regular")
    rate = accounts["rate"].to_numpy()[chosen] / YEAR
    start = accounts["first"].to_numpy()[chosen]
    stop = np.minimum(accounts["dropout"].to_numpy()[chosen], DAYS + 1)
    if len(chosen) == 0:
        return np.empty((0, 2))
    most = int(np.ceil(2 * rate.max() * DAYS)) + 20
    k = p.lives.regular_k
    gaps = rng.gamma(k, 1 / k, (len(chosen), most)) / rate[:, None]
    day = start[:, None] + np.cumsum(gaps, axis=1)
    row, column = np.nonzero(day < stop[:, None])
    return np.column_stack([chosen[row], np.floor(day[row, column])])


def _with_silence(
    visits: pd.DataFrame, pattern: NDArray[np.object_], rng: np.random.Generator
) -> pd.DataFrame:
    """Reactivated accounts: nothing for 200 to 420 days, then an order in the last 80."""
    back = np.flatnonzero(pattern == "reactivated")
    restart = np.full(len(pattern), -1.0)
    pause = np.full(len(pattern), -1.0)
    restart[back] = np.floor(DAYS - 5 - 75 * rng.random(len(back)))
    pause[back] = np.floor(restart[back] - 200 - 220 * rng.random(len(back)))
    who, day = visits["account"].to_numpy(), visits["day"].to_numpy()
    silent = (day > pause[who]) & (day < restart[who])
    again = pd.DataFrame({"account": back, "day": restart[back].astype("int64")})
    return pd.concat([visits[~silent], again], ignore_index=True)
