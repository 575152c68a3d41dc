"""Pareto/NBD, the first model of purchases without a contract.

While alive, a customer buys at random times at a rate of their own. The end may come at any moment,
not only after a purchase, and its rate too is the customer's own. Purchase rates differ between
customers as a gamma distribution (r, α), the rates of the end as another one (s, β).

Source: Schmittlein, Morrison & Colombo 1987, Management Science 33(1). The likelihood is taken as an
integral over the time of the end, so that it and its derivatives have no special cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammaln, xlogy

from customer_value.clv.inputs import Array, History, distinct
from customer_value.clv.integrals import legendre
from customer_value.clv.purchases import Ahead, PurchaseModel

__all__ = ["ParetoNBD"]

_BLOCK = 1_000
_NEGLIGIBLE = 60.0


@dataclass(frozen=True)
class ParetoNBD(PurchaseModel):
    """Parameters of a Pareto/NBD model.

    Parameters
    ----------
    r, alpha
        Shape and rate of the gamma distribution of purchase rates; ``alpha`` in time units.
    s, beta
        Shape and rate of the gamma distribution of the rates of the end; ``beta`` in time units.

    Examples
    --------
    >>> cdnow = ParetoNBD(r=0.553, alpha=10.578, s=0.606, beta=11.669)
    >>> round(float(cdnow.p_alive(x=26, t_x=30.857, T=31)), 3)
    0.998
    """

    r: float
    alpha: float
    s: float
    beta: float

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    timed: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    title: ClassVar[str] = "ParetoNBD"
    label: ClassVar[str] = "Pareto/NBD"

    @classmethod
    def _likelihood(cls, parameters: Array, history: History) -> tuple[float, Array]:
        parts = [_block_likelihood(parameters, part) for part in _blocks(history)]
        return sum(value for value, _ in parts), np.sum([slope for _, slope in parts], axis=0)

    @classmethod
    def _starts(cls, rate: float) -> list[tuple[float, ...]]:
        return [
            (0.5, 0.4 / rate, 0.6, 0.5),
            (1.5, 1.2 / rate, 1.0, 3.0),
            (4.0, 4.0 / rate, 0.5, 5.0),
        ]

    def _p_alive(self, x: Array, t_x: Array, T: Array) -> Array:
        (count, last, seen), place = distinct(x.ravel(), t_x.ravel(), T.ravel())
        blocks = _blocks(History(count, last, seen, np.ones(len(count))))
        parts = [1 / (1 + _ends(self._values(), part).odds) for part in blocks]
        return np.concatenate([np.empty(0), *parts])[place].reshape(x.shape)

    def _rate_ahead(self, u: Array, x: Array, T: Array) -> Array:
        survival = np.exp(-self.s * np.log1p(u / (self.beta + T)))
        return np.asarray((self.r + x) / (self.alpha + T) * survival)

    def _shortest_time(self, x: Array, T: Array) -> Array:
        return np.asarray((self.beta + T) / (self.s + 1))

    def _endless(self, x: Array, T: Array) -> Array:
        if self.s <= 1:
            return np.full(x.shape, np.inf)
        return np.asarray((self.r + x) / (self.alpha + T) * (self.beta + T) / (self.s - 1))

    def _lives(self, rng: np.random.Generator, x: Array, T: Array, ahead: float) -> Ahead:
        rate = rng.standard_gamma(self.r + x) / (self.alpha + T)
        ending = np.maximum(rng.standard_gamma(self.s, len(x)) / (self.beta + T), 1e-300)
        span = np.minimum(rng.standard_exponential(len(x)) / ending, ahead)
        return Ahead(rng.poisson(rate * span), span, np.zeros(len(x), dtype=bool))

    def _pmf(self, n: Array, t: Array) -> Array:
        nodes, weights = legendre(96)
        scale = 1 / ((self.r + 1) / self.alpha + (self.s + 1) / self.beta)
        top = np.log1p(t / scale)[..., None]
        u = scale * np.expm1(top * nodes)
        ending = np.log(self.s) - np.log(self.beta) - (self.s + 1) * np.log1p(u / self.beta)
        gone = np.exp(self._log_bought(n[..., None], u) + ending + top * nodes) @ weights
        stayed = np.exp(self._log_bought(n, t) - self.s * np.log1p(t / self.beta))
        return np.asarray(stayed + scale * top[..., 0] * gone)

    def _log_bought(self, n: Array, t: Array) -> Array:
        ways = gammaln(self.r + n) - gammaln(self.r) - gammaln(n + 1)
        return np.asarray(ways - self.r * np.log1p(t / self.alpha) + xlogy(n, t / (self.alpha + t)))


@dataclass(frozen=True)
class _Ends:
    """When customers may have left: odds of having left at all, and times and weights of the end."""

    odds: Array
    log_purchase: Array
    log_survival: Array
    weights: Array


def _block_likelihood(parameters: Array, history: History) -> tuple[float, Array]:
    r, alpha, s, beta = parameters
    x, t_x, T = history.x, history.t_x, history.T
    ends = _ends(parameters, history)
    gone = ends.odds / (1 + ends.odds)
    k = np.arange(int(x.max(initial=0)))
    bought = np.append(0.0, np.cumsum(np.log(r + k)))[x.astype(int)]
    bought_by_r = np.append(0.0, np.cumsum(1 / (r + k)))[x.astype(int)]
    late, gone_late = np.log1p(T / alpha), np.log1p(T / beta)
    value = bought - r * late - x * np.log(alpha + T) - s * gone_late + np.log1p(ends.odds)
    early, gone_early = np.log1p(t_x / alpha), np.log1p(t_x / beta)
    mean_early = early + _mean(ends.weights, ends.log_purchase)
    mean_gone = gone_early + _mean(ends.weights, ends.log_survival)
    near = _mean(ends.weights, np.exp(-ends.log_purchase)) / (alpha + t_x)
    gone_near = _mean(ends.weights, np.exp(-ends.log_survival)) / (beta + t_x)
    slopes = (
        bought_by_r - (1 - gone) * late - gone * mean_early,
        r / alpha - (r + x) * ((1 - gone) / (alpha + T) + gone * near),
        gone * (1 / s - mean_gone) - (1 - gone) * gone_late,
        s / beta - (1 - gone) * s / (beta + T) - gone * (s + 1) * gone_near,
    )
    weight = history.weight
    return float(np.sum(weight * np.real(value))), np.array([np.sum(weight * part) for part in slopes])


def _ends(parameters: Array, history: History) -> _Ends:
    r, alpha, s, beta = parameters
    x, t_x, T = history.x, history.t_x, history.T
    since, width = _nodes(np.real(parameters), history)
    log_purchase = np.log1p(since / (alpha + t_x)[:, None])
    log_survival = np.log1p(since / (beta + t_x)[:, None])
    mass = np.exp(-(r + x)[:, None] * log_purchase - (s + 1) * log_survival) * width
    total = mass.sum(axis=1)
    silence = (r + x) * np.log1p((T - t_x) / (alpha + t_x)) + s * np.log1p((T - t_x) / (beta + t_x))
    log_odds = silence + np.log(s) - np.log(beta + t_x)
    odds = total * np.exp(np.where(np.real(log_odds) < 690, log_odds, 690.0))
    weights = mass / np.where(np.real(total) > 0, total, 1.0)[:, None]
    return _Ends(odds, log_purchase, log_survival, weights)


def _nodes(parameters: Array, history: History) -> tuple[Array, Array]:
    """Times since the last purchase at which the end is looked at, and the widths of their steps."""
    r, alpha, s, beta = parameters
    x, t_x, T = history.x, history.t_x, history.T
    scale = 1 / ((r + x) / (alpha + t_x) + (s + 1) / (beta + t_x))
    seen = (alpha + t_x) * np.expm1(np.minimum(_NEGLIGIBLE / (r + x), 200.0))
    top = np.log1p(np.minimum(T - t_x, seen) / scale)
    nodes, weights = legendre(8 + 4 * int(np.ceil(top.max(initial=0.0))))
    steps = top[:, None] * nodes
    since = scale[:, None] * np.expm1(steps)
    return since, (scale * top)[:, None] * weights * np.exp(steps)


def _mean(weights: Array, values: Array) -> Array:
    return np.asarray((weights * values).sum(axis=1))


def _blocks(history: History) -> Iterator[History]:
    for start in range(0, len(history.x), _BLOCK):
        part = slice(start, start + _BLOCK)
        yield History(history.x[part], history.t_x[part], history.T[part], history.weight[part])
