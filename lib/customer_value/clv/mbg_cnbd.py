"""MBG/CNBD-k, a model of purchases without a contract for customers who buy at regular distances.

Business customers often reorder in a rhythm of their own: silence shortly after an order says
nothing, silence for twice the usual distance says much. Here k hidden events lead to one purchase,
so that the times between purchases have an Erlang-k distribution, the more regular the larger k.
All else is as in MBG/NBD, which is the case k = 1: after each purchase, the first one included, a
customer leaves for good with probability p; p differs between customers as a beta distribution
(a, b), rates of hidden events as a gamma distribution (r, α).

How far a customer is on the way to the next purchase depends on the silence since the last one; see
`renewals` for the purchases ahead.

Sources: Platzer & Reutterer 2016, Marketing Science 35(5); Reutterer, Platzer & Schröder 2021,
International Journal of Research in Marketing 38(1). They approximate the expectations; here they
are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import betainc, betaln, gammaln, psi, xlog1py, xlogy

from customer_value.clv.fitting import Fit, Optimum, fitted, maximise
from customer_value.clv.inputs import Array, History, distinct
from customer_value.clv.mbg_nbd import ModifiedBetaGeoNBD
from customer_value.clv.purchases import Ahead, PurchaseModel
from customer_value.clv.renewals import purchases_ahead, stage_sums, stage_weights
from customer_value.clv.rhythm import Rhythm, check_regularity, summary_with_gaps
from customer_value.clv.units import unit_name
from customer_value.errors import FitError, InputError

__all__ = ["ModifiedBetaGeoCNBD", "TimedAhead", "summary_with_gaps"]

_MOST_REGULAR = 12
_ROUGH = 1_500
_BLOCK = 1 << 13


@dataclass(frozen=True)
class TimedAhead(Ahead):
    """Simulated purchases with the ``times`` ahead of each, customer after customer.

    Regular buyers do not buy at random times within a span; here the span is all the time ahead.
    """

    times: Array


@dataclass(frozen=True)
class ModifiedBetaGeoCNBD(PurchaseModel):
    """Parameters of an MBG/CNBD-k model.

    Parameters
    ----------
    r, alpha
        Shape and rate of the gamma distribution of the rates of hidden events, k of which lead to a
        purchase; ``alpha`` in time units. A customer's mean time between purchases is k over the rate.
    a, b
        Parameters of the beta distribution of dropout probabilities.
    k
        Regularity, a whole number: 1 is random timing, 12 close to clockwork.

    Examples
    --------
    >>> random = ModifiedBetaGeoCNBD(r=0.9, alpha=1.5, a=0.8, b=2.4, k=1)
    >>> regular = ModifiedBetaGeoCNBD(r=0.9, alpha=0.5, a=0.8, b=2.4, k=3)
    >>> random.p_alive(x=5, t_x=30, T=[33, 48]).round(2), regular.p_alive(x=5, t_x=30, T=[33, 48]).round(2)
    (array([0.84, 0.39]), array([0.88, 0.13]))
    """

    r: float
    alpha: float
    a: float
    b: float
    k: int

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    timed: ClassVar[tuple[str, ...]] = ("alpha",)
    title: ClassVar[str] = "ModifiedBetaGeoCNBD"
    label: ClassVar[str] = "MBG/CNBD-k"
    chances: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse parameters outside their domain."""
        super().__post_init__()
        check_regularity(self.k)

    @classmethod
    def fit(cls, summary: pd.DataFrame, *, time_unit: str, k: int | None = None) -> Fit[Self]:
        """Fit by maximum likelihood.

        Parameters
        ----------
        summary
            As for every model: columns ``frequency``, ``recency`` and ``T`` in ``time_unit``, optional
            ``weight`` (customers). To choose k also ``gap_log_sum``: the sum of the logarithms of the
            times between purchases in ``time_unit``, over all customers of a row. `summary_with_gaps`
            makes it.
        time_unit
            ``"D"``, ``"W"`` or ``"M"``: the unit of the summary and of the model.
        k
            Regularity; None chooses the whole number from 1 to 12 with the highest likelihood of
            the purchase times, climbing from the k of the gaps alone. That takes ``gap_log_sum``.

        Returns
        -------
        Fit
            Parameters, log likelihood and standard errors (of r, α, a and b, with k as given). With
            ``gap_log_sum`` the likelihood is that of all purchase times, as for the other models.
            Without, it is that of the times of the last purchase only, on the same scale.

        Raises
        ------
        InputError
            If a row cannot be, names row and value; if k is not a whole number; if k is None and
            there is no ``gap_log_sum``.
        FitError
            If nobody bought again or no maximum is found; says what was tried.
        """
        unit_name(time_unit)
        rhythm = Rhythm.of(summary, 1 if k is None else k)
        if k is None:
            rhythm = cls._most_likely(rhythm)
        return cls._fit(rhythm, time_unit)

    def log_likelihood(self, summary: pd.DataFrame) -> float:
        """Log likelihood of a summary (as for `fit`) at these parameters."""
        return self._likelihood(self._values(), Rhythm.of(summary, self.k))[0]

    def simulate_ahead(
        self,
        rng: np.random.Generator,
        p_alive: Array,
        x: Array,
        T: Array,
        ahead: float,
        t_x: Array | None = None,
    ) -> TimedAhead:
        """Draw one future for each customer: alive or not, stage, rate, dropout and purchases.

        Parameters
        ----------
        rng
            Source of randomness.
        p_alive
            Probability of being alive, as `p_alive` gives it.
        x, T
            Valid histories (not checked), one-dimensional.
        ahead
            Length of the future, in the model's time unit.
        t_x
            Times of the last purchases; needed here.

        Returns
        -------
        TimedAhead
            Purchases of each customer and their times.
        """
        if t_x is None:
            raise InputError(f"{self.label}: what comes next depends on the last purchase; give t_x.")
        alive = np.flatnonzero(rng.random(len(x)) < p_alive)
        count, seen = x[alive], T[alive]
        stage = self._random_stage(rng, count, t_x[alive], seen)
        rate = rng.standard_gamma(self.r + self.k * count + stage) / (self.alpha + seen)
        events = rng.poisson(rate * ahead)
        stay = _stay(rng, rng.beta(self.a, self.b + count + 1)) + 1
        bought = np.minimum((events + stage) // self.k, stay).astype(np.int64)
        times = ahead * self._random_places(rng, bought, stage, events)
        number = np.zeros(len(x), dtype=np.int64)
        number[alive] = bought
        return TimedAhead(number, np.full(len(x), float(ahead)), np.zeros(len(x), dtype=bool), times)

    @classmethod
    def _likelihood(cls, parameters: Array, history: History) -> tuple[float, Array]:
        rhythm = _with_regularity(history)
        r, alpha, a, b = parameters
        k, (x, _, seen, _, seen_at) = rhythm.k, rhythm.places
        count = np.bincount(x, weights=rhythm.weight)
        customers = np.bincount(seen_at, weights=rhythm.weight, minlength=len(seen))
        bought = np.bincount(seen_at, weights=rhythm.weight * rhythm.x, minlength=len(seen))
        late, shape = np.log1p(seen / alpha), r * customers + k * bought
        level = np.arange(len(count))
        event, purchase = np.arange(k * level[-1]), np.arange(len(count))
        happened, stayed = _running(np.log(r + event)), _running(-np.log1p(a / (b + purchase)))
        silence = _silences(parameters, rhythm)
        value = count @ (happened[k * level] + stayed[level + 1]) - shape @ late + silence.value
        by_total = count @ _running(-1 / (a + b + purchase))[level + 1]
        slope = (
            count @ _running(1 / (r + event))[k * level] - customers @ late + silence.by_r,
            rhythm.customers * r / alpha - shape @ (1 / (alpha + seen)) - silence.by_alpha,
            by_total + silence.gone.sum() / a,
            by_total + count @ _running(1 / (b + purchase))[level + 1] - silence.gone @ (1 / (b + level)),
        )
        known = float(np.real(value - k * bought.sum() * np.log(alpha)))
        return known + rhythm.timing, np.array(slope)

    @classmethod
    def _starts(cls, rate: float) -> list[tuple[float, ...]]:
        return ModifiedBetaGeoNBD._starts(rate)

    @classmethod
    def _fit(cls, history: History, time_unit: str | None, near: Self | None = None) -> Fit[Self]:
        rhythm = _with_regularity(history)
        scale = _mean_time(rhythm)
        start = None if near is None else near._values() / cls._units(scale)
        optimum = cls._optimum(rhythm, scale, start)
        r, alpha, a, b = (np.exp(optimum.logs) * cls._units(scale)).tolist()
        model = cls(r, alpha, a, b, rhythm.k)
        best = cls._likelihood(model._values(), rhythm)[0]
        return fitted(model, cls.names, optimum, best, rhythm.customers, time_unit, rhythm)

    @classmethod
    def _optimum(cls, rhythm: Rhythm, scale: float, near: Array | None) -> Optimum:
        """The best parameters for the rhythm's k, with times divided by the scale."""
        rate = rhythm.k * float(np.sum(rhythm.weight * rhythm.x)) / rhythm.customers
        units, many = cls._units(scale), len(rhythm.x) > 2 * _ROUGH
        objective, curvature = cls._surface(rhythm, units, scale)
        return maximise(
            objective,
            cls._starts(rate),
            name=f"{cls.label} with k = {rhythm.k}",
            curvature=curvature,
            rough=cls._surface(rhythm.thinned(_ROUGH), units, scale)[1] if many else None,
            near=None if near is None else near.tolist(),
        )

    @classmethod
    def _most_likely(cls, rhythm: Rhythm) -> Rhythm:
        """The rhythm with the k of highest likelihood, found by climbing from a first guess."""
        if rhythm.gap_logs is None:
            raise InputError(
                "The table has no column gap_log_sum, which is needed to find how regularly customers buy: "
                "the sum of the logarithms of the times between purchases. Add it, or give k."
            )
        scale, found = _mean_time(rhythm), _likely_regularity(rhythm, _MOST_REGULAR)
        best = cls._optimum(replace(rhythm, k=found), scale, None)
        tried = {found}
        while untried := {found - 1, found + 1} - tried & set(range(1, _MOST_REGULAR + 1)):
            k = min(untried)
            tried.add(k)
            near = np.exp(best.logs) * [1, k / found, 1, 1]
            try:
                other = cls._optimum(replace(rhythm, k=k), scale, near)
            except FitError:
                continue
            if other.log_likelihood > best.log_likelihood:
                best, found = other, k
        return replace(rhythm, k=found)

    @classmethod
    def _units(cls, scale: float) -> Array:
        return np.array([scale if name in cls.timed else 1.0 for name in cls.names])

    def _p_alive(self, x: Array, t_x: Array, T: Array) -> Array:
        stages = stage_sums(self.k, self.r + self.k * x, (T - t_x) / (self.alpha + T))[0]
        return _logistic(-_log_odds_gone(self._values(), self.k, x, t_x, T, stages))

    def _endless(self, x: Array, T: Array) -> Array:
        if self.a <= 1:
            return np.full(x.shape, np.inf)
        return np.asarray((self.a + self.b + x) / (self.a - 1))

    def _pmf(self, n: Array, t: Array) -> Array:
        z, whole = t / (self.alpha + t), betaln(self.a, self.b)
        between = sum(self._exactly(self.k * n + stage, z) for stage in range(self.k))
        stayed = np.exp(betaln(self.a, self.b + n + 1) - whole) * between
        left = np.exp(betaln(self.a + 1, self.b + n) - whole)
        at_least_n = np.where(n > 0, betainc(np.maximum(self.k * n, 1), self.r, z), 1.0)
        return np.asarray(stayed + left * at_least_n)

    def _exactly(self, events: Array, z: Array) -> Array:
        ways = gammaln(self.r + events) - gammaln(self.r) - gammaln(events + 1)
        return np.asarray(np.exp(ways + xlog1py(self.r, -z) + xlogy(events, z)))

    def _histories(self, rng: np.random.Generator, T: Array) -> tuple[Array, Array]:
        rate = rng.standard_gamma(self.r, len(T)) / self.alpha
        stay = _stay(rng, rng.beta(self.a, self.b, len(T)))
        events = rng.poisson(rate * T)
        x = np.minimum(events // self.k, stay).astype(np.int64)
        last = np.maximum(self.k * x, 1)
        place = rng.beta(last, np.maximum(events - last, 0) + 1)
        return x, np.where(x > 0, np.clip(T * place, 1e-12 * T, T), 0.0)

    def _summary(self, rng: np.random.Generator, T: Array) -> pd.DataFrame:
        x, t_x = self._histories(rng, T)
        owner = np.repeat(np.arange(len(x)), x)
        parts = np.maximum(rng.standard_gamma(self.k, len(owner)), 1e-300)
        whole = np.bincount(owner, weights=parts, minlength=len(x))
        logs = np.bincount(owner, weights=np.log(parts), minlength=len(x))
        scale = np.log(np.where(x > 0, t_x, 1.0) / np.where(x > 0, whole, 1.0))
        return pd.DataFrame({"frequency": x, "recency": t_x, "T": T, "gap_log_sum": logs + x * scale})

    def _data_alike(self, rng: np.random.Generator, data: History) -> Rhythm:
        return Rhythm.of(self._alike(rng, data), self.k)

    def _lives(self, rng: np.random.Generator, x: Array, T: Array, ahead: float) -> Ahead:
        return self.simulate_ahead(rng, np.ones(len(x)), x, T, ahead, t_x=np.where(x > 0, T, 0.0))

    def _rate_ahead(self, u: Array, x: Array, T: Array) -> Array:
        raise NotImplementedError("depends on the time of the last purchase too")

    def _shortest_time(self, x: Array, T: Array) -> Array:
        return np.asarray((self.alpha + T) / (self.r + self.k * (x + 1)))

    def _random_stage(self, rng: np.random.Generator, x: Array, t_x: Array, T: Array) -> Array:
        weights = np.array(stage_weights(self.k, self.r + self.k * x, (T - t_x) / (self.alpha + T)))
        reached = np.cumsum(weights, axis=0)
        return np.asarray((rng.random(len(x)) * reached[-1] > reached[:-1]).sum(axis=0))

    def _random_places(self, rng: np.random.Generator, number: Array, stage: Array, events: Array) -> Array:
        """Where within the time ahead the purchases are, from 0 to 1: every k-th of the events."""
        owner = np.repeat(np.arange(len(number)), number)
        first = np.diff(owner, prepend=-1) > 0
        steps = rng.standard_gamma(np.where(first, self.k - stage[owner], self.k))
        rest = rng.standard_gamma(np.maximum(events - self.k * number + stage, 0) + 1)
        whole = np.bincount(owner, weights=steps, minlength=len(number)) + rest
        sums = np.cumsum(steps)
        before = (sums - steps)[first]
        return np.asarray((sums - before[np.cumsum(first) - 1]) / whole[owner])

    def _if_alive(self, x: Array, t_x: Array, T: Array, ahead: Array, force: float) -> Array:
        shape = x.shape
        if force == 0 and ahead.size and np.isinf(ahead).all():
            return self._endless(x, T)
        (x, ahead, T, t_x), place = distinct(x.ravel(), ahead.ravel(), T.ravel(), t_x.ravel())
        value = purchases_ahead(
            self.k, self.r + self.k * x, self.alpha + T, T - t_x, self.a, self.b + x + 1, ahead, force
        )
        return value[place].reshape(shape)


def _likely_regularity(rhythm: Rhythm, most: int) -> int:
    """The k of gamma distributed gaps with a mean of each customer's own, given the gaps' sums."""
    again = rhythm.x > 1
    x, weight = rhythm.x[again], rhythm.weight[again]
    logs = np.zeros(0) if rhythm.gap_logs is None else rhythm.gap_logs[again]
    spread = float(weight @ (x * np.log(rhythm.t_x[again]) - logs))

    def slope(k: float) -> float:
        return float(weight @ (x * (psi(k * x) - psi(k)))) - spread

    if slope(1.0) <= 0:
        return 1
    return most if slope(most) >= 0 else round(brentq(slope, 1.0, most))


def _with_regularity(history: History) -> Rhythm:
    if not isinstance(history, Rhythm):
        raise TypeError("MBG/CNBD-k: the history must come with its regularity k.")
    return history


def _mean_time(rhythm: Rhythm) -> float:
    if rhythm.repeaters == 0:
        raise FitError(
            f"MBG/CNBD-k: none of {rhythm.customers:.0f} customers bought again, so there is nothing to fit. "
            "Use more history."
        )
    return float(np.sum(rhythm.weight * rhythm.T) / rhythm.customers)


@dataclass
class _Silences:
    """What the silences since the last purchases bring to the likelihood and to its slopes.

    ``gone`` is the probability of having dropped out, summed over the customers of each x.
    """

    gone: Array
    value: float = 0.0
    by_r: float = 0.0
    by_alpha: float = 0.0


def _silences(parameters: Array, rhythm: Rhythm) -> _Silences:
    r, alpha, a, b = parameters
    k, (x, last, seen, last_at, seen_at) = rhythm.k, rhythm.places
    late, early = np.log1p(seen / alpha), np.log1p(last / alpha)
    far, near = 1 / (alpha + seen), 1 / (alpha + last)
    level = np.arange(int(x.max(initial=0)) + 1)
    offset = np.log(a) - np.log(b + level)
    out = _Silences(np.zeros(len(level), dtype=parameters.dtype))
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        count, since, until, weight = x[rows], last_at[rows], seen_at[rows], rhythm.weight[rows]
        shape, d = r + k * count, late[until] - early[since]
        share = (seen[until] - last[since]) * far[until]
        stages, by_shape, by_share = stage_sums(k, shape, share)
        log_stages = np.log(stages)
        log_odds = shape * d + offset[count] - log_stages
        gone = _logistic(log_odds)
        out.value += weight @ (np.real(log_stages) + np.logaddexp(0, np.real(log_odds)))
        out.by_r += weight @ (by_shape + gone * (d - by_shape))
        slowed = by_share * share * far[until]
        out.by_alpha += weight @ (slowed + gone * (shape * (near[since] - far[until]) - slowed))
        np.add.at(out.gone, count, weight * gone)
    return out


def _log_odds_gone(parameters: Array, k: int, x: Array, t_x: Array, T: Array, stages: Array) -> Array:
    """Log odds of having dropped out at t_x, from the sum of the weights of the stages."""
    r, alpha, a, b = parameters
    silent = (r + k * x) * np.log1p((T - t_x) / (alpha + t_x))
    return np.asarray(silent + np.log(a) - np.log(b + x) - np.log(stages))


def _running(terms: Array) -> Array:
    return np.append(0.0, np.cumsum(terms))


def _logistic(log_odds: Array) -> Array:
    safe = np.where(np.real(log_odds) > -700, log_odds, -700.0)
    return np.asarray(1 / (1 + np.exp(-safe)))


def _stay(rng: np.random.Generator, dropout: Array) -> Array:
    """How many purchases a customer stays after, before the one that is the last."""
    chance = np.clip(dropout, 1e-12, 1 - 1e-12)
    return np.asarray(np.floor(np.log1p(-rng.random(len(chance))) / np.log1p(-chance)))
