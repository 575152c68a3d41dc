"""What BG/NBD and MBG/NBD share: everything but the number of occasions to drop out.

Both let a customer drop out with probability p after a purchase, p differing between customers as a
beta distribution (a, b), purchase rates as a gamma distribution (r, α). They differ in one thing:
whether the first purchase too may be the last. ``chances`` counts the occasions to drop out before
the first repeat purchase: 0 for BG/NBD, 1 for MBG/NBD.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import betainc, betaln, gammaln, xlog1py, xlogy

from customer_value.clv.inputs import Array, History
from customer_value.clv.integrals import mean_power
from customer_value.clv.purchases import Ahead, PurchaseModel

__all__ = ["BetaGeometric"]


@dataclass(frozen=True)
class BetaGeometric(PurchaseModel):
    """Parameters r, α (rate, in time units), a and b, and all that follows from them."""

    r: float
    alpha: float
    a: float
    b: float

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    timed: ClassVar[tuple[str, ...]] = ("alpha",)
    chances: ClassVar[int]

    @classmethod
    def _likelihood(cls, parameters: Array, history: History) -> tuple[float, Array]:
        r, alpha, a, b = parameters
        x, t_x, T = history.x.astype(int), history.t_x, history.T
        log_odds, could = _log_odds_gone(parameters, history.x, t_x, T, cls.chances)
        gone = np.where(could, _logistic(log_odds), 0.0)
        k = np.arange(int(x.max(initial=0)) + cls.chances)
        bought, stayed = _running(np.log(r + k)), _running(-np.log1p(a / (b + k)))
        late, early, occasions = np.log1p(T / alpha), np.log1p(t_x / alpha), x + cls.chances
        value = np.real(bought[x] + stayed[occasions] - r * late - x * np.log(alpha + T))
        value = value + np.where(could, np.logaddexp(0, np.real(log_odds)), 0.0)
        seen = (1 - gone) / (alpha + T) + gone / (alpha + t_x)
        by_total, by_b = _running(-1 / (a + b + k)), _running(1 / (b + k))
        slopes = (
            _running(1 / (r + k))[x] - (1 - gone) * late - gone * early,
            r / alpha - (r + x) * seen,
            by_total[occasions] + gone / a,
            (by_total + by_b)[occasions] - gone / _last_stays(b, history.x, cls.chances),
        )
        weight = history.weight
        return float(np.sum(weight * value)), np.array([np.sum(weight * part) for part in slopes])

    @classmethod
    def _starts(cls, rate: float) -> list[tuple[float, ...]]:
        return [
            (0.5, 0.5 / rate, 0.8, 2.5),
            (1.5, 1.0 / rate, 0.5, 10.0),
            (4.0, 4.0 / rate, 0.3, 60.0),
        ]

    def _p_alive(self, x: Array, t_x: Array, T: Array) -> Array:
        log_odds, could = _log_odds_gone(self._values(), x, t_x, T, self.chances)
        return np.where(could, _logistic(-log_odds), 1.0)

    def _rate_ahead(self, u: Array, x: Array, T: Array) -> Array:
        power = self.r + x + 1
        decay = mean_power(power, np.asarray(self.a), self.b + x + self.chances, u / (self.alpha + T))
        return np.asarray((self.r + x) / (self.alpha + T) * decay)

    def _shortest_time(self, x: Array, T: Array) -> Array:
        return np.asarray((self.alpha + T) / (self.r + x + 1))

    def _endless(self, x: Array, T: Array) -> Array:
        if self.a <= 1:
            return np.full(x.shape, np.inf)
        return np.asarray((self.a + self.b + x + self.chances - 1) / (self.a - 1))

    def _lives(self, rng: np.random.Generator, x: Array, T: Array, ahead: float) -> Ahead:
        rate = rng.standard_gamma(self.r + x) / (self.alpha + T)
        dropout = np.clip(rng.beta(self.a, self.b + x + self.chances), 1e-12, 1 - 1e-12)
        wanted = rng.poisson(rate * ahead)
        stay = 1 + np.floor(np.log1p(-rng.random(len(x))) / np.log1p(-dropout))
        leaves = stay <= wanted
        kept = np.where(leaves, stay, 1)
        end = ahead * rng.beta(kept, np.where(leaves, wanted - kept + 1, 1))
        number = np.where(leaves, stay - 1, wanted).astype(np.int64)
        return Ahead(number, np.where(leaves, end, ahead), leaves)

    def _pmf(self, n: Array, t: Array) -> Array:
        z = t / (self.alpha + t)
        bought = gammaln(self.r + n) - gammaln(self.r) - gammaln(n + 1)
        bought = bought + xlog1py(self.r, -z) + xlogy(n, z)
        occasions = n + self.chances
        whole = betaln(self.a, self.b)
        stayed = np.exp(betaln(self.a, self.b + occasions) - whole + bought)
        could = occasions > 0
        left = np.exp(betaln(self.a + 1, np.where(could, self.b + occasions - 1, self.b)) - whole)
        at_least_n = np.where(n > 0, betainc(np.maximum(n, 1), self.r, z), 1.0)
        return np.asarray(stayed + np.where(could, left * at_least_n, 0.0))


def _log_odds_gone(parameters: Array, x: Array, t_x: Array, T: Array, chances: int) -> tuple[Array, Array]:
    """Log odds of having dropped out at t_x, and whether the customer could have."""
    r, alpha, a, b = parameters
    silence = (r + x) * np.log1p((T - t_x) / (alpha + t_x))
    return silence + np.log(a) - np.log(_last_stays(b, x, chances)), x + chances > 0


def _last_stays(b: float, x: Array, chances: int) -> Array:
    return np.asarray(b + np.maximum(x - 1 + chances, 0))


def _running(terms: Array) -> Array:
    return np.append(0.0, np.cumsum(terms))


def _logistic(log_odds: Array) -> Array:
    safe = np.where(np.real(log_odds) > -700, log_odds, -700.0)
    return np.asarray(1 / (1 + np.exp(-safe)))
