"""Do the intervals hold? Measured where the model is right, and where the world is not as it assumes.

Customers are simulated whose truth is known, the model is fitted to their first year, and its intervals
are held against the half-year after. In one world everything is as the model assumes; in the others one
thing is different: customers buy at regular distances, more in one season, or prices rise once the model
is fitted. An interval knows what is uncertain *within* its model. It does not know that the world is
another one, and this study shows how far it is then off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from customer_value.clv.candidates import CANDIDATES
from customer_value.clv.fitting import Fit
from customer_value.clv.forecast import LEVELS, forecast
from customer_value.clv.gamma_gamma import GammaGamma
from customer_value.clv.inputs import Array
from customer_value.clv.simulation import Base, simulate_values
from customer_value.errors import InputError

__all__ = ["WORLDS", "World", "coverage_study", "simulate_world"]

_YEAR, _AHEAD, _JOINED_WITHIN = 52.0, 26.0, 26.0
_PEAK = _YEAR + _AHEAD / 2
_RATE, _DROPOUT, _SPEND = (0.8, 6.0), (0.8, 4.0), (6.0, 4.0, 60.0)
_MOST = 200


@dataclass(frozen=True)
class World:
    """How customers behave.

    Parameters
    ----------
    label
        In tables.
    model
        Name of the candidate that is fitted.
    regularity
        Erlang shape of the times between purchases; 1 is random timing.
    season
        How much above the average customers buy at the peak, which falls into the time ahead.
    price_rise
        Rise of all prices at the end of the known year.
    measure
        Whose intervals are looked at: those of "purchases" or of "sales".
    """

    label: str
    model: str = "BetaGeoNBD"
    regularity: int = 1
    season: float = 0.0
    price_rise: float = 0.0
    measure: Literal["purchases", "sales"] = "purchases"


WORLDS = (
    World("as the model assumes"),
    World("as the model assumes", measure="sales"),
    World("regular buyers", regularity=4),
    World("regular buyers", model="ModifiedBetaGeoCNBD", regularity=4),
    World("season", season=0.4),
    World("price rise of 25%", price_rise=0.25, measure="sales"),
)


def coverage_study(
    worlds: Sequence[World] = WORLDS,
    *,
    customers: int = 1_000,
    runs: int = 3,
    replicates: int = 120,
    seed: int = 20_240_101,
) -> pd.DataFrame:
    """Measure how often intervals hold, in worlds that are as the model assumes and that are not.

    Parameters
    ----------
    worlds
        What to simulate and which model to fit.
    customers, runs
        Customers in each simulated company, companies for each world.
    replicates
        Futures for each interval.
    seed
        Of all random numbers.

    Returns
    -------
    pandas.DataFrame
        One row per world: world, model, measure, customers (in all runs), covered_50, covered_80,
        covered_95 (share of customers that intervals of 50, 80 and 95 % held; of purchases by the probability
        integral transform; of sales at 95 % only, within bounds), runs, totals_inside (runs whose
        95 % interval held the total), bias (of the predicted total, as a share of the actual one, over
        all runs).

    Examples
    --------
    >>> table = coverage_study(WORLDS[:1], customers=300, runs=1, replicates=50)
    >>> table[["world", "customers", "runs"]].values.tolist()
    [['as the model assumes', 300, 1]]
    """
    rows = []
    for world in worlds:
        table = pd.DataFrame(
            [_run(world, customers, replicates, [seed, 7, _number(world), run]) for run in range(runs)]
        )
        rows.append(
            {
                "world": world.label,
                "model": CANDIDATES[world.model].label,
                "measure": world.measure,
                "customers": customers * runs,
                **{name: float(table[name].mean()) for name in _COVERED},
                "runs": runs,
                "totals_inside": int(table["inside"].sum()),
                "bias": float(table["predicted"].sum() / table["actual"].sum()) - 1,
            }
        )
    return pd.DataFrame(rows)


def simulate_world(world: World, customers: int, seed: int | Sequence[int]) -> pd.DataFrame:
    """Customers of a world whose whole life is known.

    Parameters
    ----------
    world
        How they behave.
    customers
        How many.
    seed
        Of the random numbers.

    Returns
    -------
    pandas.DataFrame
        frequency, recency, T (weeks), gap_log_sum, gap_mean and gap_log_mean (weeks), monetary_value as
        known after a year; purchases and sales of the 26 weeks after it.

    Raises
    ------
    InputError
        If there are no customers.

    Examples
    --------
    >>> simulate_world(World("regular", regularity=4), 2, seed=1).columns[:3].tolist()
    ['frequency', 'recency', 'T']
    """
    if customers < 1:
        raise InputError(f"A world needs customers, not {customers}.")
    rng = np.random.default_rng(seed)
    joined = rng.random(customers) * _JOINED_WITHIN
    rate = rng.gamma(_RATE[0], 1 / _RATE[1], customers)[:, None]
    dropout = rng.beta(*_DROPOUT, customers)[:, None]
    k = world.regularity
    gaps = rng.gamma(k, 1 / (k * rate), (customers, _MOST))
    stays = np.cumsum(rng.random((customers, _MOST)) < dropout, axis=1)
    there = np.hstack([np.ones((customers, 1), dtype=bool), stays[:, :-1] == 0])
    times = _on_calendar(_even(joined, world.season)[:, None] + np.cumsum(gaps, axis=1), world.season)
    p, q, gamma = _SPEND
    spend = rng.gamma(p, 1.0, times.shape) / rng.gamma(q, 1 / gamma, customers)[:, None]
    early = there & (times <= _YEAR)
    late = there & (times > _YEAR) & (times <= _YEAR + _AHEAD)
    x = early.sum(axis=1)
    last = np.where(x > 0, np.max(np.where(early, times, 0.0), axis=1) - joined, 0.0)
    steps = np.diff(times, axis=1, prepend=joined[:, None])
    logs = np.where(early, np.log(np.maximum(steps, 1e-9)), 0.0).sum(axis=1)
    bought = np.maximum(x, 1)
    return pd.DataFrame(
        {
            "frequency": x.astype(float),
            "recency": last,
            "T": _YEAR - joined,
            "gap_log_sum": logs,
            "gap_mean": last / bought,
            "gap_log_mean": logs / bought,
            "monetary_value": np.where(early, spend, 0.0).sum(axis=1) / bought,
            "purchases": late.sum(axis=1),
            "sales": np.where(late, spend, 0.0).sum(axis=1) * (1 + world.price_rise),
        }
    )


_COVERED = tuple(f"covered_{level * 100:.0f}" for level in LEVELS)


def _run(world: World, customers: int, replicates: int, seed: list[int]) -> dict[str, float]:
    table = simulate_world(world, customers, seed)
    candidate = CANDIDATES[world.model]
    fit = candidate.fit(table, "W")
    expected = candidate.predict(fit, table, _AHEAD)
    if world.measure == "sales":
        return _sales(table, fit, expected, replicates, seed[0])
    actual = table["purchases"].to_numpy(float)
    futures = forecast(candidate, fit, table, actual, ahead=_AHEAD, seed=seed[0], replicates=replicates)
    covered = dict(zip(_COVERED, futures.coverage["covered"], strict=True))
    return covered | _total(futures.totals, actual, expected)


def _sales(
    table: pd.DataFrame, fit: Fit[Any], expected: Array, replicates: int, seed: int
) -> dict[str, float]:
    spend = GammaGamma.fit(table[table["frequency"] > 0][["frequency", "monetary_value"]])
    x, t_x, T, mean = (table[name].to_numpy() for name in ("frequency", "recency", "T", "monetary_value"))
    base = Base(x, t_x, T, mean, np.ones(len(x)))
    money = simulate_values(fit, spend, base, horizon=_AHEAD, force=0.0, seed=seed, replicates=replicates)
    sales = table["sales"].to_numpy()
    held = float(np.mean((money.low <= sales) & (sales <= money.high)))
    covered = dict.fromkeys(_COVERED, np.nan) | {_COVERED[-1]: held}
    return covered | _total(money.totals, sales, expected * spend.model.expected_spend(x, mean))


def _total(totals: Array, actual: Array, predicted: Array) -> dict[str, float]:
    low, high = np.quantile(totals, (0.025, 0.975))
    total = float(actual.sum())
    return {"actual": total, "predicted": float(predicted.sum()), "inside": float(low <= total <= high)}


def _number(world: World) -> int:
    """Worlds that differ only in the model fitted have the same customers."""
    return world.regularity * 10_000 + round(world.season * 100) * 100 + round(world.price_rise * 100)


def _even(time: Array, season: float) -> Array:
    """Time in which customers buy evenly; the season peaks in the middle of the 26 weeks ahead."""
    turn = 2 * np.pi / _YEAR
    return np.asarray(time + season / turn * (np.sin(turn * (time - _PEAK)) + np.sin(turn * _PEAK)))


def _on_calendar(even: Array, season: float) -> Array:
    """Calendar times of even times; far ahead where the calendar ends."""
    if season == 0:
        return even
    calendar = np.arange(0, 4 * _YEAR, 0.05)
    return np.asarray(np.interp(even, _even(calendar, season), calendar, right=1e9))
