"""Who the accounts of the sample company are: their hidden traits and the course of their lives."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_value.simulate.catalogue import INDUSTRIES, REGIONS
from customer_value.simulate.parameters import (
    DAYS,
    YEAR,
    Attitudes,
    Lives,
    Parameters,
    day_of,
    stream,
)

__all__ = ["PATTERNS", "draw_accounts"]

Floats = NDArray[np.float64]

PATTERNS = (
    "random",
    "regular",
    "seasonal",
    "reactivated",
    "trial",
    "one_time",
    "returns_only",
    "never_ordered",
)
"""How an account buys; the probability models believe that all are ``random``."""

_TWO_SEASONS_LEFT = day_of(dt.date(2023, 1, 1))


def draw_accounts(accounts: int, seed: int, parameters: Parameters) -> pd.DataFrame:
    """The hidden truth of every account, before it orders anything.

    Parameters
    ----------
    accounts
        How many accounts the customer file has.
    seed
        Of all random numbers.
    parameters
        The true parameters.

    Returns
    -------
    DataFrame
        One row per account in the order in which they were acquired: ``customer_id``,
        ``industry`` (position in the catalogue), ``region``, ``acquired`` (day; negative before
        the opening of the books), ``legacy``, ``referred``, ``contract``, ``size`` (log of what it
        buys, relative to the median account), ``attitude``, ``competitor_1``, ``competitor_2``,
        ``relative_attitude``, ``pattern``, ``rate`` (orders per year while active), ``churn``
        (per year), ``first`` (day of the first order), ``complaint`` and ``resolved`` (days of the
        first complaint), ``dropout`` (day; infinite if later than anyone can see).

    Examples
    --------
    >>> drawn = draw_accounts(50, 1, Parameters())
    >>> drawn["customer_id"].iloc[0], len(drawn)
    ('K1001', 50)
    """
    frame = _origins(accounts, stream(seed, "accounts"), parameters)
    _add_attitudes(frame, stream(seed, "attitudes"), parameters.attitudes)
    _add_patterns(frame, stream(seed, "patterns"), parameters.lives)
    _add_lives(frame, stream(seed, "lives"), parameters.lives)
    return frame


def _origins(accounts: int, rng: np.random.Generator, parameters: Parameters) -> pd.DataFrame:
    industry = rng.choice(len(INDUSTRIES), accounts, p=[kind.share for kind in INDUSTRIES])
    kinds = [INDUSTRIES[i] for i in industry]
    legacy = rng.random(accounts) < parameters.lives.legacy_share
    years_before = 7 * rng.random(accounts) ** 1.4
    acquired = np.where(legacy, -1 - years_before * YEAR, rng.random(accounts) * (DAYS - 35))
    order = np.argsort(acquired, kind="stable")
    size = rng.normal([kind.size for kind in kinds], parameters.baskets.size_sd)
    frame = pd.DataFrame(
        {
            "industry": industry,
            "region": rng.integers(0, len(REGIONS), accounts),
            "acquired": np.floor(acquired),
            "legacy": legacy,
            "referred": ~legacy & (rng.random(accounts) < 0.17) & (acquired > 60),
            "contract": rng.random(accounts) < [kind.contract for kind in kinds],
            "size": size,
        }
    )
    frame = frame.iloc[order].reset_index(drop=True)
    width = max(4, len(str(1000 + accounts)))
    first_number = 10 ** (width - 1) + 1
    frame.insert(0, "customer_id", [f"K{first_number + i}" for i in range(accounts)])
    return frame


def _add_attitudes(frame: pd.DataFrame, rng: np.random.Generator, p: Attitudes) -> None:
    n = len(frame)
    own = rng.normal(p.own_mean, p.own_sd, n) + p.referred_bonus * frame["referred"].to_numpy()
    rivals = np.column_stack([rng.normal(mean, p.competitor_sd, n) for mean in p.competitor_means])
    frame["attitude"] = own
    frame["competitor_1"], frame["competitor_2"] = rivals[:, 0], rivals[:, 1]
    frame["relative_attitude"] = own - rivals.max(axis=1)


def _add_patterns(frame: pd.DataFrame, rng: np.random.Generator, p: Lives) -> None:
    n = len(frame)
    kinds = [INDUSTRIES[i] for i in frame["industry"]]
    acquired = frame["acquired"].to_numpy()
    pattern = np.full(n, "random", dtype=object)
    pattern[rng.random(n) < [kind.regular for kind in kinds]] = "regular"
    seasonal = (rng.random(n) < [kind.seasonal for kind in kinds]) & (acquired < _TWO_SEASONS_LEFT)
    pattern[seasonal] = "seasonal"
    once = _logistic(p.one_time_logit + p.one_time_per_attitude * frame["attitude"].to_numpy())
    pattern[rng.random(n) < once] = "one_time"
    pattern[(pattern == "random") & (rng.random(n) < p.trial_share)] = "trial"
    back = (pattern == "random") & (acquired < 400) & (rng.random(n) < p.reactivated_share / 0.4)
    pattern[back] = "reactivated"
    pattern[rng.random(n) < p.never_ordered_share] = "never_ordered"
    legacy = np.flatnonzero(frame["legacy"])
    few = min(len(legacy), round(n * p.returns_only_share))
    pattern[rng.permutation(legacy)[:few]] = "returns_only"
    frame["pattern"] = pattern.astype(str)


def _add_lives(frame: pd.DataFrame, rng: np.random.Generator, p: Lives) -> None:
    n = len(frame)
    pattern = frame["pattern"].to_numpy()
    size = frame["size"].to_numpy()
    frame["rate"] = _rates(pattern, size, rng, p)
    frame["churn"] = (
        p.churn_mean
        * np.where(pattern == "trial", p.churn_factor_trial, 1.0)
        * rng.gamma(p.churn_shape, 1 / p.churn_shape, n)
        * np.exp(p.churn_per_relative_attitude * frame["relative_attitude"].to_numpy())
        * np.where(frame["contract"], p.churn_factor_contract, 1.0)
    )
    frame["first"] = _first_days(frame, rng)
    rate = p.complaints_per_year * np.exp(p.complaints_per_attitude * frame["attitude"].to_numpy())
    frame["complaint"] = np.floor(frame["first"] + rng.exponential(YEAR / rate))
    open_for = np.where(rng.random(n) < p.complaint_resolved, 3 + rng.gamma(2.0, 9.0, n), np.inf)
    frame["resolved"] = np.floor(frame["complaint"] + open_for)
    frame["dropout"] = _dropouts(frame, rng.exponential(1.0, n), p)


def _rates(pattern: NDArray[np.object_], size: Floats, rng: np.random.Generator, p: Lives) -> Floats:
    n = len(size)
    random = p.rate_mean * rng.gamma(p.rate_shape, 1 / p.rate_shape, n) * np.exp(p.rate_per_size * size)
    regular = p.regular_rate_median * np.exp(p.regular_rate_sd * rng.standard_normal(n))
    low, high = p.seasonal_visits_in_season
    seasonal = low + (high - low) * rng.random(n)
    return np.select([pattern == "regular", pattern == "seasonal"], [regular, seasonal], random)


def _first_days(frame: pd.DataFrame, rng: np.random.Generator) -> Floats:
    n = len(frame)
    pattern, rate = frame["pattern"].to_numpy(), frame["rate"].to_numpy()
    waiting = np.minimum(rng.exponential(1.0, n) / rate * YEAR, 300 * rng.random(n))
    waiting = np.where(pattern == "one_time", 900 * rng.random(n), waiting)
    waiting = np.where(np.isin(pattern, ("seasonal", "reactivated")), 0.0, waiting)
    joining = frame["acquired"].to_numpy() + 30 * rng.random(n)
    first = np.floor(np.where(frame["legacy"], waiting, joining))
    return np.where(np.isin(pattern, ("never_ordered", "returns_only")), np.inf, first)


def _dropouts(frame: pd.DataFrame, lifetime: Floats, p: Lives) -> Floats:
    """A hazard that changes at the first complaint: lifetime is used up at two speeds."""
    first, churn = frame["first"].to_numpy(), frame["churn"].to_numpy() / YEAR
    resolved = np.isfinite(frame["resolved"].to_numpy())
    factor = np.where(resolved, p.churn_factor_after_resolved_complaint, p.churn_factor_after_open_complaint)
    plain = first + lifetime / churn
    complaint = frame["complaint"].to_numpy()
    with np.errstate(invalid="ignore"):
        after = complaint + (plain - complaint) / factor
    dropout = np.where(plain <= complaint, plain, after)
    dropout = np.where(frame["pattern"] == "one_time", first + 1, dropout)
    dropout = np.where(frame["pattern"] == "reactivated", np.inf, dropout)
    return np.where(np.isfinite(first), dropout, np.inf)


def _logistic(value: Floats) -> Floats:
    return 1 / (1 + np.exp(-value))
