"""Intervals for customers and for their total: what is uncertain, and what is chance.

Each replicate draws the parameters once for all customers (what the data leave open), and then a
future for each of them: alive or not, rate, dropout, purchases, spend, returns (chance). The intervals hold
both. They do not hold what no model knows: that the world changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from customer_value.clv.fitting import Fit
from customer_value.clv.gamma_gamma import GammaGamma
from customer_value.clv.inputs import Array, distinct
from customer_value.clv.mbg_cnbd import TimedAhead
from customer_value.clv.purchases import Ahead, PurchaseModel
from customer_value.kept import ShareDoubt

__all__ = ["Base", "ValueRange", "replicates_for", "simulate_totals", "simulate_values"]

_LEVELS = (0.025, 0.975)
_CHUNK = 4_000


@dataclass(frozen=True)
class Base:
    """Customers to simulate: one-dimensional arrays of equal length, times in the model's unit.

    ``mean`` is the mean gross spend per repeat purchase (0 where there is none or it is not positive),
    ``kept`` the share of gross spend that counts as value.
    """

    x: Array
    t_x: Array
    T: Array
    mean: Array
    kept: Array

    def take(self, rows: Array) -> Base:
        """Some of the customers."""
        return Base(*(column[rows] for column in (self.x, self.t_x, self.T, self.mean, self.kept)))


@dataclass(frozen=True)
class ValueRange:
    """Simulated totals, one per replicate, and a 95 % interval for each customer.

    ``group_totals`` has a row per group of customers and a column per replicate.
    """

    totals: Array
    low: Array
    high: Array
    group_totals: Array


def simulate_values(
    fit: Fit[PurchaseModel],
    spend: Fit[GammaGamma] | float,
    base: Base,
    *,
    horizon: float,
    force: float,
    seed: int,
    replicates: int,
    groups: Array | None = None,
    doubt: ShareDoubt | None = None,
) -> ValueRange:
    """Simulated discounted value of each customer over a finite horizon.

    Parameters
    ----------
    fit
        The fitted purchase model.
    spend
        The fitted spend model, or a fixed amount per purchase.
    base
        The customers. Those with equal columns get equal intervals.
    horizon
        In the model's time unit.
    force
        Continuous discount rate per time unit.
    seed
        Of the random numbers; the same seed gives the same result whatever the order of customers.
    replicates
        Number of futures.
    groups
        Groups of customers to add up as well: a row each, true for the customers in it.
    doubt
        How uncertain the kept shares are; None: not at all.

    Returns
    -------
    ValueRange
        Totals and per-customer bounds, in money.
    """
    models, spends = _drawn(fit, spend, seed, replicates)
    shares = _Shares(doubt, seed, replicates)
    rows, group = distinct(base.x, base.t_x, base.T, base.mean, base.kept)
    order = np.argsort(group, kind="stable")
    totals = np.zeros(replicates)
    members_of = np.zeros((0, len(base.x)), dtype=bool) if groups is None else groups
    group_totals = np.zeros((len(members_of), replicates))
    low, high = np.empty(len(rows[0])), np.empty(len(rows[0]))
    for number, part in enumerate(_chunks(group[order])):
        rng = np.random.default_rng([seed, 2, number])
        chances = np.random.default_rng([seed, 6, number])
        members = base.take(order[part])
        values = np.empty((len(members.x), replicates))
        histories, same = distinct(members.x, members.t_x, members.T)
        for r, (model, money) in enumerate(zip(models, spends, strict=True)):
            p_alive = model.p_alive(*histories)[same]
            future = model.simulate_ahead(rng, p_alive, members.x, members.T, horizon, members.t_x)
            spent = _money(rng, future, money, members, force)
            values[:, r] = spent * shares.of(members, future, chances, r)
        totals += values.sum(axis=0)
        group_totals += members_of[:, order[part]].astype(float) @ values
        _bounds(values, group[order][part], low, high)
    return ValueRange(totals, low[group], high[group], group_totals)


def simulate_totals(
    fit: Fit[PurchaseModel], x: Array, t_x: Array, T: Array, *, horizon: float, seed: int, replicates: int
) -> Array:
    """Simulated total of purchases of all customers within a horizon, one per replicate."""
    models, _ = _drawn(fit, 1.0, seed, replicates)
    histories, same = distinct(x, t_x, T)
    same = np.sort(same)
    rng = np.random.default_rng([seed, 3])
    totals = np.empty(replicates)
    for r, model in enumerate(models):
        p_alive = model.p_alive(*histories)[same]
        future = model.simulate_ahead(
            rng, p_alive, histories[0][same], histories[2][same], horizon, histories[1][same]
        )
        totals[r] = float(future.number.sum() + future.last.sum())
    return totals


def replicates_for(customers: int) -> int:
    """Replicates that keep the work bounded: 400, fewer above 2,500 customers, at least 100.

    Examples
    --------
    >>> replicates_for(2_000), replicates_for(5_000), replicates_for(1_000_000)
    (400, 200, 100)
    """
    return int(np.clip(1_000_000 // max(customers, 1), 100, 400))


class _Shares:
    """What customers keep of their purchases, replicate by replicate; drawn apart from all other chance."""

    def __init__(self, doubt: ShareDoubt | None, seed: int, replicates: int) -> None:
        self._doubt = doubt
        rng = np.random.default_rng([seed, 6])
        self._company = np.zeros(0) if doubt is None else doubt.draw_company(rng, replicates)

    def of(self, members: Base, future: Ahead, rng: np.random.Generator, replicate: int) -> Array:
        """The kept share of each customer in a future; where they buy nothing, the expected one."""
        if self._doubt is None:
            return members.kept
        ahead = future.number + future.last
        who, drawn = np.flatnonzero(ahead), members.kept.astype(float)
        drawn[who] = self._doubt.draw(
            rng, members.kept[who], members.x[who], ahead[who], float(self._company[replicate])
        )
        return drawn


def _drawn(
    fit: Fit[PurchaseModel], spend: Fit[GammaGamma] | float, seed: int, replicates: int
) -> tuple[list[PurchaseModel], list[GammaGamma | float]]:
    rng = np.random.default_rng([seed, 1])
    draws = fit.draw(replicates, rng)
    models = [
        replace(fit.model, **{name: float(draws[name][r]) for name in fit.names})  # type: ignore[type-var]
        for r in range(replicates)
    ]
    if not isinstance(spend, Fit):
        return models, [spend] * replicates
    amounts = spend.draw(replicates, rng)
    return models, [
        GammaGamma(**{name: float(amounts[name][r]) for name in spend.names}) for r in range(replicates)
    ]


def _chunks(groups: Array) -> Iterator[slice]:
    """Slices of about 4,000 customers that do not split customers with equal columns."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    start = 0
    while start < len(groups):
        after = starts[starts >= start + _CHUNK]
        stop = int(after[0]) if len(after) else len(groups)
        yield slice(start, stop)
        start = stop


def _money(
    rng: np.random.Generator, future: Ahead, spend: GammaGamma | float, members: Base, force: float
) -> Array:
    customers = len(members.x)
    owner = np.repeat(np.arange(customers), future.number)
    times = future.times if isinstance(future, TimedAhead) else rng.random(len(owner)) * future.span[owner]
    leavers = np.flatnonzero(future.last)
    owner = np.concatenate([owner, leavers])
    worth = np.exp(-force * np.concatenate([times, future.span[leavers]]))
    if isinstance(spend, GammaGamma):
        who = np.flatnonzero(future.number + future.last)
        x, mean = members.x[who], members.mean[who]
        scale = np.zeros(customers)
        scale[who] = (spend.gamma + x * mean) / np.maximum(rng.standard_gamma(spend.q + spend.p * x), 1e-300)
        worth = worth * rng.standard_gamma(spend.p, len(owner)) * scale[owner]
    else:
        worth = worth * spend
    return np.bincount(owner, weights=worth, minlength=customers)


def _bounds(values: Array, groups: Array, low: Array, high: Array) -> None:
    starts = np.append(np.flatnonzero(np.diff(groups, prepend=-1)), len(groups))
    sizes = np.diff(starts)
    alone = starts[:-1][sizes == 1]
    if len(alone):
        low[groups[alone]], high[groups[alone]] = np.quantile(values[alone], _LEVELS, axis=1)
    for start, size in zip(starts[:-1][sizes > 1], sizes[sizes > 1], strict=True):
        pooled = values[start : start + size].ravel()
        low[groups[start]], high[groups[start]] = np.quantile(pooled, _LEVELS)
