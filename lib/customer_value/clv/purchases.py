"""What all models of purchases without a contract share.

A customer buys at a rate of their own for as long as they are "alive", and nobody tells us when
that ends. Each model differs in when customers may drop out; everything else follows from two
things that a model states: how likely a customer is alive now (`p_alive`), and at what rate a
customer who is alive now will buy u time units ahead (`_rate_ahead`).
"""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customer_value.clv.fitting import Curvature, Fit, Objective, fitted, in_logs, maximise
from customer_value.clv.inputs import (
    Array,
    History,
    check_parameters,
    checked_counts,
    checked_history,
    checked_times,
    distinct,
)
from customer_value.clv.integrals import discounted_integral
from customer_value.clv.units import unit_name
from customer_value.errors import FitError, InputError

__all__ = ["Ahead", "PurchaseModel"]

_ROUGH = 1_000
_TINY = 1e-30


@dataclass(frozen=True)
class Ahead:
    """Simulated purchases: ``number`` at random times within ``span``, one more at its end if ``last``."""

    number: Array
    span: Array
    last: Array


class PurchaseModel(ABC):
    """Purchases of customers without a contract: the questions that every model answers.

    Times are in the time unit in which the model was fitted; arguments broadcast.
    """

    names: ClassVar[tuple[str, ...]]
    timed: ClassVar[tuple[str, ...]]
    title: ClassVar[str]
    label: ClassVar[str]

    def __post_init__(self) -> None:
        """Refuse parameters outside their domain."""
        check_parameters(self.label, **{name: getattr(self, name) for name in self.names})

    @classmethod
    @abstractmethod
    def _likelihood(cls, parameters: Array, history: History) -> tuple[float, Array]:
        """Log likelihood and its derivatives; the latter analytic in complex parameters too."""

    @classmethod
    def _curvature(cls, parameters: Array, history: History) -> tuple[float, Array, Array]:
        """Log likelihood, its derivatives and its second derivatives, for real parameters."""
        value, slope = cls._likelihood(parameters, history)
        steps = 1j * _TINY * np.eye(len(parameters))
        bend = [np.imag(cls._likelihood(parameters + step, history)[1]) / _TINY for step in steps]
        return value, slope, np.array(bend)

    @classmethod
    @abstractmethod
    def _starts(cls, rate: float) -> list[tuple[float, ...]]:
        """Parameters to start from, given the mean purchase rate, when the mean T is 1."""

    @abstractmethod
    def _p_alive(self, x: Array, t_x: Array, T: Array) -> Array:
        """Probability of being alive, for checked arrays."""

    @abstractmethod
    def _rate_ahead(self, u: Array, x: Array, T: Array) -> Array:
        """Purchase rate u ahead of a customer who is alive at T."""

    @abstractmethod
    def _shortest_time(self, x: Array, T: Array) -> Array:
        """Time on which the rate ahead starts to change."""

    @abstractmethod
    def _endless(self, x: Array, T: Array) -> Array:
        """Purchases in all future of a customer who is alive at T, or infinity."""

    @abstractmethod
    def _pmf(self, n: Array, t: Array) -> Array:
        """Probability of n repeat purchases of a new customer within t, for checked arrays."""

    @classmethod
    def fit(cls, summary: pd.DataFrame, *, time_unit: str) -> Fit[Self]:
        """Fit by maximum likelihood.

        Parameters
        ----------
        summary
            One row per customer, or per distinct history with its ``weight`` (customers): columns
            ``frequency`` (repeat purchases), ``recency`` and ``T``, both in ``time_unit``. Tables in
            days are converted by `in_time_unit`.
        time_unit
            ``"D"``, ``"W"`` or ``"M"``: the unit of the summary and of the model.

        Returns
        -------
        Fit
            Parameters, log likelihood and standard errors.

        Raises
        ------
        InputError
            If a row cannot be; names row and value.
        FitError
            If nobody bought again or no maximum is found; says what was tried.
        """
        unit_name(time_unit)
        return cls._fit(History.of(summary), time_unit)

    @classmethod
    def _fit(cls, history: History, time_unit: str | None, near: Self | None = None) -> Fit[Self]:
        scale = _time_scale(history, cls.label)
        units = np.array([scale if name in cls.timed else 1.0 for name in cls.names])
        objective, curvature = cls._surface(history, units, scale)
        rate = float(np.sum(history.weight * history.x)) / history.customers
        many = len(history.x) > 2 * _ROUGH
        optimum = maximise(
            objective,
            cls._starts(rate) if near is None else [near._values() / units],
            name=cls.label,
            curvature=curvature,
            rough=cls._surface(history.thinned(_ROUGH), units, scale)[1] if many else None,
            near=None if near is None else near._values() / units,
        )
        values = np.exp(optimum.logs) * units
        value = optimum.log_likelihood - _constant(history, scale)
        return fitted(cls(*values.tolist()), cls.names, optimum, value, history.customers, time_unit, history)

    @classmethod
    def _surface(cls, history: History, units: Array, scale: float) -> tuple[Objective, Curvature]:
        """The likelihood by logs of the parameters when the mean T is 1, with derivatives."""
        constant = _constant(history, scale)

        def objective(logs: Array) -> tuple[float, Array]:
            values = np.exp(logs) * units
            value, slope = cls._likelihood(values, history)
            return value + constant, slope * values

        def curvature(logs: Array) -> tuple[float, Array, Array]:
            values = np.exp(logs) * units
            value, slope, bend = cls._curvature(values, history)
            return in_logs(values, value + constant, slope, bend)

        return objective, curvature

    def log_likelihood(self, summary: pd.DataFrame) -> float:
        """Log likelihood of a summary (as for `fit`) at these parameters."""
        return self._likelihood(self._values(), History.of(summary))[0]

    def simulate(self, T: ArrayLike, seed: int) -> pd.DataFrame:
        """New customers with random histories.

        Parameters
        ----------
        T
            How long each is observed after the first purchase, in the model's time unit.
        seed
            Of the random numbers; the same seed gives the same customers.

        Returns
        -------
        pandas.DataFrame
            One row per T: ``frequency``, ``recency``, ``T``.

        Raises
        ------
        InputError
            If a time is negative or missing.

        Examples
        --------
        >>> from customer_value.clv import BetaGeoNBD
        >>> BetaGeoNBD(0.243, 4.414, 0.793, 2.426).simulate([39.0] * 1000, seed=1)["frequency"].mean().round(1)
        np.float64(1.2)
        """
        return self._summary(np.random.default_rng([seed, 5]), np.ravel(checked_times("T", T)))

    @abstractmethod
    def _histories(self, rng: np.random.Generator, T: Array) -> tuple[Array, Array]:
        """Random x and t_x of new customers who are observed for T."""

    @abstractmethod
    def _lives(self, rng: np.random.Generator, x: Array, T: Array, ahead: float) -> Ahead:
        """Random purchases within the time ahead of customers who are alive at T."""

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """Probability that a customer will ever buy again, given their history.

        Parameters
        ----------
        x
            Repeat purchases.
        t_x, T
            Time from the first purchase to the last one and to now, in the model's time unit.

        Returns
        -------
        numpy.ndarray
            Probabilities from 0 to 1.

        Raises
        ------
        InputError
            If a history is impossible; names row and value.
        """
        return self._p_alive(*checked_history(x, t_x, T))

    def expected_purchases(self, t: ArrayLike) -> Array:
        """Expected repeat purchases of a new customer within t after the first purchase.

        Parameters
        ----------
        t
            Length of time, in the model's time unit.

        Returns
        -------
        numpy.ndarray
            Expected numbers in the shape of t.

        Raises
        ------
        InputError
            If a time is negative or missing.
        """
        return self.conditional_expected_purchases(t, 0, 0, 0)

    def conditional_expected_purchases(
        self, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
    ) -> Array:
        """Expected purchases within the next t, given a customer's history.

        Parameters
        ----------
        t
            Length of time ahead, in the model's time unit.
        x, t_x, T
            As for `p_alive`.

        Returns
        -------
        numpy.ndarray
            Expected numbers.

        Raises
        ------
        InputError
            If a time or history is impossible; names row and value.
        """
        until = checked_times("t", t)
        until, count, last, seen = np.broadcast_arrays(until, *checked_history(x, t_x, T))
        return self._p_alive(count, last, seen) * self._if_alive(count, last, seen, until, 0.0)

    def discounted_expected_purchases(
        self,
        x: ArrayLike,
        t_x: ArrayLike,
        T: ArrayLike,
        *,
        discount_rate: float,
        horizon: float | None = None,
    ) -> Array:
        """Present value of a customer's expected purchases, counting each as one.

        Parameters
        ----------
        x, t_x, T
            As for `p_alive`.
        discount_rate
            Effective rate per time unit of the model (`discount_rate_per_unit` converts a yearly one).
        horizon
            How far to look, in the model's time unit; None for all future.

        Returns
        -------
        numpy.ndarray
            Discounted expected purchases.

        Raises
        ------
        InputError
            If the rate or horizon is out of range, if the sum over all future has no finite value,
            or if a history is impossible.
        """
        if not (math.isfinite(discount_rate) and discount_rate >= 0):
            raise InputError(f"The discount rate {discount_rate} must be a number of 0 or more.")
        if horizon is not None and not (math.isfinite(horizon) and horizon >= 0):
            raise InputError(f"The horizon {horizon} must be a number of 0 or more, or None for no end.")
        history = checked_history(x, t_x, T)
        ahead = np.broadcast_to(np.inf if horizon is None else float(horizon), history[0].shape)
        value = self._if_alive(*history, ahead, math.log1p(discount_rate))
        if not np.isfinite(value).all():
            raise InputError(
                f"{self.label}: purchases without end and without discount have no finite sum for these "
                "parameters; give a horizon or a discount rate above 0."
            )
        return self._p_alive(*history) * value

    def probability_of_purchases(self, n: ArrayLike, t: ArrayLike) -> Array:
        """Probability that a new customer makes exactly n repeat purchases within t.

        Parameters
        ----------
        n
            Number of repeat purchases.
        t
            Length of time since the first purchase, in the model's time unit.

        Returns
        -------
        numpy.ndarray
            Probabilities.

        Raises
        ------
        InputError
            If a count or time is not possible.
        """
        return self._pmf(*np.broadcast_arrays(checked_counts("n", n), checked_times("t", t)))

    def simulate_ahead(
        self,
        rng: np.random.Generator,
        p_alive: Array,
        x: Array,
        T: Array,
        ahead: float,
        t_x: Array | None = None,
    ) -> Ahead:
        """Draw one future for each customer: alive or not, rate, dropout and purchases.

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
            Times of the last purchases; only a model for regular buyers needs them.

        Returns
        -------
        Ahead
            Purchases of each customer.
        """
        alive = np.flatnonzero(rng.random(len(x)) < p_alive)
        lives = self._lives(rng, x[alive], T[alive], ahead)
        out = Ahead(
            np.zeros(len(x), dtype=np.int64), np.full(len(x), float(ahead)), np.zeros(len(x), dtype=bool)
        )
        out.number[alive], out.span[alive], out.last[alive] = lives.number, lives.span, lives.last
        return out

    def _summary(self, rng: np.random.Generator, T: Array) -> pd.DataFrame:
        x, t_x = self._histories(rng, T)
        return pd.DataFrame({"frequency": x.astype("int64"), "recency": t_x, "T": T})

    def _alike(self, rng: np.random.Generator, data: History) -> pd.DataFrame:
        """New customers, one for each in the data, observed as long."""
        return self._summary(rng, np.repeat(data.T, data.weight.astype(np.int64)))

    def _data_alike(self, rng: np.random.Generator, data: History) -> History:
        return History.of(self._alike(rng, data))

    def _refitted(self, data: History) -> Self:
        """The model fitted to other data, from these parameters on."""
        return self._fit(data, None, near=self).model

    def _values(self) -> Array:
        return np.array([getattr(self, name) for name in self.names])

    def _if_alive(self, x: Array, t_x: Array, T: Array, ahead: Array, force: float) -> Array:
        """Discounted purchases of customers who are alive at T; at random times t_x tells nothing more."""
        (count, seen, until), place = distinct(*(column.reshape(-1) for column in (x, T, ahead)))
        if force == 0 and len(until) and np.isinf(until).all():
            return self._endless(count, seen)[place].reshape(x.shape)
        value = _over_time(self._start_of_time(), count, seen, until, functools.partial(self._sums, force))
        return value[place].reshape(x.shape)

    def _sums(self, force: float, x: Array, T: Array, ahead: Array) -> Array:
        def rate(rows: Array, u: Array) -> Array:
            return self._rate_ahead(u, x[rows, None], T[rows, None])

        return discounted_integral(rate, self._shortest_time(x, T), ahead, force)

    def _start_of_time(self) -> float:
        """The shortest scale on which what is expected changes with T."""
        return min(float(getattr(self, name)) for name in self.timed)


def _over_time(
    start: float, x: Array, T: Array, ahead: Array, value: Callable[[Array, Array, Array], Array]
) -> Array:
    """A smooth function of T for each distinct row, from fewer rows where many differ in T alone.

    Between the first and the last T of customers with equal x and horizon, the function is read off
    a polynomial in log(start + T), exact to rounding because the function has no singularity nearer
    than T = −start.
    """
    (count, until), group = distinct(x, ahead)
    first, last = np.full(len(count), np.inf), np.full(len(count), -np.inf)
    np.minimum.at(first, group, T)
    np.maximum.at(last, group, T)
    middle = (np.log(start + last) + np.log(start + first)) / 2
    reach = (np.log(start + last) - np.log(start + first)) / 2
    ratio = np.pi / max(float(reach.max(initial=0.0)), 1e-3)
    points = 3 + int(np.ceil(33 / np.log(ratio + np.hypot(1, ratio))))
    crowded = np.bincount(group, minlength=len(count)) > points
    alone = ~crowded[group]
    out = np.empty(len(x))
    out[alone] = value(x[alone], T[alone], ahead[alone])
    if not crowded.any():
        return out
    angle = np.pi * (np.arange(points) + 0.5) / points
    nodes = np.exp(middle[crowded, None] + reach[crowded, None] * np.cos(angle)) - start
    known = value(
        *(v.ravel() for v in np.broadcast_arrays(count[crowded, None], nodes, until[crowded, None]))
    ).reshape(nodes.shape)
    weights = known @ (np.cos(np.outer(angle, np.arange(points))) * (2 / points))
    weights[:, 0] /= 2
    place = (np.cumsum(crowded) - 1)[group[~alone]]
    at = (np.log(start + T[~alone]) - middle[crowded][place]) / reach[crowded][place]
    out[~alone] = _chebyshev(weights[place], at)
    return out


def _chebyshev(weights: Array, at: Array) -> Array:
    """Sums of Chebyshev polynomials at one point for each row of weights (Clenshaw)."""
    one, two = np.zeros(len(at)), np.zeros(len(at))
    for column in weights.T[:0:-1]:
        one, two = column + 2 * at * one - two, one
    return weights[:, 0] + at * one - two


def _constant(history: History, scale: float) -> float:
    """What the log density of the purchase times grows by when times are divided by the scale."""
    return float(np.sum(history.weight * history.x) * np.log(scale))


def _time_scale(history: History, name: str) -> float:
    if history.repeaters == 0:
        raise FitError(
            f"{name}: none of {history.customers:.0f} customers bought again, so there is nothing to fit. "
            "Use more history."
        )
    return float(np.sum(history.weight * history.T) / history.customers)
