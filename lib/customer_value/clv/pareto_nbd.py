"""Pareto/NBD, the first model of purchases without a contract.

While alive, a customer buys at random times at a rate of their own. The end may come at any moment,
not only after a purchase, and its rate too is the customer's own. Purchase rates differ between
customers as a gamma distribution (r, α), the rates of the end as another one (s, β).

Source: Schmittlein, Morrison & Colombo 1987, Management Science 33(1). The likelihood is taken as an
integral over the time of the end, so that it and its derivatives have no special cases. The integral
from t_x to T is the difference of two that end at one time for all customers. These depend on x and a
single time, so that many customers share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammaln, xlogy

from customer_value.clv.inputs import Array, History
from customer_value.clv.integrals import legendre
from customer_value.clv.purchases import Ahead, PurchaseModel

__all__ = ["ParetoNBD"]

_CELLS = 1 << 12
_ROWS = 1 << 12
_NEGLIGIBLE = 40.0


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
        return _derivatives(parameters, history)[:2]

    @classmethod
    def _curvature(cls, parameters: Array, history: History) -> tuple[float, Array, Array]:
        return _derivatives(parameters, history, second=True)

    @classmethod
    def _starts(cls, rate: float) -> list[tuple[float, ...]]:
        return [
            (0.5, 0.4 / rate, 0.6, 0.5),
            (1.5, 1.2 / rate, 1.0, 3.0),
            (4.0, 4.0 / rate, 0.5, 5.0),
        ]

    def _p_alive(self, x: Array, t_x: Array, T: Array) -> Array:
        history = History(x.ravel(), t_x.ravel(), T.ravel(), np.ones(x.size))
        count, time, first, then = history.pairs
        parameters = self._values()
        ended = _endings(parameters, count, time, _latest(history), order=0)[0]
        silence = _silence(parameters, count, time, first, then)
        stayed = np.exp(-silence)
        silent = ended[first] + stayed * (1 - ended[then])
        return np.asarray(stayed / silent).reshape(x.shape)

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
        number, span = rng.poisson(rate * ahead), np.full(len(x), float(ahead))
        if ahead > 0:
            buyers = np.flatnonzero(number)
            ending = np.maximum(rng.standard_gamma(self.s, len(buyers)) / (self.beta + T[buyers]), 1e-300)
            span[buyers] = np.minimum(rng.standard_exponential(len(buyers)) / ending, ahead)
            number[buyers] = rng.binomial(number[buyers], span[buyers] / ahead)
        return Ahead(number, span, np.zeros(len(x), dtype=bool))

    def _histories(self, rng: np.random.Generator, T: Array) -> tuple[Array, Array]:
        rate = rng.standard_gamma(self.r, len(T)) / self.alpha
        ending = np.maximum(rng.standard_gamma(self.s, len(T)) / self.beta, 1e-300)
        span = np.minimum(rng.standard_exponential(len(T)) / ending, T)
        x = rng.poisson(rate * span).astype(float)
        last = np.maximum(rng.beta(np.maximum(x, 1), 1.0), 1e-300)
        return x, np.where(x > 0, span * last, 0.0)

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


_UPPER = [(i, j) for i in range(4) for j in range(i, 4)]
"""Places of the second derivatives of `_endings`, in their order."""


def _derivatives(parameters: Array, history: History, second: bool = False) -> tuple[float, Array, Array]:
    """Log likelihood, its derivatives and, if wanted, its second ones.

    The probability of silence since the last purchase is G(t_x) + ρ(1 − G(T)), where ρ is that of
    being there all the time and silent, and G(t) that of the end between t and the end of time before
    any other purchase. All other terms depend on x and t_x alone.
    """
    r, alpha, s, beta = parameters
    count, time, first, _ = history.pairs
    weight = np.bincount(first, weights=history.weight, minlength=len(count))
    customers = history.customers
    level = count.astype(np.int64)
    k = np.arange(level.max(initial=0))
    near, end_near = 1 / (alpha + time), 1 / (beta + time)
    early, end_early = np.log1p(time / alpha), np.log1p(time / beta)
    shape = r + count
    value = _running(np.log(r + k))[level] - shape * early - count * np.log(alpha) - s * end_early
    slope = np.array(
        [
            weight @ (_running(1 / (r + k))[level] - early),
            customers * r / alpha - weight @ (shape * near),
            -(weight @ end_early),
            customers * s / beta - s * (weight @ end_near),
        ]
    )
    ended = _endings(parameters, count, time, _latest(history), order=2 if second else 1)
    silent, silent_slope, bend = _silent(parameters, history, ended, second)
    value = float(np.real(weight @ value + silent))
    if not second:
        return value, slope + silent_slope, bend
    bend[0, 0] -= weight @ _running((r + k) ** -2.0)[level]
    bend[0, 1] += customers / alpha - weight @ near
    bend[1, 1] += weight @ (shape * near**2) - customers * r / alpha**2
    bend[2, 3] += customers / beta - weight @ end_near
    bend[3, 3] += s * (weight @ end_near**2) - customers * s / beta**2
    return value, slope + silent_slope, np.triu(bend) + np.triu(bend, 1).T


def _silent(parameters: Array, history: History, ended: Array, second: bool) -> tuple[float, Array, Array]:
    """Sum of the logs of the probability of silence since the last purchase, with derivatives."""
    r, alpha, s, beta = parameters
    count, time, first, then = history.pairs
    near, end_near = 1 / (alpha + time), 1 / (beta + time)
    early, end_early = np.log1p(time / alpha), np.log1p(time / beta)
    by_pair = np.zeros((3, len(count)), dtype=parameters.dtype)
    value, slope, bend = 0.0, np.zeros(4, dtype=parameters.dtype), np.zeros((4, 4))
    for start in range(0, len(first), _ROWS):
        rows = slice(start, start + _ROWS)
        a, z, weight = first[rows], then[rows], history.weight[rows]
        shape = r + history.x[rows]
        lapse, end_lapse = early[z] - early[a], end_early[z] - end_early[a]
        gap, end_gap = near[a] - near[z], end_near[a] - end_near[z]
        stayed = np.exp(-shape * lapse - s * end_lapse)
        silence = ended[0, a] + stayed * (1 - ended[0, z])
        open_end = stayed * (1 - ended[0, z]) / silence
        still = stayed / silence
        by_stay = (-lapse, shape * gap, -end_lapse, s * end_gap)
        parts = [
            ended[1 + i, a] / silence - still * ended[1 + i, z] + open_end * own
            for i, own in enumerate(by_stay)
        ]
        value += weight @ np.log(np.real(silence))
        slope += [weight @ part for part in parts]
        if not second:
            continue
        for i, j in _UPPER:
            crossed = by_stay[j] * ended[1 + i, z] + by_stay[i] * ended[1 + j, z]
            bend[i, j] += weight @ (
                open_end * by_stay[i] * by_stay[j] - still * crossed - parts[i] * parts[j]
            )
        share = weight * open_end
        bend[0, 1] += share @ gap
        bend[1, 1] -= (share * shape * gap) @ (near[a] + near[z])
        bend[2, 3] += share @ end_gap
        bend[3, 3] -= s * ((share * end_gap) @ (end_near[a] + end_near[z]))
        by_pair[0] += np.bincount(a, weights=weight / silence, minlength=len(count))
        by_pair[1] += np.bincount(z, weights=weight * still, minlength=len(count))
    if second:
        for place, (i, j) in enumerate(_UPPER):
            bend[i, j] += ended[5 + place] @ np.real(by_pair[0] - by_pair[1])
    return value, slope, bend


def _endings(parameters: Array, x: Array, t: Array, latest: float, order: int) -> Array:
    """Probability of the end between t and the latest time before another purchase, with derivatives.

    Of customers with x repeat purchases who are there at t. Returns it, its derivatives by (r, α, s, β)
    from order 1 on, and its second derivatives (in the order of `_UPPER`) for order 2, a row each.
    """
    r, alpha, s, beta = np.real(parameters)
    rate = (r + x) / (alpha + t) + (s + 1) / (beta + t)
    seen = (alpha + t) * np.expm1(np.minimum(_NEGLIGIBLE / (r + x), 200.0))
    top = np.log1p(np.minimum(latest - t, seen) * rate)
    out = np.empty(((1, 5, 15)[order], len(x)), dtype=parameters.dtype)
    widest = np.argsort(top, kind="stable")
    start = 0
    while start < len(x):
        points = _points(top[widest[start]])
        stop = min(len(x), start + max(1, _CELLS // points))
        rows = widest[start:stop]
        nodes, weights = legendre(_points(top[rows[-1]]))
        growth = np.exp(top[rows, None] * nodes)
        since = (growth - 1) / rate[rows, None]
        width = growth * weights * (top[rows] / rate[rows])[:, None]
        out[:, rows] = _ending_block(parameters, x[rows], t[rows], since, width, order)
        start = stop
    return out


def _ending_block(parameters: Array, x: Array, t: Array, since: Array, width: Array, order: int) -> Array:
    r, alpha, s, beta = parameters
    shape, scale, end_scale = r + x, alpha + t, beta + t
    lapse, end_lapse = since / scale[:, None], since / end_scale[:, None]
    log_purchase, log_end = np.log1p(lapse), np.log1p(end_lapse)
    mass = np.exp(-shape[:, None] * log_purchase - (s + 1) * log_end)
    mass *= width * (s / end_scale)[:, None]
    total = mass.sum(axis=1)
    if order == 0:
        return np.asarray(total[None])
    looks = (log_purchase, lapse / (1 + lapse), log_end, end_lapse / (1 + end_lapse))
    first = [_dot(mass, look) for look in looks]
    far, end_far = shape / scale, (s + 1) / end_scale
    slopes = [-first[0], far * first[1], total / s - first[2], end_far * first[3] - total / end_scale]
    if order == 1:
        return np.array([total, *slopes])
    heavy = [mass * look for look in looks]
    m = {(i, j): _dot(heavy[i], looks[j]) for i, j in _UPPER}
    f = first
    seconds = {
        (0, 0): m[0, 0],
        (0, 1): f[1] / scale - far * m[0, 1],
        (0, 2): m[0, 2] - f[0] / s,
        (0, 3): f[0] / end_scale - end_far * m[0, 3],
        (1, 1): far**2 * m[1, 1] - far / scale * (2 * f[1] - m[1, 1]),
        (1, 2): far * (f[1] / s - m[1, 2]),
        (1, 3): far * (end_far * m[1, 3] - f[1] / end_scale),
        (2, 2): m[2, 2] - 2 * f[2] / s,
        (2, 3): f[2] / end_scale + end_far * (f[3] / s - m[2, 3]) + (f[3] - total / s) / end_scale,
        (3, 3): (s + 1) * (s + 2) / end_scale**2 * m[3, 3]
        - 4 * end_far / end_scale * f[3]
        + 2 * total / end_scale**2,
    }
    return np.array([total, *slopes, *(seconds[place] for place in _UPPER)])


def _dot(left: Array, right: Array) -> Array:
    """Sums of products, row by row."""
    return np.asarray(np.einsum("ij,ij->i", left, right))


def _points(top: float) -> int:
    return 8 + int(np.ceil(4 * top))


def _latest(history: History) -> float:
    return float(history.T.max(initial=0.0))


def _silence(parameters: Array, x: Array, time: Array, first: Array, then: Array) -> Array:
    """Minus the log of the probability of being there and silent from the first time to the other."""
    r, alpha, s, beta = parameters
    gap = time[then] - time[first]
    purchases = (r + x[first]) * np.log1p(gap / (alpha + time[first]))
    return np.asarray(purchases + s * np.log1p(gap / (beta + time[first])))


def _running(terms: Array) -> Array:
    return np.append(0.0, np.cumsum(terms))
