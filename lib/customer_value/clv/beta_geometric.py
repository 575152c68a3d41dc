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

_BLOCK = 1 << 12


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
        return _derivatives(parameters, history, cls.chances)[:2]

    @classmethod
    def _curvature(cls, parameters: Array, history: History) -> tuple[float, Array, Array]:
        return _derivatives(parameters, history, cls.chances, second=True)

    @classmethod
    def _starts(cls, rate: float) -> list[tuple[float, ...]]:
        return [
            (0.5, 0.5 / rate, 0.8, 2.5),
            (1.5, 1.0 / rate, 0.5, 10.0),
            (4.0, 4.0 / rate, 0.3, 60.0),
        ]

    def _p_alive(self, x: Array, t_x: Array, T: Array) -> Array:
        out = np.ones(x.size)
        columns = [column.reshape(-1) for column in (x, t_x, T)]
        for start in range(0, x.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            could = np.flatnonzero(columns[0][part] + self.chances > 0)
            count, last, seen = (column[part][could] for column in columns)
            silence = (self.r + count) * np.log1p((seen - last) / (self.alpha + last))
            odds = self.a / _last_stays(self.b, count, self.chances) * np.exp(np.minimum(silence, 690.0))
            out[start + could] = 1 / (1 + odds)
        return out.reshape(x.shape)

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
        wanted = rng.poisson(rate * ahead)
        span, leaves = np.full(len(x), float(ahead)), np.zeros(len(x), dtype=bool)
        buyers = np.flatnonzero(wanted)
        stay = _occasions(rng, rng.beta(self.a, self.b + x[buyers] + self.chances))
        gone = stay <= wanted[buyers]
        leavers, kept = buyers[gone], stay[gone]
        leaves[leavers] = True
        span[leavers] = ahead * rng.beta(kept, wanted[leavers] - kept + 1)
        wanted[leavers] = kept - 1
        return Ahead(wanted, span, leaves)

    def _histories(self, rng: np.random.Generator, T: Array) -> tuple[Array, Array]:
        rate = rng.standard_gamma(self.r, len(T)) / self.alpha
        wanted = rng.poisson(rate * T)
        stay = _occasions(rng, rng.beta(self.a, self.b, len(T))) - self.chances
        x = np.minimum(stay, wanted)
        last = np.maximum(rng.beta(np.maximum(x, 1), wanted - x + 1), 1e-300)
        return x, np.where(x > 0, T * last, 0.0)

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


def _occasions(rng: np.random.Generator, dropout: Array) -> Array:
    """Random number of the occasion at which a customer drops out, the first being 1."""
    chance = np.clip(dropout, 1e-12, 1 - 1e-12)
    return np.asarray(1 + np.floor(np.log1p(-rng.random(len(chance))) / np.log1p(-chance)))


def _last_stays(b: float, x: Array, chances: int) -> Array:
    return np.asarray(b + np.maximum(x - 1 + chances, 0))


def _derivatives(
    parameters: Array, history: History, chances: int, second: bool = False
) -> tuple[float, Array, Array]:
    """Log likelihood, its derivatives and, if wanted, its second ones.

    Most terms depend on x or on T alone and are summed over their few values. What is left to look at
    in every row are the odds of having dropped out (`_odds`).
    """
    r, alpha, a, b = parameters
    x, _, seen, _, seen_at = history.places
    count = np.bincount(x, weights=history.weight)
    customers = np.bincount(seen_at, weights=history.weight, minlength=len(seen))
    bought = np.bincount(seen_at, weights=history.weight * history.x, minlength=len(seen))
    late, far = np.log1p(seen / alpha), 1 / (alpha + seen)
    shape = r * customers + bought
    level = np.arange(len(count))
    occasions = level + chances
    k = np.arange(len(count) - 1 + chances)
    stays = _last_stays(b, level, chances)
    odds = _odds(parameters, history, np.log(a) - np.log(stays), chances, second)
    gone = odds.gone

    gained, stayed = _running(np.log(r + k)), _running(-np.log1p(a / (b + k)))
    value = count @ (gained[level] + stayed[occasions]) - shape @ late - bought.sum() * np.log(alpha)
    by_total, by_b = _running(-1 / (a + b + k)), _running(1 / (b + k))
    slope = (
        count @ _running(1 / (r + k))[level] - customers @ late + odds.d,
        history.customers * r / alpha - shape @ far - odds.e,
        count @ by_total[occasions] + gone.sum() / a,
        count @ (by_total + by_b)[occasions] - gone @ (1 / stays),
    )
    if not second:
        return float(np.real(value + odds.value)), np.array(slope), np.empty(0)
    total, own = (
        count @ _running((a + b + k) ** -2.0)[occasions],
        count @ _running((b + k) ** -2.0)[occasions],
    )
    bend = np.zeros((4, 4))
    bend[0, 0] = odds.dd - count @ _running((r + k) ** -2.0)[level]
    bend[0, 1] = history.customers / alpha - customers @ far - odds.de - odds.near
    bend[1, 1] = shape @ far**2 - history.customers * r / alpha**2 + odds.ee + odds.e_near
    bend[:2, 2] = odds.torn_d.sum() / a, -odds.torn_e.sum() / a
    bend[:2, 3] = -(odds.torn_d @ (1 / stays)), odds.torn_e @ (1 / stays)
    bend[2, 2] = total + (odds.torn.sum() - gone.sum()) / a**2
    bend[2, 3] = total - odds.torn @ (1 / stays) / a
    bend[3, 3] = total - own + (odds.torn + gone) @ stays**-2.0
    return float(value + odds.value), np.array(slope), np.triu(bend) + np.triu(bend, 1).T


@dataclass
class _Odds:
    """Sums over the rows of what the odds of having dropped out bring to the derivatives.

    The log of the odds has the derivatives D by r and −E by α, where D is the log of (α+T)/(α+t_x),
    G = 1/(α+t_x) − 1/(α+T) and E = (r+x)G. ``gone`` is the probability of having dropped out and
    ``torn`` that times its complement, both summed by x; ``d`` … ``e_near`` are sums of gone times D, E,
    G, E(1/(α+t_x) + 1/(α+T)), and ``torn_d`` … ``ee`` of torn times D, E, D², DE, E².
    """

    gone: Array
    torn: Array
    torn_d: Array
    torn_e: Array
    value: float = 0.0
    d: float = 0.0
    e: float = 0.0
    near: float = 0.0
    e_near: float = 0.0
    dd: float = 0.0
    de: float = 0.0
    ee: float = 0.0


def _odds(parameters: Array, history: History, offset: Array, chances: int, second: bool) -> _Odds:
    r, alpha = parameters[:2]
    x, last, seen, last_at, seen_at = history.places
    early, late = np.log1p(last / alpha), np.log1p(seen / alpha)
    near, far = 1 / (alpha + last), 1 / (alpha + seen)
    shape = r + np.arange(len(offset))
    weight = np.where(x + chances > 0, history.weight, 0.0)
    out = _Odds(*np.zeros((4, len(offset)), dtype=parameters.dtype))
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        level, until, since = x[rows], seen_at[rows], last_at[rows]
        d = late[until] - early[since]
        log_odds = np.maximum(shape[level] * d + offset[level], -700.0)
        chance = 1 / (1 + np.exp(-log_odds))
        gone = weight[rows] * chance
        g = near[since] - far[until]
        e = shape[level] * g
        out.value += weight[rows] @ np.real(log_odds - np.log(chance))
        out.d += gone @ d
        out.e += gone @ e
        _add(out.gone, level, gone)
        if not second:
            continue
        torn = gone * (1 - chance)
        torn_d, torn_e = torn * d, torn * e
        out.near += gone @ g
        out.e_near += gone @ (e * (near[since] + far[until]))
        out.dd += torn_d @ d
        out.de += torn_d @ e
        out.ee += torn_e @ e
        _add(out.torn, level, torn)
        _add(out.torn_d, level, torn_d)
        _add(out.torn_e, level, torn_e)
    return out


def _add(sums: Array, level: Array, values: Array) -> None:
    """Add values to the sums of their levels; the rows are sorted, so that few levels occur."""
    low, high = int(level.min()), int(level.max()) + 1
    sums[low:high] += np.bincount(level - low, weights=np.real(values))
    if np.iscomplexobj(values):
        sums[low:high] += 1j * np.bincount(level - low, weights=np.imag(values))


def _running(terms: Array) -> Array:
    return np.append(0.0, np.cumsum(terms))
